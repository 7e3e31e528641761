//! An answer: the distribution of mutual information that the network predicts.

use crate::{EstimateError, Warning};
use mist_model::QuantileFunction;

/// Slack for levels such as 0.98, whose halves are not exact in binary.
const LEVEL_SLACK: f64 = 1e-9;

/// The checkpoint that an answer comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckpointId {
    /// Its name.
    pub name: String,
    /// SHA-256 of its weights, in hexadecimal.
    pub sha256: String,
}

/// A central interval of mutual information, in nats.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Probability that the interval is meant to hold.
    pub level: f64,
    /// Lower end.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
}

/// The mutual information of two random vectors, as far as their observations tell.
#[derive(Clone, Debug, PartialEq)]
pub struct Estimate {
    /// Rows.
    pub n: usize,
    /// Columns of X, constant ones included.
    pub dim_x: usize,
    /// Columns of Y, constant ones included.
    pub dim_y: usize,
    /// The predicted distribution.
    pub quantiles: QuantileFunction,
    /// The pointwise MI of each row in nats, in the order of the rows; empty if there is none.
    pub(crate) pointwise: Vec<f64>,
    /// What to keep in mind.
    pub warnings: Vec<Warning>,
    /// Where the answer comes from.
    pub checkpoint: CheckpointId,
}

impl Estimate {
    /// The point estimate, in nats: the median of the predicted distribution.
    pub fn mi_nats(&self) -> f64 {
        self.quantiles.median()
    }

    /// The mean of the predicted distribution, in nats.
    pub fn mean_nats(&self) -> f64 {
        self.quantiles.mean()
    }

    /// The contribution of each row in nats: its pointwise MI ln p(x, y) − ln p(x) − ln p(y), as the network sees it;
    /// their mean is near the point estimate. `None` of a table so large that not every row was looked at; see [`Estimator::with_pointwise_of_every_row`](crate::Estimator::with_pointwise_of_every_row).
    pub fn pointwise(&self) -> Option<&[f64]> {
        (!self.pointwise.is_empty()).then_some(&self.pointwise)
    }

    /// Whether the answer is a lower bound only, since one side is a function of the other as far as the rows tell.
    pub fn is_lower_bound(&self) -> bool {
        self.warnings.iter().any(|w| matches!(w, Warning::Functional { .. }))
    }

    /// The quantile at level `tau`, in nats; flat outside the checkpoint's outermost levels.
    pub fn quantile(&self, tau: f64) -> f64 {
        self.quantiles.at(tau)
    }

    /// The central interval of probability `level`.
    ///
    /// # Errors
    /// A level that is not above 0, or whose ends lie outside the checkpoint's outermost quantiles.
    pub fn interval(&self, level: f64) -> Result<Interval, EstimateError> {
        check_level(level, self.quantiles.range())?;
        let (lower, upper) = ((1.0 - level) / 2.0, (1.0 + level) / 2.0);
        Ok(Interval { level, lower: self.quantile(lower), upper: self.quantile(upper) })
    }
}

/// Whether quantiles between the levels `(first, last)` give a central interval of this level.
pub(crate) fn check_level(level: f64, (first, last): (f64, f64)) -> Result<(), EstimateError> {
    let max = 1.0 - 2.0 * first.max(1.0 - last);
    if level > 0.0 && level <= max + LEVEL_SLACK {
        Ok(())
    } else {
        // Rounded, so that the message does not say 0.9800000000000001.
        Err(EstimateError::Level { got: level, max: (max * 1e6).round() / 1e6 })
    }
}
