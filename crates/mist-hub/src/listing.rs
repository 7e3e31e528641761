//! What the hub lists of a repository: the commit, and the size and hash of each file.

use crate::HubError;
use crate::digest::Digest;
use crate::location::{Location, is_commit};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Files that a message names at most.
const SHOWN: usize = 12;

/// A commit and its files.
#[derive(Clone, Debug)]
pub(crate) struct Listing {
    pub commit: String,
    /// By path.
    pub files: BTreeMap<String, Entry>,
}

/// A file that the hub lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub size: u64,
    pub digest: Digest,
}

/// As the hub says it.
#[derive(Deserialize)]
struct Raw {
    sha: String,
    siblings: Vec<RawFile>,
}

#[derive(Deserialize)]
struct RawFile {
    rfilename: String,
    size: Option<u64>,
    #[serde(rename = "blobId")]
    blob_id: Option<String>,
    lfs: Option<RawLfs>,
}

/// Of a file that git holds a pointer to.
#[derive(Deserialize)]
struct RawLfs {
    sha256: String,
    size: u64,
}

impl Listing {
    /// Reads the answer to `/api/models/OWNER/NAME/revision/REVISION?blobs=true`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn from_json(json: &[u8]) -> Result<Self, String> {
        let raw: Raw = serde_json::from_slice(json).map_err(|e| e.to_string())?;
        if !is_commit(&raw.sha) {
            return Err(format!("the commit `{}`", raw.sha));
        }
        // What has no size or no sound hash cannot be checked, and is as good as not there.
        let files = raw.siblings.into_iter().filter_map(RawFile::entry).collect();
        Ok(Self { commit: raw.sha, files })
    }

    /// The file of this name.
    ///
    /// # Errors
    /// None, with what there is instead.
    pub fn entry(&self, location: &Location, file: &str) -> Result<&Entry, HubError> {
        self.files.get(file).ok_or_else(|| {
            let names: Vec<String> = self.files.keys().take(SHOWN).map(|name| format!("`{name}`")).collect();
            let more = if self.files.len() > SHOWN { ", …" } else { "" };
            HubError::NoFile {
                repository: location.repository().into(),
                commit: self.commit.clone(),
                file: file.into(),
                has: match names.is_empty() {
                    true => "it has no files yet".into(),
                    false => format!("it has {}{more}", names.join(", ")),
                },
            }
        })
    }
}

impl RawFile {
    fn entry(self) -> Option<(String, Entry)> {
        let entry = match self.lfs {
            Some(lfs) => Entry { size: lfs.size, digest: Digest::from_name(&lfs.sha256)? },
            None => Entry { size: self.size?, digest: Digest::from_name(&self.blob_id?)? },
        };
        Some((self.rfilename, entry))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_and_large_files() {
        let (commit, blob, sha256) = ("c0".repeat(20), "0a".repeat(20), "1b".repeat(32));
        let json = format!(
            r#"{{"id": "a/b", "sha": "{commit}", "private": false, "siblings": [
                {{"rfilename": "config.json", "size": 12, "blobId": "{blob}"}},
                {{"rfilename": "w.safetensors", "size": 9, "blobId": "{blob}",
                  "lfs": {{"sha256": "{sha256}", "size": 9, "pointerSize": 130}}}},
                {{"rfilename": "unknown.json"}},
                {{"rfilename": "odd.json", "size": 1, "blobId": "../../x"}}]}}"#
        );
        let listing = Listing::from_json(json.as_bytes()).unwrap();
        assert_eq!(listing.commit, commit);
        assert_eq!(listing.files.len(), 2);
        assert_eq!(listing.files["config.json"], Entry { size: 12, digest: Digest::Git(blob) });
        assert_eq!(listing.files["w.safetensors"], Entry { size: 9, digest: Digest::Sha256(sha256) });
        for wrong in
            ["", "<html>", "[]", "{}", r#"{"sha": "main", "siblings": []}"#, r#"{"sha": "../x", "siblings": []}"#]
        {
            Listing::from_json(wrong.as_bytes()).unwrap_err();
        }
    }
}
