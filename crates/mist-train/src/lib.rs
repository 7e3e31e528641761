//! Trains the network on fresh tasks.
//!
//! [`train`] is the loop; [`TrainConfig`] says what it does; [`State`] is all that a stopped run needs to go on to
//! the same numbers; [`evaluate`] measures a network on a meta-set; [`metrics`] sums it up; [`mod@bench`] measures the speed of a step, [`agreement`]
//! whether a device computes what the CPU does; [`flow`] fits flows to data, [`adapt`] goes on with training on tasks that
//! look like that data.

pub mod adapt;
pub mod agreement;
pub mod bench;
mod config;
mod error;
mod evaluate;
mod feed;
pub mod flow;
mod gradient;
mod loss;
pub mod metrics;
mod muon;
mod optimizer;
mod progress;
mod source;
mod state;
mod trainer;

pub use config::{BatchConfig, MatrixRule, OptimizerConfig, TrainConfig, ValidationConfig};
pub use error::TrainError;
pub use evaluate::{Prediction, evaluate, predict};
pub use gradient::{Engine, StepGradient};
pub use loss::{LossConfig, TaskBatch};
pub use optimizer::Optimizer;
pub use source::{BatchSource, Categories, score, score_of};
pub use state::{Origin, State};
pub use trainer::{Options, Summary, train};
