//! The estimator as a library: what holds whatever the weights are.

mod answers;
mod operations;
mod properties;
mod published;
mod soft;
mod support;
