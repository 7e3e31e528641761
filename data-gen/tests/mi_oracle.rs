//! Every stated MI against the Monte-Carlo mean of the pointwise MI.

mod common;

use common::{assert_mean, oracle::pointwise_mi, rng};
use mist_data_gen::{
    Base, DrawnTask, Joint, MetaDistribution, Seeds, Split, Task,
    config::{DimsLaw, IntLaw, IntLawKind},
    families::{
        additive::Additive,
        copula::{Copulas, Generator},
        elliptical::{
            Elliptical,
            dispersion::{Dispersion, LvmParameters},
        },
        link::{Curve, CurveKind, Link, Noise, Source},
    },
};
use rand::Rng;
use rayon::prelude::*;

/// Standard errors that a mean may be off by. Seeds are fixed, so this fails always or never.
const SIGMAS: f64 = 4.0;

fn check(base: &Base, n: usize, stream: u64, what: &str) {
    let sample = base.sample(n, &mut rng(stream));
    let values = pointwise_mi(base, &sample);
    assert_mean(&values, base.mi_nats(), SIGMAS, what);
}

fn dispersions() -> Vec<(&'static str, Dispersion)> {
    let lvm = LvmParameters { alpha: 0.4, beta: 0.9, lambda: 1.7, eta: 2.2 };
    vec![
        ("dense 1 × 1", Dispersion::dense(1, 1, 0.7).unwrap()),
        ("dense 5 × 3", Dispersion::dense(5, 3, 0.45).unwrap()),
        ("dense 2 × 16", Dispersion::dense(2, 16, 0.2).unwrap()),
        ("independent 3 × 4", Dispersion::dense(3, 4, 0.0).unwrap()),
        ("sparse 4 × 6", Dispersion::sparse(4, 6, 3, 1.5).unwrap()),
        ("sparse 1 × 1", Dispersion::sparse(1, 1, 1, 5.0).unwrap()),
        ("2pair 7 × 7", Dispersion::sparse(7, 7, 2, 0.8).unwrap()),
        ("lvm 6 × 6", Dispersion::lvm(6, 6, 4, lvm).unwrap()),
        ("lvm 3 × 8", Dispersion::lvm(3, 8, 2, lvm).unwrap()),
        ("lvm 1 × 1", Dispersion::lvm(1, 1, 1, lvm).unwrap()),
    ]
}

#[test]
fn normal() {
    for (i, (what, dispersion)) in dispersions().into_iter().enumerate() {
        let base = Base::Elliptical(Elliptical::normal(dispersion));
        check(&base, 20_000, i as u64, what);
    }
}

#[test]
fn student() {
    for (i, (what, dispersion)) in dispersions().into_iter().enumerate() {
        for (j, nu) in [1.0, 2.5, 9.7].into_iter().enumerate() {
            let base = Elliptical::student(dispersion.clone(), nu).unwrap();
            let stream = 100 + (10 * i + j) as u64;
            check(&Base::Elliptical(base), 20_000, stream, &format!("{what}, ν = {nu}"));
        }
    }
}

#[test]
fn additive() {
    let shapes =
        [(1, vec![0.1]), (1, vec![2.0]), (3, vec![0.3, 0.5, 1.1]), (2, vec![0.2, 0.9, 0.4, 0.4]), (5, vec![0.7, 0.15])];
    for (i, (dim_x, epsilon)) in shapes.into_iter().enumerate() {
        let what = format!("additive {dim_x}, {epsilon:?}");
        let base = Base::Additive(Additive::new(dim_x, epsilon).unwrap());
        check(&base, 20_000, 300 + i as u64, &what);
    }
}

#[test]
fn copulas() {
    let mut parameters = rng(350);
    for (i, generator) in Generator::ALL.into_iter().enumerate() {
        for j in 0..20 {
            let theta = generator.theta_of(parameters.random_range(0.02..0.9)).unwrap();
            let (dims, pairs) = ([(1, 1), (3, 2)][j % 2], 1 + j % 2);
            let what = format!("{generator:?}, θ = {theta}, {pairs} pairs of {dims:?}");
            let base = Base::Copulas(Copulas::new(generator, theta, pairs, dims).unwrap());
            check(&base, 20_000, 360 + (20 * i + j) as u64, &what);
        }
    }
}

#[test]
fn link() {
    let mut parameters = rng(400);
    // The others jump or fold; they have tests of their own.
    for (i, kind) in CurveKind::ALL.into_iter().take(6).enumerate() {
        for (j, source) in [Source::Normal, Source::Uniform].into_iter().enumerate() {
            for (k, noise) in [Noise::Normal, Noise::Uniform].into_iter().enumerate() {
                let curve = kind.draw(&mut parameters);
                let sd = [0.08, 0.3, 1.0][parameters.random_range(0..3)];
                let what = format!("{source:?}, {curve:?}, {noise:?}, sd {sd}");
                let base = Base::Link(Link::new(source, curve, noise, sd).unwrap());
                check(&base, 3_000, 410 + (4 * i + 2 * j + k) as u64, &what);
            }
        }
    }
}

