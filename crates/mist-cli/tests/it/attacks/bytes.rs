//! Files of every kind with a few bytes changed.

use super::{Tally, changed, drawn, tally::Said};
use crate::support::{Folder, arrays, table};
use ndarray_npy::write_npy;
use serde_json::Value;
use std::fs;
use std::path::Path;

/// What is wrong with an answer in JSON: it must be finite, and inside its interval.
fn unsound(answer: &Value) -> Option<String> {
    let number = |value: &Value| value.as_f64().filter(|v| v.is_finite() && *v >= 0.0);
    let [mi, lower, upper] = [&answer["mi"], &answer["interval"]["lower"], &answer["interval"]["upper"]].map(number);
    let sound = lower <= mi && mi <= upper && lower.is_some();
    (!sound).then(|| format!("no sound answer: {answer}"))
}

/// The answer in JSON of a run that went well.
fn answer(said: &Said) -> Option<Value> {
    (said.code == 0).then(|| serde_json::from_str(&said.stdout).unwrap_or_default())
}

fn repository() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

#[test]
fn csv() {
    let (folder, mut tally) = (Folder::new(), Tally::default());
    let integers: String = (0..40).map(|i| format!("{},{}\n", i * i % 23, (1i64 << 60) + i * 7 % 40)).collect();
    for sound in [table(40, ','), table(40, ';'), format!("a,c\n{integers}"), table(40, '\t').replace('.', ".\"")] {
        for seed in 1..=drawn() {
            let bytes = changed(sound.as_bytes(), seed);
            folder.write("d.csv", &bytes);
            let command = &mut folder.command("estimate d.csv --x a --y c --format json");
            tally.attack(&format!("CSV {seed}"), command, |said| {
                let answer = answer(said)?;
                // Every line is a row or was said to be left out; quotes may join lines.
                let lines = bytes.split(|b| b"\r\n".contains(b)).filter(|line| !line.is_empty()).count() as u64;
                let lost = !bytes.contains(&b'"') && answer["n"].as_u64() != Some(lines - 1);
                unsound(&answer).or_else(|| lost.then(|| format!("{lines} lines, but {answer}")))
            });
        }
    }
    tally.finish("CSV files, bytes changed");
}

#[test]
fn npy() {
    let (folder, mut tally) = (Folder::new(), Tally::default());
    let (x, y) = arrays(40, 2);
    write_npy(folder.path().join("y.npy"), &y).unwrap();
    write_npy(folder.path().join("f8.npy"), &x).unwrap();
    write_npy(folder.path().join("i8.npy"), &x.mapv(|v| (v * 1e18) as i64)).unwrap();
    write_npy(folder.path().join("b1.npy"), &x.mapv(|v| v > 0.5)).unwrap();
    for name in ["f8", "i8", "b1"] {
        let sound = fs::read(folder.path().join(format!("{name}.npy"))).unwrap();
        // Half of the changes in the header, which is 128 bytes of many more.
        let (header, data) = sound.split_at(128);
        for seed in 1..=drawn() {
            let bytes = match seed % 2 {
                0 => [&changed(header, seed), data].concat(),
                _ => changed(&sound, seed),
            };
            folder.write("x.npy", bytes);
            let command = &mut folder.command("estimate x.npy y.npy --format json");
            tally.attack(&format!("{name} {seed}"), command, |said| {
                let answer = answer(said)?;
                let lost = answer["n"] != 40;
                unsound(&answer).or_else(|| lost.then(|| format!("40 rows, but {answer}")))
            });
        }
    }
    tally.finish("`.npy` files, bytes changed");
}

#[test]
fn lists_of_pairs() {
    let (folder, mut tally) = (Folder::new(), Tally::default());
    let (x, y) = arrays(20, 1);
    write_npy(folder.path().join("x.npy"), &x).unwrap();
    write_npy(folder.path().join("y.npy"), &y).unwrap();
    let sound =
        "{\"id\": 1, \"x\": \"x.npy\", \"y\": \"y.npy\"}\n{\"id\": \"b\", \"x\": \"y.npy\", \"y\": \"x.npy\"}\n";
    for seed in 1..=2 * drawn() {
        let bytes = changed(sound.as_bytes(), seed);
        folder.write("m.jsonl", &bytes);
        let command = &mut folder.command("estimate --batch m.jsonl");
        tally.attack(&format!("list {seed}"), command, |said| {
            if said.code == 2 {
                return None;
            }
            let asked = bytes.split(|b| *b == b'\n').filter(|line| !line.trim_ascii().is_empty()).count();
            let lines: Vec<Value> = said.stdout.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
            let failed = lines.iter().filter(|line| line["error"].is_string()).count();
            if lines.len() != asked || (failed > 0) != (said.code == 1) {
                return Some(format!("{asked} lines, {} answers, exit code {}", lines.len(), said.code));
            }
            lines.iter().filter(|line| line["error"].is_null()).find_map(unsound)
        });
    }
    tally.finish("lists of pairs, bytes changed");
}

#[test]
fn data_sets() {
    let folder = Folder::new();
    folder.mist("generate --config m_train --count 12 --shard-size 4 --pointwise --out d");
    for (kind, file) in [("manifests of data sets", "manifest.json"), ("shards", "shard-00001.safetensors")] {
        let mut tally = Tally::default();
        let path = folder.path().join("d").join(file);
        let sound = fs::read(&path).unwrap();
        let meaning = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).ok();
        for seed in 1..=2 * drawn() {
            let bytes = changed(&sound, seed);
            fs::write(&path, &bytes).unwrap();
            let same = meaning(&bytes).is_some_and(|m| Some(m) == meaning(&sound));
            tally.attack(&format!("{file} {seed}"), &mut folder.command("dataset verify d"), |said| {
                (said.code == 0 && !same).then(|| "damage passes".to_owned())
            });
            tally.attack(&format!("{file} {seed}, summary"), &mut folder.command("dataset summary d"), |_| None);
        }
        fs::write(&path, &sound).unwrap();
        tally.finish(&format!("{kind}, bytes changed"));
    }
}

#[test]
fn checkpoints() {
    let folder = Folder::new();
    let from = repository().join("crates/mist-infer/checkpoint/released");
    let [weights, json] = ["safetensors", "json"].map(|end| fs::read(from.with_extension(end)).unwrap());
    folder.write("w.safetensors", &weights);
    folder.write("w.json", &json);
    folder.write("d.csv", table(40, ','));
    let args = "estimate d.csv --x a --y c --format json --checkpoint w.safetensors";
    let sound = folder.mist(args).json();

    let mut tally = Tally::default();
    for seed in 1..=drawn() {
        folder.write("w.safetensors", changed(&weights, seed));
        tally.attack(&format!("weights {seed}"), &mut folder.command(args), |said| {
            (said.code == 0).then(|| "damage passes".to_owned())
        });
    }
    folder.write("w.safetensors", &weights);
    tally.finish("weights, bytes changed");

    let mut tally = Tally::default();
    for seed in 1..=2 * drawn() {
        folder.write("w.json", changed(&json, seed));
        tally.attack(&format!("description {seed}"), &mut folder.command(args), |said| {
            let answer = answer(said)?;
            let same = [&answer["mi"], &answer["interval"]] == [&sound["mi"], &sound["interval"]];
            (!same).then(|| format!("another answer: {answer}"))
        });
    }
    tally.finish("descriptions of checkpoints, bytes changed");
}
