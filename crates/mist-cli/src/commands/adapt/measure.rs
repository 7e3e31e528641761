//! The calibration of adapted weights, and the figures before and after.

use super::folder::Folder;
use super::{Args, On};
use crate::commands::calibrate::{adjusted, observed};
use anyhow::Result;
use mist_data_gen::{MetaDistribution, Split, config::FITTED};
use mist_model::{Answered, Calibration, Checkpoint, Coverage};
use mist_train::Prediction;
use mist_train::adapt::Laws;
use mist_train::metrics::Summary;

/// Families that no training draws.
const HELD_OUT: &str = "held_out";

/// Figures of one kind of tasks.
#[derive(Clone, Debug)]
pub struct Figures {
    /// The kind, in words.
    pub what: &'static str,
    /// Of the checkpoint that it began with.
    pub before: Summary,
    /// Of the adapted one.
    pub after: Summary,
}

/// The best weights under their own name, with a coverage card. Intervals for tables of about as many columns as the data are calibrated on the
/// mix; for all others they are those that the checkpoint began with, which stand on many more tasks, none of them like the data.
pub fn calibrated(folder: &Folder, before: &Checkpoint, laws: &Laws, args: &Args, device: On) -> Result<Checkpoint> {
    let name = args.name.as_str();
    let path = folder.weights(name);
    let mut checkpoint = Checkpoint::read(&folder.weights("best"), device)?;
    let description = &mut checkpoint.description;
    description.name = name.into();
    (description.calibration, description.coverage) = (None, None);
    (description.independence, description.conditional) = (None, None);
    let held_out = MetaDistribution::named(HELD_OUT)?;
    let observe = |meta, split, count, what| observed(&checkpoint, meta, (args.seed, split), count, device, what);
    let tasks = observe(&laws.mix, Split::Calibration, args.calibration, "calibration")?;
    let tasks: Vec<_> = tasks.into_iter().map(|(_, task)| task).collect();
    let taus = checkpoint.description.network.taus();
    let meta = laws.mix.name();
    let calibration = match before.description.calibration.clone() {
        Some(begun) => begun.with(laws.columns, meta, args.seed, taus, &tasks),
        None => Calibration::fit(meta, args.seed, taus, &tasks),
    };
    let mut all = Vec::new();
    for (law, count) in [(&laws.mix, args.check), (&held_out, args.check.div_ceil(10))] {
        let is_held_out = law.name() == HELD_OUT;
        for (family, task) in observe(law, Split::Coverage, count, "check")? {
            let kind =
                if family.ends_with(FITTED) { "like the data" } else { family.split('-').next().unwrap_or_default() };
            all.push(Answered {
                held_out: is_held_out,
                family: if is_held_out { family } else { kind.to_owned() },
                shape: task.shape,
                quantiles: adjusted(taus, &task, Some(&calibration)),
                mi_nats: task.mi_nats,
            });
        }
    }
    checkpoint.description.coverage = Some(Coverage::of(args.seed, &all));
    checkpoint.description.calibration = Some(calibration);
    folder.write(&format!("{name}.safetensors"), &mist_files::read(&folder.weights("best"))?)?;
    checkpoint.description.write(&path)?;
    Ok(checkpoint)
}

/// Both checkpoints, each with its own calibration, on the same fresh tasks.
pub fn compare(
    checkpoints: [&Checkpoint; 2],
    laws: &Laws,
    (seed, count): (u64, u64),
    device: On,
) -> Result<Vec<Figures>> {
    let held_out = MetaDistribution::named(HELD_OUT)?;
    let kinds = [
        ("tasks that look like the data", &laws.like_the_data),
        ("general tasks", &laws.general),
        ("families that no training saw", &held_out),
    ];
    let figures = |(what, law): (&'static str, &MetaDistribution)| {
        let of = |checkpoint: &Checkpoint| {
            let tasks = observed(checkpoint, law, (seed, Split::Test), count, device, what)?;
            let d = &checkpoint.description;
            let predictions = tasks.into_iter().map(|(family, task)| Prediction {
                family,
                n: task.shape.n,
                dim_x: 0,
                dim_y: 0,
                mi_nats: task.mi_nats,
                quantiles: adjusted(d.network.taus(), &task, d.calibration.as_ref()),
            });
            Ok::<_, anyhow::Error>(Summary::of(&predictions.collect::<Vec<_>>()))
        };
        Ok(Figures { what, before: of(checkpoints[0])?, after: of(checkpoints[1])? })
    };
    kinds.into_iter().map(figures).collect()
}
