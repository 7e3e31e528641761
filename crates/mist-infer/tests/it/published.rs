//! The published network as an estimator: weights in its authors' format, answers, and what is refused.

use crate::support::data;
use mist_infer::{Columns, Device, EstimateError, Estimator, PermutationTest, Warning};
use mist_model::{Parameters, Reference, ReferenceConfig, ScoreError};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Weights as the hub has them: `model.safetensors` with the names of the hub class, and `config.json`.
fn published(dir: &Path, config: &ReferenceConfig, json: Option<&str>) -> PathBuf {
    let (_, parameters) = Parameters::init(7, &Device::Cpu, |vb| Reference::new(config, vb)).unwrap();
    let tensors: HashMap<String, candle_core::Tensor> =
        parameters.iter().map(|(name, v)| (format!("core.{name}"), v.as_tensor().clone())).collect();
    let path = dir.join("model.safetensors");
    candle_core::safetensors::save(&tensors, &path).unwrap();
    if let Some(json) = json {
        std::fs::write(dir.join("config.json"), json).unwrap();
    }
    path
}

fn small(quantile_conditioned: bool) -> ReferenceConfig {
    ReferenceConfig {
        quantile_conditioned,
        phi_hidden_dim: 16,
        n_phi_heads: 4,
        phi_dim_forward: 16,
        rho_hidden_dim: 16,
        ..ReferenceConfig::default()
    }
}

fn estimator(config: &ReferenceConfig) -> Estimator {
    let dir = tempfile::tempdir().unwrap();
    let path = published(dir.path(), config, Some(r#"{"n_phi_heads": 4, "license": "mit"}"#));
    Estimator::from_checkpoint(&path, &Device::Cpu).unwrap()
}

#[test]
fn weights_of_the_published_size_need_nothing_beside_them() {
    let dir = tempfile::tempdir().unwrap();
    let path = published(dir.path(), &ReferenceConfig::default(), None);
    let estimator = Estimator::from_checkpoint(&path, &Device::Cpu).unwrap();
    assert_eq!(estimator.parameter_count(), 5_521_921);
    let description = estimator.description();
    assert_eq!((description.name.as_str(), description.network.clone()), ("model", ReferenceConfig::default().into()));
    assert_eq!((description.trained.n, description.trained.dims), ((10, 500), (2, 32)));

    // Of another size nobody knows the number of heads.
    let path = published(dir.path(), &small(false), None);
    let error = Estimator::from_checkpoint(&path, &Device::Cpu).unwrap_err().to_string();
    assert!(error.contains("hint: put the `config.json` of its authors beside it"), "{error}");
}

#[test]
fn the_mean_has_no_interval_and_says_so() {
    let estimator = estimator(&small(false));
    let (x, y) = data(60, 3, 3);
    let estimate = estimator.estimate(&x, &y).unwrap();
    assert!(estimate.warnings.is_empty(), "{:?}", estimate.warnings);
    assert!(!estimate.has_interval() && !estimator.has_intervals());
    assert!(matches!(estimate.interval(0.9), Err(EstimateError::NoIntervals { .. })));
    assert!(matches!(estimator.check_level(0.9), Err(EstimateError::NoIntervals { .. })));
    assert_eq!((estimate.pointwise(), estimate.mean_nats()), (None, estimate.mi_nats()));
    let json = serde_json::to_value(&estimate).unwrap();
    assert!(json["quantiles_nats"].is_null() && json["mi_nats"].is_number(), "{json}");
    // What needs no interval works.
    let test = PermutationTest { permutations: 19, ..PermutationTest::default() };
    let tested = estimator.test(&x, &y, &test).unwrap();
    assert!(tested.p_value > 0.0 && tested.p_value <= 1.0, "{tested:?}");
}

#[test]
fn quantiles_are_asked_level_by_level() {
    let estimator = estimator(&small(true));
    let (x, y) = data(60, 3, 3);
    let estimate = estimator.estimate(&x, &y).unwrap();
    let interval = estimate.interval(0.9).unwrap();
    assert!(interval.lower <= estimate.mi_nats() && estimate.mi_nats() <= interval.upper);
    let values: Vec<f64> = (1..100).map(|i| estimate.quantile(f64::from(i) / 100.0)).collect();
    assert!(values.is_sorted() && values.iter().all(|v| *v >= 0.0 && v.is_finite()));
    assert!(serde_json::to_value(&estimate).unwrap()["quantiles_nats"].is_array());
    // A table is one pass, however many rows it has.
    let (x, y) = data(700, 2, 2);
    let warnings = estimator.estimate(&x, &y).unwrap().warnings;
    assert_eq!(warnings, [Warning::Rows { n: 700, trained: (10, 500) }]);
}

#[test]
fn its_limits_are_refused() {
    let estimator = estimator(&small(true));
    let refused = |n: usize, dim_x: usize, dim_y: usize| {
        let (x, y) = data(n, dim_x, dim_y);
        estimator.estimate(&x, &y).unwrap_err()
    };
    for (dim_x, dim_y) in [(3, 2), (1, 1), (33, 33)] {
        let error = refused(50, dim_x, dim_y);
        assert!(matches!(error, EstimateError::Scores(ScoreError::Columns { .. })), "{error}");
        assert!(error.to_string().contains("expected 2 to 32 on each side and as many on both"), "{error}");
    }
    let (x, y) = data(50, 2, 2);
    let columns = Columns::from(&x);
    let error = estimator.estimate(columns.named(["size", "kind"]).categorical([1]), &y).unwrap_err().to_string();
    assert!(error.starts_with("column `kind` of X is a category"), "{error}");
    let error = refused(400_000, 2, 2);
    let EstimateError::TooManyRows { rows: 400_000, at_most, .. } = error else { panic!("{error}") };
    // It takes what it says that it takes, as far as the clock goes, and refuses one row more.
    assert!((10_000..400_000).contains(&at_most), "{at_most}");
    assert!(matches!(refused(at_most + 1, 2, 2), EstimateError::TooManyRows { at_most: same, .. } if same == at_most));
}
