//! Branch-free single-precision functions that the compiler can vectorise inside a loop.

/// `e^x` for finite `x`, relative error below 2e-7; saturates to 2^±126 instead of overflowing.
#[inline(always)]
pub(super) fn exp(x: f32) -> f32 {
    const LOG2E: f32 = std::f32::consts::LOG2_E;
    // ln 2 in two parts (Cody and Waite), so that the reduction loses nothing.
    const LN2_HI: f32 = 0.693_359_4;
    const LN2_LO: f32 = -2.121_944_4e-4;
    // Adding and taking away 1.5·2^23 rounds to the nearest integer.
    const ROUND: f32 = 12_582_912.0;
    let x = x.clamp(-87.0, 87.0);
    let k = x.mul_add(LOG2E, ROUND);
    let bits = k.to_bits();
    let k = k - ROUND;
    let r = k.mul_add(-LN2_LO, k.mul_add(-LN2_HI, x));
    // Taylor polynomial of degree 6 on |r| ≤ ln(2)/2.
    let p = r.mul_add(1.0 / 720.0, 1.0 / 120.0);
    let p = p.mul_add(r, 1.0 / 24.0);
    let p = p.mul_add(r, 1.0 / 6.0);
    let p = p.mul_add(r, 0.5);
    let p = p.mul_add(r, 1.0);
    let p = p.mul_add(r, 1.0);
    p * f32::from_bits(bits.wrapping_shl(23).wrapping_add(0x3f80_0000))
}

/// Natural logarithm of a normal positive number, absolute error below 1e-7 plus 1e-7 of its size.
#[inline(always)]
pub(super) fn ln(x: f32) -> f32 {
    // x = m·2^e with m from √½ to √2: the bits of √½ are taken away from the exponent's.
    let bits = x.to_bits();
    let e = (bits.wrapping_sub(0x3f35_04f3) as i32) >> 23;
    let m = f32::from_bits(bits.wrapping_sub((e as u32) << 23));
    // ln m = 2 artanh s, |s| ≤ 0.172.
    let s = (m - 1.0) / (m + 1.0);
    let t = s * s;
    let p = t.mul_add(1.0 / 9.0, 1.0 / 7.0);
    let p = p.mul_add(t, 1.0 / 5.0);
    let p = p.mul_add(t, 1.0 / 3.0);
    let p = p.mul_add(t, 1.0);
    (e as f32).mul_add(std::f32::consts::LN_2, 2.0 * s * p)
}

/// Inverse hyperbolic sine, as `sign(x)·ln(|x| + √(x² + 1))`.
#[inline(always)]
pub(super) fn asinh(x: f32) -> f32 {
    let a = x.abs();
    ln(a + a.mul_add(a, 1.0).sqrt()).copysign(x)
}

/// Sine and cosine, absolute error below 2e-7 for arguments of some dozens at most.
#[inline(always)]
pub(super) fn sin_cos(x: f32) -> (f32, f32) {
    // π/2 in two parts (Cody and Waite).
    const HI: f32 = std::f32::consts::FRAC_PI_2;
    const LO: f32 = -4.371_139e-8;
    const ROUND: f32 = 12_582_912.0;
    let k = x.mul_add(std::f32::consts::FRAC_2_PI, ROUND);
    let quadrant = k.to_bits();
    let k = k - ROUND;
    let r = k.mul_add(-LO, k.mul_add(-HI, x));
    let t = r * r;
    // Taylor polynomials on |r| ≤ π/4.
    let s = t.mul_add(1.0 / 362_880.0, -1.0 / 5_040.0);
    let s = s.mul_add(t, 1.0 / 120.0);
    let s = s.mul_add(t, -1.0 / 6.0);
    let s = (s * t).mul_add(r, r);
    let c = t.mul_add(1.0 / 40_320.0, -1.0 / 720.0);
    let c = c.mul_add(t, 1.0 / 24.0);
    let c = c.mul_add(t, -0.5);
    let c = c.mul_add(t, 1.0);
    let (sin, cos) = if quadrant & 1 == 0 { (s, c) } else { (c, s) };
    let sign = |value: f32, turns: u32| f32::from_bits(value.to_bits() ^ (turns & 2) << 30);
    (sign(sin, quadrant), sign(cos, quadrant.wrapping_add(1)))
}

/// Logistic function.
#[inline(always)]
pub(super) fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

/// Hyperbolic tangent, absolute error below 3e-7.
#[inline(always)]
pub(super) fn tanh(x: f32) -> f32 {
    2.0f32.mul_add(sigmoid(2.0 * x), -1.0)
}

