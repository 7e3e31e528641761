//! The configuration as it stands in the file, and how a validated one is written as such.

use serde::{Deserialize, Serialize};
use toml::Table;

use super::law::IntLawKind;

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
    /// Probability that some columns of a task are derived from the others; default 0.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub derived: f64,
    /// Probability that the first of the derived columns of a side is its total; default 0.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub totals: f64,
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
    /// The families; which keys they take depends on `kind`, see [`super::FamilyPrior`].
    #[serde(default)]
    pub family: Vec<Table>,
}

fn is_zero(probability: &f64) -> bool {
    *probability == 0.0
}

/// `[suite]`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawSuite {
    /// The values of n; or else the three keys below.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub values: Option<Vec<usize>>,
    /// Smallest n.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub n_min: Option<usize>,
    /// Largest n.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub n_max: Option<usize>,
    /// Number of values of n, equally spaced with both ends included, fractions cut off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub n_points: Option<usize>,
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
