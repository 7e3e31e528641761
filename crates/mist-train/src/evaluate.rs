//! Runs a network over tasks whose MI is known.

use crate::{TrainError, score_of};
use candle_core::Device;
use mist_data_gen::{MetaDistribution, Seeds, Split};
use mist_model::{Batch, Network, NetworkConfig, QuantileFunction, Scores};
use rayon::prelude::*;
use std::ops::Range;

/// What a network says of one task.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// Family of the task.
    pub family: String,
    /// Rows.
    pub n: usize,
    /// Columns of X.
    pub dim_x: usize,
    /// Columns of Y.
    pub dim_y: usize,
    /// True MI in nats.
    pub mi_nats: f64,
    /// The predicted distribution.
    pub quantiles: QuantileFunction,
}

/// Predicted quantiles of one scored data set.
///
/// # Errors
/// A device that failed.
pub fn predict(
    network: &Network,
    taus: &[f64],
    scores: &Scores,
    device: &Device,
) -> Result<QuantileFunction, TrainError> {
    let answer = network.forward(&Batch::new(&[scores], device)?)?;
    Ok(QuantileFunction::new(taus, &answer.log1p()?[0]))
}

/// Predictions for tasks `range` of a split, in order; `done` is called after each.
///
/// # Errors
/// A device that failed, a task that the network does not take.
pub fn evaluate(
    network: &Network,
    config: &NetworkConfig,
    meta: &MetaDistribution,
    (seed, split): (u64, Split),
    range: Range<u64>,
    device: &Device,
    done: &(dyn Fn() + Sync),
) -> Result<Vec<Prediction>, TrainError> {
    let seeds = Seeds { root: seed };
    let one = |index: u64| {
        let draw = meta.draw(&seeds, split, index);
        let scores = score_of(&draw.sample, None, config)?;
        let quantiles = predict(network, config.taus(), &scores, device)?;
        done();
        let Scores { n, dim_x, dim_y, .. } = scores;
        Ok(Prediction { family: draw.family, n, dim_x, dim_y, mi_nats: draw.mi_nats, quantiles })
    };
    range.into_par_iter().map(one).collect()
}
