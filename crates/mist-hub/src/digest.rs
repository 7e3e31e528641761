//! The hashes by which the hub names what a file holds.

use crate::location::is_hex;
use sha1::Sha1;
use sha2::{Digest as _, Sha256};
use std::io::{Read, Result, Write};
use std::path::Path;

/// The hash of a file, which is also its name among the blobs of the cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Digest {
    /// SHA-256, of a large file.
    Sha256(String),
    /// The name of a blob in git, of a small one: SHA-1 over its length and its bytes.
    Git(String),
}

impl Digest {
    /// The hash that this name stands for.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            _ if is_hex(name, 64) => Some(Self::Sha256(name.into())),
            _ if is_hex(name, 40) => Some(Self::Git(name.into())),
            _ => None,
        }
    }

    /// In hexadecimal.
    pub fn name(&self) -> &str {
        match self {
            Self::Sha256(name) | Self::Git(name) => name,
        }
    }

    /// What the hash is called.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Sha256(_) => "SHA-256",
            Self::Git(_) => "git hash",
        }
    }

    /// Computes the same hash of a file of so many bytes.
    pub fn hasher(&self, size: u64) -> Hasher {
        match self {
            Self::Sha256(_) => Hasher::Sha256(Sha256::new()),
            Self::Git(_) => Hasher::Git(Sha1::new_with_prefix(format!("blob {size}\0"))),
        }
    }

    /// Whether a file has this hash.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn is_of(&self, path: &Path) -> Result<bool> {
        let mut file = mist_files::open(path)?;
        let mut hasher = self.hasher(file.metadata()?.len());
        let mut buffer = vec![0; 1 << 16];
        loop {
            match file.read(&mut buffer)? {
                0 => return Ok(hasher.finish() == self.name()),
                read => hasher.write_all(&buffer[..read])?,
            }
        }
    }
}

/// A hash that is being computed.
pub(crate) enum Hasher {
    Sha256(Sha256),
    Git(Sha1),
}

impl Hasher {
    /// The hash in hexadecimal.
    pub fn finish(self) -> String {
        let hex = |bytes: &[u8]| bytes.iter().map(|b| format!("{b:02x}")).collect();
        match self {
            Self::Sha256(hasher) => hex(&hasher.finalize()),
            Self::Git(hasher) => hex(&hasher.finalize()),
        }
    }
}

impl Write for Hasher {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        match self {
            Self::Sha256(hasher) => hasher.update(bytes),
            Self::Git(hasher) => hasher.update(bytes),
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `printf 'hello\n' | sha256sum` and `printf 'hello\n' | git hash-object --stdin`.
    #[test]
    fn known_hashes() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        std::fs::write(&path, "hello\n").unwrap();
        let names = [
            "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03",
            "ce013625030ba8dba906f756967f9e9ca394464a",
        ];
        for name in names {
            let digest = Digest::from_name(name).unwrap();
            assert!(digest.is_of(&path).unwrap());
        }
        std::fs::write(&path, "hello").unwrap();
        for name in names {
            assert!(!Digest::from_name(name).unwrap().is_of(&path).unwrap());
        }
        assert_eq!(Digest::from_name("../../etc/passwd"), None);
    }
}
