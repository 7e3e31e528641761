//! The densities of Archimedean copulas.

use super::generator::Generator;

/// ln c(u, v), with a form for each family that keeps its digits near all four sides of the square.
pub(super) struct LnDensity {
    generator: Generator,
    theta: f64,
    /// The terms that do not depend on u and v.
    constant: f64,
}

impl LnDensity {
    pub(super) fn new(generator: Generator, theta: f64) -> Self {
        let constant = match generator {
            Generator::Clayton => theta.ln_1p(),
            Generator::Frank => theta.ln() + (-(-theta).exp_m1()).ln(),
            Generator::Gumbel | Generator::Joe => 0.0,
        };
        Self { generator, theta, constant }
    }

    /// # Source
    /// Joe, "Dependence Modeling with Copulas" (2014), sections 4.5 to 4.8, in logarithms.
    pub(super) fn at(&self, u: f64, v: f64) -> f64 {
        // Values of U(0, 1) that rounding took to an end.
        let [u, v] = [u, v].map(|p| p.clamp(f64::MIN_POSITIVE, 1.0 - 0.5 * f64::EPSILON));
        let theta = self.theta;
        match self.generator {
            // (1 + θ) (uv)^−(1+θ) (u^−θ + v^−θ − 1)^−(2+1/θ)
            Generator::Clayton => {
                let (a, b) = (-theta * u.ln(), -theta * v.ln());
                let (most, least) = (a.max(b), a.min(b));
                // e^most (1 + e^−(most−least) (1 − e^−least))
                let ln_sum = most + (-(least - most).exp() * (-least).exp_m1()).ln_1p();
                self.constant + (1.0 + theta) / theta * (a + b) - (2.0 + 1.0 / theta) * ln_sum
            }
            // With x = −ln u, y = −ln v, s = (x^θ + y^θ)^(1/θ): e^(x+y−s) (s + θ − 1) s^(1−2θ) (xy)^(θ−1)
            Generator::Gumbel => {
                let (x, y) = (-u.ln(), -v.ln());
                let (most, least) = (x.max(y), x.min(y));
                let (ln_most, ln_ratio) = (most.ln(), (least / most).ln());
                // (ln s) − ln most, and s − most without their difference
                let above = (theta * ln_ratio).exp().ln_1p() / theta;
                let more = most * above.exp_m1();
                let s = most + more;
                // (1 − 2θ) ln s + (θ − 1) ln(xy), the multiples of ln most taken together
                least - more + (s + theta - 1.0).ln() - ln_most + (1.0 - 2.0 * theta) * above + (theta - 1.0) * ln_ratio
            }
            // θ (1 − e^−θ) e^−θ(u+v) / (e^−θu + e^−θv − e^−θ(u+v) − e^−θ)², from which e^−2θ min(u, v) is taken out
            Generator::Frank => {
                let (most, least) = (u.max(v), u.min(v));
                let apart = theta * (most - least);
                let below = -(-theta * most).exp_m1() - (-apart).exp() * (-theta * (1.0 - most)).exp_m1();
                self.constant - apart - 2.0 * below.ln()
            }
            // With x = (1 − u)^θ, y = (1 − v)^θ, s = x + y − xy: s^(1/θ−2) (xy)^(1−1/θ) (θ − 1 + s)
            Generator::Joe => {
                let (a, b) = (theta * (-u).ln_1p(), theta * (-v).ln_1p());
                let (most, least) = (a.max(b), a.min(b));
                let ln_s = most + (-(least - most).exp() * most.exp_m1()).ln_1p();
                (1.0 / theta - 2.0) * ln_s + (theta - 1.0) / theta * (a + b) + (theta - 1.0 + ln_s.exp()).ln()
            }
        }
    }
}
