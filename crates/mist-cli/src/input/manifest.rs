//! A list of pairs of .npy files, one JSON object a line.

use super::source;
use anyhow::{Context, Result, bail};
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// Bytes of a manifest at most.
const LARGEST: u64 = 1 << 30;

/// The pairs of a manifest.
#[derive(Debug)]
pub struct Manifest {
    path: PathBuf,
    /// The pairs in order.
    pub entries: Vec<Entry>,
}

/// One pair. Other keys of its line are ignored.
#[derive(Debug, Deserialize)]
pub struct Entry {
    /// Handed through to the answer.
    pub id: serde_json::Value,
    /// File of X; relative to the manifest's folder in the file, resolved here.
    pub x: PathBuf,
    /// File of Y, likewise.
    pub y: PathBuf,
    /// True MI in nats, where it is known; read by `mist evaluate`.
    pub mi_nats: Option<f64>,
    /// Family of the distribution, likewise.
    #[serde(default)]
    pub family: String,
    #[serde(skip)]
    line: usize,
}

impl Manifest {
    /// Reads a manifest; blank lines are skipped.
    pub fn read(path: &Path) -> Result<Self> {
        let text = String::from_utf8(source::read(path, LARGEST)?).with_context(|| source::place(path))?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let mut entries = Vec::new();
        for (i, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let mut entry: Entry = serde_json::from_str(line).map_err(|e| {
                let (place, line, expected) =
                    (source::place(path), i + 1, "{\"id\": 1, \"x\": \"X.npy\", \"y\": \"Y.npy\"}");
                anyhow::anyhow!("{place}, line {line}: {e}\nhint: a line reads `{expected}`")
            })?;
            entry.x = folder.join(entry.x);
            entry.y = folder.join(entry.y);
            entry.line = i + 1;
            entries.push(entry);
        }
        if entries.is_empty() {
            bail!("{} lists no pairs", source::place(path));
        }
        Ok(Self { path: path.into(), entries })
    }

    /// Where an entry stands, for errors.
    pub fn place(&self, entry: &Entry) -> String {
        format!("{}, line {}", source::place(&self.path), entry.line)
    }
}
