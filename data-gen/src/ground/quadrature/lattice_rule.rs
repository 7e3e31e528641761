//! Points of several independent standard normals that are spread more evenly than random ones.

use std::sync::LazyLock;

use rand::Rng;

use crate::ground::normal::normal_quantile;

/// Points of the rule.
pub(crate) const POINTS: usize = 1 << 13;

/// The most normals of a point.
pub(crate) const MOST_DIMS: usize = 10;

/// The first entries of the generating vector of a rank-1 lattice rule that can be extended in base 2 up to 2²⁰ points: Cools,
/// Kuo and Nuyens, "Constructing embedded lattice rules for multivariate integration", SIAM Journal on Scientific
/// Computing 28 (2006).
const GENERATOR: [usize; MOST_DIMS] =
    [1, 182_667, 469_891, 498_753, 110_745, 446_247, 250_185, 118_627, 245_333, 283_199];

/// Calls f with every point of a rank-1 lattice, shifted at random in every coordinate: `dims` ≤ [`MOST_DIMS`] numbers, in
/// each coordinate the [`POINTS`] normal quantiles of ½/N, 1½/N, …, once each.
pub(crate) fn on_normals<R: Rng + ?Sized>(dims: usize, rng: &mut R, mut f: impl FnMut(&[f64])) {
    static QUANTILES: LazyLock<Vec<f64>> =
        LazyLock::new(|| (0..POINTS).map(|i| normal_quantile((i as f64 + 0.5) / POINTS as f64)).collect());
    let quantiles = &*QUANTILES;
    let mut at = [0; MOST_DIMS];
    at[..dims].iter_mut().for_each(|at| *at = rng.random_range(0..POINTS));
    let mut point = [0.0; MOST_DIMS];
    for _ in 0..POINTS {
        for j in 0..dims {
            point[j] = quantiles[at[j]];
            at[j] = (at[j] + GENERATOR[j]) % POINTS;
        }
        f(&point[..dims]);
    }
}
