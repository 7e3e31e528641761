//! Whole files: replaced at once or not at all.

use std::{
    fs::{self, File},
    io::Write,
    path::Path,
};

use super::error::DatasetError;

/// Writes a file so that a reader, or a kill, sees the old content or the new, never a part: to a
/// temporary file in the same folder, synchronised, then renamed.
pub(crate) fn write_atomic(dir: &Path, name: &str, bytes: &[u8]) -> Result<(), DatasetError> {
    // A fixed name, so that what a kill leaves behind is overwritten by the next run.
    write_through(dir, &format!("{name}.tmp"), name, bytes)
}

/// The same with a temporary file of this name, for files that several processes may write at once.
pub(crate) fn write_through(dir: &Path, temporary: &str, name: &str, bytes: &[u8]) -> Result<(), DatasetError> {
    let (path, temporary) = (dir.join(name), dir.join(temporary));
    let mut file = File::create(&temporary).map_err(DatasetError::io("create", &temporary))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(DatasetError::io("write", &temporary))?;
    drop(file);
    fs::rename(&temporary, &path).map_err(DatasetError::io("rename to", &path))?;
    // The rename itself lasts only once the folder is on disk; Windows cannot open one.
    #[cfg(unix)]
    File::open(dir).and_then(|folder| folder.sync_all()).map_err(DatasetError::io("synchronise", dir))?;
    Ok(())
}

/// The content, or `None` if there is no such file.
pub(crate) fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>, DatasetError> {
    match fs::read(path) {
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
