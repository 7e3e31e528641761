//! All that a stopped run needs to go on to the same numbers.

use crate::optimizer::NAMES;
use crate::{Optimizer, TrainError};
use mist_model::{Parameters, write_atomic};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use std::collections::HashMap;
use std::path::Path;

/// Progress of a run. Batches are functions of their number, so no generator state is kept.
#[derive(Clone, Debug)]
pub struct State {
    /// Weights, moments and average.
    pub optimizer: Optimizer,
    /// Tasks seen.
    pub tasks: u64,
    /// Seconds spent training.
    pub seconds: f64,
}

impl State {
    /// A run that has not begun.
    ///
    /// # Errors
    /// A device that failed.
    pub fn new(parameters: &Parameters) -> Result<Self, TrainError> {
        Ok(Self { optimizer: Optimizer::new(parameters)?, tasks: 0, seconds: 0.0 })
    }

    /// Writes the state, whole or not at all. `config_sha256` ties it to its configuration.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn save(&self, path: &Path, config_sha256: &str) -> Result<(), TrainError> {
        let rows = self.optimizer.rows()?;
        let bytes: Vec<(&str, Vec<u8>)> =
            rows.iter().map(|(name, row)| (*name, row.iter().flat_map(|f| f.to_le_bytes()).collect())).collect();
        let count = self.optimizer.count();
        let views = bytes
            .iter()
            .map(|(name, b)| (*name, TensorView::new(Dtype::F32, vec![count], b).expect("the length fits the shape")));
        let metadata = HashMap::from([
            ("config_sha256".to_string(), config_sha256.to_string()),
            ("steps".to_string(), self.optimizer.steps.to_string()),
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
        let count = state.optimizer.count();
        let mut rows = Vec::with_capacity(NAMES.len());
        for name in NAMES {
            let t = tensors.tensor(name).map_err(|e| bad(e.to_string()))?;
            if t.dtype() != Dtype::F32 || t.shape() != [count] {
                return Err(bad(format!("`{name}` has shape {:?}, expected [{count}]", t.shape())));
            }
            let floats = t.data().chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().expect("four bytes")));
            rows.push(floats.collect());
        }
        state.optimizer.restore(&rows)?;
        let parse = |key: &str| entry(key)?.parse::<u64>().map_err(|e| bad(format!("`{key}`: {e}")));
        state.optimizer.steps = parse("steps")?;
        state.tasks = parse("tasks")?;
        state.seconds = entry("seconds")?.parse().map_err(|e| bad(format!("`seconds`: {e}")))?;
        Ok(state)
    }
}
