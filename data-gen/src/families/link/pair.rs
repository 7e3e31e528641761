//! One-dimensional pairs joined by a function: Y = f(X) + noise.

use rand::Rng;
use rand_distr::StandardNormal;

use super::noise::{Noise, Spread};
use crate::ground::{
    curve::Curve,
    domain::Domain,
    error::ParameterError,
    quadrature::{
        Source,
        bells::{bells, entropy_of_bells, student_scales},
        cells, entropy_normal_noise, entropy_uniform_noise,
    },
};

/// X normal or uniform, Y = f(X)/sd(f(X)) + σ(X) noise.
///
/// I(X; Y) = h(Y) − h(noise) − E[ln σ(X)], with p(y) = ∫ p(x) `p_noise`((y − f(x))/σ(x))/σ(x) dx by quadrature. The
/// scaling makes `noise_sd` the inverse of the signal-to-noise ratio: for a linear f with normal X and noise,
/// I = ½ ln(1 + `noise_sd`⁻²).
///
/// # Domain
/// `noise_sd` in [`Link::NOISE_SD`]; ν in [`Noise::NU`]; b in [`Spread::RATE`] in exp(b x), in [`Spread::SLOPE`] in
/// 1 + b |x|, neither for Laplace noise; the parameters of the [`Curve`] in its domains.
///
/// # Source
/// Reshef et al., "Detecting novel associations in large data sets", Science 334 (2011), and Kinney and Atwal,
/// "Equitability, mutual information, and the maximal information coefficient", PNAS 111 (2014): functions with noise as
/// test cases. Cover and Thomas, "Elements of Information Theory" (2006), section 9.1: the line with normal noise.
///
/// # Limits
/// The quadrature is within 1e-3 nats of the true value for `noise_sd` ≥ 0.05, and for normal and uniform noise of
/// constant width within 5e-4 for `noise_sd` ≥ 0.02 (held by tests against finer ones and a plain midpoint rule).
///
/// ```
/// use mist_data_gen::families::{Joint, link::{Curve, Link, Noise, Source}};
///
/// let line = Link::new(Source::Normal, Curve::Linear, Noise::Normal, 0.5)?;
/// assert!((line.mi_nats() - 0.5 * 5.0_f64.ln()).abs() < 1e-4);
/// # Ok::<(), mist_data_gen::ParameterError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Link {
    source: Source,
    curve: Curve,
    noise: Noise,
    spread: Spread,
    noise_sd: f64,
    scale: f64,
    pub(super) mi_nats: f64,
}

impl Link {
    /// Domain of `noise_sd`.
    pub const NOISE_SD: Domain = Domain::closed(0.005, 100.0);

    /// The pair with these parts; computes its MI.
    ///
    /// # Errors
    /// A parameter outside its domain.
    pub fn new(source: Source, curve: Curve, noise: Noise, noise_sd: f64) -> Result<Self, ParameterError> {
        Self::heteroscedastic(source, curve, noise, noise_sd, Spread::Constant)
    }

    /// The pair with noise whose width depends on X; computes its MI.
    ///
    /// # Errors
    /// A parameter outside its domain.
    pub fn heteroscedastic(
        source: Source,
        curve: Curve,
        noise: Noise,
        noise_sd: f64,
        spread: Spread,
    ) -> Result<Self, ParameterError> {
        Self::NOISE_SD.check("noise_sd", noise_sd)?;
        curve.check()?;
        if let Noise::Student { nu } = noise {
            Noise::NU.check("nu", nu)?;
        }
        spread.check()?;
        if noise == Noise::Laplace && spread != Spread::Constant {
            return Err(ParameterError::new("spread", "a constant width of Laplace noise", format!("{spread:?}")));
        }
        let scale = 1.0 / curve.sd(source);
        let mut link = Self { source, curve, noise, spread, noise_sd, scale, mi_nats: 0.0 };
        link.mi_nats = link.mi_by_quadrature(1).max(0.0);
        Ok(link)
    }

    /// The distribution of X.
    #[must_use]
    pub fn source(&self) -> Source {
        self.source
    }

    /// The function before scaling.
    #[must_use]
    pub fn curve(&self) -> Curve {
        self.curve
    }

