//! From the configuration as it stands in the file to the validated one.

use std::path::Path;

use super::{
    entry::FamilyPrior,
    law::{DimsLaw, IntLaw, IntLawKind},
    raw::{RawConfig, RawSuite},
    resolved::{Config, NLaw, Suite},
};
use crate::ground::error::ConfigError;

impl RawConfig {
    /// Checks every value and fills in the defaults; files are named by paths from `folder`.
    ///
    /// # Errors
    /// The first key whose value is outside its domain, missing, or without meaning.
    pub fn validate(self, folder: &Path) -> Result<Config, ConfigError> {
        if self.name.is_empty() {
            return Err(value("name", "a name", "an empty string"));
        }
        for (key, probability) in [("derived", self.derived), ("totals", self.totals)] {
            if !(0.0..=1.0).contains(&probability) {
                return Err(value(key, "a probability in [0, 1]", probability));
            }
        }
        if self.family.is_empty() {
            return Err(missing("family", "at least one [[family]]"));
        }
        let families = self
            .family
            .into_iter()
            .enumerate()
            .map(|(i, table)| FamilyPrior::read(format!("family[{i}]"), table, folder))
            .collect::<Result<Vec<_>, ConfigError>>()?;

        if self.dims.is_empty() && families.iter().any(|(_, f)| f.fixed_dims().is_none()) {
            return Err(missing("dims", "at least one [[dims]]"));
        }
        let dims = self
            .dims
            .iter()
            .enumerate()
            .map(|(i, dims)| {
                let key = format!("dims[{i}]");
                let law = int_law(&key, dims.law, dims.min, dims.max, 512)?;
                let equal = dims.equal;
                Ok((weight(&key, dims.weight)?, DimsLaw { law, equal }))
            })
            .collect::<Result<Vec<_>, ConfigError>>()?;

        let n = match (self.suite, self.n.is_empty()) {
            (None, true) => return Err(missing("n", "at least one [[n]], or a [suite]")),
            (Some(_), false) => {
                return Err(ConfigError::NotApplicable {
                    key: "n".to_owned(),
                    context: "a configuration with a [suite]".to_owned(),
                });
            }
            (Some(suite), true) => NLaw::Suite(suite.validate()?),
            (None, false) => NLaw::Mixture(
                self.n
                    .iter()
                    .enumerate()
                    .map(|(i, n)| {
                        let key = format!("n[{i}]");
                        let law = int_law(&key, n.law, n.min, n.max, 10_000_000)?;
                        Ok((weight(&key, n.weight)?, law))
                    })
                    .collect::<Result<Vec<_>, ConfigError>>()?,
            ),
        };
        if let Some(cells) = self.max_cells {
            let NLaw::Mixture(laws) = &n else {
                return Err(ConfigError::NotApplicable {
                    key: "max_cells".to_owned(),
                    context: "a configuration with a [suite]".to_owned(),
                });
            };
            // Redrawing n ends only if some n is small enough for the largest dims.
            let smallest = laws.iter().map(|(_, law)| law.min).min().unwrap_or(1);
            let widest = dims.iter().map(|(_, d)| 2 * d.law.max).max().unwrap_or(2);
            if smallest * widest > cells {
                let expected =
                    format!("at least {} (the smallest n times the largest dim_x + dim_y)", smallest * widest);
                return Err(value("max_cells", &expected, cells));
            }
        }
        let config = Config {
            name: self.name,
            permute_columns: self.permute_columns,
            flip_signs: self.flip_signs,
            derived: self.derived,
            totals: self.totals,
            max_cells: self.max_cells,
            dims,
            n,
            families,
        };
        let mut names: Vec<String> = config.variants().into_iter().map(|v| v.name).collect();
        names.sort_unstable();
        if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(value("family", "every family listed once", &twice[0]));
        }
        Ok(config)
    }
}

impl RawSuite {
    fn validate(self) -> Result<Suite, ConfigError> {
        if self.repeats == 0 {
            return Err(value("suite.repeats", "at least 1", self.repeats));
        }
        let spaced = [("n_min", self.n_min), ("n_max", self.n_max), ("n_points", self.n_points)];
        let values = if let Some(values) = self.values {
            if let Some((name, _)) = spaced.iter().find(|(_, given)| given.is_some()) {
                return Err(ConfigError::NotApplicable {
                    key: format!("suite.{name}"),
                    context: "a suite with `values`".to_owned(),
                });
            }
            values
        } else {
            let given = |i: usize| {
                let (name, given) = spaced[i];
                given.ok_or_else(|| missing(&format!("suite.{name}"), "a whole number, or `values` in its place"))
            };
            let (min, max, points) = (given(0)?, given(1)?, given(2)?);
            if min > max {
                return Err(value("suite.n_min", &format!("a whole number in [1, n_max = {max}]"), min));
            }
            (0..points).map(|point| min + (max - min) * point / (points - 1).max(1)).collect()
        };
        if values.is_empty() || values.iter().any(|n| !(1..=10_000_000).contains(n)) {
            return Err(value("suite", "at least one n, each in [1, 10000000]", format!("{values:?}")));
        }
        Ok(Suite { values, repeats: self.repeats })
    }
}

fn weight(key: &str, weight: f64) -> Result<f64, ConfigError> {
    if weight.is_finite() && weight > 0.0 {
        return Ok(weight);
    }
    Err(value(&format!("{key}.weight"), "a finite number > 0", weight))
}

fn int_law(key: &str, kind: IntLawKind, min: usize, max: usize, most: usize) -> Result<IntLaw, ConfigError> {
    if min == 0 || min > max {
        let expected = format!("a whole number in [1, max = {max}]");
        return Err(value(&format!("{key}.min"), &expected, min));
    }
    if max > most {
        return Err(value(&format!("{key}.max"), &format!("at most {most}"), max));
    }
    Ok(IntLaw { kind, min, max })
}

fn value(key: &str, expected: &str, got: impl ToString) -> ConfigError {
    ConfigError::Value { key: key.to_owned(), expected: expected.to_owned(), got: got.to_string() }
}

fn missing(key: &str, expected: &str) -> ConfigError {
    ConfigError::Missing { key: key.to_owned(), expected: expected.to_owned() }
}
