//! The pointwise MI that the library states for every row, against the oracle's and against the MI.

mod common;

use common::{oracle, rng};
use mist_data_gen::{
    Base, DrawnTask, Joint, MetaDistribution, Sample, Seeds, Split, Task,
    config::{DimsLaw, IntLaw, IntLawKind},
};
use nalgebra::DMatrix;
use rayon::prelude::*;

/// Standard errors that a mean may be off by. Seeds are fixed, so this fails always or never.
const SIGMAS: f64 = 4.0;

/// Largest difference |a − b|/(1 + |b|) between the library's a and the oracle's b.
const TOLERANCE: f64 = 1e-8;

/// Every entry of the training mix, of the held-out set, of the discrete suite and of `wide.toml`, by itself.
fn entries(dims: DimsLaw, n: IntLaw) -> Vec<MetaDistribution> {
    let mut entries = Vec::new();
    let named = ["mist_18", "held_out", "discrete"].map(|name| MetaDistribution::named(name).unwrap());
    for meta in named.into_iter().chain([common::wide()]) {
        let config = meta.config();
        entries.extend((0..config.families.len()).map(|i| MetaDistribution::new(config.only(i, dims, n))));
    }
    entries
}

/// `count` parameter draws of every entry, in few columns.
fn narrow_tasks(root: u64, count: u64) -> Vec<DrawnTask> {
    tasks(root, count, (1, 5))
}

/// `count` parameter draws of every entry, with columns of a side between two numbers.
fn tasks(root: u64, count: u64, (min, max): (usize, usize)) -> Vec<DrawnTask> {
    let law = IntLaw { kind: IntLawKind::LogUniform, min, max };
    let entries = entries(DimsLaw { law, equal: false }, IntLaw::always(10));
    let draw = |meta: &MetaDistribution| -> Vec<DrawnTask> {
        (0..count).map(|index| meta.draw_task(&Seeds { root }, Split::Test, index)).collect()
    };
    entries.iter().flat_map(draw).collect()
}

/// The largest difference to the oracle on the first `checked` rows, and where it is. The sample has more: the library
/// interpolates where rows are dense.
fn difference(task: &Task, checked: usize, rng: &mut impl rand::Rng) -> (f64, String) {
    let base = task.base();
    let sample = base.sample(5_000, rng);
    let ours = base.pointwise_mi(&sample);
    let first = |side: &DMatrix<f64>| side.rows(0, checked).into_owned();
    let theirs = oracle::pointwise_mi(base, &Sample { x: first(&sample.x), y: first(&sample.y) });
    let mut worst = (0.0, String::new());
    for (row, (a, b)) in ours.iter().zip(&theirs).enumerate() {
        let off = (a - b).abs() / (1.0 + b.abs());
        if off.is_nan() || off > worst.0 {
            let (x, y) = (sample.x.row(row), sample.y.row(row));
            worst = (off, format!("{a} not {b} at {x} {y}"));
            if off.is_nan() {
                return (f64::INFINITY, worst.1);
            }
        }
    }
    worst
}

#[test]
fn every_row_is_that_of_the_oracle() {
    let mut found: Vec<(f64, String)> = narrow_tasks(21, 20)
        .into_par_iter()
        // Means over draws, here and there; `regression.rs` compares them.
        .filter(|drawn| !matches!(drawn.task.base(), Base::Regression(_)))
        .map(|DrawnTask { task, mut rng, index, .. }| {
            let checked = match task.base() {
                // The oracle sums over thousands of points a row.
                Base::Link(_) | Base::Links(_) => 200,
                Base::EllipticalCopula(_) | Base::Interaction(_) | Base::NormalMixture(_) => 500,
                _ => 5_000,
            };
            let (off, place) = difference(&task, checked, &mut rng);
            (off, format!("{} {index}: {:?}: {place}", task.family(), task.base()))
        })
        .collect();
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    let failed: Vec<String> =
        found.iter().filter(|(off, _)| *off > TOLERANCE).map(|(off, place)| format!("{off:e} {place}")).collect();
    println!("largest difference {:e}: {}", found[0].0, found[0].1);
    assert!(failed.is_empty(), "{} tasks:\n{}", failed.len(), failed.join("\n"));
}

#[test]
fn the_mean_is_the_mi() {
    means_are_the_mi::<20_000>(narrow_tasks(22, 20));
}

/// In more columns than a network takes, of which training sees a few and sums of the others.
#[test]
fn the_mean_is_the_mi_in_wide_tables() {
    means_are_the_mi::<2_000>(tasks(24, 3, (33, 128)));
}

fn means_are_the_mi<const ROWS: usize>(tasks: Vec<DrawnTask>) {
    tasks.into_par_iter().for_each(|DrawnTask { task, mut rng, index, .. }| {
        let values = task.base().pointwise_mi(&task.base().sample(ROWS, &mut rng));
        let mean = values.iter().sum::<f64>() / ROWS as f64;
        let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (ROWS as f64 - 1.0);
        let error = (variance / ROWS as f64).sqrt().hypot(common::stated_error(task.base()));
        let off = (mean - task.mi_nats()).abs();
        // Where the variance is zero only the rounding of densities is left.
        let what = format!("{} {index}: {:?}", task.family(), task.base());
        assert!(off <= SIGMAS * error + 1e-9, "{what}: mean {mean} ± {error}, stated {}", task.mi_nats());
    });
}

/// In as many columns as are drawn for training, where tails are reached more often.
#[test]
fn values_are_finite() {
    let law = IntLaw { kind: IntLawKind::LogUniform, min: 1, max: 32 };
    let entries = entries(DimsLaw { law, equal: false }, IntLaw::always(2_000));
    let draws = entries.len() as u64 * 200_u64.div_ceil(entries.len() as u64);
    (0..draws).into_par_iter().for_each(|i| {
        let meta = &entries[i as usize % entries.len()];
        let drawn = meta.draw_task(&Seeds { root: 23 }, Split::Test, i);
        let what = format!("{}: {:?}", drawn.task.family(), drawn.task.base());
        let values = drawn.sample_pointwise().pointwise_mi.expect("it was asked for");
        assert_eq!(values.len(), 2_000);
        assert!(values.iter().all(|v| v.is_finite()), "{what}");
    });
}

#[test]
fn the_sample_is_the_same() {
    for DrawnTask { task, rng: stream, .. } in narrow_tasks(24, 3) {
        let (sample, values) = task.sample_pointwise(50, &mut stream.clone());
        assert_eq!(sample, task.sample(50, &mut stream.clone()), "{}", task.family());
        assert_eq!(values.len(), 50);
    }
    // Nor is the stream any further afterwards.
    let task = &narrow_tasks(25, 1)[0].task;
    let (mut one, mut other) = (rng(1), rng(1));
    let (_, _) = (task.sample_pointwise(10, &mut one), task.sample(10, &mut other));
    assert_eq!(one, other);
}
