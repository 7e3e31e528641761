//! Mixtures and interactions: stated MI against the pointwise MI, samples against densities.

#[path = "common/oracle_mixtures.rs"]
mod oracle;

use mist_data_gen::{
    Base, Joint, Seeds, Split,
    families::{
        Law,
        mixture::{self, MixtureLaw},
    },
};
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
        let law = MixtureLaw { shapes: vec![shape] };
        let mut rng = rng(i as u64);
        for j in 0..20 {
            let dims = some_dims(&mut rng);
            let Base::Mixture(base) = law.draw(dims, &mut rng) else { panic!("the law of mixtures draws mixtures") };
            assert_eq!(base.dims(), dims);
            let off = errors_off(&base, &oracle::mixture(&base, &base.sample(20_000, &mut rng)));
            assert!(off.abs() < SIGMAS, "{shape:?} {j}: {off} standard errors, {base:?}");
        }
    }
}

/// Over many draws, what the stated MI is off by has the spread that its standard error claims.
#[test]
fn standard_errors_of_mixtures_are_honest() {
    for (i, shape) in mixture::Shape::ALL.into_iter().enumerate() {
        let law = MixtureLaw { shapes: vec![shape] };
        let mut rng = rng(100 + i as u64);
        let off: Vec<f64> = (0..150)
            .map(|_| {
                let Base::Mixture(base) = law.draw(some_dims(&mut rng), &mut rng) else {
                    panic!("the law of mixtures draws mixtures")
                };
                errors_off(&base, &oracle::mixture(&base, &base.sample(4_000, &mut rng)))
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
        let law = MixtureLaw { shapes: vec![shape] };
        let mut rng = rng(200 + i as u64);
        for dims in [(1, 1), (3, 6), (7, 2)] {
            let base = law.draw(dims, &mut rng);
            let sample = base.sample(ROWS, &mut rng);
            for column in sample.x.column_iter().chain(sample.y.column_iter()) {
                let (mean, error) = mean_and_error(column.as_slice());
                let (square, error_of_square) = mean_and_error(&column.map(|v| v * v).as_slice().to_vec());
                assert!(mean.abs() < SIGMAS * error, "{shape:?} {dims:?}: mean {mean} ± {error}");
                assert!((square - 1.0).abs() < SIGMAS * error_of_square, "{shape:?} {dims:?}: square {square}");
            }
        }
    }
}
