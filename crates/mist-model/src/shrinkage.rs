//! Covariances that noise does not make singular.

use nalgebra::DMatrix;

/// A covariance (p × p) of n rows, shrunk towards a multiple of the identity by as much as its own noise says, never by none at all, since columns may be exact
/// sums of others. `fourth` is the mean over rows of the fourth power of their distance from the mean.
///
/// # Source
/// Ledoit and Wolf, "A well-conditioned estimator for large-dimensional covariance matrices" (2004), lemmas 3.2 to 3.4.
#[must_use]
pub fn shrunk_covariance(covariance: DMatrix<f64>, fourth: f64, n: usize) -> DMatrix<f64> {
    let p = covariance.ncols();
    let scale = covariance.trace() / p as f64;
    let target = DMatrix::identity(p, p) * scale;
    let spread = (&covariance - &target).norm_squared();
    let noise = ((fourth - covariance.norm_squared()) / n as f64).clamp(0.0, spread);
    let share = if spread > 0.0 { noise / spread } else { 1.0 };
    let share = share.max(1e-6);
    covariance * (1.0 - share) + target * share
}
