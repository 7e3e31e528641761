//! Couplings that no pair of columns shows, or hardly.

mod coupling;
mod information;
mod joint;
mod pointwise;
mod prior;
mod von_mises;

pub use coupling::Coupling;
pub use joint::Interaction;
pub use prior::{InteractionPrior, Shape};
