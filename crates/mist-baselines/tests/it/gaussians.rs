//! Normal data, where the MI is known.

use mist_baselines::{Bootstrap, Bound, Cca, Ksg, MiEstimator, NAMES, Neural, by_name};
use mist_data_gen::families::{dispersion::Dispersion, elliptical::Elliptical};
use mist_data_gen::{Sample, Seeds, Split};

/// n rows of normal X and Y in `dim` pairs of columns with correlation `rho`, and their MI.
fn normal(n: usize, dim: usize, rho: f64, index: u64) -> (Sample, f64) {
    let base = Elliptical::normal(Dispersion::two_pairs(dim, dim, rho).unwrap());
    (base.sample(n, &mut Seeds { root: 5 }.rng(Split::Scratch, index)), base.mi_nats())
}
