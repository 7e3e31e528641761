//! `mist conditional`.

use crate::support::{Folder, noise};
use std::fmt::Write;

/// `x` and `y` have `z` in common and nothing else.
fn table(n: usize) -> String {
    let mut text = String::from("x,y,z,w\n");
    for r in 0..n {
        let z = noise(r, 0);
        writeln!(text, "{},{},{z},{}", z + 0.3 * noise(r, 1), z + 0.3 * noise(r, 2), noise(r, 3)).unwrap();
    }
    text
}

#[test]
fn what_is_left_once_z_is_known() {
    let folder = Folder::new();
    folder.write("d.csv", table(300));
    folder.bare_checkpoint();
    let command = "conditional d.csv --x x --y y --checkpoint bare.safetensors --given";
    let out = folder.mist(&format!("{command} z"));
    assert_eq!(out.code, Some(0), "{out:?}");
    let lines: Vec<&str> = out.stdout.lines().collect();
    assert!(lines[0].starts_with("I(X;Y|Z) = ") && lines[0].contains("90 % interval"), "{out:?}");
    assert!(lines[1].starts_with("I(X;Y,Z) = "), "{out:?}");
    assert_eq!(lines[2], "X: x   Y: y   Z: z   n = 300");
    assert!(out.stderr.contains("no table of errors of their difference"), "{out:?}");

    let json = |given: &str| folder.mist(&format!("{command} {given} --format json")).json();
    let mi = |json: &serde_json::Value| json["mi"].as_f64().unwrap();
    let (common, noise) = (json("z"), json("w"));
    assert!(mi(&common) < 0.5 * mi(&noise), "{common} {noise}");
    let part = |name: &str| common["parts"][name].as_f64().unwrap();
    let chain = 0.5 * (part("x_yz") - part("x_z") + part("y_xz") - part("y_z"));
    assert!((mi(&common) - chain.max(0.0)).abs() < 1e-9);
    assert_eq!((&common["given"], &common["interval"]["calibrated"]), (&serde_json::json!(["z"]), &false.into()));
    let both = json("z,w");
    assert_eq!(both["given"].as_array().unwrap().len(), 2);
}

#[test]
fn sides_do_not_overlap() {
    let folder = Folder::new();
    folder.write("d.csv", table(30));
    folder.mist("conditional d.csv --x x --y y --given x,z").refused(&["column `x` is in both `--x` and `--given`"]);
    folder.mist("conditional d.csv --x x --y y").refused(&["`--given` is missing"]);
}
