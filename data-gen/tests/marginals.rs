//! Distributions of what is drawn, by Kolmogorov–Smirnov and moment tests with fixed seeds.

mod common;

use common::{KS_LIMIT, assert_mean, ks_statistic, rng};
use mist_data_gen::{
    Joint,
    config::{IntLaw, IntLawKind},
    families::{
        additive::Additive,
        copula::{Copulas, Generator},
        elliptical::{
            Elliptical,
            dispersion::{Dispersion, LvmParameters},
        },
        independent::{Independent, IndependentPrior, IndependentSide, Shape},
        link::{Curve, Link, Noise, Source},
        marginal::Marginal,
    },
    mixing::haar,
};
use nalgebra::DMatrix;
use rand::Rng;
use rand_distr::StandardNormal;
use statrs::distribution::{Cauchy, ContinuousCDF, Exp, Laplace, LogNormal, Normal, Pareto, StudentsT};

fn assert_law(values: &[f64], cdf: impl Fn(f64) -> f64, what: &str) {
    let statistic = ks_statistic(values, cdf);
    assert!(statistic < KS_LIMIT, "{what}: √n D = {statistic}");
}

#[test]
fn copulas_have_uniform_columns_and_their_kendall_distribution() {
    for (i, generator) in Generator::ALL.into_iter().enumerate() {
        for (j, tau) in [0.1, 0.5, 0.85].into_iter().enumerate() {
            let what = format!("{generator:?}, τ = {tau}");
            let base = Copulas::new(generator, generator.theta_of(tau).unwrap(), 1, (2, 1)).unwrap();
            let sample = base.sample(20_000, &mut rng(700 + (3 * i + j) as u64));
            for column in sample.x.column_iter().chain(sample.y.column_iter()) {
                assert_law(&column.iter().copied().collect::<Vec<_>>(), |v| v.clamp(0.0, 1.0), &what);
            }
            // Of two rows, the second is above the first in both columns or in neither with probability (1 + τ)/2.
            let concordance: Vec<f64> = (0..10_000)
                .map(|r| {
                    let (a, b) = (2 * r, 2 * r + 1);
                    let dx = sample.x[(a, 0)] - sample.x[(b, 0)];
                    (dx * (sample.y[(a, 0)] - sample.y[(b, 0)])).signum()
                })
                .collect();
            assert_mean(&concordance, tau, 4.0, &what);
        }
    }
}

#[test]
fn marginals_have_their_distributions() {
    let apply = |marginal: Marginal, stream: u64| {
        let mut rng = rng(stream);
        let mut values: Vec<f64> = (0..20_000).map(|_| rng.sample(StandardNormal)).collect();
        marginal.apply(&mut values, &mut rng);
        values
    };
    let normal = Normal::new(0.0, 1.0).unwrap();
    assert_law(&apply(Marginal::Normal, 0), |v| normal.cdf(v), "normal");
    assert_law(&apply(Marginal::Uniform, 1), |v| v.clamp(0.0, 1.0), "uniform");
    let exponential = Exp::new(1.0).unwrap();
    assert_law(&apply(Marginal::Exponential, 2), |v| exponential.cdf(v), "exponential");
    let laplace = Laplace::new(0.0, 1.0).unwrap();
    assert_law(&apply(Marginal::Laplace, 3), |v| laplace.cdf(v), "laplace");
    for (i, sigma) in [0.25, 1.5].into_iter().enumerate() {
        let law = LogNormal::new(0.0, sigma).unwrap();
        let values = apply(Marginal::LogNormal { sigma }, 4 + i as u64);
        assert_law(&values, |v| law.cdf(v), "log-normal");
    }
    for (i, alpha) in [1.0, 5.0].into_iter().enumerate() {
        let law = Pareto::new(1.0, alpha).unwrap();
        let values = apply(Marginal::Pareto { alpha }, 6 + i as u64);
        assert_law(&values, |v| law.cdf(v), "pareto");
    }
    let cauchy = Cauchy::new(0.0, 1.0).unwrap();
    assert_law(&apply(Marginal::Cauchy, 8), |v| cauchy.cdf(v), "cauchy");
    for (i, nu) in [1.0, 9.0].into_iter().enumerate() {
        let law = StudentsT::new(0.0, 1.0, nu).unwrap();
        let values = apply(Marginal::Student { nu }, 9 + i as u64);
        assert_law(&values, |v| law.cdf(v), "student");
    }
}

