//! Streaming a data set back.

use std::path::{Path, PathBuf};

use super::{
    error::DatasetError,
    finish,
    manifest::{MANIFEST_FILE, Manifest},
    shard::{self, Facts},
};
use crate::{ground::hex, meta::Draw};

/// A complete data set on disk.
#[derive(Debug, Clone)]
pub struct Reader {
    dir: PathBuf,
    manifest: Manifest,
}

impl Reader {
    /// Opens the data set in a folder. Reads the manifest; the shards only as they are needed.
    ///
    /// # Errors
    /// There is no manifest, it is not valid, or not every shard has been written.
    pub fn open(dir: &Path) -> Result<Self, DatasetError> {
        let reader = Self::open_incomplete(dir)?;
        let (written, expected) = (reader.manifest.written(), reader.manifest.shards.len());
        if written < expected {
            return Err(DatasetError::Incomplete { path: dir.join(MANIFEST_FILE), written, expected });
        }
        Ok(reader)
    }

    /// The same, whether or not every shard has been written.
    pub(super) fn open_incomplete(dir: &Path) -> Result<Self, DatasetError> {
        if let Some(manifest) = Manifest::load(dir)? {
            return Ok(Self { dir: dir.to_owned(), manifest });
        }
        let path = dir.join(MANIFEST_FILE);
        match dir.is_dir().then(|| finish::any_manifest(dir)).transpose()?.flatten() {
            Some(of_part) => {
                let known = finish::known(&of_part.whole(), dir)?;
                Err(DatasetError::Incomplete { path, written: known.written(), expected: known.shards.len() })
            }
            None => Err(DatasetError::io("read", path)(std::io::ErrorKind::NotFound.into())),
        }
    }

    /// The manifest: configuration, seed and split that the data set was made from.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The draws of one shard, after its checksum has been verified.
    ///
    /// # Errors
    /// The file cannot be read, its checksum does not hold, or it is not a shard.
    ///
    /// # Panics
    /// If there is no shard of this number.
    pub fn shard(&self, number: usize) -> Result<Vec<Draw>, DatasetError> {
        let entry = &self.manifest.shards[number];
        let path = self.path(number);
        let bytes = mist_files::read(&path).map_err(DatasetError::io("read", &path))?;
        let got = hex::sha256(&bytes);
        let expected = entry.sha256.clone().unwrap_or_default();
        if got != expected {
            return Err(DatasetError::Checksum { path, expected, got });
        }
        let draws = shard::decode(&bytes, &self.manifest.families, self.manifest.storage)
            .map_err(|reason| DatasetError::Shard { path: path.clone(), reason })?;
        self.check_indices(number, draws.iter().map(|d| d.index))?;
        if draws.iter().any(|draw| draw.pointwise_mi.is_some() != self.manifest.pointwise) {
            let what = if self.manifest.pointwise { "lacks" } else { "holds" };
            let reason = format!("it {what} the pointwise MI of the rows, unlike what the manifest says");
            return Err(DatasetError::Shard { path, reason });
        }
        Ok(draws)
    }

    /// The facts about the draws of one shard. Their rows are not read, and the checksum is not verified.
    ///
    /// # Errors
    /// The file cannot be read, or it is not a shard.
    ///
    /// # Panics
    /// If there is no shard of this number.
    pub fn facts(&self, number: usize) -> Result<Vec<Facts>, DatasetError> {
        let facts = shard::read_facts(&self.path(number), self.manifest.families.len())?;
        self.check_indices(number, facts.iter().map(|f| f.index))?;
        Ok(facts)
    }

    /// The file of a shard.
    pub(super) fn path(&self, number: usize) -> PathBuf {
        self.dir.join(&self.manifest.shards[number].file)
    }

    fn check_indices(&self, number: usize, indices: impl Iterator<Item = u64>) -> Result<(), DatasetError> {
        let entry = &self.manifest.shards[number];
        if indices.eq(entry.first..entry.first + entry.count) {
            return Ok(());
        }
        let reason = "its indices are not those that the manifest gives".to_owned();
        Err(DatasetError::Shard { path: self.path(number), reason })
    }

    /// All draws in the order of their indices. Memory: one shard.
    #[must_use]
    pub fn draws(&self) -> Draws<'_> {
        Draws { reader: self, next_shard: 0, current: Vec::new().into_iter() }
    }
}

/// Iterator over the draws of a [`Reader`]. Ends after the first error.
#[derive(Debug)]
pub struct Draws<'a> {
    reader: &'a Reader,
    next_shard: usize,
    current: std::vec::IntoIter<Draw>,
}

impl Iterator for Draws<'_> {
    type Item = Result<Draw, DatasetError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(draw) = self.current.next() {
                return Some(Ok(draw));
            }
            let shards = self.reader.manifest.shards.len();
            if self.next_shard >= shards {
                return None;
            }
            // Free the last shard before the next one is read.
            self.current = Vec::new().into_iter();
            match self.reader.shard(self.next_shard) {
                Ok(draws) => {
                    self.next_shard += 1;
                    self.current = draws.into_iter();
                }
                Err(error) => {
                    self.next_shard = shards;
                    return Some(Err(error));
                }
            }
        }
    }
}
