//! MI of normal data, from canonical correlations.

use crate::{BaselineError, MiEstimator, Side, data};
use nalgebra::DMatrix;

/// What stands for 0 in a unit column that was made orthogonal to others, and in 1 − ρ².
const SINGULAR: f64 = 1e-12;

/// The MI of a joint normal with the canonical correlations ρ of the sample:
///
/// I = −½ Σ ln(1 − ρ_i²).
///
/// # Domain
/// n ≥ `dim_x` + `dim_y` + 2, no column that is a linear function of others. It is the maximum-likelihood estimate if
/// (X, Y) is normal, and then about `dim_x` `dim_y` / (2n) too large; for other data it misses what is not linear, and grows
/// without bound with outliers that X and Y share.
///
/// # Source
/// Kullback, "Information theory and statistics", 1959, chapter 9; `CCAMutualInformationEstimator` of benchmark-mi where
/// scikit-learn's iterations have converged. Here the correlations are the singular values of Qxᵀ Qy, with the Q of a QR
/// decomposition of each side (Björck and Golub 1973).
///
/// ```
/// use mist_baselines::{Cca, MiEstimator};
/// use nalgebra::DMatrix;
///
/// // A sample with correlation 0.6.
/// let x = DMatrix::from_column_slice(4, 1, &[1.0, 1.0, -1.0, -1.0]);
/// let y = DMatrix::from_column_slice(4, 1, &[1.4, -0.2, 0.2, -1.4]);
/// let mi = Cca.estimate(&x, &y)?;
/// assert!((mi - -0.5 * (1.0_f64 - 0.36).ln()).abs() < 1e-12);
/// # Ok::<(), mist_baselines::BaselineError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cca;

impl MiEstimator for Cca {
    fn name(&self) -> &'static str {
        "cca"
    }

    fn estimate(&self, x: &DMatrix<f64>, y: &DMatrix<f64>) -> Result<f64, BaselineError> {
        let needed = x.ncols() + y.ncols() + 2;
        data::check(x, y, needed, "a covariance needs more rows than columns")?;
        let of_x = orthonormal(x, Side::X, "a column of X is a linear function of the other columns of X")?;
        let of_y = orthonormal(y, Side::Y, "a column of Y is a linear function of the other columns of Y")?;
        let correlations = of_x.tr_mul(&of_y).singular_values();
        let mut sum = 0.0;
        for r in correlations.iter() {
            let rest = (1.0 - r) * (1.0 + r);
            if rest < SINGULAR {
                return Err(BaselineError::Singular { what: "X and Y have a linear function in common" });
            }
            sum -= 0.5 * rest.ln();
        }
        Ok(sum)
    }
}

/// An orthonormal basis of the centred columns.
fn orthonormal(m: &DMatrix<f64>, side: Side, singular: &'static str) -> Result<DMatrix<f64>, BaselineError> {
    let n = m.nrows();
    let columns = data::standardised(m, side)?;
    let unit = (n as f64).sqrt().recip();
    let qr = DMatrix::from_iterator(n, m.ncols(), columns.iter().flatten().map(|v| v * unit)).qr();
    if qr.r().diagonal().iter().any(|d| d.abs() < SINGULAR.sqrt()) {
        return Err(BaselineError::Singular { what: singular });
    }
    Ok(qr.q())
}
