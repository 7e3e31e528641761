//! `mist conditional`: what X and Y say about each other once Z is known.

use super::options::{Shown, Threads, TwoSides};
use super::weights::Weights;
use crate::console::{out, warning};
use crate::output::Format;
use crate::table::OneTable;
use anyhow::Result;
use mist_infer::Conditional;
use std::io::Write;

const EXAMPLES: &str = "\
Examples:
  mist conditional penguins.csv --x bill_length_mm --y bill_depth_mm --given species --missing drop

By the chain rule I(X;Y|Z) = I(X;Y,Z) − I(X;Z), with X and Y exchanged as well, and the mean of both. A difference of
large numbers is uncertain: where Z says nearly all, a small rest is not seen. That Z is known does not make it a cause,
and a Z that both X and Y act on makes them dependent.";

/// Arguments of `mist conditional`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    table: OneTable,
    #[command(flatten)]
    sides: TwoSides,
    /// Columns that are Z, which is known; comma-separated; may be repeated.
    #[arg(long, value_name = "COLUMNS")]
    given: Vec<String>,
    #[command(flatten)]
    shown: Shown,
    /// Form of the answer.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    weights: Weights,
}

/// Runs the command.
pub fn run(args: &Args) -> Result<()> {
    let estimator = args.weights.estimator()?;
    estimator.check_level(args.shown.interval)?;
    let (table, counts) =
        args.table.sides(&[("--x", &args.sides.x), ("--y", &args.sides.y), ("--given", &args.given)])?;
    let side = |first: usize, count: usize| table.columns.select(&(first..first + count).collect::<Vec<_>>());
    let (x, y) = (side(0, counts[0]), side(counts[0], counts[1]));
    let z = side(counts[0] + counts[1], counts[2]);
    let answer = Threads::default().pool()?.install(|| estimator.conditional(x, y, z))?;
    let warnings: Vec<String> = table.warnings.iter().cloned().chain(answer.warnings()).collect();
    let text = match args.format {
        Format::Json => json(args, &answer, &table.names, &counts, &warnings)?,
        Format::Text => {
            warnings.iter().for_each(|text| warning(text));
            text(args, &answer, &table.names, &counts)?
        }
    };
    Ok(out().write_all(text.as_bytes())?)
}

fn text(args: &Args, answer: &Conditional, names: &[String], counts: &[usize]) -> Result<String> {
    let nats = |v: f64| args.shown.unit.of_nats(v);
    let interval = answer.interval(args.shown.interval)?;
    let percent = (interval.level * 1e14).round() / 1e12;
    let unit = args.shown.unit.as_str();
    let (mi, lower, upper) = (nats(answer.mi_nats()), nats(interval.lower), nats(interval.upper));
    let part = |e: &mist_infer::Estimate| nats(e.mi_nats());
    let (x, rest) = names.split_at(counts[0]);
    let (y, z) = rest.split_at(counts[1]);
    Ok(format!(
        "I(X;Y|Z) = {mi:.2} {unit}   {percent} % interval {lower:.2} to {upper:.2}\n\
         I(X;Y,Z) = {:.2}   I(X;Z) = {:.2}   I(Y;X,Z) = {:.2}   I(Y;Z) = {:.2}\n\
         X: {}   Y: {}   Z: {}   n = {}\n",
        part(&answer.x_yz),
        part(&answer.x_z),
        part(&answer.y_xz),
        part(&answer.y_z),
        x.join(", "),
        y.join(", "),
        z.join(", "),
        answer.n
    ))
}

fn json(args: &Args, answer: &Conditional, names: &[String], counts: &[usize], warnings: &[String]) -> Result<String> {
    let nats = |v: f64| args.shown.unit.of_nats(v);
    let interval = answer.interval(args.shown.interval)?;
    let (x, rest) = names.split_at(counts[0]);
    let (y, z) = rest.split_at(counts[1]);
    let parts = [("x_yz", &answer.x_yz), ("x_z", &answer.x_z), ("y_xz", &answer.y_xz), ("y_z", &answer.y_z)];
    let parts: serde_json::Map<_, _> =
        parts.map(|(name, e)| (name.to_owned(), nats(e.mi_nats()).into())).into_iter().collect();
    let report = serde_json::json!({
        "mi": nats(answer.mi_nats()),
        "unit": args.shown.unit,
        "interval": {
            "level": interval.level,
            "lower": nats(interval.lower),
            "upper": nats(interval.upper),
            "calibrated": answer.is_calibrated(),
        },
        "parts": parts,
        "n": answer.n,
        "x": x,
        "y": y,
        "given": z,
        "warnings": warnings,
        "checkpoint": answer.x_z.checkpoint,
    });
    Ok(report.to_string() + "\n")
}
