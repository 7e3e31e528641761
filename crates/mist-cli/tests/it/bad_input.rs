//! Bad input: a clear message on stderr, exit code 2, and nothing on stdout.

use crate::support::{Folder, arrays, table};
use ndarray::{Array2, Array3};
use ndarray_npy::write_npy;

/// A folder with a sound `d.csv` (columns a, b, c) of 20 rows.
fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("d.csv", table(20, ','));
    folder
}

/// The same table with line `line` replaced; the header is line 1.
fn with_line(line: usize, text: &str) -> Folder {
    let folder = folder();
    let mut lines: Vec<String> = table(20, ',').lines().map(String::from).collect();
    lines[line - 1] = text.into();
    folder.write("d.csv", lines.join("\n"));
    folder
}

const COMMAND: &str = "estimate d.csv --x a,b --y c";

#[test]
fn files() {
    let folder = folder();
    folder.mist("estimate none.csv --x a --y b").refused(&["cannot read `none.csv`: No such file"]);
    folder.mist("estimate none.npy other.npy").refused(&["cannot read `none.npy`: No such file"]);
    folder.write("empty.csv", "");
    folder.mist("estimate empty.csv --x a --y b").refused(&["`empty.csv` is empty"]);
    folder.write("bom.csv", "\u{feff}\n");
    folder.mist("estimate bom.csv --x a --y b").refused(&["`bom.csv` is empty"]);
    folder.write("head.csv", "a,b\n");
    folder.mist("estimate head.csv --x a --y b").refused(&["`head.csv` has 0 rows, expected at least 10"]);
    folder.write("wide.csv", b"\xff\xfea\0,\0b\0\n\0");
    folder.mist("estimate wide.csv --x a --y b").refused(&["`wide.csv` is in UTF-16"]);
}

#[test]
fn an_output_never_replaces_its_input() {
    let folder = folder();
    let before = std::fs::read(folder.path().join("d.csv")).unwrap();
    for path in ["d.csv", "./d.csv"] {
        folder.mist(&format!("{COMMAND} --pointwise {path}")).refused(&["would replace its own input"]);
    }
    assert_eq!(std::fs::read(folder.path().join("d.csv")).unwrap(), before);
}

#[test]
fn columns() {
    let folder = folder();
    folder.mist("estimate d.csv --x a --y cc").refused(&["`d.csv` has no column `cc`\nhint: did you mean `c`?"]);
    folder.mist("estimate d.csv --x a --y zzz").refused(&["hint: the columns are `a`, `b`, `c`"]);
    folder.mist("estimate d.csv --x a").refused(&["`--y` is missing", "hint: the columns are `a`, `b`, `c`"]);
    folder.mist("estimate d.csv").refused(&["`--x` is missing", "hint: the columns are"]);
    folder.mist("estimate d.csv --x a,b --y b").refused(&["column `b` is in both `--x` and `--y`"]);
    folder.write("bare.csv", "1,2\n3,4\n");
    folder
        .mist("estimate bare.csv --x 1 --y 2")
        .refused(&["holds numbers, expected the names", "hint: `--header yes`"]);
}

#[test]
fn cells() {
    with_line(4, "1,two,3").mist(COMMAND).refused(&["`d.csv`, line 4, column `b`: `two` is not a number"]);
    with_line(5, "1,2,inf").mist(COMMAND).refused(&["`d.csv`, line 5, column `c`: `inf` is not a finite number"]);
    for (cell, what) in [("", "the cell is empty"), ("NA", "missing value `NA`"), ("NaN", "missing value `NaN`")] {
        let texts = [&format!("`d.csv`, line 6, column `a`: {what}"), "hint: `--missing drop`"];
        with_line(6, &format!("{cell},2,3")).mist(COMMAND).refused(&texts);
    }
    with_line(7, "1,2").mist(COMMAND).refused(&["`d.csv`, line 7: 2 cells, expected 3 as in the first line"]);
    let folder = folder();
    folder.write("d.csv", table(20, ';').replacen("0.", "0,", 1));
    folder.mist(COMMAND).refused(&["`d.csv`, line 2, column `a`", "hint: write decimals with a point"]);
}

#[test]
fn rows() {
    let folder = folder();
    folder.write("d.csv", table(9, ','));
    folder.mist(COMMAND).refused(&["`d.csv` has 9 rows, expected at least 10"]);
    folder.write("d.csv", table(9, ',') + "1,2,\n3,4,NA\n");
    folder.mist(&format!("{COMMAND} --missing drop")).refused(&["`d.csv` has 9 complete rows"]);
}

#[test]
fn options() {
    let folder = folder();
    for level in ["0.99", "0", "1", "-0.5", "nan"] {
        let out = folder.mist(&format!("{COMMAND} --interval={level}"));
        out.refused(&["is out of range, expected more than 0 and at most 0.98"]);
    }
    folder.mist(&format!("{COMMAND} --device tpu")).refused(&["'tpu'", "auto, cpu, cuda, metal"]);
    folder.mist(&format!("{COMMAND} --unit bans")).refused(&["'bans'", "nats, bits"]);
    folder.mist(&format!("{COMMAND} --delimiter ab")).refused(&["expected one ASCII character, `tab` or `space`"]);
    folder.mist("estimate").refused(&["<FILE>"]);
    #[cfg(not(feature = "cuda"))]
    folder.mist(&format!("{COMMAND} --device cuda")).refused(&["`cuda` is not part of this build\nhint: build with"]);
}

