//! A response to several columns: what a regression or a classification is asked for.

mod features;
mod joint;
mod prior;
mod response;
mod signal;

pub use features::Feature;
pub use joint::Regression;
pub use prior::{RegressionPrior, ResponseKind, SignalKind};
pub use response::Response;
pub use signal::{Neuron, Signal};
