//! All that a stopped run needs to go on to the same numbers.

use crate::{AdamW, TrainError};
use mist_model::{Parameters, write_atomic};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use std::collections::HashMap;
use std::path::Path;

/// Progress of a run. Batches are functions of their number, so no generator state is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// Weights, moments and average.
    pub optimizer: AdamW,
    /// Tasks seen.
    pub tasks: u64,
    /// Seconds spent training.
    pub seconds: f64,
}

const BUFFERS: [&str; 4] = ["weights", "first", "second", "ema"];

impl State {
    /// A run that has not begun.
    ///
    /// # Errors
    /// A device that failed.
    pub fn new(parameters: &Parameters) -> Result<Self, TrainError> {
        Ok(Self { optimizer: AdamW::new(parameters)?, tasks: 0, seconds: 0.0 })
    }

    /// Writes the state, whole or not at all. `config_sha256` ties it to its configuration.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn save(&self, path: &Path, config_sha256: &str) -> Result<(), TrainError> {
        let o = &self.optimizer;
        let bytes = [&o.weights, &o.first, &o.second, &o.ema]
            .map(|v| v.iter().flat_map(|f| f.to_le_bytes()).collect::<Vec<u8>>());
        let views = BUFFERS.iter().zip(&bytes).map(|(name, b)| {
            (*name, TensorView::new(Dtype::F32, vec![o.weights.len()], b).expect("the length fits the shape"))
        });
        let metadata = HashMap::from([
            ("config_sha256".to_string(), config_sha256.to_string()),
            ("steps".to_string(), o.steps.to_string()),
            ("tasks".to_string(), self.tasks.to_string()),
            ("seconds".to_string(), self.seconds.to_string()),
        ]);
        let bytes = safetensors::serialize(views, Some(metadata))
            .map_err(|e| TrainError::State { path: path.into(), what: e.to_string() })?;
        Ok(write_atomic(path, &bytes)?)
    }

    /// Reads a state written by a run of the same configuration.
    ///
    /// # Errors
    /// A file that is missing, damaged, or of another configuration or network.
    pub fn load(path: &Path, config_sha256: &str, parameters: &Parameters) -> Result<Self, TrainError> {
        let bytes = std::fs::read(path).map_err(|source| TrainError::Io {
            action: "cannot read",
            path: path.into(),
            source,
        })?;
        let bad = |what: String| TrainError::State { path: path.into(), what };
        let (_, header) = SafeTensors::read_metadata(&bytes).map_err(|e| bad(e.to_string()))?;
        let tensors = SafeTensors::deserialize(&bytes).map_err(|e| bad(e.to_string()))?;
        let metadata = header.metadata().clone().unwrap_or_default();
        let entry = |key: &str| metadata.get(key).ok_or_else(|| bad(format!("`{key}` is missing")));
        if entry("config_sha256")? != config_sha256 {
            return Err(bad("it belongs to another configuration".into()));
        }
        let mut state = Self::new(parameters)?;
        let o = &mut state.optimizer;
        for (name, buffer) in BUFFERS.iter().zip([&mut o.weights, &mut o.first, &mut o.second, &mut o.ema]) {
            let t = tensors.tensor(name).map_err(|e| bad(e.to_string()))?;
            if t.dtype() != Dtype::F32 || t.shape() != [buffer.len()] {
                return Err(bad(format!("`{name}` has shape {:?}, expected [{}]", t.shape(), buffer.len())));
            }
            for (v, b) in buffer.iter_mut().zip(t.data().chunks_exact(4)) {
                *v = f32::from_le_bytes(b.try_into().expect("four bytes"));
            }
        }
        let parse = |key: &str| entry(key)?.parse::<u64>().map_err(|e| bad(format!("`{key}`: {e}")));
        state.optimizer.steps = parse("steps")?;
        state.tasks = parse("tasks")?;
        state.seconds = entry("seconds")?.parse().map_err(|e| bad(format!("`seconds`: {e}")))?;
        Ok(state)
    }
}
