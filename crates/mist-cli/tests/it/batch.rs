//! `mist estimate --batch`.

use crate::support::{Folder, arrays};
use ndarray_npy::write_npy;

/// A folder `sets/` with pairs of several shapes and a manifest that lists them.
fn folder() -> Folder {
    let folder = Folder::new();
    std::fs::create_dir(folder.path().join("sets")).unwrap();
    let mut manifest = String::new();
    for (i, (n, d)) in [(20, 1), (30, 2), (20, 1), (25, 3), (30, 2)].into_iter().enumerate() {
        let (x, y) = arrays(n + i, d);
        write_npy(folder.path().join(format!("sets/x{i}.npy")), &x.slice(ndarray::s![i.., ..])).unwrap();
        write_npy(folder.path().join(format!("sets/y{i}.npy")), &y.slice(ndarray::s![i..])).unwrap();
        manifest += &format!("{{\"id\": \"set {i}\", \"mi\": 0.5, \"x\": \"x{i}.npy\", \"y\": \"y{i}.npy\"}}\n");
    }
    folder.write("sets/m.jsonl", manifest + "\n");
    folder
}

#[test]
fn answers_come_in_order_and_agree_with_single_ones() {
    let folder = folder();
    let out = folder.mist("estimate --batch sets/m.jsonl --interval 0.5");
    assert_eq!((out.code, out.stderr.as_str()), (Some(0), ""));
    let lines: Vec<serde_json::Value> = out.stdout.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(lines.len(), 5);
    for (i, line) in lines.iter().enumerate() {
        assert_eq!(line["id"], format!("set {i}"));
        let command = format!("estimate sets/x{i}.npy sets/y{i}.npy --format json --interval 0.5");
        let single = folder.mist(&command).json();
        assert_eq!((&line["n"], &line["dim_x"]), (&single["n"], &single["dim_x"]));
        let (got, want) = (line["mi"].as_f64().unwrap(), single["mi"].as_f64().unwrap());
        assert!((got - want).abs() < 1e-4 * (1.0 + want), "{got} {want}");
    }
}

#[test]
fn bad_lines_are_named_and_nothing_is_printed() {
    let folder = folder();
    let sound = std::fs::read_to_string(folder.path().join("sets/m.jsonl")).unwrap();
    let with = |line: &str| {
        folder.write("sets/bad.jsonl", format!("{}\n{line}\n", sound.trim_end()));
        folder.mist("estimate --batch sets/bad.jsonl")
    };
    with("{\"id\": 1").refused(&["`sets/bad.jsonl`, line 6: ", "hint: a line reads"]);
    with("{\"id\": 1, \"x\": \"x0.npy\"}").refused(&["line 6: missing field `y`"]);
    with("{\"id\": 1, \"x\": \"x0.npy\", \"y\": \"no.npy\"}").refused(&["line 6: cannot read `sets/no.npy`"]);
    with("{\"id\": 1, \"x\": \"x0.npy\", \"y\": \"y1.npy\"}").refused(&["line 6: `sets/x0.npy` has 20 rows"]);
    folder.write("empty.jsonl", "");
    folder.mist("estimate --batch empty.jsonl").refused(&["`empty.jsonl` is empty"]);
    folder.mist("estimate --batch sets/m.jsonl --format text").refused(&["`--batch` writes JSON lines"]);
    folder.mist("estimate d.csv --batch sets/m.jsonl").refused(&["cannot be used with"]);
}
