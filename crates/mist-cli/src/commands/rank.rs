//! `mist rank`: every other column against a target, sorted.

use super::options::{Shown, Threads};
use super::pair_rows::{About, Format, PairRow, csv, json, text};
use super::tests::{Options, Test};
use super::weights::Weights;
use crate::console::{out, progress, warning};
use crate::table::OneTable;
use anyhow::{Result, bail};
use mist_infer::{Estimate, Tests};
use std::io::Write;

const EXAMPLES: &str = "\
Examples:
  mist rank penguins.csv --target body_mass_g --missing drop
  mist rank genes.csv --target phenotype --top 20 --format csv > ranked.csv

p: how likely is so strong a dependence among independent columns? q: the same with the number of columns in mind
(Benjamini and Hochberg): of the columns with q up to 0.1, one in ten is a false discovery on average.";

/// Columns that are answered between two looks at the progress bar.
const AT_ONCE: usize = 32;

/// Arguments of `mist rank`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    table: OneTable,
    /// The column that the others are compared with.
    #[arg(long, value_name = "COLUMN")]
    target: String,
    /// Columns to compare with it, comma-separated; may be repeated [default: all others].
    #[arg(long, value_name = "COLUMNS")]
    columns: Vec<String>,
    /// Show so many at most; q-values count all.
    #[arg(long, value_name = "COUNT")]
    top: Option<usize>,
    /// Where p-values come from.
    #[arg(long, value_enum, default_value_t = Test::Auto)]
    test: Test,
    #[command(flatten)]
    options: Options,
    #[command(flatten)]
    shown: Shown,
    /// Form of the answers.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    threads: Threads,
    #[command(flatten)]
    weights: Weights,
}

/// Runs the command.
pub fn run(args: &Args) -> Result<()> {
    crate::memory::keep();
    let estimator = args.weights.estimator()?;
    estimator.check_level(args.shown.interval)?;
    let table = args.table.with_target(&args.target, &args.columns)?;
    let last = table.names.len() - 1;
    let target = table.names[last].as_str();
    let pairs: Vec<_> = (0..last).map(|j| (j, last)).collect();

    let mut tests = Tests::new(&estimator, args.options.p_values(args.test))?;
    let bar = progress(pairs.len() as u64, "columns");
    let mut found: Vec<(f64, PairRow)> = Vec::with_capacity(pairs.len());
    let pool = args.threads.pool()?;
    for chunk in pairs.chunks(AT_ONCE) {
        let answers = pool.install(|| estimator.estimate_pairs(&table.columns, chunk))?;
        let p_values = pool.install(|| tests.p_values(&table.columns, chunk, &answers))?;
        for (((j, _), answer), p_value) in chunk.iter().zip(&answers).zip(p_values) {
            let names = (table.names[*j].as_str(), target);
            let row = PairRow::new(names, answer, p_value, args.shown.interval, args.shown.unit)?;
            found.push((answer.as_ref().map_or(f64::NEG_INFINITY, Estimate::order), row));
        }
        bar.inc(chunk.len() as u64);
    }
    bar.finish_and_clear();
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut rows: Vec<PairRow> = found.into_iter().map(|(_, row)| row).collect();
    PairRow::family(&mut rows);
    if rows.iter().all(|row| !row.error.is_empty()) {
        bail!("no column can be compared with `{target}`: {}", rows[0].error);
    }
    rows.truncate(args.top.unwrap_or(usize::MAX));

    let description = estimator.description();
    let about = About {
        n: table.columns.n(),
        unit: args.shown.unit,
        level: args.shown.interval,
        checkpoint: &description.name,
        sha256: &description.sha256,
        hub: estimator.hub(),
        warnings: &table.warnings,
    };
    let text = match args.format {
        Format::Json => json(about, &rows)?,
        Format::Csv => csv(&rows)?,
        Format::Text => format!("{}\ntarget: {target}   n = {}\n", text(about, &rows, false), about.n),
    };
    if args.format != Format::Json {
        table.warnings.iter().for_each(|text| warning(text));
    }
    if args.format == Format::Text {
        rows.iter()
            .filter(|row| !row.warnings.is_empty())
            .for_each(|row| warning(&format!("{}: {}", row.x, row.warnings)));
    }
    Ok(out().write_all(text.as_bytes())?)
}
