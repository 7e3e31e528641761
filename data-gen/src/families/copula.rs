//! Pairs of columns coupled by an Archimedean copula.

use nalgebra::DMatrix;
use rand::Rng;
use rand_distr::{Distribution, Exp1, Gamma};
use serde::{Deserialize, Serialize};
use statrs::function::gamma::ln_gamma;

use crate::{
    ConfigError,
    config::{Keys, Range, Written},
    error::ParameterError,
    families::{Base, Joint, Law, quadrature::tanh_sinh, uniform},
    task::Sample,
};

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

    /// Least and largest θ taken here.
    fn domain(self) -> (f64, f64) {
        match self {
            Self::Clayton | Self::Frank => (1e-3, 300.0),
            Self::Gumbel | Self::Joe => (1.0, 100.0),
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
    /// τ outside of [0.001, 0.95].
    pub fn theta_of(self, tau: f64) -> Result<f64, ParameterError> {
        if !(0.001..=0.95).contains(&tau) {
            return Err(ParameterError::new("tau", "a number in [0.001, 0.95]", tau));
        }
        match self {
            Self::Clayton => Ok(2.0 * tau / (1.0 - tau)),
            Self::Gumbel => Ok(1.0 / (1.0 - tau)),
            Self::Frank | Self::Joe => {
                // Regula falsi in ln θ, with the Illinois step (Dowell and Jarratt 1971), until θ has eight digits; the MI is
                // computed from what θ came out as.
                let (least, most) = self.domain();
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
    fn frailty<R: Rng + ?Sized>(self, theta: f64, rng: &mut R) -> f64 {
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
    fn inverse(self, theta: f64, s: f64) -> f64 {
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
fn open<R: Rng + ?Sized>(rng: &mut R) -> f64 {
    rng.sample(rand_distr::Open01)
}

/// (X_i, Y_i), i ≤ K, each with the same copula and uniform marginals, independent of each other; further columns
/// are U(0, 1), independent of all else.
///
/// I(X; Y) = K E[ln c(U, V)], c = ψ″(φ(u) + φ(v)) φ′(u) φ′(v). With T = C(U, V), whose density is φ φ″/φ′², and
/// ψ″(φ(t)) = −φ″(t)/φ′(t)³,
///
/// E[ln c] = ∫ (φ φ″/φ′²) (ln φ″ − 3 ln(−φ′)) dt + 2 ∫ ln(−φ′) dt,
///
/// two integrals over (0, 1) in place of one over the square. For Clayton's they give ln(1 + θ) − θ/(1 + θ).
///
/// # Domain
/// θ in [0.001, 300] for Clayton and Frank, in [1, 100] for Gumbel and Joe; 1 ≤ K ≤ min(`dim_x`, `dim_y`).
///
/// # Source
/// Nelsen, "An Introduction to Copulas" (2006), table 4.1 and theorem 4.3.4.
///
/// ```
/// use mist_data_gen::families::{Joint, copula::{Copulas, Generator}};
///
/// let clayton = Copulas::new(Generator::Clayton, 2.0, 1, (1, 1))?;
/// assert!((clayton.mi_nats() - (3.0_f64.ln() - 2.0 / 3.0)).abs() < 1e-12);
/// # Ok::<(), mist_data_gen::ParameterError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Copulas {
    generator: Generator,
    theta: f64,
    pairs: usize,
    dims: (usize, usize),
    pair_mi_nats: f64,
}

impl Copulas {
    /// `pairs` coupled pairs among `dims` columns.
    ///
    /// # Errors
    /// A parameter outside its domain.
    pub fn new(generator: Generator, theta: f64, pairs: usize, dims: (usize, usize)) -> Result<Self, ParameterError> {
        let (least, most) = generator.domain();
        if !(least..=most).contains(&theta) {
            let expected = match generator {
                Generator::Clayton | Generator::Frank => "a number in [0.001, 300]",
                Generator::Gumbel | Generator::Joe => "a number in [1, 100]",
            };
            return Err(ParameterError::new("theta", expected, theta));
        }
        if pairs == 0 || pairs > dims.0.min(dims.1) {
            return Err(ParameterError::new("pairs", "a whole number in [1, min(dim_x, dim_y)]", pairs));
        }
        Ok(Self { generator, theta, pairs, dims, pair_mi_nats: pair_mi_nats(generator, theta) })
    }

    /// The family.
    #[must_use]
    pub fn generator(&self) -> Generator {
        self.generator
    }

    /// θ.
    #[must_use]
    pub fn theta(&self) -> f64 {
        self.theta
    }

    /// K, the number of coupled pairs.
    #[must_use]
    pub fn pairs(&self) -> usize {
        self.pairs
    }
}

impl Joint for Copulas {
    fn dims(&self) -> (usize, usize) {
        self.dims
    }

    fn mi_nats(&self) -> f64 {
        self.pairs as f64 * self.pair_mi_nats
    }

    fn sample<R: Rng + ?Sized>(&self, n: usize, rng: &mut R) -> Sample {
        let (mut x, mut y) = (DMatrix::zeros(n, self.dims.0), DMatrix::zeros(n, self.dims.1));
        for pair in 0..self.pairs {
            for row in 0..n {
                let frailty = self.generator.frailty(self.theta, rng);
                let mut coupled = || {
                    let e: f64 = rng.sample(Exp1);
                    self.generator.inverse(self.theta, e / frailty)
                };
                (x[(row, pair)], y[(row, pair)]) = (coupled(), coupled());
            }
        }
        for side in [&mut x, &mut y] {
            for mut column in side.column_iter_mut().skip(self.pairs) {
                column.iter_mut().for_each(|v| *v = open(rng));
            }
        }
        Sample { x, y }
    }

    fn pointwise_mi(&self, sample: &Sample) -> Vec<f64> {
        let mut values = vec![0.0; sample.x.nrows()];
        let ln_density = LnDensity::new(self.generator, self.theta);
        for (of_x, of_y) in sample.x.column_iter().zip(sample.y.column_iter()).take(self.pairs) {
            for ((value, &u), &v) in values.iter_mut().zip(of_x.iter()).zip(of_y.iter()) {
                *value += ln_density.at(u, v);
            }
        }
        values
    }
}

/// ln c(u, v), with a form for each family that keeps its digits near all four sides of the square.
struct LnDensity {
    generator: Generator,
    theta: f64,
    /// What does not depend on u and v.
    constant: f64,
}

impl LnDensity {
    fn new(generator: Generator, theta: f64) -> Self {
        let constant = match generator {
            Generator::Clayton => theta.ln_1p(),
            Generator::Frank => theta.ln() + (-(-theta).exp_m1()).ln(),
            Generator::Gumbel | Generator::Joe => 0.0,
        };
        Self { generator, theta, constant }
    }

    /// # Source
    /// Joe, "Dependence Modeling with Copulas" (2014), sections 4.5 to 4.8, in logarithms.
    fn at(&self, u: f64, v: f64) -> f64 {
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

/// The law of Archimedean pairs, K ~ U{1..min dim}.
#[derive(Debug, Clone, PartialEq)]
pub struct CopulaLaw {
    /// The family.
    pub generator: Generator,
    /// Range of Kendall's τ, one for all pairs of a task.
    pub tau: Range,
}

impl Law for CopulaLaw {
    const KIND: &'static str = "copula";

    fn read(keys: &mut Keys) -> Result<Self, ConfigError> {
        Ok(Self {
            generator: keys.required("generator", "one of clayton, gumbel, frank, joe")?,
            tau: keys.range("tau", [0.02, 0.9], (0.001, 0.95))?,
        })
    }

    fn write(&self, keys: &mut Written) {
        keys.set("generator", self.generator).set("tau", self.tau);
    }

    fn shapes(&self) -> Vec<&'static str> {
        vec![self.generator.as_str()]
    }

    fn draw<R: Rng + ?Sized>(&self, dims: (usize, usize), rng: &mut R) -> Base {
        let inside = "validated ranges lie inside the domain";
        let pairs = rng.random_range(1..=dims.0.min(dims.1));
        let theta = self.generator.theta_of(uniform(&self.tau, rng)).expect(inside);
        Base::Copulas(Copulas::new(self.generator, theta, pairs, dims).expect(inside))
    }
}

/// The MI in nats of one pair.
fn pair_mi_nats(generator: Generator, theta: f64) -> f64 {
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
