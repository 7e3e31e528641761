//! One door for tables: what `mist estimate` says does not depend on the format.

use crate::support::{Folder, arrays, table};
use flate2::write::GzEncoder;
use ndarray_npy::write_npy;
use std::fs::File;
use std::io::Write;
use std::process::Stdio;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

#[test]
fn packed_tables_and_arrays_get_the_same_answer() {
    let folder = Folder::new();
    let text = table(60, ',');
    folder.write("d.csv", &text);
    let mut gzip = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(text.as_bytes()).unwrap();
    // By its content, whatever it is called.
    folder.write("packed.csv", gzip.finish().unwrap());
    let (x, y) = arrays(60, 2);
    write_npy(folder.path().join("x.npy"), &x).unwrap();
    write_npy(folder.path().join("y.npy"), &y).unwrap();
    let mut npz = ZipWriter::new(File::create(folder.path().join("d.npz")).unwrap());
    for name in ["x.npy", "y.npy"] {
        npz.start_file(name, SimpleFileOptions::default()).unwrap();
        npz.write_all(&std::fs::read(folder.path().join(name)).unwrap()).unwrap();
    }
    npz.finish().unwrap();
    let mi = |args: &str| folder.mist(&format!("estimate {args} --format json")).json()["mi"].clone();
    let expected = mi("d.csv --x a,b --y c");
    for args in [
        "packed.csv --x a,b --y c",
        "d.npz --x x --y y",
        "d.npz:x d.npz:y",
        "x.npy y.npy",
        "x.npy d.csv --y c",
        "d.csv d.csv --x 1..2 --y 3",
    ] {
        assert_eq!(mi(args), expected, "{args}");
    }
    let mut run = folder
        .command("estimate - --x a,b --y c --format json")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    run.stdin.take().unwrap().write_all(&std::fs::read(folder.path().join("packed.csv")).unwrap()).unwrap();
    let answer: serde_json::Value = serde_json::from_slice(&run.wait_with_output().unwrap().stdout).unwrap();
    assert_eq!(answer["mi"], expected);
}

#[test]
fn what_stands_for_a_missing_value_can_be_said() {
    let folder = Folder::new();
    folder.write("d.csv", table(40, ',') + "-999,0.5,0.5\n0.5,0.5,-999\n0.5,0.5,-999\n0.5,unknown,0.5\n");
    let run = |options: &str| folder.mist(&format!("estimate d.csv --x a --y c {options}"));
    assert!(run("").stderr.contains("column `c` holds -999 in 2 rows, far from all else: if it stands for a missing"));
    let dropped = run("--na -999 --missing drop --format json").json();
    assert_eq!((&dropped["n"], &dropped["warnings"][0]), (&41.into(), &"3 rows with missing values left out".into()));
    run("--na=-999").refused(&["`d.csv`, line 42, column `a`: missing value `-999`", "hint: `--missing drop`"]);
    let both = folder.mist("estimate d.csv --x a,b --y c --na -999,unknown --missing drop --format json").json();
    assert_eq!(both["n"], 40);
}
