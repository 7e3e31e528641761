//! What is fetched, when, and where it lies.

use crate::server::{Hub, commit, git_hash, sha256};
use mist_hub::{HubError, Location, Repository, Settings};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;

const CONFIG: &[u8] = b"{\"a\": 1}\n";
const WEIGHTS: &[u8] = &[7; 300_000];
pub const FILES: [(&str, &[u8]); 3] =
    [("config.json", CONFIG), ("model.safetensors", WEIGHTS), ("1_Pooling/config.json", b"{}")];

pub fn settings(hub: &Hub, cache: &Path) -> Settings {
    let mut settings = Settings::from_env().unwrap();
    settings.endpoint = hub.endpoint.clone();
    settings.cache = cache.to_owned();
    settings.token = None;
    settings.offline = false;
    settings
}

pub fn open(settings: &Settings) -> Result<Repository, HubError> {
    Repository::open_with(&"owner/name".parse()?, settings.clone())
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn first_from_the_hub_then_from_the_cache_alone() {
    let (hub, cache) = (Hub::with(&FILES), folder());
    let settings = settings(&hub, cache.path());
    let repository = open(&settings).unwrap();
    for (name, bytes) in FILES {
        let path = repository.file(name).unwrap();
        assert!(path.ends_with(name));
        assert_eq!(std::fs::read(&path).unwrap(), bytes);
    }
    let one = commit('1');
    assert_eq!(repository.commit(), one);
    let asked = [
        "/api/models/owner/name/revision/main?blobs=true".to_owned(),
        format!("/owner/name/resolve/{one}/config.json"),
        format!("/owner/name/resolve/{one}/model.safetensors"),
        format!("/owner/name/resolve/{one}/1_Pooling/config.json"),
    ];
    assert_eq!(hub.paths(), asked);

    let again = open(&settings).unwrap();
    FILES.iter().for_each(|(name, _)| drop(again.file(name).unwrap()));
    assert_eq!((again.commit(), hub.paths().len()), (one.as_str(), asked.len()));
    assert_eq!(again.cached_names(), ["config.json", "model.safetensors"]);
}

/// The layout of `huggingface_hub` and `hf-hub`: `hf-hub` finds what is fetched here.
#[test]
fn the_cache_is_that_of_other_clients() {
    let (hub, cache) = (Hub::with(&FILES), folder());
    let repository = open(&settings(&hub, cache.path())).unwrap();
    FILES.iter().for_each(|(name, _)| drop(repository.file(name).unwrap()));
    let theirs = hf_hub::Cache::new(cache.path().to_owned()).model("owner/name".into());
    for (name, bytes) in FILES {
        assert_eq!(std::fs::read(theirs.get(name).unwrap()).unwrap(), bytes);
    }
    let root = cache.path().join("models--owner--name");
    let read = |path: String| std::fs::read(root.join(path)).unwrap();
    assert_eq!(read("refs/main".into()), commit('1').as_bytes());
    assert_eq!(read(format!("blobs/{}", git_hash(CONFIG))), CONFIG);
    assert_eq!(read(format!("blobs/{}", sha256(WEIGHTS))), WEIGHTS);
    #[cfg(unix)]
    assert_eq!(
        std::fs::read_link(root.join(format!("snapshots/{}/1_Pooling/config.json", commit('1')))).unwrap(),
        Path::new("../../../blobs").join(git_hash(b"{}"))
    );
}

#[test]
fn offline_the_cache_is_all_there_is() {
    let (hub, cache) = (Hub::with(&FILES), folder());
    let online = settings(&hub, cache.path());
    let offline = Settings { offline: true, ..online.clone() };
    let error = open(&offline).unwrap_err().to_string();
    for text in ["revision `main` of `owner/name` is not in the cache", "HF_HUB_OFFLINE", "\nhint: "] {
        assert!(error.contains(text), "{error}");
    }
    open(&online).unwrap().file("config.json").unwrap();
    let asked = hub.paths().len();
    let repository = open(&offline).unwrap();
    repository.file("config.json").unwrap();
    let error = repository.file("model.safetensors").unwrap_err().to_string();
    assert!(error.contains("`model.safetensors` at commit 1111") && error.contains("hint: unset"), "{error}");
    assert!(matches!(repository.names(), Err(HubError::Offline { .. })));
    assert!(matches!(Repository::latest_with(&"owner/name".parse().unwrap(), offline), Err(HubError::Offline { .. })));
    assert_eq!(hub.paths().len(), asked);
}

#[test]
fn a_revision_that_moves_stays_where_it_was_until_it_is_looked_up_again() {
    let (hub, cache) = (Hub::with(&FILES), folder());
    let settings = settings(&hub, cache.path());
    let before = open(&settings).unwrap();
    before.file("config.json").unwrap();
    hub.push('2', &[("config.json", b"{\"a\": 2}"), ("model.safetensors", b"two")]);

    // Files of one repository are of one commit, whatever has happened in between.
    assert_eq!(std::fs::read(before.file("model.safetensors").unwrap()).unwrap(), WEIGHTS);
    let later = open(&settings).unwrap();
    assert_eq!(later.commit(), commit('1'));
    assert_eq!(std::fs::read(later.file("model.safetensors").unwrap()).unwrap(), WEIGHTS);

    let location: Location = "owner/name".parse().unwrap();
    let latest = Repository::latest_with(&location, settings.clone()).unwrap();
    assert_eq!(latest.commit(), commit('2'));
    assert_eq!(std::fs::read(latest.file("model.safetensors").unwrap()).unwrap(), b"two");
    assert_eq!(open(&settings).unwrap().commit(), commit('2'));

    // Those that were opened before do not turn the clock back.
    before.file("config.json").unwrap();
    later.file("1_Pooling/config.json").unwrap();
    assert_eq!(open(&settings).unwrap().commit(), commit('2'));

    // Back again: all of that commit is in the cache, and the branch is followed all the same.
    hub.push('1', &FILES);
    let back = Repository::latest_with(&location, settings.clone()).unwrap();
    back.file("model.safetensors").unwrap();
    assert_eq!(open(&settings).unwrap().commit(), commit('1'));

    // A commit is itself for ever, and asks nothing once it is there.
    let pinned = Location::new("owner/name", Some(&commit('1'))).unwrap();
    let asked = hub.paths().len();
    let pinned = Repository::open_with(&pinned, settings).unwrap();
    assert_eq!(std::fs::read(pinned.file("model.safetensors").unwrap()).unwrap(), WEIGHTS);
    assert_eq!(hub.paths().len(), asked);
}

#[test]
fn many_at_once_fetch_once() {
    let (hub, cache) = (Hub::with(&FILES), folder());
    hub.state().delay = Duration::from_millis(300);
    let settings = settings(&hub, cache.path());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let path = open(&settings).unwrap().file("model.safetensors").unwrap();
                assert_eq!(std::fs::read(path).unwrap(), WEIGHTS);
            });
        }
    });
    assert_eq!(hub.paths().iter().filter(|path| path.contains("/resolve/")).count(), 1);
}

