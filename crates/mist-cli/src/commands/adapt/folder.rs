//! The folder of an adaptation, which only goes on with the same data and options.

use anyhow::{Context, Result, bail};
use serde::{Serialize, de::DeserializeOwned};
use std::path::{Path, PathBuf};

/// What the run is.
const RUN: &str = "adapt.json";

/// The folder.
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// A new folder, or one that holds the same run.
    pub fn open(path: &Path, run: &serde_json::Value) -> Result<Self> {
        let folder = Self { path: path.into() };
        if let Some(known) = folder.read::<serde_json::Value>(RUN)? {
            // Reading a number back may change its last bit: what is compared went through text on both sides.
            let run: serde_json::Value = serde_json::from_str(&run.to_string())?;
            let keys = run.as_object().into_iter().flat_map(|entries| entries.keys());
            let other: Vec<String> =
                keys.filter(|key| known[*key] != run[*key]).map(|key| format!("`{key}`")).collect();
            if !other.is_empty() {
                bail!(
                    "`{}` holds an adaptation with other {}\nhint: choose another folder, or the same data and options",
                    path.display(),
                    other.join(", ")
                );
            }
        } else if path.join("points.json").exists() {
            bail!("`{}` holds parts of a run but no `{RUN}`\nhint: choose another folder", path.display());
        }
        std::fs::create_dir_all(path).with_context(|| format!("cannot write `{}`", path.display()))?;
        mist_files::clean(path).with_context(|| format!("cannot write `{}`", path.display()))?;
        folder.write_json(RUN, run)?;
        Ok(folder)
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The path of a checkpoint's weights.
    pub fn weights(&self, name: &str) -> PathBuf {
        self.path.join(format!("{name}.safetensors"))
    }

    /// Writes a file, whole or not at all.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let path = self.path.join(name);
        mist_files::replace(&path, bytes).with_context(|| format!("cannot write `{}`", path.display()))
    }

    /// Writes a file of JSON, likewise.
    pub fn write_json(&self, name: &str, value: &impl Serialize) -> Result<()> {
        self.write(name, (serde_json::to_string_pretty(value)? + "\n").as_bytes())
    }

    /// The content of a file of JSON, if it is there.
    pub fn read<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>> {
        let path = self.path.join(name);
        if !path.exists() {
            return Ok(None);
        }
        let text = mist_files::read_text(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
        serde_json::from_str(&text).map(Some).with_context(|| format!("`{}` is damaged", path.display()))
    }
}
