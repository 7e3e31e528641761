//! Mixtures and interactions: stated MI against the pointwise MI, samples against densities.

mod common;

use common::oracle::{interactions, mixtures};

use mist_data_gen::{
    Joint, Seeds, Split,
    families::{
        Prior,
        interaction::{self, Coupling, Interaction, InteractionPrior},
        mixture::{self, MixturePrior},
        normal_mixture::{Component, NormalMixture, NormalMixturePrior},
    },
};
use nalgebra::{DMatrix, DVector};
use rand::Rng;
use rand_chacha::ChaCha8Rng;

/// Standard errors that a mean may be off by. Seeds are fixed, so this fails always or never.
const SIGMAS: f64 = 4.0;

fn rng(stream: u64) -> ChaCha8Rng {
    Seeds { root: 20_261_121 }.rng(Split::Scratch, stream)
}

fn mean_and_error(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0);
    (mean, (variance / n).sqrt())
}

/// How many standard errors (of both) the stated MI is off the mean of the pointwise MI.
fn errors_off(base: &impl Joint, pointwise: &[f64]) -> f64 {
    let (mean, error) = mean_and_error(pointwise);
    // Where the variance is zero only rounding is left.
    (base.mi_nats() - mean) / (error.hypot(base.mi_standard_error()) + 1e-13)
}

/// Dims that meet one column, more columns than structure, and unequal sides.
fn some_dims(rng: &mut impl Rng) -> (usize, usize) {
    let mut one = || if rng.random_bool(0.3) { 1 } else { rng.random_range(1..=8) };
    (one(), one())
}

#[test]
fn stated_mi_of_mixtures() {
    for (i, shape) in mixture::Shape::ALL.into_iter().enumerate() {
        let prior = MixturePrior { shapes: vec![shape] };
        let mut rng = rng(i as u64);
        for j in 0..20 {
            let dims = some_dims(&mut rng);
            let base = prior.draw(dims, &mut rng);
            assert_eq!(base.dims(), dims);
            let off = errors_off(&base, &mixtures::mixture(&base, &base.sample(20_000, &mut rng)));
            assert!(off.abs() < SIGMAS, "{shape:?} {j}: {off} standard errors, {base:?}");
        }
    }
}

/// Over many draws, what the stated MI is off by has the spread that its standard error claims.
#[test]
fn standard_errors_of_mixtures_are_honest() {
    for (i, shape) in mixture::Shape::ALL.into_iter().enumerate() {
        let prior = MixturePrior { shapes: vec![shape] };
        let mut rng = rng(100 + i as u64);
        let off: Vec<f64> = (0..150)
            .map(|_| {
                let base = prior.draw(some_dims(&mut rng), &mut rng);
                errors_off(&base, &mixtures::mixture(&base, &base.sample(4_000, &mut rng)))
            })
            .collect();
        let (mean, error) = mean_and_error(&off);
        let spread = error * (off.len() as f64).sqrt();
        let worst = off.iter().fold(0.0, |worst: f64, v| worst.max(v.abs()));
        println!("{shape:?}: mean {mean:.2} ± {error:.2}, spread {spread:.2}, largest {worst:.2}");
        assert!(mean.abs() < SIGMAS * error, "{shape:?}: biased by {mean} ± {error} standard errors");
        assert!((0.8..1.25).contains(&spread), "{shape:?}: {spread} times the standard error");
    }
}

/// Every column has mean 0 and variance 1, the structured ones by the components, the others as noise.
#[test]
fn columns_of_mixtures_are_standard() {
    const ROWS: usize = 40_000;
    for (i, shape) in mixture::Shape::ALL.into_iter().enumerate() {
        let prior = MixturePrior { shapes: vec![shape] };
        let mut rng = rng(200 + i as u64);
        for dims in [(1, 1), (3, 6), (7, 2)] {
            let base = prior.draw(dims, &mut rng);
            let sample = base.sample(ROWS, &mut rng);
            for column in sample.x.column_iter().chain(sample.y.column_iter()) {
                let (mean, error) = mean_and_error(column.as_slice());
                let (square, error_of_square) = mean_and_error(column.map(|v| v * v).as_slice());
                assert!(mean.abs() < SIGMAS * error, "{shape:?} {dims:?}: mean {mean} ± {error}");
                assert!((square - 1.0).abs() < SIGMAS * error_of_square, "{shape:?} {dims:?}: square {square}");
            }
        }
    }
}

