//! The ground floor: what every family is made of, and what imports nothing above it.
//!
//! [`joint`] and [`prior`] say what a family is; the other modules are what families share.

pub mod curve;
pub mod domain;
pub(crate) mod draw;
pub mod elliptical;
pub mod error;
pub(crate) mod hex;
pub(crate) mod information;
pub mod joint;
pub mod keys;
pub mod marginal;
pub(crate) mod normal;
pub mod normal_pair;
pub(crate) mod orthogonal;
pub mod pairs;
pub mod prior;
pub mod quadrature;
pub mod sample;
pub mod seeds;
