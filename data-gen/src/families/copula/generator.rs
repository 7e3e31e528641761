//! One-parameter Archimedean families: their generators.

use rand::Rng;
use rand_distr::{Distribution, Exp1, Gamma};
use serde::{Deserialize, Serialize};
use statrs::function::gamma::ln_gamma;

use crate::ground::{domain::Domain, error::ParameterError, quadrature::tanh_sinh};

/// A one-parameter Archimedean family, C(u, v) = ψ(φ(u) + φ(v)) with ψ = φ⁻¹.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Generator {
    /// φ(t) = t^−θ − 1, θ > 0: dependence in the lower tail.
    Clayton,
    /// φ(t) = (−ln t)^θ, θ ≥ 1: dependence in the upper tail.
    Gumbel,
    /// φ(t) = −ln((e^−θt − 1)/(e^−θ − 1)), θ > 0: symmetric, none in the tails.
    Frank,
    /// φ(t) = −ln(1 − (1 − t)^θ), θ ≥ 1: dependence in the upper tail.
    Joe,
}

/// The derivatives of φ at a point, as they enter the formulas below.
struct At {
    /// φ φ″/φ′², the density of C(U, V) (Genest and Rivest 1993).
    kendall_density: f64,
    /// φ/φ′.
    ratio: f64,
    /// ln(−φ′).
    ln_first: f64,
    /// ln φ″.
    ln_second: f64,
}

impl Generator {
    /// Domain of Kendall's τ here.
    pub const TAU: Domain = Domain::closed(0.001, 0.95);

    /// All families.
    pub const ALL: [Self; 4] = [Self::Clayton, Self::Gumbel, Self::Frank, Self::Joe];

    /// The name, as in configurations.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Clayton => "clayton",
            Self::Gumbel => "gumbel",
            Self::Frank => "frank",
            Self::Joe => "joe",
        }
    }

    /// Domain of θ here.
    #[must_use]
    pub fn domain(self) -> Domain {
        match self {
            Self::Clayton | Self::Frank => Domain::closed(1e-3, 300.0),
            Self::Gumbel | Self::Joe => Domain::closed(1.0, 100.0),
        }
    }

    /// At t in (0, 1), given with 1 − t.
    fn at(self, theta: f64, t: f64, rest: f64) -> At {
        let ln_theta = theta.ln();
        match self {
            Self::Clayton => {
                let ln_t = ln_of(t, rest);
                // φ/φ′ = (t^(θ+1) − t)/θ
                let ratio = t * (theta * ln_t).exp_m1() / theta;
                At {
                    kendall_density: -(theta + 1.0) * (theta * ln_t).exp_m1() / theta,
                    ratio,
                    ln_first: ln_theta - (theta + 1.0) * ln_t,
                    ln_second: ln_theta + (theta + 1.0).ln() - (theta + 2.0) * ln_t,
                }
            }
            Self::Gumbel => {
                let l = -ln_of(t, rest);
                let ln_l = l.ln();
                At {
                    kendall_density: (l + theta - 1.0) / theta,
                    ratio: -t * l / theta,
                    ln_first: ln_theta + (theta - 1.0) * ln_l + l,
                    ln_second: ln_theta + (theta - 2.0) * ln_l + (l + theta - 1.0).ln() + 2.0 * l,
                }
            }
            Self::Frank => {
                // φ = ln(1 + e^−θt (1 − e^−θ(1−t))/(1 − e^−θt))
                let below = -(-theta * t).exp_m1();
                let x = -(-theta * rest).exp_m1() / below;
                let phi = ((-theta * t).exp() * x).ln_1p();
                let ln_expm1 = theta * t + below.ln();
                At {
                    kendall_density: phi * (theta * t).exp(),
                    ratio: -phi * ln_expm1.exp() / theta,
                    ln_first: ln_theta - ln_expm1,
                    ln_second: 2.0 * ln_theta + theta * t - 2.0 * ln_expm1,
                }
            }
            Self::Joe => {
                let ln_w = ln_of(rest, t);
                let power = (theta * ln_w).exp();
                let below = -(theta * ln_w).exp_m1();
                // −ln(1 − p)/p, which is 1 at p = 0
                let scaled = match power {
                    p if p > 0.5 => -below.ln() / p,
                    p if p > 1e-300 => -(-p).ln_1p() / p,
                    _ => 1.0,
                };
                At {
                    kendall_density: scaled * (theta - 1.0 + power) / theta,
                    ratio: -scaled * rest * below / theta,
                    ln_first: ln_theta + (theta - 1.0) * ln_w - below.ln(),
                    ln_second: ln_theta + (theta - 2.0) * ln_w + (theta - 1.0 + power).ln() - 2.0 * below.ln(),
                }
            }
        }
    }

    /// Kendall's τ = 1 + 4 ∫ φ/φ′ (Genest and MacKay 1986).
    #[must_use]
    pub fn kendall_tau(self, theta: f64) -> f64 {
        match self {
            Self::Clayton => theta / (theta + 2.0),
            Self::Gumbel => 1.0 - 1.0 / theta,
            Self::Frank | Self::Joe => 1.0 + 4.0 * tanh_sinh(|t, rest| self.at(theta, t, rest).ratio),
        }
    }

    /// The θ of a given Kendall's τ, by regula falsi where there is no closed form.
    ///
    /// # Errors
    /// τ outside of [`Generator::TAU`].
    pub fn theta_of(self, tau: f64) -> Result<f64, ParameterError> {
        Self::TAU.check("tau", tau)?;
        match self {
            Self::Clayton => Ok(2.0 * tau / (1.0 - tau)),
            Self::Gumbel => Ok(1.0 / (1.0 - tau)),
            Self::Frank | Self::Joe => {
                // Regula falsi in ln θ, with the Illinois step (Dowell and Jarratt 1971), until θ has eight digits; the MI is
                // computed from what θ came out as.
                let (least, most) = self.domain().ends();
                let excess = |ln_theta: f64| self.kendall_tau(ln_theta.exp()) - tau;
                let (mut low, mut high) = ((least.ln(), excess(least.ln())), (most.ln(), excess(most.ln())));
                loop {
                    let next = high.0 - high.1 * (high.0 - low.0) / (high.1 - low.1);
                    let at_next = (next, excess(next));
                    if at_next.1 * high.1 < 0.0 {
                        low = high;
                    } else {
                        low.1 *= 0.5;
                    }
                    let moved = (next - high.0).abs();
                    high = at_next;
                    if moved < 1e-8 || high.1 == 0.0 {
                        return Ok(next.exp());
                    }
                }
            }
        }
    }

    /// A mixing variable whose Laplace transform is ψ (Marshall and Olkin 1988).
    pub(super) fn frailty<R: Rng + ?Sized>(self, theta: f64, rng: &mut R) -> f64 {
        match self {
            Self::Clayton => Gamma::new(1.0 / theta, 1.0).expect("θ > 0 by construction").sample(rng),
            // Positive stable with exponent 1/θ (Kanter 1975).
            Self::Gumbel => {
                let a = 1.0 / theta;
                let u = std::f64::consts::PI * open(rng);
                let w: f64 = rng.sample(Exp1);
                if theta == 1.0 {
                    return 1.0;
                }
                (a * u).sin() / u.sin().powf(theta) * (((1.0 - a) * u).sin() / w).powf(theta - 1.0)
            }
            // Logarithmic with p = 1 − e^−θ (Kemp 1981, algorithm LK); q ≤ p, so beyond p it is 1, too.
            Self::Frank => {
                let v = open(rng);
                let q = -(-theta * open(rng)).exp_m1();
                if v <= q * q {
                    (1.0 + v.ln() / q.ln()).floor()
                } else if v < q {
                    2.0
                } else {
                    1.0
                }
            }
            // Sibuya with exponent 1/θ (Hofert 2011, proposition 3.2).
            Self::Joe => {
                let a = 1.0 / theta;
                let u = open(rng);
                if u <= a {
                    return 1.0;
                }
                let y = (-theta * ((1.0 - u).ln() + ln_gamma(1.0 - a))).exp();
                let whole = y.floor();
                if y > 1e15 {
                    return whole;
                }
                // P(V > k) = 1/(k B(k, 1 − α))
                let beyond = ln_gamma(whole + 1.0 - a) - ln_gamma(whole + 1.0) - ln_gamma(1.0 - a);
                if (1.0 - u).ln() < beyond { y.ceil() } else { whole.max(1.0) }
            }
        }
    }

    /// ψ(s).
    pub(super) fn inverse(self, theta: f64, s: f64) -> f64 {
        match self {
            Self::Clayton => (-s.ln_1p() / theta).exp(),
            Self::Gumbel => (-s.powf(1.0 / theta)).exp(),
            Self::Frank => -((-s).exp().mul_add((-theta).exp(), -(-s).exp_m1())).ln() / theta,
            Self::Joe => 1.0 - (-(-s).exp_m1()).powf(1.0 / theta),
        }
    }
}

