//! Intervals for any estimator, by estimating again on random halves of the rows.

use crate::{BaselineError, MiEstimator};
use nalgebra::DMatrix;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

/// An estimate with an interval, in nats.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The estimate on all rows.
    pub estimate: f64,
    /// The lower end.
    pub lower: f64,
    /// The upper end.
    pub upper: f64,
}

/// Central intervals of an estimator, from the spread of its estimates on random subsets of m = ⌊n/2⌋ rows.
///
/// Rows are drawn *without* replacement. The usual bootstrap repeats rows, and a repeated row is its own neighbour at
/// distance 0: the k-NN estimators then fail, or see atoms, and the neural ones are tested on rows that they were fitted
/// to. Of an estimate that is a mean over rows in first order, the variance over all subsets of m rows is (n − m)/m of
/// the variance over data sets, 1 for halves. So with the estimate Î, the estimates Î* on subsets, their mean and their
/// quantiles q, the interval of level 1 − α is
///
/// Î + √(m/(n − m)) (q(Î*) − mean(Î*)), q at α/2 and 1 − α/2.
///
/// # Domain
/// Estimators of one data set, with at least the rows that half of the data has. The interval is about the estimator's
/// mean, not about the truth: *its bias stays*, and with it KSG's gap in many columns. Subtracting the mean removes what
/// more bias halves have. Close to independence an estimate that cannot be negative (plug-in, CCA) is not a mean over
/// rows, and its intervals are too narrow or too wide.
///
/// # Source
/// Shao and Wu, "A general theory for jackknife variance estimation", Annals of Statistics 17, 1989 (deleting d of n
/// rows); Politis, Romano and Wolf, "Subsampling", 1999.
///
/// ```
/// use mist_baselines::{Bootstrap, Cca};
/// use nalgebra::DMatrix;
///
/// let x = DMatrix::from_fn(200, 1, |i, _| ((i * 37) % 101) as f64);
/// let y = DMatrix::from_fn(200, 1, |i, _| x[(i, 0)] + ((i * 53) % 97) as f64);
/// let interval = Bootstrap::new(Cca).interval(&x, &y)?;
/// assert!(interval.lower < interval.estimate && interval.estimate < interval.upper);
/// # Ok::<(), mist_baselines::BaselineError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Bootstrap<E> {
    /// The estimator.
    pub estimator: E,
    /// Subsets. Default 200.
    pub resamples: usize,
    /// The probability inside, between 0 and 1. Default 0.9.
    pub level: f64,
    /// Seed of the subsets. Default 0.
    pub seed: u64,
}

impl<E: MiEstimator> Bootstrap<E> {
    /// Default parameters.
    pub fn new(estimator: E) -> Self {
        Self { estimator, resamples: 200, level: 0.9, seed: 0 }
    }

    /// The estimate and its interval.
    ///
    /// # Errors
    /// Those of the estimator, on all rows or on a subset; a parameter outside its domain.
    pub fn interval(&self, x: &DMatrix<f64>, y: &DMatrix<f64>) -> Result<Interval, BaselineError> {
        if !(self.level > 0.0 && self.level < 1.0) {
            return Err(BaselineError::parameter("level", "a number between 0 and 1", self.level));
        }
        // Fewer resamples than this have no quantile so far out.
        let tails = 2.0 / (1.0 - self.level);
        if (self.resamples as f64) < tails {
            return Err(BaselineError::parameter("resamples", "at least 2 / (1 − level)", self.resamples));
        }
        let estimate = self.estimator.estimate(x, y)?;
        let n = x.nrows();
        let m = n / 2;
        let resample = |index: usize| {
            let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
            rng.set_stream(index as u64);
            let rows = rand::seq::index::sample(&mut rng, n, m).into_vec();
            self.estimator
                .estimate(&x.select_rows(&rows), &y.select_rows(&rows))
                .map_err(|source| BaselineError::Resample { index, rows: m, source: Box::new(source) })
        };
        let mut values =
            (0..self.resamples).into_par_iter().map(resample).collect::<Result<Vec<f64>, BaselineError>>()?;
        values.sort_unstable_by(f64::total_cmp);
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let scale = (m as f64 / (n - m) as f64).sqrt();
        let end = |p: f64| estimate + scale * (quantile(&values, p) - mean);
        let tail = 0.5 * (1.0 - self.level);
        Ok(Interval { estimate, lower: end(tail), upper: end(1.0 - tail) })
    }
}

/// The quantile of sorted values, linear between them: p = 0 is the first, p = 1 the last.
fn quantile(sorted: &[f64], p: f64) -> f64 {
    let at = p * (sorted.len() - 1) as f64;
    let low = at.floor() as usize;
    let high = (low + 1).min(sorted.len() - 1);
    sorted[low] + (at - low as f64) * (sorted[high] - sorted[low])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_of_five_values() {
        let sorted = [1.0, 2.0, 4.0, 8.0, 16.0];
        assert_eq!([0.0, 0.25, 0.375, 0.5, 1.0].map(|p| quantile(&sorted, p)), [1.0, 2.0, 3.0, 4.0, 16.0]);
    }
}
