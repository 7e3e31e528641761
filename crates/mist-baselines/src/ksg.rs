//! k nearest neighbours for continuous data, after Kraskov, Stögbauer and Grassberger.

use crate::neighbours::{Neighbour, closed, counts, nearest, open};
use crate::{BaselineError, MiEstimator, data};
use nalgebra::DMatrix;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;
use statrs::function::gamma::digamma;

/// Scale of the jitter, relative to unit variance.
const JITTER: f64 = 1e-10;

/// Which of the two estimators of the paper.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KsgVariant {
    /// Equation 8: one distance for both sides. Less variance.
    First,
    /// Equation 9: each side has its own. Less bias, above all in many columns.
    Second,
}

/// The KSG estimators: neighbours under the maximum norm over all columns.
///
/// With ε the distance of row i to its k-th neighbour, and n_x the other rows whose X lies closer than ε,
///
/// I₁ = ψ(k) + ψ(n) − ⟨ψ(n_x + 1) + ψ(n_y + 1)⟩.
///
/// With ε_x and ε_y the extents in X and in Y of the box of the k neighbours, and n_x the other rows whose X lies at
/// most ε_x away,
///
/// I₂ = ψ(k) − 1/k + ψ(n) − ⟨ψ(n_x) + ψ(n_y)⟩.
///
/// # Domain
/// Continuous data, n > k. The error grows with the columns, and with the MI: n rows cannot show much more than ln n
/// nats. Where a row has k copies, so that ε = 0, the first form is infinite: that is an error here, unless `jitter`
/// moves the values apart. Distances that differ by 1e-10 of themselves count as equal; of more neighbours than k at equal
/// distances, the second form takes any, the same each time.
///
/// # Source
/// Kraskov, Stögbauer and Grassberger, "Estimating mutual information", Physical Review E 69, 2004, equations 8 and 9.
/// The first form is `KSGEnsembleFirstEstimator` of benchmark-mi with one neighbourhood and `metric_x="chebyshev"`, and
/// `mutual_info_regression` of scikit-learn for one column a side, both before they cut at 0.
///
/// ```
/// use mist_baselines::{Ksg, MiEstimator};
/// use nalgebra::DMatrix;
///
/// // The k-th neighbour is the same in X, in Y and in both, so that k − 1 rows are closer: I₁ = ψ(n) − ψ(k).
/// let x = DMatrix::from_fn(4, 1, |i, _| f64::from(1 << i));
/// let mi = Ksg { k: 1, ..Ksg::default() }.estimate(&x, &x)?;
/// assert!((mi - (1.0 + 1.0 / 2.0 + 1.0 / 3.0)).abs() < 1e-12);
/// # Ok::<(), mist_baselines::BaselineError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Ksg {
    /// Neighbours. Default 5.
    pub k: usize,
    /// Default [`KsgVariant::First`].
    pub variant: KsgVariant,
    /// Scales columns to unit variance first. Default `true`.
    pub standardize: bool,
    /// Adds normal noise of this seed, 1e-10 of a standard deviation, to standardised columns; for values that repeat
    /// because they were rounded. Default `None`.
    pub jitter: Option<u64>,
}

impl Default for Ksg {
    fn default() -> Self {
        Self { k: 5, variant: KsgVariant::First, standardize: true, jitter: None }
    }
}

impl MiEstimator for Ksg {
    fn name(&self) -> &'static str {
        match self.variant {
            KsgVariant::First => "ksg",
            KsgVariant::Second => "ksg2",
        }
    }

    fn estimate(&self, x: &DMatrix<f64>, y: &DMatrix<f64>) -> Result<f64, BaselineError> {
        let k = self.k;
        if k == 0 {
            return Err(BaselineError::parameter("k", "at least 1", k));
        }
        if self.jitter.is_some() && !self.standardize {
            return Err(BaselineError::parameter(
                "jitter",
                "`standardize`, which gives it its scale",
                "no `standardize`",
            ));
        }
        let n = data::check(x, y, k.saturating_add(1), "a row needs `k` neighbours")?;
        let (mut x, mut y) = data::sides(x, y, self.standardize)?;
        if let Some(seed) = self.jitter {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            for v in x.iter_mut().chain(&mut y).flatten() {
                *v += JITTER * rng.sample::<f64, _>(StandardNormal);
            }
        }

        let extent = |columns: &[Vec<f64>], row: usize, found: &[Neighbour]| {
            let of = |c: &Vec<f64>| found.iter().map(|f| (c[f.1] - c[row]).abs()).fold(0.0, f64::max);
            columns.iter().map(of).fold(0.0, f64::max)
        };
        let joint: Vec<_> = x.iter().chain(&y).collect();
        let radii = nearest(&joint, k, |row, found| {
            let radius = found[k - 1].0;
            match self.variant {
                _ if radius == 0.0 => Err(BaselineError::Ties { row, k }),
                KsgVariant::First => Ok((open(radius), open(radius))),
                KsgVariant::Second => Ok((closed(extent(&x, row, found)), closed(extent(&y, row, found)))),
            }
        });
        let (radii_x, radii_y): (Vec<f64>, Vec<f64>) = radii.into_iter().collect::<Result<_, _>>()?;

        let psi = Digamma::new(n);
        let others = match self.variant {
            KsgVariant::First => 0,
            KsgVariant::Second => 1,
        };
        // A count has the row itself, so that it is n_x + 1.
        let mean = |side: &[Vec<f64>], radii: &[f64]| {
            counts(side, radii).iter().map(|c| psi.at(c - others)).sum::<f64>() / n as f64
        };
        let correction = match self.variant {
            KsgVariant::First => 0.0,
            KsgVariant::Second => 1.0 / k as f64,
        };
        Ok(psi.at(k) - correction + psi.at(n) - mean(&x, &radii_x) - mean(&y, &radii_y))
    }
}

/// ψ of the integers up to n.
pub(crate) struct Digamma(Vec<f64>);

impl Digamma {
    pub fn new(n: usize) -> Self {
        // ψ(m + 1) = ψ(m) + 1/m, upwards: the terms have one sign from ψ(2) on, so that errors stay at rounding.
        let mut value = digamma(1.0);
        let next = |m: usize| {
            let here = value;
            value += 1.0 / m as f64;
            here
        };
        Self((1..=n).map(next).collect())
    }

    /// ψ(m) for 1 ≤ m ≤ n.
    pub fn at(&self, m: usize) -> f64 {
        self.0[m - 1]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digamma_by_recurrence() {
        let psi = Digamma::new(20_000);
        for m in [1, 2, 3, 10, 999, 20_000] {
            assert!((psi.at(m) - digamma(m as f64)).abs() < 1e-12, "{m}");
        }
    }
}
