//! The axial network: normal scores in, monotone quantiles of mutual information out.
//!
//! [`Scores`] turn data into what the network sees, [`Batch`] lays several tasks side by side, [`Axial`] maps a batch
//! to quantiles, [`pinball`] is the loss, and [`Checkpoint`] is a network on disk.

mod axial;
mod batch;
mod calibration;
mod checkpoint;
mod config;
mod coverage;
pub mod ops;
mod quantile;
pub mod scores;
mod store;
mod strata;

pub use axial::{Axial, Output};
pub use batch::Batch;
pub use calibration::{Calibration, Observed, Stratum, TaskShape};
pub use checkpoint::{Checkpoint, CheckpointError, Description, Trained, hex_sha256, write_atomic, write_checkpoint};
pub use config::{AxialConfig, LocalConfig, TAUS};
pub use coverage::{Answered, Coverage, CoverageCell, Share};
pub use quantile::{QuantileFunction, pinball};
pub use scores::{Column, MAX_INDICATORS, ScoreError, Scores};
pub use store::Parameters;
pub use strata::{ShapeStratum, ShapeTable};
