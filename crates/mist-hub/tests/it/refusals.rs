//! What goes wrong: what, where, how to mend it, and a cache that is as it was.

use crate::download::{FILES, open, settings};
use crate::server::{Hub, broken_off, commit, sha256};
use mist_hub::{Location, Repository, Settings};
use std::path::Path;

/// What asking for the weights says, of a hub that does this wrong; the cache holds no weights then.
#[track_caller]
fn refused(hub: &Hub, change: impl FnOnce(&mut Settings), texts: &[&str]) {
    let cache = tempfile::tempdir().unwrap();
    let mut settings = settings(hub, cache.path());
    change(&mut settings);
    let error = open(&settings).and_then(|repository| repository.file("model.safetensors")).unwrap_err().to_string();
    for text in texts.iter().chain(&["\nhint: "]) {
        assert!(error.contains(text), "`{text}` is not in:\n{error}");
    }
    assert!(!error.contains("secret"), "{error}");
    assert_eq!(blobs(cache.path()), Vec::<String>::new());
    assert!(!cache.path().join("models--owner--name/refs/main").exists());
}

/// All but the files that are locked.
fn blobs(cache: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(cache.join("models--owner--name/blobs")).into_iter().flatten().flatten();
    entries.map(|e| e.file_name().into_string().unwrap()).filter(|name| !name.ends_with(".lock")).collect()
}

#[test]
fn what_the_hub_does_not_show() {
    let hub = Hub::with(&FILES);
    hub.state().token = Some("hf_right".into());
    refused(&hub, |_| (), &["(401)", "private, has terms to accept, or does not exist", "set `HF_TOKEN`"]);
    let wrong = |settings: &mut Settings| settings.token = mist_hub::Token::new("hf_secret");
    refused(&hub, wrong, &["(401)", "may not read it, or has expired"]);
    hub.state().answer = Some((403, ""));
    refused(&hub, |_| (), &["(403)"]);
}

#[test]
fn what_the_hub_does_not_have() {
    let (hub, cache) = (Hub::with(&FILES), tempfile::tempdir().unwrap());
    let settings = settings(&hub, cache.path());
    let error = |location: &str, file: &str| {
        let location: Location = location.parse().unwrap();
        Repository::open_with(&location, settings.clone()).and_then(|r| r.file(file)).unwrap_err().to_string()
    };
    let repository = error("owner/other", "config.json");
    assert!(repository.contains("/api/models/owner/other/revision/main` (404, RepoNotFound)"), "{repository}");
    let revision = error("owner/name@v9", "config.json");
    assert!(revision.contains("revision/v9` (404, RevisionNotFound)\nhint: look for a typo"), "{revision}");
    let file = error("owner/name", "other.json");
    assert!(file.contains("`owner/name` has no `other.json` at commit 1111"), "{file}");
    assert!(file.contains("hint: it has `1_Pooling/config.json`, `config.json`, `model.safetensors`"), "{file}");
    let pickle = error("owner/name", "pytorch_model.bin");
    assert!(pickle.contains("formats that hold no code"), "{pickle}");
    let commit = error(&format!("owner/name@{}", commit('9')), "config.json");
    assert!(commit.contains("(404, RevisionNotFound)"), "{commit}");
}

#[test]
fn a_body_that_is_cut_short() {
    let hub = Hub::with(&[("model.safetensors", &[b'x'; 1000])]);
    hub.state().elsewhere = Some(broken_off());
    refused(&hub, |_| (), &["`model.safetensors` of `owner/name` came with 500 bytes, expected 1000", "try again"]);
}

#[test]
fn bytes_that_are_not_those_listed() {
    let hub = Hub::with(&FILES);
    let listed = sha256(FILES[1].1);
    hub.state().wrong_bytes = true;
    let of_wrong = sha256(&[b'?'; 300_000]);
    refused(&hub, |_| (), &[&format!("its SHA-256 is {of_wrong}, the hub lists {listed}"), "nothing of it was kept"]);
    let small = Hub::with(&FILES);
    small.state().wrong_bytes = true;
    let cache = tempfile::tempdir().unwrap();
    let error = open(&settings(&small, cache.path())).unwrap().file("config.json").unwrap_err().to_string();
    assert!(error.contains("its git hash is "), "{error}");
}

#[test]
fn more_or_fewer_bytes_than_are_listed() {
    let hub = Hub::with(&FILES);
    hub.state().listed_size = Some(10);
    refused(&hub, |_| (), &["expected 10: there is more than the hub lists"]);
    hub.state().listed_size = Some(300_001);
    refused(&hub, |_| (), &["came with 300000 bytes, expected 300001: the connection ended"]);
}

#[test]
fn a_file_that_is_too_large_is_not_asked_for() {
    let hub = Hub::with(&FILES);
    refused(&hub, |settings| settings.most_bytes = 299_999, &["has 300000 bytes, expected at most 299999"]);
    assert!(hub.paths().iter().all(|path| !path.contains("/resolve/")));
}

#[test]
fn a_hub_that_is_none() {
    let hub = Hub::with(&FILES);
    for (status, text, says) in [
        (200, "<html>log in</html>", "answers what no hub says"),
        (200, r#"{"sha": "../../x", "siblings": []}"#, "the commit `../../x`"),
        (500, "", "with status 500\nhint: the hub is busy or broken"),
        (429, "", "with status 429\nhint: the hub is busy"),
        (418, "", "with status 418\nhint: see whether `HF_ENDPOINT`"),
        (302, "", "a redirect without a target"),
    ] {
        hub.state().answer = Some((status, text));
        refused(&hub, |_| (), &[says]);
    }
}

#[test]
fn nobody_there() {
    let hub = Hub::with(&FILES);
    // Port 1 is reserved, and nobody listens there.
    let nobody = |settings: &mut Settings| settings.endpoint = "http://127.0.0.1:1".into();
    refused(&hub, nobody, &["cannot reach `http://127.0.0.1:1/api/models/owner/name/revision/main`", "HTTPS_PROXY"]);
}

#[test]
fn a_cache_that_cannot_be_written() {
    let (hub, dir) = (Hub::with(&FILES), tempfile::tempdir().unwrap());
    let file = dir.path().join("file");
    std::fs::write(&file, "").unwrap();
    let error = open(&settings(&hub, &file)).unwrap().file("config.json").unwrap_err().to_string();
    assert!(error.contains("cannot write `") && error.contains("HF_HUB_CACHE"), "{error}");
}

#[test]
fn redirects_without_an_end() {
    let hub = Hub::with(&FILES);
    hub.state().elsewhere = Some(String::new());
    refused(&hub, |_| (), &["more than 8 redirects"]);
}
