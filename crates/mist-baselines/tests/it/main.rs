//! One binary for all integration tests.

mod gaussians;
mod golden;
mod refusals;
