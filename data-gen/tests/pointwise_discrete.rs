//! The pointwise MI of the discrete and mixed families and of mixtures, against the oracle and the stated MI.

mod common;

use common::oracle;
use mist_data_gen::{
    DrawnTask, Joint, MetaDistribution, Seeds, Split,
    config::{DimsLaw, IntLaw, IntLawKind},
};
use rayon::prelude::*;

/// Relative to 1 + |value|.
const TOLERANCE: f64 = 1e-8;

/// Standard errors that a mean may be off by. Seeds are fixed, so this fails always or never.
const SIGMAS: f64 = 4.0;

const KINDS: [&str; 9] =
    ["mixture", "labels", "degenerate", "table", "channel", "quantised", "inflated", "censored", "counts"];

/// `count` tasks of every entry of these kinds in the embedded configurations, with at most `most` columns a side.
fn tasks(count: u64, most: usize) -> Vec<DrawnTask> {
    let dims = DimsLaw { law: IntLaw { kind: IntLawKind::LogUniform, min: 1, max: most }, equal: false };
    let mut metas = Vec::new();
    for name in ["mist_3", "discrete", "held_out"] {
        let config = MetaDistribution::named(name).unwrap().config().clone();
        for i in (0..config.families.len()).filter(|i| KINDS.contains(&config.families[*i].1.kind.name())) {
            metas.push(MetaDistribution::new(config.only(i, dims, IntLaw::always(10))));
        }
    }
    let seeds = Seeds { root: 31 };
    metas.iter().flat_map(|meta| (0..count).map(move |i| meta.draw_task(&seeds, Split::Test, i))).collect()
}

#[test]
fn library_and_oracle_agree() {
    tasks(20, 5).into_par_iter().for_each(|DrawnTask { task, mut rng, .. }| {
        let (base, what) = (task.base(), format!("{}: {:?}", task.family(), task.base()));
        let sample = base.sample(20_000, &mut rng);
        let values = base.pointwise_mi(&sample);
        for (row, (got, known)) in values.iter().zip(oracle::pointwise_mi(base, &sample)).enumerate() {
            let off = (got - known).abs() / (1.0 + known.abs());
            let at = || (sample.x.row(row).into_owned(), sample.y.row(row).into_owned());
            assert!(off <= TOLERANCE, "{what}: {got} where the oracle has {known}, at {:?}", at());
        }
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0);
        let error = (variance / n).sqrt().hypot(task.mi_standard_error());
        let off = (mean - task.mi_nats()).abs();
        assert!(off <= SIGMAS * error + 1e-9, "{what}: mean {mean} ± {error}, stated {}", task.mi_nats());
    });
}

#[test]
fn values_are_finite() {
    tasks(200, 32).into_par_iter().for_each(|DrawnTask { task, mut rng, .. }| {
        let (_, values) = task.sample_pointwise(2_000, &mut rng);
        assert!(values.len() == 2_000 && values.iter().all(|v| v.is_finite()), "{:?}", task.base());
    });
}
