//! The components of a mixture: normals that factorise over pairs of columns.

use rand::Rng;
use rand_distr::StandardNormal;

use crate::ground::domain::Domain;

/// A column within a component: N(mean, sd²).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Column {
    /// Its mean.
    pub mean: f64,
    /// Its standard deviation, > 0.
    pub sd: f64,
}

/// One component: normal columns, of which the i-th of X and the i-th of Y have correlation `rho[i]`; all else is
/// independent.
#[derive(Debug, Clone, PartialEq)]
pub struct Component {
    /// Its probability, up to a factor that all components share; > 0.
    pub weight: f64,
    /// The columns of X that tell components apart, or are correlated.
    pub x: Vec<Column>,
    /// Those of Y.
    pub y: Vec<Column>,
    /// One correlation in [`Component::RHO`] for each of the min(|x|, |y|) pairs.
    pub rho: Vec<f64>,
}

impl Component {
    /// Domain of correlations.
    pub const RHO: Domain = Domain::between(-1.0, 1.0);

    /// Draws one row of the component.
    pub(super) fn row<R: Rng + ?Sized>(&self, x: &mut [f64], y: &mut [f64], rng: &mut R) {
        let mut normal = || -> f64 { rng.sample(StandardNormal) };
        for (v, column) in x.iter_mut().zip(&self.x) {
            *v = column.mean + column.sd * normal();
        }
        for (i, (v, column)) in y.iter_mut().zip(&self.y).enumerate() {
            let z = match self.rho.get(i) {
                Some(rho) => {
                    rho * (x[i] - self.x[i].mean) / self.x[i].sd + ((1.0 - rho) * (1.0 + rho)).sqrt() * normal()
                }
                None => normal(),
            };
            *v = column.mean + column.sd * z;
        }
    }
}

/// One of the components, with its probability.
pub(super) fn choose<'a, R: Rng + ?Sized>(components: &'a [Component], rng: &mut R) -> &'a Component {
    let mut left: f64 = rng.random();
    for component in components {
        left -= component.weight;
        if left < 0.0 {
            return component;
        }
    }
    // Rounding may leave a rest.
    &components[components.len() - 1]
}
