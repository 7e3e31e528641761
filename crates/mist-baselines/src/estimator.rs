//! What all estimators have in common, and their names.

use crate::neural::{Bound, Neural};
use crate::{BaselineError, Cca, GaussianCopula, Histogram, Kde, Ksg, KsgVariant, MixedKnn, PlugIn, Ross};
use nalgebra::DMatrix;

/// An estimator of the mutual information of two sets of columns.
pub trait MiEstimator: Send + Sync {
    /// Its name, as in [`by_name`].
    fn name(&self) -> &'static str;

    /// The estimate in nats, from n × d matrices of paired rows. It is finite, and *not clamped at zero*: the truth
    /// cannot be negative but an estimate without bias can, and clamping would add bias near independence.
    ///
    /// # Errors
    /// Data that this estimator cannot use, with the reason.
    fn estimate(&self, x: &DMatrix<f64>, y: &DMatrix<f64>) -> Result<f64, BaselineError>;
}

impl<E: MiEstimator + ?Sized> MiEstimator for Box<E> {
    fn name(&self) -> &'static str {
        (**self).name()
    }

    fn estimate(&self, x: &DMatrix<f64>, y: &DMatrix<f64>) -> Result<f64, BaselineError> {
        (**self).estimate(x, y)
    }
}

/// Names of all estimators, in the order of the table at the top of this crate.
pub const NAMES: [&str; 13] = [
    "ksg",
    "ksg2",
    "cca",
    "gaussian-copula",
    "plug-in",
    "histogram",
    "mixed-knn",
    "ross",
    "kde",
    "mine",
    "infonce",
    "nwj",
    "smile",
];

/// The estimator of this name, with its default parameters.
///
/// ```
/// use nalgebra::DMatrix;
///
/// let x = DMatrix::from_fn(8, 1, |i, _| f64::from(i as u32 % 2));
/// let estimator = mist_baselines::by_name("plug-in")?;
/// assert!((estimator.estimate(&x, &x)? - 2.0_f64.ln()).abs() < 1e-12);
/// assert!(mist_baselines::by_name("kgs").is_err());
/// # Ok::<(), mist_baselines::BaselineError>(())
/// ```
///
/// # Errors
/// A name that is not in [`NAMES`].
pub fn by_name(name: &str) -> Result<Box<dyn MiEstimator>, BaselineError> {
    Ok(match name {
        "ksg" => Box::new(Ksg::default()),
        "ksg2" => Box::new(Ksg { variant: KsgVariant::Second, ..Ksg::default() }),
        "cca" => Box::new(Cca),
        "gaussian-copula" => Box::new(GaussianCopula),
        "plug-in" => Box::new(PlugIn),
        "histogram" => Box::new(Histogram::default()),
        "mixed-knn" => Box::new(MixedKnn::default()),
        "ross" => Box::new(Ross::default()),
        "kde" => Box::new(Kde),
        "mine" => Box::new(Neural::new(Bound::Mine)),
        "infonce" => Box::new(Neural::new(Bound::InfoNce)),
        "nwj" => Box::new(Neural::new(Bound::Nwj)),
        "smile" => Box::new(Neural::new(Bound::Smile)),
        _ => return Err(BaselineError::UnknownName { name: name.to_string(), known: NAMES.join(", ") }),
    })
}
