//! Whole files: replaced at once or not at all.

use std::{
    fs::{self, File, TryLockError},
    path::Path,
};

use sha2::{Digest, Sha256};

use super::error::DatasetError;
use crate::ground::hex;

/// Writes a file, whole or not at all.
pub(crate) fn write_atomic(dir: &Path, name: &str, bytes: &[u8]) -> Result<(), DatasetError> {
    let path = dir.join(name);
    mist_files::replace(&path, bytes).map_err(DatasetError::io("write", path))
}

/// Writes a file of these pieces, one after the other, whole or not at all; gives its SHA-256.
pub(crate) fn write_pieces(dir: &Path, name: &str, pieces: &[Vec<u8>]) -> Result<String, DatasetError> {
    let path = dir.join(name);
    let mut hash = Sha256::new();
    let written = mist_files::replace_with(&path, |file| {
        pieces.iter().try_for_each(|piece| {
            hash.update(piece);
            file.write_all(piece)
        })
    });
    written.map_err(DatasetError::io("write", path))?;
    Ok(hex::hex(&hash.finalize()))
}

/// Removes temporary files that a kill has left in the folder.
pub(crate) fn clean(dir: &Path) -> Result<(), DatasetError> {
    mist_files::clean(dir).map_err(DatasetError::io("read", dir))
}

/// Keeps other processes out of a folder until it is dropped; those that make a part of the same data set keep only those
/// out that make the whole.
#[derive(Debug)]
pub(crate) struct Lock(#[allow(dead_code, reason = "held, not used")] Option<File>);

impl Lock {
    /// Waits for other processes, after a call of `waiting` if there are any. Where folders cannot be locked, goes on:
    /// what several processes write at once is right, but written several times.
    pub(crate) fn of(dir: &Path, shared: bool, waiting: impl FnOnce()) -> Self {
        let Ok(folder) = File::open(dir) else {
            return Self(None);
        };
        let tried = if shared { folder.try_lock_shared() } else { folder.try_lock() };
        if matches!(tried, Err(TryLockError::WouldBlock)) {
            waiting();
            let _ = if shared { folder.lock_shared() } else { folder.lock() };
        }
        Self(Some(folder))
    }
}

/// The content, or `None` if there is no such file.
pub(crate) fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>, DatasetError> {
    match mist_files::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(DatasetError::io("read", path)(error)),
    }
}

/// Removes a file that may be gone already.
pub(crate) fn remove(path: &Path) -> Result<(), DatasetError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(DatasetError::io("remove", path)(error)),
        _ => Ok(()),
    }
}