/// ln t, accurate at both ends.
fn ln_of(t: f64, rest: f64) -> f64 {
    if t < 0.5 { t.ln() } else { (-rest).ln_1p() }
}

/// U(0, 1) without its ends.
pub(super) fn open<R: Rng + ?Sized>(rng: &mut R) -> f64 {
    rng.sample(rand_distr::Open01)
}

/// The MI in nats of one pair.
pub(super) fn pair_mi_nats(generator: Generator, theta: f64) -> f64 {
    if generator == Generator::Clayton {
        return theta.ln_1p() - theta / (1.0 + theta);
    }
    if theta == 1.0 && generator != Generator::Frank {
        return 0.0;
    }
    tanh_sinh(|t, rest| {
        let at = generator.at(theta, t, rest);
        at.kendall_density * (at.ln_second - 3.0 * at.ln_first) + 2.0 * at.ln_first
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quadrature_meets_the_closed_form_of_clayton() {
        for theta in [0.01, 0.5, 3.0, 40.0] {
            let by_quadrature = tanh_sinh(|t, rest| {
                let at = Generator::Clayton.at(theta, t, rest);
                at.kendall_density * (at.ln_second - 3.0 * at.ln_first) + 2.0 * at.ln_first
            });
            let closed = pair_mi_nats(Generator::Clayton, theta);
            assert!((by_quadrature - closed).abs() < 1e-9, "{theta}: {by_quadrature}, {closed}");
            let tau = 1.0 + 4.0 * tanh_sinh(|t, rest| Generator::Clayton.at(theta, t, rest).ratio);
            assert!((tau - Generator::Clayton.kendall_tau(theta)).abs() < 1e-10);
        }
    }

    #[test]
    fn theta_of_inverts_kendalls_tau() {
        for generator in Generator::ALL {
            for tau in [0.05, 0.5, 0.9] {
                let theta = generator.theta_of(tau).unwrap();
                assert!((generator.kendall_tau(theta) - tau).abs() < 1e-6, "{generator:?} {tau} {theta}");
                assert!(pair_mi_nats(generator, theta) > 0.0);
            }
            assert!(generator.theta_of(0.99).is_err());
        }
    }
}
