//! Asking `mist`, and its neighbours among the estimators.

use anyhow::{Context, Result};
use mist_baselines::{Bootstrap, MiEstimator};
use mist_infer::{Columns, Device, Estimator};
use nalgebra::DMatrix;
use std::fmt;
use std::path::Path;

/// Probability of every interval.
const LEVEL: f64 = 0.9;
/// Halves of the rows by which an estimator without intervals gets some.
const RESAMPLES: usize = 40;

/// An estimate with its 90 % interval, in nats.
#[derive(Clone, Copy, Debug)]
pub struct Answer {
    pub nats: f64,
    pub low: f64,
    pub high: f64,
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        // No -0.00.
        let [nats, low, high] = [self.nats, self.low, self.high].map(|v| (100.0 * v).round() / 100.0 + 0.0);
        write!(f, "{nats:.2} ({low:.2} to {high:.2})")
    }
}

impl Answer {
    /// As a point of a picture, at a place of the horizontal axis.
    pub fn point(&self, at: f64) -> mist_plot::Point {
        (at, self.nats, Some((self.low, self.high)))
    }
}

/// The estimator: the embedded weights, or those of a file.
pub fn estimator(checkpoint: Option<&Path>) -> Result<Estimator> {
    Ok(match checkpoint {
        Some(path) => Estimator::from_checkpoint(path, &Device::Cpu)?,
        None => Estimator::embedded()?,
    })
}

/// What `mist` says of each pair.
pub fn ask(estimator: &Estimator, pairs: &[(Columns, Columns)]) -> Result<Vec<Answer>> {
    let answer = |estimate: mist_infer::Estimate| {
        let interval = estimate.interval(LEVEL)?;
        Ok(Answer { nats: estimate.mi_nats(), low: interval.lower, high: interval.upper })
    };
    estimator.estimate_batch(pairs)?.into_iter().map(answer).collect()
}

/// What another estimator says, with an interval from halves of the rows.
pub fn ask_other(estimator: impl MiEstimator, x: &[Vec<f64>], y: &[Vec<f64>]) -> Result<Answer> {
    let name = estimator.name();
    let halves = Bootstrap { resamples: RESAMPLES, level: LEVEL, ..Bootstrap::new(estimator) };
    let interval = halves.interval(&matrix(x), &matrix(y)).with_context(|| format!("`{name}` has no answer"))?;
    Ok(Answer { nats: interval.estimate, low: interval.lower, high: interval.upper })
}

/// Columns as a matrix of (rows, columns).
pub fn matrix(columns: &[Vec<f64>]) -> DMatrix<f64> {
    let rows = columns.first().map_or(0, Vec::len);
    DMatrix::from_iterator(rows, columns.len(), columns.iter().flatten().copied())
}
