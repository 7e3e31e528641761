//! A fitted flow on disk: a safetensors file, known by its SHA-256.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use nalgebra::{DMatrix, DVector};
use safetensors::tensor::{Dtype, SafeTensors, TensorView, serialize};
use serde::{Deserialize, Serialize};

use super::{coupling::Coupling, flow::FittedFlow};
use crate::ground::{error::ParameterError, hex};

/// The one entry of the header: safetensors writes several in no fixed order.
const ENTRY: &str = "flow";
/// Version of the layout.
const FORMAT: u32 = 1;
/// Layers at most.
const MOST_LAYERS: usize = 64;

/// Why a flow cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FlowError {
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
    /// A file that is no flow.
    #[error("`{path}` is not a fitted flow: {what}")]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// Another flow than the one that was meant.
    #[error("`{path}` is another flow: its SHA-256 is {got}, expected {expected}")]
    Hash {
        /// The file.
        path: PathBuf,
        /// The digest found.
        got: String,
        /// The digest asked for.
        expected: String,
    },
    /// A flow of another number of columns.
    #[error("`{path}` is a flow of {got} columns, expected {expected}")]
    Dim {
        /// The file.
        path: PathBuf,
        /// Columns of the flow.
        got: usize,
        /// Columns of the side.
        expected: usize,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    format: u32,
    layers: usize,
    most_log_scale: f64,
}

/// A flow with the file that it stands in.
#[derive(Debug, Clone, PartialEq)]
pub struct FlowFile {
    path: PathBuf,
    sha256: String,
    flow: Arc<FittedFlow>,
}

impl FlowFile {
    /// Reads a flow, and holds it to its SHA-256 (in hexadecimal) if one is given.
    ///
    /// # Errors
    /// A file that cannot be read, is no flow, or is another one.
    pub fn read(path: &Path, expected: Option<&str>) -> Result<Self, FlowError> {
        let bytes = mist_files::read(path).map_err(|source| FlowError::Io {
            action: "cannot read",
            path: path.into(),
            source,
        })?;
        let sha256 = hex::sha256(&bytes);
        if let Some(expected) = expected.filter(|expected| *expected != sha256) {
            return Err(FlowError::Hash { path: path.into(), got: sha256, expected: expected.to_owned() });
        }
        let bad = |what| FlowError::Content { path: path.into(), what };
        let flow = Arc::new(FittedFlow::from_bytes(&bytes).map_err(bad)?);
        Ok(Self { path: path.into(), sha256, flow })
    }

    /// Writes a flow, whole or not at all.
    ///
    /// # Errors
    /// A folder that cannot be written to.
    pub fn write(path: &Path, flow: FittedFlow) -> Result<Self, FlowError> {
        let bytes = flow.to_bytes();
        mist_files::replace(path, &bytes).map_err(|source| FlowError::Io {
            action: "cannot write",
            path: path.into(),
            source,
        })?;
        Ok(Self { path: path.into(), sha256: hex::sha256(&bytes), flow: Arc::new(flow) })
    }

    /// Where it stands.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// SHA-256 of the file, in hexadecimal.
    #[must_use]
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// The flow.
    #[must_use]
    pub fn flow(&self) -> &Arc<FittedFlow> {
        &self.flow
    }

    /// The same with its bare name for a path, as it stands beside the configuration that names it.
    #[must_use]
    pub fn beside(&self) -> Self {
        let path = self.path.file_name().map_or_else(|| self.path.clone(), PathBuf::from);
        Self { path, ..self.clone() }
    }
}

