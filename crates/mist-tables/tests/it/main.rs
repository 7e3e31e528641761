//! Tables of all formats: what is read of them, and what is refused.

mod formats;
mod fuzz;
mod refused;
mod round_trip;
mod support;
