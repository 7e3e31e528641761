//! The keys of one `[[family]]`: read one by one with their domains, so that a refusal names the key, and what nobody
//! reads is known not to apply.

use serde::{Serialize, de::DeserializeOwned};
use toml::{Table, Value};

use super::{domain::Domain, error::ConfigError};

/// Closed interval of reals.
pub type Range = [f64; 2];

/// Keys that are still unread.
#[derive(Debug)]
pub struct Keys {
    prefix: String,
    left: Table,
}

impl Keys {
    /// Of the table at `prefix`, for example `family[2]`.
    #[must_use]
    pub fn new(prefix: String, left: Table) -> Self {
        Self { prefix, left }
    }

    /// The value of a key, if it is there.
    ///
    /// # Errors
    /// It is of another type.
    pub fn optional<T: DeserializeOwned>(&mut self, name: &str, expected: &str) -> Result<Option<T>, ConfigError> {
        let Some(found) = self.left.remove(name) else {
            return Ok(None);
        };
        match found.clone().try_into() {
            Ok(read) => Ok(Some(read)),
            Err(_) => Err(self.refused(name, expected, shown(&found))),
        }
    }

    /// The value of a key that must be there.
    ///
    /// # Errors
    /// It is missing or of another type.
    pub fn required<T: DeserializeOwned>(&mut self, name: &str, expected: &str) -> Result<T, ConfigError> {
        self.optional(name, expected)?
            .ok_or_else(|| ConfigError::Missing { key: self.path(name), expected: expected.to_owned() })
    }

    /// An interval of reals within a domain that is an interval with both its ends.
    ///
    /// # Errors
    /// It is something else.
    pub fn range(
        &mut self,
        name: &str,
        default: impl Into<Option<Range>>,
        domain: Domain,
    ) -> Result<Range, ConfigError> {
        let (least, most) = domain.ends();
        let expected = format!("[low, high] with {least} ≤ low ≤ high ≤ {most}");
        let [low, high] = match (self.optional::<Range>(name, &expected)?, default.into()) {
            (Some(given), _) => given,
            (None, Some(default)) => default,
            (None, None) => return Err(ConfigError::Missing { key: self.path(name), expected }),
        };
        if low <= high && domain.contains(low) && domain.contains(high) {
            return Ok([low, high]);
        }
        Err(self.refused(name, &expected, format!("[{low}, {high}]")))
    }

    /// An interval of whole numbers within a domain, likewise.
    ///
    /// # Errors
    /// It is something else.
    pub fn whole_range(&mut self, name: &str, default: [usize; 2], domain: Domain) -> Result<[usize; 2], ConfigError> {
        let (least, most) = domain.ends();
        let expected = format!("[low, high], whole numbers with {least} ≤ low ≤ high ≤ {most}");
        let [low, high] = self.optional::<[usize; 2]>(name, &expected)?.unwrap_or(default);
        if low <= high && [low, high].into_iter().all(|end| domain.contains(end as f64)) {
            return Ok([low, high]);
        }
        Err(self.refused(name, &expected, format!("[{low}, {high}]")))
    }

    /// A number of a domain.
    ///
    /// # Errors
    /// It is something else.
    pub fn number(&mut self, name: &str, default: f64, domain: Domain) -> Result<f64, ConfigError> {
        let expected = domain.to_string();
        let number = self.optional(name, &expected)?.unwrap_or(default);
        if domain.contains(number) { Ok(number) } else { Err(self.refused(name, &expected, number)) }
    }

    /// A whole number of a domain.
    ///
    /// # Errors
    /// It is something else.
    pub fn whole(&mut self, name: &str, default: usize, domain: Domain) -> Result<usize, ConfigError> {
        let expected = domain.to_string();
        let number = self.optional(name, &expected)?.unwrap_or(default);
        if domain.contains(number as f64) { Ok(number) } else { Err(self.refused(name, &expected, number)) }
    }

    /// A number in [0, 1].
    ///
    /// # Errors
    /// It is something else.
    pub fn probability(&mut self, name: &str, default: f64) -> Result<f64, ConfigError> {
        let expected = "a probability in [0, 1]";
        let p = self.optional(name, expected)?.unwrap_or(default);
        if Domain::PROBABILITY.contains(p) {
            return Ok(p);
        }
        Err(self.refused(name, expected, p))
    }

    /// A non-empty list of names; `what` they are, for the message.
    ///
    /// # Errors
    /// It is empty, or holds something else.
    pub fn some_of<T: DeserializeOwned + Serialize + Clone>(
        &mut self,
        name: &str,
        what: &str,
        all: &[T],
        default: Vec<T>,
    ) -> Result<Vec<T>, ConfigError> {
        let names = all.iter().map(|one| shown(&Value::try_from(one).expect("names are strings"))).collect::<Vec<_>>();
        let list: Vec<T> = self.optional(name, &format!("a list of some of {}", names.join(", ")))?.unwrap_or(default);
        if list.is_empty() {
            return Err(self.refused(name, &format!("at least one {what}"), "[]"));
        }
        Ok(list)
    }

    /// Refuses the value of a key.
    pub fn refused(&self, name: &str, expected: &str, got: impl ToString) -> ConfigError {
        ConfigError::Value { key: self.path(name), expected: expected.to_owned(), got: got.to_string() }
    }

    /// The dotted path of a key.
    #[must_use]
    pub fn path(&self, name: &str) -> String {
        format!("{}.{name}", self.prefix)
    }

    /// That every key has been read; `context` says to what the others do not apply.
    ///
    /// # Errors
    /// One has not.
    pub fn finish(&self, context: &str) -> Result<(), ConfigError> {
        match self.left.keys().next() {
            None => Ok(()),
            Some(name) => Err(ConfigError::NotApplicable { key: self.path(name), context: context.to_owned() }),
        }
    }
}

/// A value as it stands in a message.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A table being written, in the order of the calls.
#[derive(Debug, Default)]
pub struct Written(pub Table);

impl Written {
    /// Adds a key.
    ///
    /// # Panics
    /// If the value has no TOML form: those of priors have.
    pub fn set(&mut self, name: &str, value: impl Serialize) -> &mut Self {
        self.0.insert(name.to_owned(), Value::try_from(value).expect("the values of priors have a TOML form"));
        self
    }
}
