//! k nearest neighbours for a discrete and a continuous side, after Ross.

use crate::ksg::Digamma;
use crate::neighbours::{counts, nearest, open};
use crate::{BaselineError, MiEstimator, Side, data};
use nalgebra::DMatrix;

/// Ross's estimator: labels on one side, continuous columns on the other.
///
/// With N the rows of row i's label, k_i = min(k, N − 1), ε the distance to its k_i-th neighbour of the same label under
/// the maximum norm, and m the rows of any label that are closer than ε, row i included:
///
/// I = ψ(n) + ⟨ψ(k_i)⟩ − ⟨ψ(N)⟩ − ⟨ψ(m)⟩.
///
/// # Domain
/// Rows with a label of their own are left out, of n too. Each distinct row of the discrete side is a label. Where ε = 0,
/// m counts the copies of row i; [`MixedKnn`](crate::MixedKnn) treats those better.
///
/// # Source
/// Ross, "Mutual information between discrete and continuous data sets", PLoS ONE 9, 2014, equation 4; the min(k, N − 1)
/// is that of scikit-learn, whose `mutual_info_classif` this is for one continuous column, before it cuts at 0.
///
/// ```
/// use mist_baselines::{MiEstimator, Ross};
/// use nalgebra::DMatrix;
///
/// // Labels that do not overlap: m = k, so that I = ψ(6) − ψ(3) = 1/3 + 1/4 + 1/5.
/// let x = DMatrix::from_column_slice(6, 1, &[0.0, 1.0, 3.0, 100.0, 101.0, 103.0]);
/// let y = DMatrix::from_fn(6, 1, |i, _| f64::from(i as u32 / 3));
/// let mi = Ross { k: 2, ..Ross::default() }.estimate(&x, &y)?;
/// assert!((mi - (1.0 / 3.0 + 1.0 / 4.0 + 1.0 / 5.0)).abs() < 1e-12);
/// # Ok::<(), mist_baselines::BaselineError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Ross {
    /// Neighbours. Default 3, as in scikit-learn.
    pub k: usize,
    /// The discrete side. Default `None`: the one with fewer distinct rows.
    pub discrete: Option<Side>,
    /// Scales continuous columns to unit variance first. Default `true`.
    pub standardize: bool,
}

impl Default for Ross {
    fn default() -> Self {
        Self { k: 3, discrete: None, standardize: true }
    }
}

impl MiEstimator for Ross {
    fn name(&self) -> &'static str {
        "ross"
    }

    fn estimate(&self, x: &DMatrix<f64>, y: &DMatrix<f64>) -> Result<f64, BaselineError> {
        if self.k == 0 {
            return Err(BaselineError::parameter("k", "at least 1", self.k));
        }
        data::check(x, y, 2, "a row needs a neighbour")?;
        let (of_x, of_y) = (data::symbols(&data::columns(x)), data::symbols(&data::columns(y)));
        let discrete = self.discrete.unwrap_or(if of_x.1 < of_y.1 { Side::X } else { Side::Y });
        let ((labels, _), continuous, side) = match discrete {
            Side::X => (of_x, y, Side::Y),
            Side::Y => (of_y, x, Side::X),
        };
        let columns = if self.standardize { data::standardised(continuous, side)? } else { data::columns(continuous) };

        // Rows by label; those alone with theirs are left out.
        let mut order: Vec<usize> = (0..labels.len()).collect();
        order.sort_by_key(|i| labels[*i]);
        let groups: Vec<&[usize]> =
            order.chunk_by(|a, b| labels[*a] == labels[*b]).filter(|group| group.len() > 1).collect();
        let n: usize = groups.iter().map(|group| group.len()).sum();
        if n == 0 {
            let side = if discrete == Side::X { "X" } else { "Y" };
            return Err(BaselineError::NoRepeats { side });
        }
        let pick = |rows: &[usize]| -> Vec<Vec<f64>> {
            columns.iter().map(|c| rows.iter().map(|row| c[*row]).collect()).collect()
        };

        let psi = Digamma::new(n);
        let (mut radii, mut sum) = (Vec::with_capacity(n), 0.0);
        for group in &groups {
            let k = self.k.min(group.len() - 1);
            radii.extend(nearest(&pick(group), k, |_, found| open(found[k - 1].0)));
            sum += group.len() as f64 * (psi.at(k) - psi.at(group.len()));
        }
        let counts = counts(&pick(&groups.concat()), &radii);
        sum -= counts.iter().map(|m| psi.at(*m)).sum::<f64>();
        Ok(psi.at(n) + sum / n as f64)
    }
}