#[test]
fn standard_errors_of_normal_mixtures_are_honest() {
    let prior = NormalMixturePrior { components: 12 };
    let mut rng = rng(250);
    let off: Vec<f64> = (0..120)
        .map(|i| {
            // Now and then more columns than carry structure.
            let dims = if i % 20 == 0 { (18, 2) } else { some_dims(&mut rng) };
            let base = prior.draw(dims, &mut rng);
            assert_eq!(base.dims(), dims);
            let sample = base.sample(3_000, &mut rng);
            for column in sample.x.column_iter().chain(sample.y.column_iter()) {
                let (mean, error) = mean_and_error(column.as_slice());
                let (square, error_of_square) = mean_and_error(column.map(|v| v * v).as_slice());
                assert!(mean.abs() < 5.0 * error, "{dims:?}: mean {mean} ± {error}");
                assert!((square - 1.0).abs() < 5.0 * error_of_square, "{dims:?}: square {square}");
            }
            errors_off(&base, &mixtures::normal_mixture(&base, &sample))
        })
        .collect();
    let (mean, error) = mean_and_error(&off);
    let spread = error * (off.len() as f64).sqrt();
    println!("mean {mean:.2} ± {error:.2}, spread {spread:.2}");
    assert!(mean.abs() < SIGMAS * error, "biased by {mean} ± {error} standard errors");
    assert!((0.8..1.25).contains(&spread), "{spread} times the standard error");
}

/// Components with diagonal blocks are those of the other family, whose MI is computed in another way.
#[test]
fn normal_mixtures_agree_with_mixtures() {
    let mut rng = rng(260);
    for rho in [-0.7, 0.0, 0.5] {
        let far = [(0.3, [-1.0, 0.5], 0.4), (0.7, [1.0, -0.5], 0.8)];
        let pair = far.map(|(weight, [x, y], sd)| {
            let covariance = DMatrix::from_row_slice(2, 2, &[sd * sd, rho * sd * 0.6, rho * sd * 0.6, 0.36]);
            Component::new(weight, DVector::from_vec(vec![x, y]), covariance, 1).unwrap()
        });
        let ours = NormalMixture::new(pair.to_vec(), (1, 1), &mut rng).unwrap();
        let column = |mean, sd| vec![mixture::Column { mean, sd }];
        let factorised = far.map(|(weight, [x, y], sd)| mixture::Component {
            weight,
            x: column(x, sd),
            y: column(y, 0.6),
            rho: vec![rho],
        });
        let theirs = mixture::Mixture::new(factorised.to_vec(), (1, 1), &mut rng).unwrap();
        let error = ours.mi_standard_error().hypot(theirs.mi_standard_error());
        assert!((ours.mi_nats() - theirs.mi_nats()).abs() < SIGMAS * error, "{ours:?} {theirs:?}");
        let sample = ours.sample(50, &mut rng);
        for (a, b) in ours.pointwise_mi(&sample).iter().zip(theirs.pointwise_mi(&sample)) {
            assert!((a - b).abs() < 1e-9 * (1.0 + b.abs()), "{a} {b}");
        }
    }
}

#[test]
fn normal_mixtures_refuse_what_is_none() {
    let component = |weight, entry: f64, dim_x| {
        let covariance = DMatrix::from_row_slice(2, 2, &[1.0, entry, entry, 1.0]);
        Component::new(weight, DVector::zeros(2), covariance, dim_x)
    };
    assert!(component(0.0, 0.5, 1).unwrap_err().to_string().contains("weight"));
    assert!(component(1.0, 1.5, 1).unwrap_err().to_string().contains("positive definite"));
    assert!(component(1.0, 0.5, 2).unwrap_err().to_string().contains("dim_x"));
    let mut rng = rng(270);
    assert!(NormalMixture::new(Vec::new(), (1, 1), &mut rng).unwrap_err().to_string().contains("components"));
    let one = component(1.0, 0.5, 1).unwrap();
    assert!(NormalMixture::new(vec![one], (1, 0), &mut rng).unwrap_err().to_string().contains("at most (1, 0)"));
}

#[test]
fn stated_mi_of_interactions() {
    for (i, shape) in interaction::Shape::ALL.into_iter().enumerate() {
        let prior = InteractionPrior { shapes: vec![shape], strength: [0.01, 3.0] };
        let mut rng = rng(300 + i as u64);
        for j in 0..20 {
            let dims = some_dims(&mut rng);
            let base = prior.draw(dims, &mut rng);
            assert_eq!(base.dims(), dims);
            let rows = if shape == interaction::Shape::Product { 2_000 } else { 20_000 };
            let off = errors_off(&base, &interactions::interaction(&base, &base.sample(rows, &mut rng)));
            assert!(off.abs() < SIGMAS, "{shape:?} {j}: {off} standard errors, {base:?}");
        }
    }
}

