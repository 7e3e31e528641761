//! Pairs Y = f(X) + noise of every curve, noise and spread: MI, sampler, configuration.

mod common;

use common::{
    KS_LIMIT, assert_mean, ks_statistic,
    oracle::links::{self, Densities},
    rng,
};
use mist_data_gen::{
    Base, Joint, MetaDistribution, Seeds, Split,
    families::{
        link::{Curve, CurveKind, Link, Noise, Source, Spread},
        links::Links,
        marginal::Marginal,
    },
    held_out,
};
use rand::Rng;
use statrs::distribution::{ContinuousCDF, Laplace, Normal, StudentsT, Uniform};

/// A link of any kind, its noise at least `least_sd`.
fn any_link(curve: CurveKind, noise: usize, spread: usize, least_sd: f64, rng: &mut impl Rng) -> Link {
    let source = if rng.random() { Source::Normal } else { Source::Uniform };
    let noise =
        [Noise::Normal, Noise::Uniform, Noise::Laplace, Noise::Student { nu: rng.random_range(2.0..10.0) }][noise % 4];
    let spread = match spread % 3 {
        1 if noise != Noise::Laplace => Spread::Exponential { rate: rng.random_range(-0.7..0.7) },
        2 if noise != Noise::Laplace => Spread::Growing { slope: rng.random_range(0.2..3.0) },
        _ => Spread::Constant,
    };
    let sd = least_sd * (5.0 / least_sd).powf(rng.random());
    Link::heteroscedastic(source, curve.draw(rng), noise, sd, spread).unwrap()
}

/// Twenty draws a curve, every noise and spread among them.
#[test]
fn mean_of_pointwise_mi() {
    const ROWS: usize = 600;
    let mut rng = rng(3_000);
    for curve in CurveKind::ALL {
        for i in 0..20 {
            let link = any_link(curve, i, i / 4, 0.05, &mut rng);
            let sample = link.sample(ROWS, &mut rng);
            let values = links::link(&link, sample.x.as_slice(), sample.y.as_slice());
            assert_mean(&values, link.mi_nats(), 4.0, &format!("{link:?}"));
        }
    }
}

#[test]
fn pairs_add() {
    let mut rng = rng(3_001);
    let sets =
        vec![any_link(CurveKind::Zigzag, 0, 1, 0.1, &mut rng), any_link(CurveKind::Polynomial, 3, 0, 0.1, &mut rng)];
    let single: Vec<f64> = sets.iter().map(Joint::mi_nats).collect();
    let further = (vec![Marginal::Normal], vec![Marginal::Uniform, Marginal::Exponential]);
    let links = Links::new(sets, vec![0, 1, 1], further).unwrap();
    assert_eq!(links.dims(), (4, 5));
    assert!((links.mi_nats() - single[0] - 2.0 * single[1]).abs() < 1e-12);
    let sample = links.sample(2_000, &mut rng);
    assert_mean(&links::links(&links, &sample), links.mi_nats(), 4.0, "three pairs");
}

/// Against plain midpoint rules over X and Y, which share nothing with the library's methods.
#[test]
fn plain_quadrature() {
    const TOLERANCE_NATS: f64 = 1e-3;
    let mut rng = rng(3_002);
    let mut worst = (0.0, String::new());
    for (i, curve) in CurveKind::ALL.into_iter().enumerate() {
        for noise in 0..4 {
            let link = any_link(curve, noise, i + noise, 0.2, &mut rng);
            // The density has jumps there, which a midpoint rule does not see: see `boxes`.
            if noise == 1
                && matches!(link.curve(), Curve::Threshold { .. } | Curve::Steps { .. } | Curve::Staircase { .. })
            {
                continue;
            }
            // Edges take more points.
            let points = if noise == 1 { 40_000 } else { 3_000 };
            let error = (link.mi_nats() - Densities::new(&link).mi_nats(points)).abs();
            if error > worst.0 {
                worst = (error, format!("{link:?}"));
            }
        }
    }
    println!("largest difference {} nats: {}", worst.0, worst.1);
    assert!(worst.0 < TOLERANCE_NATS, "{} nats off: {}", worst.0, worst.1);
}