#[test]
fn a_file_that_was_changed_in_the_cache_is_fetched_again() {
    let (hub, cache) = (Hub::with(&FILES), folder());
    let settings = settings(&hub, cache.path());
    let path = open(&settings).unwrap().file("config.json").unwrap();
    std::fs::write(&path, b"{\"a\": 9}\n").unwrap();
    let offline = Settings { offline: true, ..settings.clone() };
    let error = open(&offline).unwrap().file("config.json").unwrap_err().to_string();
    assert!(error.contains("config.json` in the cache of the hub was changed"), "{error}");
    let path = open(&settings).unwrap().file("config.json").unwrap();
    assert_eq!(std::fs::read(path).unwrap(), CONFIG);
}

#[test]
fn progress_is_told_from_nothing_to_all() {
    let (hub, cache) = (Hub::with(&FILES), folder());
    let told = Arc::new(Mutex::new(Vec::new()));
    let mut settings = settings(&hub, cache.path());
    settings.report = Some(Arc::new({
        let told = told.clone();
        move |p| told.lock().unwrap().push((p.file.to_owned(), p.bytes, p.of))
    }));
    open(&settings).unwrap().file("model.safetensors").unwrap();
    let told = told.lock().unwrap();
    let all = WEIGHTS.len() as u64;
    assert_eq!(told.first(), Some(&("model.safetensors".to_owned(), 0, all)));
    assert_eq!(told.last(), Some(&("model.safetensors".to_owned(), all, all)));
    assert!(told.is_sorted_by_key(|(_, bytes, _)| *bytes));
}
