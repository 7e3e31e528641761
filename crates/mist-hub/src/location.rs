//! Which repository, at which revision, and which of its files.

use crate::HubError;
use std::fmt;
use std::str::FromStr;

/// Where a revision is not named.
const DEFAULT_REVISION: &str = "main";
/// Characters of a name at most, as on the hub.
const LONGEST_NAME: usize = 96;
/// Characters of a revision or of the path of a file at most.
const LONGEST_PATH: usize = 200;
/// Endings of the files that are fetched: formats that hold no code.
const ENDINGS: [&str; 2] = [".safetensors", ".json"];

/// A repository of models at a revision: `OWNER/NAME` or `OWNER/NAME@REVISION`.
///
/// ```
/// let location: mist_hub::Location = "owner/name@v1.0".parse()?;
/// assert_eq!((location.repository(), location.revision()), ("owner/name", "v1.0"));
/// # Ok::<(), mist_hub::HubError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    repository: String,
    revision: String,
}

impl Location {
    /// The repository `OWNER/NAME` at a branch, a tag or a commit; `main` without one.
    ///
    /// # Errors
    /// Names that the hub does not allow.
    pub fn new(repository: &str, revision: Option<&str>) -> Result<Self, HubError> {
        let names: Vec<&str> = repository.split('/').collect();
        if names.len() != 2 || !names.iter().all(|name| is_name(name)) {
            return Err(HubError::Name { got: repository.into() });
        }
        let revision = revision.unwrap_or(DEFAULT_REVISION);
        if !is_path(revision) {
            return Err(HubError::Revision { got: revision.into() });
        }
        Ok(Self { repository: repository.into(), revision: revision.into() })
    }

    /// `OWNER/NAME`.
    pub fn repository(&self) -> &str {
        &self.repository
    }

    /// The branch, tag or commit.
    pub fn revision(&self) -> &str {
        &self.revision
    }
}

impl FromStr for Location {
    type Err = HubError;

    fn from_str(text: &str) -> Result<Self, HubError> {
        match text.split_once('@') {
            Some((repository, revision)) => Self::new(repository, Some(revision)),
            None => Self::new(text, None),
        }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.repository, self.revision)
    }
}

/// Whether this is a whole commit hash, which never moves.
pub(crate) fn is_commit(text: &str) -> bool {
    is_hex(text, 40)
}

/// Whether these are so many hexadecimal digits in lower case.
pub(crate) fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

/// Refuses a file that is never fetched.
pub(crate) fn check_file(name: &str) -> Result<(), HubError> {
    let known = ENDINGS.iter().any(|ending| name.len() > ending.len() && name.ends_with(ending));
    if known && is_path(name) { Ok(()) } else { Err(HubError::File { got: name.into() }) }
}

/// What becomes one part of a path on disk and in a URL, and nothing else.
fn is_name(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    (1..=LONGEST_NAME).contains(&text.len())
        && text.bytes().all(allowed)
        && !text.starts_with(['.', '-'])
        && !text.contains("..")
        // Stands for the slash in the cache.
        && !text.contains("--")
}

/// The same in several parts. Here two hyphens mean nothing.
fn is_path(text: &str) -> bool {
    text.len() <= LONGEST_PATH && text.split('/').all(|part| is_name(&part.replace("--", "-")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_hub() {
        for text in ["a/b", "A.b-c_d/e.1", "a/b@main", "a/b@refs/pr/1", "a/b@v1--x"] {
            text.parse::<Location>().unwrap();
        }
        let wrong = [
            "", "a", "/a", "a/", "a/b/c", "../b", "a/..", "a/b..c", "a/.b", "-a/b", "a--b/c", "a b/c", "a/b@",
            "a/b@../c", "a/b@/c", "a/b@c/", "a/b@c@d", "a/b?c", "a/%2e", "a/b@-c", "ä/b",
        ];
        for text in wrong {
            text.parse::<Location>().unwrap_err();
        }
        assert!(format!("{}/b", "a".repeat(97)).parse::<Location>().is_err());
        assert_eq!("a/b".parse::<Location>().unwrap().to_string(), "a/b@main");
    }

    #[test]
    fn files_hold_no_code() {
        for name in ["model.safetensors", "config.json", "1_Pooling/config.json"] {
            check_file(name).unwrap();
        }
        let wrong = [
            "",
            ".json",
            "a/.json",
            "model.bin",
            "model.safetensors.py",
            "pytorch_model.pt",
            "../config.json",
            "/etc/a.json",
            "a\\b.json",
            "a//b.json",
            "a b.json",
            "a.json?x=1.json",
        ];
        for name in wrong {
            check_file(name).unwrap_err();
        }
    }

    #[test]
    fn commits() {
        assert!(is_commit(&"0a".repeat(20)));
        for text in ["", "main", &"0A".repeat(20), &"0a".repeat(19), &"0g".repeat(20)] {
            assert!(!is_commit(text));
        }
    }
}
