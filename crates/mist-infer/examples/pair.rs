//! One pair, one test: `cargo run -p mist-infer --example pair`.

use mist_infer::{EstimateError, Estimator, PermutationTest};

fn main() -> Result<(), EstimateError> {
    // Something periodic that a correlation does not see.
    let x: Vec<f64> = (0..400).map(|r| (f64::from(r) * 0.618).fract() * 6.0 - 3.0).collect();
    let noise = |r: usize| (r as f64 * 0.755).fract() - 0.5;
    let y: Vec<f64> = x.iter().enumerate().map(|(r, x)| (2.0 * x).cos() + noise(r)).collect();

    let estimator = Estimator::embedded()?;
    let estimate = estimator.estimate(&x, &y)?;
    let interval = estimate.interval(0.9)?;
    println!("{:.2} nats, 90 % interval {:.2} to {:.2}", estimate.mi_nats(), interval.lower, interval.upper);
    let normalised = estimate.normalised(0.9)?;
    println!("{:.2} on a scale from 0 to 1 ({})", normalised.value, normalised.scale.as_str());
    estimate.warnings.iter().for_each(|warning| println!("warning: {warning}"));

    let test = PermutationTest { permutations: 99, ..PermutationTest::default() };
    println!(
        "p = {} that they are independent",
        estimator.test_answer(&(&x).into(), &(&y).into(), &estimate, &test)?.p_value
    );
    Ok(())
}
