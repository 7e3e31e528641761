//! Mixtures of normals whose components factorise over pairs of columns.

mod component;
mod joint;
mod monte_carlo;
mod pointwise;
mod prior;

pub use component::{Column, Component};
pub use joint::Mixture;
pub use prior::{MixturePrior, Shape};
