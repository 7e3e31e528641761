//! Responses to several columns: rows against the oracle, and the law of what is drawn.

mod common;

use common::{KS_LIMIT, ks_statistic, oracle, rng};
use mist_data_gen::{
    Base, Joint, Sample, Seeds, Split, Task,
    config::{DimsLaw, IntLaw, IntLawKind},
    families::{
        link::Curve,
        regression::{Feature, Regression, Response, Signal},
    },
};
use nalgebra::DMatrix;
use rayon::prelude::*;
use statrs::distribution::{ContinuousCDF, Normal};

/// Draws of the entries `regression` of `wide.toml`.
fn tasks(count: u64) -> Vec<Task> {
    let law = IntLaw { kind: IntLawKind::LogUniform, min: 1, max: 8 };
    let wide = common::wide();
    let config = wide.config();
    let entries = config.families.iter().enumerate().filter(|(_, (_, family))| family.kind.name() == "regression");
    entries
        .flat_map(|(entry, _)| {
            let only = config.only(entry, DimsLaw { law, equal: false }, IntLaw::always(10));
            let meta = mist_data_gen::MetaDistribution::new(only);
            (0..count).map(move |index| meta.draw_task(&Seeds { root: 31 }, Split::Test, index).task)
        })
        .collect()
}

/// Both are means over draws of the signal, so single rows in the tails differ; on the whole they agree.
#[test]
fn rows_are_near_those_of_the_oracle() {
    const ROWS: usize = 1_000;
    tasks(25).into_par_iter().enumerate().for_each(|(i, task)| {
        let sample = task.base().sample(ROWS, &mut rng(9_000 + i as u64));
        let ours = task.base().pointwise_mi(&sample);
        let theirs = oracle::pointwise_mi(task.base(), &sample);
        let mut off: Vec<f64> = ours.iter().zip(&theirs).map(|(a, b)| (a - b).abs()).collect();
        off.sort_by(f64::total_cmp);
        let (median, most) = (off[ROWS / 2], off[ROWS * 99 / 100]);
        let what =
            format!("{median}, one row in a hundred {most}: {} nats, {:?}", task.mi_nats(), response(task.base()));
        assert!(median < 0.06 && most < 0.3, "{what}");
    });
}

fn response(base: &Base) -> &Response {
    match base {
        Base::Regression(base) => base.response(),
        other => panic!("{other:?} is no regression"),
    }
}

fn chain() -> Vec<Feature> {
    [0.0, 0.8, -0.5].map(Feature::number).to_vec()
}

fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

fn column(side: &DMatrix<f64>, j: usize) -> &[f64] {
    &side.as_slice()[j * side.nrows()..(j + 1) * side.nrows()]
}

#[test]
fn numbers_are_signals_with_noise() {
    let signal = Signal::Additive(vec![(1.0, Curve::Linear), (0.5, Curve::Cubic)]);
    let joint =
        Regression::new(&chain(), vec![signal], Response::Number { noise_sd: 0.4 }, 2, &mut rng(9_100)).unwrap();
    let Sample { x, y } = joint.sample(20_000, &mut rng(9_101));
    for (j, expected) in [(0, 0.8), (1, -0.5)] {
        assert!((correlation(column(&x, j), column(&x, j + 1)) - expected).abs() < 0.02);
    }
    let noise: Vec<f64> = x
        .row_iter()
        .zip(y.column(0).iter())
        .map(|(row, y)| (y - joint.signals(&row.iter().copied().collect::<Vec<_>>())[0]) / 0.4)
        .collect();
    assert!(correlation(&noise, column(&x, 0)).abs() < 0.03);
    let standard = Normal::standard();
    assert!(ks_statistic(&noise, |v| standard.cdf(v)) < KS_LIMIT);
    let beside = column(&y, 1);
    assert!(ks_statistic(beside, |v| standard.cdf(v)) < KS_LIMIT);
}

#[test]
fn classes_come_as_often_as_stated() {
    const ROWS: usize = 20_000;
    let signal = Signal::Largest(vec![(1.0, 0.0), (1.0, 0.5), (-1.0, 0.0)]);
    let response = Response::Class { cuts: vec![-0.5, 1.0], softness: 0.3 };
    let joint = Regression::new(&chain(), vec![signal], response, 2, &mut rng(9_200)).unwrap();
    assert_eq!(Base::Regression(joint.clone()).categories(), (vec![false; 3], vec![true; 2]));
    let Sample { x, y } = joint.sample(ROWS, &mut rng(9_201));
    let mut expected = [0.0; 3];
    for row in x.row_iter() {
        let t = joint.signals(&row.iter().copied().collect::<Vec<_>>())[0];
        let at_most = [-0.5, 1.0].map(|cut| 1.0 / (1.0 + ((t - cut) / 0.3_f64).exp()));
        [at_most[0], at_most[1] - at_most[0], 1.0 - at_most[1]].iter().zip(&mut expected).for_each(|(p, e)| *e += p);
    }
    for (class, expected) in expected.into_iter().enumerate() {
        for j in 0..2 {
            let found = column(&y, j).iter().filter(|v| **v == class as f64).count() as f64;
            // Four standard errors, of both columns.
            let allowed = 4.0 * (2.0 * expected).sqrt();
            assert!((found - expected).abs() < allowed, "class {class}, column {j}: {found} not {expected}");
        }
    }
}
