//! The parts that are kept out of training and calibration, to measure errors on families that a network has not seen.

use super::distribution::MetaDistribution;

/// Features (see [`crate::families::Prior::features`] and [`crate::warp::WarpKind`]) that no training or calibration may draw.
///
/// Several kinds of structure, one or two each: a copula, a scatter matrix, a mixture, an embedding, an interaction, a
/// noise, a channel, a partly discrete column, a flow.
pub const HELD_OUT: [&str; 9] = [
    "copula-joe",
    "scatter-factor",
    "mixture-waves",
    "swissroll",
    "interaction-angle",
    "noise-laplace",
    "channel-z",
    "censored",
    "shear",
];

/// The held-out features that a meta-distribution may draw, in the order of [`HELD_OUT`].
#[must_use]
pub fn drawn_by(meta: &MetaDistribution) -> Vec<&'static str> {
    let features: Vec<String> = meta.config().families.iter().flat_map(|(_, family)| family.features()).collect();
    HELD_OUT.into_iter().filter(|held| features.iter().any(|feature| feature == held)).collect()
}
