//! The top floor: the families by name, what is applied to them, and distributions over the tasks that come of it.

pub mod catalogue;
pub mod config;
mod distribution;
pub mod held_out;
pub mod task;

pub use distribution::{Draw, DrawnTask, MetaDistribution, Shape};
