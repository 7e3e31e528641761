//! The commands, one module each: its arguments, and what it does with them.

pub mod estimate;
pub mod generate;
