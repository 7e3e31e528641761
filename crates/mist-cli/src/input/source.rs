//! Files, and standard input under the name `-`.

use anyhow::{Context, Result, bail};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// What a file is called in messages.
pub fn place(path: &Path) -> String {
    if is_stdin(path) { "standard input".into() } else { format!("`{}`", path.display()) }
}

/// Whether the name stands for standard input.
pub fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Opens a file, or standard input.
pub fn open(path: &Path) -> Result<Box<dyn Read>> {
    if is_stdin(path) {
        return Ok(Box::new(std::io::stdin()));
    }
    Ok(Box::new(File::open(path).with_context(|| cannot_read(path))?))
}

/// Reads a whole file of at most `limit` bytes, which is not empty.
pub fn read(path: &Path, limit: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // One more, to see that there is more.
    open(path)?.take(limit + 1).read_to_end(&mut bytes).with_context(|| cannot_read(path))?;
    if bytes.is_empty() {
        bail!("{} is empty", place(path));
    }
    if bytes.len() as u64 > limit {
        bail!("{} has more than {limit} bytes", place(path));
    }
    Ok(bytes)
}

/// The beginning of a message.
pub fn cannot_read(path: &Path) -> String {
    format!("cannot read {}", place(path))
}
