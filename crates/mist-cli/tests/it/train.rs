//! Training from the command line: killed and resumed, and the script for rented GPUs end to end on the CPU.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const CONFIG: &str = concat!(
    r#"
name = "tiny"
meta = "m_train"
seed = 5
steps = 60

[batch]
per_step = 2
cells = 600
min_tasks = 1
max_tasks = 3

[optimizer]
warmup_steps = 5

[validation]
tasks = 4
every = 1000

"#,
    include_str!("../../../../tests/data/tiny-network.toml")
);

fn mist(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mist"));
    command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn a_killed_run_resumes_to_the_same_weights() {
    let dir = tempfile::tempdir().unwrap();
    let (config, whole, killed) = (dir.path().join("tiny.toml"), dir.path().join("whole"), dir.path().join("killed"));
    std::fs::write(&config, CONFIG).unwrap();
    let arguments = |out| ["train", "--config", text(&config), "--out", text(out), "--save-every", "0"];
    assert!(mist(&arguments(&whole)).status().unwrap().success());

    // Killed without warning as soon as some state is on disk, wherever the run is by then, and once more.
    for resume in [false, true] {
        let state = killed.join("state.safetensors");
        let before = std::fs::metadata(&state).and_then(|m| m.modified()).ok();
        let mut run = mist(&arguments(&killed)).args(resume.then_some("--resume")).spawn().unwrap();
        let start = Instant::now();
        while std::fs::metadata(&state).and_then(|m| m.modified()).ok() == before {
            assert!(start.elapsed() < Duration::from_secs(120), "no state was saved");
            std::thread::sleep(Duration::from_millis(1));
        }
        run.kill().unwrap();
        run.wait().unwrap();
        assert!(!killed.join("tiny.safetensors").exists(), "the run was over before it was killed");
    }
    assert!(mist(&arguments(&killed)).arg("--resume").status().unwrap().success());
    for file in ["tiny.safetensors", "tiny.json"] {
        assert_eq!(std::fs::read(whole.join(file)).unwrap(), std::fs::read(killed.join(file)).unwrap(), "{file}");
    }
}

#[test]
#[cfg(unix)]
fn ctrl_c_saves_the_state_first() {
    let dir = tempfile::tempdir().unwrap();
    let (config, whole, stopped) = (dir.path().join("tiny.toml"), dir.path().join("whole"), dir.path().join("stopped"));
    std::fs::write(&config, CONFIG.replace("steps = 60", "steps = 200")).unwrap();
    // No state is saved on the way.
    let arguments = |out| ["train", "--config", text(&config), "--out", text(out), "--save-every", "1e6"];
    for signal in ["-INT", "-TERM"] {
        let mut run = mist(&arguments(&stopped)).args((signal == "-TERM").then_some("--resume")).spawn().unwrap();
        let (start, log) = (Instant::now(), stopped.join("log.jsonl"));
        let lines = |log: &Path| std::fs::read_to_string(log).unwrap_or_default().lines().count();
        let before = if signal == "-TERM" { 1 } else { 0 };
        while !log.exists() || (before > 0 && start.elapsed() < Duration::from_millis(300)) {
            assert!(start.elapsed() < Duration::from_secs(120), "the run did not begin");
            std::thread::sleep(Duration::from_millis(1));
        }
        assert!(Command::new("kill").args([signal, &run.id().to_string()]).status().unwrap().success());
        assert_eq!(run.wait().unwrap().code(), Some(130), "{signal}");
        assert!(stopped.join("state.safetensors").exists() && lines(&log) > 0);
    }
    assert!(mist(&arguments(&stopped)).arg("--resume").status().unwrap().success());
    assert!(mist(&arguments(&whole)).status().unwrap().success());
    let weights = |out: &Path| std::fs::read(out.join("tiny.safetensors")).unwrap();
    assert_eq!(weights(&whole), weights(&stopped));
}

#[test]
fn the_script_for_rented_gpus_runs_twice_on_the_cpu() {
    let dir = tempfile::tempdir().unwrap();
    let (config, out) = (dir.path().join("tiny.toml"), dir.path().join("out"));
    std::fs::write(&config, CONFIG).unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts/train-gpu");
    let mut tasks = Vec::new();
    for _ in 0..2 {
        let output = Command::new(script)
            .args(["--mist", env!("CARGO_BIN_EXE_mist"), "--config", text(&config), "--out", text(&out)])
            .args(["--device", "cpu", "--max-minutes", "0.002", "--bench-seconds", "0.01", "--batch-times", "1"])
            .args(["--eval-limit", "13", "--agreement-steps", "2"])
            .output()
            .unwrap();
        let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{stdout}\n{stderr}");
        for line in ["| before: ", "| after: ", "cpu against cpu", "tasks/s"] {
            assert!(stdout.contains(line), "no `{line}` in\n{stdout}\n{stderr}");
        }
        let state = std::fs::read(out.join("tiny.json")).unwrap();
        let state: serde_json::Value = serde_json::from_slice(&state).unwrap();
        tasks.push(state["trained"]["tasks"].as_u64().unwrap());
    }
    // The second session went on where the first one stopped.
    assert!(tasks[1] > tasks[0] && tasks[0] > 0, "{tasks:?}");
}
