//! Columns of normals in one buffer.

use rand::Rng;
use rand_distr::StandardNormal;

/// `columns` columns of n standard normals, column-major.
pub(super) fn normals<R: Rng + ?Sized>(n: usize, columns: usize, rng: &mut R) -> Vec<f64> {
    (0..n * columns).map(|_| rng.sample(StandardNormal)).collect()
}

/// The columns of a column-major buffer of n rows (at least one, for `n = 0`).
pub(super) fn columns(side: &mut [f64], n: usize) -> impl Iterator<Item = &mut [f64]> {
    side.chunks_exact_mut(n.max(1))
}
