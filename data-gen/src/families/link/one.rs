//! The family of one pair.

use nalgebra::DMatrix;
use rand::Rng;

use super::{density, noise::Noise, pair::Link};
use crate::ground::{
    curve::CurveKind,
    draw::log_uniform,
    error::ConfigError,
    joint::Joint,
    keys::{Keys, Range, Written},
    prior::{Prior, drawn},
    quadrature::Source,
    sample::Sample,
};

impl Joint for Link {
    fn dims(&self) -> (usize, usize) {
        (1, 1)
    }

    fn mi_nats(&self) -> f64 {
        self.mi_nats
    }

    fn sample<R: Rng + ?Sized>(&self, n: usize, rng: &mut R) -> Sample {
        let (mut x, mut y) = (DMatrix::zeros(n, 1), DMatrix::zeros(n, 1));
        self.sample_into(x.as_mut_slice(), y.as_mut_slice(), rng);
        Sample { x, y }
    }

    fn pointwise_mi(&self, sample: &Sample) -> Vec<f64> {
        density::pointwise_mi(self, sample.x.as_slice(), sample.y.as_slice())
    }
}

/// The prior of a function with noise; X and noise are normal or uniform, equally likely.
#[derive(Debug, Clone, PartialEq)]
pub struct LinkPrior {
    /// The functions, equally likely; by default the first six of [`CurveKind::ALL`].
    pub curves: Vec<CurveKind>,
    /// Range of the noise's standard deviation, log-uniform.
    pub noise: Range,
}

impl Prior for LinkPrior {
    type Joint = Link;

    const KIND: &'static str = "link";

    const SWAP: f64 = 0.5;

    fn read(keys: &mut Keys) -> Result<Self, ConfigError> {
        Ok(Self {
            curves: keys.some_of("curves", "function", &CurveKind::ALL, CurveKind::ALL[..6].to_vec())?,
            noise: keys.range("noise", [0.02, 3.0], Link::NOISE_SD)?,
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

    fn draw<R: Rng + ?Sized>(&self, _: (usize, usize), rng: &mut R) -> Self::Joint {
        let source = if rng.random() { Source::Normal } else { Source::Uniform };
        let curve = self.curves[rng.random_range(0..self.curves.len())].draw(rng);
        let noise = if rng.random() { Noise::Normal } else { Noise::Uniform };
        let sd = log_uniform(&self.noise, rng);
        drawn(Link::new(source, curve, noise, sd))
    }
}
