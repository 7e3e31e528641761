//! Uniform X with additive uniform noise.

use nalgebra::DMatrix;
use rand::Rng;

use crate::ground::{
    domain::Domain,
    draw::uniform,
    error::{ConfigError, ParameterError},
    joint::Joint,
    keys::{Keys, Range, Written},
    prior::{Prior, drawn},
    sample::Sample,
};

/// X_i ~ U(0, 1) and Y_i = X_i + U(−ε_i, ε_i), coordinates independent of each other.
///
/// Where the sides differ in size, the first min(`dim_x`, `dim_y`) coordinates are paired; a further X
/// is U(0, 1), a further Y is U(0, 1) + U(−ε, ε), independent of all else.
///
/// I(X; Y) = Σ over pairs of [`pair_mi_nats`].
///
/// # Domain
/// ε in [`Additive::EPSILON`].
///
/// # Source
/// Czyż et al., "Beyond Normal" (NeurIPS 2023), the additive-noise task.
#[derive(Debug, Clone, PartialEq)]
pub struct Additive {
    dim_x: usize,
    epsilon: Vec<f64>,
}

/// The MI in nats of U(0, 1) and itself plus U(−ε, ε).
///
/// Y's density is a trapezoid; the noise's entropy is ln 2ε. For ε ≤ ½ the ramps give h(Y) = ε, so
/// I = ε − ln 2ε; for ε > ½ the plateau lies at 1/2ε, h(Y) = ln 2ε + 1/(4ε), so I = 1/(4ε).
///
/// ```
/// use mist_data_gen::families::additive::pair_mi_nats;
///
/// assert_eq!(pair_mi_nats(0.5), 0.5);
/// assert_eq!(pair_mi_nats(1.0), 0.25);
/// ```
#[must_use]
pub fn pair_mi_nats(epsilon: f64) -> f64 {
    if epsilon <= 0.5 { epsilon - (2.0 * epsilon).ln() } else { 0.25 / epsilon }
}

impl Additive {
    /// Domain of the half-width of the noise.
    pub const EPSILON: Domain = Domain::POSITIVE;

    /// `dim_x` columns of X, one ε for each column of Y.
    ///
    /// # Errors
    /// A side without columns, or an ε outside its domain.
    pub fn new(dim_x: usize, epsilon: Vec<f64>) -> Result<Self, ParameterError> {
        if dim_x == 0 || epsilon.is_empty() {
            let got = format!("{dim_x} and {}", epsilon.len());
            return Err(ParameterError::new("dim_x, dim_y", "at least 1 column", got));
        }
        for &epsilon in &epsilon {
            Self::EPSILON.check("epsilon", epsilon)?;
        }
        Ok(Self { dim_x, epsilon })
    }

    /// Columns of X.
    #[must_use]
    pub fn dim_x(&self) -> usize {
        self.dim_x
    }

    /// Columns of Y.
    #[must_use]
    pub fn dim_y(&self) -> usize {
        self.epsilon.len()
    }

    /// Half-width of the noise of each column of Y.
    #[must_use]
    pub fn epsilon(&self) -> &[f64] {
        &self.epsilon
    }
}

impl Joint for Additive {
    fn dims(&self) -> (usize, usize) {
        (self.dim_x, self.dim_y())
    }

    fn mi_nats(&self) -> f64 {
        self.epsilon.iter().take(self.dim_x).map(|&e| pair_mi_nats(e)).sum()
    }

    fn sample<R: Rng + ?Sized>(&self, n: usize, rng: &mut R) -> Sample {
        let x = DMatrix::from_fn(n, self.dim_x, |_, _| rng.random::<f64>());
        let y = DMatrix::from_fn(n, self.dim_y(), |row, column| {
            let clean = if column < self.dim_x { x[(row, column)] } else { rng.random() };
            clean + self.epsilon[column] * (2.0 * rng.random::<f64>() - 1.0)
        });
        Sample { x, y }
    }

    /// Given y, X is uniform on the overlap of [0, 1] and [y − ε, y + ε]: −ln of its length is ln p(x|y) − ln p(x).
    fn pointwise_mi(&self, sample: &Sample) -> Vec<f64> {
        /// Columns whose lengths are multiplied before the logarithm is taken: the product does not underflow.
        const TOGETHER: usize = 16;
        let n = sample.x.nrows();
        let pairs = self.dim_x.min(self.dim_y());
        let mut values = vec![0.0; n];
        for first in (0..pairs).step_by(TOGETHER) {
            let mut lengths = vec![1.0; n];
            for column in first..pairs.min(first + TOGETHER) {
                let e = self.epsilon[column];
                // At the ends of Y's range rounding may leave no overlap.
                let least = f64::EPSILON * e.min(1.0);
                for (length, &y) in lengths.iter_mut().zip(sample.y.column(column).iter()) {
                    *length *= ((y + e).min(1.0) - (y - e).max(0.0)).max(least);
                }
            }
            values.iter_mut().zip(lengths).for_each(|(v, length): (&mut f64, f64)| *v -= length.ln());
        }
        values
    }
}

/// The prior of additive uniform noise.
#[derive(Debug, Clone, PartialEq)]
pub struct AdditivePrior {
    /// Range of each coordinate's ε.
    pub epsilon: Range,
}

impl Prior for AdditivePrior {
    type Joint = Additive;

    const KIND: &'static str = "additive";

    fn read(keys: &mut Keys) -> Result<Self, ConfigError> {
        Ok(Self { epsilon: keys.range("epsilon", [0.1, 2.0], const { Additive::EPSILON.within(1e-6, 1e6) })? })
    }

    fn write(&self, keys: &mut Written) {
        keys.set("epsilon", self.epsilon);
    }

    fn draw<R: Rng + ?Sized>(&self, dims: (usize, usize), rng: &mut R) -> Self::Joint {
        let widths = (0..dims.1).map(|_| uniform(&self.epsilon, rng)).collect();
        drawn(Additive::new(dims.0, widths))
    }
}