/// The stated MI is the mean of the pointwise MI within [`SIGMAS`] standard errors, of both where it has one of its own.
fn check_task(task: &Task, rows: usize, rng: &mut impl Rng, what: &str) {
    let base = task.base();
    assert_eq!((base.mi_nats(), base.mi_standard_error()), (task.mi_nats(), task.mi_standard_error()));
    let values = pointwise_mi(base, &base.sample(rows, rng));
    let mean = values.iter().sum::<f64>() / rows as f64;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (rows as f64 - 1.0);
    let error = (variance / rows as f64).sqrt().hypot(common::stated_error(base));
    // Where the variance is zero only the rounding of densities is left.
    let off = (mean - task.mi_nats()).abs();
    assert!(off <= SIGMAS * error + 1e-9, "{what}: mean {mean} ± {error}, stated {}", task.mi_nats());
}

/// The first tasks that the embedded configurations and `wide.toml` draw, as drawn, whatever their dims.
#[test]
fn drawn_tasks() {
    let seeds = Seeds { root: 11 };
    let named = MetaDistribution::names().map(|name| MetaDistribution::named(name).unwrap());
    for meta in named.chain([common::wide()]) {
        // A stride that meets every family of the suites.
        for index in (0..1_260).step_by(42) {
            let DrawnTask { task, mut rng, .. } = meta.draw_task(&seeds, Split::Test, index);
            check_task(&task, 1_500, &mut rng, &format!("{} {index} {}", meta.name(), task.family()));
        }
    }
}

/// Twenty parameter draws of every entry of the training mix, of the held-out set and of `wide.toml`, in few columns.
#[test]
fn every_family_that_is_drawn() {
    let law = IntLaw { kind: IntLawKind::LogUniform, min: 1, max: 5 };
    let dims = DimsLaw { law, equal: false };
    let named = ["mist_18", "held_out"].map(|name| MetaDistribution::named(name).unwrap());
    let draws: Vec<(MetaDistribution, u64)> = named
        .into_iter()
        .chain([common::wide()])
        .flat_map(|meta| {
            let config = meta.config().clone();
            (0..config.families.len()).map(move |i| MetaDistribution::new(config.only(i, dims, IntLaw::always(10))))
        })
        .flat_map(|meta| (0..20).map(move |index| (meta.clone(), index)))
        .collect();
    draws.par_iter().for_each(|(meta, index)| {
        let DrawnTask { task, mut rng, .. } = meta.draw_task(&Seeds { root: 12 }, Split::Test, *index);
        let rows = match task.base() {
            // Inverting a Student's distribution function is slow.
            Base::EllipticalCopula(_) => 300,
            Base::Link(_) | Base::Links(_) => 1_500,
            Base::NormalMixture(_) => 4_000,
            Base::Regression(_) => 2_000,
            // Enough to see the rare flips of a good channel.
            _ => 20_000,
        };
        check_task(&task, rows, &mut rng, &format!("{} {index}: {:?}", task.family(), task.base()));
    });
}

/// The quadrature against a lattice and panels eight times as fine.
#[test]
fn link_quadrature_has_converged() {
    /// Accuracy stated in the documentation of [`Link`].
    const TOLERANCE_NATS: f64 = 5e-4;
    let mut rng = rng(500);
    let mut worst = (0.0, String::new());
    for i in 0..400 {
        let source = [Source::Normal, Source::Uniform][i % 2];
        let noise = [Noise::Normal, Noise::Uniform][(i / 2) % 2];
        let curve = CurveKind::ALL[(i / 4) % 6].draw(&mut rng);
        let sd = if i < 48 { 0.02 } else { 0.02 * 150.0_f64.powf(rng.random()) };
        let link = Link::new(source, curve, noise, sd).unwrap();
        let error = (link.mi_nats() - link.mi_by_quadrature(8)).abs();
        if error > worst.0 {
            worst = (error, format!("{source:?}, {curve:?}, {noise:?}, sd {sd}"));
        }
    }
    println!("largest difference {} nats: {}", worst.0, worst.1);
    assert!(worst.0 < TOLERANCE_NATS, "{} nats off: {}", worst.0, worst.1);
}

/// Where a closed form exists, the quadrature meets it.
#[test]
fn link_closed_forms() {
    let mi = |source, curve, noise, sd| Link::new(source, curve, noise, sd).unwrap().mi_nats();
    for sd in [0.02_f64, 0.1, 0.5, 3.0] {
        let line = mi(Source::Normal, Curve::Linear, Noise::Normal, sd);
        assert!((line - 0.5 * sd.powi(-2).ln_1p()).abs() < 2e-5, "normal line, sd {sd}: {line}");
        // The additive family with X in units of its width 2√3.
        let boxes = mi(Source::Uniform, Curve::Linear, Noise::Uniform, sd);
        let known = mist_data_gen::families::additive::pair_mi_nats(0.5 * sd);
        assert!((boxes - known).abs() < 3e-4, "uniform line, sd {sd}: {boxes} not {known}");
    }
    // With little noise a threshold tells all there is: H(X > t).
    for noise in [Noise::Normal, Noise::Uniform] {
        let step = mi(Source::Normal, Curve::Threshold { at: 0.0 }, noise, 0.05);
        assert!((step - std::f64::consts::LN_2).abs() < 1e-6, "{noise:?}: {step}");
    }
}
