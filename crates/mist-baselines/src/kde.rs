//! Kernel densities of a pair of columns.

use crate::{BaselineError, MiEstimator, Side, data};
use nalgebra::DMatrix;
use rayon::prelude::*;

/// The mean log ratio of kernel density estimates at the rows themselves:
///
/// I = ⟨ln p̂(x, y) − ln p̂(x) − ln p̂(y)⟩,
///
/// with normal kernels of Scott's bandwidth n^(−1/(d+4)) on standardised columns, d = 1 for p̂(x) and p̂(y), d = 2 for
/// the pair.
///
/// # Domain
/// One column a side, neither constant; O(n²). Each row is among its own kernels, which adds MI, and the bandwidth
/// smooths large MI away.
///
/// # Source
/// Moon, Rajagopalan and Lall, "Estimation of mutual information using kernel density estimators", Physical Review E 52,
/// 1995; `KDEMutualInformationEstimator` of benchmark-mi with `kernel_xy="gaussian"`.
///
/// ```
/// use mist_baselines::{Kde, MiEstimator};
/// use nalgebra::DMatrix;
///
/// // Two rows: all kernels are known.
/// let x = DMatrix::from_column_slice(2, 1, &[-1.0, 1.0]);
/// let log_density = |h: f64, d: f64| (0.5 * (1.0 + (-2.0 * d / (h * h)).exp())).ln() - d * h.ln();
/// let expected = log_density(2.0_f64.powf(-1.0 / 6.0), 2.0) - 2.0 * log_density(2.0_f64.powf(-1.0 / 5.0), 1.0);
/// assert!((Kde.estimate(&x, &x)? - expected).abs() < 1e-12);
/// # Ok::<(), mist_baselines::BaselineError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kde;

impl MiEstimator for Kde {
    fn name(&self) -> &'static str {
        "kde"
    }

    fn estimate(&self, x: &DMatrix<f64>, y: &DMatrix<f64>) -> Result<f64, BaselineError> {
        let n = data::check(x, y, 2, "a variance needs two rows")?;
        for (side, m) in [(Side::X, x), (Side::Y, y)] {
            if m.ncols() != 1 {
                return Err(BaselineError::SingleColumn { side, got: m.ncols() });
            }
            if m.iter().all(|v| *v == m[0]) {
                return Err(BaselineError::Singular { what: "a column is constant" });
            }
        }
        let (x, y) = (data::standardised(x, Side::X)?, data::standardised(y, Side::Y)?);
        let (x, y) = (&x[0], &y[0]);
        let bandwidth = |d: f64| (n as f64).powf(-1.0 / (d + 4.0));
        let (one, two) = (bandwidth(1.0), bandwidth(2.0));
        let (of_one, of_two) = (-0.5 / (one * one), -0.5 / (two * two));
        let ratios: Vec<f64> = (0..n)
            .into_par_iter()
            .map(|i| {
                let (mut px, mut py, mut pxy) = (0.0, 0.0, 0.0);
                for (a, b) in x.iter().zip(y) {
                    let (u, v) = ((a - x[i]).powi(2), (b - y[i]).powi(2));
                    px += (of_one * u).exp();
                    py += (of_one * v).exp();
                    pxy += (of_two * (u + v)).exp();
                }
                // The row itself adds 1 to each sum, so that no logarithm is of 0.
                f64::ln(pxy) - f64::ln(px) - f64::ln(py)
            })
            .collect();
        // The factors 1/n and 1/√2π cancel but for one n.
        Ok(ratios.iter().sum::<f64>() / n as f64 + (n as f64).ln() + 2.0 * (one.ln() - two.ln()))
    }
}
