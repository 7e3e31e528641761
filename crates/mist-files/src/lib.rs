//! Files that are read as a whole, and replaced as a whole or not at all.
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
use std::io::{BufWriter, Error, ErrorKind, Read, Result, Write};
use std::path::{Path, PathBuf};

const PREFIX: &str = ".mist-";
const SUFFIX: &str = ".tmp";
/// Names tried before giving up.
const TRIES: usize = 100;

/// Bytes of a text at most.
const LONGEST_TEXT: u64 = 16 << 20;

/// Reads a regular file: what is no such thing, a pipe or a device, may have no end.
///
/// # Errors
/// What the system says, or that it is no regular file.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Opens a regular file.
///
/// # Errors
/// Those of [`read`].
pub fn open(path: &Path) -> Result<File> {
    // Before it is opened: a pipe would wait for its other end.
    let kind = fs::metadata(path)?.file_type();
    if !kind.is_file() && !kind.is_dir() {
        return Err(Error::new(ErrorKind::InvalidInput, "it is no regular file"));
    }
    File::open(path)
}

/// Reads a text that somebody wrote, such as a configuration, of 16 MiB at most. It may come from a pipe.
///
/// # Errors
/// What the system says, or that there is more, or that it is not UTF-8.
pub fn read_text(path: &Path) -> Result<String> {
    let mut text = String::new();
    // One more, to see that there is more.
    File::open(path)?.take(LONGEST_TEXT + 1).read_to_string(&mut text)?;
    if text.len() as u64 > LONGEST_TEXT {
        return Err(Error::new(ErrorKind::FileTooLarge, format!("it has more than {LONGEST_TEXT} bytes")));
    }
    Ok(text)
}

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
