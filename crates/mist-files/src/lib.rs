//! Files that are replaced as a whole or not at all.
//!
//! ```
//! let dir = tempfile::tempdir()?;
//! let path = dir.path().join("a.txt");
//! mist_files::replace(&path, b"one")?;
//! mist_files::replace(&path, b"two")?;
//! assert_eq!(std::fs::read(&path)?, b"two");
//! # Ok::<(), std::io::Error>(())
//! ```

use std::fs::{self, File, OpenOptions};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{BufWriter, ErrorKind, Result, Write};
use std::path::{Path, PathBuf};

const PREFIX: &str = ".mist-";
const SUFFIX: &str = ".tmp";
/// Names tried before giving up.
const TRIES: usize = 100;

/// Replaces a file so that a reader, or a kill, sees the old content or the new one, never a part: writes a temporary
/// file in the same folder, flushes it to disk and renames it.
///
/// The temporary file has a name that nobody can predict, and is never one that was there before, nor what a link points
/// to. A kill may leave it behind; [`clean`] removes it.
///
/// # Errors
/// What the system says; nothing is left behind then.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    replace_with(path, |file| file.write_all(bytes))
}

/// Replaces a file as [`replace`] does, with all that `write` writes.
///
/// # Errors
/// What `write` or the system says; nothing is left behind then.
pub fn replace_with(path: &Path, write: impl FnOnce(&mut dyn Write) -> Result<()>) -> Result<()> {
    let dir = match path.parent() {
        Some(dir) if dir != Path::new("") => dir,
        _ => Path::new("."),
    };
    let mut temporary = Temporary::create(dir)?;
    let mut buffered = BufWriter::new(&temporary.file);
    write(&mut buffered)?;
    buffered.flush()?;
    drop(buffered);
    temporary.file.sync_all()?;
    fs::rename(&temporary.path, path)?;
    temporary.renamed = true;
    // The rename itself lasts only once the folder is on disk; Windows cannot open one.
    #[cfg(unix)]
    File::open(dir)?.sync_all()?;
    Ok(())
}

/// Removes the temporary files that killed processes have left in a folder; those that are in use stay.
///
/// # Errors
/// A folder that cannot be read. A file that cannot be removed is left.
pub fn clean(dir: &Path) -> Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name();
        let ours = name.to_str().and_then(|n| n.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)).is_some_and(is_random);
        // Not what a link points to, and no pipe, which would wait for its other end.
        if !ours || !entry.file_type()?.is_file() {
            continue;
        }
        if let Ok(file) = File::open(entry.path())
            && file.try_lock().is_ok()
        {
            let _ = fs::remove_file(entry.path());
        }
    }
    Ok(())
}

/// A file that is removed unless it was renamed. It is locked as long as it is in use.
struct Temporary {
    path: PathBuf,
    file: File,
    renamed: bool,
}

impl Temporary {
    fn create(dir: &Path) -> Result<Self> {
        for _ in 0..TRIES {
            let path = dir.join(format!("{PREFIX}{:016x}{SUFFIX}", random()));
            let file = match OpenOptions::new().write(true).create_new(true).open(&path) {
                Ok(file) => file,
                Err(e) if e.kind() == ErrorKind::AlreadyExists => continue,
                Err(e) => return Err(e),
            };
            // Where files cannot be locked, `clean` leaves them alone.
            let _ = file.lock();
            // Another process may have cleaned it away before it was locked.
            if path.exists() {
                return Ok(Self { path, file, renamed: false });
            }
        }
        Err(ErrorKind::AlreadyExists.into())
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.renamed {
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn is_random(text: &str) -> bool {
    text.len() == 16 && text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// 64 bits that nobody can predict: the standard library keys its hash maps with numbers from the system.
fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}
