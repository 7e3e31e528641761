//! `mist estimate` on good data.

use crate::support::{Folder, arrays, table};
use ndarray::{Array2, ShapeBuilder};
use ndarray_npy::write_npy;

const PENGUINS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data/penguins.csv");
const RELEASED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../mist-infer/checkpoint/released.safetensors");

#[test]
fn text_on_stdout_and_warnings_on_stderr() {
    let columns = "--x bill_length_mm,bill_depth_mm --y body_mass_g --missing drop";
    let out = Folder::new().mist(&format!("estimate {PENGUINS} {columns}"));
    assert_eq!(out.code, Some(0), "{out:?}");
    let lines: Vec<&str> = out.stdout.lines().collect();
    assert!(lines[0].starts_with("I(X;Y) = ") && lines[0].contains(" nats   90 % interval "), "{out:?}");
    assert_eq!(lines[1], "X: bill_length_mm, bill_depth_mm   Y: body_mass_g   n = 342");
    assert_eq!(lines.len(), 2);
    assert_eq!(out.stderr, "warning: 2 rows with missing values left out\n");
}

#[test]
fn json_has_its_keys_in_order() {
    let folder = Folder::new();
    folder.write("d.csv", table(50, ','));
    let out = folder.mist("estimate d.csv --x a --x b --y c --format json --interval 0.8");
    assert_eq!(out.stderr, "");
    let json = out.json();
    let outer: Vec<usize> = [
        "schema",
        "id",
        "mi",
        "at_least",
        "unit",
        "interval",
        "normalised",
        "p_value",
        "n",
        "dim_x",
        "dim_y",
        "x",
        "y",
        "warnings",
        "checkpoint",
    ]
    .iter()
    .map(|key| out.stdout.find(&format!("\"{key}\":")).unwrap())
    .collect();
    assert!(outer.is_sorted() && json.as_object().unwrap().len() == 15, "{}", out.stdout);
    assert_eq!(json["id"], serde_json::Value::Null);
    assert_eq!((&json["n"], &json["dim_x"], &json["dim_y"]), (&50.into(), &2.into(), &1.into()));
    assert_eq!(
        (&json["schema"], &json["x"], &json["y"]),
        (&1.into(), &serde_json::json!(["a", "b"]), &serde_json::json!(["c"]))
    );
    assert_eq!((&json["unit"], &json["interval"]["level"]), (&"nats".into(), &0.8.into()));
    let value = |v: &serde_json::Value| v.as_f64().unwrap();
    let (mi, lower, upper) = (value(&json["mi"]), value(&json["interval"]["lower"]), value(&json["interval"]["upper"]));
    assert!(0.0 <= lower && lower <= mi && mi <= upper);
    assert_eq!(json["warnings"], serde_json::json!([]));
    let normalised = value(&json["normalised"]["value"]);
    assert_eq!(
        (&json["normalised"]["scale"], &json["p_value"]),
        (&"informational_correlation".into(), &serde_json::Value::Null)
    );
    assert!((normalised - (1.0 - (-2.0 * mi).exp()).sqrt()).abs() < 1e-12);
    assert_eq!(json["checkpoint"]["sha256"].as_str().unwrap().len(), 64);
    assert!(json["checkpoint"]["name"].as_str().unwrap().starts_with("mist-"));
}

#[test]
fn bits_are_nats_over_ln_2() {
    let folder = Folder::new();
    folder.write("d.csv", table(50, ','));
    let run = |unit: &str| folder.mist(&format!("estimate d.csv --x a --y c --format json --unit {unit}")).json();
    let (nats, bits) = (run("nats"), run("bits"));
    assert_eq!(bits["unit"], "bits");
    for (n, b) in [(&nats["mi"], &bits["mi"]), (&nats["interval"]["upper"], &bits["interval"]["upper"])] {
        assert!((n.as_f64().unwrap() - b.as_f64().unwrap() * std::f64::consts::LN_2).abs() < 1e-12);
    }
}

