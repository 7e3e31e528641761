//! The noise of a pair: its shape, and its width as a function of X.

use rand::Rng;
use rand_distr::{Distribution, Exp1, StandardNormal, StudentT};
use statrs::function::{beta::ln_beta, gamma::digamma};

use crate::ground::{
    domain::Domain,
    error::ParameterError,
    quadrature::{Source, mean_of_even},
};

/// The distribution of the noise: zero mean, standard deviation `noise_sd` (of Student's t: scale `noise_sd`).
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Noise {
    /// Normal.
    Normal,
    /// Uniform, of half-width √3 `noise_sd`.
    Uniform,
    /// Laplace, of scale `noise_sd`/√2.
    Laplace,
    /// `noise_sd` times a Student-t: heavy tails.
    Student {
        /// Degrees of freedom ν in [`Noise::NU`].
        nu: f64,
    },
}

impl Noise {
    /// Domain of ν.
    pub const NU: Domain = Domain::closed(1.0, 1_000.0);

    /// The entropy in nats for `noise_sd` = 1. Student's: (ν + 1)/2 (ψ((ν + 1)/2) − ψ(ν/2)) + ln(√ν B(ν/2, 1/2)).
    pub(super) fn entropy(self) -> f64 {
        match self {
            Self::Normal => 0.5 * (2.0 * std::f64::consts::PI * std::f64::consts::E).ln(),
            Self::Uniform => (2.0 * 3.0_f64.sqrt()).ln(),
            Self::Laplace => 1.0 + 2.0_f64.sqrt().ln(),
            Self::Student { nu } => {
                0.5 * (nu + 1.0) * (digamma(0.5 * (nu + 1.0)) - digamma(0.5 * nu))
                    + 0.5 * nu.ln()
                    + ln_beta(0.5 * nu, 0.5)
            }
        }
    }

    /// A value for `noise_sd` = 1.
    pub(super) fn sample<R: Rng + ?Sized>(self, rng: &mut R) -> f64 {
        match self {
            Self::Normal => rng.sample(StandardNormal),
            Self::Uniform => 3.0_f64.sqrt() * (2.0 * rng.random::<f64>() - 1.0),
            Self::Laplace => {
                let size: f64 = rng.sample(Exp1);
                std::f64::consts::FRAC_1_SQRT_2 * if rng.random() { size } else { -size }
            }
            Self::Student { nu } => StudentT::new(nu).expect("ν > 0 by construction").sample(rng),
        }
    }
}

/// The width of the noise as a function of X: σ(x) is `noise_sd` times [`Spread::at`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Spread {
    /// 1.
    Constant,
    /// exp(b x).
    Exponential {
        /// b in [`Spread::RATE`].
        rate: f64,
    },
    /// 1 + b |x|.
    Growing {
        /// b in [`Spread::SLOPE`].
        slope: f64,
    },
}

impl Spread {
    /// Domain of b in exp(b x).
    pub const RATE: Domain = Domain::closed(-1.0, 1.0);

    /// Domain of b in 1 + b |x|.
    pub const SLOPE: Domain = Domain::closed(0.0, 10.0);

    /// That b lies in its domain.
    pub(super) fn check(self) -> Result<(), ParameterError> {
        match self {
            Self::Constant => Ok(()),
            Self::Exponential { rate } => Self::RATE.check("rate", rate).map(drop),
            Self::Growing { slope } => Self::SLOPE.check("slope", slope).map(drop),
        }
    }

    /// The value at x.
    #[must_use]
    pub fn at(self, x: f64) -> f64 {
        match self {
            Self::Constant => 1.0,
            Self::Exponential { rate } => (rate * x).exp(),
            Self::Growing { slope } => 1.0 + slope * x.abs(),
        }
    }

    /// The derivative at x ≠ 0.
    pub(super) fn slope(self, x: f64) -> f64 {
        match self {
            Self::Constant => 0.0,
            Self::Exponential { rate } => rate * (rate * x).exp(),
            Self::Growing { slope } => slope.copysign(x),
        }
    }

    /// E[ln σ(X)] for `noise_sd` = 1.
    pub(super) fn mean_ln(self, source: Source) -> f64 {
        match self {
            // E[X] = 0
            Self::Constant | Self::Exponential { .. } => 0.0,
            Self::Growing { slope } => mean_of_even(source, |x| (slope * x).ln_1p()),
        }
    }
}
