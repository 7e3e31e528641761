//! Independent sides: MI is exactly zero, whatever the marginals and the dependence within a side.

use nalgebra::DMatrix;
use rand::Rng;
use rand_distr::{ChiSquared, Distribution, StandardNormal};

use crate::ground::{
    domain::Domain,
    error::ConfigError,
    joint::Joint,
    keys::{Keys, Written},
    marginal::Marginal,
    prior::Prior,
    sample::Sample,
};

/// One side of an independent pair.
///
/// Column j starts as a_j F + √(1 − a_j²) Z_j with one standard normal factor F a row, so two columns
/// have normal correlation a_i a_j. Then either every column gets its own [`Marginal`], or the whole row
/// is divided by √(χ²_ν/ν): a multivariate Student-t, whose columns share their extremes.
#[derive(Debug, Clone, PartialEq)]
pub struct IndependentSide {
    /// a_j in (−1, 1), one for each column; all zero for independent columns.
    pub factor: Vec<f64>,
    /// The marginals, or the common scale, that the normals are turned into.
    pub shape: Shape,
}

/// The step from a side's normals to its values.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// One marginal a column.
    Marginals(Vec<Marginal>),
    /// One scale a row: multivariate Student-t with this ν.
    SharedScale {
        /// Degrees of freedom, > 0.
        nu: f64,
    },
}

/// The prior of independent sides.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct IndependentPrior {
    /// Probability that a side's columns share a factor, with a_j ~ U(−0.95, 0.95).
    pub factor: f64,
    /// Probability that a side is multivariate Student-t.
    pub shared_scale: f64,
    /// Range of the ν of such a side.
    pub nu: [f64; 2],
}

impl IndependentSide {
    /// Draws a side of `dim` columns.
    pub fn draw<R: Rng + ?Sized>(dim: usize, prior: &IndependentPrior, rng: &mut R) -> Self {
        let shared = rng.random_bool(prior.factor);
        let factor = (0..dim).map(|_| if shared { rng.random_range(-0.95..0.95) } else { 0.0 }).collect();
        let shape = if rng.random_bool(prior.shared_scale) {
            let [low, high] = prior.nu;
            Shape::SharedScale { nu: rng.random_range(low..=high) }
        } else {
            Shape::Marginals((0..dim).map(|_| Marginal::draw(rng)).collect())
        };
        Self { factor, shape }
    }

    /// Number of columns.
    #[must_use]
    pub fn dim(&self) -> usize {
        self.factor.len()
    }

    /// n rows of this side.
    pub fn sample<R: Rng + ?Sized>(&self, n: usize, rng: &mut R) -> DMatrix<f64> {
        let mut values: DMatrix<f64> = DMatrix::zeros(n, self.dim());
        for v in values.as_mut_slice() {
            *v = rng.sample(StandardNormal);
        }
        if self.factor.iter().any(|&a| a != 0.0) {
            let factor: Vec<f64> = (0..n).map(|_| rng.sample(StandardNormal)).collect();
            for (mut column, a) in values.column_iter_mut().zip(&self.factor) {
                let own = (1.0 - a * a).sqrt();
                for (v, f) in column.iter_mut().zip(&factor) {
                    *v = a * f + own * *v;
                }
            }
        }
        match &self.shape {
            Shape::Marginals(marginals) => {
                for (mut column, marginal) in values.column_iter_mut().zip(marginals) {
                    marginal.apply(column.as_mut_slice(), rng);
                }
            }
            Shape::SharedScale { nu } => {
                let chi_squared = ChiSquared::new(*nu).expect("nu > 0 is in the documented domain");
                let scales: Vec<f64> = (0..n).map(|_| (nu / chi_squared.sample(rng)).sqrt()).collect();
                for mut column in values.column_iter_mut() {
                    for (v, scale) in column.iter_mut().zip(&scales) {
                        *v *= scale;
                    }
                }
            }
        }
        values
    }
}

/// X and Y drawn independently: I(X; Y) = 0.
#[derive(Debug, Clone, PartialEq)]
pub struct Independent {
    /// The distribution of X.
    pub x: IndependentSide,
    /// The distribution of Y.
    pub y: IndependentSide,
}

impl Joint for Independent {
    fn dims(&self) -> (usize, usize) {
        (self.x.dim(), self.y.dim())
    }

    fn mi_nats(&self) -> f64 {
        0.0
    }

    fn sample<R: Rng + ?Sized>(&self, n: usize, rng: &mut R) -> Sample {
        let x = self.x.sample(n, rng);
        let y = self.y.sample(n, rng);
        Sample { x, y }
    }

    fn pointwise_mi(&self, sample: &Sample) -> Vec<f64> {
        vec![0.0; sample.x.nrows()]
    }
}

impl Prior for IndependentPrior {
    type Joint = Independent;

    const KIND: &'static str = "independent";

    fn read(keys: &mut Keys) -> Result<Self, ConfigError> {
        Ok(Self {
            factor: keys.probability("factor", 0.5)?,
            shared_scale: keys.probability("shared_scale", 0.25)?,
            nu: keys.range("nu", [1.0, 10.0], const { Domain::POSITIVE.within(1e-2, 1e6) })?,
        })
    }

    fn write(&self, keys: &mut Written) {
        keys.set("factor", self.factor).set("shared_scale", self.shared_scale).set("nu", self.nu);
    }

    fn takes_transforms(&self) -> bool {
        false
    }

    fn draw<R: Rng + ?Sized>(&self, dims: (usize, usize), rng: &mut R) -> Self::Joint {
        let x = IndependentSide::draw(dims.0, self, rng);
        let y = IndependentSide::draw(dims.1, self, rng);
        Independent { x, y }
    }
}
