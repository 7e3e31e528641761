//! A normalising flow that was fitted to the rows of one side of somebody's data, as a bijection of that side.
//!
//! Fitted elsewhere, by gradients; here it is a file with a hash and plain arithmetic in double precision. Its inverse
//! turns a side of independent standard normals into rows that look like the data, and changes no MI.

mod coupling;
mod file;
mod flow;

pub use coupling::Coupling;
pub use file::{FlowError, FlowFile};
pub use flow::FittedFlow;