#[test]
fn csv_dialects_agree() {
    let folder = Folder::new();
    folder.write("comma.csv", table(30, ','));
    folder.write("semicolon.csv", table(30, ';'));
    folder.write("tab.csv", table(30, '\t'));
    folder.write("pipe.csv", table(30, '|'));
    folder.write("bom.csv", format!("\u{feff}{}", table(30, ',').replace('\n', "\r\n")));
    folder.write("quoted.csv", table(30, ',').replacen("a,b,c", "\"a, in m\",\"b\",c", 1));
    let run = |args: &[&str]| {
        let args = [&["estimate"], args, &["--y", "c", "--format", "json"]].concat();
        folder.run(&args).json()
    };
    let base = run(&["comma.csv", "--x", "a,b"]);
    assert_eq!(run(&["semicolon.csv", "--x", "a,b"]), base);
    assert_eq!(run(&["tab.csv", "--x", "a, b"]), base);
    assert_eq!(run(&["pipe.csv", "--x", "a,b"]), base);
    assert_eq!(run(&["pipe.csv", "--x", "a,b", "--delimiter", "|"]), base);
    assert_eq!(run(&["comma.csv", "--x", "[ab]"]), base);
    assert_eq!(run(&["comma.csv", "--x", "..2"]), base);
    assert_eq!(run(&["comma.csv", "--x", "*"]), base);
    assert_eq!(run(&["tab.csv", "--x", "a,b", "--delimiter", "tab"]), base);
    assert_eq!(run(&["bom.csv", "--x", "a,b"]), base);
    for args in [["quoted.csv", "--x", "a, in m", "--x", "b"].as_slice(), &["quoted.csv", "--x", "\"a, in m\",b"]] {
        let mut quoted = run(args);
        assert_eq!(quoted["x"].take(), serde_json::json!(["a, in m", "b"]));
        quoted["x"] = base["x"].clone();
        assert_eq!(quoted, base);
    }
}

#[test]
fn missing_cells_are_dropped_from_the_used_columns_only() {
    let folder = Folder::new();
    let mut lines: Vec<String> = table(30, ',').lines().map(String::from).collect();
    lines[3] = ",0.5,0.5".into();
    lines[4] = "0.5,0.5,NA".into();
    lines[5] = "0.5,,0.4".into();
    lines[6] = "nan,0.5,0.3".into();
    folder.write("d.csv", lines.join("\n"));
    let json = folder.mist("estimate d.csv --x a --y c --missing drop --format json").json();
    assert_eq!(json["n"], 27);
    assert_eq!(json["warnings"][0], "3 rows with missing values left out");
}

#[test]
fn npy_of_any_type_and_order() {
    let folder = Folder::new();
    let path = |name: &str| folder.path().join(name);
    let (x, y) = arrays(40, 3);
    // Whole numbers, so that every type holds the same values.
    let x = x.mapv(|v| (v * 100.0).floor());
    let y = y.mapv(|v| (v * 25.0).floor());
    write_npy(path("x64.npy"), &x).unwrap();
    write_npy(path("x32.npy"), &x.mapv(|v| v as f32)).unwrap();
    write_npy(path("i64.npy"), &x.mapv(|v| v as i64)).unwrap();
    write_npy(path("i32.npy"), &x.mapv(|v| v as i32)).unwrap();
    write_npy(path("u8.npy"), &x.mapv(|v| v as u8)).unwrap();
    let mut fortran = Array2::zeros((40, 3).f());
    fortran.assign(&x);
    write_npy(path("fortran.npy"), &fortran).unwrap();
    write_npy(path("y.npy"), &y).unwrap();
    write_npy(path("y2.npy"), &y.clone().insert_axis(ndarray::Axis(1)).mapv(|v| v as u16)).unwrap();
    let run = |x: &str, y: &str| folder.mist(&format!("estimate {x}.npy {y}.npy --format json")).json();
    let base = run("x64", "y");
    assert_eq!((&base["n"], &base["dim_x"], &base["dim_y"]), (&40.into(), &3.into(), &1.into()));
    for name in ["x32", "i64", "i32", "u8", "fortran"] {
        assert_eq!(run(name, "y2"), base, "{name}");
    }
    write_npy(path("bool.npy"), &x.mapv(|v| v > 50.0)).unwrap();
    // Three bits hold no more than three times ln 2.
    let bits = run("bool", "y");
    assert!(bits["interval"]["upper"].as_f64().unwrap() < 3.0 * 2f64.ln() + 1e-9, "{bits}");
    let text = folder.mist("estimate x64.npy y.npy").stdout;
    assert!(text.ends_with("X: x64.npy (3 columns)   Y: y.npy (1 column)   n = 40\n"), "{text}");
}

