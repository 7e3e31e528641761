//! A test of independence by permutation.

use crate::{Columns, Estimate, EstimateError, Estimator};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

/// Permutations that are answered together.
const AT_ONCE: usize = 32;
/// Statistics that differ by less tie: the same table in another order of rows has them equal but for the order of sums.
const TIE: f64 = 2e-5;

/// How to test for independence.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct PermutationTest {
    /// Permutations at most (B): no p-value is below 1/(B + 1).
    pub permutations: usize,
    /// The largest level at which the test is to decide. Once it is sure that the p-value lies above, no further
    /// permutation is drawn.
    pub alpha: f64,
    /// Seed of the permutations.
    pub seed: u64,
}

impl Default for PermutationTest {
    fn default() -> Self {
        Self { permutations: 999, alpha: 0.1, seed: 0 }
    }
}

/// What a permutation test found.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Permutations {
    /// The p-value: (b + 1)/(B + 1), where b of B permutations answer at least as much as the data does. Where it stopped
    /// early, b/l after l permutations. Either way the p-value of independent data is at most u with a probability of at
    /// most u (Besag and Clifford 1991).
    pub p_value: f64,
    /// Permutations drawn.
    pub permutations: usize,
    /// Those that answer at least as much as the data does.
    pub exceedances: usize,
    /// Whether it stopped since the p-value is sure to lie above `alpha`.
    pub stopped_early: bool,
}

impl PermutationTest {
    /// Checks that the numbers make sense.
    ///
    /// # Errors
    /// No permutations, or a level outside of 0 to 1.
    pub fn check(&self) -> Result<(), EstimateError> {
        match self.permutations {
            0 => Err(EstimateError::Test { what: "0 permutations, expected at least 1".into() }),
            _ if !(self.alpha > 0.0 && self.alpha <= 1.0) => {
                let what = format!("level `{}`, expected more than 0 and at most 1", self.alpha);
                Err(EstimateError::Test { what })
            }
            _ => Ok(()),
        }
    }

    /// Exceedances at which the p-value is sure to lie above `alpha`.
    fn enough(&self) -> usize {
        (self.alpha * (self.permutations + 1) as f64).floor().max(1.0) as usize
    }

    /// The order of `n` rows in a permutation: each has a random stream of its own.
    fn order(&self, index: usize, n: usize) -> Vec<usize> {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        rng.set_stream(index as u64);
        let mut order: Vec<usize> = (0..n).collect();
        order.shuffle(&mut rng);
        order
    }
}

impl Estimator {
    /// Tests whether X and Y are independent: how often do rows of Y that are shuffled give as large an answer?
    ///
    /// The statistic is the lower quartile of the predicted distribution before it is cut at 0, so that answers of 0 do not
    /// tie. It finds more than the median, since it knows how sure an answer is.
    ///
    /// # Errors
    /// As [`Estimator::estimate`]; a test that makes no sense.
    ///
    /// ```
    /// use mist_infer::{Estimator, PermutationTest};
    ///
    /// let x: Vec<f64> = (0..60).map(|r| (f64::from(r) * 0.7).sin()).collect();
    /// let y: Vec<f64> = (0..60).map(|r| (f64::from(r) * 0.7).sin() + (f64::from(r) * 2.9).cos()).collect();
    /// let test = PermutationTest { permutations: 19, ..PermutationTest::default() };
    /// let found = Estimator::embedded()?.test(&x, &y, &test)?;
    /// assert_eq!(found.p_value, 1.0 / 20.0);
    /// # Ok::<(), mist_infer::EstimateError>(())
    /// ```
    pub fn test(
        &self,
        x: impl Into<Columns>,
        y: impl Into<Columns>,
        test: &PermutationTest,
    ) -> Result<Permutations, EstimateError> {
        let (x, y) = (x.into(), y.into());
        let answer = self.estimate(&x, &y)?;
        self.test_answer(&x, &y, &answer, test)
    }

    /// The same for data whose answer is known.
    ///
    /// # Errors
    /// As [`Estimator::test`].
    pub fn test_answer(
        &self,
        x: &Columns,
        y: &Columns,
        answer: &Estimate,
        test: &PermutationTest,
    ) -> Result<Permutations, EstimateError> {
        test.check()?;
        let enough = test.enough();
        let mut exceedances = 0;
        for first in (0..test.permutations).step_by(AT_ONCE) {
            let indices = first..(first + AT_ONCE).min(test.permutations);
            for (index, statistic) in indices.clone().zip(self.shuffled(x, y, indices, test)?) {
                exceedances += usize::from(statistic >= tied_with(answer));
                if exceedances == enough && index + 1 < test.permutations {
                    let p_value = exceedances as f64 / (index + 1) as f64;
                    return Ok(Permutations { p_value, permutations: index + 1, exceedances, stopped_early: true });
                }
            }
        }
        let p_value = (exceedances + 1) as f64 / (test.permutations + 1) as f64;
        Ok(Permutations { p_value, permutations: test.permutations, exceedances, stopped_early: false })
    }

    /// The statistics of some permutations.
    pub(crate) fn shuffled(
        &self,
        x: &Columns,
        y: &Columns,
        indices: std::ops::Range<usize>,
        test: &PermutationTest,
    ) -> Result<Vec<f64>, EstimateError> {
        let shuffle = |index| (x.clone(), y.rows(&test.order(index, y.n())));
        let tables: Vec<_> = indices.map(shuffle).collect();
        self.estimate_each(&tables).into_iter().map(|answer| Ok(answer?.statistic())).collect()
    }
}

/// The least statistic that counts as much as that of the answer.
pub(crate) fn tied_with(answer: &Estimate) -> f64 {
    let statistic = answer.statistic();
    statistic - TIE * (1.0 + statistic.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_stops_when_the_p_value_is_sure_to_lie_above_the_level() {
        // (b + 1)/(B + 1) > alpha from b = enough on, and not before.
        for (permutations, alpha) in [(199, 0.05), (999, 0.1), (99, 0.01), (19, 0.05), (50, 0.07)] {
            let test = PermutationTest { permutations, alpha, seed: 0 };
            let p = |b: usize| (b + 1) as f64 / (permutations + 1) as f64;
            assert!(p(test.enough()) > alpha, "{test:?}");
            assert!(p(test.enough() - 1) <= alpha || test.enough() == 1, "{test:?}");
        }
    }

    #[test]
    fn permutations_differ_and_repeat() {
        let test = PermutationTest { permutations: 3, alpha: 0.1, seed: 4 };
        assert_eq!(test.order(1, 40), test.order(1, 40));
        assert_ne!(test.order(1, 40), test.order(2, 40));
        let mut sorted = test.order(2, 40);
        sorted.sort_unstable();
        assert_eq!(sorted, (0..40).collect::<Vec<_>>());
    }
}
