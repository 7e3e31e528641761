//! Averages of two checkpoints.

use crate::TrainError;
use candle_core::{Device, Tensor};
use mist_model::{Checkpoint, CheckpointError, write_checkpoint};
use std::collections::HashMap;
use std::path::Path;

/// Writes `DIR/NAME.safetensors` and its JSON: (1 − `share`) of the weights at `start` plus `share` of those at `tuned`, which went
/// on from them (Wortsman and others, "Robust fine-tuning of zero-shot models", CVPR 2022, equation 1). The description is that of
/// the tuned weights, without a calibration.
///
/// # Errors
/// Files that cannot be read or written, or are of two networks.
pub fn blend(start: &Path, tuned: &Path, share: f64, (dir, name): (&Path, &str)) -> Result<(), TrainError> {
    let description = Checkpoint::read(tuned, &Device::Cpu)?.description;
    let wrong = |e: candle_core::Error| CheckpointError::Weights { path: tuned.into(), what: e.to_string() };
    let read = |path: &Path| {
        let bytes = mist_files::read(path).map_err(|source| TrainError::Io {
            action: "cannot read",
            path: path.into(),
            source,
        })?;
        Ok::<_, TrainError>(candle_core::safetensors::load_buffer(&bytes, &Device::Cpu).map_err(wrong)?)
    };
    let (from, to) = (read(start)?, read(tuned)?);
    let between = |(key, to): (&String, &Tensor)| {
        let from = from.get(key).ok_or_else(|| candle_core::Error::Msg(format!("`{key}` is not in the start")))?;
        let mean = ((from * (1.0 - share))? + (to * share)?)?;
        Ok((key.clone(), mean))
    };
    let tensors = to.iter().map(between).collect::<candle_core::Result<HashMap<_, _>>>().map_err(wrong)?;
    write_checkpoint(dir, name, &description.network, description.trained, &tensors)?;
    Ok(())
}
