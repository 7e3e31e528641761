//! `mist matrix`: all pairs of columns, resumable.

mod order;

use super::options::{Shown, Threads};
use super::pair_rows::{About, Format, PairRow, csv, json, text};
use super::tests::{Options, Test};
use super::weights::Weights;
use crate::console::{out, progress, warning};
use crate::store::{Store, replace};
use crate::table::{OneTable, Table};
use anyhow::Result;
use mist_infer::{Estimator, Matrix, Tests};
use mist_plot::{Cells, png, svg};
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::io::Write;
use std::path::{Path, PathBuf};

const EXAMPLES: &str = "\
Examples:
  mist matrix genes.csv --out genes/ --cluster
  mist matrix penguins.csv --missing drop --columns bill_length_mm,bill_depth_mm,body_mass_g,species

DIR gets pairs.csv, a line for each pair; matrix.csv, the estimates as a square; and matrix.svg and matrix.png, the
values on a scale from 0 to 1 as a heat map. The same command goes on where it was interrupted. Without --out the
pairs go to stdout.";

/// Cells that are answered between two writes.
const CELLS_AT_ONCE: usize = 1 << 19;
/// Lines that people see at most.
const SHOWN: usize = 20;
const SQUARE: &str = "matrix.csv";

/// Arguments of `mist matrix`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    table: OneTable,
    /// Columns to compare, comma-separated; may be repeated [default: all].
    #[arg(long, value_name = "COLUMNS")]
    columns: Vec<String>,
    /// Folder for the pairs, the square and the heat map.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Columns of the heat map and of the square in an order that puts those together that say much about each other.
    #[arg(long)]
    cluster: bool,
    /// Where p-values come from [default: amortised if the checkpoint has a table for it, none otherwise].
    #[arg(long, value_enum)]
    test: Option<Test>,
    #[command(flatten)]
    options: Options,
    #[command(flatten)]
    shown: Shown,
    /// Form of the answers on stdout; text shows the strongest pairs.
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
    let table = args.table.table(&args.columns)?;
    let test = args.test.unwrap_or(if estimator.has_independence_table() { Test::Amortised } else { Test::None });
    let store = match &args.out {
        Some(dir) => Store::open(dir, &identity(args, test, &table, &estimator))?,
        None => Store::in_memory(),
    };
    let rows = fill(args, test, &table, &estimator, store)?;
    if let Some(dir) = &args.out {
        write(dir, &table.names, &rows, args)?;
    }
    table.warnings.iter().for_each(|text| warning(text));
    let failed = rows.iter().filter(|row| !row.error.is_empty()).count();
    if failed > 0 {
        warning(&format!("{failed} of {} pairs have no answer, see `error`", rows.len()));
    }
    let shown = match (args.format, &args.out) {
        (Format::Text, out) => summary(about(args, &table, &estimator), rows, out.as_deref()),
        (Format::Json, _) => json(about(args, &table, &estimator), &rows)?,
        (Format::Csv, _) => csv(&rows)?,
    };
    Ok(out().write_all(shown.as_bytes())?)
}

fn about<'a>(args: &Args, table: &'a Table, estimator: &'a Estimator) -> About<'a> {
    let description = estimator.description();
    About {
        n: table.columns.n(),
        unit: args.shown.unit,
        level: args.shown.interval,
        checkpoint: &description.name,
        sha256: &description.sha256,
        hub: estimator.hub(),
        warnings: &table.warnings,
    }
}

/// What has to agree for a run to go on.
fn identity(args: &Args, test: Test, table: &Table, estimator: &Estimator) -> serde_json::Value {
    let mut data = Sha256::new();
    for (j, column) in table.columns.iter().enumerate() {
        data.update([u8::from(table.columns.is_category(j))]);
        column.iter().for_each(|v| data.update(v.to_bits().to_le_bytes()));
    }
    let data: String = data.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    let tested = (test != Test::None).then(|| format!("{test:?}, {:?}", args.options.permutation()));
    serde_json::json!({
        "version": env!("CARGO_PKG_VERSION"),
        "columns": table.names,
        "data": data,
        "interval": args.shown.interval,
        "unit": args.shown.unit,
        "test": tested,
        "checkpoint": estimator.description().sha256,
        "device": args.weights.device.as_str(),
    })
}