const GELU_A: f32 = 1.595_769; // 2·√(2/π)
const GELU_B: f32 = 0.044_715;

/// Gaussian error linear unit in its tanh form (Hendrycks and Gimpel 2016, section 2).
#[inline(always)]
pub(super) fn gelu(x: f32) -> f32 {
    x * sigmoid(GELU_A * x * (GELU_B * x).mul_add(x, 1.0))
}

/// Derivative of [`gelu`].
#[inline(always)]
pub(super) fn gelu_grad(x: f32) -> f32 {
    let s = sigmoid(GELU_A * x * (GELU_B * x).mul_add(x, 1.0));
    let inner = GELU_A * (3.0 * GELU_B * x).mul_add(x, 1.0);
    (x * inner * (1.0 - s)).mul_add(s, s)
}

/// Error function, absolute error below 4e-7 (Abramowitz and Stegun 1964, formula 7.1.26).
#[inline(always)]
pub(super) fn erf(x: f32) -> f32 {
    let a = x.abs();
    let t = 1.0 / 0.327_591_1f32.mul_add(a, 1.0);
    let p = 1.061_405_4f32.mul_add(t, -1.453_152_1);
    let p = p.mul_add(t, 1.421_413_8);
    let p = p.mul_add(t, -0.284_496_72);
    let p = p.mul_add(t, 0.254_829_6);
    (1.0 - p * t * exp(-a * a)).copysign(x)
}

/// Gaussian error linear unit x Φ(x), as it is defined (Hendrycks and Gimpel 2016, section 2).
#[inline(always)]
pub(super) fn gelu_erf(x: f32) -> f32 {
    0.5 * x * (1.0 + erf(x * std::f32::consts::FRAC_1_SQRT_2))
}

/// Derivative of [`gelu_erf`]: Φ(x) + x φ(x).
#[inline(always)]
pub(super) fn gelu_erf_grad(x: f32) -> f32 {
    const DENSITY_AT_0: f32 = 0.398_942_3; // 1/√(2π)
    (x * DENSITY_AT_0).mul_add(exp(-0.5 * x * x), 0.5 * (1.0 + erf(x * std::f32::consts::FRAC_1_SQRT_2)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_agree_with_f64() {
        for i in -4000..4000 {
            let x = i as f32 * 0.01;
            let d = f64::from(x);
            let rel = |a: f32, b: f64| (f64::from(a) - b).abs() / b.abs().max(1e-30);
            assert!(rel(exp(x), d.exp()) < 4e-7, "exp({x})");
            assert!((f64::from(tanh(x)) - d.tanh()).abs() < 3e-7, "tanh({x})");
            let u = 0.797_884_560_802_865_4 * (d + 0.044_715 * d.powi(3));
            let g = 0.5 * d * (1.0 + u.tanh());
            assert!((f64::from(gelu(x)) - g).abs() < 1e-6 * (1.0 + d.abs()), "gelu({x})");
            let h = 1e-4;
            let f = |v: f64| 0.5 * v * (1.0 + (0.797_884_560_802_865_4 * (v + 0.044_715 * v.powi(3))).tanh());
            let fd = (f(d + h) - f(d - h)) / (2.0 * h);
            assert!((f64::from(gelu_grad(x)) - fd).abs() < 2e-6, "gelu'({x})");
            assert!((f64::from(asinh(x)) - d.asinh()).abs() < 3e-7 * (1.0 + d.asinh().abs()), "asinh({x})");
            let (sin, cos) = sin_cos(x);
            assert!((f64::from(sin) - d.sin()).abs() < 3e-7 && (f64::from(cos) - d.cos()).abs() < 3e-7, "sin_cos({x})");
            assert!(x <= 0.0 || (f64::from(ln(x)) - d.ln()).abs() < 2e-7 * (1.0 + d.ln().abs()), "ln({x})");
            let exact = statrs::function::erf::erf(d);
            assert!((f64::from(erf(x)) - exact).abs() < 4e-7, "erf({x})");
            let f = |v: f64| 0.5 * v * (1.0 + statrs::function::erf::erf(v * std::f64::consts::FRAC_1_SQRT_2));
            assert!((f64::from(gelu_erf(x)) - f(d)).abs() < 4e-7 * (1.0 + d.abs()), "gelu_erf({x})");
            let fd = (f(d + h) - f(d - h)) / (2.0 * h);
            assert!((f64::from(gelu_erf_grad(x)) - fd).abs() < 2e-6, "gelu_erf'({x})");
        }
    }
}