#[test]
fn marginals_are_increasing_and_finite_far_out() {
    let grid: Vec<f64> = (-80..=80).map(|i| f64::from(i) * 0.1).collect();
    for marginal in [
        Marginal::Uniform,
        Marginal::Exponential,
        Marginal::Laplace,
        Marginal::LogNormal { sigma: 1.5 },
        Marginal::Pareto { alpha: 1.0 },
        Marginal::Cauchy,
    ] {
        let mut values = grid.clone();
        marginal.apply(&mut values, &mut rng(0));
        assert!(values.iter().all(|v| v.is_finite()), "{marginal:?}");
        assert!(values.windows(2).all(|w| w[0] < w[1]), "{marginal:?}");
    }
}

#[test]
fn elliptical_columns_have_unit_marginals() {
    let lvm = LvmParameters { alpha: 0.7, beta: 1.1, lambda: 2.0, eta: 3.0 };
    let dispersion = Dispersion::lvm(3, 2, 1, lvm).unwrap();
    let normal = Normal::new(0.0, 1.0).unwrap();
    let sample = Elliptical::normal(dispersion.clone()).sample(20_000, &mut rng(20));
    for column in sample.x.column_iter().chain(sample.y.column_iter()) {
        let values: Vec<f64> = column.iter().copied().collect();
        assert_law(&values, |v| normal.cdf(v), "normal column");
    }
    let student = StudentsT::new(0.0, 1.0, 1.5).unwrap();
    let base = Elliptical::student(dispersion, 1.5).unwrap();
    let sample = base.sample(20_000, &mut rng(21));
    for column in sample.x.column_iter().chain(sample.y.column_iter()) {
        let values: Vec<f64> = column.iter().copied().collect();
        assert_law(&values, |v| student.cdf(v), "student column");
    }
}

/// The sampler works on factors, the MI on the matrix: they must mean the same matrix.
#[test]
fn samples_have_the_stated_correlations() {
    let lvm = LvmParameters { alpha: 0.5, beta: 0.8, lambda: 1.4, eta: 0.6 };
    for (i, dispersion) in [
        Dispersion::dense(3, 4, 0.4).unwrap(),
        Dispersion::sparse(4, 3, 2, 2.0).unwrap(),
        Dispersion::lvm(4, 4, 3, lvm).unwrap(),
        Dispersion::lvm(2, 5, 1, lvm).unwrap(),
    ]
    .into_iter()
    .enumerate()
    {
        let expected = dispersion.correlation();
        assert_eq!(expected, expected.transpose());
        let sample = Elliptical::normal(dispersion).sample(20_000, &mut rng(30 + i as u64));
        let columns: Vec<_> = sample.x.column_iter().chain(sample.y.column_iter()).collect();
        for (row, a) in columns.iter().enumerate() {
            for (column, b) in columns.iter().enumerate() {
                let products: Vec<f64> = a.iter().zip(b).map(|(a, b)| a * b).collect();
                let what = format!("correlation ({row}, {column}) of case {i}");
                assert_mean(&products, expected[(row, column)], 4.5, &what);
            }
        }
    }
}

#[test]
fn additive_columns() {
    let sample = Additive::new(2, vec![0.3, 0.8, 1.5]).unwrap().sample(20_000, &mut rng(40));
    assert_law(sample.x.column(1).as_slice(), |v| v.clamp(0.0, 1.0), "x");
    for (i, e) in [0.3, 0.8, 1.5].into_iter().enumerate() {
        // E[(y + e)₊ …] integrated: the distribution function of U(0, 1) + U(−e, e).
        let ramp = |v: f64| v.max(0.0).powi(2) / 2.0;
        let cdf = |y: f64| (ramp(y + e) - ramp(y + e - 1.0) - ramp(y - e) + ramp(y - e - 1.0)) / (2.0 * e);
        assert_law(sample.y.column(i).as_slice(), cdf, "y");
    }
}

