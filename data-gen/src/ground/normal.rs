//! The standard normal: density, distribution function and quantiles, and the masses of cells.

/// φ(x).
pub(crate) fn normal_density(x: f64) -> f64 {
    (-0.5 * x * x).exp() / (2.0 * std::f64::consts::PI).sqrt()
}

/// Φ⁻¹(p).
pub(crate) fn normal_quantile(p: f64) -> f64 {
    use statrs::distribution::{ContinuousCDF, Normal};
    Normal::standard().inverse_cdf(p)
}

/// Where to cut a standard normal into levels of these probabilities; cuts that only rounding would tell apart may be equal.
pub(crate) fn cuts(probabilities: &[f64]) -> Vec<f64> {
    let mut below = 0.0;
    let levels = &probabilities[..probabilities.len() - 1];
    levels
        .iter()
        .map(|p| {
            below += p;
            normal_quantile(f64::clamp(below, 1e-9, 1.0 - 1e-9))
        })
        .collect()
}

/// Φ(x) = ½ erfc(−x/√2): accurate in the lower tail, where ½ (1 + erf) would cancel. With `libm`, whose erfc is
/// good to the last place; that of `statrs` 0.18 has relative errors of up to 1e-10.
pub(crate) fn normal_cdf(x: f64) -> f64 {
    0.5 * libm::erfc(-x * std::f64::consts::FRAC_1_SQRT_2)
}

/// P(`from` < N(0, 1) ≤ `to`), accurate in both tails.
pub(crate) fn mass(from: f64, to: f64) -> f64 {
    if from > 0.0 { normal_cdf(-from) - normal_cdf(-to) } else { normal_cdf(to) - normal_cdf(from) }
}

/// The logarithm of [`mass`].
pub(crate) fn ln_mass(from: f64, to: f64) -> f64 {
    mass(from, to).ln()
}

/// [`ln_mass`] of each cell.
pub(crate) fn ln_masses(edges: &[f64]) -> Vec<f64> {
    with_infinities(edges).windows(2).map(|ends| ln_mass(ends[0], ends[1])).collect()
}

/// −∞, the edges, ∞: the ends of the cells.
pub(crate) fn with_infinities(edges: &[f64]) -> Vec<f64> {
    let (first, last) = (std::iter::once(f64::NEG_INFINITY), std::iter::once(f64::INFINITY));
    first.chain(edges.iter().copied()).chain(last).collect()
}
