//! The priors of the multivariate normal and Student-t.

use rand::Rng;

use super::structure::ScatterPrior;
use crate::ground::{
    draw::uniform,
    elliptical::Elliptical,
    error::ConfigError,
    keys::{Keys, Range, Written},
    prior::Prior,
};

/// The law of a multivariate normal.
#[derive(Debug, Clone, PartialEq)]
pub struct NormalPrior {
    /// Of its correlation matrix.
    pub scatter: ScatterPrior,
}

impl Prior for NormalPrior {
    type Joint = Elliptical;

    const KIND: &'static str = "normal";

    fn read(keys: &mut Keys) -> Result<Self, ConfigError> {
        Ok(Self { scatter: ScatterPrior::read(keys)? })
    }

    fn write(&self, keys: &mut Written) {
        self.scatter.write(keys);
    }

    fn shapes(&self) -> Vec<&'static str> {
        vec![self.scatter.kind().as_str()]
    }

    fn features(&self) -> Vec<String> {
        vec![self.label(), format!("scatter-{}", self.scatter.kind().as_str())]
    }

    fn detail(&self) -> String {
        format!(" with dispersion `{}`", self.scatter.kind().as_str())
    }

    fn draw<R: Rng + ?Sized>(&self, dims: (usize, usize), rng: &mut R) -> Self::Joint {
        Elliptical::normal(self.scatter.draw(dims, rng))
    }
}

/// The law of a multivariate Student-t.
#[derive(Debug, Clone, PartialEq)]
pub struct StudentPrior {
    /// Of its dispersion matrix.
    pub scatter: ScatterPrior,
    /// Range of ν.
    pub nu: Range,
}

impl Prior for StudentPrior {
    type Joint = Elliptical;

    const KIND: &'static str = "student";

    fn read(keys: &mut Keys) -> Result<Self, ConfigError> {
        Ok(Self { scatter: ScatterPrior::read(keys)?, nu: keys.range("nu", [1.0, 10.0], (1e-2, 1e6))? })
    }

    fn write(&self, keys: &mut Written) {
        self.scatter.write(keys);
        keys.set("nu", self.nu);
    }

    fn shapes(&self) -> Vec<&'static str> {
        vec![self.scatter.kind().as_str()]
    }

    fn features(&self) -> Vec<String> {
        vec![self.label(), format!("scatter-{}", self.scatter.kind().as_str())]
    }

    fn detail(&self) -> String {
        format!(" with dispersion `{}`", self.scatter.kind().as_str())
    }

    fn has_light_tails(&self) -> bool {
        false
    }

    fn draw<R: Rng + ?Sized>(&self, dims: (usize, usize), rng: &mut R) -> Self::Joint {
        let scatter = self.scatter.draw(dims, rng);
        let student = Elliptical::student(scatter, uniform(&self.nu, rng));
        student.expect("validated ranges lie inside the domain")
    }
}
