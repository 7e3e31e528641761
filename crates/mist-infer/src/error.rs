//! Why there is no answer.

use crate::{DeviceError, MIN_ROWS, Side};
use mist_model::CheckpointError;

/// Why mutual information cannot be estimated.
#[derive(Debug, thiserror::Error)]
pub enum EstimateError {
    /// A side without columns.
    #[error("{side} has no columns, expected at least one")]
    NoColumns {
        /// The side.
        side: Side,
    },
    /// Too few rows for an answer to mean anything.
    #[error("{got} rows, expected at least {MIN_ROWS}")]
    TooFewRows {
        /// Rows found.
        got: usize,
    },
    /// A column that is not as long as the first column of X.
    #[error("{label} of {side} has {got} rows, expected {expected} as in the first column of X")]
    Rows {
        /// The side.
        side: Side,
        /// The column, as [`Columns::label`](crate::Columns::label) calls it.
        label: String,
        /// Its rows.
        got: usize,
        /// Rows of the first column of X.
        expected: usize,
    },
    /// A value that is not a finite number.
    #[error("{label} of {side} holds {what} at row {row}, expected finite numbers")]
    NotFinite {
        /// The side.
        side: Side,
        /// The column, as [`Columns::label`](crate::Columns::label) calls it.
        label: String,
        /// Index of the row, from 0.
        row: usize,
        /// `NaN` or `an infinity`.
        what: &'static str,
    },
    /// A level that the checkpoint's quantiles do not reach.
    #[error("interval level `{got}` is out of range, expected more than 0 and at most {max}")]
    Level {
        /// The level asked for.
        got: f64,
        /// The widest central interval between the checkpoint's outermost quantiles.
        max: f64,
    },
    /// A test of independence that makes no sense.
    #[error("test of independence: {what}")]
    Test {
        /// What is wrong with it.
        what: String,
    },
    /// A checkpoint that does not know its answers to independent data.
    #[error(
        "the checkpoint `{checkpoint}` has no table for p-values from its quantiles\nhint: test by permutation, or make the \
         table with `mist calibrate`"
    )]
    NoIndependence {
        /// Name of the checkpoint.
        checkpoint: String,
    },
    /// One of several tasks that failed.
    #[error("task {index}: {source}")]
    Task {
        /// Its index in the list, from 0.
        index: usize,
        /// What is wrong with it.
        source: Box<Self>,
    },
    /// A checkpoint that cannot be used.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// Files of the hub that cannot be had.
    #[cfg(feature = "hub")]
    #[error(transparent)]
    Hub(#[from] mist_hub::HubError),
    /// A repository of the hub without a checkpoint, or with several.
    #[cfg(feature = "hub")]
    #[error(
        "`{repository}` has {what} at commit {commit}, expected one checkpoint of mist\n\
         hint: a repository has one checkpoint at its top, the two files that `mist train` writes"
    )]
    NoCheckpoint {
        /// The repository.
        repository: String,
        /// The commit.
        commit: String,
        /// What it has instead.
        what: String,
    },
    /// A device that cannot be used.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// A checkpoint that predicts the mean alone.
    #[error(
        "the checkpoint `{checkpoint}` predicts the mean alone, without intervals\nhint: use the embedded checkpoint, or a \
         network of quantiles"
    )]
    NoIntervals {
        /// Name of the checkpoint.
        checkpoint: String,
    },
    /// Data that the network of the checkpoint does not take.
    #[error(transparent)]
    Scores(#[from] mist_model::ScoreError),
    /// A category, which the published network does not take.
    #[error(
        "{label} of {side} is a category, which the published network does not take\nhint: leave it out, or use the \
         embedded checkpoint"
    )]
    Category {
        /// The side.
        side: Side,
        /// The column, as [`Columns::label`](crate::Columns::label) calls it.
        label: String,
    },
    /// Too many rows for a network whose work grows with their square.
    #[error(
        "{rows} rows would take the published network about {seconds:.0} seconds, since its work grows with their \
         square\nhint: choose at most {at_most} rows at random, or use the embedded checkpoint"
    )]
    TooManyRows {
        /// Rows found.
        rows: usize,
        /// What they would take on one core.
        seconds: f64,
        /// What is taken.
        at_most: usize,
    },
    /// A table with too many columns.
    #[error(
        "{columns} columns on both sides together would take about {seconds:.0} seconds, and far more memory than their \
         values\nhint: choose at most {at_most} columns, for example the leading principal components of each side"
    )]
    TooLarge {
        /// Columns of both sides that are not constant.
        columns: usize,
        /// What they would take on one core.
        seconds: f64,
        /// What is taken.
        at_most: usize,
    },
    /// What the differentiable answer does not take.
    #[error("differentiable estimate: {what}")]
    Soft {
        /// What is wrong, and how to mend it.
        what: String,
    },
    /// An answer that no data can give.
    #[error(
        "the checkpoint `{checkpoint}` answers {nats:.0} nats, which no data can give\nhint: its network was trained too little, \
         or its training diverged: train it further and calibrate it again, or use another checkpoint"
    )]
    Absurd {
        /// Name of the checkpoint.
        checkpoint: String,
        /// The answer.
        nats: f64,
    },
    /// The network failed: out of memory, or a device that failed.
    #[error("the network failed: {0}")]
    Network(#[from] candle_core::Error),
}
