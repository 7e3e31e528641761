//! One-dimensional pairs joined by a function: Y = f(X) + noise.

use nalgebra::DMatrix;
use rand::Rng;
use rand_distr::StandardNormal;
use serde::{Deserialize, Serialize};

pub use crate::families::quadrature::Source;
use crate::{
    ConfigError,
    config::{Keys, Range, Written},
    error::ParameterError,
    families::{
        Base, Joint, Law, log_uniform,
        quadrature::{entropy_normal_noise, entropy_uniform_noise, mean_and_sd},
    },
    task::Sample,
};

/// The law of the noise: zero mean, standard deviation `noise_sd`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Noise {
    /// Normal.
    Normal,
    /// Uniform, of half-width √3 `noise_sd`.
    Uniform,
}

/// The function before scaling, of an X with zero mean and unit variance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Curve {
    /// x.
    Linear,
    /// x³.
    Cubic,
    /// tanh(s x).
    Tanh {
        /// s > 0.
        slope: f64,
    },
    /// (x − c)²: not monotone; without linear correlation at c = 0.
    Quadratic {
        /// c.
        center: f64,
    },
    /// sin(ω x + φ).
    Periodic {
        /// ω > 0, in radians per standard deviation of X.
        omega: f64,
        /// φ in radians.
        phase: f64,
    },
    /// 1 if x > t, else 0: I ≤ ln 2.
    Threshold {
        /// t.
        at: f64,
    },
}

/// The kinds of [`Curve`], for configurations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CurveKind {
    /// [`Curve::Linear`].
    Linear,
    /// [`Curve::Cubic`].
    Cubic,
    /// [`Curve::Tanh`].
    Tanh,
    /// [`Curve::Quadratic`].
    Quadratic,
    /// [`Curve::Periodic`].
    Periodic,
    /// [`Curve::Threshold`].
    Threshold,
}

impl CurveKind {
    /// All kinds.
    pub const ALL: [Self; 6] =
        [Self::Linear, Self::Cubic, Self::Tanh, Self::Quadratic, Self::Periodic, Self::Threshold];

    /// Draws the parameters: s ~ U(1, 4), c ~ U(−0.5, 0.5), ω ~ U(1, 8), φ ~ U(0, 2π), t ~ U(−1, 1).
    pub fn draw<R: Rng + ?Sized>(self, rng: &mut R) -> Curve {
        match self {
            Self::Linear => Curve::Linear,
            Self::Cubic => Curve::Cubic,
            Self::Tanh => Curve::Tanh { slope: rng.random_range(1.0..4.0) },
            Self::Quadratic => Curve::Quadratic { center: rng.random_range(-0.5..0.5) },
            Self::Periodic => Curve::Periodic {
                omega: rng.random_range(1.0..8.0),
                phase: rng.random_range(0.0..std::f64::consts::TAU),
            },
            Self::Threshold => Curve::Threshold { at: rng.random_range(-1.0..1.0) },
        }
    }
}

impl Curve {
    /// The value at x.
    #[must_use]
    pub fn at(&self, x: f64) -> f64 {
        match *self {
            Self::Linear => x,
            Self::Cubic => x * x * x,
            Self::Tanh { slope } => (slope * x).tanh(),
            Self::Quadratic { center } => (x - center) * (x - center),
            Self::Periodic { omega, phase } => (omega * x + phase).sin(),
            Self::Threshold { at } => f64::from(x > at),
        }
    }
}

/// X normal or uniform, Y = f(X)/sd(f(X)) + noise.
///
/// I(X; Y) = h(Y) − h(noise), with p(y) = ∫ p(x) p_noise(y − f(x)) dx by quadrature. The scaling makes
/// `noise_sd` the inverse of the signal-to-noise ratio: for a linear f with normal X and noise,
/// I = ½ ln(1 + `noise_sd`⁻²).
///
/// # Domain
/// `noise_sd` in [0.005, 100]; for [`Curve::Threshold`], |t| < √3.
///
/// # Limits
/// The quadrature is within 5e-4 nats of the true value for `noise_sd` ≥ 0.02 (held by a test against
/// a finer one).
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
    noise_sd: f64,
    scale: f64,
    mi_nats: f64,
}

impl Link {
    /// The pair with these parts; computes its MI.
    ///
    /// # Errors
    /// A parameter outside its domain.
    pub fn new(source: Source, curve: Curve, noise: Noise, noise_sd: f64) -> Result<Self, ParameterError> {
        if !(0.005..=100.0).contains(&noise_sd) {
            return Err(ParameterError::new("noise_sd", "a number in [0.005, 100]", noise_sd));
        }
        let bad =
            match curve {
                Curve::Linear | Curve::Cubic => None,
                Curve::Tanh { slope } => (!(0.01..=50.0).contains(&slope))
                    .then(|| ParameterError::new("slope", "a number in [0.01, 50]", slope)),
                Curve::Quadratic { center } => (!(-5.0..=5.0).contains(&center))
                    .then(|| ParameterError::new("center", "a number in [-5, 5]", center)),
                Curve::Periodic { omega, phase } => (!(0.01..=20.0).contains(&omega) || !phase.is_finite())
                    .then(|| ParameterError::new("omega", "a number in [0.01, 20]", omega)),
                Curve::Threshold { at } => {
                    (at.is_nan() || at.abs() >= 1.7).then(|| ParameterError::new("at", "a number in (-1.7, 1.7)", at))
                }
            };
        if let Some(bad) = bad {
            return Err(bad);
        }
        let scale = match curve {
            // The midpoint rule would not see where in its cell the step lies.
            Curve::Threshold { at } => {
                let below = source.cdf(at);
                1.0 / (below * (1.0 - below)).sqrt()
            }
            _ => 1.0 / mean_and_sd(source, |x| curve.at(x)).1,
        };
        let mut link = Self { source, curve, noise, noise_sd, scale, mi_nats: 0.0 };
        link.mi_nats = link.mi_by_quadrature(1);
        Ok(link)
    }