/// Answers the pairs that the store lacks, and gives all, sorted and with their q-values.
fn fill(
    args: &Args,
    test: Test,
    table: &Table,
    estimator: &Estimator,
    mut store: Store<PairRow>,
) -> Result<Vec<PairRow>> {
    let names = &table.names;
    let done: HashSet<(&str, &str)> = store.rows().iter().map(|r| (r.x.as_str(), r.y.as_str())).collect();
    let all: Vec<(usize, usize)> = Matrix::all_pairs(names.len()).collect();
    let missing = |(i, j): &(usize, usize)| !done.contains(&(names[*i].as_str(), names[*j].as_str()));
    let pairs: Vec<(usize, usize)> = all.iter().copied().filter(missing).collect();
    drop(done);

    let bar = progress(all.len() as u64, "pairs");
    bar.set_position((all.len() - pairs.len()) as u64);
    bar.reset_eta();
    let mut tests = Tests::new(estimator, args.options.p_values(test))?;
    let pool = args.threads.pool()?;
    for chunk in pairs.chunks((CELLS_AT_ONCE / (2 * table.columns.n())).max(8)) {
        let answers = pool.install(|| estimator.estimate_pairs(&table.columns, chunk))?;
        let p_values = pool.install(|| tests.p_values(&table.columns, chunk, &answers))?;
        let row = |((&(i, j), answer), p_value): ((&(usize, usize), _), _)| {
            PairRow::new((&names[i], &names[j]), answer, p_value, args.shown.interval, args.shown.unit)
        };
        store.append(chunk.iter().zip(&answers).zip(p_values).map(row).collect::<Result<_>>()?)?;
        bar.inc(chunk.len() as u64);
    }
    bar.finish_and_clear();
    let place: std::collections::HashMap<&str, usize> = names.iter().map(String::as_str).zip(0..).collect();
    store.finish_with(|rows| {
        rows.sort_by_key(|row| (place.get(row.x.as_str()).copied(), place.get(row.y.as_str()).copied()));
        PairRow::family(rows);
    })
}

/// Writes the square and the heat map.
fn write(dir: &Path, names: &[String], rows: &[PairRow], args: &Args) -> Result<()> {
    let d = names.len();
    let normalised: Vec<f64> = rows.iter().map(|row| row.normalised.unwrap_or(0.0)).collect();
    let order = if args.cluster { order::clustered(d, &normalised) } else { (0..d).collect() };
    let of = |i: usize, j: usize| (i != j).then(|| &rows[Matrix::place(i.min(j), i.max(j), d)]);
    let mut square = csv::Writer::from_writer(Vec::new());
    square.write_record(std::iter::once("").chain(order.iter().map(|j| names[*j].as_str())))?;
    for &i in &order {
        let cell = |j: &usize| of(i, *j).and_then(|row| row.mi).map_or_else(String::new, |v| v.to_string());
        square.write_record(std::iter::once(names[i].clone()).chain(order.iter().map(cell)))?;
    }
    replace(&dir.join(SQUARE), &square.into_inner()?)?;
    let picture = Cells {
        title: format!("Dependence of {d} columns, 0 to 1"),
        names: order.iter().map(|j| names[*j].clone()).collect(),
        values: order
            .iter()
            .map(|i| order.iter().map(|j| of(*i, *j).and_then(|row| row.normalised)).collect())
            .collect(),
    };
    replace(&dir.join("matrix.svg"), svg(&picture)?.as_bytes())?;
    replace(&dir.join("matrix.png"), &png(&picture)?)
}

/// The strongest pairs, and where all of them are.
fn summary(about: About, mut rows: Vec<PairRow>, dir: Option<&Path>) -> String {
    let total = rows.len();
    rows.sort_by(|a, b| b.mi.unwrap_or(-1.0).total_cmp(&a.mi.unwrap_or(-1.0)));
    rows.truncate(SHOWN);
    let mut shown = text(about, &rows, true) + "\n";
    if rows.len() < total {
        shown += &format!("the strongest {} of {total} pairs   ", rows.len());
    }
    shown += &format!("n = {}\n", about.n);
    match dir {
        Some(dir) => shown + &format!("all pairs: {}\n", dir.join("pairs.csv").display()),
        None if rows.len() < total => shown + "all pairs: `--format csv`, or `--out DIR`\n",
        None => shown,
    }
}