#[test]
fn arrays_of_numpy() {
    let folder = Folder::new();
    let path = |name: &str| folder.path().join(name);
    let (mut x, y) = arrays(20, 2);
    write_npy(path("x.npy"), &x).unwrap();
    write_npy(path("y.npy"), &y).unwrap();
    write_npy(path("short.npy"), &arrays(19, 1).1).unwrap();
    let texts = ["`x.npy` has 20 rows, `short.npy` has 19: expected as many in both"];
    folder.mist("estimate x.npy short.npy").refused(&texts);
    write_npy(path("few.npy"), &arrays(9, 1).1).unwrap();
    folder.mist("estimate few.npy few.npy").refused(&["has 9 rows, expected at least 10"]);
    write_npy(path("cube.npy"), &Array3::<f64>::zeros((20, 2, 3))).unwrap();
    folder.mist("estimate cube.npy y.npy").refused(&["`cube.npy` has shape (20, 2, 3), expected (n) or (n, d)"]);
    write_npy(path("none.npy"), &Array2::<f64>::zeros((20, 0))).unwrap();
    folder.mist("estimate none.npy y.npy").refused(&["`none.npy` has no columns"]);
    folder.mist("estimate x.npy").refused(&["`--x` is missing", "hint: the columns are `1`, `2`"]);
    folder.mist("estimate x.npy y.csv").refused(&["cannot read `y.csv`: No such file"]);
    folder.mist("estimate x.npy y.npy --x a").refused(&["`x.npy` has no column `a`"]);
    folder.mist("estimate x.npy y.npy --categorical 1").refused(&["`--categorical` belongs to one table", "hint: "]);

    let sound = std::fs::read(path("x.npy")).unwrap();
    folder.write("cut.npy", &sound[..sound.len() - 3]);
    folder.mist("estimate cut.npy y.npy").refused(&["`cut.npy` is truncated: 3 bytes are missing"]);
    folder.write("text.npy", "a,b\n1,2\n");
    folder.mist("estimate text.npy y.npy").refused(&["`text.npy` is not a sound .npy file"]);
    folder.write("zero.npy", "");
    folder.mist("estimate zero.npy y.npy").refused(&["`zero.npy` is empty"]);
    for (from, to, text) in [
        ("'<f8'", "'<c8'", "elements of type `<c8`"),
        ("'<f8'", "'>f8'", "elements of type `>f8`"),
        ("(20, 2)", "(9999999999999, 2)", "`odd.npy`"),
    ] {
        let header = String::from_utf8_lossy(&sound[10..128]).into_owned();
        let changed = header.replacen(from, to, 1);
        let changed = changed.trim_end().to_string();
        let mut bytes = sound[..10].to_vec();
        bytes.extend(format!("{changed:117}\n").bytes());
        bytes.extend(&sound[128..]);
        folder.write("odd.npy", bytes);
        folder.mist("estimate odd.npy y.npy").refused(&[text]);
    }

    x[[3, 1]] = f64::NAN;
    write_npy(path("nan.npy"), &x).unwrap();
    let texts = ["`nan.npy`, row 4 (from 1), column `2`: the value is NaN", "hint: `--missing drop`"];
    folder.mist("estimate y.npy nan.npy").refused(&texts);
    x[[3, 1]] = f64::NEG_INFINITY;
    write_npy(path("inf.npy"), &x).unwrap();
    folder
        .mist("estimate inf.npy y.npy --missing drop")
        .refused(&["row 4 (from 1), column `2`: the value is infinite"]);
}

#[test]
fn checkpoints() {
    let folder = folder();
    let released = concat!(env!("CARGO_MANIFEST_DIR"), "/../mist-infer/checkpoint/released.safetensors");
    let weights = std::fs::read(released).unwrap();
    let json = std::fs::read(released.replace(".safetensors", ".json")).unwrap();
    let run = |weights: &[u8], json: &[u8]| {
        folder.write("w.safetensors", weights);
        folder.write("w.json", json);
        folder.mist(&format!("{COMMAND} --checkpoint w.safetensors"))
    };
    assert_eq!(run(&weights, &json).code, Some(0));
    run(&weights[..weights.len() / 2], &json).refused(&["`w.safetensors` is damaged: its SHA-256 is"]);
    run(&[], &json).refused(&["`w.safetensors` is damaged"]);
    let mut flipped = weights.clone();
    flipped[weights.len() / 2] ^= 1;
    run(&flipped, &json).refused(&["`w.safetensors` is damaged"]);
    run(&weights, &json[..json.len() / 2]).refused(&["`w.json` is not a checkpoint description"]);
    let other = String::from_utf8_lossy(&json).replace("\"pair_blocks\": ", "\"pair_blocks\": 1");
    run(&weights, other.as_bytes()).refused(&["`w.json` is damaged: its SHA-256 is"]);
    // As an earlier version wrote it.
    let (unchecked, _) = other.split_once(",\n  \"checksum\"").unwrap();
    run(&weights, format!("{unchecked}}}").as_bytes()).refused(&["`w.safetensors` does not fit its configuration"]);
    folder.mist(&format!("{COMMAND} --checkpoint no.safetensors")).refused(&["cannot read `no.safetensors`"]);
}
