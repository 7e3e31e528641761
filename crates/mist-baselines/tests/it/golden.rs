//! Agreement with references. The file is written by `scripts/reference_baselines.py`, which says what they are.

use mist_baselines::{
    BaselineError, Cca, GaussianCopula, Histogram, Kde, Ksg, KsgVariant, MiEstimator, MixedKnn, PlugIn, Ross,
};
use nalgebra::DMatrix;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Relative difference between two programs that compute the same.
const TOLERANCE: f64 = 1e-9;

#[derive(Deserialize)]
struct File {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    x: Vec<Vec<f64>>,
    y: Vec<Vec<f64>>,
    estimates: BTreeMap<String, f64>,
}

fn matrix(columns: &[Vec<f64>]) -> DMatrix<f64> {
    DMatrix::from_vec(columns[0].len(), columns.len(), columns.concat())
}

/// The estimator that a key of the file names: a name, and for some its parameter.
fn estimator(key: &str) -> Box<dyn MiEstimator> {
    let (name, parameter) = key.split_once(' ').unwrap_or((key, ""));
    let k = parameter.strip_prefix("k=").map(|k| k.parse().unwrap());
    let bins = parameter.split_once('x').map(|(x, y)| (x.parse().unwrap(), y.parse().unwrap()));
    match name {
        "ksg" | "sklearn" => Box::new(Ksg { k: k.unwrap(), ..Ksg::default() }),
        "ksg2" => Box::new(Ksg { k: k.unwrap(), variant: KsgVariant::Second, ..Ksg::default() }),
        "cca" => Box::new(Cca),
        "gaussian-copula" => Box::new(GaussianCopula),
        "mixed-knn" => Box::new(MixedKnn { k: k.unwrap(), ..MixedKnn::default() }),
        "ross" => Box::new(Ross { k: k.unwrap(), ..Ross::default() }),
        "plug-in" => Box::new(PlugIn),
        "histogram" => {
            let (bins_x, bins_y) = bins.unwrap();
            Box::new(Histogram { bins_x, bins_y })
        }
        "kde" => Box::new(Kde),
        other => panic!("no estimator for `{other}`"),
    }
}

fn cases() -> Vec<Case> {
    let text = include_str!("../../../../tests/reference/baselines.json");
    serde_json::from_str::<File>(text).unwrap().cases
}

#[test]
fn estimates_are_those_of_the_references() {
    let mut seen = BTreeMap::new();
    for case in cases() {
        let (x, y) = (matrix(&case.x), matrix(&case.y));
        for (key, expected) in &case.estimates {
            let got = estimator(key).estimate(&x, &y).unwrap();
            let error = (got - expected).abs() / expected.abs();
            assert!(error < TOLERANCE, "{key} on `{}`: {got}, expected {expected}", case.name);
            *seen.entry(key.split(' ').next().unwrap().to_string()).or_insert(0) += 1;
        }
    }
    let names: Vec<&str> = seen.keys().map(String::as_str).collect();
    let all = ["cca", "gaussian-copula", "histogram", "kde", "ksg", "ksg2", "mixed-knn", "plug-in", "ross", "sklearn"];
    assert_eq!(names, all);
}

#[test]
fn the_order_of_rows_and_of_sides_does_not_matter() {
    for case in cases() {
        let (x, y) = (matrix(&case.x), matrix(&case.y));
        let reversed = |m: &DMatrix<f64>| DMatrix::from_fn(m.nrows(), m.ncols(), |i, j| m[(m.nrows() - 1 - i, j)]);
        for (key, expected) in &case.estimates {
            // Bins may differ from side to side.
            if key.starts_with("histogram") {
                continue;
            }
            let got = estimator(key).estimate(&reversed(&y), &reversed(&x)).unwrap();
            assert!((got - expected).abs() < 1e-9 * expected.abs(), "{key} on `{}`: {got}", case.name);
        }
    }
}

#[test]
fn rows_that_are_equal_stop_ksg_unless_it_may_move_them() {
    let case = cases().into_iter().find(|c| c.name == "mixture").unwrap();
    let (x, y) = (matrix(&case.x), matrix(&case.y));
    for variant in [KsgVariant::First, KsgVariant::Second] {
        let ksg = Ksg { variant, ..Ksg::default() };
        assert!(matches!(ksg.estimate(&x, &y), Err(BaselineError::Ties { k: 5, .. })));
        let moved = Ksg { jitter: Some(1), ..ksg }.estimate(&x, &y).unwrap();
        assert!(moved.is_finite(), "{moved}");
    }
    // Where nothing is tied, jitter changes no neighbour.
    let case = &cases()[0];
    let (x, y) = (matrix(&case.x), matrix(&case.y));
    let moved = Ksg { jitter: Some(1), ..Ksg::default() }.estimate(&x, &y).unwrap();
    assert!((moved - case.estimates["ksg k=5"]).abs() < 1e-9);
}
