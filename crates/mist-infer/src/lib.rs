//! Mutual information of two sets of columns, with an interval, in one forward pass.
//!
//! [`Estimator`] holds a checkpoint on a device, [`Columns`] is what it takes (slices, vectors, with the feature `ndarray`
//! arrays), [`Estimate`] what it answers, and a [`Warning`] says where an answer is to be taken with care.
//!
//! ```
//! use mist_infer::Estimator;
//!
//! let x: Vec<f64> = (0..200).map(|r| (f64::from(r) * 0.7).sin()).collect();
//! let y: Vec<f64> = x.iter().enumerate().map(|(r, x)| x + (r as f64 * 2.9).cos()).collect();
//!
//! let estimate = Estimator::embedded()?.estimate(&x, &y)?;
//! let interval = estimate.interval(0.9)?;
//! assert!(0.0 <= interval.lower && interval.lower <= estimate.mi_nats());
//! assert!(estimate.mi_nats() <= interval.upper);
//! # Ok::<(), mist_infer::EstimateError>(())
//! ```
//!
//! | question | call |
//! |---|---|
//! | one pair | [`Estimator::estimate`] |
//! | many pairs, of which some may fail | [`Estimator::estimate_each`] |
//! | which columns say most about one | [`Estimator::rank`] |
//! | all pairs of columns | [`Estimator::matrix`] |
//! | what is left once Z is known | [`Estimator::conditional`] |
//! | are they independent | [`Estimator::test`], [`Estimate::p_value`], [`benjamini_hochberg`] |
//! | as a loss, with gradients to the data | [`soft::mutual_information`] |
//! | on a scale from 0 to 1 | [`Estimate::normalised`] |
//!
//! Answers are `serde::Serialize`. An [`Estimator`] is cheap to clone, `Send` and `Sync`, and uses the threads of the rayon
//! pool that it is called in.
//!
//! With the feature `hub`, `Estimator::from_hub` takes the checkpoint of a repository on the Hugging Face hub.
//!
//! # Profile
//! Without optimisation a pass is about a hundred times slower. A dependent's `Cargo.toml` gives dev builds the speed of
//! release builds with
//!
//! ```toml
//! [profile.dev.package."*"]
//! opt-level = 3
//! ```
//!
//! # Threads
//! Many answers at once (`estimate_each`, `rank`, `matrix`, tests) are spread over the threads of rayon. candle splits large
//! operations over a pool of its own as well, whose threads spin while they wait: a program that asks for many answers saves
//! processor time with `CANDLE_NUM_THREADS=1` in its environment, which the command line sets for itself.

mod answer;
#[cfg(feature = "ndarray")]
mod arrays;
mod blocks;
mod bound;
mod chain;
mod codes;
mod columns;
mod conditional;
mod dependent;
mod device;
mod domain;
mod error;
mod estimate;
mod estimator;
mod fdr;
#[cfg(feature = "hub")]
mod hub;
mod normalised;
mod p_values;
mod pairs;
mod permutation;
mod prepared;
mod published;
mod screen;
mod second_look;
pub mod soft;
mod twin;
mod warning;
mod wide;

pub use candle_core;
pub use candle_core::Device;
pub use columns::{Columns, Side};
pub use conditional::Conditional;
pub use device::{DeviceError, DeviceKind};
pub use error::EstimateError;
pub use estimate::{CheckpointId, Estimate, HubCommit, Interval};
pub use estimator::{Estimator, MIN_ROWS};
pub use fdr::benjamini_hochberg;
#[cfg(feature = "hub")]
pub use hub::MOST_HUB_BYTES;
#[cfg(feature = "hub")]
pub use mist_hub;
pub use mist_model::{Checkpoint, CheckpointError, Description, QuantileFunction, ShapeTable, TaskShape};
#[cfg(feature = "ndarray")]
pub use ndarray;
pub use normalised::{Normalised, Scale, informational_correlation};
pub use p_values::{PValues, Tests};
pub use pairs::{Matrix, Paired, Ranked, q_values};
pub use permutation::{PermutationTest, Permutations};
pub use warning::{TiedColumn, Warning};
