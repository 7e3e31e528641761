//! Independent pairs of columns that share one distribution.

use nalgebra::DMatrix;
use rand::Rng;

use super::{error::ParameterError, joint::Joint, sample::Sample};

/// A joint distribution of two numbers with known MI.
pub trait Pair {
    /// Whether both numbers are codes of categories.
    const CATEGORIES: bool = false;

    /// The mutual information in nats.
    fn mi_nats(&self) -> f64;

    /// One row.
    fn draw<R: Rng + ?Sized>(&self, rng: &mut R) -> (f64, f64);

    /// A function that gives the pointwise mutual information in nats of a row (x, y) that [`Pair::draw`] gave. What
    /// depends on the parameters alone is computed here, once for all rows.
    fn pointwise_mi(&self) -> impl FnMut(f64, f64) -> f64;
}

/// (`X_i`, `Y_i`), i ≤ K, each distributed as the same [`Pair`], independent of each other; further columns have the
/// marginal of their side's paired ones and are independent of all else.
///
/// I(X; Y) = K I(pair).
///
/// # Domain
/// 1 ≤ K ≤ min(`dim_x`, `dim_y`).
#[derive(Debug, Clone, PartialEq)]
pub struct Pairs<P> {
    pair: P,
    pairs: usize,
    dims: (usize, usize),
}

impl<P: Pair> Pairs<P> {
    /// `pairs` pairs among `dims` columns.
    ///
    /// # Errors
    /// More pairs than columns, or none.
    pub fn new(pair: P, pairs: usize, dims: (usize, usize)) -> Result<Self, ParameterError> {
        check_count(pairs, dims)?;
        Ok(Self { pair, pairs, dims })
    }

    /// The distribution of a pair.
    #[must_use]
    pub fn pair(&self) -> &P {
        &self.pair
    }

    /// K, the number of pairs.
    #[must_use]
    pub fn pairs(&self) -> usize {
        self.pairs
    }
}

/// That K coupled pairs fit among `dims` columns.
pub(crate) fn check_count(pairs: usize, dims: (usize, usize)) -> Result<(), ParameterError> {
    if (1..=dims.0.min(dims.1)).contains(&pairs) {
        return Ok(());
    }
    Err(ParameterError::new("pairs", "a whole number in [1, min(dim_x, dim_y)]", pairs))
}

/// K ~ U{1..min dim}.
pub(crate) fn draw_count<R: Rng + ?Sized>(dims: (usize, usize), rng: &mut R) -> usize {
    rng.random_range(1..=dims.0.min(dims.1))
}

impl<P: Pair> Joint for Pairs<P> {
    fn dims(&self) -> (usize, usize) {
        self.dims
    }

    fn categories(&self) -> (Vec<bool>, Vec<bool>) {
        (vec![P::CATEGORIES; self.dims.0], vec![P::CATEGORIES; self.dims.1])
    }

    fn mi_nats(&self) -> f64 {
        self.pairs as f64 * self.pair.mi_nats()
    }

    fn sample<R: Rng + ?Sized>(&self, n: usize, rng: &mut R) -> Sample {
        let (mut x, mut y) = (DMatrix::zeros(n, self.dims.0), DMatrix::zeros(n, self.dims.1));
        for i in 0..self.pairs {
            for row in 0..n {
                (x[(row, i)], y[(row, i)]) = self.pair.draw(rng);
            }
        }
        for mut column in x.column_iter_mut().skip(self.pairs) {
            column.iter_mut().for_each(|v| *v = self.pair.draw(rng).0);
        }
        for mut column in y.column_iter_mut().skip(self.pairs) {
            column.iter_mut().for_each(|v| *v = self.pair.draw(rng).1);
        }
        Sample { x, y }
    }

    fn pointwise_mi(&self, sample: &Sample) -> Vec<f64> {
        let mut of_pair = self.pair.pointwise_mi();
        let mut sums = vec![0.0; sample.x.nrows()];
        for (x, y) in sample.x.column_iter().zip(sample.y.column_iter()).take(self.pairs) {
            for (sum, (&x, &y)) in sums.iter_mut().zip(x.iter().zip(y.iter())) {
                *sum += of_pair(x, y);
            }
        }
        sums
    }
}
