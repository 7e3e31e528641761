//! A run that stops and goes on is the run that never stopped; and the number of threads changes no bit.

use candle_core::Device;
use mist_model::{Checkpoint, Network, NetworkConfig, Parameters, hex_sha256};
use mist_train::{Options, Origin, State, TrainConfig, train};
use safetensors::SafeTensors;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
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
        stop: None,
        max_steps,
        save_every: Duration::ZERO,
        threads,
        device: Device::Cpu,
        quiet: true,
        bar: None,
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
    let NetworkConfig::Axial(network) = &mut other.network else { panic!("the configuration is axial") };
    network.row_width = 9;
    assert!(refusal(other).to_string().contains("not of the size"));

    let next = TrainConfig { init, seed: 6, ..config };
    let after = train(&next, &options(second.path(), false, Some(2), 1)).unwrap().checkpoint;
    assert_eq!(after.trained.continues.as_ref(), Some(&before.sha256));
    assert_eq!(after.trained.steps, before.trained.steps + 2);
    assert!(after.trained.tasks > before.trained.tasks);
}

#[test]
fn inputs_that_a_checkpoint_has_not_seen_start_at_0_and_are_learned() {
    let config = TrainConfig::from_toml(CONFIG).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let [first, start, later] = ["first", "start", "later"].map(|name| dir.path().join(name));
    train(&config, &options(&first, false, Some(3), 1)).unwrap();
    let mut next = TrainConfig { init: Some(first.join("tiny.safetensors")), seed: 6, ..config };
    let NetworkConfig::Axial(network) = &mut next.network else { panic!("the configuration is axial") };
    network.local.pairs = true;
    train(&next, &options(&start, false, Some(0), 1)).unwrap();
    train(&next, &options(&later, false, Some(2), 1)).unwrap();
    let values = |out: &Path, name: &str| -> Option<Vec<f32>> {
        let parameters = Checkpoint::read(&out.join("tiny.safetensors"), &Device::Cpu).unwrap().parameters;
        Some(parameters.get(name)?.flatten_all().unwrap().to_vec1().unwrap())
    };
    // The parameters of a run that the one it began with has not; the others are what they were.
    let new = |before: &Path, after: &Path| -> Vec<String> {
        let checkpoint = Checkpoint::read(&after.join("tiny.safetensors"), &Device::Cpu).unwrap();
        let mut new = Vec::new();
        for (name, _) in checkpoint.parameters.iter() {
            let now = values(after, name).unwrap();
            match values(before, name) {
                Some(before) => assert_eq!(now, before, "{name}"),
                None => {
                    // What feeds a layer of zeros may start anywhere.
                    let feeds_zeros = ["gate.hidden", "gate_fits.hidden"].iter().any(|layer| name.contains(layer));
                    assert!(feeds_zeros || now.iter().all(|v| *v == 0.0), "{name}");
                    new.push(name.to_owned());
                }
            }
        }
        new
    };
    let of_pairs = new(&first, &start);
    assert_eq!(of_pairs.len(), 8);
    assert!(of_pairs.iter().all(|name| values(&later, name).unwrap().iter().any(|v| *v != 0.0)));
    // What regressions say comes in the same way.
    let mut fitted = TrainConfig { init: Some(start.join("tiny.safetensors")), seed: 7, ..next };
    let NetworkConfig::Axial(network) = &mut fitted.network else { panic!("the configuration is axial") };
    network.local.fits = true;
    let last = dir.path().join("last");
    train(&fitted, &options(&last, false, Some(0), 1)).unwrap();
    assert_eq!(new(&start, &last).len(), 19);
}

/// The files of a folder.
fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    files.map(|path| (path.display().to_string(), std::fs::read(&path).unwrap())).collect()
}

