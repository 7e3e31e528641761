//! The configuration of a meta-distribution: TOML text → [`raw`] → validated [`Config`].
//!
//! ```toml
//! name = "example"
//! permute_columns = true      # random column order within each side
//! flip_signs = true           # random sign of each column
//! max_cells = 40000           # redraw n while n (dim_x + dim_y) is larger
//!
//! [[dims]]                    # mixture of laws for (dim_x, dim_y)
//! weight = 1.0
//! law = "log_uniform"         # or "uniform"
//! min = 1
//! max = 32
//! equal = false               # true: dim_x = dim_y
//!
//! [[n]]                       # mixture of laws for n; or one [suite] instead
//! weight = 1.0
//! law = "uniform"
//! min = 10
//! max = 500
//!
//! [[family]]                  # weight of the entry, shared evenly by its maps
//! weight = 2.0
//! kind = "normal"             # see [`FamilyKind`]
//! dispersion = "lvm"          # a key of the kind
//! alpha = [0.0, 1.0]          # range of a parameter; those left out get the documented default
//! maps = ["base", "wiggly"]   # coordinate-wise, equally likely
//! rotate = 0.25               # probability that each side is rotated before the map
//! linear = 0.25               # probability that it is mixed by a general linear map instead
//! warp = 0.1                  # probability that each side is bent after the map
//! warps = ["spiral"]          # how, equally likely
//! target_mi = [0.0, 8.0]      # spreads the MI evenly, see [`FamilyLaw::target_mi`]
//! swap = 0.5                  # probability that X and Y are exchanged
//! dims = [3, 3]               # in place of the law of the dims
//! ```
//!
//! A `[suite]` in place of `[[n]]` enumerates: `values` of n (or `n_points` of them from `n_min` to `n_max`) and `repeats`.
//! Index i is then (family, n, repeat) with the repeat running fastest.

mod family;
pub mod keys;
mod law;
pub mod raw;
mod validate;

pub use family::{FamilyLaw, Variant};
pub use keys::{Keys, Range, Written};
pub use law::{DimsLaw, IntLaw, IntLawKind};

pub use crate::families::FamilyKind;

use crate::ConfigError;
use raw::RawConfig;

/// A validated configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Name of the meta-distribution.
    pub name: String,
    /// Whether columns are put in random order within each side.
    pub permute_columns: bool,
    /// Whether columns get random signs.
    pub flip_signs: bool,
    /// Upper bound of n (`dim_x` + `dim_y`), held by redrawing n.
    pub max_cells: Option<usize>,
    /// Mixture of laws of (`dim_x`, `dim_y`), with weights.
    pub dims: Vec<(f64, DimsLaw)>,
    /// How n is chosen.
    pub n: NLaw,
    /// The families, with weights, in the order of the file.
    pub families: Vec<(f64, FamilyLaw)>,
}

/// How the number of rows is chosen.
#[derive(Debug, Clone, PartialEq)]
pub enum NLaw {
    /// Drawn from a mixture.
    Mixture(Vec<(f64, IntLaw)>),
    /// Enumerated together with the families.
    Suite(Suite),
}

/// A suite that enumerates family × n × repeat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suite {
    /// The values of n.
    pub values: Vec<usize>,
    /// Data sets for each (family, n).
    pub repeats: usize,
}

impl Config {
    /// Parses and validates.
    ///
    /// # Errors
    /// The text is not TOML, has unknown keys, or a value is outside its domain.
    pub fn from_toml(text: &str) -> Result<Self, ConfigError> {
        let raw: RawConfig = toml::from_str(text)?;
        raw.validate().map_err(|error| error.at_line_of(text))
    }

    /// The resolved configuration: every default written out. Parsing it gives the same configuration.
    #[must_use]
    pub fn to_toml(&self) -> String {
        toml::to_string(&RawConfig::from(self)).expect("a validated configuration has a TOML form")
    }

    /// The `family`-th entry alone, at other dims and another n: to measure it, or to test it. An entry with dims of its
    /// own keeps them.
    ///
    /// # Panics
    /// If there is no such entry.
    #[must_use]
    pub fn only(&self, family: usize, dims: DimsLaw, n: IntLaw) -> Self {
        Self {
            max_cells: None,
            dims: vec![(1.0, dims)],
            n: NLaw::Mixture(vec![(1.0, n)]),
            families: vec![self.families[family].clone()],
            ..self.clone()
        }
    }

    /// All variants, in the order of the file.
    #[must_use]
    pub fn variants(&self) -> Vec<Variant> {
        let total: f64 = self.families.iter().map(|(weight, _)| weight).sum();
        let entries = self.families.iter().enumerate();
        entries.flat_map(|(family, (weight, law))| law.named_variants(family, weight / total)).collect()
    }
}
