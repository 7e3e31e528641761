//! p-values from predicted quantiles: how far above 0 answers lie on independent tables.

use crate::console::progress;
use anyhow::Result;
use indicatif::ParallelProgressIterator;
use mist_data_gen::{MetaDistribution, Seeds, Split};
use mist_infer::{Columns, Estimate, Estimator};
use mist_model::{Checkpoint, ShapeTable, TaskShape};
use nalgebra::DMatrix;
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rayon::prelude::*;

/// Levels of the quantiles: dense where tests decide.
const LEVELS: [f64; 15] = [0.01, 0.1, 0.25, 0.5, 0.7, 0.8, 0.9, 0.93, 0.95, 0.97, 0.98, 0.99, 0.995, 0.998, 0.999];
/// Cells up to which a task is shuffled again and again, which takes no longer than one large task, and how often at most:
/// small tables are where tests decide, and where the answers to independent tables depend most on their shape.
const CELLS: usize = 2_048;
const MOST_SHUFFLES: usize = 8;
/// Levels of tests that are checked.
const ALPHAS: [f64; 3] = [0.01, 0.05, 0.1];

/// Makes the table, and says how often independent tables are called dependent with it.
pub fn fit(checkpoint: &mut Checkpoint, meta: &MetaDistribution, seed: u64, count: u64) -> Result<String> {
    checkpoint.description.independence = None;
    let estimator = Estimator::from_parts(checkpoint.clone())?;
    let standing = |e: Estimate| (e.shape(), e.standing());
    let observed: Vec<(TaskShape, f64)> = answers(&estimator, meta, (seed, Split::Calibration), count, MOST_SHUFFLES)?
        .into_iter()
        .map(standing)
        .collect();
    let source = format!("{}, rows of Y shuffled", meta.name());
    checkpoint.description.independence = Some(ShapeTable::fit(&source, seed, &LEVELS, &observed));

    let estimator = Estimator::from_parts(checkpoint.clone())?;
    let fresh = answers(&estimator, meta, (seed, Split::Coverage), count / 2, 1)?;
    let p_values: Vec<f64> = fresh.iter().filter_map(Estimate::p_value).collect();
    let mut text = format!(
        "p-values from {} tables, {count} tasks shuffled; measured on {} others, of {} without ties\n",
        observed.len(),
        p_values.len(),
        fresh.len()
    );
    if p_values.is_empty() {
        return Ok(
            text + "no table without ties: nothing to check, and no data of this kind gets a p-value by this table\n"
        );
    }
    text += "| level | called dependent | two standard errors |\n|---|---|---|\n";
    let total = p_values.len() as f64;
    for alpha in ALPHAS {
        let called = p_values.iter().filter(|p| **p <= alpha).count() as f64 / total;
        let two = 2.0 * (alpha * (1.0 - alpha) / total).sqrt();
        text += &format!("| {:.0} % | {:.2} % | {:.2} % |\n", 100.0 * alpha, 100.0 * called, 100.0 * two);
    }
    Ok(text)
}

/// Answers to the first tasks of a split, with the rows of Y in random orders, in `shuffles` of them where the task is small.
fn answers(
    estimator: &Estimator,
    meta: &MetaDistribution,
    (seed, split): (u64, Split),
    count: u64,
    shuffles: usize,
) -> Result<Vec<Estimate>> {
    let one = |index: u64| -> Result<Vec<Estimate>> {
        let sample = meta.draw(&Seeds { root: seed }, split, index).sample;
        let columns = |side: &DMatrix<f64>| {
            Columns::new(side.as_slice().chunks_exact(side.nrows()).map(<[f64]>::to_vec).collect())
        };
        let (x, y) = (columns(&sample.x), columns(&sample.y));
        let times = (CELLS / (x.n() * (x.dim() + y.dim())).max(1)).clamp(1, shuffles);
        let mut rng = StdRng::seed_from_u64(index);
        let mut order: Vec<usize> = (0..y.n()).collect();
        let mut shuffled = || {
            order.shuffle(&mut rng);
            (x.clone(), y.rows(&order))
        };
        let tables: Vec<_> = (0..times).map(|_| shuffled()).collect();
        Ok(estimator.estimate_batch(&tables)?)
    };
    let bar = progress(count, "shuffled tasks");
    let answers: Vec<Vec<Estimate>> = (0..count).into_par_iter().progress_with(bar).map(one).collect::<Result<_>>()?;
    Ok(answers.into_iter().flatten().collect())
}
