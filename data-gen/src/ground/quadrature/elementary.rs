//! Elementary functions for sums over many nodes.

/// e^v for v ≤ 0, to a few units in the last place: in a form that the compiler makes vector instructions of, which is
/// what most of the time goes to.
#[inline]
pub(crate) fn exp_of_negative(v: f64) -> f64 {
    /// Adding it rounds to a whole number, in the last bits.
    const ROUND: f64 = 6_755_399_441_055_744.0;
    const LN_2_HIGH: f64 = 6.931_471_803_691_238e-1;
    const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;
    let v = v.max(-700.0);
    let rounded = v * std::f64::consts::LOG2_E + ROUND;
    let k = rounded - ROUND;
    let r = v - k * LN_2_HIGH - k * LN_2_LOW;
    // The series to r¹³/13!, with |r| ≤ ½ ln 2.
    let mut p = 1.0 / 6_227_020_800.0;
    for c in [479_001_600.0, 39_916_800.0, 3_628_800.0, 362_880.0, 40_320.0, 5_040.0, 720.0, 120.0, 24.0, 6.0, 2.0] {
        p = p * r + 1.0 / c;
    }
    p = (p * r + 1.0) * r + 1.0;
    let power = rounded.to_bits().wrapping_add(1023) << 52;
    p * f64::from_bits(power)
}

/// ln(1 + v) for v ≥ 0, likewise, but where v is so small that 1 + v loses it: there the density is flat.
#[inline]
pub(crate) fn ln_1p_of_square(v: f64) -> f64 {
    let whole = 1.0 + v;
    // Into [√½, √2).
    let shifted = whole.to_bits().wrapping_sub(0x3fe6_a09e_667f_3bcd);
    // An exponent that is not negative, as a number.
    let k = f64::from_bits((shifted >> 52) | 0x4330_0000_0000_0000) - 4_503_599_627_370_496.0;
    let m = f64::from_bits(whole.to_bits().wrapping_sub(shifted & 0xfff0_0000_0000_0000));
    // 2 artanh((m − 1)/(m + 1))
    let t = (m - 1.0) / (m + 1.0);
    let square = t * t;
    let mut p = 1.0 / 21.0;
    for c in [19.0, 17.0, 15.0, 13.0, 11.0, 9.0, 7.0, 5.0, 3.0, 1.0] {
        p = p * square + 1.0 / c;
    }
    k * std::f64::consts::LN_2 + 2.0 * t * p
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elementary_functions() {
        for k in 0..200_000 {
            let v = 1e-4 * f64::from(k).powf(1.3);
            let (of_exp, of_ln) = (exp_of_negative(-v), ln_1p_of_square(v));
            assert!((of_exp / (-v).max(-700.0).exp() - 1.0).abs() < 1e-15 * 8.0, "{v}: {of_exp}");
            assert!((of_ln - v.ln_1p()).abs() <= 1e-15 * (1.0 + v.ln_1p()), "{v}: {of_ln}");
        }
    }
}
