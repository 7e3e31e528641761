//! The estimator as a library: what holds whatever the weights are.

mod answers;
mod properties;
mod support;
