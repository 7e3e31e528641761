//! `mist curve`: the answer against the number of rows. Is more data worth it?

use super::options::{Shown, Threads, TwoSides};
use super::pair_rows::Format;
use super::weights::Weights;
use crate::console::{out, progress, warning};
use crate::store::replace;
use crate::table::OneTable;
use anyhow::{Result, bail};
use mist_infer::{Columns, Estimate, EstimateError, Estimator};
use mist_plot::{Axis, COLOURS, Mark, Points, Scale, Xy, png, svg};
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use serde::Serialize;
use std::fmt::Write as _;
use std::io::Write;
use std::path::{Path, PathBuf};

const EXAMPLES: &str = "\
Examples:
  mist curve penguins.csv --x bill_length_mm --y body_mass_g --missing drop
  mist curve big.csv --x a,b --y c --plot curve.svg

Each number of rows is half of the one above it. Its sub-samples have no row in common, and at most eight are asked.";

/// Fewest rows of a sub-sample.
const FEWEST: usize = 32;
/// Sub-samples of one size at most.
const MOST: usize = 8;

/// Arguments of `mist curve`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    table: OneTable,
    #[command(flatten)]
    sides: TwoSides,
    /// Seed of the sub-samples.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    #[command(flatten)]
    shown: Shown,
    /// Form of the answers.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Picture of the curve, `.svg` or `.png`.
    #[arg(long, value_name = "PATH")]
    plot: Option<PathBuf>,
    #[command(flatten)]
    threads: Threads,
    #[command(flatten)]
    weights: Weights,
}

/// The answers at one number of rows.
#[derive(Debug, Serialize)]
struct Size {
    /// Rows.
    n: usize,
    /// Sub-samples.
    samples: usize,
    /// Mean of their estimates.
    mi: f64,
    /// Mean of the lower ends of their intervals.
    lower: f64,
    /// Mean of the upper ends.
    upper: f64,
}

impl Size {
    fn width(&self) -> f64 {
        self.upper - self.lower
    }
}

/// Runs the command.
pub fn run(args: &Args) -> Result<()> {
    if let Some(path) = &args.plot {
        super::plot::check_extension(path)?;
    }
    let estimator = args.weights.estimator()?;
    estimator.check_level(args.shown.interval)?;
    let (table, counts) = args.table.sides(&[("--x", &args.sides.x), ("--y", &args.sides.y)])?;
    let (dim, n) = (table.columns.dim(), table.columns.n());
    if n < 2 * FEWEST {
        bail!("{n} rows are too few for a curve, expected at least {}", 2 * FEWEST);
    }
    let x = table.columns.select(&(0..counts[0]).collect::<Vec<_>>());
    let y = table.columns.select(&(counts[0]..dim).collect::<Vec<_>>());
    let sizes = args.threads.pool()?.install(|| sizes(args, &estimator, &x, &y))?;
    table.warnings.iter().for_each(|text| warning(text));
    if let Some(path) = &args.plot {
        draw(path, &sizes, args)?;
    }
    let text = match args.format {
        Format::Text => text(args, &sizes),
        Format::Json => {
            let mut report = serde_json::json!({
                "unit": args.shown.unit,
                "level": args.shown.interval,
                "sizes": sizes,
                "width_at_twice_the_rows": at_twice(&sizes),
                "warnings": table.warnings,
                "checkpoint": estimator.description().name,
            });
            if let Some(hub) = estimator.hub() {
                report["hub"] = serde_json::to_value(hub)?;
            }
            report.to_string() + "\n"
        }
        Format::Csv => {
            let mut writer = csv::Writer::from_writer(Vec::new());
            sizes.iter().try_for_each(|size| writer.serialize(size))?;
            String::from_utf8(writer.into_inner()?)?
        }
    };
    Ok(out().write_all(text.as_bytes())?)
}

