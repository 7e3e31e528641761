//! Where the cache is, which hub is asked, and as whom.

use crate::HubError;
use std::env::home_dir;
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// The hub, unless `HF_ENDPOINT` names another one.
pub const DEFAULT_ENDPOINT: &str = "https://huggingface.co";

/// Bytes of a file at most, unless [`Settings::most_bytes`] says otherwise.
const MOST_BYTES: u64 = 2 << 30;

/// What proves to the hub who asks. Never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// A token; none of what is empty or no plain text.
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic());
        plain.then(|| Self(text.into()))
    }

    /// What is sent with a request.
    pub(crate) fn header(&self) -> String {
        format!("Bearer {}", self.0)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// How much of a file has come.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'a> {
    /// The file, as the repository calls it.
    pub file: &'a str,
    /// Bytes that have come.
    pub bytes: u64,
    /// Bytes of the whole file.
    pub of: u64,
}

/// Who is told how much has come: at the beginning of a file, after each piece, and at its end.
pub type Report = Arc<dyn Fn(Progress) + Send + Sync>;

/// Where the cache is, which hub is asked, and as whom.
#[derive(Clone)]
pub struct Settings {
    /// The folder of the cache.
    pub cache: PathBuf,
    /// The hub, `https://…` without a slash at its end.
    pub endpoint: String,
    /// Sent to the hub, and to nobody else.
    pub token: Option<Token>,
    /// Whether nothing may be asked of the network.
    pub offline: bool,
    /// Bytes of a file at most. A larger one is not fetched.
    pub most_bytes: u64,
    /// Who is told how much has come.
    pub report: Option<Report>,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cache, endpoint, token, offline, most_bytes, .. } = self;
        let mut out = f.debug_struct("Settings");
        out.field("cache", cache).field("endpoint", endpoint).field("token", token);
        out.field("offline", offline).field("most_bytes", most_bytes).finish_non_exhaustive()
    }
}

impl Settings {
    /// The settings of the environment, as the [crate](crate) lists its variables. An empty variable is as good as none.
    ///
    /// # Errors
    /// No home directory where no variable names the cache.
    pub fn from_env() -> Result<Self, HubError> {
        Self::from_variables(|name| std::env::var_os(name))
    }

    fn from_variables(variable: impl Fn(&str) -> Option<OsString>) -> Result<Self, HubError> {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let text = |name: &str| set(name).and_then(|value| value.into_string().ok());
        let home = set("HF_HOME").map(PathBuf::from).or_else(|| {
            let caches = set("XDG_CACHE_HOME").map(PathBuf::from);
            Some(caches.or_else(|| Some(home_dir()?.join(".cache")))?.join("huggingface"))
        });
        let cache = set("HF_HUB_CACHE").map(PathBuf::from).or_else(|| Some(home.as_ref()?.join("hub")));
        let token_file = || std::fs::read_to_string(home.as_ref()?.join("token")).ok();
        let is_true = |value: String| matches!(value.to_lowercase().as_str(), "1" | "true" | "yes" | "on");
        Ok(Self {
            cache: cache.ok_or(HubError::NoHome)?,
            endpoint: text("HF_ENDPOINT").map_or(DEFAULT_ENDPOINT.into(), |url| url.trim_end_matches('/').into()),
            token: text("HF_TOKEN").or_else(token_file).and_then(|text| Token::new(&text)),
            offline: text("HF_HUB_OFFLINE").is_some_and(is_true),
            most_bytes: MOST_BYTES,
            report: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(variables: &[(&str, &str)]) -> Settings {
        let find = |name: &str| variables.iter().find(|(n, _)| *n == name).map(|(_, value)| value.into());
        Settings::from_variables(find).unwrap()
    }

    #[test]
    fn the_cache_is_where_other_clients_look() {
        let cache = |variables: &[(&str, &str)]| settings(variables).cache;
        assert_eq!(cache(&[("HF_HUB_CACHE", "/c"), ("HF_HOME", "/h")]), PathBuf::from("/c"));
        assert_eq!(cache(&[("HF_HUB_CACHE", ""), ("HF_HOME", "/h")]), PathBuf::from("/h/hub"));
        assert_eq!(cache(&[("XDG_CACHE_HOME", "/x")]), PathBuf::from("/x/huggingface/hub"));
        assert!(cache(&[]).ends_with(".cache/huggingface/hub"));
    }

    #[test]
    fn the_hub_and_whether_it_is_asked() {
        assert_eq!(settings(&[]).endpoint, DEFAULT_ENDPOINT);
        assert_eq!(settings(&[("HF_ENDPOINT", "https://hub.example/")]).endpoint, "https://hub.example");
        for yes in ["1", "true", "YES", "On"] {
            assert!(settings(&[("HF_HUB_OFFLINE", yes)]).offline, "{yes}");
        }
        for no in ["", "0", "false", "no"] {
            assert!(!settings(&[("HF_HUB_OFFLINE", no)]).offline, "{no}");
        }
    }

    #[test]
    fn the_token_is_a_variable_or_a_file_and_never_shown() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("token"), "hf_file\n").unwrap();
        let home = ("HF_HOME", dir.path().to_str().unwrap());
        assert_eq!(settings(&[home]).token, Token::new("hf_file"));
        let both = settings(&[home, ("HF_TOKEN", "hf_variable")]);
        assert_eq!(both.token, Token::new("hf_variable"));
        assert!(!format!("{both:?}").contains("hf_"));
        // What would add lines to a request is no token.
        assert_eq!(Token::new("a\r\nHost: b"), None);
    }
}
