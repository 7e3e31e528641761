//! Why there is no estimate.

use crate::Side;

/// Why a baseline gives no estimate.
#[derive(Debug, thiserror::Error)]
pub enum BaselineError {
    /// No estimator has this name.
    #[error("no estimator is named `{name}`: expected one of {known}")]
    UnknownName {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: String,
    },
    /// A parameter of an estimator outside its domain.
    #[error("parameter `{name}`: expected {expected}, got `{got}`")]
    Parameter {
        /// The field.
        name: &'static str,
        /// The domain, in words.
        expected: &'static str,
        /// The value that was refused.
        got: String,
    },
    /// A side without columns.
    #[error("{side} has no columns, expected at least one")]
    NoColumns {
        /// The side.
        side: Side,
    },
    /// A side with several columns, for an estimator of pairs.
    #[error("{side} has {got} columns, expected one: this estimator is for pairs of columns")]
    SingleColumn {
        /// The side.
        side: Side,
        /// Its columns.
        got: usize,
    },
    /// Sides of different lengths.
    #[error("X has {x} rows and Y has {y}, expected as many")]
    Rows {
        /// Rows of X.
        x: usize,
        /// Rows of Y.
        y: usize,
    },
    /// Too few rows for this estimator.
    #[error("{got} rows, expected at least {needed}: {why}")]
    TooFewRows {
        /// Rows found.
        got: usize,
        /// Rows needed.
        needed: usize,
        /// What needs them.
        why: &'static str,
    },
    /// A value that is not a finite number.
    #[error("column {column} of {side} holds `{value}` at row {row}, expected finite numbers")]
    NotFinite {
        /// The side.
        side: Side,
        /// Index of the column, from 0.
        column: usize,
        /// Index of the row, from 0.
        row: usize,
        /// NaN or an infinity.
        value: f64,
    },
    /// A column whose variance overflows or underflows.
    #[error(
        "column {column} of {side} has a variance beyond the range of `f64`\nhint: multiply the column by a constant"
    )]
    Range {
        /// The side.
        side: Side,
        /// Index of the column, from 0.
        column: usize,
    },
    /// Copies of one row where the estimator needs distances.
    #[error(
        "row {row} and its {k} nearest neighbours are equal, expected continuous data\n\
         hint: `mixed-knn` is made for repeated rows; `jitter` spreads rounded values"
    )]
    Ties {
        /// Index of the row, from 0.
        row: usize,
        /// The neighbours asked for.
        k: usize,
    },
    /// A discrete side of which no row is repeated.
    #[error(
        "no row of {side} is repeated, expected discrete data\nhint: `ksg` and `histogram` are for continuous data"
    )]
    NoRepeats {
        /// The side, or both.
        side: &'static str,
    },
    /// Columns that determine each other.
    #[error(
        "{what}, within rounding errors, so their covariance is singular\nhint: remove constant and redundant columns"
    )]
    Singular {
        /// What determines what.
        what: &'static str,
    },
    /// Training went to infinity.
    #[error("the held-out bound was not finite at step {step}\nhint: lower `learning_rate`")]
    Diverged {
        /// The step.
        step: usize,
    },
    /// A resample that has no estimate.
    #[error("resample {index} of {rows} rows: {source}")]
    Resample {
        /// Its number, from 0.
        index: usize,
        /// Its rows.
        rows: usize,
        /// The reason.
        source: Box<Self>,
    },
    /// The network of a neural estimator failed: out of memory.
    #[error("the network failed: {0}")]
    Network(#[from] candle_core::Error),
}

impl BaselineError {
    pub(crate) fn parameter(name: &'static str, expected: &'static str, got: impl ToString) -> Self {
        Self::Parameter { name, expected, got: got.to_string() }
    }
}
