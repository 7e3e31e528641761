//! What the released checkpoint promises, on a few hundred fresh tasks.
//!
//! The full figures are in `docs/results/`; the bounds here are wider, by what so few tasks leave to chance.

use candle_core::Device;
use mist_data_gen::{MetaDistribution, Seeds, Split};
use mist_infer::{Columns, Estimator};
use mist_train::Prediction;
use mist_train::metrics::Summary;
use rayon::prelude::*;
use std::path::Path;

/// Every `stride`-th task of a suite, drawn with a seed of its own.
fn predictions(suite: &str, stride: u64, count: u64) -> Vec<Prediction> {
    let estimator = Estimator::embedded_on(&Device::Cpu).unwrap();
    let meta = MetaDistribution::named(suite).unwrap();
    let one = |i: u64| {
        let draw = meta.draw(&Seeds { root: 77 }, Split::Test, i * stride);
        let columns = |m: &[f64]| Columns::new(m.chunks_exact(draw.n).map(<[f64]>::to_vec).collect());
        let e = estimator.estimate(columns(draw.sample.x.as_slice()), columns(draw.sample.y.as_slice())).unwrap();
        let (family, mi_nats) = (draw.family, draw.mi_nats);
        Prediction { family, n: e.n, dim_x: e.dim_x, dim_y: e.dim_y, mi_nats, quantiles: e.quantiles }
    };
    (0..count).into_par_iter().map(one).collect()
}

#[test]
fn published_protocol() {
    // A stride that is prime to the 9 repeats and the 20 values of n, so that all cells are met.
    for (suite, count) in [("m_test_imd", 154), ("m_test_oomd", 180)] {
        let all = predictions(suite, 7, count);
        let large: Vec<_> = all.iter().filter(|p| p.n > 100).collect();
        let s = Summary::of(large.iter().copied());
        assert!(s.mae < 0.6, "{suite}: mean absolute error {}", s.mae);
        let s = Summary::of(&all);
        assert!((0.82..=0.98).contains(&s.coverage_90), "{suite}: coverage {}", s.coverage_90);
    }
}

#[test]
fn independence_is_seen_as_such() {
    let all = predictions("independence", 1, 100);
    let mean = all.iter().map(|p| p.quantiles.median()).sum::<f64>() / all.len() as f64;
    assert!(mean < 0.05, "mean estimate {mean}");
    let lower = all.iter().map(|p| p.quantiles.at(0.05)).sum::<f64>() / all.len() as f64;
    assert!(lower < 0.02, "mean lower end {lower}");
}

#[test]
fn the_released_files_belong_together() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/mist-infer/checkpoint/released.safetensors");
    let checkpoint = mist_model::Checkpoint::read(&path, &Device::Cpu).unwrap();
    let trained = &checkpoint.description.trained;
    assert!(trained.tasks >= 200_000, "{} tasks", trained.tasks);
    let meta = MetaDistribution::named(&trained.meta).unwrap();
    assert_eq!(trained.meta_sha256, meta.sha256(), "the training mix has changed since the checkpoint was trained");
}
