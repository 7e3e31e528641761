//! The priors of the multivariate normal and Student-t.

use rand::Rng;

use super::structure::ScatterPrior;
use crate::ground::{
    domain::Domain,
    draw::uniform,
    elliptical::Elliptical,
    error::ConfigError,
    keys::{Keys, Range, Written},
    prior::{Prior, drawn},
};

/// The prior of an elliptical distribution: of its scatter matrix and, for a Student-t, of its ν.
#[derive(Debug, Clone, PartialEq)]
pub struct EllipticalPrior<const STUDENT: bool> {
    scatter: ScatterPrior,
    /// Range of ν, for a Student-t.
    nu: Option<Range>,
}

/// The prior of a multivariate normal.
pub type NormalPrior = EllipticalPrior<false>;

/// The prior of a multivariate Student-t.
pub type StudentPrior = EllipticalPrior<true>;

impl<const STUDENT: bool> EllipticalPrior<STUDENT> {
    /// Reads the keys; those of ν within this domain.
    pub(super) fn read_within(keys: &mut Keys, nu: Domain) -> Result<Self, ConfigError> {
        let scatter = ScatterPrior::read(keys)?;
        let nu = if STUDENT { Some(keys.range("nu", [1.0, 10.0], nu)?) } else { None };
        Ok(Self { scatter, nu })
    }

    /// Name of the structure of the scatter matrix.
    pub(super) fn structure(&self) -> &'static str {
        self.scatter.kind().as_str()
    }
}

impl<const STUDENT: bool> Prior for EllipticalPrior<STUDENT> {
    type Joint = Elliptical;

    const KIND: &'static str = if STUDENT { "student" } else { "normal" };

    fn read(keys: &mut Keys) -> Result<Self, ConfigError> {
        Self::read_within(keys, const { Elliptical::NU.within(1e-2, 1e6) })
    }

    fn write(&self, keys: &mut Written) {
        self.scatter.write(keys);
        if let Some(nu) = self.nu {
            keys.set("nu", nu);
        }
    }

    fn shapes(&self) -> Vec<&'static str> {
        vec![self.structure()]
    }

    fn features(&self) -> Vec<String> {
        vec![self.label(), format!("scatter-{}", self.structure())]
    }

    fn detail(&self) -> String {
        format!(" with dispersion `{}`", self.structure())
    }

    fn has_light_tails(&self) -> bool {
        !STUDENT
    }

    fn draw<R: Rng + ?Sized>(&self, dims: (usize, usize), rng: &mut R) -> Self::Joint {
        let scatter = self.scatter.draw(dims, rng);
        match &self.nu {
            None => Elliptical::normal(scatter),
            Some(nu) => drawn(Elliptical::student(scatter, uniform(nu, rng))),
        }
    }
}
