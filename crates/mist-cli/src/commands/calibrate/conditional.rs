//! Intervals of conditional answers, from tasks of known conditional MI.

use crate::console::progress;
use anyhow::Result;
use indicatif::ParallelProgressIterator;
use mist_data_gen::conditional::{ConditionalDraw, FAMILIES};
use mist_data_gen::{Seeds, Split};
use mist_infer::{Columns, Conditional, Estimator};
use mist_model::{Checkpoint, ShapeTable};
use rayon::prelude::*;

/// Level of the intervals that are checked.
const LEVEL: f64 = 0.9;

/// An answer next to the truth.
struct Answered {
    family: &'static str,
    mi_nats: f64,
    answer: Conditional,
}

/// Makes the table, and says what errors are left by family and number of rows, and how well the intervals hold.
pub fn fit(checkpoint: &mut Checkpoint, seed: u64, count: u64) -> Result<String> {
    checkpoint.description.conditional = None;
    let estimator = Estimator::from_parts(checkpoint.clone())?;
    let observed: Vec<_> = answers(&estimator, (seed, Split::Calibration), count)?
        .into_iter()
        .map(|a| (a.answer.x_yz.shape(), (a.mi_nats - a.answer.difference()) / a.answer.spread()))
        .collect();
    let levels = checkpoint.description.network.taus();
    let table = ShapeTable::fit("tasks of known conditional MI", seed, levels, &observed);
    checkpoint.description.conditional = Some(table);

    let estimator = Estimator::from_parts(checkpoint.clone())?;
    let fresh = answers(&estimator, (seed, Split::Coverage), count / 2)?;
    let mut text = format!("conditional answers from {count} tasks; measured on {} others\n", fresh.len());
    text += "| tasks | count | truth, mean | bias | mean absolute error | 90 % interval covers | width |\n";
    text += "|---|---|---|---|---|---|---|\n";
    for family in FAMILIES {
        text += &line(family, fresh.iter().filter(|a| a.family == family))?;
    }
    for (name, from, to) in [("n < 200", 0, 200), ("200 ≤ n < 1,000", 200, 1_000), ("n ≥ 1,000", 1_000, usize::MAX)]
    {
        text += &line(name, fresh.iter().filter(|a| (from..to).contains(&a.answer.n)))?;
    }
    text += &line("truth is 0", fresh.iter().filter(|a| a.mi_nats < 1e-9))?;
    text += &line("all", fresh.iter())?;
    Ok(text)
}

fn line<'a>(name: &str, answers: impl Iterator<Item = &'a Answered>) -> Result<String> {
    let (mut count, mut truth, mut bias, mut error, mut covered, mut width) = (0.0f64, 0.0, 0.0, 0.0, 0.0, 0.0);
    for Answered { mi_nats, answer, .. } in answers {
        let interval = answer.interval(LEVEL)?;
        let off = answer.mi_nats() - mi_nats;
        count += 1.0;
        truth += mi_nats;
        bias += off;
        error += off.abs();
        // The truth of some tasks is 0 but for rounding.
        covered += f64::from(u8::from(interval.lower <= mi_nats + 1e-9 && mi_nats - 1e-9 <= interval.upper));
        width += interval.upper - interval.lower;
    }
    let mean = |sum: f64| sum / count.max(1.0);
    Ok(format!(
        "| {name} | {count} | {:.3} | {:+.3} | {:.3} | {:.0} % | {:.3} |\n",
        mean(truth),
        mean(bias),
        mean(error),
        100.0 * mean(covered),
        mean(width)
    ))
}

/// Answers to the first tasks of a split.
fn answers(estimator: &Estimator, (seed, split): (u64, Split), count: u64) -> Result<Vec<Answered>> {
    let one = |index: u64| {
        let ConditionalDraw { family, discrete, x, y, z, mi_nats } =
            ConditionalDraw::new(&Seeds { root: seed }, split, index);
        let side = |columns: Vec<Vec<f64>>| {
            let dim = columns.len();
            Columns::new(columns).categorical((0..dim).filter(|_| discrete))
        };
        let answer = estimator.conditional(side(vec![x]), side(vec![y]), side(z))?;
        Ok(Answered { family, mi_nats, answer })
    };
    (0..count).into_par_iter().progress_with(progress(count, "conditional tasks")).map(one).collect()
}
