//! `mist plot`: a pair as a picture, with its answer.

mod direction;

use super::options::{Shown, Threads, TwoSides};
use super::weights::Weights;
use crate::console::{out, warning};
use crate::output::answer_line;
use crate::store::replace;
use crate::table::OneTable;
use anyhow::{Result, bail};
use direction::{Directions, directions};
use mist_infer::Columns;
use mist_plot::{Axis, Cloud, Scale, png, svg};
use std::io::Write;
use std::path::{Path, PathBuf};

const EXAMPLES: &str = "\
Examples:
  mist plot penguins.csv --x bill_length_mm --y bill_depth_mm --missing drop --out pair.svg
  mist plot genes.csv --x gene_a,gene_b,gene_c --y outcome --out genes.png

A side of several columns is shown along its leading direction: the sum of its normal scores that is most correlated with
one of the other side. Colours say what each row contributes.";

/// Points that are drawn at most.
const POINTS: usize = 5_000;

/// Arguments of `mist plot`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    table: OneTable,
    #[command(flatten)]
    sides: TwoSides,
    /// The picture, `.svg` or `.png`.
    #[arg(long, value_name = "PATH")]
    out: PathBuf,
    #[command(flatten)]
    shown: Shown,
    #[command(flatten)]
    weights: Weights,
}

/// Refuses a picture of another kind than are drawn.
pub fn check_extension(path: &Path) -> Result<()> {
    match path.extension().and_then(|e| e.to_str()) {
        Some("svg" | "png") => Ok(()),
        _ => bail!("cannot draw `{}`: expected a name that ends in `.svg` or `.png`", path.display()),
    }
}

/// Runs the command.
pub fn run(args: &Args) -> Result<()> {
    check_extension(&args.out)?;
    let estimator = args.weights.estimator()?.with_pointwise_of_every_row();
    estimator.check_level(args.shown.interval)?;
    let (table, counts) = args.table.sides(&[("--x", &args.sides.x), ("--y", &args.sides.y)])?;
    let (x_names, y_names) = table.names.split_at(counts[0]);
    let x = table.columns.select(&(0..counts[0]).collect::<Vec<_>>());
    let y = table.columns.select(&(counts[0]..table.names.len()).collect::<Vec<_>>());
    let estimate = Threads::default().pool()?.install(|| estimator.estimate(&x, &y))?;
    let places = places(&x, &y)?;

    let n = estimate.n;
    let step = n.div_ceil(POINTS).max(1);
    let value = |r: usize| estimate.pointwise().map(|p| args.shown.unit.of_nats(p[r]));
    let points: Vec<_> = (0..n).step_by(step).map(|r| (places.x[r], places.y[r], value(r))).collect();
    let shown = if step > 1 { format!("{} of {n} rows", points.len()) } else { format!("{n} rows") };
    let axis = |names: &[String], values: &[f64]| {
        let name = if names.len() > 1 { format!("leading direction of {}", list(names)) } else { names[0].clone() };
        Axis::over(&name, Scale::Linear, values.iter().copied())
    };
    let picture = Cloud {
        title: answer_line(&estimate, Some(estimate.interval(args.shown.interval)?), args.shown.unit),
        caption: format!("{shown}, checkpoint {}", estimate.checkpoint.name),
        x: axis(x_names, &places.x),
        y: axis(y_names, &places.y),
        points,
        legend: format!("row, {}", args.shown.unit.as_str()),
    };
    match args.out.extension().is_some_and(|e| e == "png") {
        true => replace(&args.out, &png(&picture)?)?,
        false => replace(&args.out, svg(&picture)?.as_bytes())?,
    }
    table.warnings.iter().for_each(|text| warning(text));
    estimate.warnings.iter().for_each(|text| warning(&text.to_string()));
    Ok(out().write_all(format!("{}\n{}\n", picture.title, args.out.display()).as_bytes())?)
}

/// Where each row is on both axes.
fn places(x: &Columns, y: &Columns) -> Result<Directions> {
    if x.dim() == 1 && y.dim() == 1 {
        return Ok(Directions { x: x.column(0).to_vec(), y: y.column(0).to_vec() });
    }
    for side in [x, y] {
        if let Some(j) = (0..side.dim()).find(|j| side.is_category(*j)) {
            bail!(
                "{} is a category: among several columns it has no direction\nhint: plot it as the only column of a side, \
                 against one other",
                side.label(j)
            );
        }
    }
    let both = directions(x, y);
    let own = |side: &Columns, direction: Vec<f64>| if side.dim() == 1 { side.column(0).to_vec() } else { direction };
    Ok(Directions { x: own(x, both.x), y: own(y, both.y) })
}

/// The first few names, and how many more there are.
fn list(names: &[String]) -> String {
    const SHOWN: usize = 3;
    match names.len() {
        n if n > SHOWN + 1 => format!("{} and {} more", names[..SHOWN].join(", "), n - SHOWN),
        _ => names.join(", "),
    }
}
