//! The errors of this crate: one enum for parameters, one for configurations, one for files.

use std::path::PathBuf;

use crate::config::keys::line_of;

/// A parameter of a distribution that lies outside its domain.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("parameter `{name}`: expected {expected}, got `{got}`")]
pub struct ParameterError {
    /// Name of the parameter, as in the documentation of the distribution.
    pub name: &'static str,
    /// The domain, in words.
    pub expected: &'static str,
    /// The value that was refused.
    pub got: String,
}

impl ParameterError {
    pub(crate) fn new(name: &'static str, expected: &'static str, got: impl ToString) -> Self {
        Self { name, expected, got: got.to_string() }
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
        /// What should stand there.
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
    /// One of the above, with its place.
    #[error("line {line}: {error}")]
    AtLine {
        /// The line of the key, or of the table that lacks it, from 1.
        line: usize,
        /// What is wrong there.
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

impl ConfigError {
    /// The same with the line of the key in the text of the configuration, where there is one.
    #[must_use]
    pub(crate) fn at_line_of(self, text: &str) -> Self {
        let key = match &self {
            Self::Value { key, .. } | Self::Missing { key, .. } | Self::NotApplicable { key, .. } => key,
            Self::Syntax(_) | Self::UnknownName { .. } | Self::AtLine { .. } => return self,
        };
        match line_of(text, key) {
            Some(line) => Self::AtLine { line, error: Box::new(self) },
            None => self,
        }
    }
}

/// Why a data set could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum DatasetError {
    /// The operating system refused an operation on a file.
    #[error("cannot {action} `{path}`: {source}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The reason given.
        source: std::io::Error,
    },
    /// The folder holds a data set made from something else.
    #[error(
        "`{path}` holds another data set: `{field}` is `{got}` there, expected `{expected}`\n\
         hint: write to another folder, or remove this one"
    )]
    Mismatch {
        /// The manifest found.
        path: PathBuf,
        /// The first field that differs.
        field: &'static str,
        /// The value asked for.
        expected: String,
        /// The value in the manifest.
        got: String,
    },
    /// The manifest is not what this version writes.
    #[error("manifest `{path}` is not valid: {reason}")]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Not every shard has been written yet.
    #[error(
        "data set `{path}` is incomplete: {written} of {expected} shards are written\n\
         hint: run the same `generate` again, it resumes"
    )]
    Incomplete {
        /// The manifest.
        path: PathBuf,
        /// Shards that are there.
        written: usize,
        /// Shards that belong there.
        expected: usize,
    },
    /// The bytes of a shard are not those that were written.
    #[error("shard `{path}` is corrupt: expected SHA-256 `{expected}`, got `{got}`")]
    Checksum {
        /// The shard.
        path: PathBuf,
        /// The checksum in the manifest.
        expected: String,
        /// The checksum of the file.
        got: String,
    },
    /// The checksum holds but the content is not a shard of this format.
    #[error("shard `{path}` is not valid: {reason}")]
    Shard {
        /// The shard.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The storage cannot hold a draw.
    #[error("shard `{path}` cannot be written: {reason}")]
    Unstorable {
        /// The shard.
        path: PathBuf,
        /// Which draw, and why.
        reason: String,
    },
    /// More parts were asked for than there are shards.
    #[error(
        "`{parts}` parts are more than the `{shards}` shards there are\n\
         hint: fewer parts, or a smaller shard size"
    )]
    Parts {
        /// The parts asked for.
        parts: usize,
        /// The shards there are.
        shards: usize,
    },
    /// An argument of [`crate::dataset::write`] is outside its domain.
    #[error(transparent)]
    Parameter(#[from] ParameterError),
    /// The configuration stored in the manifest is refused.
    #[error("the manifest's configuration is refused: {0}")]
    Config(#[from] ConfigError),
    /// The pool of threads could not be made.
    #[error("cannot start worker threads: {0}")]
    Threads(#[from] rayon::ThreadPoolBuildError),
}

impl DatasetError {
    pub(crate) fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { action, path, source }
    }
}
