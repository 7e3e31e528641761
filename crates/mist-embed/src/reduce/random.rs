//! Random subspaces.

use super::Axes;
use nalgebra::DMatrix;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

/// A subspace whose orientation is uniform: the orthogonal part of a matrix of normal numbers. A larger one of the same seed
/// has the smaller one in front.
pub(super) fn axes(dim: usize, columns: usize, seed: u64) -> Axes {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let columns = columns.min(dim);
    // Column by column, as the matrix lies in memory.
    let normal: Vec<f64> = (0..dim * columns).map(|_| StandardNormal.sample(&mut rng)).collect();
    let vectors = DMatrix::from_vec(dim, columns, normal).qr().q();
    Axes { scales: vec![1.0; columns], vectors }
}
