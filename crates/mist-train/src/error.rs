//! Everything that can go wrong in training.

use std::path::PathBuf;

/// Why training cannot start or go on.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// A training configuration that cannot be used.
    #[error("training configuration: {0}")]
    Config(String),
    /// A meta-distribution that cannot be used.
    #[error(transparent)]
    Meta(#[from] mist_data_gen::ConfigError),
    /// A file that cannot be read or written.
    #[error("{action} `{path}`: {source}")]
    Io {
        /// `cannot read` or `cannot write`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A checkpoint that cannot be written.
    #[error(transparent)]
    Checkpoint(#[from] mist_model::CheckpointError),
    /// A saved state that does not fit.
    #[error("cannot resume from `{path}`: {what}")]
    State {
        /// The state file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// The loss or its gradient is no longer a number.
    #[error(
        "the loss or its gradient is no finite number between steps {from} and {to}; the last saved state is intact"
    )]
    Diverged {
        /// The last step that was known to be sound.
        from: u64,
        /// The step at which it was seen.
        to: u64,
    },
    /// A task that the network does not take.
    #[error(transparent)]
    Scores(#[from] mist_model::ScoreError),
    /// Rows that no flow can be fitted to.
    #[error("no flow can be fitted: {0}")]
    Flow(String),
    /// A tensor operation failed.
    #[error(transparent)]
    Tensor(#[from] candle_core::Error),
}
