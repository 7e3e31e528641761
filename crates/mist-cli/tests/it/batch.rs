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
fn a_line_that_fails_says_so_and_the_others_are_answered() {
    let folder = folder();
    let (x, _) = arrays(9, 1);
    write_npy(folder.path().join("sets/few.npy"), &x).unwrap();
    let id = "12345678901234567890123";
    let lines = [
        "{\"id\": 1.0, \"x\": \"x0.npy\", \"y\": \"y0.npy\"}".to_owned(),
        format!("{{\"id\": {id}, \"x\": \"x0.npy\", \"y\": \"no.npy\"}}"),
        "{\"id\": [2, {\"a\":  1e400}], \"x\": \"x1.npy\", \"y\": \"y1.npy\"}".to_owned(),
        "{\"id\": \"mixed\", \"x\": \"x0.npy\", \"y\": \"y1.npy\"}".to_owned(),
        "{\"id\": \"half\", \"x\": \"x0.npy\"}".to_owned(),
        "{\"id\": 7".to_owned(),
        "{\"id\": \"few\", \"x\": \"few.npy\", \"y\": \"few.npy\"}".to_owned(),
        "\u{fffd}".to_owned(),
        "{\"id\": null, \"x\": \"x2.npy\", \"y\": \"y2.npy\"}".to_owned(),
    ];
    folder.write("sets/bad.jsonl", lines.join("\n").replace('\u{fffd}', "") + "\n");
    let bytes = [std::fs::read(folder.path().join("sets/bad.jsonl")).unwrap(), b"\xff\xfe\n".to_vec()].concat();
    folder.write("sets/bad.jsonl", bytes);
    let out = folder.mist("estimate --batch sets/bad.jsonl");
    assert_eq!(out.code, Some(1), "{out:?}");
    assert_eq!(out.stderr, "error: 6 of 9 lines failed, see the lines with `error`\n");
    let starts = [
        "{\"schema\":1,\"id\":1.0,\"mi\":".to_owned(),
        format!("{{\"schema\":1,\"id\":{id},\"error\":\"`sets/bad.jsonl`, line 2: cannot read `sets/no.npy`: No such file"),
        "{\"schema\":1,\"id\":[2, {\"a\":  1e400}],\"mi\":".into(),
        "{\"schema\":1,\"id\":\"mixed\",\"error\":\"`sets/bad.jsonl`, line 4: `sets/x0.npy` has 20 rows, `sets/y1.npy` has 30"
            .into(),
        "{\"schema\":1,\"id\":\"half\",\"error\":\"`sets/bad.jsonl`, line 5: missing field `y`".into(),
        "{\"schema\":1,\"id\":null,\"error\":\"`sets/bad.jsonl`, line 6: EOF while parsing".into(),
        "{\"schema\":1,\"id\":\"few\",\"error\":\"`sets/bad.jsonl`, line 7: the pair `sets/few.npy`, `sets/few.npy` has 9 rows"
            .into(),
        "{\"schema\":1,\"id\":null,\"mi\":".into(),
        "{\"schema\":1,\"id\":null,\"error\":\"`sets/bad.jsonl`, line 10: ".into(),
    ];
    let lines: Vec<&str> = out.stdout.lines().collect();
    assert_eq!(lines.len(), starts.len(), "{out:?}");
    for (line, start) in lines.iter().zip(&starts) {
        assert!(line.starts_with(start), "{line}\n{start}");
    }
}

#[test]
fn a_manifest_from_standard_input() {
    let folder = folder();
    let manifest = std::fs::File::open(folder.path().join("sets/m.jsonl")).unwrap();
    let run = folder.command("estimate --batch -").current_dir(folder.path().join("sets")).stdin(manifest).output();
    let run = run.unwrap();
    assert_eq!(run.stdout, folder.mist("estimate --batch sets/m.jsonl").stdout.into_bytes());
    assert!(run.status.success() && !run.stdout.is_empty());
}

#[test]
fn nothing_to_answer_is_refused() {
    let folder = folder();
    folder.write("empty.jsonl", "");
    folder.mist("estimate --batch empty.jsonl").refused(&["`empty.jsonl` is empty"]);
    folder.write("blank.jsonl", "\n  \n");
    folder.mist("estimate --batch blank.jsonl").refused(&["`blank.jsonl` lists no pairs"]);
    folder.mist("estimate --batch sets/m.jsonl --format text").refused(&["`--batch` writes JSON lines"]);
    folder.mist("estimate d.csv --batch sets/m.jsonl").refused(&["cannot be used with"]);
}
