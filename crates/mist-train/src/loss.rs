//! What training makes small. Of the axial network: pinball loss of the quantiles, Huber loss of the pointwise MI of every row.
//! Of the published one: what its authors make small, squared errors or the pinball loss, in nats.

use crate::TrainError;
use candle_core::{Device, Result, Tensor};
use mist_model::{Answer, Batch, Calibration, pinball};
use serde::{Deserialize, Serialize};

/// Predicted spread, on the scale ln(1 + MI), of a task whose pinball loss counts once.
const USUAL_SPREAD: f64 = 0.25;
/// What is added to a spread, so that a task whose MI is certain does not count for all others.
const LEAST_SPREAD: f64 = 0.02;

/// A batch with what is known of it.
#[derive(Clone, Debug)]
pub struct TaskBatch {
    /// What the network sees.
    pub batch: Batch,
    /// MI of each task in nats (B).
    pub mi_nats: Tensor,
    /// Pointwise MI of each row in nats (B, N), 0 in padding.
    pub pointwise: Tensor,
}

impl TaskBatch {
    /// Number of tasks.
    pub fn tasks(&self) -> usize {
        self.mi_nats.elem_count()
    }

    /// The same on another device.
    ///
    /// # Errors
    /// A device that failed.
    pub fn to_device(&self, device: &Device) -> std::result::Result<Self, TrainError> {
        Ok(Self {
            batch: self.batch.to_device(device)?,
            mi_nats: self.mi_nats.to_device(device)?,
            pointwise: self.pointwise.to_device(device)?,
        })
    }
}

/// Weights of the parts of the loss of the axial network; that of the pinball loss on the scale ln(1 + MI) is 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LossConfig {
    /// The pinball loss in nats.
    pub nats: f64,
    /// The Huber loss of the rows' pointwise MI.
    pub rows: f64,
    /// Power of the predicted spread by which the pinball loss of a task is divided: at 0 an error counts alike in every task, at 1
    /// in proportion to what is uncertain, so that long tables of few columns are not drowned by what nobody can know better.
    pub by_spread: f64,
}

impl Default for LossConfig {
    fn default() -> Self {
        Self { nats: 0.0, rows: 0.2, by_spread: 0.0 }
    }
}

impl LossConfig {
    /// The loss of a batch, a scalar.
    ///
    /// # Errors
    /// Shapes that do not fit.
    pub fn of(&self, answer: &Answer, batch: &TaskBatch, taus: &[f64]) -> Result<Tensor> {
        let output = match answer {
            Answer::Axial(output) => output,
            Answer::Reference(nats) => return published(nats, &batch.mi_nats, taus),
        };
        let mut loss = pinball(&output.quantiles, &batch.mi_nats, taus, self.nats)?;
        if self.by_spread != 0.0 {
            loss = (loss * spread_weights(&output.quantiles, taus, self.by_spread)?)?;
        }
        let loss = loss.mean_all()?;
        if self.rows == 0.0 {
            return Ok(loss);
        }
        loss + (huber_of_rows(&output.pointwise, batch)? * self.rows)?
    }
}

/// What the pinball loss of each task counts, by the spread of its quantiles. The weight has no gradient, so that no quantile is better
/// off elsewhere: the least expected loss stays at the true ones.
///
/// # Shapes
/// `quantiles` (B, T) → (B).
fn spread_weights(quantiles: &Tensor, taus: &[f64], power: f64) -> Result<Tensor> {
    let (low, high) = Calibration::spread_levels(taus);
    let quantiles = quantiles.detach();
    let spread = (quantiles.narrow(1, high, 1)? - quantiles.narrow(1, low, 1)?)?.squeeze(1)?;
    ((spread + LEAST_SPREAD)? / USUAL_SPREAD)?.powf(-power)
}

/// The loss of the published network: the mean squared error of a point estimate, the mean pinball loss of quantiles, in nats.
///
/// Its authors draw one level for each task and step, uniform in (0, 1). All levels of the network at once have the same
/// aim, with less noise, and cost next to nothing: the level enters only at the head.
///
/// # Shapes
/// `nats` (B, T), `mi_nats` (B), `taus` (T) → scalar.
fn published(nats: &Tensor, mi_nats: &Tensor, taus: &[f64]) -> Result<Tensor> {
    let error = mi_nats.unsqueeze(1)?.broadcast_sub(nats)?;
    if taus.len() == 1 {
        return error.sqr()?.mean_all();
    }
    let taus = Tensor::new(taus, nats.device())?.to_dtype(nats.dtype())?;
    // max(τ·d, (τ − 1)·d) = τ·d + max(−d, 0)
    (error.broadcast_mul(&taus)? + error.neg()?.relu()?)?.mean_all()
}

