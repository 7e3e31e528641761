//! Mutual information of two arrays, with an interval, in one forward pass.
//!
//! [`Estimator`] holds a checkpoint on a device, [`Columns`] is what it takes, [`Estimate`] what it answers, and a
//! [`Warning`] says where an answer is to be taken with care.
//!
//! ```
//! use mist_infer::Estimator;
//! use ndarray::Array;
//!
//! let x = Array::from_shape_fn((200, 2), |(r, c)| (r as f64 * (0.7 + c as f64)).sin());
//! let y = Array::from_shape_fn(200, |r| x[[r, 0]] + (r as f64 * 2.9).cos());
//!
//! let estimate = Estimator::embedded()?.estimate(&x, &y)?;
//! let interval = estimate.interval(0.9)?;
//! assert!(0.0 <= interval.lower && interval.lower <= estimate.mi_nats());
//! assert!(estimate.mi_nats() <= interval.upper);
//! # Ok::<(), mist_infer::EstimateError>(())
//! ```

mod blocks;
mod bound;
mod columns;
mod device;
mod domain;
mod error;
mod estimate;
mod estimator;
mod screen;
mod second_look;
mod warning;

pub use candle_core::Device;
pub use columns::{Columns, Side};
pub use device::{DeviceError, DeviceKind};
pub use error::EstimateError;
pub use estimate::{CheckpointId, Estimate, Interval};
pub use estimator::{Estimator, MIN_ROWS};
pub use warning::{TiedColumn, Warning};
