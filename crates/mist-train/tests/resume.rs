//! A run that stops and goes on is the run that never stopped; and the number of threads changes no bit.

use candle_core::Device;
use mist_train::{Options, TrainConfig, train};
use std::path::Path;
use std::time::Duration;

const CONFIG: &str = concat!(
    r#"
name = "tiny"
meta = "mist_1"
seed = 5
steps = 7

[batch]
per_step = 3
cells = 600
min_tasks = 1
max_tasks = 3

[optimizer]
warmup_steps = 2

[validation]
tasks = 6
every = 4

"#,
    include_str!("../../../tests/data/tiny-network.toml")
);

fn options(out: &Path, resume: bool, max_steps: Option<u64>, threads: usize) -> Options {
    Options {
        out: out.into(),
        resume,
        max_time: None,
        max_steps,
        save_every: Duration::ZERO,
        threads,
        device: Device::Cpu,
        quiet: true,
    }
}

fn file(dir: &Path, name: &str) -> Vec<u8> {
    std::fs::read(dir.join(name)).unwrap()
}

#[test]
fn interrupted_equals_uninterrupted_bit_for_bit() {
    let config = TrainConfig::from_toml(CONFIG).unwrap();
    let (whole, parts) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let all = train(&config, &options(whole.path(), false, None, 1)).unwrap();
    assert!(all.complete && all.steps == 7);

    let first = train(&config, &options(parts.path(), false, Some(3), 2)).unwrap();
    assert!(!first.complete && first.steps == 3 && first.checkpoint.sha256 != all.checkpoint.sha256);
    let second = train(&config, &options(parts.path(), true, None, 3)).unwrap();
    assert!(second.complete);
    assert_eq!(second.tasks, all.tasks);
    assert_eq!(second.validation, all.validation);
    assert_eq!(file(whole.path(), "tiny.safetensors"), file(parts.path(), "tiny.safetensors"));
    assert_eq!(file(whole.path(), "tiny.json"), file(parts.path(), "tiny.json"));
}

#[test]
fn a_killed_run_loses_only_what_it_had_not_saved() {
    let config = TrainConfig::from_toml(CONFIG).unwrap();
    let (whole, killed) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    train(&config, &options(killed.path(), false, Some(2), 1)).unwrap();
    let saved = file(killed.path(), "state.safetensors");
    train(&config, &options(killed.path(), true, Some(6), 1)).unwrap();
    // The state of the second part never reached the disk; its log did.
    std::fs::write(killed.path().join("state.safetensors"), saved).unwrap();
    train(&config, &options(killed.path(), true, None, 1)).unwrap();
    train(&config, &options(whole.path(), false, None, 1)).unwrap();
    assert_eq!(file(whole.path(), "tiny.safetensors"), file(killed.path(), "tiny.safetensors"));
    let log = String::from_utf8(file(killed.path(), "log.jsonl")).unwrap();
    let steps: Vec<u64> =
        log.lines().map(|l| serde_json::from_str::<serde_json::Value>(l).unwrap()["step"].as_u64().unwrap()).collect();
    assert!(steps.windows(2).all(|w| w[0] <= w[1]) && steps.last() == Some(&7), "{steps:?}");
}

#[test]
fn states_that_do_not_fit_are_refused() {
    let config = TrainConfig::from_toml(CONFIG).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let refusal =
        |config: &TrainConfig, resume| train(config, &options(dir.path(), resume, Some(1), 1)).unwrap_err().to_string();
    assert!(refusal(&config, true).contains("there is no such file"));
    train(&config, &options(dir.path(), false, Some(1), 1)).unwrap();
    assert!(refusal(&config, false).contains("it exists"));
    let other = TrainConfig { seed: 6, ..config.clone() };
    assert!(refusal(&other, true).contains("another configuration"));
    let state = dir.path().join("state.safetensors");
    let bytes = std::fs::read(&state).unwrap();
    std::fs::write(&state, &bytes[..bytes.len() / 2]).unwrap();
    assert!(refusal(&config, true).contains("cannot resume from"));
}

#[test]
fn the_loss_falls() {
    // Enough tasks to validate on that the loss is that of the law, not of the luck of a few.
    let text = CONFIG.replace("steps = 7", "steps = 200").replace("max_tasks = 3", "max_tasks = 16");
    let text = text.replace("tasks = 6", "tasks = 100").replace("every = 4", "every = 1000");
    let config = TrainConfig::from_toml(&text.replace("cells = 600", "cells = 2000")).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let before = train(&config, &options(dir.path(), false, Some(1), 2)).unwrap().validation;
    let after = train(&config, &options(dir.path(), true, None, 2)).unwrap().validation;
    assert!(after.pinball < 0.8 * before.pinball, "{} {}", before.pinball, after.pinball);
}

#[test]
fn a_run_goes_on_from_a_released_checkpoint() {
    let config = TrainConfig::from_toml(CONFIG).unwrap();
    let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let before = train(&config, &options(first.path(), false, Some(3), 1)).unwrap().checkpoint;
    let init = Some(first.path().join("tiny.safetensors"));
    let refusal = |config: TrainConfig| train(&config, &options(second.path(), false, Some(1), 1)).unwrap_err();
    assert!(refusal(TrainConfig { init: init.clone(), ..config.clone() }).to_string().contains("choose another"));
    let mut other = TrainConfig { init: init.clone(), seed: 6, ..config.clone() };
    other.network.row_width = 9;
    assert!(refusal(other).to_string().contains("not of the size"));

    let next = TrainConfig { init, seed: 6, ..config };
    let after = train(&next, &options(second.path(), false, Some(2), 1)).unwrap().checkpoint;
    assert_eq!(after.trained.continues.as_ref(), Some(&before.sha256));
    assert_eq!(after.trained.steps, before.trained.steps + 2);
    assert!(after.trained.tasks > before.trained.tasks);
}
