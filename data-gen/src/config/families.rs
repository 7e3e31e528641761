//! The law of a family: the ranges its parameters are drawn from.

use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::{
    families::{
        additive::Additive,
        copula::{Copulas, Generator},
        dispersion::{Dispersion, LvmParameters},
        elliptical::Elliptical,
        independent::{Independent, IndependentLaw, IndependentSide},
        link::{CurveKind, Link, Noise, Source},
    },
    maps::Map,
    task::Base,
};

/// Closed interval of reals.
pub type Range = [f64; 2];

/// Structure of the dispersion matrix of an elliptical family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DispersionKind {
    /// All correlations equal, ρ ~ U(`rho`).
    Dense,
    /// K ~ U{1..min dim} pairs, α = β = 0, λ = η ~ U(`lambda`).
    Sparse,
    /// K ~ U{1..min dim} pairs, α, β, λ, η ~ U(`alpha`), …
    Lvm,
    /// As sparse, with K = min(2, min dim).
    #[serde(rename = "2pair")]
    TwoPair,
}

impl DispersionKind {
    /// The name, as in family names and configurations.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dense => "dense",
            Self::Sparse => "sparse",
            Self::Lvm => "lvm",
            Self::TwoPair => "2pair",
        }
    }
}

/// The law of a dispersion matrix.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum DispersionLaw {
    /// See [`DispersionKind::Dense`].
    Dense {
        /// Range of ρ.
        rho: Range,
    },
    /// See [`DispersionKind::Sparse`].
    Sparse {
        /// Range of λ = η.
        lambda: Range,
    },
    /// See [`DispersionKind::Lvm`].
    Lvm {
        /// Range of α.
        alpha: Range,
        /// Range of β.
        beta: Range,
        /// Range of λ.
        lambda: Range,
        /// Range of η.
        eta: Range,
    },
    /// See [`DispersionKind::TwoPair`].
    TwoPair {
        /// Range of λ = η.
        lambda: Range,
    },
}

impl DispersionLaw {
    /// The structure.
    #[must_use]
    pub fn kind(&self) -> DispersionKind {
        match self {
            Self::Dense { .. } => DispersionKind::Dense,
            Self::Sparse { .. } => DispersionKind::Sparse,
            Self::Lvm { .. } => DispersionKind::Lvm,
            Self::TwoPair { .. } => DispersionKind::TwoPair,
        }
    }

    fn draw<R: Rng + ?Sized>(&self, (dim_x, dim_y): (usize, usize), rng: &mut R) -> Dispersion {
        let smaller = dim_x.min(dim_y);
        match self {
            Self::Dense { rho } => Dispersion::dense(dim_x, dim_y, uniform(rho, rng)),
            Self::Sparse { lambda } => {
                let pairs = rng.random_range(1..=smaller);
                Dispersion::sparse(dim_x, dim_y, pairs, uniform(lambda, rng))
            }
            Self::TwoPair { lambda } => Dispersion::sparse(dim_x, dim_y, smaller.min(2), uniform(lambda, rng)),
            Self::Lvm { alpha, beta, lambda, eta } => {
                let pairs = rng.random_range(1..=smaller);
                let parameters = LvmParameters {
                    alpha: uniform(alpha, rng),
                    lambda: uniform(lambda, rng),
                    beta: uniform(beta, rng),
                    eta: uniform(eta, rng),
                };
                Dispersion::lvm(dim_x, dim_y, pairs, parameters)
            }
        }
        .expect("validated ranges lie inside the domain")
    }
}

/// What a family is, with the ranges of its parameters.
#[derive(Debug, Clone, PartialEq)]
pub enum FamilyKind {
    /// Multivariate normal.
    Normal {
        /// The law of its correlation matrix.
        dispersion: DispersionLaw,
    },
    /// Multivariate Student-t.
    Student {
        /// The law of its dispersion matrix.
        dispersion: DispersionLaw,
        /// Range of ν.
        nu: Range,
    },
    /// Additive uniform noise.
    Additive {
        /// Range of each coordinate's ε.
        epsilon: Range,
    },
    /// Independent sides.
    Independent(IndependentLaw),
    /// One-dimensional Y = f(X) + noise.
    Link {
        /// The functions, equally likely.
        curves: Vec<CurveKind>,
        /// Range of the noise's standard deviation, log-uniform.
        noise: Range,
        /// Probability that X and Y are exchanged.
        swap: f64,
    },
    /// Pairs with an Archimedean copula, K ~ U{1..min dim}.
    Copula {
        /// The family.
        generator: Generator,
        /// Range of Kendall's τ, one for all pairs of a task.
        tau: Range,
    },
}