/// Huber loss (with its corner at one nat) of the pointwise MI, averaged over the rows of a task, divided by 1 + MI,
/// averaged over tasks.
///
/// # Shapes
/// `rows` (B, N) → scalar.
fn huber_of_rows(rows: &Tensor, batch: &TaskBatch) -> Result<Tensor> {
    let error = (rows - &batch.pointwise)?.abs()?;
    // With m = min(e, 1): ½e² below the corner and e − ½ above it are both m (e − ½m).
    let m = (&error - (&error - 1.0)?.relu()?)?;
    let loss = (&m * (&error - (&m * 0.5)?)?)?;
    (loss.sum(1)? / (&batch.batch.n * (&batch.mi_nats + 1.0)?)?)?.mean_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use mist_model::Scores;

    #[test]
    fn published_losses_match_their_definitions() -> Result<()> {
        let dev = Device::Cpu;
        let mi = [0.5f32, 2.0];
        let of = |nats: &Tensor, taus: &[f64]| published(nats, &Tensor::new(&mi, &dev)?, taus)?.to_scalar::<f32>();
        let squares = of(&Tensor::new(&[[1.0f32], [-1.0]], &dev)?, &[0.5])?;
        assert!((squares - (0.25 + 9.0) / 2.0).abs() < 1e-6, "{squares}");
        let quantiles = of(&Tensor::new(&[[0.0f32, 1.0], [3.0, 1.0]], &dev)?, &[0.1, 0.8])?;
        let want = (0.1 * 0.5 + 0.2 * 0.5 + 0.9 * 1.0 + 0.8 * 1.0) / 4.0;
        assert!((quantiles - want).abs() < 1e-6, "{quantiles}");
        Ok(())
    }

    #[test]
    fn a_task_counts_by_its_spread() -> Result<()> {
        let dev = Device::Cpu;
        let taus = [0.1, 0.5, 0.9];
        let quantiles = Tensor::new(&[[0.1f64, 0.2, 0.33], [1.0, 2.0, 2.48]], &dev)?;
        let weights = spread_weights(&quantiles, &taus, 1.0)?.to_vec1::<f64>()?;
        assert!((weights[0] - 1.0).abs() < 1e-9 && (weights[1] - 1.0 / 6.0).abs() < 1e-9, "{weights:?}");
        let roots = spread_weights(&quantiles, &taus, 0.5)?.to_vec1::<f64>()?;
        assert!((roots[1] - 6f64.powf(-0.5)).abs() < 1e-9, "{roots:?}");
        Ok(())
    }

    #[test]
    fn huber_matches_its_definition() -> Result<()> {
        let column = [1.0, 3.0, 2.0];
        let scores = Scores::new(&[&column], &[&column]).unwrap();
        let dev = Device::Cpu;
        let (rows, labels, mi) =
            ([[0.2f32, 3.0, -1.0], [0.0, 0.0, 0.5]], [[0.0f32, 1.0, -1.5], [2.0, 0.1, 0.5]], [0.5f32, 2.0]);
        let batch = TaskBatch {
            batch: Batch::new(&[&scores, &scores], &dev)?,
            mi_nats: Tensor::new(&mi, &dev)?,
            pointwise: Tensor::new(&labels, &dev)?,
        };
        let huber = |e: f32| if e < 1.0 { 0.5 * e * e } else { e - 0.5 };
        let mut want = 0.0;
        for t in 0..2 {
            let sum: f32 = rows[t].iter().zip(labels[t]).map(|(a, b)| huber((a - b).abs())).sum();
            want += sum / 3.0 / (1.0 + mi[t]) / 2.0;
        }
        let got: f32 = huber_of_rows(&Tensor::new(&rows, &dev)?, &batch)?.to_scalar()?;
        assert!((got - want).abs() < 1e-6, "{got} {want}");
        Ok(())
    }
}
