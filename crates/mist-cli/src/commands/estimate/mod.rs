//! `mist estimate`: data in, mutual information with an interval out.

mod batch;
mod pointwise;

use super::options::{Shown, Threads};
use super::tests::{Options, Test};
use super::weights::Weights;
use crate::console::{out, warning};
use crate::encoders::{EncoderArgs, Encoders};
use crate::input::{Notes, Pair, TableArgs};
use crate::output::{Format, json, text};
use anyhow::{Result, bail};
use mist_infer::{Estimate, Estimator, Interval, Tests};
use std::io::Write;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  mist estimate penguins.csv --x bill_length_mm,bill_depth_mm --y body_mass_g --missing drop
  mist estimate cells.parquet --x 'gene_*' --y dose
  mist estimate X.npy Y.npy --interval 0.8 --unit bits --format json
  mist estimate penguins.csv --x species,bill_length_mm --y body_mass_g --missing drop
  mist estimate reviews.csv --x text:review --y rating --text-model all-MiniLM-L6-v2
  mist estimate --batch pairs.jsonl > results.jsonl

A line of a manifest: {\"id\": 1, \"x\": \"X.npy\", \"y\": \"Y.npy\"}, with paths relative to its folder. A line that
fails gives {\"id\": 1, \"error\": \"…\"}; the others are answered, and the exit code is 1.";

/// Arguments of `mist estimate`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// One table with X and Y: CSV, TSV (also packed by gzip or zstd), Parquet, Arrow, .npy or .npz; `-` for standard input.
    /// Or two tables of as many rows, X and Y. `FILE.npz:NAME` is one array of an archive.
    #[arg(value_name = "FILE", num_args = 1..=2, required_unless_present = "batch", conflicts_with = "batch")]
    files: Vec<PathBuf>,
    /// Columns that are X, comma-separated; may be repeated. By name, number from 1, range (`3..7`, `age..mass`) or
    /// pattern (`gene_*`). `text:` or `image:` in front of one has it read as texts or as paths of images.
    #[arg(long, value_name = "COLUMNS", conflicts_with = "batch")]
    x: Vec<String>,
    /// Columns that are Y, likewise.
    #[arg(long, value_name = "COLUMNS", conflicts_with = "batch")]
    y: Vec<String>,
    /// Estimate each pair of tables that a JSON-lines file lists; `-` for standard input.
    #[arg(long, value_name = "MANIFEST", conflicts_with_all = ["text_model", "image_model"])]
    batch: Option<PathBuf>,
    #[command(flatten)]
    shown: Shown,
    /// Test whether X and Y are independent, too.
    #[arg(long, value_enum, default_value_t = Test::None)]
    test: Test,
    #[command(flatten)]
    options: Options,
    /// Form of the answer [default: text; of --batch: json].
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// CSV file that gets the contribution of each row in nats, if the checkpoint predicts it.
    #[arg(long, value_name = "PATH", conflicts_with = "batch")]
    pointwise: Option<PathBuf>,
    #[command(flatten)]
    threads: Threads,
    #[command(flatten)]
    weights: Weights,
    #[command(flatten)]
    encoders: EncoderArgs,
    #[command(flatten)]
    table: TableArgs,
}

/// Runs the command.
pub fn run(args: &Args) -> Result<()> {
    if args.batch.is_some() && args.format == Some(Format::Text) {
        bail!("`--batch` writes JSON lines, `--format text` has no meaning there");
    }
    if args.batch.is_some() {
        args.table.check_for_two()?;
    }
    let estimator = args.weights.estimator()?;
    if estimator.has_intervals() {
        estimator.check_level(args.shown.interval)?;
    }
    let estimator = if args.pointwise.is_some() { estimator.with_pointwise_of_every_row() } else { estimator };
    match &args.batch {
        Some(path) => batch::run(&estimator, path, args),
        None => Ok(out().write_all(single(&estimator, args)?.as_bytes())?),
    }
}

fn single(estimator: &Estimator, args: &Args) -> Result<String> {
    if let Some(path) = &args.pointwise {
        if !estimator.description().network.has_pointwise() {
            bail!("the checkpoint predicts no contributions of rows, leave out `--pointwise`");
        }
        pointwise::check(path, &args.files)?;
    }
    let encoders = encoders(estimator, args)?;
    let ((x, y), notes) = read(args, &encoders)?;
    let pool = args.threads.pool()?;
    let estimate = pool.install(|| estimator.estimate(&x, &y))?;
    let mut tests = Tests::new(estimator, args.options.p_values(args.test))?;
    let p_value = pool.install(|| tests.p_value(&x, &y, &estimate))?;
    if let Some(path) = &args.pointwise {
        pointwise::write(path, &estimate, &notes.left_out)?;
    }
    let mut warnings = warnings(&notes, &estimate);
    if args.test == Test::Amortised && p_value.is_none() {
        warnings.push("values tie, so the quantiles give no p-value: test with `--test permutation`".into());
    }
    let interval = interval(&estimate, args)?;
    if args.format == Some(Format::Json) {
        return Ok(json(None, &notes, &estimate, interval, args.shown.unit, p_value, &warnings));
    }
    warnings.iter().for_each(|text| warning(text));
    Ok(text(&notes, &estimate, interval, args.shown.unit, p_value))
}

/// What texts and images go through, to no more columns than the checkpoint has seen on a side.
fn encoders<'a>(estimator: &Estimator, args: &'a Args) -> Result<Encoders<'a>> {
    Encoders::new(&args.encoders, args.weights.device, args.threads, estimator.description().trained.dims.1)
}

fn read(args: &Args, encoders: &Encoders) -> Result<(Pair, Notes)> {
    match args.files.as_slice() {
        [x, y] => args.table.two_tables([x, y], &args.x, &args.y, encoders),
        [path] => args.table.sides(path, &args.x, &args.y, encoders),
        _ => unreachable!("clap asks for one or two files"),
    }
}

/// The interval, if the checkpoint predicts any.
fn interval(estimate: &Estimate, args: &Args) -> Result<Option<Interval>> {
    Ok(if estimate.has_interval() { Some(estimate.interval(args.shown.interval)?) } else { None })
}

/// What happened on the way in, then what the estimator has to say.
fn warnings(notes: &Notes, estimate: &Estimate) -> Vec<String> {
    let of_estimate = estimate.warnings.iter().map(ToString::to_string);
    notes.warnings.iter().cloned().chain(of_estimate).collect()
}
