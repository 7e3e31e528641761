//! Checkpoints of the hub, from a server on the loopback.

#[allow(dead_code, reason = "the tests of `mist-hub` use the rest")]
#[path = "../../../mist-hub/tests/it/server.rs"]
mod server;

use crate::support::{Folder, Output, table};
use mist_infer::Estimator;
use server::{Hub, commit};
use std::process::{Command, Stdio};
use std::time::Duration;

const NAME: &str = "mist-2026-12";
const ESTIMATE: &str = "estimate d.csv --x a,b --y c --format json --checkpoint hf:owner/name";

/// A hub with the released checkpoint, and a folder with a table and an empty cache.
fn hub() -> (Hub, Folder) {
    let released = concat!(env!("CARGO_MANIFEST_DIR"), "/../mist-infer/checkpoint/released");
    let read = |ending: &str| std::fs::read(format!("{released}.{ending}")).unwrap();
    let (weights, json) = (read("safetensors"), read("json"));
    let (weights_name, json_name) = (format!("{NAME}.safetensors"), format!("{NAME}.json"));
    let hub = Hub::with(&[("README.md", b"---\n"), (&weights_name, &weights), (&json_name, &json)]);
    let folder = Folder::new();
    folder.write("d.csv", table(20, ','));
    (hub, folder)
}

/// `mist` with the cache in the folder, asking this hub.
fn command(hub: &Hub, folder: &Folder, args: &str) -> Command {
    let mut command = folder.command(args);
    for name in ["HF_TOKEN", "HF_HUB_CACHE", "HF_HUB_OFFLINE"] {
        command.env_remove(name);
    }
    command.env("HF_HOME", folder.path().join("home")).env("HF_ENDPOINT", &hub.endpoint);
    command
}

fn run(command: &mut Command) -> Output {
    let run = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Output { code: run.status.code(), stdout: text(run.stdout), stderr: text(run.stderr) }
}

#[test]
fn an_answer_names_the_commit_and_the_second_one_asks_nobody() {
    let (hub, folder) = hub();
    let first = run(&mut command(&hub, &folder, ESTIMATE));
    let size = Estimator::embedded_files().0.len();
    let fetching = format!("note: fetching `{NAME}.safetensors` of owner/name@main, {size} bytes");
    assert!(first.stderr.contains(&fetching), "{}", first.stderr);
    let answer = first.json();
    let expected = serde_json::json!({"repository": "owner/name", "revision": "main", "commit": commit('1')});
    assert_eq!(answer["checkpoint"]["hub"], expected);
    let mut embedded = folder.mist("estimate d.csv --x a,b --y c --format json").json();
    assert_eq!(embedded["checkpoint"].as_object().unwrap().len(), 2);
    embedded["checkpoint"]["hub"] = expected;
    assert_eq!(answer, embedded);

    let asked = hub.paths().len();
    assert_eq!(asked, 3);
    let second = run(&mut command(&hub, &folder, ESTIMATE));
    assert_eq!((&second.stdout, second.stderr.contains("fetching")), (&first.stdout, false));
    let offline = run(command(&hub, &folder, ESTIMATE).env("HF_HUB_OFFLINE", "1"));
    assert_eq!((offline.code, &offline.stdout), (Some(0), &first.stdout), "{offline:?}");
    assert_eq!(hub.paths().len(), asked);
}

#[test]
fn every_command_takes_a_checkpoint_of_the_hub() {
    let (hub, folder) = hub();
    let commit = format!("\"commit\":\"{}\"", commit('1'));
    for (args, in_json) in [
        ("rank d.csv --target c --format json", true),
        ("matrix d.csv --format json", true),
        ("conditional d.csv --x a --y c --given b --format json", true),
        ("info", false),
        ("plot d.csv --x a --y c --out p.svg", false),
        ("evaluate --suite sense --limit 1", false),
    ] {
        let door = if args == "info" { "" } else { "--checkpoint" };
        let run = run(&mut command(&hub, &folder, &format!("{args} {door} hf:owner/name")));
        assert_eq!(run.code, Some(0), "{args}: {run:?}");
        assert_eq!(run.stdout.contains(&commit), in_json, "{args}: {run:?}");
    }
    folder.write("d.csv", table(100, ','));
    let run = run(&mut command(&hub, &folder, "curve d.csv --x a --y c --format json --checkpoint hf:owner/name"));
    assert_eq!(run.json()["hub"]["repository"], "owner/name");
    assert_eq!(hub.paths().len(), 3, "{:?}", hub.paths());
}

#[test]
fn two_processes_at_once_fetch_once() {
    let (hub, folder) = hub();
    hub.state().delay = Duration::from_millis(700);
    let start = || command(&hub, &folder, ESTIMATE).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let both = [start(), start()].map(|child| child.wait_with_output().unwrap());
    assert!(both.iter().all(|run| run.status.success()), "{both:?}");
    assert_eq!(both[0].stdout, both[1].stdout);
    let files = hub.paths().iter().filter(|path| path.contains("/resolve/")).count();
    assert_eq!(files, 2, "{:?}", hub.paths());
}

#[test]
fn a_branch_that_moves_is_followed_when_that_is_asked_for() {
    let (hub, folder) = hub();
    let info = |args: &str| run(&mut command(&hub, &folder, &format!("info hf:owner/name {args}")));
    assert!(info("").stdout.contains(&format!("from the hub          owner/name@main, commit {}", commit('1'))));
    let files: Vec<(String, Vec<u8>)> = hub.state().commits[&commit('1')].clone().into_iter().collect();
    let files: Vec<(&str, &[u8])> = files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    hub.push('2', &files);
    assert!(info("").stdout.contains(&commit('1')));
    assert!(info("--refresh").stdout.contains(&commit('2')));
    assert!(info("").stdout.contains(&commit('2')));
    let pinned = run(&mut command(&hub, &folder, &format!("{ESTIMATE}@{}", commit('1')))).json();
    assert_eq!(pinned["checkpoint"]["hub"]["commit"], commit('1'));
    folder.mist("info --refresh").refused(&["`--refresh` is for a checkpoint of the hub\nhint: "]);
}

