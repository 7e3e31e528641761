//! `mist embed`: a column of texts or images in, columns of numbers out.

use super::options::Threads;
use crate::input::TableArgs;
use anyhow::Result;
use mist_infer::DeviceKind;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  mist embed reviews.csv --column review --model all-MiniLM-L6-v2 --out reviews.npy
  mist embed photos.csv --column path --model clip-vit-base-patch32 --reduce pca:8 > photos.csv

Rows come out in the order of the table. A model is a folder as the hub has it: config.json, model.safetensors, and
tokenizer.json (BERT, DistilBERT, RoBERTa) or preprocessor_config.json (CLIP, ViT, DINOv2). What such columns say about
others is a lower bound for what the texts or images themselves say; `mist estimate --x text:COLUMN` does both at once.";

/// Arguments of `mist embed`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
#[cfg_attr(not(feature = "embed"), allow(dead_code))]
pub struct Args {
    /// Table: CSV, TSV (also packed by gzip or zstd), Parquet or Arrow; `-` for standard input.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Column of texts, or of paths of PNG or JPEG files relative to the folder of the table.
    #[arg(long, value_name = "COLUMN")]
    column: String,
    /// Folder of the model, which says by itself whether it takes texts or images.
    #[arg(long, value_name = "DIR")]
    model: String,
    /// Make few columns of the embedding: `pca:COUNT` (whitened principal components) or `random:COUNT` (a random subspace)
    /// [default: all columns].
    #[arg(long, value_name = "HOW")]
    reduce: Option<String>,
    /// Seed of the random subspace.
    #[arg(long, value_name = "SEED", default_value_t = 0)]
    reduce_seed: u64,
    /// File to write, .csv or .npy [default: CSV to standard output].
    #[arg(long, value_name = "PATH")]
    out: Option<PathBuf>,
    /// Texts or images that go through the model together.
    #[arg(long, value_name = "COUNT", default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..=65_536))]
    batch: u32,
    #[command(flatten)]
    threads: Threads,
    /// Where to compute.
    #[arg(long, value_parser = super::device(), default_value = "auto")]
    device: DeviceKind,
    #[command(flatten)]
    table: TableArgs,
}

/// Says that this build cannot do it.
#[cfg(not(feature = "embed"))]
pub fn run(_: &Args) -> Result<()> {
    anyhow::bail!(crate::encoders::MISSING)
}

#[cfg(feature = "embed")]
pub use with::run;

#[cfg(feature = "embed")]
mod with {
    use super::{Args, Result};
    use crate::console::{done, out, warning};
    use crate::encoders::{Kind, Source, open, reduction};
    use anyhow::{Context, bail};
    use mist_infer::DeviceKind;
    use ndarray::Array2;
    use ndarray_npy::WriteNpyExt;
    use std::io::Write;
    use std::path::Path;

    /// Runs the command.
    pub fn run(args: &Args) -> Result<()> {
        let npy = is_npy(args.out.as_deref())?;
        let reduction = args.reduce.as_deref().map(|text| reduction(text, args.reduce_seed)).transpose()?;
        let mut table = args.table.open(&args.file)?;
        let place = table.place().to_owned();
        let chosen = table.choose(&[("--column", std::slice::from_ref(&args.column))])?.concat();
        let [column] = chosen[..] else {
            bail!("`--column` names {} columns of {place}, expected one", chosen.len());
        };
        if args.device == DeviceKind::Auto {
            // Says so where an accelerator was built in and cannot be used.
            crate::commands::open(args.device)?;
        }
        let encoder = open(&args.model, args.device)?;
        let mut data = args.table.read_as_categories(table, &[column])?;
        let left_out = data.keep_complete();
        data.notices.iter().for_each(|notice| warning(&notice.to_string()));
        if data.rows() == 0 {
            bail!("{place} has no rows with a value in column `{}`", args.column);
        }
        let kind = match encoder.kind() {
            mist_embed::Kind::Text => Kind::Text,
            mist_embed::Kind::Image => Kind::Image,
        };
        let base = crate::input::base(&args.file);
        let source = Source { column: &data.columns[0], left_out: &left_out, base, place: &place };
        let embedded = source.encode(kind, &encoder, args.batch as usize, args.threads)?;
        embedded.warnings.iter().for_each(|text| warning(text));

        let (rows, dim) = (embedded.embeddings.rows(), embedded.embeddings.columns());
        let (columns, kept) = match reduction {
            None => (embedded.embeddings.by_column(), String::new()),
            Some(reduction) => {
                let reduced = reduction.reduce(&embedded.embeddings)?;
                let kept = format!(", which keep {:.1} % of the variance of {dim}", 100.0 * reduced.variance_kept);
                (reduced.columns, kept)
            }
        };
        let name = &data.columns[0].name;
        match (&args.out, npy) {
            (Some(path), true) => {
                let array = Array2::from_shape_fn((rows, columns.len()), |(row, column)| columns[column][row]);
                let mut bytes = Vec::new();
                array.write_npy(&mut bytes)?;
                mist_files::replace(path, &bytes).with_context(|| format!("cannot write `{}`", path.display()))?;
            }
            (Some(path), false) => mist_files::replace_with(path, |file| csv(file, name, &columns, rows))
                .with_context(|| format!("cannot write `{}`", path.display()))?,
            (None, _) => {
                // In few pieces: standard output is flushed at each end of a line otherwise.
                let mut text = Vec::new();
                csv(&mut text, name, &columns, rows)?;
                out().write_all(&text)?;
            }
        }
        let different = match embedded.different {
            count if count < rows => format!(" ({count} different)"),
            _ => String::new(),
        };
        let s = if columns.len() == 1 { "" } else { "s" };
        done(&format!("{rows} {}s{different} as {} column{s}{kept}", kind.as_str(), columns.len()));
        Ok(())
    }

    /// Whether the file that is asked for is one of NumPy.
    fn is_npy(path: Option<&Path>) -> Result<bool> {
        let Some(path) = path else { return Ok(false) };
        match path.extension().and_then(|end| end.to_str()) {
            Some("npy") => Ok(true),
            Some("csv") => Ok(false),
            _ => bail!("`--out {}` is of no known format, expected a name that ends in .csv or .npy", path.display()),
        }
    }

    /// A line of names, and a line for each row.
    fn csv(file: &mut dyn Write, name: &str, columns: &[Vec<f64>], rows: usize) -> std::io::Result<()> {
        let mut writer = csv::Writer::from_writer(file);
        writer.write_record((1..=columns.len()).map(|number| format!("{name}.{number}")))?;
        for row in 0..rows {
            writer.write_record(columns.iter().map(|column| column[row].to_string()))?;
        }
        writer.flush()
    }
}
