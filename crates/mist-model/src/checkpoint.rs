//! Checkpoints: weights with the configuration that built them, checked on the way in, atomic on the way out.
//!
//! A checkpoint is two files: `NAME.safetensors`, and beside it `NAME.json` with the network's configuration, where
//! the weights come from, their SHA-256, and its own.

use crate::reference::{describe, own_names};
use crate::{Calibration, Coverage, Network, NetworkConfig, Parameters, ShapeTable};
use candle_core::{Device, Tensor};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Version of the JSON beside the weights.
pub const FORMAT: u32 = 1;

/// Rows of the tables that the published networks were trained on (arXiv 2511.18945).
const PUBLISHED_ROWS: (usize, usize) = (10, 500);

/// What stands for the checksum of a description where it is computed.
const NO_CHECKSUM: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Why a checkpoint cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// A file that cannot be read or written.
    #[error("{action} `{path}`: {source}")]
    Io {
        /// `cannot read` or `cannot write`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A description that is not what this version writes.
    #[error("`{path}` is not a checkpoint description: {what}")]
    Description {
        /// The JSON file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// Weights that are not those described, or a description that was changed.
    #[error("`{path}` is damaged: its SHA-256 is {got}, expected {expected}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Digest found.
        got: String,
        /// Digest in the description.
        expected: String,
    },
    /// Weights that do not make up the network described.
    #[error("`{path}` does not fit its configuration: {what}")]
    Weights {
        /// The safetensors file.
        path: PathBuf,
        /// The first tensor that is wrong.
        what: String,
    },
}

/// What is known of a checkpoint besides its weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Description {
    /// Version of this layout.
    pub format: u32,
    /// Name by which answers cite the checkpoint.
    pub name: String,
    /// Which network, and its size.
    pub network: NetworkConfig,
    /// What the network was trained on.
    pub trained: Trained,
    /// SHA-256 of the weights file, in hexadecimal.
    pub sha256: String,
    /// The adjustment of its quantiles, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibration: Option<Calibration>,
    /// How often its intervals hold, if that was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coverage: Option<Coverage>,
    /// How far above 0 its answers lie on independent tables, for p-values without permutations; if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub independence: Option<ShapeTable>,
    /// Errors of its conditional answers in units of their predicted spread, if they are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conditional: Option<ShapeTable>,
    /// SHA-256 of the JSON with [`NO_CHECKSUM`] in its place. Only files have it; those of earlier versions do not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    checksum: Option<String>,
}

/// The part of the world that a checkpoint has seen.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trained {
    /// Name of the meta-distribution.
    pub meta: String,
    /// SHA-256 of its resolved configuration.
    pub meta_sha256: String,
    /// Root seed of the tasks and of the initial weights.
    pub seed: u64,
    /// Tasks seen, those of the checkpoints that this one goes on from included.
    pub tasks: u64,
    /// Optimizer steps taken, likewise.
    pub steps: u64,
    /// SHA-256 of the weights that training began with; `None` where they were drawn from the seed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub continues: Option<String>,
    /// Smallest and largest number of rows.
    pub n: (usize, usize),
    /// Smallest and largest number of columns on a side.
    pub dims: (usize, usize),
    /// Most cells of a table, rows times columns; `None` where it was not written down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cells: Option<usize>,
    /// Whether discrete data was among it.
    #[serde(default)]
    pub ties: bool,
}

/// A network ready to use.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    /// The network.
    pub network: Network,
    /// Its parameters.
    pub parameters: Parameters,
    /// What is known of it.
    pub description: Description,
}

