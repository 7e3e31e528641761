//! One-dimensional pairs joined by a function: Y = f(X) + noise.

mod boxes;
mod density;
pub mod many;
mod monotone;
mod noise;
mod one;
mod pair;
mod support;
mod tree;

pub use noise::{Noise, Spread};
pub use one::LinkPrior;
pub use pair::Link;

pub use crate::ground::{
    curve::{Curve, CurveKind},
    quadrature::Source,
};
