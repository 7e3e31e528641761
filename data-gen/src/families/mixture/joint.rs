//! Mixtures of normals whose components factorise over pairs of columns.

use nalgebra::DMatrix;
use rand::Rng;
use rand_distr::StandardNormal;

use super::{
    component::{Component, choose},
    monte_carlo, pointwise,
};
use crate::ground::{domain::Domain, error::ParameterError, joint::Joint, sample::Sample};

/// (X, Y) ~ Σ w_k N_k, every N_k a [`Component`]; columns beyond those of the components are N(0, 1), independent of
/// all else.
///
/// The MI has no closed form. It is E[(p/m) ln(p/q)] with p = p(x, y), q = p(x) p(y) and rows of m = 0.7 p + 0.3 q,
/// each of which costs O(K (|x| + |y|)) as components factorise, with two control variates of known mean:
///
/// - p/m, of mean 1, the bounded form of q/p: it takes away what is of first order where the MI is small;
/// - Σ w_k p_k i_k/m, of mean Σ w_k I_k, with i_k = ln p_k(x, y) − ln p_k(x) − ln p_k(y) and I_k = −½ Σ ln(1 − ρ²).
///
/// The number of rows follows the variance, between 300 and 3,000, for a standard error of 0.015 nats; it is larger than
/// that only where 3,000 rows do not suffice. A mean below zero is stated as zero.
///
/// # Domain
/// At least one component; all with the same numbers of columns, which are at least 1 and at most `dims`.
///
/// # Source
/// Czyż et al., "On the Properties and Estimation of Pointwise Mutual Information Profiles" (2023): MI of fine
/// distributions by Monte Carlo. Glasserman, "Monte Carlo Methods in Financial Engineering" (2003), sections 4.1
/// and 4.6: control variates and importance sampling.
///
/// ```
/// use mist_data_gen::{Seeds, Split};
/// use mist_data_gen::families::{Joint, mixture::{Column, Component, Mixture}};
///
/// // Two far clusters tell their number: ln 2.
/// let at = |mean| vec![Column { mean, sd: 1.0 }];
/// let cluster = |mean| Component { weight: 0.5, x: at(mean), y: at(mean), rho: vec![0.0] };
/// let mut rng = Seeds { root: 0 }.rng(Split::Scratch, 0);
/// let clusters = Mixture::new(vec![cluster(-9.0), cluster(9.0)], (1, 1), &mut rng)?;
/// assert!((clusters.mi_nats() - 2.0_f64.ln()).abs() < 1e-9);
/// # Ok::<(), mist_data_gen::ParameterError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Mixture {
    components: Vec<Component>,
    dims: (usize, usize),
    mi_nats: f64,
    mi_standard_error: f64,
}

impl Mixture {
    /// The mixture of these components; computes its MI with rows drawn from `rng`.
    ///
    /// # Errors
    /// A parameter outside its domain.
    pub fn new<R: Rng + ?Sized>(
        mut components: Vec<Component>,
        dims: (usize, usize),
        rng: &mut R,
    ) -> Result<Self, ParameterError> {
        check(&components, dims)?;
        let whole: f64 = components.iter().map(|c| c.weight).sum();
        components.iter_mut().for_each(|c| c.weight /= whole);
        let (mi_nats, mi_standard_error) = monte_carlo::mi_nats(&components, rng);
        Ok(Self { components, dims, mi_nats: mi_nats.max(0.0), mi_standard_error })
    }

    /// The components; their weights sum to 1.
    #[must_use]
    pub fn components(&self) -> &[Component] {
        &self.components
    }
}

fn check(components: &[Component], (dim_x, dim_y): (usize, usize)) -> Result<(), ParameterError> {
    let Some(first) = components.first() else {
        return Err(ParameterError::new("components", "at least one", "none"));
    };
    let (in_x, in_y) = (first.x.len(), first.y.len());
    for (name, columns, dim) in [("x", in_x, dim_x), ("y", in_y, dim_y)] {
        if columns == 0 || columns > dim {
            return Err(ParameterError::new(name, "between 1 and dim columns", columns));
        }
    }
    for component in components {
        let sizes = (component.x.len(), component.y.len(), component.rho.len());
        if sizes != (in_x, in_y, in_x.min(in_y)) {
            let expected = "the same columns in every component, with one correlation a pair";
            return Err(ParameterError::new("components", expected, format!("{sizes:?}")));
        }
        Domain::POSITIVE.check("weight", component.weight)?;
        for column in component.x.iter().chain(&component.y) {
            Domain::FINITE.check("mean", column.mean)?;
            Domain::POSITIVE.check("sd", column.sd)?;
        }
        for &rho in &component.rho {
            Component::RHO.check("rho", rho)?;
        }
    }
    Ok(())
}

impl Joint for Mixture {
    fn dims(&self) -> (usize, usize) {
        self.dims
    }

    fn mi_nats(&self) -> f64 {
        self.mi_nats
    }

    fn mi_standard_error(&self) -> f64 {
        self.mi_standard_error
    }

    fn sample<R: Rng + ?Sized>(&self, n: usize, rng: &mut R) -> Sample {
        let (mut x, mut y) = (DMatrix::zeros(n, self.dims.0), DMatrix::zeros(n, self.dims.1));
        let (in_x, in_y) = (self.components[0].x.len(), self.components[0].y.len());
        let (mut row_x, mut row_y) = (vec![0.0; in_x], vec![0.0; in_y]);
        for row in 0..n {
            choose(&self.components, rng).row(&mut row_x, &mut row_y, rng);
            for (side, values) in [(&mut x, &row_x), (&mut y, &row_y)] {
                values.iter().enumerate().for_each(|(i, &v)| side[(row, i)] = v);
            }
        }
        for (side, structured) in [(&mut x, in_x), (&mut y, in_y)] {
            for v in &mut side.as_mut_slice()[n * structured..] {
                *v = rng.sample(StandardNormal);
            }
        }
        Sample { x, y }
    }

    fn pointwise_mi(&self, sample: &Sample) -> Vec<f64> {
        pointwise::pointwise_mi(&self.components, sample)
    }
}
