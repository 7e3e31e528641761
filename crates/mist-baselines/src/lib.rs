//! Estimators of mutual information that work on one data set alone: what the learned estimator is compared with.
//!
//! | name | estimator | for |
//! |---|---|---|
//! | `ksg`, `ksg2` | [`Ksg`]: nearest neighbours | continuous data, few columns |
//! | `cca` | [`Cca`]: canonical correlations | normal data |
//! | `gaussian-copula` | [`GaussianCopula`]: normal scores, shrunk correlations | monotone dependence |
//! | `plug-in` | [`PlugIn`]: counts | discrete data |
//! | `histogram` | [`Histogram`]: counts in bins | one or two columns a side |
//! | `mixed-knn` | [`MixedKnn`]: nearest neighbours and atoms | discrete, continuous, and mixtures |
//! | `ross` | [`Ross`]: nearest neighbours of one label | a discrete and a continuous side |
//! | `kde` | [`Kde`]: kernel densities | a pair of columns |
//! | `mine`, `infonce`, `nwj`, `smile` | [`Neural`]: a critic fitted to a bound | many rows, any dependence |
//!
//! [`by_name`] gives each with its default parameters. Estimates are in nats and not clamped at 0; data that an estimator
//! cannot use is an error with its reason, never a NaN. [`Bootstrap`] adds an interval to any of them. All run on rayon's
//! threads, and give the same bits on any number of them.

mod bootstrap;
mod cca;
mod data;
mod error;
mod estimator;
mod gaussian_copula;
mod kde;
mod ksg;
mod mixed_knn;
mod neighbours;
pub mod neural;
mod plug_in;
mod ross;

pub use bootstrap::{Bootstrap, Interval};
pub use cca::Cca;
pub use data::Side;
pub use error::BaselineError;
pub use estimator::{MiEstimator, NAMES, by_name};
pub use gaussian_copula::GaussianCopula;
pub use kde::Kde;
pub use ksg::{Ksg, KsgVariant};
pub use mixed_knn::MixedKnn;
pub use neural::{Bound, CriticLoss, Neural};
pub use plug_in::{Histogram, PlugIn};
pub use ross::Ross;