impl Checkpoint {
    /// Reads `path` (`….safetensors`) and the JSON beside it. Weights of the published network need none: they are known by the
    /// names of their parameters, see [`Description::of_published`].
    ///
    /// # Errors
    /// [`CheckpointError`], with the file and what is wrong with it.
    pub fn read(path: &Path, device: &Device) -> Result<Self, CheckpointError> {
        let read = |path: &Path| {
            mist_files::read(path).map_err(|source| CheckpointError::Io {
                action: "cannot read",
                path: path.into(),
                source,
            })
        };
        let json_path = path.with_extension("json");
        let weights = read(path)?;
        if !json_path.exists()
            && let Some(description) = Description::of_published(&weights, path)?
        {
            let json = serde_json::to_vec(&description).expect("a description is plain data");
            return Self::from_bytes(&weights, &json, path, device);
        }
        Self::from_bytes(&weights, &read(&json_path)?, path, device)
    }

    /// The same from memory; `path` names the weights in errors.
    ///
    /// # Errors
    /// As [`Checkpoint::read`].
    pub fn from_bytes(weights: &[u8], json: &[u8], path: &Path, device: &Device) -> Result<Self, CheckpointError> {
        let bad = |what: String| CheckpointError::Description { path: path.with_extension("json"), what };
        let mut description: Description = serde_json::from_slice(json).map_err(|e| bad(e.to_string()))?;
        if let Some(expected) = description.checksum.take() {
            let text = std::str::from_utf8(json).map_err(|e| bad(e.to_string()))?;
            let got = hex_sha256(with_checksum(text, &expected, NO_CHECKSUM).as_bytes());
            if got != expected {
                return Err(CheckpointError::Damaged { path: path.with_extension("json"), got, expected });
            }
        }
        if description.format != FORMAT {
            return Err(bad(format!("format {}, expected {FORMAT}", description.format)));
        }
        description.network.validate().map_err(bad)?;
        if let Some(calibration) = &description.calibration {
            calibration.validate(description.network.taus().len()).map_err(bad)?;
        }
        for table in description.independence.iter().chain(&description.conditional) {
            table.validate().map_err(bad)?;
        }
        let got = hex_sha256(weights);
        if got != description.sha256 {
            return Err(CheckpointError::Damaged { path: path.into(), got, expected: description.sha256 });
        }
        let wrong = |e: candle_core::Error| CheckpointError::Weights { path: path.into(), what: first_line(&e) };
        let mut tensors = candle_core::safetensors::load_buffer(weights, &Device::Cpu).map_err(wrong)?;
        if matches!(description.network, NetworkConfig::Reference(_)) {
            tensors = own_names(tensors);
        }
        let (network, parameters) =
            Parameters::load(tensors, device, |vb| Network::new(&description.network, vb)).map_err(wrong)?;
        Ok(Self { network, parameters, description })
    }
}

/// Writes `DIR/NAME.safetensors` and `DIR/NAME.json`, each whole or not at all; returns the description.
///
/// # Errors
/// A folder that cannot be written to.
pub fn write_checkpoint(
    dir: &Path,
    name: &str,
    network: &NetworkConfig,
    trained: Trained,
    tensors: &HashMap<String, Tensor>,
) -> Result<Description, CheckpointError> {
    let path = dir.join(format!("{name}.safetensors"));
    let wrong = |what: String| CheckpointError::Weights { path: path.clone(), what };
    // safetensors sorts by type and name: same tensors, same bytes.
    let bytes = safetensors::serialize(tensors, None).map_err(|e| wrong(e.to_string()))?;
    let description = Description::new(name, network.clone(), trained, hex_sha256(&bytes));
    write_atomic(&path, &bytes)?;
    description.write(&path)?;
    Ok(description)
}