#[test]
fn npy_rows_with_nan_can_be_dropped() {
    let folder = Folder::new();
    let (x, mut y) = arrays(40, 2);
    write_npy(folder.path().join("x.npy"), &x).unwrap();
    y[7] = f64::NAN;
    write_npy(folder.path().join("y.npy"), &y).unwrap();
    let json = folder.mist("estimate x.npy y.npy --missing drop --format json").json();
    assert_eq!((&json["n"], &json["warnings"][0]), (&39.into(), &"1 row with missing values left out".into()));
}

#[test]
fn constant_columns_are_answered_with_a_warning() {
    let folder = Folder::new();
    let with = |constant: &str| table(30, ',').lines().map(|l| format!("{l},{constant}\n")).collect::<String>();
    folder.write("d.csv", with("7").replacen("c,7", "c,k", 1));
    let zero = folder.mist("estimate d.csv --x a,b --y k --format json").json();
    assert_eq!(
        (&zero["mi"], &zero["interval"]["lower"], &zero["interval"]["upper"]),
        (&0.0.into(), &0.0.into(), &0.0.into())
    );
    assert!(zero["warnings"][0].as_str().unwrap().contains("every column of Y is constant"));
    let part = folder.mist("estimate d.csv --x a,k --y c --format json").json();
    assert_eq!(
        (&part["dim_x"], &part["warnings"]),
        (&2.into(), &serde_json::json!(["column `k` of X left out: all values are equal"]))
    );
    assert_eq!(part["mi"], folder.mist("estimate d.csv --x a --y c --format json").json()["mi"]);
}

#[test]
fn data_unlike_the_training_data_is_pointed_out() {
    let folder = Folder::new();
    let released = std::fs::read(RELEASED.replace(".safetensors", ".json")).unwrap();
    let released: serde_json::Value = serde_json::from_slice(&released).unwrap();
    let most = released["trained"]["dims"][1].as_u64().unwrap();
    let (x, y) = arrays(20, most as usize + 1);
    write_npy(folder.path().join("x.npy"), &x).unwrap();
    write_npy(folder.path().join("y.npy"), &y).unwrap();
    let json = folder.mist("estimate x.npy y.npy --format json").json();
    let warning =
        format!("{} columns of X, more than the {most} that the checkpoint was trained on: answered from", most + 1);
    assert!(json["warnings"][0].as_str().unwrap().starts_with(&warning), "{json}");
}

#[test]
fn a_checkpoint_on_disk_answers_as_the_embedded_one() {
    let folder = Folder::new();
    folder.write("d.csv", table(30, ','));
    let command = "estimate d.csv --x a --y c --format json";
    let from_disk = folder.mist(&format!("{command} --checkpoint {RELEASED} --device cpu")).json();
    assert_eq!(from_disk, folder.mist(command).json());
}

#[test]
fn help_ends_with_examples() {
    let help = Folder::new().mist("estimate --help").stdout;
    assert!(help.contains("Examples:\n  mist estimate "), "{help}");
    assert!(help.lines().all(|line| line.chars().count() <= 115), "{help}");
}

#[test]
fn a_test_of_independence_beside_the_answer() {
    let folder = Folder::new();
    folder.write("d.csv", table(300, ','));
    let command = "estimate d.csv --x a --y c --test permutation --permutations 39";
    // Columns that depend on each other: of 39 permutations hardly one looks like them.
    let p = folder.mist(&format!("{command} --format json")).json()["p_value"].as_f64().unwrap();
    assert!((1.0 / 40.0..=0.1).contains(&p), "{p}");
    let text = folder.mist(command).stdout;
    assert!(text.lines().nth(1).unwrap().starts_with(&format!("p = {p:.2e} ")), "{text}");
    let (x, y) = arrays(300, 1);
    write_npy(folder.path().join("x.npy"), &x).unwrap();
    write_npy(folder.path().join("y.npy"), &y).unwrap();
    folder.write("m.jsonl", "{\"id\": 1, \"x\": \"x.npy\", \"y\": \"y.npy\"}\n");
    let batch = folder.mist("estimate --batch m.jsonl --test permutation --permutations 39").json();
    let p = batch["p_value"].as_f64().unwrap();
    assert!((1.0 / 40.0..=1.0).contains(&p), "{p}");
    folder.bare_checkpoint();
    folder
        .mist("estimate d.csv --x a --y c --test amortised --checkpoint bare.safetensors")
        .refused(&["hint: test by permutation"]);
}
