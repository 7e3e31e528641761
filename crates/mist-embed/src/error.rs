//! Why there is no embedding.

use std::path::PathBuf;

/// Why texts or images cannot be embedded; with a line `hint: …` where there is advice.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EmbedError {
    /// A model of the hub, which this build does not download.
    #[error(
        "model `{name}` is on the hub, and this build downloads no models\n\
         hint: download its folder, and give the path of that folder"
    )]
    Hub {
        /// What was asked for.
        name: String,
    },
    /// A file that is not there, or cannot be read.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A file or a folder that is not what it should be.
    #[error("`{}` {what}", path.display())]
    File {
        /// The file or the folder.
        path: PathBuf,
        /// What is wrong with it, to be read after its name.
        what: String,
    },
    /// A text or an image that cannot be encoded.
    #[error("item {index} (from 0): {what}")]
    Item {
        /// Its index among those that were to be encoded, from 0.
        index: usize,
        /// What is wrong with it.
        what: String,
    },
    /// A reduction that makes no sense.
    #[error("{what}")]
    Reduction {
        /// What is wrong with it.
        what: String,
    },
    /// The model failed: out of memory, or a device that failed.
    #[error("the model failed: {0}")]
    Model(#[from] candle_core::Error),
}

/// The first line of what candle says: it may append a backtrace.
pub(crate) fn first_line(error: &candle_core::Error) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}
