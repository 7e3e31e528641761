//! From the configuration as it stands in the file to the validated one.

use super::{
    Config, DimsLaw, DispersionKind, FamilyKind, FamilyLaw, IntLaw, IntLawKind, NLaw, Suite,
    families::{DispersionLaw, Range},
    raw::{RawConfig, RawFamily, RawKind, RawSuite},
};
use crate::{
    ConfigError,
    families::{independent::IndependentLaw, link::CurveKind},
    maps::Map,
};

impl RawConfig {
    /// Checks every value and fills in the defaults.
    ///
    /// # Errors
    /// The first key whose value is outside its domain, missing, or without meaning.
    pub fn validate(self) -> Result<Config, ConfigError> {
        if self.name.is_empty() {
            return Err(value("name", "a name", "an empty string"));
        }
        if self.family.is_empty() {
            return Err(missing("family", "at least one [[family]]"));
        }
        let families = self
            .family
            .into_iter()
            .enumerate()
            .map(|(i, family)| {
                let key = format!("family[{i}]");
                Ok((weight(&key, family.weight)?, family.validate(&key)?))
            })
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
        if self.n_min == 0 || self.n_min > self.n_max {
            let expected = format!("a whole number in [1, n_max = {}]", self.n_max);
            return Err(value("suite.n_min", &expected, self.n_min));
        }
        if self.n_points == 0 {
            return Err(value("suite.n_points", "at least 1", self.n_points));
        }
        if self.repeats == 0 {
            return Err(value("suite.repeats", "at least 1", self.repeats));
        }
        Ok(Suite { n_min: self.n_min, n_max: self.n_max, n_points: self.n_points, repeats: self.repeats })
    }
}

impl RawFamily {
    fn validate(self, key: &str) -> Result<FamilyLaw, ConfigError> {
        let Self {
            weight: _,
            kind,
            dispersion,
            maps,
            rotate,
            rho,
            alpha,
            beta,
            lambda,
            eta,
            nu,
            epsilon,
            factor,
            shared_scale,
            curves,
            noise,
            swap,
            generator,
            tau,
        } = self;
        let mut keys = Keys {
            prefix: key,
            given: vec![
                ("dispersion", dispersion.is_some()),
                ("maps", maps.is_some()),
                ("rotate", rotate.is_some()),
                ("rho", rho.is_some()),
                ("alpha", alpha.is_some()),
                ("beta", beta.is_some()),
                ("lambda", lambda.is_some()),
                ("eta", eta.is_some()),
                ("nu", nu.is_some()),
                ("epsilon", epsilon.is_some()),
                ("factor", factor.is_some()),
                ("shared_scale", shared_scale.is_some()),
                ("curves", curves.is_some()),
                ("noise", noise.is_some()),
                ("swap", swap.is_some()),
                ("generator", generator.is_some()),
                ("tau", tau.is_some()),
            ],
        };
        let domain_nu = (1e-2, 1e6);
        let positive = (1e-6, 1e6);
        let mut context = format!("kind `{}`", kind.as_str());

        let family = match kind {
            RawKind::Normal | RawKind::Student => {
                keys.used("dispersion");
                let structure = dispersion
                    .ok_or_else(|| missing(&format!("{key}.dispersion"), "one of dense, sparse, lvm, 2pair"))?;
                context = format!("{context} with dispersion `{}`", structure.as_str());
                let law = match structure {
                    DispersionKind::Dense => {
                        DispersionLaw::Dense { rho: keys.range("rho", rho, [0.0, 0.5], (0.0, 0.9999))? }
                    }
                    DispersionKind::Sparse => {
                        DispersionLaw::Sparse { lambda: keys.range("lambda", lambda, [0.1, 5.0], (0.0, 1e3))? }
                    }
                    DispersionKind::TwoPair => {
                        DispersionLaw::TwoPair { lambda: keys.range("lambda", lambda, [0.1, 5.0], (0.0, 1e3))? }
                    }
                    DispersionKind::Lvm => DispersionLaw::Lvm {
                        alpha: keys.range("alpha", alpha, [0.0, 1.0], (0.0, 1e3))?,
                        beta: keys.range("beta", beta, [0.0, 1.5], (0.0, 1e3))?,
                        lambda: keys.range("lambda", lambda, [0.1, 3.0], (0.0, 1e3))?,
                        eta: keys.range("eta", eta, [0.1, 5.0], (0.0, 1e3))?,
                    },
                };
                if kind == RawKind::Normal {
                    FamilyKind::Normal { dispersion: law }
                } else {
                    FamilyKind::Student { dispersion: law, nu: keys.range("nu", nu, [1.0, 10.0], domain_nu)? }
                }
            }
            RawKind::Additive => {
                FamilyKind::Additive { epsilon: keys.range("epsilon", epsilon, [0.1, 2.0], positive)? }
            }
            RawKind::Independent => FamilyKind::Independent(IndependentLaw {
                factor: keys.probability("factor", factor, 0.5)?,
                shared_scale: keys.probability("shared_scale", shared_scale, 0.25)?,
                nu: keys.range("nu", nu, [1.0, 10.0], domain_nu)?,
            }),
            RawKind::Copula => {
                keys.used("generator");
                FamilyKind::Copula {
                    generator: generator
                        .ok_or_else(|| missing(&format!("{key}.generator"), "one of clayton, gumbel, frank, joe"))?,
                    tau: keys.range("tau", tau, [0.02, 0.9], (0.001, 0.95))?,
                }
            }
            RawKind::Link => {
                keys.used("curves");
                let curves = curves.unwrap_or_else(|| CurveKind::ALL.to_vec());
                if curves.is_empty() {
                    let key = format!("{key}.curves");
                    return Err(value(&key, "at least one function", "[]"));
                }
                FamilyKind::Link {
                    curves,
                    noise: keys.range("noise", noise, [0.02, 3.0], (0.005, 100.0))?,
                    swap: keys.probability("swap", swap, 0.5)?,
                }
            }
        };

        let (maps, rotate) = match kind {
            RawKind::Independent | RawKind::Link => (vec![Map::Base], 0.0),
            RawKind::Normal | RawKind::Student | RawKind::Additive | RawKind::Copula => {
                keys.used("maps");
                let maps = maps.unwrap_or_else(|| vec![Map::Base]);
                if maps.is_empty() {
                    let key = format!("{key}.maps");
                    return Err(value(&key, "at least one map", "[]"));
                }
                if kind == RawKind::Student && maps.contains(&Map::NormalCdf) {
                    let key = format!("{key}.maps");
                    let expected = "no `normal_cdf`: it rounds a Student's tails to ties, \
                                    which would make the stated MI wrong";
                    return Err(value(&key, expected, "normal_cdf"));
                }
                (maps, keys.probability("rotate", rotate, 0.0)?)
            }
        };
        keys.none_left(&context)?;
        Ok(FamilyLaw { kind: family, maps, rotate })
    }
}

