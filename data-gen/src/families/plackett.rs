//! Pairs of columns coupled by a Plackett copula.

use rand::Rng;
use rand_distr::Open01;

use crate::ground::{
    domain::Domain,
    draw::log_uniform,
    error::{ConfigError, ParameterError},
    keys::{Keys, Range, Written},
    pairs::{Pair, Pairs, draw_count},
    prior::{Prior, drawn},
    quadrature::tanh_sinh,
};

/// Uniform X and Y whose odds ratio is θ wherever both are cut in two: with p the probabilities of the four quadrants
/// around any (u, v), p₊₊ p₋₋ / (p₊₋ p₋₊) = θ. Larger than 1, θ makes them dependent positively, smaller negatively.
///
/// The density is
///
/// c(u, v) = θ (1 + (θ − 1) (u + v − 2uv)) / ((1 + (θ − 1) (u + v))² − 4 θ (θ − 1) uv)^(3/2),
///
/// and I(X; Y) = E[ln c(U, V)] = ∫∫ ln c(u, v(u, t)) dt du, with v(u, t) the conditional quantile of V that also the
/// sampler uses. That of 1/θ is the same, as 1 − Y in place of Y inverts θ.
///
/// # Domain
/// θ in [`Plackett::THETA`].
///
/// # Source
/// Plackett, "A class of bivariate distributions", Journal of the American Statistical Association 60 (1965); Nelsen, "An
/// Introduction to Copulas" (2006), section 3.3.1: the density, and exercise 3.38: the conditional quantile (Johnson,
/// "Multivariate Statistical Simulation", 1987).
///
/// # Limits
/// The quadrature is within 1e-8 nats (held by a test against a rule over the square).
///
/// ```
/// use mist_data_gen::families::{pairs::Pair, plackett::Plackett};
///
/// // Without dependence at θ = 1; nearby I is (θ − 1)²/18, half the square of Spearman's (θ − 1)/3.
/// assert_eq!(Plackett::new(1.0)?.mi_nats(), 0.0);
/// assert!((Plackett::new(1.01)?.mi_nats() / (0.01 * 0.01 / 18.0) - 1.0).abs() < 0.02);
/// # Ok::<(), mist_data_gen::ParameterError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Plackett {
    theta: f64,
    mi_nats: f64,
}

impl Plackett {
    /// Domain of θ.
    pub const THETA: Domain = Domain::closed(1e-3, 1e3);

    /// With this odds ratio.
    ///
    /// # Errors
    /// θ is outside its domain.
    pub fn new(theta: f64) -> Result<Self, ParameterError> {
        let theta = Self::THETA.check("theta", theta)?;
        // Positive dependence, as MI is the same; rounding may be of either sign near θ = 1.
        let positive = theta.max(theta.recip());
        let mean = |u: f64, rest: f64| {
            // The mean over t at 1 − u is that at u.
            let share = if u < rest { 2.0 } else { 1.0 };
            let of_t = |t: f64, above: f64| ln_density(positive, u, rest, quantile(positive, u, rest, t, above));
            if u > rest { 0.0 } else { share * tanh_sinh(of_t) }
        };
        let mi_nats = if theta == 1.0 { 0.0 } else { tanh_sinh(mean).max(0.0) };
        Ok(Self { theta, mi_nats })
    }

    /// θ, the odds ratio.
    #[must_use]
    pub fn theta(&self) -> f64 {
        self.theta
    }
}

/// The v with P(V ≤ v | U = u) = t, and 1 − v; u and t are given with what they leave of 1.
///
/// It solves b v² − c v + a (1 + (θ − 1) u)² = 0, with a = t (1 − t), b = θ + a (θ − 1)² and
/// c = 2a (uθ² + 1 − u) + θ (1 − 2a). The smaller root is taken from their product, so that nothing cancels; it is v for
/// t ≤ ½, else 1 − v of the mirrored problem.
fn quantile(theta: f64, u: f64, rest: f64, t: f64, above: f64) -> (f64, f64) {
    let smaller = |u: f64, rest: f64, t: f64, above: f64| {
        let a = t * above;
        let c = 2.0 * a * (u * theta * theta + rest) + theta * (1.0 - 2.0 * a);
        let d = (theta * (theta + 4.0 * a * u * rest * (1.0 - theta).powi(2))).sqrt();
        2.0 * a * (rest + theta * u).powi(2) / (c + (above - t) * d)
    };
    if t <= above {
        let v = smaller(u, rest, t, above);
        (v, 1.0 - v)
    } else {
        let rest_of_v = smaller(rest, u, above, t);
        (1.0 - rest_of_v, rest_of_v)
    }
}

