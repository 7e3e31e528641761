//! Networks that say how much mutual information data holds.
//!
//! [`Scores`] turn data into what the network sees, [`Batch`] lays several tasks side by side, [`Network`] maps a batch
//! to quantiles, [`pinball`] is the loss, and [`Checkpoint`] is a network on disk. There are two networks: [`Axial`], and
//! [`Reference`], the published one.

mod axial;
mod batch;
mod calibration;
mod checkpoint;
mod config;
mod coverage;
mod network;
pub mod ops;
mod quantile;
mod reference;
pub mod scores;
mod shrinkage;
mod store;
mod strata;

pub use axial::{Axial, Output};
pub use batch::Batch;
pub use calibration::{Calibration, Observed, Stratum, TaskShape};
pub use checkpoint::{Checkpoint, CheckpointError, Description, Trained, hex_sha256, write_atomic, write_checkpoint};
pub use config::{AxialConfig, LocalConfig, TAUS};
pub use coverage::{Answered, Coverage, CoverageCell, Share};
pub use network::{Answer, Network, NetworkConfig};
pub use quantile::{QuantileFunction, pinball};
pub use reference::{Reference, ReferenceConfig};
pub use scores::{Column, MAX_INDICATORS, ScoreError, Scores};
pub use shrinkage::shrunk_covariance;
pub use store::Parameters;
pub use strata::{ShapeStratum, ShapeTable};
