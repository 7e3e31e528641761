//! Why there is no file.

use std::path::PathBuf;

/// Why a file of the hub cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum HubError {
    /// A repository that no hub can have.
    #[error(
        "`{got}` is no repository of the hub\n\
         hint: expected `OWNER/NAME`, with letters, digits, `.`, `_` and `-`, for example `hf:owner/mist-2026-12`"
    )]
    Name {
        /// What was given.
        got: String,
    },
    /// A revision that no hub can have.
    #[error(
        "`{got}` is no revision\n\
         hint: expected a branch, a tag or a commit, for example `hf:owner/name@v1.0`"
    )]
    Revision {
        /// What was given.
        got: String,
    },
    /// A file that is never fetched.
    #[error(
        "`{got}` is not fetched from the hub\n\
         hint: expected a path that ends in `.safetensors` or `.json`, formats that hold no code"
    )]
    File {
        /// What was asked for.
        got: String,
    },
    /// No place for the cache.
    #[error(
        "there is no home directory for the cache of the hub\n\
         hint: name a folder in `HF_HUB_CACHE`"
    )]
    NoHome,
    /// A hub that cannot be asked as it is meant to be.
    #[error(
        "cannot ask the hub `{endpoint}`: {what}\n\
         hint: set `HF_ENDPOINT` to a URL such as `https://huggingface.co`"
    )]
    Endpoint {
        /// The hub.
        endpoint: String,
        /// What is wrong with it.
        what: &'static str,
    },
    /// What is not in the cache, where nothing may be asked.
    #[error("{what} of `{repository}` is not in the cache `{cache}`, and `HF_HUB_OFFLINE` forbids asking the hub\n\
         hint: unset `HF_HUB_OFFLINE`, or copy the cache of a machine that has it", cache = cache.display())]
    Offline {
        /// The file or the revision.
        what: String,
        /// The repository.
        repository: String,
        /// The folder of the cache.
        cache: PathBuf,
    },
    /// A hub that cannot be reached.
    #[error(
        "cannot reach `{url}`: {what}\n\
         hint: see whether this machine has a network; `HTTPS_PROXY` names a proxy, `HF_ENDPOINT` another hub"
    )]
    Network {
        /// What was asked for.
        url: String,
        /// What went wrong.
        what: String,
    },
    /// A repository that the hub does not show (401, 403).
    #[error(
        "the hub refuses `{url}` ({status}): the repository is private, has terms to accept, or does not exist\n\
         hint: {}",
        refused_hint(with_token)
    )]
    Refused {
        /// What was asked for.
        url: String,
        /// 401 or 403.
        status: u16,
        /// Whether a token was sent.
        with_token: bool,
    },
    /// What the hub does not have (404).
    #[error(
        "the hub has no `{url}` (404{})\n\
         hint: look for a typo in the repository or in its revision",
        code_words(code)
    )]
    NotFound {
        /// What was asked for.
        url: String,
        /// What the hub calls it, such as `RevisionNotFound`.
        code: Option<String>,
    },
    /// Another answer than was asked for.
    #[error(
        "the hub answers `{url}` with status {status}\n\
         hint: {}",
        status_hint(status)
    )]
    Status {
        /// What was asked for.
        url: String,
        /// The status.
        status: u16,
    },
    /// An answer that is not what a hub says.
    #[error(
        "`{url}` answers what no hub says: {what}\n\
         hint: see whether `HF_ENDPOINT` names a hub, and whether a proxy or a login page stands in between"
    )]
    Answer {
        /// What was asked for.
        url: String,
        /// What is wrong with the answer.
        what: String,
    },
    /// A file that the repository lacks.
    #[error(
        "`{repository}` has no `{file}` at commit {commit}\n\
         hint: {has}"
    )]
    NoFile {
        /// The repository.
        repository: String,
        /// The commit.
        commit: String,
        /// The file.
        file: String,
        /// What it has, in words.
        has: String,
    },
    /// A file that is larger than is allowed.
    #[error(
        "`{file}` of `{repository}` has {size} bytes, expected at most {most}\n\
         hint: see whether it is the repository that you mean"
    )]
    TooLarge {
        /// The repository.
        repository: String,
        /// The file.
        file: String,
        /// Its bytes.
        size: u64,
        /// What is allowed.
        most: u64,
    },
    /// A file of which not all has come, or more than there is.
    #[error(
        "`{file}` of `{repository}` came with {got} bytes, expected {expected}: {what}\n\
         hint: nothing of it was kept; try again"
    )]
    Length {
        /// The repository.
        repository: String,
        /// The file.
        file: String,
        /// Bytes that came.
        got: u64,
        /// Bytes that the hub lists.
        expected: u64,
        /// What went wrong.
        what: String,
    },
    /// A file that is not the one that the hub lists.
    #[error(
        "`{file}` of `{repository}` was damaged on its way: its {kind} is {got}, the hub lists {expected}\n\
         hint: nothing of it was kept; try again, and if it stays so tell the owner of the repository"
    )]
    Damaged {
        /// The repository.
        repository: String,
        /// The file.
        file: String,
        /// Which hash.
        kind: &'static str,
        /// The hash of what came.
        got: String,
        /// The hash that the hub lists.
        expected: String,
    },
    /// A file in the cache that was changed, where nothing may be asked.
    #[error("`{path}` in the cache of the hub was changed or is damaged, and `HF_HUB_OFFLINE` forbids fetching it again\n\
         hint: unset `HF_HUB_OFFLINE`", path = path.display())]
    DamagedCache {
        /// The file.
        path: PathBuf,
    },
    /// The cache cannot be used.
    #[error("cannot {action} `{path}`: {source}\n\
         hint: `HF_HUB_CACHE` names another folder for the cache", path = path.display())]
    Io {
        /// `read`, `write` or `lock`.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
}

impl HubError {
    /// Whether what was asked for makes sense, and asking again may help: a network or a hub that failed.
    pub fn is_failure(&self) -> bool {
        matches!(
            self,
            Self::Network { .. }
                | Self::Status { .. }
                | Self::Answer { .. }
                | Self::Length { .. }
                | Self::Damaged { .. }
        )
    }
}

fn refused_hint(with_token: &bool) -> &'static str {
    match with_token {
        true => "the token in `HF_TOKEN` (or the file `token` in `HF_HOME`) may not read it, or has expired",
        false => "look for a typo in its name, or set `HF_TOKEN` to a token that may read it",
    }
}

fn status_hint(status: &u16) -> &'static str {
    match status {
        429 | 500.. => "the hub is busy or broken: try again later",
        _ => "see whether `HF_ENDPOINT` names a hub",
    }
}

fn code_words(code: &Option<String>) -> String {
    code.as_ref().map_or_else(String::new, |code| format!(", {code}"))
}