/// Steps and staircases with uniform noise: the density is constant between the edges of the boxes.
#[test]
fn boxes() {
    let mut rng = rng(3_003);
    for i in 0..80 {
        let source = [Source::Normal, Source::Uniform][i % 2];
        let curve = [CurveKind::Steps, CurveKind::Staircase][i / 2 % 2].draw(&mut rng);
        let sd = rng.random_range(0.05..2.0);
        let link = Link::new(source, curve, Noise::Uniform, sd).unwrap();
        let reach = if source == Source::Normal { 8.0 } else { 3.0_f64.sqrt() };
        let mut ends = match curve {
            Curve::Steps { levels, at, .. } => at[..levels - 1].to_vec(),
            Curve::Staircase { omega, phase } => {
                (-20..=20).map(|k| (f64::from(k) * std::f64::consts::TAU - phase) / omega).collect()
            }
            _ => unreachable!("drawn above"),
        };
        ends.retain(|x| x.abs() < reach);
        ends = [&[-reach], &ends[..], &[reach]].concat();
        let atoms: Vec<(f64, f64)> = ends
            .windows(2)
            .map(|ends| (link.signal(0.5 * (ends[0] + ends[1])), source.cdf(ends[1]) - source.cdf(ends[0])))
            .collect();
        let half = 3.0_f64.sqrt() * sd;
        let mut edges: Vec<f64> = atoms.iter().flat_map(|(v, _)| [v - half, v + half]).collect();
        edges.sort_by(f64::total_cmp);
        let mut entropy = 0.0;
        for ends in edges.windows(2) {
            let middle = 0.5 * (ends[0] + ends[1]);
            let p: f64 = atoms.iter().filter(|(v, _)| (middle - v).abs() < half).map(|(_, p)| p / (2.0 * half)).sum();
            if p > 0.0 {
                entropy -= (ends[1] - ends[0]) * p * p.ln();
            }
        }
        let mi = entropy - (2.0 * half).ln();
        assert!((link.mi_nats() - mi).abs() < 5e-4, "{link:?}: {mi}");
    }
}

/// The quadrature against lattices and panels eight times as fine.
#[test]
fn quadrature_has_converged() {
    /// Stated in the documentation of [`Link`].
    const TOLERANCE_NATS: f64 = 1e-3;
    let mut rng = rng(3_004);
    let mut worst = (0.0, String::new());
    let kinds = CurveKind::ALL.len();
    for i in 0..60 * kinds {
        let link = any_link(CurveKind::ALL[i % kinds], i / kinds, i / (4 * kinds), 0.05, &mut rng);
        let error = (link.mi_nats() - link.mi_by_quadrature(8)).abs();
        if error > worst.0 {
            worst = (error, format!("{link:?}"));
        }
    }
    println!("largest difference {} nats: {}", worst.0, worst.1);
    assert!(worst.0 < TOLERANCE_NATS, "{} nats off: {}", worst.0, worst.1);
}

/// Student noise of many degrees of freedom is normal; a spread of 0 is none.
#[test]
fn limits() {
    let mi =
        |noise, spread| Link::heteroscedastic(Source::Normal, Curve::Linear, noise, 0.5, spread).unwrap().mi_nats();
    let known = 0.5 * 5.0_f64.ln();
    for (noise, spread) in [
        (Noise::Student { nu: 1_000.0 }, Spread::Constant),
        (Noise::Normal, Spread::Exponential { rate: 0.0 }),
        (Noise::Normal, Spread::Growing { slope: 0.0 }),
    ] {
        let mi = mi(noise, spread);
        assert!((mi - known).abs() < 1e-3, "{noise:?} {spread:?}: {mi}");
    }
    // H(X > 0) is told by all noise that is narrow enough.
    for noise in [Noise::Laplace, Noise::Student { nu: 6.0 }] {
        let step = Link::new(Source::Normal, Curve::Threshold { at: 0.0 }, noise, 0.02).unwrap().mi_nats();
        assert!((step - std::f64::consts::LN_2).abs() < 1e-3, "{noise:?}: {step}");
        let lost = Link::new(Source::Normal, Curve::Linear, noise, 100.0).unwrap().mi_nats();
        assert!((0.0..1e-3).contains(&lost), "{noise:?}: {lost}");
    }
}

#[test]
fn columns() {
    const ROWS: usize = 20_000;
    let mut rng = rng(3_005);
    let root3 = 3.0_f64.sqrt();
    for noise in 0..4 {
        for spread in 0..3 {
            let link = any_link(CurveKind::Sawtooth, noise, spread, 0.05, &mut rng);
            let sample = link.sample(ROWS, &mut rng);
            let what = format!("{link:?}");
            assert!(ks_statistic(sample.x.as_slice(), |x| link.source().cdf(x)) < KS_LIMIT, "{what}");
            let noises: Vec<f64> = (sample.x.iter().zip(sample.y.iter()))
                .map(|(&x, &y)| {
                    let sigma = match link.spread() {
                        Spread::Constant => 1.0,
                        Spread::Exponential { rate } => (rate * x).exp(),
                        Spread::Growing { slope } => 1.0 + slope * x.abs(),
                    };
                    (y - link.signal(x)) / (link.noise_sd() * sigma)
                })
                .collect();
            let statistic = match link.noise() {
                Noise::Normal => ks_statistic(&noises, |z| Normal::standard().cdf(z)),
                Noise::Uniform => ks_statistic(&noises, |z| Uniform::new(-root3, root3).unwrap().cdf(z)),
                Noise::Laplace => ks_statistic(&noises, |z| Laplace::new(0.0, 0.5_f64.sqrt()).unwrap().cdf(z)),
                Noise::Student { nu } => ks_statistic(&noises, |z| StudentsT::new(0.0, 1.0, nu).unwrap().cdf(z)),
            };
            assert!(statistic < KS_LIMIT, "{what}: {statistic}");
        }
    }
}

