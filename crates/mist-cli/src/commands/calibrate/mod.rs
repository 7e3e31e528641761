//! `mist calibrate`: intervals and p-values that hold, from tasks that training never saw.

mod conditional;
mod independence;

use crate::console::{bar, out};
use anyhow::{Context, Result};
use indicatif::ParallelProgressIterator;
use mist_data_gen::{MetaDistribution, Seeds, Split};
use mist_infer::{Device, DeviceKind};
use mist_model::{Batch, Calibration, Checkpoint, Observed};
use mist_train::score;
use rayon::prelude::*;
use std::io::Write;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  mist calibrate runs/a/mist-2026-12.safetensors
  mist calibrate runs/a/mist-2026-12.safetensors --tasks 100000 --seed 7

The tasks are of the checkpoint's own mix, on a stream of their own; those of conditional answers have known conditional MI.
The JSON beside the weights gets the tables; another stream of tasks says how well what they give holds.";

/// What is calibrated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    /// The intervals.
    Intervals,
    /// The p-values from predicted quantiles, on tasks whose rows of Y are shuffled.
    Independence,
    /// The intervals of conditional answers.
    Conditional,
}

/// Arguments of `mist calibrate`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Weights: a .safetensors file, its .json beside it.
    #[arg(value_name = "PATH")]
    checkpoint: PathBuf,
    /// What to calibrate, separated by commas, in this order: what comes later uses what came before.
    #[arg(long, value_enum, value_name = "PARTS", value_delimiter = ',', default_values = ["intervals", "independence", "conditional"])]
    only: Vec<Part>,
    /// Shuffled tasks for p-values; half as many for their check.
    #[arg(long, value_name = "COUNT", default_value_t = 20_000, value_parser = clap::value_parser!(u64).range(1_000..10_000_000))]
    shuffled: u64,
    /// Tasks for conditional answers; half as many for their check.
    #[arg(long, value_name = "COUNT", default_value_t = 14_000, value_parser = clap::value_parser!(u64).range(700..10_000_000))]
    conditional: u64,
    /// Calibration tasks.
    #[arg(long, value_name = "COUNT", default_value_t = 40_000, value_parser = clap::value_parser!(u64).range(1_000..10_000_000))]
    tasks: u64,
    /// Tasks on which the adjusted intervals are measured.
    #[arg(long, value_name = "COUNT", default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(100..10_000_000))]
    check: u64,
    /// Root seed of the tasks.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Threads, 0 for one per core; changes no number.
    #[arg(long, default_value_t = 0)]
    threads: usize,
    /// Where to compute.
    #[arg(long, value_parser = super::device(), default_value = "auto")]
    device: DeviceKind,
}

/// Runs the command.
pub fn run(args: &Args) -> Result<()> {
    let device = super::open(args.device)?;
    let mut checkpoint = Checkpoint::read(&args.checkpoint, &device)?;
    let trained = &checkpoint.description.trained;
    let meta = MetaDistribution::named(&trained.meta)
        .with_context(|| format!("the mix of `{}` cannot be drawn from", args.checkpoint.display()))?;
    let pool = super::pool(args.threads)?;
    let mut out = out();
    let parts = [Part::Intervals, Part::Independence, Part::Conditional];
    for part in parts.into_iter().filter(|part| args.only.contains(part)) {
        let text = pool.install(|| match part {
            Part::Intervals => intervals(args, &mut checkpoint, &meta, &device),
            Part::Independence => independence::fit(&mut checkpoint, &meta, args.seed, args.shuffled),
            Part::Conditional => conditional::fit(&mut checkpoint, args.seed, args.conditional),
        })?;
        checkpoint.description.write(&args.checkpoint)?;
        out.write_all(text.as_bytes())?;
    }
    Ok(())
}

/// Adjusts the intervals, and says how well they hold.
fn intervals(args: &Args, checkpoint: &mut Checkpoint, meta: &MetaDistribution, device: &Device) -> Result<String> {
    let description = &mut checkpoint.description;
    // What was made with other quantiles no longer fits.
    (description.calibration, description.independence, description.conditional) = (None, None, None);
    let observe = |split, count, what| observed(checkpoint, meta, (args.seed, split), count, device, what);
    let taus = checkpoint.description.network.taus.clone();
    let calibration =
        Calibration::fit(meta.name(), args.seed, &taus, &observe(Split::Calibration, args.tasks, "calibration")?);
    let fresh = observe(Split::Coverage, args.check, "check")?;
    let mut text =
        format!("{} strata from {} tasks; measured on {} others\n", calibration.strata.len(), args.tasks, args.check);
    text += "| interval | covers before | covers after | width before | width after |\n|---|---|---|---|---|\n";
    for level in [0.5, 0.8, 0.9, 0.95] {
        let before = coverage(&taus, &fresh, level, None);
        let after = coverage(&taus, &fresh, level, Some(&calibration));
        text += &format!(
            "| {:.0} % | {:.1} % | {:.1} % | {:.3} | {:.3} |\n",
            100.0 * level,
            100.0 * before.0,
            100.0 * after.0,
            before.1,
            after.1
        );
    }
    checkpoint.description.calibration = Some(calibration);
    Ok(text)
}

/// Predictions for the first tasks of a split.
fn observed(
    checkpoint: &Checkpoint,
    meta: &MetaDistribution,
    (seed, split): (u64, Split),
    count: u64,
    device: &Device,
    what: &'static str,
) -> Result<Vec<Observed>> {
    let bar = bar(count, &format!("tasks, {what}"))?;
    let one = |index: u64| {
        let draw = meta.draw(&Seeds { root: seed }, split, index);
        let scores = score(&draw.sample).with_neighbours(checkpoint.description.network.neighbours());
        let output = checkpoint.network.forward(&Batch::new(&[&scores], device)?)?;
        let log1p = output.quantiles.squeeze(0)?.to_vec1::<f32>()?.into_iter().map(f64::from).collect();
        Ok(Observed { shape: scores.shape(), log1p, mi_nats: draw.mi_nats })
    };
    (0..count).into_par_iter().progress_with(bar).map(one).collect()
}

/// Share of tasks whose central interval holds the truth, and the mean width of the intervals in nats.
fn coverage(taus: &[f64], tasks: &[Observed], level: f64, calibration: Option<&Calibration>) -> (f64, f64) {
    let (mut covered, mut width) = (0usize, 0.0);
    for task in tasks {
        let mut log1p = task.log1p.clone();
        if let Some(calibration) = calibration {
            calibration.apply(taus, task.shape, &mut log1p);
        }
        let quantiles = mist_model::QuantileFunction::new(taus, &log1p);
        let (lower, upper) = (quantiles.at(0.5 - 0.5 * level), quantiles.at(0.5 + 0.5 * level));
        covered += usize::from((lower..=upper).contains(&task.mi_nats));
        width += upper - lower;
    }
    (covered as f64 / tasks.len() as f64, width / tasks.len() as f64)
}
