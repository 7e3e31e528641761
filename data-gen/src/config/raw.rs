//! The configuration as it stands in the file, and how a validated one is written as such.

use serde::{Deserialize, Serialize};

use super::{
    Config, DimsLaw, DispersionKind, FamilyKind, FamilyLaw, IntLaw, IntLawKind, NLaw,
    families::{DispersionLaw, Range},
};
use crate::{
    families::{copula::Generator, link::CurveKind},
    maps::Map,
};

/// The file.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawConfig {
    /// Name of the meta-distribution.
    pub name: String,
    /// Random order of the columns; default false.
    #[serde(default)]
    pub permute_columns: bool,
    /// Random signs of the columns; default false.
    #[serde(default)]
    pub flip_signs: bool,
    /// Bound of n (`dim_x` + `dim_y`); default none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_cells: Option<usize>,
    /// Enumerated n.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suite: Option<RawSuite>,
    /// Mixture of laws of the dims.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dims: Vec<RawDims>,
    /// Mixture of laws of n.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub n: Vec<RawN>,
    /// The families.
    #[serde(default)]
    pub family: Vec<RawFamily>,
}

/// `[suite]`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawSuite {
    /// Smallest n.
    pub n_min: usize,
    /// Largest n.
    pub n_max: usize,
    /// Number of values of n.
    pub n_points: usize,
    /// Data sets for each (family, n).
    pub repeats: usize,
}

/// `[[dims]]`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawDims {
    /// Weight in the mixture.
    pub weight: f64,
    /// Shape.
    pub law: IntLawKind,
    /// Smallest value.
    pub min: usize,
    /// Largest value.
    pub max: usize,
    /// Whether `dim_x` = `dim_y`.
    pub equal: bool,
}

/// `[[n]]`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawN {
    /// Weight in the mixture.
    pub weight: f64,
    /// Shape.
    pub law: IntLawKind,
    /// Smallest value.
    pub min: usize,
    /// Largest value.
    pub max: usize,
}

/// The value of `kind` in `[[family]]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RawKind {
    /// Multivariate normal.
    Normal,
    /// Multivariate Student-t.
    Student,
    /// Additive uniform noise.
    Additive,
    /// Independent sides.
    Independent,
    /// One-dimensional Y = f(X) + noise.
    Link,
    /// Pairs with an Archimedean copula.
    Copula,
}

/// `[[family]]`. Which of the optional keys apply depends on `kind` and `dispersion`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawFamily {
    /// Weight of the entry.
    pub weight: f64,
    /// What it is.
    pub kind: RawKind,
    /// Structure of the dispersion matrix: normal, student.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dispersion: Option<DispersionKind>,
    /// Maps: normal, student, additive, copula. Default `["base"]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maps: Option<Vec<Map>>,
    /// Probability of a rotation: normal, student, additive, copula. Default 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rotate: Option<f64>,
    /// ρ: dense. Default [0, 0.5].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rho: Option<Range>,
    /// α: lvm. Default [0, 1].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alpha: Option<Range>,
    /// β: lvm. Default [0, 1.5].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub beta: Option<Range>,
    /// λ: lvm (default [0.1, 3]), sparse and 2pair (default [0.1, 5]).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lambda: Option<Range>,
    /// η: lvm. Default [0.1, 5].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eta: Option<Range>,
    /// ν: student; also the shared scale of independent. Default [1, 10].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nu: Option<Range>,
    /// ε: additive. Default [0.1, 2].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epsilon: Option<Range>,
    /// Probability that a side shares a factor: independent. Default 0.5.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub factor: Option<f64>,
    /// Probability that a side shares a scale: independent. Default 0.25.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shared_scale: Option<f64>,
    /// Functions: link. Default all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub curves: Option<Vec<CurveKind>>,
    /// Standard deviation of the noise, log-uniform: link. Default [0.02, 3].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub noise: Option<Range>,
    /// Probability that X and Y are exchanged: link. Default 0.5.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub swap: Option<f64>,
    /// The family: copula.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generator: Option<Generator>,
    /// Kendall's τ: copula. Default [0.02, 0.9].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tau: Option<Range>,
}

impl From<&Config> for RawConfig {
    fn from(config: &Config) -> Self {
        let (suite, n) = match &config.n {
            NLaw::Suite(suite) => {
                let suite = RawSuite {
                    n_min: suite.n_min,
                    n_max: suite.n_max,
                    n_points: suite.n_points,
                    repeats: suite.repeats,
                };
                (Some(suite), Vec::new())
            }
            NLaw::Mixture(laws) => {
                let raw = |&(weight, law): &(f64, IntLaw)| RawN { weight, law: law.kind, min: law.min, max: law.max };
                (None, laws.iter().map(raw).collect())
            }
        };
        let dims = |&(weight, dims): &(f64, DimsLaw)| RawDims {
            weight,
            law: dims.law.kind,
            min: dims.law.min,
            max: dims.law.max,
            equal: dims.equal,
        };
        Self {
            name: config.name.clone(),
            permute_columns: config.permute_columns,
            flip_signs: config.flip_signs,
            max_cells: config.max_cells,
            suite,
            dims: config.dims.iter().map(dims).collect(),
            n,
            family: config.families.iter().map(|(weight, law)| RawFamily::resolved(*weight, law)).collect(),
        }
    }
}

impl RawFamily {
    fn resolved(weight: f64, law: &FamilyLaw) -> Self {
        let mut raw = Self {
            weight,
            kind: RawKind::Normal,
            dispersion: None,
            maps: Some(law.maps.clone()),
            rotate: Some(law.rotate),
            rho: None,
            alpha: None,
            beta: None,
            lambda: None,
            eta: None,
            nu: None,
            epsilon: None,
            factor: None,
            shared_scale: None,
            curves: None,
            noise: None,
            swap: None,
            generator: None,
            tau: None,
        };
        match &law.kind {
            FamilyKind::Normal { dispersion } => raw.set_dispersion(dispersion),
            FamilyKind::Student { dispersion, nu } => {
                raw.kind = RawKind::Student;
                raw.nu = Some(*nu);
                raw.set_dispersion(dispersion);
            }
            FamilyKind::Additive { epsilon } => {
                raw.kind = RawKind::Additive;
                raw.epsilon = Some(*epsilon);
            }
            FamilyKind::Independent(law) => {
                raw.kind = RawKind::Independent;
                (raw.maps, raw.rotate) = (None, None);
                raw.factor = Some(law.factor);
                raw.shared_scale = Some(law.shared_scale);
                raw.nu = Some(law.nu);
            }
            FamilyKind::Link { curves, noise, swap } => {
                raw.kind = RawKind::Link;
                (raw.maps, raw.rotate) = (None, None);
                raw.curves = Some(curves.clone());
                raw.noise = Some(*noise);
                raw.swap = Some(*swap);
            }
            FamilyKind::Copula { generator, tau } => {
                raw.kind = RawKind::Copula;
                raw.generator = Some(*generator);
                raw.tau = Some(*tau);
            }
        }
        raw
    }

    fn set_dispersion(&mut self, law: &DispersionLaw) {
        self.dispersion = Some(law.kind());
        match *law {
            DispersionLaw::Dense { rho } => self.rho = Some(rho),
            DispersionLaw::Sparse { lambda } | DispersionLaw::TwoPair { lambda } => {
                self.lambda = Some(lambda);
            }
            DispersionLaw::Lvm { alpha, beta, lambda, eta } => {
                self.alpha = Some(alpha);
                self.beta = Some(beta);
                self.lambda = Some(lambda);
                self.eta = Some(eta);
            }
        }
    }
}
