//! Streaming a data set back.

use std::path::{Path, PathBuf};

use super::{MANIFEST_FILE, Manifest, file, shard};
use crate::{DatasetError, Draw};

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
        let path = dir.join(MANIFEST_FILE);
        let Some(manifest) = Manifest::load(dir)? else {
            let not_found = std::io::ErrorKind::NotFound.into();
            return Err(DatasetError::io("read", path)(not_found));
        };
        if manifest.written() < manifest.shards.len() {
            return Err(DatasetError::Incomplete {
                path,
                written: manifest.written(),
                expected: manifest.shards.len(),
            });
        }
        Ok(Self { dir: dir.to_owned(), manifest })
    }

    /// What the data set was made from.
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
        let path = self.dir.join(&entry.file);
        let bytes = std::fs::read(&path).map_err(DatasetError::io("read", &path))?;
        let got = file::sha256(&bytes);
        let expected = entry.sha256.clone().unwrap_or_default();
        if got != expected {
            return Err(DatasetError::Checksum { path, expected, got });
        }
        let draws = shard::decode(&bytes, &self.manifest.families)
            .map_err(|reason| DatasetError::Shard { path: path.clone(), reason })?;
        let expected = entry.first..entry.first + entry.count;
        if !draws.iter().map(|d| d.index).eq(expected) {
            let reason = "its indices are not those that the manifest gives".to_owned();
            return Err(DatasetError::Shard { path, reason });
        }
        Ok(draws)
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
