//! Runs the binary: what it prints where, and its exit code.

mod adapt;
mod attacks;
mod bad_input;
mod batch;
mod calibrate;
mod card;
mod conditional;
mod csv;
mod curve;
mod dataset;
mod domains;
mod embed;
mod estimate;
mod evaluate;
mod generate;
#[cfg(feature = "hub")]
mod hub;
mod manners;
mod matrix;
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
mod network;
mod npy;
mod pipes;
mod plot;
mod published;
mod rank;
mod support;
mod tables;
mod train;