/// ln c(u, v), of u and of v with what they leave of 1.
///
/// The denominator is (1 + 2k (u (1 − v) + v (1 − u)) + k² (u − v)²)^(3/2) with k = θ − 1, in which nothing cancels for
/// θ ≥ 1; smaller θ are turned into larger ones by exchanging v and 1 − v.
fn ln_density(theta: f64, u: f64, rest: f64, (v, rest_of_v): (f64, f64)) -> f64 {
    let (theta, v, rest_of_v) = if theta < 1.0 { (theta.recip(), rest_of_v, v) } else { (theta, v, rest_of_v) };
    let k = theta - 1.0;
    let across = u * rest_of_v + v * rest;
    // From the smaller of the values and of what they leave of 1.
    let apart = if u + v < 1.0 { u - v } else { rest_of_v - rest };
    let square = 1.0 + 2.0 * k * across + (k * apart).powi(2);
    // One logarithm in place of three; for the domain's θ the powers stay below 1e19.
    0.5 * ((theta * (1.0 + k * across)).powi(2) / (square * square * square)).ln()
}

impl Pair for Plackett {
    fn mi_nats(&self) -> f64 {
        self.mi_nats
    }

    fn draw<R: Rng + ?Sized>(&self, rng: &mut R) -> (f64, f64) {
        let (u, t): (f64, f64) = (rng.sample(Open01), rng.sample(Open01));
        (u, quantile(self.theta, u, 1.0 - u, t, 1.0 - t).0)
    }

    fn pointwise_mi(&self) -> impl FnMut(f64, f64) -> f64 {
        let theta = self.theta;
        move |u, v| ln_density(theta, u, 1.0 - u, (v, 1.0 - v))
    }
}

/// The prior of Plackett pairs, K ~ U{1..min dim}; θ log-uniform, one for all pairs of a task.
#[derive(Debug, Clone, PartialEq)]
pub struct PlackettPrior {
    /// Range of θ.
    pub theta: Range,
}

impl Prior for PlackettPrior {
    type Joint = Pairs<Plackett>;

    const KIND: &'static str = "plackett";

    fn read(keys: &mut Keys) -> Result<Self, ConfigError> {
        Ok(Self { theta: keys.range("theta", [0.002, 500.0], Plackett::THETA)? })
    }

    fn write(&self, keys: &mut Written) {
        keys.set("theta", self.theta);
    }

    fn draw<R: Rng + ?Sized>(&self, dims: (usize, usize), rng: &mut R) -> Self::Joint {
        let pair = drawn(Plackett::new(log_uniform(&self.theta, rng)));
        drawn(Pairs::new(pair, draw_count(dims, rng), dims))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// ∫∫ c ln c over the square, by a tanh-sinh rule eight times as fine: c is a ridge there.
    #[test]
    fn quadrature_meets_a_rule_over_the_square() {
        const STEP: f64 = 1.0 / 128.0;
        let nodes: Vec<(f64, f64, f64)> = (-490..=490)
            .map(|k| {
                let s = STEP * f64::from(k);
                let u = std::f64::consts::PI * s.sinh();
                let (t, rest) = (1.0 / (1.0 + (-u).exp()), 1.0 / (1.0 + u.exp()));
                (t, rest, STEP * std::f64::consts::PI * s.cosh() * t * rest)
            })
            .collect();
        for theta in [1e-3, 0.02, 0.5, 1.2, 4.0, 30.0] {
            let known: f64 = nodes
                .iter()
                .flat_map(|of_u| nodes.iter().map(move |of_v| (of_u, of_v)))
                .map(|(&(u, rest, weight), &(v, rest_of_v, weight_of_v))| {
                    let ln_c = ln_density(theta, u, rest, (v, rest_of_v));
                    weight * weight_of_v * ln_c.exp() * ln_c
                })
                .sum();
            let stated = Plackett::new(theta).unwrap().mi_nats();
            assert!((stated - known).abs() < 1e-8, "θ = {theta}: {stated}, {known}");
        }
    }

    #[test]
    fn quantiles_invert_the_conditional_distribution() {
        for theta in [1e-3, 0.3, 1.0, 7.0, 1e3] {
            for (u, t) in [(0.001, 0.2), (0.4, 0.5), (0.7, 0.01), (0.999, 0.9999)] {
                let (v, _) = quantile(theta, u, 1.0 - u, t, 1.0 - t);
                // ∂C/∂u = ½ (1 − (1 + (θ − 1) u − (θ + 1) v)/√D).
                let d = (1.0 + (theta - 1.0) * (u + v)).powi(2) - 4.0 * theta * (theta - 1.0) * u * v;
                let below = 0.5 * (1.0 - (1.0 + (theta - 1.0) * u - (theta + 1.0) * v) / d.sqrt());
                assert!((below - t).abs() < 1e-9, "θ = {theta}, u = {u}: {below} not {t}");
            }
        }
    }
}
