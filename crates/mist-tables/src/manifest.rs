//! A list of pairs of tables, one JSON object a line.

use crate::{TableError, source};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::path::{Path, PathBuf};

/// Bytes of a manifest at most.
const LARGEST: u64 = 1 << 30;

/// The pairs of a manifest, all of which are sound.
#[derive(Debug)]
pub struct Manifest {
    /// The pairs in order.
    pub entries: Vec<Entry>,
}

/// A line of a manifest.
#[derive(Debug)]
pub struct Line {
    /// Handed through to the answer, as it is written; none where the line has none.
    pub id: Option<Box<RawValue>>,
    /// The pair, or what is wrong with the line.
    pub entry: Result<Entry, TableError>,
}

/// One pair.
#[derive(Debug)]
pub struct Entry {
    /// File of X.
    pub x: PathBuf,
    /// File of Y.
    pub y: PathBuf,
    /// True MI in nats, where it is known; read by `mist evaluate`.
    pub mi_nats: Option<f64>,
    /// Family of the distribution, likewise.
    pub family: String,
    /// Where it stands, for errors.
    pub place: String,
}

/// The keys of a line; others are ignored. Paths are relative to the manifest's folder.
#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct Raw {
    id: Box<RawValue>,
    x: PathBuf,
    y: PathBuf,
    mi_nats: Option<f64>,
    #[serde(default)]
    family: String,
}

/// The key that is wanted even if the others are wrong.
#[derive(Deserialize)]
struct Id {
    id: Box<RawValue>,
}

impl Manifest {
    /// Reads a manifest; blank lines are skipped.
    ///
    /// # Errors
    /// A file that cannot be read, or the first line that is wrong.
    pub fn read(path: &Path) -> Result<Self, TableError> {
        let entries: Result<Vec<Entry>, TableError> = Self::lines(path)?.into_iter().map(|line| line.entry).collect();
        Ok(Self { entries: entries? })
    }

    /// The lines of a manifest, sound or not; at least one.
    ///
    /// # Errors
    /// A file that cannot be read, or that lists nothing.
    pub fn lines(path: &Path) -> Result<Vec<Line>, TableError> {
        let bytes = source::read(path, LARGEST)?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let numbered = bytes.split(|byte| *byte == b'\n').zip(1..);
        let lines: Vec<Line> = numbered
            .filter(|(line, _)| !line.trim_ascii().is_empty())
            .map(|(line, number)| Line::parse(line, folder, &source::place(path), number))
            .collect();
        if lines.is_empty() {
            return Err(TableError::File { place: source::place(path), what: "lists no pairs".into() });
        }
        Ok(lines)
    }
}

impl Line {
    fn parse(bytes: &[u8], folder: &Path, file: &str, line: u64) -> Self {
        match serde_json::from_slice::<Raw>(bytes) {
            Ok(Raw { id, x, y, mi_nats, family }) => {
                let (x, y) = (folder.join(x), folder.join(y));
                let place = format!("{file}, line {line}");
                Self { id: Some(id), entry: Ok(Entry { x, y, mi_nats, family, place }) }
            }
            Err(e) => {
                let expected = "{\"id\": 1, \"x\": \"X.npy\", \"y\": \"Y.npy\"}";
                let what = format!("{e}\nhint: a line reads `{expected}`");
                let id = serde_json::from_slice(bytes).ok().map(|Id { id }| id);
                Self { id, entry: Err(TableError::Line { place: file.to_owned(), line, what }) }
            }
        }
    }
}
