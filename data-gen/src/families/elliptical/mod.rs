//! Multivariate normal and Student-t distributions, as they are and under arbitrary marginals.

pub mod copula;
mod prior;
mod structure;

pub use prior::{EllipticalPrior, NormalPrior, StudentPrior};
pub use structure::{ScatterKind, ScatterPrior};

pub use crate::ground::elliptical::{Elliptical, dispersion, scatter, student_entropy_nats};
