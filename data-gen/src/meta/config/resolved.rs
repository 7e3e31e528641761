//! The validated configuration.

use super::{
    entry::{FamilyPrior, Variant},
    law::{DimsLaw, IntLaw},
};

/// A validated configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Name of the meta-distribution.
    pub name: String,
    /// Whether columns are put in random order within each side.
    pub permute_columns: bool,
    /// Whether columns get random signs.
    pub flip_signs: bool,
    /// Probability that some columns of a task are made from the others, or are noise, see
    /// [`Derived`](crate::transforms::derived::Derived). Families with dims of their own and those of categories stay as
    /// they are.
    pub derived: f64,
    /// Probability that the first of a task's derived columns is the sum of all others, on each side that has any.
    pub totals: f64,
    /// Upper bound of n (`dim_x` + `dim_y`), held by redrawing n.
    pub max_cells: Option<usize>,
    /// Mixture of laws of (`dim_x`, `dim_y`), with weights.
    pub dims: Vec<(f64, DimsLaw)>,
    /// The distribution of the number of rows n.
    pub n: NLaw,
    /// The families, with weights, in the order of the file.
    pub families: Vec<(f64, FamilyPrior)>,
}

/// The distribution of the number of rows.
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

    /// The same with the bare names of files in place of their paths: as it stands in the folder of those files.
    #[must_use]
    pub fn beside_its_files(&self) -> Self {
        let mut config = self.clone();
        for (_, family) in &mut config.families {
            family.flows = family.flows.as_ref().map(super::flows::Flows::beside);
        }
        config
    }

    /// All variants, in the order of the file.
    #[must_use]
    pub fn variants(&self) -> Vec<Variant> {
        let total: f64 = self.families.iter().map(|(weight, _)| weight).sum();
        let entries = self.families.iter().enumerate();
        entries.flat_map(|(family, (weight, law))| law.named_variants(family, weight / total)).collect()
    }
}