#[test]
fn a_refused_run_writes_nothing() {
    let config = TrainConfig::from_toml(CONFIG).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    train(&config, &options(&out, true, Some(1), 1)).unwrap_err();
    let other = TrainConfig { init: Some("none.safetensors".into()), ..config.clone() };
    train(&other, &options(&out, false, Some(1), 1)).unwrap_err();
    assert!(!out.exists());

    train(&config, &options(&out, false, Some(1), 1)).unwrap();
    let before = files(&out);
    let other = TrainConfig { seed: 6, ..config.clone() };
    train(&other, &options(&out, true, None, 1)).unwrap_err();
    train(&config, &options(&out, false, None, 1)).unwrap_err();
    assert!(files(&out) == before);

    // A checkpoint that a run begins with is not what it writes over.
    let second = TrainConfig { seed: 6, init: Some(out.join("tiny.safetensors")), ..config };
    std::fs::remove_file(out.join("state.safetensors")).unwrap();
    let error = train(&second, &options(&out, false, Some(1), 1)).unwrap_err().to_string();
    assert!(error.contains("`name`: the run would write over"), "{error}");
    assert!(out.join("tiny.safetensors").exists());
}

#[test]
fn a_run_resumes_only_with_the_files_it_began_with() {
    let dir = tempfile::tempdir().unwrap();
    let (law, out, first) = (dir.path().join("law.toml"), dir.path().join("out"), dir.path().join("first"));
    let text = include_str!("../../../data-gen/configs/mist_1.toml");
    std::fs::write(&law, text).unwrap();
    let config = TrainConfig::from_toml(&CONFIG.replace("mist_1", law.to_str().unwrap())).unwrap();
    train(&TrainConfig { seed: 9, ..config.clone() }, &options(&first, false, Some(1), 1)).unwrap();
    let init = first.join("tiny.safetensors");
    let config = TrainConfig { init: Some(init.clone()), ..config };
    train(&config, &options(&out, false, Some(1), 1)).unwrap();
    let refusal = || train(&config, &options(&out, true, Some(2), 1)).unwrap_err().to_string();

    // The same name, other content.
    std::fs::write(&law, text.replace("weight = 0.45", "weight = 0.5")).unwrap();
    assert!(refusal().contains("it belongs to another meta-distribution (`meta`)"), "{}", refusal());
    std::fs::write(&law, format!("# A comment changes nothing.\n{text}")).unwrap();
    let sound = files(&first);
    std::fs::remove_dir_all(&first).unwrap();
    train(&TrainConfig { seed: 10, init: None, ..config.clone() }, &options(&first, false, Some(1), 1)).unwrap();
    assert!(refusal().contains("it belongs to another checkpoint to begin with (`init`)"), "{}", refusal());
    sound.iter().for_each(|(path, bytes)| std::fs::write(path, bytes).unwrap());
    train(&config, &options(&out, true, Some(2), 1)).unwrap();
}

/// A state of one step, its origin, and parameters of its network.
fn state(out: &Path) -> (Vec<u8>, Origin, Parameters) {
    let config = TrainConfig::from_toml(CONFIG).unwrap();
    train(&config, &options(out, false, Some(1), 1)).unwrap();
    let origin = Origin {
        config_sha256: hex_sha256(config.to_toml().as_bytes()),
        meta_sha256: config.meta().unwrap().sha256(),
        init_sha256: None,
    };
    let parameters = Parameters::init(5, &Device::Cpu, |vb| Network::new(&config.network, vb)).unwrap().1;
    (file(out, "state.safetensors"), origin, parameters)
}

#[test]
fn one_flipped_bit_of_the_state_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (sound, origin, parameters) = state(dir.path());
    let path = dir.path().join("state.safetensors");
    State::load(&path, &origin, &parameters).unwrap();
    let header = 8 + u64::from_le_bytes(sound[..8].try_into().unwrap()) as usize;
    let body = (header..sound.len()).step_by((sound.len() - header) / 100);
    for at in (0..header).chain(body).chain([sound.len() - 1]) {
        let mut flipped = sound.clone();
        flipped[at] ^= 1 << (at % 8);
        std::fs::write(&path, flipped).unwrap();
        let got = State::load(&path, &origin, &parameters);
        assert!(got.is_err(), "byte {at} of {header} in the header");
    }
}