impl Description {
    /// The description of published weights, which come without one: those of PyPI `mist-statinf`, as the network, its hub class
    /// or its training name their parameters. `None` if the bytes at `path` are not such weights.
    ///
    /// Sizes are read off the parameters, heads and activation from the authors' `config.json` in the same folder; without
    /// it the network must be of the published size. What it was trained on is what the paper says; the number of tasks is
    /// not known, and 0.
    ///
    /// # Errors
    /// Published weights whose sizes cannot be told.
    pub fn of_published(weights: &[u8], path: &Path) -> Result<Option<Self>, CheckpointError> {
        let Ok((_, header)) = safetensors::SafeTensors::read_metadata(weights) else {
            return Ok(None);
        };
        let shapes = header.tensors().into_iter().map(|(name, info)| (name, info.shape.clone())).collect();
        let beside = mist_files::read(&path.with_file_name("config.json")).ok();
        let Some(config) = describe(&shapes, beside.as_deref()) else {
            return Ok(None);
        };
        let config = config.map_err(|what| CheckpointError::Weights { path: path.into(), what })?;
        let trained =
            Trained { meta: "m_train".into(), n: PUBLISHED_ROWS, dims: (2, config.max_dim()), ..Trained::default() };
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        Ok(Some(Self::new(&name, config.into(), trained, hex_sha256(weights))))
    }

    /// Of weights of which nothing was measured yet.
    fn new(name: &str, network: NetworkConfig, trained: Trained, sha256: String) -> Self {
        Self {
            format: FORMAT,
            name: name.into(),
            network,
            trained,
            sha256,
            calibration: None,
            coverage: None,
            independence: None,
            conditional: None,
            checksum: None,
        }
    }

    /// Writes it beside the weights at `path`, whole or not at all.
    ///
    /// # Errors
    /// A folder that cannot be written to.
    pub fn write(&self, path: &Path) -> Result<(), CheckpointError> {
        let wrong = |e: serde_json::Error| CheckpointError::Weights { path: path.into(), what: e.to_string() };
        let unchecked = Self { checksum: Some(NO_CHECKSUM.into()), ..self.clone() };
        let json = serde_json::to_string_pretty(&unchecked).map_err(wrong)? + "\n";
        let json = with_checksum(&json, NO_CHECKSUM, &hex_sha256(json.as_bytes()));
        write_atomic(&path.with_extension("json"), json.as_bytes())
    }
}

/// The JSON of a description with another checksum, which stands last in it.
fn with_checksum(json: &str, old: &str, new: &str) -> String {
    let Some((before, after)) = json.rsplit_once(old) else {
        return json.to_owned();
    };
    [before, new, after].concat()
}

/// Writes a file, whole or not at all.
///
/// # Errors
/// What the system says, with the path.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> Result<(), CheckpointError> {
    mist_files::replace(path, bytes).map_err(|source| CheckpointError::Io {
        action: "cannot write",
        path: path.into(),
        source,
    })
}

/// The message without the backtrace that candle appends where `RUST_BACKTRACE` is set.
fn first_line(e: &candle_core::Error) -> String {
    e.to_string().lines().next().unwrap_or_default().to_string()
}

/// SHA-256 in hexadecimal.
pub fn hex_sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_that_was_changed_is_damaged() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.safetensors");
        write_checkpoint(dir.path(), "a", &NetworkConfig::default(), Trained::default(), &HashMap::new()).unwrap();
        let json = std::fs::read_to_string(path.with_extension("json")).unwrap();
        let weights = std::fs::read(&path).unwrap();
        let error = |json: &str| {
            Checkpoint::from_bytes(&weights, json.as_bytes(), &path, &Device::Cpu).unwrap_err().to_string()
        };
        // The description is sound; the weights are not there.
        assert!(error(&json).contains("does not fit its configuration"), "{}", error(&json));
        for (old, new) in [("\"tasks\": 0", "\"tasks\": 1"), ("0.05", "0.06"), ("{\n", "{\n ")] {
            let changed = json.replacen(old, new, 1);
            assert_ne!(changed, json);
            assert!(error(&changed).contains("a.json` is damaged: its SHA-256 is "), "{}", error(&changed));
        }
        // Versions before this one wrote none.
        let (before, _) = json.rsplit_once(",\n  \"checksum\"").unwrap();
        assert!(error(&format!("{before}\n}}")).contains("does not fit its configuration"));
    }
}
