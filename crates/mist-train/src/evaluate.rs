//! Runs a network over tasks whose MI is known.

use crate::{TrainError, score};
use candle_core::Device;
use mist_data_gen::{MetaDistribution, Seeds, Split};
use mist_model::{Axial, AxialConfig, Batch, QuantileFunction, Scores};
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
    network: &Axial,
    taus: &[f64],
    scores: &Scores,
    device: &Device,
) -> Result<QuantileFunction, TrainError> {
    let q = network.forward(&Batch::new(&[scores], device)?)?.quantiles;
    let q: Vec<f64> = q.squeeze(0)?.to_vec1::<f32>()?.into_iter().map(f64::from).collect();
    Ok(QuantileFunction::new(taus, &q))
}

/// Predictions for tasks `range` of a split, in order; `done` is called after each.
///
/// # Errors
/// A device that failed.
pub fn evaluate(
    network: &Axial,
    config: &AxialConfig,
    meta: &MetaDistribution,
    (seed, split): (u64, Split),
    range: Range<u64>,
    device: &Device,
    done: &(dyn Fn() + Sync),
) -> Result<Vec<Prediction>, TrainError> {
    let seeds = Seeds { root: seed };
    let one = |index: u64| {
        let draw = meta.draw(&seeds, split, index);
        let scores = score(&draw.sample).with_neighbours(config.neighbours());
        let quantiles = predict(network, &config.taus, &scores, device)?;
        done();
        let Scores { n, dim_x, dim_y, .. } = scores;
        Ok(Prediction { family: draw.family, n, dim_x, dim_y, mi_nats: draw.mi_nats, quantiles })
    };
    range.into_par_iter().map(one).collect()
}
