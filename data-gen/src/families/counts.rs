//! Counts of events whose rate is random.

use libm::lgamma;
use rand::Rng;
use rand_distr::{Distribution, Gamma, Poisson};
use statrs::function::gamma::{digamma, ln_gamma};

use crate::ground::{
    domain::Domain,
    draw::log_uniform,
    error::{ConfigError, ParameterError},
    keys::{Keys, Range, Written},
    pairs::{Pair, Pairs, draw_count},
    prior::{Prior, drawn},
};

/// X ~ Gamma(k, θ) with shape k and scale θ, and Y ~ Poisson(X) a count.
///
/// Y is negative binomial, P(y) = Γ(k + y)/(Γ(k) y!) θ^y/(1 + θ)^(k + y), and X given Y = y is
/// Gamma(k + y, θ/(1 + θ)). With h(k, θ) = k + ln θ + ln Γ(k) + (1 − k) ψ(k) the entropy of a gamma distribution,
/// I(X; Y) = h(k, θ) − Σ_y P(y) h(k + y, θ/(1 + θ)).
///
/// # Domain
/// k in [`Counts::SHAPE`], θ in [`Counts::SCALE`].
///
/// # Limits
/// The sum ends where less than 1e-15 of P is left, at about 40 θ terms; Γ and ψ run by recurrence. Within 1e-8 nats
/// (held by a test).
///
/// # Source
/// Greenwood and Yule, "An inquiry into the nature of frequency distributions" (1920), for the distribution of Y.
///
/// ```
/// use mist_data_gen::families::{counts::Counts, pairs::Pair};
///
/// // k = 1, θ = 1: h(1, 1) = 1 and P(y) = 2^−(y+1).
/// let exponential = Counts::new(1.0, 1.0)?;
/// assert!((exponential.mi_nats() - 0.301_244_773_349).abs() < 1e-9);
/// # Ok::<(), mist_data_gen::ParameterError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Counts {
    shape: f64,
    scale: f64,
    gamma: Gamma<f64>,
    mi_nats: f64,
}

impl Counts {
    /// Domain of k.
    pub const SHAPE: Domain = Domain::closed(0.1, 50.0);

    /// Domain of θ.
    pub const SCALE: Domain = Domain::closed(0.01, 2000.0);

    /// With intensities of this shape and scale.
    ///
    /// # Errors
    /// A parameter outside its domain.
    pub fn new(shape: f64, scale: f64) -> Result<Self, ParameterError> {
        let (shape, scale) = (Self::SHAPE.check("shape", shape)?, Self::SCALE.check("scale", scale)?);
        let gamma = Gamma::new(shape, scale).expect("shape and scale are > 0");
        Ok(Self { shape, scale, gamma, mi_nats: mi_nats(shape, scale) })
    }

    /// k.
    #[must_use]
    pub fn shape(&self) -> f64 {
        self.shape
    }

    /// θ.
    #[must_use]
    pub fn scale(&self) -> f64 {
        self.scale
    }
}

/// The sum in the docs of [`Counts`].
fn mi_nats(shape: f64, scale: f64) -> f64 {
    let ratio = scale / (1.0 + scale);
    let mut k = shape;
    let (mut of_gamma, mut of_digamma) = (ln_gamma(k), digamma(k));
    // h(k, s) − ln s
    let unit = |k: f64, of_gamma: f64, of_digamma: f64| k + of_gamma + (1.0 - k) * of_digamma;
    let prior = unit(k, of_gamma, of_digamma);
    let mut mass = (-shape * scale.ln_1p()).exp();
    let mut y = 0.0;
    let mut posterior = 0.0;
    loop {
        posterior += mass * unit(k, of_gamma, of_digamma);
        // From here on P falls at least as fast as a geometric series of this ratio.
        let next = ratio * k / (y + 1.0);
        let falls = next.max(ratio);
        if falls < 1.0 && mass * next < 1e-15 * (1.0 - falls) {
            break;
        }
        mass *= next;
        of_gamma += k.ln();
        of_digamma += 1.0 / k;
        k += 1.0;
        y += 1.0;
    }
    // ln θ − ln(θ/(1 + θ))
    (prior - posterior + scale.ln_1p()).max(0.0)
}

impl Pair for Counts {
    fn mi_nats(&self) -> f64 {
        self.mi_nats
    }

    fn draw<R: Rng + ?Sized>(&self, rng: &mut R) -> (f64, f64) {
        let x = self.gamma.sample(rng);
        // An intensity may underflow to 0, where there is nothing to count.
        let y = if x > 0.0 { Poisson::new(x).expect("intensities are > 0 and finite").sample(rng) } else { 0.0 };
        (x, y)
    }

    /// ln P(y|x) − ln P(y), in which y! cancels: y ln(x (1 + θ)/θ) − x − ln Γ(k + y) + ln Γ(k) + k ln(1 + θ).
    fn pointwise_mi(&self) -> impl FnMut(f64, f64) -> f64 {
        let Self { shape, scale, .. } = *self;
        let ln_factor = scale.recip().ln_1p();
        let constant = lgamma(shape) + shape * scale.ln_1p();
        // An intensity of 0 has no logarithm, and a count of 0 needs none.
        let term = move |x: f64, y: f64| if y > 0.0 { y * (x.ln() + ln_factor) } else { 0.0 };
        move |x, y| term(x, y) - x - lgamma(shape + y) + constant
    }
}

/// The prior of counts, K ~ U{1..min dim}; k and θ log-uniform.
#[derive(Debug, Clone, PartialEq)]
pub struct CountsPrior {
    /// Range of k.
    pub shape: Range,
    /// Range of θ.
    pub scale: Range,
}

impl Prior for CountsPrior {
    type Joint = Pairs<Counts>;

    const KIND: &'static str = "counts";

    const SWAP: f64 = 0.5;

    fn read(keys: &mut Keys) -> Result<Self, ConfigError> {
        Ok(Self {
            shape: keys.range("shape", [0.3, 10.0], Counts::SHAPE)?,
            scale: keys.range("scale", [0.02, 1000.0], Counts::SCALE)?,
        })
    }

    fn write(&self, keys: &mut Written) {
        keys.set("shape", self.shape).set("scale", self.scale);
    }

    fn has_ties(&self) -> bool {
        true
    }

    fn draw<R: Rng + ?Sized>(&self, dims: (usize, usize), rng: &mut R) -> Self::Joint {
        let counts = drawn(Counts::new(log_uniform(&self.shape, rng), log_uniform(&self.scale, rng)));
        drawn(Pairs::new(counts, draw_count(dims, rng), dims))
    }
}