/// From few rows to all of them.
fn sizes(args: &Args, estimator: &Estimator, x: &Columns, y: &Columns) -> Result<Vec<Size>> {
    let n = x.n();
    let mut order: Vec<usize> = (0..n).collect();
    order.shuffle(&mut StdRng::seed_from_u64(args.seed));
    let halvings: Vec<usize> = (0..).map(|k| n >> k).take_while(|size| *size >= FEWEST).collect();
    let bar = progress(halvings.len() as u64, "numbers of rows");
    let mut out = Vec::new();
    for size in halvings.into_iter().rev() {
        let samples: Vec<_> = order.chunks_exact(size).take(MOST).map(|rows| (x.rows(rows), y.rows(rows))).collect();
        let answers: Vec<Estimate> =
            estimator.estimate_each(&samples).into_iter().collect::<Result<_, EstimateError>>()?;
        let (mut mi, mut lower, mut upper) = (0.0, 0.0, 0.0);
        for answer in &answers {
            let interval = answer.interval(args.shown.interval)?;
            mi += answer.mi_nats();
            lower += interval.lower;
            upper += interval.upper;
        }
        let mean = |sum: f64| args.shown.unit.of_nats(sum / answers.len() as f64);
        out.push(Size { n: size, samples: answers.len(), mi: mean(mi), lower: mean(lower), upper: mean(upper) });
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(out)
}

/// The width of the interval that twice the rows would give, if it goes on to fall as it does over the last halvings:
/// the slope of its logarithm over that of the rows, by least squares over the four largest numbers of rows.
fn at_twice(sizes: &[Size]) -> Option<f64> {
    let last = &sizes[sizes.len().saturating_sub(4)..];
    let points: Vec<(f64, f64)> =
        last.iter().filter(|s| s.width() > 0.0).map(|s| ((s.n as f64).ln(), s.width().ln())).collect();
    if points.len() < 2 {
        return None;
    }
    let count = points.len() as f64;
    let mean = |f: fn(&(f64, f64)) -> f64| points.iter().map(f).sum::<f64>() / count;
    let (mx, my) = (mean(|p| p.0), mean(|p| p.1));
    let covariance: f64 = points.iter().map(|p| (p.0 - mx) * (p.1 - my)).sum();
    let variance: f64 = points.iter().map(|p| (p.0 - mx).powi(2)).sum();
    let slope = (covariance / variance).min(0.0);
    sizes.last().map(|s| s.width() * 2f64.powf(slope))
}

fn text(args: &Args, sizes: &[Size]) -> String {
    let unit = args.shown.unit.as_str();
    let mut out = format!("{:>9}  {:>8}  {:>8}   {}\n", "rows", "samples", unit, "interval, on average");
    for size in sizes {
        // Writing to a string cannot fail.
        let _ = writeln!(
            out,
            "{:>9}  {:>8}  {:>8.3}   {:.3} to {:.3}",
            size.n, size.samples, size.mi, size.lower, size.upper
        );
    }
    let all = &sizes[sizes.len() - 1];
    if let Some(width) = at_twice(sizes) {
        let _ =
            writeln!(out, "\ntwice the rows: an interval of about {width:.3} {unit} in place of {:.3}", all.width());
    }
    if let Some(half) = sizes.len().checked_sub(2).map(|i| &sizes[i]) {
        let moved = all.mi - half.mi;
        let words = if moved.abs() > 0.5 * all.width() { "the answer still moves" } else { "the answer is steady" };
        let _ = writeln!(out, "{words}: {moved:+.3} {unit} from half of the rows to all");
    }
    out
}

fn draw(path: &Path, sizes: &[Size], args: &Args) -> Result<()> {
    let ends = sizes.iter().flat_map(|s| [s.lower, s.upper]).chain([0.0]);
    let picture = Xy {
        title: format!("I(X;Y), {} % intervals", (args.shown.interval * 1e14).round() / 1e12),
        x: Axis::over("rows", Scale::Log, sizes.iter().map(|s| s.n as f64)),
        y: Axis::over(args.shown.unit.as_str(), Scale::Linear, ends),
        diagonal: false,
        band: sizes.iter().map(|s| (s.n as f64, s.lower, s.upper)).collect(),
        series: vec![Points {
            name: "mean of the sub-samples".into(),
            colour: COLOURS[0],
            mark: Mark::Line,
            points: sizes.iter().map(|s| (s.n as f64, s.mi, None)).collect(),
        }],
    };
    match path.extension().is_some_and(|e| e == "png") {
        true => replace(path, &png(&picture)?),
        false => replace(path, svg(&picture)?.as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(n: usize, width: f64) -> Size {
        Size { n, samples: 1, mi: 0.5, lower: 0.5 - 0.5 * width, upper: 0.5 + 0.5 * width }
    }

    #[test]
    fn twice_the_rows_go_on_as_before() {
        let root: Vec<Size> = [100, 200, 400, 800].map(|n| size(n, 4.0 / (n as f64).sqrt())).into();
        assert!((at_twice(&root).unwrap() - 4.0 / 40.0).abs() < 1e-9);
        // An interval that widens is not taken for a trend.
        let wider: Vec<Size> = [100, 200].map(|n| size(n, n as f64)).into();
        assert_eq!(at_twice(&wider), Some(200.0));
        assert_eq!(at_twice(&[size(100, 0.0), size(200, 0.0)]), None);
    }
}
