//! All that a stopped run needs to go on to the same numbers.

use crate::optimizer::NAMES;
use crate::{Optimizer, TrainError};
use mist_model::{Parameters, hex_sha256, write_atomic};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use std::collections::BTreeMap;
use std::path::Path;

/// Entry with the SHA-256 of all others and of the tensors.
const DIGEST: &str = "sha256";
/// Entries of a state of earlier versions, which had no checksum.
const OLDER: [&str; 4] = ["config_sha256", "seconds", "steps", "tasks"];

/// What a run began with, by SHA-256: a state goes on only with the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Of the resolved configuration.
    pub config_sha256: String,
    /// Of the resolved configuration of the meta-distribution.
    pub meta_sha256: String,
    /// Of the weights of `init`; `None` where they are drawn from the seed.
    pub init_sha256: Option<String>,
}

impl Origin {
    fn entries(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [
            ("config_sha256", self.config_sha256.as_str()),
            ("init_sha256", self.init_sha256.as_deref().unwrap_or("none")),
            ("meta_sha256", self.meta_sha256.as_str()),
        ]
        .into_iter()
    }

    fn in_words(key: &str) -> &'static str {
        match key {
            "config_sha256" => "configuration",
            "init_sha256" => "checkpoint to begin with (`init`)",
            _ => "meta-distribution (`meta`)",
        }
    }
}

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

    /// Writes the state, whole or not at all, with what it belongs to and a checksum of all of it.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn save(&self, path: &Path, origin: &Origin) -> Result<(), TrainError> {
        let rows = self.optimizer.rows()?;
        let bytes: Vec<(&str, Vec<u8>)> =
            rows.iter().map(|(name, row)| (*name, row.iter().flat_map(|f| f.to_le_bytes()).collect())).collect();
        let mut metadata = BTreeMap::from([
            ("steps".to_string(), self.optimizer.steps.to_string()),
            ("tasks".to_string(), self.tasks.to_string()),
            ("seconds".to_string(), self.seconds.to_string()),
        ]);
        metadata.extend(origin.entries().map(|(key, value)| (key.to_string(), value.to_string())));
        metadata.insert(DIGEST.into(), digest(&metadata, bytes.iter().map(|(name, bytes)| (*name, bytes.as_slice()))));
        let count = self.optimizer.count();
        let views = bytes
            .iter()
            .map(|(name, b)| (*name, TensorView::new(Dtype::F32, vec![count], b).expect("the length fits the shape")));
        let bytes = safetensors::serialize(views, Some(metadata.into_iter().collect()))
            .map_err(|e| TrainError::State { path: path.into(), what: e.to_string() })?;
        Ok(write_atomic(path, &bytes)?)
    }

    /// Reads a state written by a run of the same origin. States of earlier versions, which say nothing but the
    /// configuration, are read too.
    ///
    /// # Errors
    /// A file that is missing, damaged, or of another configuration, meta-distribution, first checkpoint or network.
    pub fn load(path: &Path, origin: &Origin, parameters: &Parameters) -> Result<Self, TrainError> {
        let bytes = mist_files::read(path).map_err(|source| TrainError::Io {
            action: "cannot read",
            path: path.into(),
            source,
        })?;
        let bad = |what: String| TrainError::State { path: path.into(), what };
        let (_, header) = SafeTensors::read_metadata(&bytes).map_err(|e| bad(e.to_string()))?;
        let tensors = SafeTensors::deserialize(&bytes).map_err(|e| bad(e.to_string()))?;
        let metadata: BTreeMap<String, String> = header.metadata().clone().unwrap_or_default().into_iter().collect();
        let entry = |key: &str| metadata.get(key).ok_or_else(|| bad(format!("`{key}` is missing")));
        if !metadata.keys().map(String::as_str).eq(OLDER) {
            // An entry whose name is damaged must not make the state pass for an older one.
            let mut expected: Vec<&str> =
                origin.entries().map(|(key, _)| key).chain(["steps", "tasks", "seconds", DIGEST]).collect();
            expected.sort_unstable();
            if !metadata.keys().map(String::as_str).eq(expected) {
                return Err(bad("it is damaged, or of another version: its entries are not those of a state".into()));
            }
            let mut signed = metadata.clone();
            let expected = signed.remove(DIGEST);
            let got = digest(&signed, NAMES.map(|name| (name, tensors.tensor(name).map_or(&[][..], |t| t.data()))));
            if expected != Some(got) {
                return Err(bad("it is damaged: its SHA-256 is not the one it was written with".into()));
            }
        }
        for (key, value) in origin.entries().filter(|(key, _)| metadata.contains_key(*key)) {
            if metadata[key] != value {
                let of = Origin::in_words(key);
                return Err(bad(format!("it belongs to another {of}\nhint: resume with the files it began with")));
            }
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

/// SHA-256 of all entries and tensors, with their names and lengths.
fn digest<'a>(
    metadata: &'a BTreeMap<String, String>,
    tensors: impl IntoIterator<Item = (&'a str, &'a [u8])>,
) -> String {
    let entries = metadata.iter().map(|(key, value)| (key.as_str(), value.as_bytes()));
    let mut bytes = Vec::new();
    for (name, content) in entries.chain(tensors) {
        for part in [name.as_bytes(), content] {
            bytes.extend((part.len() as u64).to_le_bytes());
            bytes.extend(part);
        }
    }
    hex_sha256(&bytes)
}
