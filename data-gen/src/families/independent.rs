//! Independent sides: MI is exactly zero, whatever the marginals and the dependence within a side.

use nalgebra::DMatrix;
use rand::Rng;
use rand_distr::{ChiSquared, Distribution, StandardNormal};

use crate::ground::{
    domain::Domain,
    draw::dirichlet,
    error::ConfigError,
    joint::Joint,
    keys::{Keys, Written},
    marginal::Marginal,
    normal,
    prior::Prior,
    sample::Sample,
};

/// One side of an independent pair.
///
/// Column j starts as a_j F + √(1 − a_j²) Z_j with one standard normal factor F a row, so two columns
/// have normal correlation a_i a_j. Then either every column gets its own [`Marginal`], or the whole row
/// is divided by √(χ²_ν/ν): a multivariate Student-t, whose columns share their extremes; or columns are cut into levels.
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
    /// Increasing cuts of each column's normals, which leave the number of cuts below; a column without cuts stays as
    /// it is.
    Levels(Vec<Vec<f64>>),
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
    /// Probability that a side is discrete: every column has k levels, k = 2 in half of the sides and else log-uniform
    /// from 3 to 12, of probabilities from a symmetric Dirichlet distribution with a parameter from 1 to 30. In a quarter of
    /// them a column is continuous with probability ½.
    pub discrete: f64,
}

impl IndependentSide {
    /// Draws a side of `dim` columns.
    pub fn draw<R: Rng + ?Sized>(dim: usize, prior: &IndependentPrior, rng: &mut R) -> Self {
        let shared = rng.random_bool(prior.factor);
        let factor = (0..dim).map(|_| if shared { rng.random_range(-0.95..0.95) } else { 0.0 }).collect();
        // No draw where it is not asked for: older configurations keep their streams.
        let shape = if prior.discrete > 0.0 && rng.random_bool(prior.discrete) {
            let mixed = rng.random_bool(0.25);
            Shape::Levels((0..dim).map(|_| if mixed && rng.random() { Vec::new() } else { cuts(rng) }).collect())
        } else if rng.random_bool(prior.shared_scale) {
            let [low, high] = prior.nu;
            Shape::SharedScale { nu: rng.random_range(low..=high) }
        } else {
            Shape::Marginals((0..dim).map(|_| Marginal::draw(rng)).collect())
        };
        Self { factor, shape }
    }

    /// Which columns are levels, which are codes of categories.
    fn categories(&self) -> Vec<bool> {
        match &self.shape {
            Shape::Levels(cuts) => cuts.iter().map(|cuts| !cuts.is_empty()).collect(),
            _ => vec![false; self.dim()],
        }
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
            Shape::Levels(cuts) => {
                for (mut column, cuts) in values.column_iter_mut().zip(cuts).filter(|(_, cuts)| !cuts.is_empty()) {
                    column.iter_mut().for_each(|v| *v = cuts.partition_point(|cut| cut < v) as f64);
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

/// Cuts of a standard normal into levels.
fn cuts<R: Rng + ?Sized>(rng: &mut R) -> Vec<f64> {
    let levels = if rng.random() { 2 } else { (3.0 * (13.0_f64 / 3.0).powf(rng.random())) as usize };
    let parameter = 30.0_f64.powf(rng.random());
    normal::cuts(&dirichlet(levels, parameter, rng))
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

    fn categories(&self) -> (Vec<bool>, Vec<bool>) {
        (self.x.categories(), self.y.categories())
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
            discrete: keys.probability("discrete", 0.0)?,
        })
    }

    fn write(&self, keys: &mut Written) {
        keys.set("factor", self.factor).set("shared_scale", self.shared_scale).set("nu", self.nu);
        if self.discrete > 0.0 {
            // Older configurations keep their hashes.
            keys.set("discrete", self.discrete);
        }
    }

    fn takes_transforms(&self) -> bool {
        false
    }

    fn has_ties(&self) -> bool {
        self.discrete > 0.0
    }

    fn draw<R: Rng + ?Sized>(&self, dims: (usize, usize), rng: &mut R) -> Self::Joint {
        let x = IndependentSide::draw(dims.0, self, rng);
        let y = IndependentSide::draw(dims.1, self, rng);
        Independent { x, y }
    }
}