/// The exact sum over the joint probabilities of all columns of a coupling.
#[test]
fn xor_by_brute_force() {
    for factors in 1..=4_usize {
        for flip in [0.0, 0.07, 0.31, 0.5] {
            let mut of_x = vec![0.0; 1 << factors];
            let mut of_y = [0.0; 2];
            let mut both = Vec::new();
            for x in 0..1_usize << factors {
                for (y, of_y) in of_y.iter_mut().enumerate() {
                    let odd = x.count_ones() as usize % 2;
                    let p = (if odd == y { 1.0 - flip } else { flip }) / of_x.len() as f64;
                    of_x[x] += p;
                    *of_y += p;
                    both.push((x, y, p));
                }
            }
            let mi: f64 = both.iter().filter(|b| b.2 > 0.0).map(|&(x, y, p)| p * (p / (of_x[x] * of_y[y])).ln()).sum();
            let stated = Interaction::new(Coupling::Xor { factors, flip }, 2, (9, 3)).unwrap().mi_nats();
            assert!((stated - 2.0 * mi).abs() < 1e-10, "{factors} factors, e = {flip}: {stated}, {mi}");
        }
    }
}

/// χ² of the cells (bits of X, bit of Y) for the exclusive or, and of signs for the other.
#[test]
fn bits_have_their_probabilities() {
    const ROWS: usize = 40_000;
    let (factors, flip) = (3, 0.2);
    for (i, coupling) in [Coupling::Xor { factors, flip }, Coupling::Sign { factors, flip }].into_iter().enumerate() {
        let base = Interaction::new(coupling, 1, (5, 2)).unwrap();
        let sample = base.sample(ROWS, &mut rng(350 + i as u64));
        let mut counts = [0.0; 16];
        for row in 0..ROWS {
            let one = |v: f64| usize::from(if i == 0 { v == 1.0 } else { v < 0.0 });
            let cell = (0..factors).fold(one(sample.y[(row, 0)]), |cell, j| 2 * cell + one(sample.x[(row, j)]));
            counts[cell] += 1.0;
        }
        let chi_squared: f64 = counts
            .iter()
            .enumerate()
            .map(|(cell, count)| {
                let p = if cell.count_ones().is_multiple_of(2) { 1.0 - flip } else { flip };
                let expected = ROWS as f64 * p / 8.0;
                (count - expected).powi(2) / expected
            })
            .sum();
        // P(χ²_15 > 37.7) = 1e-3.
        assert!(chi_squared < 37.7, "{coupling:?}: χ² = {chi_squared}");
    }
}

/// √n sup |F_n − F| of what a sampler draws: P(> 2.0) ≈ 7e-4.
fn assert_drawn_from(values: &[f64], cdf: impl Fn(f64) -> f64, what: &str) {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len() as f64;
    let distance = sorted.iter().enumerate().fold(0.0_f64, |worst, (i, &v)| {
        let f = cdf(v);
        worst.max(f - i as f64 / n).max((i + 1) as f64 / n - f)
    });
    assert!(distance * n.sqrt() < 2.0, "{what}: {}", distance * n.sqrt());
}