impl FittedFlow {
    /// The content of a file: the same flow, the same bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut parts: Vec<(String, Vec<usize>, Vec<u8>)> = Vec::new();
        let mut push = |name: String, matrix: &DMatrix<f64>| {
            // Rows one after the other, as every reader of the format expects.
            let bytes = matrix.transpose().iter().flat_map(|v| v.to_le_bytes()).collect();
            parts.push((name, vec![matrix.nrows(), matrix.ncols()], bytes));
        };
        push("mean".into(), &DMatrix::from_row_slice(1, self.dim(), self.mean()));
        push("lower".into(), self.lower());
        for (i, layer) in self.layers().iter().enumerate() {
            let row = |v: &DVector<f64>| DMatrix::from_row_slice(1, v.len(), v.as_slice());
            push(format!("layer{i:02}.rotation"), &layer.rotation);
            push(format!("layer{i:02}.hidden"), &layer.hidden);
            push(format!("layer{i:02}.hidden_bias"), &row(&layer.hidden_bias));
            push(format!("layer{i:02}.scale"), &layer.scale);
            push(format!("layer{i:02}.scale_bias"), &row(&layer.scale_bias));
            push(format!("layer{i:02}.shift"), &layer.shift);
            push(format!("layer{i:02}.shift_bias"), &row(&layer.shift_bias));
        }
        let most_log_scale = self.layers().first().map_or(1.0, |layer| layer.most_log_scale);
        let header = Header { format: FORMAT, layers: self.layers().len(), most_log_scale };
        let header = serde_json::to_string(&header).expect("a header is plain data");
        let views = parts.iter().map(|(name, shape, bytes)| {
            (name, TensorView::new(Dtype::F64, shape.clone(), bytes).expect("the length fits the shape"))
        });
        serialize(views, Some(HashMap::from([(ENTRY.to_owned(), header)]))).expect("names are unique")
    }

    /// A flow from the content of a file.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, String> {
        let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(|e| e.to_string())?;
        let header = metadata.metadata().as_ref().and_then(|entries| entries.get(ENTRY));
        let header = header.ok_or_else(|| format!("it has no entry `{ENTRY}`"))?;
        let header: Header = serde_json::from_str(header).map_err(|e| format!("entry `{ENTRY}`: {e}"))?;
        if header.format != FORMAT {
            return Err(format!("format {}, expected {FORMAT}", header.format));
        }
        if header.layers > MOST_LAYERS {
            return Err(format!("{} layers, expected at most {MOST_LAYERS}", header.layers));
        }
        let tensors = SafeTensors::deserialize(bytes).map_err(|e| e.to_string())?;
        if tensors.len() != 2 + 7 * header.layers {
            return Err(format!("{} tensors, expected 2 and 7 for each of {} layers", tensors.len(), header.layers));
        }
        let matrix = |name: &str| {
            let tensor = tensors.tensor(name).map_err(|_| format!("tensor `{name}` is missing"))?;
            let (Dtype::F64, [rows, columns]) = (tensor.dtype(), tensor.shape()) else {
                return Err(format!("tensor `{name}`: expected F64 of two axes, got {:?}", tensor.dtype()));
            };
            let values = tensor.data().chunks_exact(8).map(|b| f64::from_le_bytes(b.try_into().expect("eight bytes")));
            Ok(DMatrix::from_row_iterator(*rows, *columns, values))
        };
        let row = |name: &str| matrix(name).map(|m| DVector::from_iterator(m.len(), m.iter().copied()));
        let layer = |i: usize| {
            let name = |part: &str| format!("layer{i:02}.{part}");
            Ok(Coupling {
                rotation: matrix(&name("rotation"))?,
                hidden: matrix(&name("hidden"))?,
                hidden_bias: row(&name("hidden_bias"))?,
                scale: matrix(&name("scale"))?,
                scale_bias: row(&name("scale_bias"))?,
                shift: matrix(&name("shift"))?,
                shift_bias: row(&name("shift_bias"))?,
                most_log_scale: header.most_log_scale,
            })
        };
        let layers = (0..header.layers).map(layer).collect::<Result<Vec<_>, String>>()?;
        let mean = row("mean")?.as_slice().to_vec();
        Self::new(mean, matrix("lower")?, layers).map_err(|e: ParameterError| e.to_string())
    }
}