#[test]
fn link_columns() {
    let sample = Link::new(Source::Uniform, Curve::Linear, Noise::Normal, 0.5).unwrap().sample(20_000, &mut rng(50));
    let cdf = |v: f64| (0.5 + v / 12.0_f64.sqrt()).clamp(0.0, 1.0);
    assert_law(sample.x.as_slice(), cdf, "uniform source");
    let noise: Vec<f64> = (&sample.y - &sample.x).iter().map(|v| v / 0.5).collect();
    let normal = Normal::new(0.0, 1.0).unwrap();
    assert_law(&noise, |v| normal.cdf(v), "normal noise");

    let curve = Curve::Periodic { omega: 3.0, phase: 0.4 };
    let link = Link::new(Source::Normal, curve, Noise::Uniform, 0.2).unwrap();
    let sample = link.sample(20_000, &mut rng(51));
    assert_law(sample.x.as_slice(), |v| normal.cdf(v), "normal source");
    let signal: Vec<f64> = sample.x.iter().map(|&x| link.signal(x)).collect();
    let mean = signal.iter().sum::<f64>() / signal.len() as f64;
    let squares: Vec<f64> = signal.iter().map(|s| (s - mean).powi(2)).collect();
    assert_mean(&squares, 1.0, 4.0, "variance of the signal");
    let noise: Vec<f64> = sample.y.iter().zip(&signal).map(|(y, s)| (y - s) / 0.2).collect();
    assert_law(&noise, cdf, "uniform noise");
}

/// Columns of one side depend on each other as drawn, columns of different sides do not.
#[test]
fn independent_sides() {
    let normals =
        |factor: Vec<f64>| IndependentSide { shape: Shape::Marginals(vec![Marginal::Normal; factor.len()]), factor };
    let pair = Independent { x: normals(vec![0.9, -0.8]), y: normals(vec![0.7, 0.6, 0.0]) };
    let sample = pair.sample(20_000, &mut rng(60));
    let product = |a: &[f64], b: &[f64]| -> Vec<f64> { a.iter().zip(b).map(|(a, b)| a * b).collect() };
    let (x, y) = (&sample.x, &sample.y);
    let within = product(x.column(0).as_slice(), x.column(1).as_slice());
    assert_mean(&within, -0.72, 4.0, "within x");
    let within = product(y.column(0).as_slice(), y.column(1).as_slice());
    assert_mean(&within, 0.42, 4.0, "within y");
    for i in 0..2 {
        for j in 0..3 {
            let across = product(x.column(i).as_slice(), y.column(j).as_slice());
            assert_mean(&across, 0.0, 4.0, "across");
            // Not even in their magnitudes.
            let magnitudes: Vec<f64> = across.iter().map(|v| v * v - 1.0).collect();
            assert_mean(&magnitudes, 0.0, 4.0, "across, squared");
        }
    }

    let side = IndependentSide { factor: vec![0.0, 0.0], shape: Shape::SharedScale { nu: 3.0 } };
    let values = side.sample(20_000, &mut rng(61));
    let law = StudentsT::new(0.0, 1.0, 3.0).unwrap();
    assert_law(values.column(1).as_slice(), |v| law.cdf(v), "shared scale");
    // Uncorrelated, yet large together: E[min(|a|, 3) min(|b|, 3)] exceeds the product of the means.
    let clipped = values.map(|v| v.abs().min(3.0));
    let means = clipped.row_mean();
    let together: Vec<f64> = product(clipped.column(0).as_slice(), clipped.column(1).as_slice());
    let mean = together.iter().sum::<f64>() / together.len() as f64;
    assert!(mean > 1.05 * means[0] * means[1], "{mean} and {means}");
}

#[test]
fn independent_draws_cover_all_marginals() {
    let law = IndependentPrior { factor: 0.5, shared_scale: 0.25, nu: [1.0, 10.0], discrete: 0.0 };
    let mut rng = rng(70);
    let (mut with_factor, mut with_scale) = (0, 0);
    let mut kinds = std::collections::HashSet::new();
    for _ in 0..400 {
        let side = IndependentSide::draw(3, &law, &mut rng);
        assert!(side.factor.iter().all(|a| a.abs() < 1.0));
        with_factor += usize::from(side.factor.iter().any(|&a| a != 0.0));
        match side.shape {
            Shape::SharedScale { nu } => {
                assert!((1.0..=10.0).contains(&nu));
                with_scale += 1;
            }
            Shape::Marginals(marginals) => {
                kinds.extend(marginals.iter().map(std::mem::discriminant));
            }
            Shape::Levels(_) => panic!("not asked for"),
        }
    }
    assert_eq!(kinds.len(), 8);
    assert!((160..240).contains(&with_factor), "{with_factor}");
    assert!((70..130).contains(&with_scale), "{with_scale}");
}

