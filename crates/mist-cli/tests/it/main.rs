//! Runs the binary: what it prints where, and its exit code.

mod attacks;
mod bad_input;
mod batch;
mod calibrate;
mod conditional;
mod csv;
mod curve;
mod dataset;
mod domains;
mod estimate;
mod evaluate;
mod generate;
mod manners;
mod matrix;
mod npy;
mod pipes;
mod plot;
mod published;
mod rank;
mod support;
mod tables;
mod train;
