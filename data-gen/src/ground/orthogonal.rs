//! Random orthogonal matrices.

use nalgebra::DMatrix;
use rand::Rng;
use rand_distr::StandardNormal;

/// An orthogonal matrix drawn from the Haar measure on O(dim).
///
/// QR of a Gaussian matrix, with the columns of Q multiplied by the signs of R's diagonal: without
/// that step the distribution depends on the sign convention of the factorisation (Mezzadri, "How to
/// generate random matrices from the classical compact groups", Notices AMS 54, 2007, section 4).
///
/// ```
/// use mist_data_gen::{mixing::haar, Seeds, Split};
///
/// let q = haar(5, &mut Seeds { root: 1 }.rng(Split::Scratch, 0));
/// let error = (&q * q.transpose() - nalgebra::DMatrix::identity(5, 5)).abs().max();
/// assert!(error < 1e-14);
/// ```
pub fn haar<R: Rng + ?Sized>(dim: usize, rng: &mut R) -> DMatrix<f64> {
    let mut gaussian = DMatrix::zeros(dim, dim);
    for v in gaussian.as_mut_slice() {
        *v = rng.sample(StandardNormal);
    }
    let (mut q, r) = gaussian.qr().unpack();
    for (j, mut column) in q.column_iter_mut().enumerate() {
        if r[(j, j)] < 0.0 {
            column.neg_mut();
        }
    }
    q
}