#[test]
fn independent_sides_may_be_discrete() {
    let law = IndependentPrior { factor: 0.5, shared_scale: 0.25, nu: [1.0, 10.0], discrete: 0.5 };
    let mut rng = rng(71);
    let (mut discrete, mut bits, mut continuous_columns) = (0, 0, 0);
    for _ in 0..400 {
        let side = IndependentSide::draw(2, &law, &mut rng);
        let Shape::Levels(cuts) = &side.shape else { continue };
        discrete += 1;
        bits += cuts.iter().filter(|c| c.len() == 1).count();
        continuous_columns += cuts.iter().filter(|c| c.is_empty()).count();
        assert!(cuts.iter().all(|c| c.is_sorted() && c.len() < 12));
        let sample = side.sample(200, &mut rng);
        for (column, cuts) in sample.column_iter().zip(cuts).filter(|(_, cuts)| !cuts.is_empty()) {
            assert!(column.iter().all(|v| v.fract() == 0.0 && (0.0..=cuts.len() as f64).contains(v)));
        }
    }
    assert!((160..240).contains(&discrete), "{discrete}");
    assert!((120..220).contains(&bits), "{bits}");
    assert!((20..90).contains(&continuous_columns), "{continuous_columns}");
    // One cut at the median: half of the rows are 1, whatever the factor.
    let side = IndependentSide { factor: vec![0.9], shape: Shape::Levels(vec![vec![0.0]]) };
    let ones = side.sample(4000, &mut rng).sum();
    assert!((ones - 2000.0).abs() < 160.0, "{ones}");
}

/// Under the Haar measure the first column is uniform on the sphere: in three dimensions each of its
/// entries is U(−1, 1) (Archimedes), and the trace has mean 0 and variance 1.
#[test]
fn rotations_are_haar() {
    let mut rng = rng(80);
    let matrices: Vec<DMatrix<f64>> = (0..5_000).map(|_| haar(3, &mut rng)).collect();
    for i in 0..3 {
        for j in 0..3 {
            let entries: Vec<f64> = matrices.iter().map(|q| q[(i, j)]).collect();
            assert_law(&entries, |v| 0.5 + 0.5 * v, "entry of a rotation");
        }
    }
    let traces: Vec<f64> = matrices.iter().map(DMatrix::trace).collect();
    assert_mean(&traces, 0.0, 4.0, "trace");
    let squares: Vec<f64> = traces.iter().map(|t| t * t).collect();
    assert_mean(&squares, 1.0, 4.0, "trace squared");
    // In one dimension: a fair sign.
    let signs: Vec<f64> = (0..5_000).map(|_| haar(1, &mut rng)[(0, 0)]).collect();
    assert!(signs.iter().all(|s| s.abs() == 1.0));
    assert_mean(&signs, 0.0, 4.0, "sign");
}

#[test]
fn whole_number_laws() {
    let mut rng = rng(90);
    let draws = 40_000;
    for (kind, min, max) in [
        (IntLawKind::Uniform, 2, 9),
        (IntLawKind::LogUniform, 1, 32),
        (IntLawKind::LogUniform, 10, 12),
        (IntLawKind::Uniform, 4, 4),
    ] {
        let law = IntLaw { kind, min, max };
        let mut counts = vec![0_u32; max + 1];
        for _ in 0..draws {
            counts[law.draw(&mut rng)] += 1;
        }
        for (k, &count) in counts.iter().enumerate() {
            let p = match kind {
                _ if k < min => 0.0,
                IntLawKind::Uniform => 1.0 / (max - min + 1) as f64,
                IntLawKind::LogUniform => (1.0 / k as f64).ln_1p() / ((max + 1) as f64 / min as f64).ln(),
            };
            let expected = p * f64::from(draws);
            let error = (expected * (1.0 - p)).sqrt();
            let off = (f64::from(count) - expected).abs();
            assert!(off <= 4.5 * error, "{law:?}: {k} drawn {count} times, expected {expected}");
        }
    }
}
