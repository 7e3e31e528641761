//! Mixtures of normals with any covariances: what clusters in real tables look like.

mod component;
mod joint;
mod prior;

pub use component::Component;
pub use joint::NormalMixture;
pub use prior::NormalMixturePrior;
