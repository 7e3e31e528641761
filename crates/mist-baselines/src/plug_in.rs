//! Plug-in estimates from tables of counts: for discrete data, and for binned continuous data.

use crate::{BaselineError, MiEstimator, data};
use nalgebra::DMatrix;

/// The MI of the empirical distribution of discrete data, where each distinct row of a side is a symbol:
///
/// I = Σ (c_ab / n) ln(n c_ab / (c_a c_b)).
///
/// # Domain
/// Data with repeated rows. It is about (K_ab − K_a − K_b + 1) / (2n) too large, with K the numbers of symbols; with many
/// symbols for the rows it tends to ln n whatever the truth, and where no row of a side is repeated it is refused.
///
/// # Source
/// Paninski, "Estimation of entropy and mutual information", Neural Computation 15, 2003 (with the bias);
/// `mutual_info_score` of scikit-learn.
///
/// ```
/// use mist_baselines::{MiEstimator, PlugIn};
/// use nalgebra::DMatrix;
///
/// let x = DMatrix::from_column_slice(4, 1, &[0.0, 0.0, 1.0, 1.0]);
/// let y = DMatrix::from_column_slice(4, 1, &[5.0, 5.0, 5.0, 7.0]);
/// // H(X) + H(Y) − H(X, Y), in nats.
/// let h = |p: &[f64]| -> f64 { p.iter().map(|p| -p * p.ln()).sum() };
/// let expected = h(&[0.5, 0.5]) + h(&[0.75, 0.25]) - h(&[0.5, 0.25, 0.25]);
/// assert!((PlugIn.estimate(&x, &y)? - expected).abs() < 1e-12);
/// # Ok::<(), mist_baselines::BaselineError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PlugIn;

impl MiEstimator for PlugIn {
    fn name(&self) -> &'static str {
        "plug-in"
    }

    fn estimate(&self, x: &DMatrix<f64>, y: &DMatrix<f64>) -> Result<f64, BaselineError> {
        let n = data::check(x, y, 1, "there is nothing to count")?;
        let (x, distinct_x) = data::symbols(&data::columns(x));
        let (y, distinct_y) = data::symbols(&data::columns(y));
        for (side, distinct) in [("X", distinct_x), ("Y", distinct_y)] {
            if distinct == n {
                return Err(BaselineError::NoRepeats { side });
            }
        }
        Ok(mutual_information(&x, &y))
    }
}

/// The plug-in estimate after cutting every column into bins of equal width between its smallest and largest value.
///
/// # Domain
/// Few columns: a side of d columns has `bins`^d cells. It depends on outliers through the widths of the bins; binning
/// loses MI, and sparse cells add it.
///
/// # Source
/// `HistogramEstimator` of benchmark-mi.
///
/// ```
/// use mist_baselines::{Histogram, MiEstimator};
/// use nalgebra::DMatrix;
///
/// let x = DMatrix::from_fn(100, 1, |i, _| i as f64);
/// let mi = Histogram::default().estimate(&x, &x)?;
/// assert!((mi - 5.0_f64.ln()).abs() < 1e-12);
/// # Ok::<(), mist_baselines::BaselineError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Histogram {
    /// Bins of each column of X. Default 5.
    pub bins_x: usize,
    /// Bins of each column of Y. Default 5.
    pub bins_y: usize,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { bins_x: 5, bins_y: 5 }
    }
}

impl MiEstimator for Histogram {
    fn name(&self) -> &'static str {
        "histogram"
    }

    fn estimate(&self, x: &DMatrix<f64>, y: &DMatrix<f64>) -> Result<f64, BaselineError> {
        for (name, bins) in [("bins_x", self.bins_x), ("bins_y", self.bins_y)] {
            if bins == 0 {
                return Err(BaselineError::parameter(name, "at least 1", bins));
            }
        }
        data::check(x, y, 1, "there is nothing to count")?;
        let cut = |m: &DMatrix<f64>, bins| -> Vec<Vec<f64>> {
            data::columns(m).into_iter().map(|column| binned(column, bins)).collect()
        };
        let (x, _) = data::symbols(&cut(x, self.bins_x));
        let (y, _) = data::symbols(&cut(y, self.bins_y));
        Ok(mutual_information(&x, &y))
    }
}

/// The bin of each value, from 0. Bins are closed below, the last one above too.
fn binned(mut column: Vec<f64>, bins: usize) -> Vec<f64> {
    let (low, high) = column.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(*v), h.max(*v)));
    let step = high / bins as f64 - low / bins as f64;
    let edges: Vec<f64> = (1..bins).map(|i| low + step * i as f64).collect();
    column.iter_mut().for_each(|v| *v = edges.partition_point(|edge| edge <= v) as f64);
    column
}

/// The MI of the empirical distribution of pairs of symbols.
fn mutual_information(x: &[u32], y: &[u32]) -> f64 {
    let n = x.len() as f64;
    let counts = |symbols: &[u32]| {
        let mut counts = vec![0u32; symbols.iter().max().map_or(0, |m| *m as usize + 1)];
        symbols.iter().for_each(|s| counts[*s as usize] += 1);
        counts
    };
    let (of_x, of_y) = (counts(x), counts(y));
    let mut pairs: Vec<(u32, u32)> = x.iter().copied().zip(y.iter().copied()).collect();
    pairs.sort_unstable();
    let term = |cell: &[(u32, u32)]| {
        let count = cell.len() as f64;
        let (a, b) = (f64::from(of_x[cell[0].0 as usize]), f64::from(of_y[cell[0].1 as usize]));
        count / n * (n * count / (a * b)).ln()
    };
    pairs.chunk_by(|a, b| a == b).map(term).sum()
}
