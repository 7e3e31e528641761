//! The prior of Archimedean pairs.

use rand::Rng;

use super::{generator::Generator, joint::Copulas};
use crate::ground::{
    draw::uniform,
    error::ConfigError,
    keys::{Keys, Range, Written},
    prior::{Prior, drawn},
};

/// The prior of Archimedean pairs, K ~ U{1..min dim}.
#[derive(Debug, Clone, PartialEq)]
pub struct CopulaPrior {
    /// The family.
    pub generator: Generator,
    /// Range of Kendall's τ, one for all pairs of a task.
    pub tau: Range,
}

impl Prior for CopulaPrior {
    type Joint = Copulas;

    const KIND: &'static str = "copula";

    fn read(keys: &mut Keys) -> Result<Self, ConfigError> {
        Ok(Self {
            generator: keys.required("generator", "one of clayton, gumbel, frank, joe")?,
            tau: keys.range("tau", [0.02, 0.9], Generator::TAU)?,
        })
    }

    fn write(&self, keys: &mut Written) {
        keys.set("generator", self.generator).set("tau", self.tau);
    }

    fn shapes(&self) -> Vec<&'static str> {
        vec![self.generator.as_str()]
    }

    fn draw<R: Rng + ?Sized>(&self, dims: (usize, usize), rng: &mut R) -> Self::Joint {
        let pairs = rng.random_range(1..=dims.0.min(dims.1));
        let theta = drawn(self.generator.theta_of(uniform(&self.tau, rng)));
        drawn(Copulas::new(self.generator, theta, pairs, dims))
    }
}
