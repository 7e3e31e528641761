//! Data and comparisons.

use mist_infer::{Estimate, Estimator};
use ndarray::Array2;
use std::sync::LazyLock;

/// Largest relative difference of two answers that differ only in the order of their sums.
pub const ORDER_OF_SUMS: f64 = 2e-4;

pub static ESTIMATOR: LazyLock<Estimator> = LazyLock::new(|| Estimator::embedded().unwrap());

/// Numbers without ties or order, between 0 and 1.
fn noise(i: usize, column: usize) -> f64 {
    let mut z =
        (i as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (column as u64).wrapping_mul(0xd134_2543_de82_ef95);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
}

/// X (n, dim_x) and Y (n, dim_y) that depend on each other.
pub fn data(n: usize, dim_x: usize, dim_y: usize) -> (Array2<f64>, Array2<f64>) {
    let x = Array2::from_shape_fn((n, dim_x), |(r, c)| noise(r, c) + 0.4 * noise(r, 99));
    let y = Array2::from_shape_fn((n, dim_y), |(r, c)| x[[r, c % dim_x]] + 0.7 * noise(r, 50 + c));
    (x, y)
}

/// Checks that all quantiles agree.
#[track_caller]
pub fn assert_close(a: &Estimate, b: &Estimate, tolerance: f64) {
    for tau in [0.01, 0.1, 0.3, 0.5, 0.8, 0.975, 0.99] {
        let (a, b) = (a.quantile(tau), b.quantile(tau));
        assert!((a - b).abs() <= tolerance * (1.0 + a.abs()), "level {tau}: {a} and {b}");
    }
}