    /// The distribution of the noise.
    #[must_use]
    pub fn noise(&self) -> Noise {
        self.noise
    }

    /// The width of the noise as a function of X.
    #[must_use]
    pub fn spread(&self) -> Spread {
        self.spread
    }

    /// Standard deviation of the noise (of Student's t: its scale) where the spread is 1; that of the signal is 1.
    #[must_use]
    pub fn noise_sd(&self) -> f64 {
        self.noise_sd
    }

    /// The median of Y given X = x; for noise with a mean, E[Y | X = x].
    #[must_use]
    pub fn signal(&self, x: f64) -> f64 {
        self.scale * self.curve.at(x)
    }

    /// The derivative of [`Link::signal`] where it has one.
    pub(super) fn slope(&self, x: f64) -> f64 {
        self.scale * self.curve.slope(x)
    }

    /// The MI in nats with a lattice and panels `refine` times as fine as those of
    /// [`Joint::mi_nats`](crate::Joint::mi_nats), to see how far that has converged.
    ///
    /// # Panics
    /// If `refine` is 0.
    #[must_use]
    pub fn mi_by_quadrature(&self, refine: usize) -> f64 {
        assert!(refine > 0, "a refinement divides");
        let source = self.source;
        let signal = |x| self.signal(x);
        let sd = |x| self.noise_sd * self.spread.at(x);
        let mut breaks = self.curve.breaks(source.reach());
        let root3 = 3.0_f64.sqrt();
        let of_y = match (self.noise, self.spread, self.curve) {
            (Noise::Normal, Spread::Constant, _) => {
                entropy_normal_noise(source, signal, &breaks, self.noise_sd, refine as f64)
            }
            (Noise::Normal | Noise::Student { .. }, _, _) => {
                if matches!(self.spread, Spread::Growing { .. }) {
                    // Where |x| has its kink.
                    breaks.insert(breaks.partition_point(|&at| at < 0.0), 0.0);
                }
                let scales = match self.noise {
                    Noise::Student { nu } => student_scales(nu),
                    _ => vec![(1.0, 1.0)],
                };
                let refine = refine as f64;
                entropy_of_bells(bells(source, signal, sd, &breaks, &scales, refine), refine)
            }
            // Two boxes of equal width: where they overlap, Y says nothing about X; elsewhere it
            // says all.
            (Noise::Uniform, Spread::Constant, Curve::Threshold { at }) => {
                let below = source.cdf(at);
                let whole = -below * below.ln() - (1.0 - below) * (1.0 - below).ln();
                return whole * (self.scale / (2.0 * root3 * self.noise_sd)).min(1.0);
            }
            (Noise::Uniform, Spread::Constant, Curve::Staircase { .. }) => {
                let atoms = self.curve.atoms(source).into_iter().map(|(value, mass)| (self.scale * value, mass));
                cells::entropy_of_boxes(atoms, root3 * self.noise_sd)
            }
            (Noise::Uniform, Spread::Constant, _) if !self.curve.jumps() => {
                entropy_uniform_noise(source, signal, root3 * self.noise_sd, refine)
            }
            (Noise::Uniform, _, _) => cells::entropy_uniform_noise(source, signal, |x| root3 * sd(x), &breaks, refine),
            (Noise::Laplace, _, _) => {
                let b = self.noise_sd * std::f64::consts::FRAC_1_SQRT_2;
                cells::entropy_laplace_noise(source, signal, b, &breaks, refine)
            }
        };
        of_y - (self.noise.entropy() + self.noise_sd.ln()) - self.spread.mean_ln(source)
    }

    /// Fills both columns.
    pub(crate) fn sample_into<R: Rng + ?Sized>(&self, x: &mut [f64], y: &mut [f64], rng: &mut R) {
        let root3 = 3.0_f64.sqrt();
        for v in x.iter_mut() {
            *v = match self.source {
                Source::Normal => rng.sample(StandardNormal),
                Source::Uniform => root3 * (2.0 * rng.random::<f64>() - 1.0),
            };
        }
        for (y, &x) in y.iter_mut().zip(x.iter()) {
            let noise = self.noise.sample(rng);
            *y = self.signal(x) + self.noise_sd * self.spread.at(x) * noise;
        }
    }
}
