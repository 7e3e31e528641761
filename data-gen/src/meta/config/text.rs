//! From the text of a configuration to the validated one, and back.

use std::path::Path;

use super::{
    law::{DimsLaw, IntLaw},
    raw::{RawConfig, RawDims, RawN, RawSuite},
    resolved::{Config, NLaw},
};
use crate::ground::error::ConfigError;

impl Config {
    /// Parses and validates; files that it names are looked for from the current folder.
    ///
    /// # Errors
    /// The text is not TOML, has unknown keys, or a value is outside its domain.
    pub fn from_toml(text: &str) -> Result<Self, ConfigError> {
        Self::from_toml_in(text, Path::new(""))
    }

    /// Parses and validates the text of a file of `folder`, from where files that it names are looked for.
    ///
    /// # Errors
    /// As [`Config::from_toml`]; a file that cannot be used.
    pub fn from_toml_in(text: &str, folder: &Path) -> Result<Self, ConfigError> {
        let raw: RawConfig = toml::from_str(text)?;
        raw.validate(folder).map_err(|error| error.at_line_of(text))
    }

    /// The resolved configuration: every default written out. Parsing it gives the same configuration.
    #[must_use]
    pub fn to_toml(&self) -> String {
        toml::to_string(&RawConfig::from(self)).expect("a validated configuration has a TOML form")
    }
}

impl From<&Config> for RawConfig {
    fn from(config: &Config) -> Self {
        let (suite, n) = match &config.n {
            NLaw::Suite(suite) => {
                let raw = RawSuite {
                    values: Some(suite.values.clone()),
                    n_min: None,
                    n_max: None,
                    n_points: None,
                    repeats: suite.repeats,
                };
                (Some(raw), Vec::new())
            }
            NLaw::Mixture(laws) => {
                let raw = |&(weight, IntLaw { kind: law, min, max }): &(f64, IntLaw)| RawN { weight, law, min, max };
                (None, laws.iter().map(raw).collect())
            }
        };
        Self {
            name: config.name.clone(),
            permute_columns: config.permute_columns,
            flip_signs: config.flip_signs,
            derived: config.derived,
            totals: config.totals,
            max_cells: config.max_cells,
            suite,
            dims: config
                .dims
                .iter()
                .map(|&(weight, DimsLaw { law: IntLaw { kind: law, min, max }, equal })| RawDims {
                    weight,
                    law,
                    min,
                    max,
                    equal,
                })
                .collect(),
            n,
            family: config.families.iter().map(|(weight, family)| family.write(*weight)).collect(),
        }
    }
}
