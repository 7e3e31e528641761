//! Runs the binary: what it prints where, and its exit code.

mod attacks;
mod bad_input;
mod batch;
mod calibrate;
mod csv;
mod dataset;
mod domains;
mod estimate;
mod evaluate;
mod generate;
mod manners;
mod npy;
mod pipes;
mod support;
mod tables;
mod train;
