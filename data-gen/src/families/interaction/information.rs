//! The MI of one coupling.

use std::f64::consts::{LN_2, PI};

use super::{coupling::Coupling, von_mises};
use crate::ground::normal::normal_cdf;

impl Coupling {
    /// The MI in nats, in `dims` columns.
    pub(super) fn mi_nats(&self, dims: (usize, usize)) -> f64 {
        match *self {
            Self::Sign { flip, .. } | Self::Xor { flip, .. } => coin(flip),
            Self::Product { noise_sd } if dims.0 == 1 => absolute(noise_sd, STEP),
            Self::Product { noise_sd } => product(noise_sd, STEP),
            Self::Radial { rho, .. } => correlated(rho * rho),
            Self::Angle { kappa, .. } => von_mises::mi_nats(kappa),
            Self::Suppressor { rho, noise_sd, leak } => {
                // Var S given what a side shows is v/(1 + v).
                let seen = |dim: usize| {
                    if dim == 1 || leak == 0.0 {
                        return 1.0;
                    }
                    let others = (dim - 1) as f64;
                    let of_noise = others / (noise_sd * noise_sd);
                    1.0 / (1.0 + others / (of_noise + leak.powi(-2)))
                };
                correlated(rho * rho * seen(dims.0) * seen(dims.1))
            }
        }
    }
}

/// −½ ln(1 − ρ²).
fn correlated(rho_squared: f64) -> f64 {
    -0.5 * (-rho_squared).ln_1p()
}

/// ln 2 − H(e).
fn coin(e: f64) -> f64 {
    let part = |p: f64| if p > 0.0 { p * p.ln() } else { 0.0 };
    // Rounding near e = ½.
    (LN_2 + part(e) + part(1.0 - e)).max(0.0)
}

/// Step of the trapezoid rules below in the variable t of v = σ sinh t: fine near zero, where things vary over σ, and
/// wide beyond. All integrands are even and analytic in t, so the rule converges exponentially.
pub(super) const STEP: f64 = 0.125;

/// Nodes and weights of ∫ f(v) dv over [0, reach], with v = sigma sinh t.
fn half_line(sigma: f64, reach: f64, step: f64) -> impl Iterator<Item = (f64, f64)> {
    let steps = ((reach / sigma).asinh() / step).ceil() as usize;
    (0..=steps).map(move |k| {
        let t = step * k as f64;
        let share = if k == 0 { 0.5 } else { 1.0 };
        (sigma * t.sinh(), share * step * sigma * t.cosh())
    })
}

/// (1/(2 (a² + σ²)), mass over √(2π (a² + σ²))) of every a = |X_1| of the rule: X_1 X_2 + σ E as a mixture of normals.
pub(super) fn product_scales(sigma: f64, step: f64) -> Vec<(f64, f64)> {
    // Beyond 8 there are 1e-15.
    half_line(sigma.min(1.0), 8.0, step)
        .map(|(a, weight)| {
            let variance = a * a + sigma * sigma;
            let mass = 2.0 * weight * (-0.5 * a * a).exp() / (2.0 * PI).sqrt();
            (0.5 / variance, mass / (2.0 * PI * variance).sqrt())
        })
        .collect()
}

/// h(X_1 X_2 + σ E) − h(σ E): given X_1 = a, Y is N(0, a² + σ²).
fn product(sigma: f64, step: f64) -> f64 {
    let scales = product_scales(sigma, step);
    // Tails fall like exp(−|y|) or like the noise's.
    let entropy: f64 = half_line(sigma.min(1.0), 40.0 + 9.0 * sigma, step)
        .map(|(y, weight)| {
            let p: f64 = scales.iter().map(|(rate, mass)| mass * (-rate * y * y).exp()).sum();
            if p > f64::MIN_POSITIVE { -2.0 * weight * p * p.ln() } else { 0.0 }
        })
        .sum();
    entropy - 0.5 * (2.0 * PI * std::f64::consts::E * sigma * sigma).ln()
}

/// h(|X_1| + σ E) − h(σ E): Y is skew-normal with scale √(1 + σ²) and shape α = 1/σ (Azzalini 1985), so this is
/// ½ ln(1 + σ⁻²) − ∫ 2 φ(z) Φ(αz) ln(2 Φ(αz)) dz.
fn absolute(sigma: f64, step: f64) -> f64 {
    let inside: f64 = half_line(sigma.min(1.0), 9.0, step)
        .map(|(z, weight)| {
            let of = |p: f64| if p > 0.0 { p * (2.0 * p).ln() } else { 0.0 };
            let above = normal_cdf(z / sigma);
            let below = normal_cdf(-z / sigma);
            weight * 2.0 * (-0.5 * z * z).exp() / (2.0 * PI).sqrt() * (of(above) + of(below))
        })
        .sum();
    0.5 * (sigma.powi(-2)).ln_1p() - inside
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quadratures_have_converged() {
        let mut worst = 0.0_f64;
        for k in 0..40 {
            // From 0.005 to 100.
            let sigma = (0.005 * 20_000.0_f64.powf(f64::from(k) / 39.0)).min(100.0);
            for f in [product, absolute] {
                worst = worst.max((f(sigma, STEP) - f(sigma, 0.25 * STEP)).abs());
            }
        }
        println!("largest difference {worst:e} nats");
        assert!(worst < 1e-8, "{worst}");
    }

    /// With much noise Y is nearly normal, and the MI nearly half its ratio of variances.
    #[test]
    fn products_under_much_noise() {
        let half = 0.5 / 1e4;
        assert!((product(100.0, STEP) / half - 1.0).abs() < 1e-3);
        let of_absolute = half * (1.0 - 2.0 / PI);
        assert!((absolute(100.0, STEP) / of_absolute - 1.0).abs() < 1e-3);
    }

    #[test]
    fn coin_at_its_ends() {
        assert_eq!(coin(0.0), LN_2);
        assert_eq!(coin(0.5), 0.0);
    }
}
