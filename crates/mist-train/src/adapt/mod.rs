//! Goes on with the training of a checkpoint on tasks that look like somebody's data, beside general ones.
//!
//! [`Laws`] are what the tasks are drawn from; [`tune`] trains in parts, averages each part with the weights that it began with
//! ([`blend`]), measures that on tasks that are held out, and keeps the best.

mod blend;
mod laws;
mod tune;

pub use blend::blend;
pub use laws::{Laws, Side};
pub use tune::{Outcome, Point, TuneConfig, TuneRun, tune};
