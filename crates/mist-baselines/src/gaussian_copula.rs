//! MI of a normal copula with any marginals.

use crate::{BaselineError, MiEstimator, data};
use nalgebra::{Cholesky, DMatrix};
use statrs::distribution::{ContinuousCDF, Normal};

/// The MI of a normal copula, from the shrunk correlation matrix R of normal scores:
///
/// I = ½ (ln det Rx + ln det Ry − ln det R), R = (1 − δ) S + δ 1.
///
/// The score of a value is Φ⁻¹(r / (n + 1)) with its mid-rank r, scaled to unit variance; S is the covariance of the
/// scores and δ in 0..1 the weight that Ledoit and Wolf estimate to minimise the expected squared error of R.
///
/// # Domain
/// n ≥ 2, no constant column. Because of δ more columns than rows are no error, but the MI is then far too small. Any
/// increasing map of a column leaves the estimate as it is; what is not monotone is missed.
///
/// # Source
/// Ince et al., "A statistical framework for neuroimaging data analysis based on mutual information estimated via a
/// Gaussian copula", Human Brain Mapping 38, 2017, there with a correction of bias in place of the shrinkage of Ledoit
/// and Wolf, "A well-conditioned estimator for large-dimensional covariance matrices", Journal of Multivariate Analysis
/// 88, 2004 (`ledoit_wolf` of scikit-learn).
///
/// ```
/// use mist_baselines::{GaussianCopula, MiEstimator};
/// use nalgebra::DMatrix;
///
/// let x = DMatrix::from_fn(50, 1, |i, _| ((i * 17) % 50) as f64);
/// let y = DMatrix::from_fn(50, 1, |i, _| x[(i, 0)] + ((i * 7) % 20) as f64);
/// // Only ranks matter.
/// let mi = GaussianCopula.estimate(&x, &y)?;
/// assert_eq!(mi, GaussianCopula.estimate(&x.map(f64::exp), &y)?);
/// assert!(mi > 0.5);
/// # Ok::<(), mist_baselines::BaselineError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GaussianCopula;

impl MiEstimator for GaussianCopula {
    fn name(&self) -> &'static str {
        "gaussian-copula"
    }

    fn estimate(&self, x: &DMatrix<f64>, y: &DMatrix<f64>) -> Result<f64, BaselineError> {
        let n = data::check(x, y, 2, "a variance needs two rows")?;
        let (dim_x, dim_y) = (x.ncols(), y.ncols());
        let columns: Option<Vec<_>> = x.column_iter().chain(y.column_iter()).map(|c| scores(c.as_slice())).collect();
        let scores = columns.ok_or(BaselineError::Singular { what: "a column is constant" })?.concat();
        let correlations = shrunk(&DMatrix::from_vec(n, dim_x + dim_y, scores));
        let of_x = log_det(correlations.view((0, 0), (dim_x, dim_x)).into_owned())?;
        let of_y = log_det(correlations.view((dim_x, dim_x), (dim_y, dim_y)).into_owned())?;
        Ok(0.5 * (of_x + of_y - log_det(correlations)?))
    }
}

/// Normal scores of mid-ranks with mean 0 and variance 1; none if all values are equal.
fn scores(values: &[f64]) -> Option<Vec<f64>> {
    let n = values.len();
    let normal = Normal::standard();
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_unstable_by(|a, b| values[*a].total_cmp(&values[*b]));
    if values[order[0]] == values[order[n - 1]] {
        return None;
    }
    let mut out = vec![0.0; n];
    let mut first = 0;
    for group in order.chunk_by(|a, b| values[*a] == values[*b]) {
        // Twice the mean of the ranks first + 1 ..= first + group.
        let twice = (2 * first + group.len() + 1) as f64;
        let score = normal.inverse_cdf(twice / (2 * (n + 1)) as f64);
        group.iter().for_each(|i| out[*i] = score);
        first += group.len();
    }
    let mean = out.iter().sum::<f64>() / n as f64;
    let variance = out.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n as f64;
    Some(out.iter().map(|v| (v - mean) / variance.sqrt()).collect())
}

/// The covariance S of columns of mean 0 and variance 1, shrunk towards the identity:
///
/// δ = min(b², d²) / d², d² = ‖S − 1‖², b² = (1/n²) Σ_rows ‖z zᵀ − S‖².
fn shrunk(z: &DMatrix<f64>) -> DMatrix<f64> {
    let n = z.nrows() as f64;
    let p = z.ncols();
    let mut s = z.tr_mul(z) / n;
    let d2 = (&s - DMatrix::identity(p, p)).norm_squared();
    // ‖z zᵀ − S‖² sums to Σ |z|⁴ − n ‖S‖².
    let fourth: f64 = z.row_iter().map(|row| row.norm_squared().powi(2)).sum();
    let b2 = (fourth / n - s.norm_squared()) / n;
    let delta = if d2 > 0.0 { (b2 / d2).clamp(0.0, 1.0) } else { 0.0 };
    s *= 1.0 - delta;
    for i in 0..p {
        s[(i, i)] += delta;
    }
    s
}

fn log_det(m: DMatrix<f64>) -> Result<f64, BaselineError> {
    let cholesky = Cholesky::new(m).ok_or(BaselineError::Singular { what: "columns have the same ranks" })?;
    let diagonal = cholesky.l_dirty().diagonal();
    Ok(2.0 * diagonal.iter().map(|d| d.ln()).sum::<f64>())
}