#[test]
fn a_state_of_an_earlier_version_is_resumed() {
    let dir = tempfile::tempdir().unwrap();
    let config = TrainConfig::from_toml(CONFIG).unwrap();
    let (bytes, ..) = state(dir.path());
    let path = dir.path().join("state.safetensors");
    // As it was written before there was a checksum.
    let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
    let mut metadata: HashMap<String, String> = header.metadata().clone().unwrap();
    metadata.retain(|key, _| ["config_sha256", "steps", "tasks", "seconds"].contains(&key.as_str()));
    assert_eq!(metadata.len(), 4);
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let older = safetensors::serialize(tensors.tensors(), Some(metadata)).unwrap();
    std::fs::write(&path, &older).unwrap();
    let other = TrainConfig { seed: 6, ..config.clone() };
    let error = train(&other, &options(dir.path(), true, None, 1)).unwrap_err().to_string();
    assert!(error.contains("it belongs to another configuration"), "{error}");
    train(&config, &options(dir.path(), true, None, 1)).unwrap();

    let whole = tempfile::tempdir().unwrap();
    train(&config, &options(whole.path(), false, None, 1)).unwrap();
    assert_eq!(file(whole.path(), "tiny.safetensors"), file(dir.path(), "tiny.safetensors"));
    // From now on it has one.
    assert!(String::from_utf8_lossy(&file(dir.path(), "state.safetensors")).contains("\"sha256\":"));
}

#[test]
fn a_run_that_is_asked_to_stop_saves_its_state() {
    let dir = tempfile::tempdir().unwrap();
    let config = TrainConfig::from_toml(CONFIG).unwrap();
    let stop = Some(Arc::new(AtomicBool::new(true)));
    let stopped = train(&config, &Options { stop, ..options(dir.path(), false, None, 1) }).unwrap();
    assert!(!stopped.complete && stopped.steps == 0);
    assert!(train(&config, &options(dir.path(), true, None, 1)).unwrap().complete);
}

/// The published network on the same tasks as any other.
const PUBLISHED: &str = r#"
name = "tiny"
meta = "m_train"
seed = 5
steps = 40

[batch]
per_step = 2
cells = 4000
min_tasks = 1
max_tasks = 4

[optimizer]
learning_rate = 3e-3
warmup_steps = 2
ema = 0.9

[validation]
tasks = 40
every = 1000

[network]
kind = "reference"
phi_hidden_dim = 16
n_phi_heads = 4
phi_dim_forward = 24
rho_hidden_dim = 16
n_inds = 4
n_seeds = 3
"#;

#[test]
fn the_published_network_learns_and_resumes() {
    for quantiles in [false, true] {
        let config = TrainConfig::from_toml(&format!("{PUBLISHED}quantile_conditioned = {quantiles}\n")).unwrap();
        let (whole, parts) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let fresh = train(&config, &options(parts.path(), false, Some(1), 1)).unwrap();
        let all = train(&config, &options(whole.path(), false, None, 2)).unwrap();
        assert!(all.validation.mse < fresh.validation.mse, "{:?} {:?}", all.validation, fresh.validation);
        assert_eq!(all.validation.intervals, if quantiles { 40 } else { 0 });
        let resumed = train(&config, &options(parts.path(), true, None, 2)).unwrap();
        assert_eq!(resumed.validation, all.validation);
        assert_eq!(file(whole.path(), "tiny.safetensors"), file(parts.path(), "tiny.safetensors"));
        // What was written is read back by what it says of itself.
        let checkpoint = mist_model::Checkpoint::read(&whole.path().join("tiny.safetensors"), &Device::Cpu).unwrap();
        assert_eq!(checkpoint.description.network, config.network);
    }
}
