//! `mist estimate`: data in, mutual information with an interval out.

mod batch;
mod pointwise;

use crate::console::{out, say};
use crate::input::{CsvOptions, Header, Missing, Notes, Pair, read_csv_pair, read_npy_pair};
use crate::output::{Format, Unit, json, text};
use anyhow::{Result, bail};
use mist_infer::{DeviceKind, Estimate, Estimator};
use std::io::Write;
use std::path::{Path, PathBuf};

const EXAMPLES: &str = "\
Examples:
  mist estimate penguins.csv --x bill_length_mm,bill_depth_mm --y body_mass_g --missing drop
  mist estimate X.npy Y.npy --interval 0.8 --unit bits --format json
  mist estimate penguins.csv --x species,bill_length_mm --y body_mass_g --missing drop
  mist estimate --batch pairs.jsonl > results.jsonl

A line of a manifest: {\"id\": 1, \"x\": \"X.npy\", \"y\": \"Y.npy\"}, with paths relative to its folder. A line that
fails gives {\"id\": 1, \"error\": \"…\"}; the others are answered, and the exit code is 1.";

/// Arguments of `mist estimate`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// One CSV file with a header, `-` for standard input; or two .npy files of shape (n) or (n, d).
    #[arg(value_name = "FILE", num_args = 1..=2, required_unless_present = "batch", conflicts_with = "batch")]
    files: Vec<PathBuf>,
    /// Columns of the CSV file that are X, comma-separated; may be repeated.
    #[arg(long, value_name = "COLUMNS", conflicts_with = "batch")]
    x: Vec<String>,
    /// Columns of the CSV file that are Y, comma-separated; may be repeated.
    #[arg(long, value_name = "COLUMNS", conflicts_with = "batch")]
    y: Vec<String>,
    /// Estimate each pair of .npy files that a JSON-lines file lists; `-` for standard input.
    #[arg(long, value_name = "MANIFEST")]
    batch: Option<PathBuf>,
    /// Probability of the central interval.
    #[arg(long, value_name = "LEVEL", default_value_t = 0.9)]
    interval: f64,
    /// Unit of the answer.
    #[arg(long, value_enum, default_value_t = Unit::Nats)]
    unit: Unit,
    /// Form of the answer [default: text; of --batch: json].
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Rows with an empty, `NA` or NaN cell.
    #[arg(long, value_enum, default_value_t = Missing::Error)]
    missing: Missing,
    /// Character between cells, such as `,` `;` `tab` [default: as in the header].
    #[arg(long, value_name = "CHAR", value_parser = delimiter, conflicts_with = "batch")]
    delimiter: Option<u8>,
    /// Whether the first line of the CSV file names the columns; `no` calls them 1, 2 and so on.
    #[arg(long, value_enum, default_value_t = Header::Auto, conflicts_with = "batch")]
    header: Header,
    /// Columns of numbers that are categories, comma-separated; may be repeated. Text is taken so without it.
    #[arg(long, value_name = "COLUMNS", conflicts_with = "batch")]
    categorical: Vec<String>,
    /// CSV file that gets the contribution of each row in nats, if the checkpoint predicts it.
    #[arg(long, value_name = "PATH", conflicts_with = "batch")]
    pointwise: Option<PathBuf>,
    /// Threads for tables with more rows than one pass takes, 0 for one per core.
    #[arg(long, value_parser = super::thread_count, default_value_t = 0)]
    threads: usize,
    /// Weights: a .safetensors file, its .json beside it [default: the embedded ones].
    #[arg(long, value_name = "PATH")]
    checkpoint: Option<PathBuf>,
    /// Where to compute.
    #[arg(long, value_parser = super::device(), default_value = "auto")]
    device: DeviceKind,
}

fn delimiter(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        b"tab" | b"\\t" => Ok(b'\t'),
        [c] if !b"\"\r\n".contains(c) => Ok(*c),
        _ => Err("expected one ASCII character, or `tab`".into()),
    }
}

/// Runs the command.
pub fn run(args: &Args) -> Result<()> {
    if args.batch.is_some() && args.format == Some(Format::Text) {
        bail!("`--batch` writes JSON lines, `--format text` has no meaning there");
    }
    let estimator = super::estimator(args.checkpoint.as_deref(), args.device)?;
    estimator.check_level(args.interval)?;
    match &args.batch {
        Some(path) => batch::run(&estimator, path, args),
        None => Ok(out().write_all(single(&estimator, args)?.as_bytes())?),
    }
}

fn single(estimator: &Estimator, args: &Args) -> Result<String> {
    if let Some(path) = &args.pointwise {
        pointwise::check(path, &args.files)?;
    }
    let ((x, y), notes) = read(args)?;
    // Threads matter to tables of many blocks alone, and the threads of the process are one.
    let pool = rayon::ThreadPoolBuilder::new().num_threads(super::threads(args.threads)).build()?;
    let estimate = pool.install(|| estimator.estimate(x, y))?;
    if let Some(path) = &args.pointwise {
        pointwise::write(path, &estimate, &notes.left_out)?;
    }
    let warnings = warnings(&notes, &estimate);
    let interval = estimate.interval(args.interval)?;
    if args.format == Some(Format::Json) {
        return Ok(json(None, &estimate, interval, args.unit, &warnings));
    }
    for warning in &warnings {
        say(&format!("warning: {warning}"));
    }
    Ok(text(&notes, &estimate, interval, args.unit))
}

fn read(args: &Args) -> Result<(Pair, Notes)> {
    let is_npy = |path: &Path| path.extension().is_some_and(|e| e.eq_ignore_ascii_case("npy"));
    match args.files.as_slice() {
        [x, y] => {
            if !args.x.is_empty() || !args.y.is_empty() || args.delimiter.is_some() || !args.categorical.is_empty() {
                bail!("`--x`, `--y`, `--delimiter` and `--categorical` belong to a CSV file, not to two .npy files");
            }
            if let Some(other) = [x, y].into_iter().find(|path| !is_npy(path)) {
                bail!("`{}` is not a .npy file: expected one CSV file, or two .npy files", other.display());
            }
            read_npy_pair(x, y, args.missing)
        }
        [path] if is_npy(path) => {
            bail!("`{}` is one side only: expected two .npy files, X and Y", path.display())
        }
        [path] => {
            let &Args { delimiter, header, missing, .. } = args;
            let options =
                CsvOptions { x: &args.x, y: &args.y, delimiter, header, categorical: &args.categorical, missing };
            read_csv_pair(path, &options)
        }
        _ => unreachable!("clap asks for one or two files"),
    }
}

/// What happened on the way in, then what the estimator has to say.
fn warnings(notes: &Notes, estimate: &Estimate) -> Vec<String> {
    let of_estimate = estimate.warnings.iter().map(ToString::to_string);
    notes.warnings.iter().cloned().chain(of_estimate).collect()
}
