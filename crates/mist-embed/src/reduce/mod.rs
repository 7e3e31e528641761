//! Few columns in place of many.

mod pca;
mod random;

use crate::{EmbedError, Embeddings};
use nalgebra::{DMatrix, DVector};
use std::fmt;
use std::str::FromStr;

/// Columns asked for at most; whoever estimates from them wants far fewer.
const MOST_COLUMNS: usize = 4096;
/// Rows that are looked at together.
const ROWS_AT_ONCE: usize = 1024;

/// How many columns become few, looking at these columns alone.
///
/// As text it is `pca:8` or `random:8`, of which the second has seed 0.
///
/// ```
/// use mist_embed::Reduction;
///
/// assert_eq!("pca:8".parse::<Reduction>()?, Reduction::Pca { columns: 8 });
/// assert_eq!(Reduction::Random { columns: 4, seed: 7 }.to_string(), "random:4");
/// # Ok::<(), mist_embed::EmbedError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reduction {
    /// The leading principal components, each scaled to variance 1 ("whitened"). They are fitted on the rows themselves:
    /// a function of one side, which says nothing about the other, so that independent sides stay independent.
    Pca {
        /// Components at most; there are fewer if the rows span fewer.
        columns: usize,
    },
    /// The projection onto a subspace of a random orientation, which does not depend on the rows.
    Random {
        /// Dimensions of the subspace; not more than there are columns.
        columns: usize,
        /// Gives the same subspace again.
        seed: u64,
    },
}

/// Few columns, and how much they keep.
#[derive(Clone, Debug, PartialEq)]
pub struct Reduced {
    /// The values of each column.
    pub columns: Vec<Vec<f64>>,
    /// Share of the variance of all columns that lies within the subspace, 0 to 1.
    pub variance_kept: f64,
}

impl Reduction {
    /// Columns asked for.
    pub fn columns(self) -> usize {
        match self {
            Self::Pca { columns } | Self::Random { columns, .. } => columns,
        }
    }

    /// Its name, without the number of columns.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pca { .. } => "pca",
            Self::Random { .. } => "random",
        }
    }

    /// The same with another seed, where there is one.
    #[must_use]
    pub fn with_seed(self, seed: u64) -> Self {
        match self {
            Self::Random { columns, .. } => Self::Random { columns, seed },
            pca => pca,
        }
    }

    /// Reduces the columns. Rows that are all alike give one column of zeros.
    ///
    /// # Errors
    /// No rows; values that are not finite; no columns asked for.
    pub fn reduce(self, rows: &Embeddings) -> Result<Reduced, EmbedError> {
        let asked = self.columns();
        if asked == 0 || asked > MOST_COLUMNS {
            return Err(wrong(format!("cannot reduce to {asked} columns, expected 1 to {MOST_COLUMNS}")));
        }
        if rows.rows() == 0 {
            return Err(wrong("there are no rows to reduce".into()));
        }
        if let Some(row) = (0..rows.rows()).find(|row| rows.row(*row).iter().any(|v| !v.is_finite())) {
            return Err(wrong(format!(
                "the embedding of row {row} (from 0) is not finite\nhint: the weights are not sound"
            )));
        }
        let mean = mean(rows);
        let total = variances(rows, &mean).sum();
        let axes = match self {
            Self::Pca { columns } => pca::axes(rows, &mean, columns),
            Self::Random { columns, seed } => random::axes(rows.columns(), columns, seed),
        };
        if axes.vectors.ncols() == 0 || total == 0.0 {
            return Ok(Reduced { columns: vec![vec![0.0; rows.rows()]], variance_kept: 1.0 });
        }
        let mut columns = vec![Vec::with_capacity(rows.rows()); axes.vectors.ncols()];
        for block in blocks(rows, &mean) {
            let scores = block * &axes.vectors;
            columns.iter_mut().zip(scores.column_iter()).for_each(|(all, some)| all.extend(some.iter()));
        }
        let n = rows.rows() as f64;
        let kept: f64 = columns.iter().map(|column| column.iter().map(|v| v * v).sum::<f64>() / n).sum();
        for (column, scale) in columns.iter_mut().zip(&axes.scales) {
            column.iter_mut().for_each(|v| *v *= scale);
        }
        Ok(Reduced { columns, variance_kept: (kept / total).clamp(0.0, 1.0) })
    }
}

/// Where the reduced columns point.
struct Axes {
    /// A unit vector for each, `(columns, reduced columns)`, at right angles to each other.
    vectors: DMatrix<f64>,
    /// What each is multiplied by in the end.
    scales: Vec<f64>,
}

fn wrong(what: String) -> EmbedError {
    EmbedError::Reduction { what }
}

fn mean(rows: &Embeddings) -> DVector<f64> {
    let mut sum = DVector::zeros(rows.columns());
    for row in 0..rows.rows() {
        sum.iter_mut().zip(rows.row(row)).for_each(|(sum, v)| *sum += f64::from(*v));
    }
    sum / rows.rows() as f64
}

/// The variance of each column.
fn variances(rows: &Embeddings, mean: &DVector<f64>) -> DVector<f64> {
    let mut sum = DVector::zeros(rows.columns());
    for row in 0..rows.rows() {
        let values = rows.row(row).iter().zip(mean.iter());
        sum.iter_mut().zip(values).for_each(|(sum, (v, mean))| *sum += (f64::from(*v) - mean).powi(2));
    }
    sum / rows.rows() as f64
}

/// The rows less their mean, some at a time.
fn blocks<'a>(rows: &'a Embeddings, mean: &'a DVector<f64>) -> impl Iterator<Item = DMatrix<f64>> + 'a {
    (0..rows.rows()).step_by(ROWS_AT_ONCE).map(move |start| {
        let count = ROWS_AT_ONCE.min(rows.rows() - start);
        DMatrix::from_fn(count, rows.columns(), |row, c| f64::from(rows.row(start + row)[c]) - mean[c])
    })
}

impl fmt::Display for Reduction {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}:{}", self.as_str(), self.columns())
    }
}

impl FromStr for Reduction {
    type Err = EmbedError;

    fn from_str(text: &str) -> Result<Self, EmbedError> {
        let columns = |count: &str| count.parse().ok().filter(|count| (1..=MOST_COLUMNS).contains(count));
        let found = match text.split_once(':') {
            Some(("pca", count)) => columns(count).map(|columns| Self::Pca { columns }),
            Some(("random", count)) => columns(count).map(|columns| Self::Random { columns, seed: 0 }),
            _ => None,
        };
        found.ok_or_else(|| {
            wrong(format!("unknown reduction `{text}`, expected `pca:COUNT` or `random:COUNT`, with a count from 1 to {MOST_COLUMNS}"))
        })
    }
}