/// A family with the maps and rotations applied to it.
#[derive(Debug, Clone, PartialEq)]
pub struct FamilyLaw {
    /// What is drawn.
    pub kind: FamilyKind,
    /// The maps, equally likely.
    pub maps: Vec<Map>,
    /// Probability of a rotation.
    pub rotate: f64,
}

impl FamilyLaw {
    /// Name of the family with this map and rotation.
    #[must_use]
    pub fn variant_name(&self, map: Map, rotated: bool) -> String {
        let kind = match &self.kind {
            FamilyKind::Normal { dispersion } => {
                format!("normal-{}", dispersion.kind().as_str())
            }
            FamilyKind::Student { dispersion, .. } => {
                format!("student-{}", dispersion.kind().as_str())
            }
            FamilyKind::Additive { .. } => "additive".to_owned(),
            // No map and no rotation is anything to independent sides or to a single column.
            FamilyKind::Independent(_) => return "independent".to_owned(),
            FamilyKind::Link { .. } => return "link".to_owned(),
            FamilyKind::Copula { generator, .. } => format!("copula-{}", generator.as_str()),
        };
        let rotated = if rotated { "-rotated" } else { "" };
        format!("{kind}-{}{rotated}", map.as_str())
    }

    /// The dims that this family always has, if it takes none from the configuration's law.
    #[must_use]
    pub fn fixed_dims(&self) -> Option<(usize, usize)> {
        matches!(self.kind, FamilyKind::Link { .. }).then_some((1, 1))
    }

    /// Draws the parameters, and whether X and Y are exchanged.
    pub(crate) fn draw<R: Rng + ?Sized>(&self, dims: (usize, usize), rng: &mut R) -> (Base, bool) {
        let inside = "validated ranges lie inside the domain";
        let base = match &self.kind {
            FamilyKind::Normal { dispersion } => Base::Elliptical(Elliptical::normal(dispersion.draw(dims, rng))),
            FamilyKind::Student { dispersion, nu } => {
                let dispersion = dispersion.draw(dims, rng);
                Base::Elliptical(Elliptical::student(dispersion, uniform(nu, rng)).expect(inside))
            }
            FamilyKind::Additive { epsilon } => {
                let widths = (0..dims.1).map(|_| uniform(epsilon, rng)).collect();
                Base::Additive(Additive::new(dims.0, widths).expect(inside))
            }
            FamilyKind::Independent(law) => Base::Independent(Independent {
                x: IndependentSide::draw(dims.0, law, rng),
                y: IndependentSide::draw(dims.1, law, rng),
            }),
            FamilyKind::Link { curves, noise, swap } => {
                let source = if rng.random() { Source::Normal } else { Source::Uniform };
                let curve = curves[rng.random_range(0..curves.len())].draw(rng);
                let law = if rng.random() { Noise::Normal } else { Noise::Uniform };
                let sd = uniform(&noise.map(f64::ln), rng).exp();
                let sd = sd.clamp(noise[0], noise[1]);
                let link = Link::new(source, curve, law, sd).expect(inside);
                return (Base::Link(link), rng.random_bool(*swap));
            }
            FamilyKind::Copula { generator, tau } => {
                let pairs = rng.random_range(1..=dims.0.min(dims.1));
                let theta = generator.theta_of(uniform(tau, rng)).expect(inside);
                Base::Copulas(Copulas::new(*generator, theta, pairs, dims).expect(inside))
            }
        };
        (base, false)
    }
}

fn uniform<R: Rng + ?Sized>(&[low, high]: &Range, rng: &mut R) -> f64 {
    low + (high - low) * rng.random::<f64>()
}