#[test]
fn samples_follow_their_distribution_functions() {
    use std::f64::consts::{PI, SQRT_2};
    const ROWS: usize = 20_000;
    let phi = |z: f64| 0.5 * statrs::function::erf::erfc(-z / SQRT_2);
    for (i, shape) in mixture::Shape::ALL.into_iter().enumerate() {
        let mut rng = rng(450 + i as u64);
        let base = (MixturePrior { shapes: vec![shape] }).draw((4, 3), &mut rng);
        let sample = base.sample(ROWS, &mut rng);
        for j in 0..base.components()[0].y.len() {
            let cdf =
                |v: f64| base.components().iter().map(|c| c.weight * phi((v - c.y[j].mean) / c.y[j].sd)).sum::<f64>();
            assert_drawn_from(sample.y.column(j).as_slice(), cdf, &format!("{shape:?}, column {j}"));
        }
    }

    let kappa = 2.5;
    let angles = Interaction::new(Coupling::Angle { harmonic: 3, kappa }, 1, (1, 2)).unwrap();
    let sample = angles.sample(ROWS, &mut rng(470));
    let turn = |v: f64| v.sin().atan2(v.cos());
    let angle = |row: usize| sample.y[(row, 1)].atan2(sample.y[(row, 0)]);
    let between: Vec<f64> = (0..ROWS).map(|row| turn(angle(row) - 3.0 * sample.x[(row, 0)])).collect();
    let mut masses = vec![0.0];
    for k in 0..2_000 {
        let d = PI * ((f64::from(k) + 0.5) / 1_000.0 - 1.0);
        masses.push(masses[masses.len() - 1] + (kappa * d.cos()).exp());
    }
    let of_between = |d: f64| masses[((d / PI + 1.0) * 1_000.0).round() as usize] / masses[2_000];
    assert_drawn_from(&between, of_between, "von Mises");
    let uniform = |a: f64| 0.5 * (a / PI + 1.0);
    assert_drawn_from(sample.x.as_slice(), uniform, "angle of X");
    let of_y: Vec<f64> = (0..ROWS).map(angle).collect();
    assert_drawn_from(&of_y, uniform, "angle of Y");

    let radial = Interaction::new(Coupling::Radial { rho: 0.8, spread: (0.4, 0.7) }, 1, (3, 1)).unwrap();
    let sample = radial.sample(ROWS, &mut rng(471));
    let lengths: Vec<f64> = sample.x.row_iter().map(|row| row.norm().ln() / 0.4).collect();
    assert_drawn_from(&lengths, phi, "ln of a length");
    // A coordinate of a point on a sphere in three dimensions is uniform.
    let heights: Vec<f64> = sample.x.row_iter().map(|row| row[2] / row.norm()).collect();
    assert_drawn_from(&heights, |h| 0.5 * (h + 1.0), "direction");
}

/// A determinant of the covariance built from the parts, for every choice of one column or more.
#[test]
fn suppressors_by_determinants() {
    for dims in [(1, 1), (1, 4), (2, 2), (5, 3), (8, 1)] {
        for (rho, noise_sd, leak) in [(0.3, 1.0, 0.0), (0.9, 10.0, 0.2), (0.99, 3.0, 0.5)] {
            let base = Interaction::new(Coupling::Suppressor { rho, noise_sd, leak }, 1, dims).unwrap();
            let sigma = interactions::suppressor_covariance(dims, rho, noise_sd, leak);
            let ln_det =
                |from: usize, dim: usize| sigma.view((from, from), (dim, dim)).into_owned().lu().determinant().ln();
            let known = 0.5 * (ln_det(0, dims.0) + ln_det(dims.0, dims.1) - ln_det(0, dims.0 + dims.1));
            assert!((base.mi_nats() - known).abs() < 1e-9, "{dims:?}: {} not {known}", base.mi_nats());
        }
    }
}

/// The quadratures against plain midpoint rules as fine as the noise asks for.
#[test]
fn products_by_midpoints() {
    use std::f64::consts::PI;
    let normal = |v: f64, sd: f64| (-0.5 * (v / sd).powi(2)).exp() / (sd * (2.0 * PI).sqrt());
    for dims in [(1, 1), (2, 1)] {
        for sigma in [0.1, 0.4, 2.0] {
            let stated = Interaction::new(Coupling::Product { noise_sd: sigma }, 1, dims).unwrap().mi_nats();
            let (inner, outer) = (8.0 / 8_000.0, sigma / 10.0);
            let reach = 30.0 + 9.0 * sigma;
            let entropy: f64 = (0..(2.0 * reach / outer) as usize)
                .map(|i| {
                    let y = -reach + outer * (i as f64 + 0.5);
                    let p: f64 = (0..8_000)
                        .map(|j| {
                            let a = inner * (f64::from(j) + 0.5);
                            let of_y = if dims.0 == 1 { normal(y - a, sigma) } else { normal(y, a.hypot(sigma)) };
                            2.0 * inner * normal(a, 1.0) * of_y
                        })
                        .sum();
                    if p > 1e-300 { -outer * p * p.ln() } else { 0.0 }
                })
                .sum();
            let known = entropy - 0.5 * (2.0 * PI * std::f64::consts::E * sigma * sigma).ln();
            assert!((stated - known).abs() < 1e-6, "{dims:?}, σ = {sigma}: {stated} not {known}");
        }
    }
}

