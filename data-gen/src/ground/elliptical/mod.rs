//! Multivariate normal and Student-t distributions over a [`Scatter`](scatter::Scatter), which several families are made of.

mod columns;
pub mod dispersion;
mod joint;
mod pointwise;
pub mod scatter;

pub use joint::{Elliptical, student_entropy_nats};
