//! `mist calibrate`: intervals and p-values that hold, from tasks that training never saw.

mod conditional;
mod independence;

use super::options::Threads;
use super::weights::{Chosen, chosen};
use crate::console::{out, progress};
use anyhow::{Context, Result, bail};
use indicatif::ParallelProgressIterator;
use mist_data_gen::{MetaDistribution, Seeds, Split};
use mist_infer::{Device, DeviceKind};
use mist_model::{Answered, Batch, Calibration, Checkpoint, Coverage, NetworkConfig, Observed, QuantileFunction};
use mist_train::score_of;
use rayon::prelude::*;
use std::io::Write;

const EXAMPLES: &str = "\
Examples:
  mist calibrate runs/a/mist-2026-12.safetensors
  mist calibrate runs/a/mist-2026-12.safetensors --tasks 100000 --seed 7

The tasks are of the checkpoint's own mix, on a stream of their own; those of conditional answers have known conditional MI.
The JSON beside the weights gets the tables, and with those of the intervals a coverage card: how well the intervals hold on
other tasks, by family, rows and columns. `mist info` prints it. Another stream of tasks says how well the rest holds.";

/// What is calibrated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    /// The intervals, and how well they hold.
    Intervals,
    /// The p-values from predicted quantiles, on tasks whose rows of Y are shuffled.
    Independence,
    /// The intervals of conditional answers.
    Conditional,
}

impl Part {
    fn what(self) -> &'static str {
        match self {
            Self::Intervals => "the intervals",
            Self::Independence => "the p-values",
            Self::Conditional => "the conditional intervals",
        }
    }
}

/// Arguments of `mist calibrate`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Weights: a .safetensors file, its .json beside it.
    #[arg(value_name = "PATH", value_parser = chosen(), value_hint = clap::ValueHint::FilePath)]
    checkpoint: Chosen,
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
    /// Tasks on which the adjusted intervals are measured, and a tenth as many of the held-out families.
    #[arg(long, value_name = "COUNT", default_value_t = 20_000, value_parser = clap::value_parser!(u64).range(100..10_000_000))]
    check: u64,
    /// Root seed of the tasks.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    #[command(flatten)]
    threads: Threads,
    /// Where to compute.
    #[arg(long, value_parser = super::device(), default_value = "auto")]
    device: DeviceKind,
}

/// Families that no training draws.
const HELD_OUT: &str = "held_out";

/// Runs the command.
pub fn run(args: &Args) -> Result<()> {
    crate::memory::keep();
    let device = super::open(args.device)?;
    let path = args.checkpoint.file()?;
    let mut checkpoint = Checkpoint::read(path, &device)?;
    if matches!(checkpoint.description.network, NetworkConfig::Reference(_)) {
        bail!(
            "`{}` is a published network, which does not take the held-out families that a calibration is checked on\nhint: \
             use it as it is",
            path.display()
        );
    }
    let trained = &checkpoint.description.trained;
    let meta = MetaDistribution::named(&trained.meta)
        .with_context(|| format!("the mix of `{}` cannot be drawn from", path.display()))?;
    let pool = args.threads.pool()?;
    let mut out = out();
    let parts = [Part::Intervals, Part::Independence, Part::Conditional];
    for part in parts.into_iter().filter(|part| args.only.contains(part)) {
        let text = pool.install(|| match part {
            Part::Intervals => intervals(args, &mut checkpoint, &meta, &device),
            Part::Independence => independence::fit(&mut checkpoint, &meta, args.seed, args.shuffled),
            Part::Conditional => conditional::fit(&mut checkpoint, args.seed, args.conditional),
        });
        let text = text.with_context(|| format!("cannot calibrate {} of `{}`", part.what(), path.display()))?;
        checkpoint.description.write(path)?;
        out.write_all(text.as_bytes())?;
    }
    Ok(())
}

