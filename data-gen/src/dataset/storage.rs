//! The form of values on disk: as they are, or as ranks.

use std::{fmt, str::FromStr};

use nalgebra::DMatrix;
use serde::{Deserialize, Serialize};

use crate::ground::error::ParameterError;

/// The form in which the values of a data set are stored.
///
/// # Half precision
/// It is no third kind. A half has 11 significant bits and ends at 65,504: values that the distribution keeps apart
/// become equal, and heavy tails infinite. Of the first 1,000 data sets of `m_train` (root seed 0, split `scratch`),
/// rounding to halves makes ties in 968 and infinities in 3; ranks make neither, in the same two bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Storage {
    /// 8 bytes a value: what is read is what was drawn, to the bit.
    #[default]
    F64,
    /// 2 bytes a value: each column of a sample is replaced by its mid-ranks, 1 to n, of which equal values share
    /// their mean.
    ///
    /// That is a strictly increasing map of each column, so there is no error in anything that depends on ranks alone:
    /// normal scores (of the values and of the mid-ranks they are the same bits), Kendall's τ, Spearman's ρ, the order
    /// within each column. Lost are marginals, units, and distances: not for estimators that compare distances, such as
    /// nearest neighbours. n is at most [`Storage::RANKS16_MAX_N`].
    Ranks16,
}

impl Storage {
    /// All kinds.
    pub const ALL: [Self; 2] = [Self::F64, Self::Ranks16];

    /// The largest n of [`Storage::Ranks16`]: twice a mid-rank is at most 2n, and fits in 16 bits.
    pub const RANKS16_MAX_N: usize = (u16::MAX / 2) as usize;

    /// The name, as in manifests and on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::F64 => "f64",
            Self::Ranks16 => "ranks16",
        }
    }

    /// Whether a sample of n rows can be stored.
    pub(crate) fn holds(self, n: usize) -> Result<(), String> {
        match self {
            Self::Ranks16 if n > Self::RANKS16_MAX_N => {
                let most = Self::RANKS16_MAX_N;
                Err(format!("n is `{n}`, storage `ranks16` holds at most `{most}`\nhint: storage `f64` holds any n"))
            }
            _ => Ok(()),
        }
    }

    /// The matrix that is read back after this one was stored.
    ///
    /// # Errors
    /// There are more rows than [`Storage::Ranks16`] holds, or a value has no rank.
    pub fn rounded(self, matrix: &DMatrix<f64>) -> Result<DMatrix<f64>, String> {
        match self {
            Self::F64 => Ok(matrix.clone()),
            Self::Ranks16 => Ok(doubled_mid_ranks(matrix)?.map(|r| f64::from(r) / 2.0)),
        }
    }
}

impl fmt::Display for Storage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Storage {
    type Err = ParameterError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.into_iter().find(|storage| storage.as_str() == name);
        known.ok_or_else(|| ParameterError::new("storage", "f64 or ranks16", name))
    }
}

/// Twice the mid-rank of each value within its column: 2 to 2n, and the mean of their ranks for equal values.
pub(super) fn doubled_mid_ranks(matrix: &DMatrix<f64>) -> Result<DMatrix<u16>, String> {
    let n = matrix.nrows();
    Storage::Ranks16.holds(n)?;
    if let Some(value) = matrix.iter().find(|v| !v.is_finite()) {
        return Err(format!("the value `{value}` has no rank"));
    }
    let mut ranks = DMatrix::zeros(n, matrix.ncols());
    let mut order: Vec<(f64, usize)> = Vec::with_capacity(n);
    for (values, mut ranks) in matrix.column_iter().zip(ranks.column_iter_mut()) {
        order.clear();
        order.extend(values.iter().copied().zip(0..));
        order.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let mut start = 0;
        for equal in order.chunk_by(|a, b| a.0 == b.0) {
            let end = start + equal.len();
            // Twice the mean of the ranks start + 1 ..= end.
            let doubled = u16::try_from(start + 1 + end).expect("n was checked");
            for (_, row) in equal {
                ranks[*row] = doubled;
            }
            start = end;
        }
    }
    Ok(ranks)
}