/// The scale of every curve makes sd(f(X)) 1.
#[test]
fn signals_have_unit_variance() {
    let mut rng = rng(3_006);
    for curve in CurveKind::ALL {
        for _ in 0..4 {
            let link = any_link(curve, 0, 0, 1.0, &mut rng);
            let sample = link.sample(20_000, &mut rng);
            let signal: Vec<f64> = sample.x.iter().map(|&x| link.signal(x)).collect();
            let mean = signal.iter().sum::<f64>() / signal.len() as f64;
            let squares: Vec<f64> = signal.iter().map(|v| (v - mean).powi(2)).collect();
            assert_mean(&squares, 1.0, 4.5, &format!("{link:?}"));
        }
    }
}

fn meta(entry: &str) -> Result<MetaDistribution, mist_data_gen::ConfigError> {
    let frame = include_str!("common/wide.toml").split("[[family]]").next().unwrap();
    MetaDistribution::from_toml(&format!("{frame}\n[[family]]\nweight = 1.0\nkind = \"links\"\n{entry}"))
}

#[test]
fn configuration() {
    let all = meta("").unwrap();
    assert!(held_out::drawn_by(&all).is_empty());
    let laplace = meta("noises = [\"laplace\"]\ncurves = [\"zigzag\"]").unwrap();
    assert_eq!(held_out::drawn_by(&laplace), ["noise-laplace"]);
    let draw = laplace.draw_task(&Seeds { root: 3 }, Split::Train, 0);
    assert!(draw.task.family().starts_with("links-zigzag-laplace"), "{}", draw.task.family());
    for (entry, key) in [
        ("noises = [\"laplace\"]\nheteroscedastic = 0.5", "heteroscedastic"),
        ("noises = [\"normal\"]\nnu = [2.0, 3.0]", "nu"),
        ("nu = [0.5, 3.0]", "nu"),
        ("noise = [0.001, 3.0]", "noise"),
        ("curves = [\"circle\"]", "curves"),
        ("maps = [\"normal_cdf\"]", "maps"),
    ] {
        let message = meta(entry).unwrap_err().to_string();
        assert!(message.contains(&format!("family[0].{key}")), "{entry}: {message}");
    }
    // Dims as asked, and MI is the sum over the pairs that there are.
    for index in 0..40 {
        let mut drawn = all.draw_task(&Seeds { root: 4 }, Split::Train, index);
        let Base::Links(base) = drawn.task.base() else { panic!("only links are configured") };
        let (dim_x, dim_y) = base.dims();
        assert!((1..=dim_x.min(dim_y)).contains(&base.pairs().len()));
        let sample = base.sample(50, &mut drawn.rng);
        assert_eq!((sample.x.shape(), sample.y.shape()), ((50, dim_x), (50, dim_y)));
        assert!(sample.x.iter().chain(sample.y.iter()).all(|v| v.is_finite()));
    }
}

#[test]
fn refused() {
    let new = |curve, noise, sd, spread| Link::heteroscedastic(Source::Normal, curve, noise, sd, spread).is_err();
    let (line, none) = (Curve::Linear, Spread::Constant);
    assert!(new(line, Noise::Student { nu: 0.5 }, 1.0, none));
    assert!(new(line, Noise::Normal, 1.0, Spread::Exponential { rate: 1.5 }));
    assert!(new(line, Noise::Normal, 1.0, Spread::Growing { slope: -0.1 }));
    assert!(new(line, Noise::Laplace, 1.0, Spread::Growing { slope: 1.0 }));
    assert!(new(line, Noise::Normal, f64::NAN, none));
    assert!(new(Curve::Polynomial { coefficients: [0.0; 5] }, Noise::Normal, 1.0, none));
    assert!(new(Curve::Steps { levels: 7, at: [0.0; 5], values: [1.0; 6] }, Noise::Normal, 1.0, none));
    assert!(Links::new(vec![], vec![], (vec![], vec![])).is_err());
    assert!(Links::new(vec![], vec![0], (vec![], vec![])).is_err());
}
