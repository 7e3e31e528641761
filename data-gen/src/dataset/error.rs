//! Why a data set could not be written or read.

use std::path::PathBuf;

use crate::ground::error::{ConfigError, ParameterError};

/// Why a data set could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum DatasetError {
    /// The operating system refused an operation on a file.
    #[error("cannot {action} `{path}`: {source}")]
    Io {
        /// The operation that failed.
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
        /// The reason, in words.
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
        /// The reason, in words.
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
