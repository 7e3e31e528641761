//! Fits a normalising flow to the rows of one side of somebody's data.
//!
//! [`fit_flow`] is the door. [`FittedFlow`](mist_data_gen::fitted::FittedFlow) is what comes out: plain numbers in double
//! precision, which the generator evaluates without tensors.

mod couplings;
mod fit;
mod scores;

pub use fit::{FlowConfig, FlowFit, FlowReport, fewest_rows, fit_flow};
pub use scores::{normal_scores, tied_share};