/// Adjusts the intervals, and says how well they hold.
fn intervals(args: &Args, checkpoint: &mut Checkpoint, meta: &MetaDistribution, device: &Device) -> Result<String> {
    let description = &mut checkpoint.description;
    // What was made with other quantiles no longer fits.
    (description.calibration, description.coverage) = (None, None);
    (description.independence, description.conditional) = (None, None);
    let held_out = MetaDistribution::named(HELD_OUT)?;
    let observe = |meta, split, count, what| observed(checkpoint, meta, (args.seed, split), count, device, what);
    let taus = checkpoint.description.network.taus().to_vec();
    let tasks: Vec<_> = observe(meta, Split::Calibration, args.tasks, "calibration")?;
    let tasks: Vec<_> = tasks.into_iter().map(|(_, task)| task).collect();
    let calibration = Calibration::fit(meta.name(), args.seed, &taus, &tasks);
    let fresh = observe(meta, Split::Coverage, args.check, "check")?;
    let unseen = observe(&held_out, Split::Coverage, args.check.div_ceil(10), "check on held-out families")?;
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
    let answered = |held_out: bool| {
        let (taus, calibration) = (&taus, &calibration);
        move |(family, task): (String, Observed)| Answered {
            held_out,
            // The kind is enough for families of training, which have many variants.
            family: if held_out { family } else { family.split('-').next().unwrap_or_default().to_owned() },
            shape: task.shape,
            quantiles: adjusted(taus, &task, Some(calibration)),
            mi_nats: task.mi_nats,
        }
    };
    let all: Vec<Answered> =
        fresh.into_iter().map(answered(false)).chain(unseen.into_iter().map(answered(true))).collect();
    checkpoint.description.coverage = Some(Coverage::of(args.seed, &all));
    checkpoint.description.calibration = Some(calibration);
    Ok(text)
}

/// Families and predictions of the first tasks of a split. As in training, half of the discrete ones are categories.
pub(super) fn observed(
    checkpoint: &Checkpoint,
    meta: &MetaDistribution,
    (seed, split): (u64, Split),
    count: u64,
    device: &Device,
    what: &'static str,
) -> Result<Vec<(String, Observed)>> {
    let bar = progress(count, "tasks");
    bar.set_message(format!(" ({what})"));
    let one = |index: u64| {
        let drawn = meta.draw_task(&Seeds { root: seed }, split, index);
        let categories = index.is_multiple_of(2).then(|| drawn.task.categories());
        let draw = drawn.sample();
        let scores = score_of(&draw.sample, categories.as_ref(), &checkpoint.description.network)?;
        let answer = checkpoint.network.forward(&Batch::new(&[&scores], device)?)?;
        let log1p = answer.log1p()?.remove(0);
        Ok((draw.family, Observed { shape: scores.shape(), log1p, mi_nats: draw.mi_nats }))
    };
    (0..count).into_par_iter().progress_with(bar).map(one).collect()
}

/// Quantiles of a task, moved by a calibration if there is one.
pub(super) fn adjusted(taus: &[f64], task: &Observed, calibration: Option<&Calibration>) -> QuantileFunction {
    let mut log1p = task.log1p.clone();
    if let Some(calibration) = calibration {
        calibration.apply(taus, task.shape, &mut log1p);
    }
    QuantileFunction::new(taus, &log1p)
}

/// Share of tasks whose central interval holds the truth, and the mean width of the intervals in nats.
fn coverage(taus: &[f64], tasks: &[(String, Observed)], level: f64, calibration: Option<&Calibration>) -> (f64, f64) {
    let (mut covered, mut width) = (0usize, 0.0);
    for (_, task) in tasks {
        let quantiles = adjusted(taus, task, calibration);
        let (lower, upper) = (quantiles.at(0.5 - 0.5 * level), quantiles.at(0.5 + 0.5 * level));
        covered += usize::from((lower..=upper).contains(&task.mi_nats));
        width += upper - lower;
    }
    (covered as f64 / tasks.len() as f64, width / tasks.len() as f64)
}