impl RawKind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Student => "student",
            Self::Additive => "additive",
            Self::Independent => "independent",
            Self::Link => "link",
            Self::Copula => "copula",
        }
    }
}

/// Takes optional keys one by one; those that nobody took do not apply.
struct Keys<'a> {
    prefix: &'a str,
    given: Vec<(&'static str, bool)>,
}

impl Keys<'_> {
    fn used(&mut self, name: &'static str) {
        self.given.retain(|(given, _)| *given != name);
    }

    fn range(
        &mut self,
        name: &'static str,
        given: Option<Range>,
        default: Range,
        (least, most): (f64, f64),
    ) -> Result<Range, ConfigError> {
        self.used(name);
        let [low, high] = given.unwrap_or(default);
        if least <= low && low <= high && high <= most {
            return Ok([low, high]);
        }
        let expected = format!("[low, high] with {least} ≤ low ≤ high ≤ {most}");
        let key = format!("{}.{name}", self.prefix);
        Err(value(&key, &expected, format!("[{low}, {high}]")))
    }

    fn probability(&mut self, name: &'static str, given: Option<f64>, default: f64) -> Result<f64, ConfigError> {
        self.used(name);
        let p = given.unwrap_or(default);
        if (0.0..=1.0).contains(&p) {
            return Ok(p);
        }
        let key = format!("{}.{name}", self.prefix);
        Err(value(&key, "a probability in [0, 1]", p))
    }

    fn none_left(&self, context: &str) -> Result<(), ConfigError> {
        match self.given.iter().find(|(_, given)| *given) {
            None => Ok(()),
            Some((name, _)) => {
                Err(ConfigError::NotApplicable { key: format!("{}.{name}", self.prefix), context: context.to_owned() })
            }
        }
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