/// No pair of columns is correlated where none should show the coupling.
#[test]
fn pairs_show_nothing() {
    const ROWS: usize = 20_000;
    let couplings = [
        Coupling::Sign { factors: 2, flip: 0.0 },
        Coupling::Xor { factors: 3, flip: 0.05 },
        Coupling::Product { noise_sd: 0.3 },
        Coupling::Radial { rho: 0.9, spread: (0.3, 0.6) },
        Coupling::Angle { harmonic: 2, kappa: 5.0 },
    ];
    for (i, coupling) in couplings.into_iter().enumerate() {
        let base = Interaction::new(coupling, 1, (4, 3)).unwrap();
        let sample = base.sample(ROWS, &mut rng(400 + i as u64));
        for x in sample.x.column_iter() {
            for y in sample.y.column_iter() {
                let products = (x.add_scalar(-x.mean())).component_mul(&y.add_scalar(-y.mean()));
                let (mean, error) = mean_and_error(products.as_slice());
                assert!(mean.abs() < SIGMAS * error, "{coupling:?}: {mean} ± {error}");
            }
        }
    }
}

/// A configuration names the shapes, and the law writes what it reads.
#[test]
fn shapes_are_listed() {
    let prior = MixturePrior { shapes: mixture::Shape::TRAINED.to_vec() };
    assert!(!prior.features().contains(&"mixture-waves".to_owned()));
    let prior = InteractionPrior { shapes: interaction::Shape::TRAINED.to_vec(), strength: [0.01, 3.0] };
    assert!(!prior.features().contains(&"interaction-angle".to_owned()));
    let meta = |family: &str| {
        mist_data_gen::MetaDistribution::from_toml(&format!(
            "name = 'shapes'\n[[dims]]\nweight = 1.0\nlaw = 'uniform'\nmin = 1\nmax = 6\nequal = false\n\
             [[n]]\nweight = 1.0\nlaw = 'uniform'\nmin = 50\nmax = 60\n[[family]]\nweight = 1.0\n{family}\n"
        ))
    };
    for family in ["kind = 'mixture'\nshapes = ['waves']\nrotate = 1.0", "kind = 'interaction'\nshapes = ['angle']"] {
        let held_out = meta(family).unwrap();
        assert_eq!(mist_data_gen::held_out::drawn_by(&held_out).len(), 1, "{family}");
        let draw = held_out.draw(&Seeds { root: 1 }, Split::Scratch, 0);
        assert!(draw.mi_nats >= 0.0 && draw.sample.x.nrows() == draw.n);
    }
    for family in ["mixture", "interaction"] {
        let default = meta(&format!("kind = '{family}'")).unwrap();
        assert!(mist_data_gen::held_out::drawn_by(&default).is_empty(), "{family}");
    }
    // Ties must survive.
    assert!(meta("kind = 'interaction'\nshapes = ['xor']\nrotate = 1.0").is_err());
    assert!(meta("kind = 'mixture'\nshapes = ['crosses']").is_err());
}

#[test]
fn parameters_outside_the_domain_are_refused() {
    let refused = |coupling, couplings, dims| Interaction::new(coupling, couplings, dims).is_err();
    assert!(refused(Coupling::Sign { factors: 3, flip: 0.1 }, 1, (2, 1)));
    assert!(refused(Coupling::Sign { factors: 0, flip: 0.1 }, 1, (2, 1)));
    assert!(refused(Coupling::Sign { factors: 1, flip: 0.6 }, 1, (2, 1)));
    assert!(refused(Coupling::Product { noise_sd: 0.0 }, 1, (2, 1)));
    assert!(refused(Coupling::Product { noise_sd: 1.0 }, 2, (3, 2)));
    assert!(refused(Coupling::Radial { rho: 1.0, spread: (0.5, 0.5) }, 1, (2, 1)));
    assert!(refused(Coupling::Angle { harmonic: 1, kappa: f64::NAN }, 1, (2, 1)));
    assert!(refused(Coupling::Suppressor { rho: 0.5, noise_sd: 1.0, leak: 0.0 }, 2, (4, 4)));
    let column = |sd| vec![mixture::Column { mean: 0.0, sd }];
    let component = |weight, sd, rho| mixture::Component { weight, x: column(1.0), y: column(sd), rho };
    for bad in [component(0.0, 1.0, vec![0.0]), component(1.0, 0.0, vec![0.0]), component(1.0, 1.0, vec![1.0])] {
        assert!(mixture::Mixture::new(vec![bad], (1, 1), &mut rng(500)).is_err());
    }
    assert!(mixture::Mixture::new(vec![component(1.0, 1.0, vec![])], (1, 1), &mut rng(500)).is_err());
    assert!(mixture::Mixture::new(vec![], (1, 1), &mut rng(500)).is_err());
}
