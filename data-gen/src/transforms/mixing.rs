//! Mixing the columns of one side by an invertible matrix, which changes no MI.

use nalgebra::DMatrix;
use rand::Rng;
use rand_distr::StandardNormal;

/// The distribution of the matrix that a side is multiplied by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mixing {
    /// None.
    None,
    /// An orthogonal matrix, see [`haar`].
    Rotation,
    /// A general invertible matrix, see [`linear`].
    Linear,
}

impl Mixing {
    /// Its part of the name of a variant.
    #[must_use]
    pub fn as_str(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Rotation => Some("rotated"),
            Self::Linear => Some("linear"),
        }
    }

    /// A matrix of `dim` rows and columns, to multiply rows from the right; `None` for no mixing.
    pub fn draw<R: Rng + ?Sized>(self, dim: usize, rng: &mut R) -> Option<DMatrix<f64>> {
        match self {
            Self::None => None,
            Self::Rotation => Some(haar(dim, rng)),
            Self::Linear => Some(linear(dim, rng)),
        }
    }
}

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

/// Q₁ diag(s) Q₂ with Q₁, Q₂ from [`haar`] and ln s_i ~ U(−1, 1): invertible, with a condition number below e² ≈ 7.4,
/// so that its columns are correlated but none is lost in rounding.
pub fn linear<R: Rng + ?Sized>(dim: usize, rng: &mut R) -> DMatrix<f64> {
    let mut left = haar(dim, rng);
    for mut column in left.column_iter_mut() {
        column *= rng.random_range(-1.0_f64..1.0).exp();
    }
    left * haar(dim, rng)
}
