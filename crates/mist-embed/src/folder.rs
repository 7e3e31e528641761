//! The folder of a model, as the hub has it.

use crate::EmbedError;
use crate::error::first_line;
use candle_core::{DType, Device, Tensor};
use serde::de::DeserializeOwned;
use std::collections::HashMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The weights of a model.
pub(crate) const WEIGHTS: &str = "model.safetensors";

/// The folder of the model that a user means: a path.
///
/// # Errors
/// `hf:OWNER/NAME`, a model of the hub, since nothing is downloaded; a path that is no folder.
pub fn model_folder(name: &str) -> Result<PathBuf, EmbedError> {
    if name.starts_with("hf:") {
        return Err(EmbedError::Hub { name: name.to_owned() });
    }
    let path = PathBuf::from(name);
    match path.metadata() {
        Ok(found) if found.is_dir() => Ok(path),
        Ok(_) => Err(EmbedError::File {
            path,
            what: format!("is a file, expected the folder of a model, with `config.json` and `{WEIGHTS}`"),
        }),
        Err(source) => Err(EmbedError::Read { path, source }),
    }
}

/// The folder of a model.
#[derive(Clone, Debug)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub fn new(path: &Path) -> Self {
        Self(path.to_owned())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// An error about a file of the folder.
    pub fn error(&self, name: &str, what: impl Into<String>) -> EmbedError {
        EmbedError::File { path: self.path(name), what: what.into() }
    }

    /// The content of a file.
    pub fn read(&self, name: &str) -> Result<Vec<u8>, EmbedError> {
        mist_files::read(&self.path(name)).map_err(|source| EmbedError::Read { path: self.path(name), source })
    }

    /// A JSON file.
    pub fn json<T: DeserializeOwned>(&self, name: &str) -> Result<T, EmbedError> {
        let bytes = self.read(name)?;
        serde_json::from_slice(&bytes).map_err(|e| self.error(name, format!("is not as expected: {e}")))
    }

    /// A JSON file that need not be there.
    pub fn json_if_there<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, EmbedError> {
        match self.json(name) {
            Ok(found) => Ok(Some(found)),
            Err(EmbedError::Read { source, .. }) if source.kind() == ErrorKind::NotFound => Ok(None),
            Err(e) => Err(e),
        }
    }

    /// The weights by the names that `rename` gives them, in f32 on the device; those without a new name are left out.
    pub fn weights(
        &self,
        device: &Device,
        rename: impl Fn(&str) -> Option<String>,
    ) -> Result<HashMap<String, Tensor>, EmbedError> {
        let bytes = self.read(WEIGHTS).map_err(|e| self.elsewhere(e))?;
        let unsound =
            |e: candle_core::Error| self.error(WEIGHTS, format!("is no sound safetensors file: {}", first_line(&e)));
        let all = candle_core::safetensors::load_buffer(&bytes, &Device::Cpu).map_err(unsound)?;
        let mut kept = HashMap::new();
        for (name, tensor) in all {
            if let Some(new) = rename(&name) {
                kept.insert(new, tensor.to_dtype(DType::F32)?.to_device(device)?);
            }
        }
        Ok(kept)
    }

    /// Where the weights are instead.
    fn elsewhere(&self, error: EmbedError) -> EmbedError {
        let there = |name: &str| self.path(name).exists();
        let hint = if there("model.safetensors.index.json") {
            "the weights are in several files, which are not read: save the model as one file with `save_pretrained(…, \
             max_shard_size=\"100GB\")`"
        } else if there("pytorch_model.bin") {
            "the weights are a pickle, which is not read: save the model as safetensors with `save_pretrained` of \
             transformers"
        } else {
            return error;
        };
        self.error(WEIGHTS, format!("is not there\nhint: {hint}"))
    }

    /// The error of weights that do not fit `config.json`.
    pub fn misfit(&self, e: &candle_core::Error) -> EmbedError {
        self.error(WEIGHTS, format!("does not fit `config.json`: {}", first_line(e)))
    }
}
