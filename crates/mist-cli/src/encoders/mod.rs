//! Columns of texts and of images, which a model turns into columns of numbers.
//!
//! A user marks them: `--x text:review`. [`Marks::take`] finds the marks, [`Encoders::expand`] puts the reduced embeddings in
//! their place. Without the feature `embed` the same words are understood, and answered by what to do.

mod marks;
#[cfg(feature = "embed")]
mod with;
#[cfg(not(feature = "embed"))]
mod without;

pub use marks::{Kind, Marks};
#[cfg(feature = "embed")]
pub use with::{Encoders, Source, open, reduction};
#[cfg(not(feature = "embed"))]
pub use without::{Encoders, MISSING};

use mist_tables::Column;
use serde::Serialize;

/// How to encode columns of texts and images.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Texts and images")]
pub struct EncoderArgs {
    /// Folder of the model (config.json, tokenizer.json, model.safetensors) for columns named as `text:COLUMN`, or
    /// `hf:OWNER/NAME[@REVISION]`, a repository of the Hugging Face hub, fetched once.
    #[arg(long, value_name = "DIR")]
    text_model: Option<String>,
    /// Folder of the model (config.json, preprocessor_config.json, model.safetensors) for columns named as `image:COLUMN`,
    /// which hold paths of PNG or JPEG files, relative to the folder of their table.
    #[arg(long, value_name = "DIR")]
    image_model: Option<String>,
    /// How the columns of an embedding become few: `pca:COUNT` (whitened principal components) or `random:COUNT` (a random
    /// subspace). More keep more, at the price of wider intervals: eight want thousands of rows.
    #[arg(long, value_name = "HOW", default_value = "pca:3")]
    reduce: String,
    /// Seed of the random subspace.
    #[arg(long, value_name = "SEED", default_value_t = 0)]
    reduce_seed: u64,
}

/// What became of a column of texts or images, as answers have it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Encoding {
    /// The column.
    pub column: String,
    /// `text` or `image`.
    pub kind: &'static str,
    /// The model, as the user named it.
    pub model: String,
    /// Columns of the embedding.
    pub dim: usize,
    /// How they became few: `pca` or `random`.
    pub reduction: &'static str,
    /// How many are left.
    pub columns: usize,
    /// Share of the variance of the embedding that they keep.
    pub variance_kept: f64,
    /// Rows whose text is longer than what the model reads.
    pub truncated: usize,
}

impl Encoding {
    /// A line for people.
    pub fn line(&self) -> String {
        let Self { column, kind, dim, columns, variance_kept, .. } = self;
        let s = if *columns == 1 { "" } else { "s" };
        format!("{column}: {columns} column{s} keep {:.1} % of the variance of {dim} ({kind})\n", 100.0 * variance_kept)
    }
}

/// Columns with the embeddings in them.
#[derive(Debug, Default)]
pub struct Expanded {
    /// The columns.
    pub columns: Vec<Column>,
    /// What columns are called in words: a marked one once.
    pub labels: Vec<String>,
    /// What became of the marked ones.
    pub encodings: Vec<Encoding>,
    /// What happened on the way.
    pub warnings: Vec<String>,
}

impl Expanded {
    /// Columns as they are.
    fn push(&mut self, column: Column) {
        self.labels.push(mist_tables::shown(column.name.as_bytes()));
        self.columns.push(column);
    }
}
