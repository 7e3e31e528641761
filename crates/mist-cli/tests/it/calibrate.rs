//! `mist calibrate` and `mist info`.

use crate::support::Folder;

/// A folder with a network that two steps of training on a mix have taught nothing, `run/a.safetensors`.
pub fn trained_on(meta: &str) -> Folder {
    let folder = Folder::new();
    let config = format!(
        "name = \"a\"\nmeta = \"{meta}\"\nseed = 3\nsteps = 2\n[validation]\ntasks = 4\n[batch]\ncells = 600\n\
         min_tasks = 1\nmax_tasks = 2\n[network]\npair_blocks = 1\nrow_blocks = 1\npair_channels = 4\nrow_width = 8\n\
         [network.local]\ncritic_channels = 4\nhead_width = 8\n"
    );
    folder.write("a.toml", config);
    let trained = folder.mist("train --config a.toml --out run");
    assert_eq!(trained.code, Some(0), "{trained:?}");
    folder
}

#[test]
fn calibration_goes_into_the_checkpoint_and_changes_its_intervals() {
    let folder = trained_on("m_train");
    let before = folder.mist("info run/a.safetensors");
    assert!(before.stdout.contains("calibrated            no"), "{before:?}");

    let out = folder.mist("calibrate run/a.safetensors --only intervals --tasks 1000 --check 400");
    assert_eq!(out.code, Some(0), "{out:?}");
    let row = out.stdout.lines().find(|l| l.starts_with("| 90 %")).unwrap();
    let covers: f64 = row.split('|').nth(3).unwrap().trim().trim_end_matches(" %").parse().unwrap();
    // The network knows nothing; the table alone makes the intervals hold.
    assert!((84.0..=96.0).contains(&covers), "{}", out.stdout);
    let after = folder.mist("info run/a.safetensors");
    assert!(after.stdout.contains("calibrated            on 1000 tasks of `m_train`, seed 0"), "{after:?}");
    let json = folder.mist("info run/a.safetensors --format json").json();
    assert!(json["calibration"]["strata"].is_array(), "{json}");
    assert!(after.stdout.contains("90 % intervals hold, on 440 tasks"), "{}", after.stdout);
    assert!(after.stdout.contains("families never trained on"), "{}", after.stdout);
    let cells = json["coverage"]["cells"].as_array().unwrap();
    assert_eq!(cells.iter().map(|c| c["tasks"].as_u64().unwrap()).sum::<u64>(), 440);
}

#[test]
fn p_values_and_conditional_intervals_have_their_tables_in_the_checkpoint() {
    // Two steps towards 0 keep the answers of a network that knows nothing from being absurd.
    let folder = trained_on("independence");
    let all = "calibrate run/a.safetensors --tasks 1000 --check 100 --shuffled 1000 --conditional 700";
    let out = folder.mist(all);
    assert_eq!(out.code, Some(0), "{out:?}");
    // One call makes all three, each with its own check.
    let json = folder.mist("info run/a.safetensors --format json").json();
    for part in ["calibration", "coverage", "independence", "conditional"] {
        assert!(json[part].is_object(), "{part}: {json}");
    }
    for check in ["| 50 % |", "called dependent", "| exclusive-or |"] {
        assert!(out.stdout.contains(check), "{check}: {}", out.stdout);
    }
    // p-values of independent tables: five in a hundred are below 5 %, within three standard errors of 500 tables.
    let row = out.stdout.lines().find(|l| l.starts_with("| 5 %")).unwrap();
    let called: f64 = row.split('|').nth(2).unwrap().trim().trim_end_matches(" %").parse().unwrap();
    assert!((2.0..=8.0).contains(&called), "{}", out.stdout);
    folder.write("d.csv", crate::support::table(50, ','));
    let ranked = folder.mist("rank d.csv --target c --checkpoint run/a.safetensors --format json").json();
    assert!(ranked["pairs"].as_array().unwrap().iter().all(|pair| pair["p_value"].is_f64()), "{ranked}");
    let conditional =
        folder.mist("conditional d.csv --x a --y b --given c --checkpoint run/a.safetensors --format json");
    assert_eq!(conditional.json()["interval"]["calibrated"], true);
    let card = folder.mist("info run/a.safetensors");
    // Small tasks are shuffled more than once.
    let shuffled =
        card.stdout.split_once("p-values from quantiles  by ").unwrap().1.split_once(" shuffled tasks").unwrap().0;
    assert!(shuffled.parse::<usize>().unwrap() > 1000, "{card:?}");

    // Other intervals: what was made with the former ones is gone.
    let out = folder.mist("calibrate run/a.safetensors --only intervals --tasks 1000 --check 100");
    assert_eq!(out.code, Some(0), "{out:?}");
    let json = folder.mist("info run/a.safetensors --format json").json();
    assert!(json.get("independence").is_none() && json.get("conditional").is_none(), "{json}");
}

#[test]
fn a_network_that_was_trained_too_little_is_refused_with_the_reason() {
    let folder = trained_on("m_train");
    let described = || std::fs::read(folder.path().join("run/a.json")).unwrap();
    let before = described();
    let out = folder.mist("--quiet calibrate run/a.safetensors --only independence --shuffled 1000");
    assert_eq!(out.code, Some(2), "{out:?}");
    let message = &out.stderr;
    assert!(
        message.starts_with("error: cannot calibrate the p-values of `run/a.safetensors`: the checkpoint `a` answers")
    );
    assert!(message.contains("nats, which no data can give"), "{message}");
    assert!(message.contains("hint: its network was trained too little"), "{message}");
    assert!(message.contains("train it further and calibrate it again"), "{message}");
    // Nothing half-done is left behind.
    assert!(described() == before);
}

#[test]
fn the_embedded_checkpoint_has_a_card() {
    let out = Folder::new().mist("info");
    assert!(out.code == Some(0) && out.stdout.starts_with("mist-"), "{out:?}");
    assert!(out.stdout.contains("trained on"), "{out:?}");
}
