//! Pairs of columns coupled by an Archimedean copula.

mod density;
mod generator;
mod joint;
mod prior;

pub use generator::Generator;
pub use joint::Copulas;
pub use prior::CopulaPrior;
