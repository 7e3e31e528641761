//! A part of a data set: what one of several jobs makes, and how the last of them finishes the whole.
//!
//! Jobs share nothing but the folder. Each writes shards of its own and a manifest of its own, so none waits for
//! another. A job that is done reads the manifests of all; if every shard is known it writes `manifest.json` and removes
//! those of the parts. Manifests of parts go only after `manifest.json` is there, and `manifest.json` is read after them:
//! so of several jobs that end at once each sees all shards, in the one form or the other, and writes the same bytes.

use std::{fmt, fs, ops::Range, path::Path, str::FromStr};

use super::{MANIFEST_FILE, Manifest, file};
use crate::{DatasetError, ParameterError};

/// Part `number` of `of`, counted from 1, as in `3/8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    number: usize,
    of: usize,
}

impl Part {
    /// # Errors
    /// Not 1 ≤ number ≤ of.
    pub fn new(number: usize, of: usize) -> Result<Self, ParameterError> {
        if (1..=of).contains(&number) {
            Ok(Self { number, of })
        } else {
            Err(ParameterError::new("shard", "i/N with 1 <= i <= N", format!("{number}/{of}")))
        }
    }

    /// The numbers of its shards: a contiguous range of about one `of`-th, at least one shard.
    ///
    /// # Errors
    /// There are more parts than shards.
    pub fn shards(self, total: usize) -> Result<Range<usize>, DatasetError> {
        if self.of > total {
            return Err(DatasetError::Parts { parts: self.of, shards: total });
        }
        // In 128 bits no product overflows.
        let cut = |parts: usize| (parts as u128 * total as u128 / self.of as u128) as usize;
        Ok(cut(self.number - 1)..cut(self.number))
    }

    /// Name of its manifest.
    pub(crate) fn manifest_file(self) -> String {
        format!("{PREFIX}{:03}-of-{:03}{SUFFIX}", self.number, self.of)
    }
}

const PREFIX: &str = "manifest.part-";
const SUFFIX: &str = ".json";

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

impl FromStr for Part {
    type Err = ParameterError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let numbers = text.split_once('/').and_then(|(number, of)| Some((number.parse().ok()?, of.parse().ok()?)));
        match numbers {
            Some((number, of)) => Self::new(number, of),
            None => Err(ParameterError::new("shard", "i/N with 1 <= i <= N", text)),
        }
    }
}

/// File names of the manifests of parts in a folder.
fn manifest_files(dir: &Path) -> Result<Vec<String>, DatasetError> {
    let entries = fs::read_dir(dir).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let names = entries.map_err(DatasetError::io("read", dir))?.into_iter().map(|entry| entry.file_name());
    let names = names.filter_map(|name| name.into_string().ok());
    Ok(names.filter(|name| name.starts_with(PREFIX) && name.ends_with(SUFFIX)).collect())
}

/// Some manifest of a part in a folder, if there is any.
pub(super) fn any_manifest(dir: &Path) -> Result<Option<Manifest>, DatasetError> {
    match manifest_files(dir)?.first() {
        Some(name) => Manifest::load_any(&dir.join(name)),
        None => Ok(None),
    }
}

/// `planned` with all checksums that manifests in the folder know.
///
/// # Errors
/// One of them cannot be read, is not valid, or belongs to another data set.
pub(super) fn known(planned: &Manifest, dir: &Path) -> Result<Manifest, DatasetError> {
    let mut known = planned.clone();
    // `manifest.json` last: see above.
    for name in manifest_files(dir)?.into_iter().chain([MANIFEST_FILE.to_owned()]) {
        let path = dir.join(&name);
        let found = if name == MANIFEST_FILE { Manifest::load(dir)? } else { Manifest::load_any(&path)? };
        if let Some(found) = found {
            found.check_same(planned, &path)?;
            known.learn(&found);
        }
    }
    Ok(known)
}

/// Removes the manifests of parts.
pub(super) fn remove_manifests(dir: &Path) -> Result<(), DatasetError> {
    manifest_files(dir)?.iter().try_for_each(|name| file::remove(&dir.join(name)))
}