#[test]
fn what_is_refused() {
    let (hub, folder) = hub();
    let estimate = |location: &str| run(&mut command(&hub, &folder, &format!("{ESTIMATE}{location}")));
    estimate("/more").refused(&["`owner/name/more` is no repository of the hub\nhint: expected `OWNER/NAME`"]);
    estimate("@v9").refused(&["revision/v9` (404, RevisionNotFound)\nhint: look for a typo"]);
    run(command(&hub, &folder, ESTIMATE).env("HF_HUB_OFFLINE", "1"))
        .refused(&["revision `main` of `owner/name` is not in the cache", "hint: unset `HF_HUB_OFFLINE`"]);
    run(command(&hub, &folder, ESTIMATE).env("HF_ENDPOINT", "ftp://x")).refused(&["cannot ask the hub `ftp://x`"]);
    run(&mut command(&hub, &folder, "calibrate hf:owner/name"))
        .refused(&["`hf:owner/name` cannot be written to\nhint: download"]);

    // A network or a hub that fails is no fault of the arguments.
    let failed = run(command(&hub, &folder, ESTIMATE).env("HF_ENDPOINT", "http://127.0.0.1:1"));
    assert_eq!((failed.code, failed.stdout.as_str()), (Some(1), ""));
    assert!(failed.stderr.contains("error: cannot reach `http://127.0.0.1:1/api/"), "{failed:?}");
    hub.state().wrong_bytes = true;
    let failed = estimate("");
    assert_eq!(failed.code, Some(1));
    assert!(failed.stderr.contains("was damaged on its way: its git hash is"), "{failed:?}");
}

#[test]
fn a_repository_has_one_checkpoint() {
    let (hub, folder) = hub();
    let estimate = || run(&mut command(&hub, &folder, ESTIMATE));
    hub.push('3', &[("config.json", b"{}"), ("model.safetensors", b"")]);
    estimate().refused(&["`owner/name` has no `NAME.safetensors` with its `NAME.json` at commit 3333", "hint: "]);
    let two: [(&str, &[u8]); 4] = [("a.json", b""), ("a.safetensors", b""), ("b.json", b""), ("b.safetensors", b"")];
    hub.push('4', &two);
    estimate().refused(&["`owner/name` has several checkpoints, `a`, `b` at commit 4444"]);
    hub.push('5', &[("model.json", b"{}"), ("model.safetensors", b"")]);
    let other = estimate();
    assert_eq!((other.code, other.stdout.as_str()), (Some(2), ""));
    assert!(other.stderr.contains("model.json` is not a checkpoint description: missing field `format`"), "{other:?}");
}

#[test]
fn the_token_comes_from_a_variable_or_a_file() {
    let (hub, folder) = hub();
    hub.state().token = Some("hf_right".into());
    run(&mut command(&hub, &folder, ESTIMATE)).refused(&["(401)", "set `HF_TOKEN` to a token that may read it"]);
    std::fs::create_dir_all(folder.path().join("home")).unwrap();
    folder.write("home/token", "hf_right\n");
    assert_eq!(run(command(&hub, &folder, ESTIMATE).env("HF_TOKEN", "hf_wrong")).code, Some(2));
    assert_eq!(run(&mut command(&hub, &folder, ESTIMATE)).code, Some(0));
    let elsewhere = folder.path().join("elsewhere");
    let run = run(command(&hub, &folder, ESTIMATE).env("HF_HUB_CACHE", &elsewhere));
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(elsewhere.join("models--owner--name/refs/main").is_file());
}

#[test]
fn an_encoder_of_the_hub_is_that_of_the_folder() {
    let model = concat!(env!("CARGO_MANIFEST_DIR"), "/../mist-embed/tests/models/bert");
    let read = |name: &str| std::fs::read(format!("{model}/{name}")).unwrap();
    let files: Vec<(&str, Vec<u8>)> =
        ["config.json", "tokenizer.json", "model.safetensors"].map(|name| (name, read(name))).into();
    let listed: Vec<(&str, &[u8])> = files.iter().map(|(name, bytes)| (*name, bytes.as_slice())).collect();
    let hub = Hub::with(&listed);
    let folder = Folder::new();
    let rows: String =
        (0..60).map(|i| format!("{} phone {},{}\n", ["good", "died"][i % 2], i % 7, i % 2 * 3 + i % 5)).collect();
    folder.write("r.csv", format!("review,rating\n{rows}"));
    let estimate =
        |model: &str| format!("estimate r.csv --x text:review --y rating --format json --text-model {model}");
    let of_hub = run(&mut command(&hub, &folder, &estimate("hf:owner/name"))).json();
    let of_folder = folder.mist(&estimate(model)).json();
    assert_eq!((&of_hub["mi"], &of_hub["encodings"][0]["model"]), (&of_folder["mi"], &"hf:owner/name".into()));
    let offline = run(command(&hub, &folder, &estimate("hf:owner/name")).env("HF_HUB_OFFLINE", "1"));
    assert_eq!(offline.json()["mi"], of_hub["mi"]);

    let bare = Hub::with(&listed[..2]);
    let elsewhere = Folder::new();
    elsewhere.write("r.csv", format!("review,rating\n{rows}"));
    run(&mut command(&bare, &elsewhere, &estimate("hf:owner/name")))
        .refused(&["`hf:owner/name` has no `model.safetensors`", "hint: choose a model that has"]);
}
