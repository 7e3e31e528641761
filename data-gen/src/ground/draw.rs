//! Random numbers that priors share.

use rand::Rng;
use rand_distr::{Distribution, Gamma};

/// A number of a range.
pub(crate) fn uniform<R: Rng + ?Sized>(&[low, high]: &[f64; 2], rng: &mut R) -> f64 {
    low + (high - low) * rng.random::<f64>()
}

/// A number of a range, its logarithm uniform.
pub(crate) fn log_uniform<R: Rng + ?Sized>(range: &[f64; 2], rng: &mut R) -> f64 {
    // Rounding may lead out of the range.
    uniform(&range.map(f64::ln), rng).exp().clamp(range[0], range[1])
}

/// An MI in nats of a range, ln(1 + MI) uniform.
pub(crate) fn even_mi<R: Rng + ?Sized>(range: &[f64; 2], rng: &mut R) -> f64 {
    uniform(&range.map(f64::ln_1p), rng).exp_m1()
}

/// A probability vector of k entries from the symmetric Dirichlet distribution with this parameter.
pub(crate) fn dirichlet<R: Rng + ?Sized>(k: usize, parameter: f64, rng: &mut R) -> Vec<f64> {
    let gamma = Gamma::new(parameter, 1.0).expect("the parameter is > 0");
    // Small parameters may underflow to 0, all of them at once where it is tiny.
    let mut weights: Vec<f64> = (0..k).map(|_| gamma.sample(rng).max(f64::MIN_POSITIVE)).collect();
    let sum: f64 = weights.iter().sum();
    weights.iter_mut().for_each(|w| *w /= sum);
    weights
}
