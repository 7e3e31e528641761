//! The small models that `scripts/reference_embeddings.py` makes, and what PyTorch says.

use candle_core::Device;
use mist_embed::{Embeddings, Encoded, Encoder};
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// What may lie between candle and PyTorch, and between two orders of adding up.
pub const TOLERANCE: f32 = 1e-5;

pub fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/models").join(name)
}

pub fn image(name: &str) -> String {
    format!("{}/tests/images/{name}", env!("CARGO_MANIFEST_DIR"))
}

pub fn open(name: &str) -> Encoder {
    Encoder::open(&folder(name), &Device::Cpu).unwrap()
}

pub fn encode(encoder: &Encoder, items: &[impl AsRef<str>], batch: usize) -> Encoded {
    let items: Vec<&str> = items.iter().map(AsRef::as_ref).collect();
    encoder.encode(&items, batch, &|_| ()).unwrap()
}

/// `golden.json` of a text encoder.
#[derive(Deserialize)]
pub struct Texts {
    pub texts: Vec<String>,
    pub truncated: usize,
    pub mean: Vec<Vec<f32>>,
    pub cls: Vec<Vec<f32>>,
}

/// `golden.json` of an image encoder.
#[derive(Deserialize)]
pub struct Images {
    pub images: Vec<String>,
    pub embeddings: Vec<Vec<f32>>,
}

pub fn json<T: for<'de> Deserialize<'de>>(path: &Path) -> T {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// The largest distance between a row and what it should be.
pub fn distance(row: &[f32], expected: &[f32]) -> f32 {
    assert_eq!(row.len(), expected.len());
    row.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

#[track_caller]
pub fn close(found: &Embeddings, expected: &[Vec<f32>], what: &str) {
    assert_eq!(found.rows(), expected.len(), "{what}");
    for (row, expected) in expected.iter().enumerate() {
        let far = distance(found.row(row), expected);
        assert!(far < TOLERANCE, "{what}, row {row}: {far}");
    }
}

/// A copy of a model's folder that may be spoilt.
pub fn copy(name: &str) -> tempfile::TempDir {
    let to = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(folder(name)).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_file() {
            std::fs::copy(entry.path(), to.path().join(entry.file_name())).unwrap();
        }
    }
    to
}

/// Changes a JSON file of a folder.
pub fn edit(folder: &Path, name: &str, change: impl FnOnce(&mut serde_json::Value)) {
    let mut value: serde_json::Value = json(&folder.join(name));
    change(&mut value);
    std::fs::write(folder.join(name), value.to_string()).unwrap();
}
