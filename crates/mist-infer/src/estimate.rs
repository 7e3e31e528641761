//! An answer: the distribution of mutual information that the network predicts.

use crate::{EstimateError, Warning};
use mist_model::{QuantileFunction, TaskShape};
use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

/// Slack for levels such as 0.98, whose halves are not exact in binary.
const LEVEL_SLACK: f64 = 1e-9;
/// Half-width of ln(1 + MI) that counts as none.
const LEAST_SPREAD: f64 = 1e-9;

/// The checkpoint that an answer comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CheckpointId {
    /// Its name.
    pub name: String,
    /// SHA-256 of its weights, in hexadecimal.
    pub sha256: String,
    /// Where on the hub it was, if it comes from there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hub: Option<HubCommit>,
}

/// A commit of a repository on the hub, which never changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HubCommit {
    /// `OWNER/NAME`.
    pub repository: String,
    /// The branch, tag or commit that was asked for.
    pub revision: String,
    /// Where that was, 40 hexadecimal digits.
    pub commit: String,
}

/// A central interval of mutual information, in nats.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
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
    /// The predicted quantiles of ln(1 + MI) before they are cut at 0, at [`QuantileFunction::levels`].
    pub(crate) log1p: Vec<f64>,
    /// The table as the network sees it.
    pub(crate) shape: TaskShape,
    /// The entropy of the discrete side, the smaller one if both are; `None` if none is.
    pub(crate) entropy_nats: Option<f64>,
    /// Of the test of independence by the predicted quantiles, if the checkpoint knows it.
    pub(crate) p_value: Option<f64>,
    /// What to keep in mind.
    pub warnings: Vec<Warning>,
    /// Where the answer comes from.
    pub checkpoint: CheckpointId,
}

impl Estimate {
    /// The point estimate, in nats: the median of the predicted distribution; the mean from a network that predicts that
    /// alone.
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

    /// The entropy in nats of the discrete side, the smaller one if both are, which the answer cannot exceed; `None` if none
    /// is. Numbers that were rounded to more than about twenty values are not discrete.
    pub fn entropy_nats(&self) -> Option<f64> {
        self.entropy_nats
    }

    /// The p-value of the test of independence that the predicted quantiles give without any permutation: how often, on
    /// independent tables of about this shape, does 0 lie as far below the predicted median? `None` of a checkpoint
    /// without a table of that ([`mist_model::Description::independence`]), and of data with ties (categories, rounded numbers),
    /// where independent tables differ too much: those need permutations. Below 0.001 it is extrapolated.
    pub fn p_value(&self) -> Option<f64> {
        self.p_value
    }

    /// The table as the network sees it: without constant columns, each indicator of a category a column.
    pub fn shape(&self) -> TaskShape {
        self.shape
    }

    /// What rankings sort by: the answer in nats, and of several answers of 0 how close they came to being above it.
    pub fn order(&self) -> f64 {
        let (nats, raw) = (self.mi_nats(), self.raw_nats(0.5));
        if nats > 0.0 { nats } else { raw.min(0.0) }
    }

    /// What permutation tests compare: the lower quartile of ln(1 + MI) before it is cut at 0.
    pub(crate) fn statistic(&self) -> f64 {
        self.log1p_at(0.25)
    }

    /// The quantile of ln(1 + MI) at level `tau`, not cut at 0.
    fn log1p_at(&self, tau: f64) -> f64 {
        let levels = self.quantiles.levels();
        if let [only] = self.log1p[..] {
            return only;
        }
        let i = levels.partition_point(|l| *l < tau - LEVEL_SLACK).clamp(1, levels.len() - 1);
        let w = ((tau - levels[i - 1]) / (levels[i] - levels[i - 1])).clamp(0.0, 1.0);
        self.log1p[i - 1] + w * (self.log1p[i] - self.log1p[i - 1])
    }

    /// The quantile at level `tau` in nats, not cut at 0.
    pub(crate) fn raw_nats(&self, tau: f64) -> f64 {
        self.log1p_at(tau).exp_m1()
    }

    /// How far above 0 the predicted median lies, in units of its distance from the quantile at level 0.05.
    pub fn standing(&self) -> f64 {
        let (low, median) = (self.log1p_at(0.05), self.log1p_at(0.5));
        median / (median - low).max(LEAST_SPREAD)
    }

    /// Whether the answer is a lower bound only, since one side is a function of the other as far as the rows tell.
    pub fn is_lower_bound(&self) -> bool {
        self.warnings.iter().any(|w| matches!(w, Warning::Functional { .. }))
    }

    /// Whether the checkpoint predicts a distribution; a point alone otherwise, and [`Estimate::interval`] fails.
    pub fn has_interval(&self) -> bool {
        !self.quantiles.is_point()
    }

    /// The quantile at level `tau`, in nats; flat outside the checkpoint's outermost levels. The point estimate at every level
    /// where that is all there is.
    pub fn quantile(&self, tau: f64) -> f64 {
        self.quantiles.at(tau)
    }

    /// The central interval of probability `level`.
    ///
    /// # Errors
    /// A level that is not above 0, or whose ends lie outside the checkpoint's outermost quantiles; a checkpoint that
    /// predicts a point alone.
    pub fn interval(&self, level: f64) -> Result<Interval, EstimateError> {
        if !self.has_interval() {
            return Err(EstimateError::NoIntervals { checkpoint: self.checkpoint.name.clone() });
        }
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

/// The quantiles that a serialized answer has.
const WRITTEN: [f64; 5] = [0.05, 0.25, 0.5, 0.75, 0.95];

impl Serialize for Estimate {
    /// The answer as fields: the point estimate, the mean, some quantiles in nats by level (`null` where there are none),
    /// warnings as text.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_struct("Estimate", 10)?;
        out.serialize_field("mi_nats", &self.mi_nats())?;
        out.serialize_field("mean_nats", &self.mean_nats())?;
        out.serialize_field("at_least", &self.is_lower_bound())?;
        let quantiles = || -> Vec<(f64, f64)> { WRITTEN.iter().map(|tau| (*tau, self.quantile(*tau))).collect() };
        let quantiles = self.has_interval().then(quantiles);
        out.serialize_field("quantiles_nats", &quantiles)?;
        out.serialize_field("n", &self.n)?;
        out.serialize_field("dim_x", &self.dim_x)?;
        out.serialize_field("dim_y", &self.dim_y)?;
        out.serialize_field("entropy_nats", &self.entropy_nats)?;
        let warnings: Vec<String> = self.warnings.iter().map(ToString::to_string).collect();
        out.serialize_field("warnings", &warnings)?;
        out.serialize_field("checkpoint", &self.checkpoint)?;
        out.end()
    }
}

/// An answer as its fields, a failure as `{"error": "…"}`.
pub(crate) fn result<S: Serializer>(
    answer: &Result<Estimate, EstimateError>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match answer {
        Ok(estimate) => estimate.serialize(serializer),
        Err(error) => {
            let mut out = serializer.serialize_struct("Failure", 1)?;
            out.serialize_field("error", &error.to_string())?;
            out.end()
        }
    }
}
