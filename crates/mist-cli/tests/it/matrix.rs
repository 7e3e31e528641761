//! `mist matrix`.

use crate::support::{Folder, files, noise};
use std::fmt::Write;

const FILES: [&str; 6] = ["matrix.csv", "matrix.png", "matrix.svg", "pairs.csv", "pairs.csv.sums", "run.json"];

/// Five columns: 0 and 2 depend on each other, so do 1 and 3.
fn table(n: usize) -> String {
    let mut text = String::from("a,b,c,d,e\n");
    for r in 0..n {
        let (a, b) = (noise(r, 0), noise(r, 1));
        writeln!(text, "{a},{b},{},{},{}", a + 0.2 * noise(r, 2), b + 0.3 * noise(r, 3), noise(r, 4)).unwrap();
    }
    text
}

#[test]
fn a_folder_with_pairs_square_and_heat_map() {
    let folder = Folder::new();
    folder.write("d.csv", table(60));
    let out = folder.mist("matrix d.csv --out m --cluster --test permutation --permutations 49");
    assert_eq!(out.code, Some(0), "{out:?}");
    assert_eq!(out.stdout.lines().count(), 1 + 10 + 1 + 2, "{out:?}");
    let strongest = out.stdout.lines().nth(1).unwrap();
    assert!(strongest.starts_with("a   c") || strongest.starts_with("b   d"), "{out:?}");
    let written = files(&folder.path().join("m"));
    assert_eq!(written.keys().collect::<Vec<_>>(), FILES);
    let square = String::from_utf8(written["matrix.csv"].clone()).unwrap();
    let names: Vec<&str> = square.lines().next().unwrap().split(',').skip(1).collect();
    let place = |name: &str| names.iter().position(|n| *n == name).unwrap();
    assert!(place("a").abs_diff(place("c")) == 1 && place("b").abs_diff(place("d")) == 1, "{square}");
    let cells: Vec<Vec<&str>> = square.lines().map(|line| line.split(',').collect()).collect();
    for (i, row) in cells.iter().enumerate().skip(1) {
        assert_eq!(row[i], "");
        (1..6).for_each(|j| assert_eq!(row[j], cells[j][i]));
    }
    let picture = roxmltree::Document::parse(std::str::from_utf8(&written["matrix.svg"]).unwrap()).unwrap();
    let rectangles = picture.descendants().filter(|node| node.has_tag_name("rect")).count();
    assert!(rectangles > 25, "{rectangles}");
    assert!(picture.descendants().any(|node| node.text().is_some_and(|text| text.trim() == "e")));
}

#[test]
fn a_killed_run_goes_on_to_the_same_files() {
    let folder = Folder::new();
    folder.write("d.csv", table(40));
    let command = "matrix d.csv --test permutation --permutations 19 --out";
    let whole = folder.mist(&format!("{command} whole"));
    assert_eq!(whole.code, Some(0), "{whole:?}");
    let expected = files(&folder.path().join("whole"));
    for share in [0.1, 0.6, 0.95] {
        let to = folder.path().join("cut");
        std::fs::create_dir(&to).unwrap();
        for name in ["run.json", "pairs.csv.sums"] {
            std::fs::write(to.join(name), &expected[name]).unwrap();
        }
        let pairs = &expected["pairs.csv"];
        std::fs::write(to.join("pairs.csv"), &pairs[..(share * pairs.len() as f64) as usize]).unwrap();
        let again = folder.mist(&format!("{command} cut"));
        assert_eq!((again.code, again.stdout.lines().nth(1)), (Some(0), whole.stdout.lines().nth(1)), "{again:?}");
        assert_eq!(files(&to), expected);
        std::fs::remove_dir_all(&to).unwrap();
    }
    // Other data, another run.
    folder.write("d.csv", table(41));
    folder.mist(&format!("{command} whole")).refused(&["is of another run", "`data`", "hint: choose another folder"]);
}

#[test]
fn all_pairs_on_stdout() {
    let folder = Folder::new();
    folder.write("d.csv", table(30));
    let csv = folder.mist("matrix d.csv --format csv --columns a,c,e").stdout;
    assert_eq!(csv.lines().count(), 4, "{csv}");
    let json = folder.mist("matrix d.csv --format json --columns a,c,e --unit bits --test none").json();
    let nats: f64 = csv.lines().nth(1).unwrap().split(',').nth(2).unwrap().parse().unwrap();
    let bits = json["pairs"][0]["mi"].as_f64().unwrap();
    assert!((bits * std::f64::consts::LN_2 - nats).abs() < 1e-12);
    assert_eq!(json["pairs"][0]["p_value"], serde_json::Value::Null);
    folder.mist("matrix d.csv --columns a").refused(&["one column to look at, expected at least two"]);
}
