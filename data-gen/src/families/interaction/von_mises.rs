//! The von Mises distribution: density exp(κ cos d)/(2π I₀(κ)) on a circle.

use std::f64::consts::PI;

use rand::Rng;

/// ln 2π − h = κ A(κ) − ln I₀(κ), A = I₁/I₀, in nats.
///
/// I₀ and I₁ are means of e^(κ cos d) and cos d e^(κ cos d) over the circle; the trapezoid rule with N points is exact up
/// to terms of I_N(κ)/I₀(κ) ≈ exp(−N²/2κ), below 1e-14 for κ ≤ 1000.
pub(super) fn mi_nats(kappa: f64) -> f64 {
    let (whole, less) = moments(kappa);
    // Rounding near κ = 0.
    (-kappa * less / whole - whole.ln()).max(0.0)
}

/// ln I₀(κ).
pub(super) fn ln_i0(kappa: f64) -> f64 {
    kappa + moments(kappa).0.ln()
}

/// I₀ and I₀ − I₁ with e^κ taken out; what that takes out of κ A cancels what it takes out of ln I₀.
fn moments(kappa: f64) -> (f64, f64) {
    const POINTS: u32 = 256;
    let (mut whole, mut less) = (0.0, 0.0);
    for k in 0..POINTS {
        let versine = 1.0 - (2.0 * PI * f64::from(k) / f64::from(POINTS)).cos();
        let density = (-kappa * versine).exp();
        whole += density;
        less += versine * density;
    }
    (whole / f64::from(POINTS), less / f64::from(POINTS))
}

/// One angle in [−π, π], by rejection from a wrapped Cauchy (Best and Fisher 1979).
pub(super) fn sample<R: Rng + ?Sized>(kappa: f64, rng: &mut R) -> f64 {
    // Uniform to rounding, and r below would overflow.
    if kappa < 1e-6 {
        return PI * (2.0 * rng.random::<f64>() - 1.0);
    }
    let tau = 1.0 + (1.0 + 4.0 * kappa * kappa).sqrt();
    let rho = (tau - (2.0 * tau).sqrt()) / (2.0 * kappa);
    let r = (1.0 + rho * rho) / (2.0 * rho);
    loop {
        let z = (PI * rng.random::<f64>()).cos();
        let f = (1.0 + r * z) / (r + z);
        let c = kappa * (r - f);
        let u: f64 = rng.sample(rand_distr::Open01);
        if c * (2.0 - c) > u || (c / u).ln() + 1.0 >= c {
            let angle = f.clamp(-1.0, 1.0).acos();
            return if rng.random() { angle } else { -angle };
        }
    }
}
