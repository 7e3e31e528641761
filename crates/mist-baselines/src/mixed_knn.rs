//! k nearest neighbours for mixtures of discrete and continuous data, after Gao and others.

use crate::ksg::Digamma;
use crate::neighbours::{counts, nearest, open};
use crate::{BaselineError, MiEstimator, data};
use nalgebra::DMatrix;

/// The estimator for mixtures: each value may have an atom there, or a density.
///
/// With ε the distance of row i to its k-th neighbour under the maximum norm, k̃ = k and n_x the rows whose X lies
/// closer than ε. Where ε = 0, k̃ is the number of rows equal to row i and n_x of those with equal X. Row i counts in
/// n_x, and in k̃ where ε = 0:
///
/// I = ⟨ψ(k̃) + ln n − ψ(n_x) − ψ(n_y)⟩.
///
/// # Domain
/// n > k, columns of any kind. Without ties it is [`Ksg`](crate::Ksg) of the first variant plus ln n − ψ(n) ≈ 1/(2n).
/// Discrete values count as equal only if they are equal bit by bit (0 and −0 are), and as near if their codes are: codes
/// of categories should be few, and one column each.
///
/// # Source
/// Gao, Kannan, Oh and Viswanath, "Estimating mutual information for discrete-continuous mixtures" (NeurIPS 2017),
/// algorithm 1, with the open balls and the ψ(n_x) of the authors' program, where the paper has closed balls and
/// ln(n_x + 1).
///
/// ```
/// use mist_baselines::{MiEstimator, MixedKnn};
/// use nalgebra::DMatrix;
///
/// // Two atoms of four rows, the same in X and Y: ψ(4) + ln 8 − 2 ψ(4).
/// let x = DMatrix::from_fn(8, 1, |i, _| f64::from(i as u32 % 2));
/// let mi = MixedKnn { k: 3, ..MixedKnn::default() }.estimate(&x, &x)?;
/// assert!((mi - (8.0_f64.ln() - 1.256_117_668_431_800_5)).abs() < 1e-12);
/// # Ok::<(), mist_baselines::BaselineError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct MixedKnn {
    /// Neighbours. Default 5.
    pub k: usize,
    /// Scales columns to unit variance first. Default `true`.
    pub standardize: bool,
}

impl Default for MixedKnn {
    fn default() -> Self {
        Self { k: 5, standardize: true }
    }
}

impl MiEstimator for MixedKnn {
    fn name(&self) -> &'static str {
        "mixed-knn"
    }

    fn estimate(&self, x: &DMatrix<f64>, y: &DMatrix<f64>) -> Result<f64, BaselineError> {
        let k = self.k;
        if k == 0 {
            return Err(BaselineError::parameter("k", "at least 1", k));
        }
        let n = data::check(x, y, k.saturating_add(1), "a row needs `k` neighbours")?;
        let (x, y) = data::sides(x, y, self.standardize)?;
        let joint: Vec<_> = x.iter().chain(&y).collect();
        let radii = nearest(&joint, k, |_, found| open(found[k - 1].0));
        let copies = if radii.contains(&0.0) { counts(&joint, &vec![0.0; n]) } else { Vec::new() };
        let (n_x, n_y) = (counts(&x, &radii), counts(&y, &radii));

        let psi = Digamma::new(n);
        let term = |i: usize| {
            let k = if radii[i] == 0.0 { copies[i] } else { k };
            psi.at(k) - psi.at(n_x[i]) - psi.at(n_y[i])
        };
        Ok((n as f64).ln() + (0..n).map(term).sum::<f64>() / n as f64)
    }
}
