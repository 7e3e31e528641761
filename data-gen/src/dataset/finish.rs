//! Joining the parts of a data set that several jobs have made.
//!
//! Jobs share nothing but the folder. Each writes shards of its own and a manifest of its own, so none waits for
//! another. A job that is done reads the manifests of all; if every shard is known it writes `manifest.json` and removes
//! those of the parts. Manifests of parts go only after `manifest.json` is there, and `manifest.json` is read after them:
//! so of several jobs that end at once each sees all shards, in the one form or the other, and writes the same bytes.

use std::{fs, path::Path};

use super::{
    error::DatasetError,
    file,
    manifest::{MANIFEST_FILE, Manifest},
    part::{PREFIX, SUFFIX},
};

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
