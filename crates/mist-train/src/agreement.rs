//! Whether a device computes what the CPU does: one forward pass, one gradient, and the loss of a short training.

use crate::{BatchSource, Optimizer, StepGradient, TaskBatch, TrainConfig, TrainError};
use candle_core::{Device, Tensor};
use mist_model::{Network, Parameters};
use serde::Serialize;

/// Largest differences between a device and the CPU.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Agreement {
    /// Of the quantiles of ln(1 + MI), absolute.
    pub forward: f64,
    /// Of the gradient, relative to its norm.
    pub gradient: f64,
    /// Of the mean loss over windows of a tenth of the training, relative.
    pub loss: f64,
}

/// Bounds that a device should keep in f32.
pub const BOUNDS: Agreement = Agreement { forward: 1e-4, gradient: 1e-3, loss: 0.02 };

impl Agreement {
    /// Whether all differences are within `bounds`.
    pub fn within(&self, bounds: &Self) -> bool {
        self.forward <= bounds.forward && self.gradient <= bounds.gradient && self.loss <= bounds.loss
    }
}

/// Compares `device` with the CPU over `steps` steps of the run that `config` describes.
///
/// Rounding differs, so two trainings drift apart step by step; the loss is compared as means over windows.
///
/// # Errors
/// A device that failed, no steps.
pub fn agreement(config: &TrainConfig, device: &Device, steps: u64) -> Result<Agreement, TrainError> {
    if steps == 0 {
        return Err(TrainError::Config("a comparison needs at least one step".into()));
    }
    let source = BatchSource::new(config.meta()?, config);
    let (here, there) = (Run::new(config, &Device::Cpu)?, Run::new(config, device)?);
    let batch = source.draw(0, &Device::Cpu)?;
    let (a, b) = (here.first(config, &batch)?, there.first(config, &batch)?);
    let norm = a.1.iter().map(|g| g * g).sum::<f64>().sqrt();
    let (a_losses, b_losses) = (here.train(config, &source, steps)?, there.train(config, &source, steps)?);
    let window = (steps as usize).div_ceil(10);
    let mean = |losses: &[f64]| losses.iter().sum::<f64>() / losses.len() as f64;
    let windows = a_losses.chunks(window).zip(b_losses.chunks(window));
    Ok(Agreement {
        forward: largest(a.0.iter().zip(&b.0).map(|(a, b)| a - b)),
        gradient: a.1.iter().zip(&b.1).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt() / norm,
        loss: largest(windows.map(|(a, b)| mean(b) / mean(a) - 1.0)),
    })
}

/// Largest size of any of the values; not a number if one is.
fn largest(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(0.0, |m, v| if v.is_nan() { v } else { m.max(v.abs()) })
}

/// The same run on one device.
struct Run {
    network: Network,
    parameters: Parameters,
    device: Device,
}

impl Run {
    fn new(config: &TrainConfig, device: &Device) -> Result<Self, TrainError> {
        let (network, parameters) = Parameters::init(config.seed, device, |vb| Network::new(&config.network, vb))?;
        Ok(Self { network, parameters, device: device.clone() })
    }

    /// Quantiles and gradient of a batch under the initial weights.
    fn first(&self, config: &TrainConfig, batch: &TaskBatch) -> Result<(Vec<f64>, Vec<f64>), TrainError> {
        let batch = batch.to_device(&self.device)?;
        let list = |t: &Tensor| -> Result<Vec<f64>, TrainError> {
            Ok(t.flatten_all()?.to_vec1::<f32>()?.into_iter().map(f64::from).collect())
        };
        let gradient = StepGradient::of(&self.network, &self.parameters, config, &batch)?.gradient;
        Ok((self.network.forward(&batch.batch)?.log1p()?.concat(), list(&gradient)?))
    }

    fn train(&self, config: &TrainConfig, source: &BatchSource, steps: u64) -> Result<Vec<f64>, TrainError> {
        let mut optimizer = Optimizer::new(&self.parameters)?;
        (0..steps)
            .map(|step| {
                let batch = source.draw(step, &self.device)?;
                let g = StepGradient::of(&self.network, &self.parameters, config, &batch)?;
                let learning_rate = config.optimizer.learning_rate_at(step, steps);
                optimizer.step(&g.gradient, learning_rate, &config.optimizer)?;
                optimizer.write_weights(&self.parameters)?;
                Ok(f64::from(g.loss.to_scalar::<f32>()?))
            })
            .collect()
    }
}
