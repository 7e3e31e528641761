//! The errors of parameters and of configurations.

/// A parameter of a distribution that lies outside its domain.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("parameter `{name}`: expected {expected}, got `{got}`")]
pub struct ParameterError {
    /// Name of the parameter, as in the documentation of the distribution.
    pub name: &'static str,
    /// The domain, in words.
    pub expected: String,
    /// The value that was refused.
    pub got: String,
}

impl ParameterError {
    pub(crate) fn new(name: &'static str, expected: impl ToString, got: impl ToString) -> Self {
        Self { name, expected: expected.to_string(), got: got.to_string() }
    }
}

/// Why the configuration of a meta-distribution was refused.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The text is not TOML, or holds an unknown key or a value of the wrong type.
    #[error("configuration is not valid TOML: {0}")]
    Syntax(#[from] toml::de::Error),
    /// A value is of the right type but outside its domain.
    #[error("key `{key}`: expected {expected}, got `{got}`")]
    Value {
        /// Dotted path of the key, with indices for arrays of tables (`family[2].nu`).
        key: String,
        /// The domain, in words.
        expected: String,
        /// The value that was refused.
        got: String,
    },
    /// A key that the rest of the configuration makes necessary is absent.
    #[error("key `{key}` is missing: expected {expected}")]
    Missing {
        /// Dotted path of the key.
        key: String,
        /// The domain, in words.
        expected: String,
    },
    /// A key that has no meaning here.
    #[error("key `{key}` does not apply to {context}")]
    NotApplicable {
        /// Dotted path of the key.
        key: String,
        /// To what it does not apply.
        context: String,
    },
    /// A file that a key names cannot be used.
    #[error("key `{key}`: {what}")]
    File {
        /// Dotted path of the key.
        key: String,
        /// Which file, and what is wrong with it.
        what: String,
    },
    /// One of the above, with its place.
    #[error("line {line}: {error}")]
    AtLine {
        /// The line of the key, or of the table that lacks it, from 1.
        line: usize,
        /// The error itself.
        error: Box<ConfigError>,
    },
    /// No configuration of this name is embedded.
    #[error("no configuration is named `{name}`: expected one of {known}")]
    UnknownName {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: String,
    },
}