    /// The law of X.
    #[must_use]
    pub fn source(&self) -> Source {
        self.source
    }

    /// The function before scaling.
    #[must_use]
    pub fn curve(&self) -> Curve {
        self.curve
    }

    /// The law of the noise.
    #[must_use]
    pub fn noise(&self) -> Noise {
        self.noise
    }

    /// Standard deviation of the noise; that of the signal is 1.
    #[must_use]
    pub fn noise_sd(&self) -> f64 {
        self.noise_sd
    }

    /// E[Y | X = x].
    #[must_use]
    pub fn signal(&self, x: f64) -> f64 {
        self.scale * self.curve.at(x)
    }

    /// The MI in nats with a lattice and panels `refine` times as fine as those of
    /// [`Link::mi_nats`], to see how far that has converged.
    ///
    /// # Panics
    /// If `refine` is 0.
    #[must_use]
    pub fn mi_by_quadrature(&self, refine: usize) -> f64 {
        assert!(refine > 0, "a refinement divides");
        let signal = |x| self.signal(x);
        match (self.noise, self.curve) {
            (Noise::Normal, curve) => {
                let break_at;
                let breaks: &[f64] = if let Curve::Threshold { at } = curve {
                    break_at = [at];
                    &break_at
                } else {
                    &[]
                };
                let of_y = entropy_normal_noise(self.source, signal, breaks, self.noise_sd, refine as f64);
                let of_noise = 0.5 * (2.0 * std::f64::consts::PI * std::f64::consts::E).ln() + self.noise_sd.ln();
                of_y - of_noise
            }
            // Two boxes of equal width: where they overlap, Y says nothing about X; elsewhere it
            // says all.
            (Noise::Uniform, Curve::Threshold { at }) => {
                let below = self.source.cdf(at);
                let whole = -below * below.ln() - (1.0 - below) * (1.0 - below).ln();
                let half = 3.0_f64.sqrt() * self.noise_sd;
                whole * (self.scale / (2.0 * half)).min(1.0)
            }
            (Noise::Uniform, _) => {
                let half = 3.0_f64.sqrt() * self.noise_sd;
                let of_y = entropy_uniform_noise(self.source, signal, half, refine);
                of_y - (2.0 * half).ln()
            }
        }
    }
}

impl Joint for Link {
    fn dims(&self) -> (usize, usize) {
        (1, 1)
    }

    fn mi_nats(&self) -> f64 {
        self.mi_nats
    }

    fn sample<R: Rng + ?Sized>(&self, n: usize, rng: &mut R) -> Sample {
        let root3 = 3.0_f64.sqrt();
        let x = DMatrix::from_fn(n, 1, |_, _| match self.source {
            Source::Normal => rng.sample(StandardNormal),
            Source::Uniform => root3 * (2.0 * rng.random::<f64>() - 1.0),
        });
        let y = x.map(|v| {
            let noise: f64 = match self.noise {
                Noise::Normal => rng.sample(StandardNormal),
                Noise::Uniform => root3 * (2.0 * rng.random::<f64>() - 1.0),
            };
            self.signal(v) + self.noise_sd * noise
        });
        Sample { x, y }
    }
}

/// The law of a function with noise; X and noise are normal or uniform, equally likely.
#[derive(Debug, Clone, PartialEq)]
pub struct LinkLaw {
    /// The functions, equally likely.
    pub curves: Vec<CurveKind>,
    /// Range of the noise's standard deviation, log-uniform.
    pub noise: Range,
}

impl Law for LinkLaw {
    const KIND: &'static str = "link";

    const SWAP: f64 = 0.5;

    fn read(keys: &mut Keys) -> Result<Self, ConfigError> {
        Ok(Self {
            curves: keys.some_of("curves", "function", &CurveKind::ALL, CurveKind::ALL.to_vec())?,
            noise: keys.range("noise", [0.02, 3.0], (0.005, 100.0))?,
        })
    }

    fn write(&self, keys: &mut Written) {
        keys.set("curves", &self.curves).set("noise", self.noise);
    }

    fn fixed_dims(&self) -> Option<(usize, usize)> {
        Some((1, 1))
    }

    fn takes_transforms(&self) -> bool {
        false
    }

    fn draw<R: Rng + ?Sized>(&self, _: (usize, usize), rng: &mut R) -> Base {
        let source = if rng.random() { Source::Normal } else { Source::Uniform };
        let curve = self.curves[rng.random_range(0..self.curves.len())].draw(rng);
        let noise = if rng.random() { Noise::Normal } else { Noise::Uniform };
        let sd = log_uniform(&self.noise, rng);
        Base::Link(Link::new(source, curve, noise, sd).expect("validated ranges lie inside the domain"))
    }
}
