//! Mixing the columns of one side by an invertible matrix, which changes no MI.

use nalgebra::DMatrix;
use rand::Rng;

use crate::ground::draw::log_uniform;
pub use crate::ground::orthogonal::haar;

/// The distribution of the matrix that a side is multiplied by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mixing {
    /// None.
    None,
    /// An orthogonal matrix, see [`haar`].
    Rotation,
    /// A general invertible matrix, see [`linear`].
    Linear,
    /// A matrix that is nearly of a lower rank, see [`collinear`].
    Collinear,
}

impl Mixing {
    /// Its part of the name of a variant.
    #[must_use]
    pub fn as_str(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Rotation => Some("rotated"),
            Self::Linear => Some("linear"),
            Self::Collinear => Some("collinear"),
        }
    }

    /// A matrix of `dim` rows and columns, to multiply rows from the right; `None` for no mixing.
    pub fn draw<R: Rng + ?Sized>(self, dim: usize, rng: &mut R) -> Option<DMatrix<f64>> {
        match self {
            Self::None => None,
            Self::Rotation => Some(haar(dim, rng)),
            Self::Linear => Some(linear(dim, rng)),
            Self::Collinear => Some(collinear(dim, rng)),
        }
    }
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

/// Q₁ diag(s) Q₂ with Q₁, Q₂ from [`haar`], s_i = 1 for a few directions, of a log-uniform number, and s_i = ε for all others, with ε
/// log-uniform in [0.03, 0.5]: columns that are nearly sums of a few, as those of spectra, images and questionnaires are.
pub fn collinear<R: Rng + ?Sized>(dim: usize, rng: &mut R) -> DMatrix<f64> {
    let strong = log_uniform(&[1.0, dim as f64 + 1.0], rng).floor() as usize;
    let weak = log_uniform(&[0.03, 0.5], rng);
    let mut left = haar(dim, rng);
    for mut column in left.column_iter_mut().skip(strong) {
        column *= weak;
    }
    left * haar(dim, rng)
}
