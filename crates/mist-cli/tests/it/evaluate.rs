//! `mist evaluate`.

use crate::support::{Folder, Output, arrays, files};
use ndarray_npy::write_npy;
use std::collections::BTreeMap;
use std::path::Path;

/// `kde` is for pairs of columns: of most data sets it has nothing to say.
const COMMAND: &str = "evaluate --suite bmi,m-test --limit 4 --estimators mist,ksg,cca,kde";

fn evaluated(folder: &Folder, args: &str) -> Output {
    let run = folder.mist(args);
    assert_eq!(run.code, Some(0), "{run:?}");
    run
}

/// A row of `estimates.csv` by column.
type Row = BTreeMap<String, String>;

/// Rows of a run.
fn rows(dir: &Path) -> Vec<Row> {
    let mut reader = csv::Reader::from_path(dir.join("estimates.csv")).unwrap();
    reader.deserialize().map(Result::unwrap).collect()
}

/// All that a run left behind, but for times: rows, report, pictures.
fn timeless(dir: &Path) -> (Vec<Row>, String, BTreeMap<String, Vec<u8>>) {
    let mut rows = rows(dir);
    rows.iter_mut().for_each(|row| row.retain(|column, _| !column.ends_with("_seconds")));
    let report = std::fs::read_to_string(dir.join("REPORT.md")).unwrap();
    let mut plots = files(&dir.join("plots"));
    plots.retain(|name, _| !name.starts_with("time."));
    (rows, report.split("\n## Time").next().unwrap().to_owned(), plots)
}

/// A run of which a kill has left `share` of the bytes of its estimates.
fn interrupted(folder: &Folder, whole: &str, name: &str, share: f64) {
    let (from, to) = (folder.path().join(whole), folder.path().join(name));
    std::fs::create_dir(&to).unwrap();
    for file in ["run.json", "estimates.csv.sums"] {
        std::fs::copy(from.join(file), to.join(file)).unwrap();
    }
    let bytes = std::fs::read(from.join("estimates.csv")).unwrap();
    std::fs::write(to.join("estimates.csv"), &bytes[..(share * bytes.len() as f64) as usize]).unwrap();
}

#[test]
fn an_interrupted_run_goes_on_to_the_same_report() {
    let folder = Folder::new();
    let whole = evaluated(&folder, &format!("{COMMAND} --threads 2 --out whole"));
    let expected = timeless(&folder.path().join("whole"));
    assert!(whole.stdout.starts_with(&expected.1));
    assert_eq!(expected.0.len(), 3 * 4 * 4);
    assert_eq!(expected.2.len(), 8, "{:?}", expected.2.keys());
    for (name, share) in [("early", 0.002), ("middle", 0.503), ("late", 0.997)] {
        interrupted(&folder, "whole", name, share);
        let path = folder.path().join(name).join("estimates.csv");
        let cut = std::fs::read_to_string(&path).unwrap();
        assert!(!cut.ends_with('\n'));
        let again = evaluated(&folder, &format!("{COMMAND} --threads 1 --out {name}"));
        let dir = folder.path().join(name);
        assert_eq!(timeless(&dir), expected, "{name}");
        assert!(!again.stderr.contains("computed anew"), "{again:?}");
        // A row that is there is kept: its time, which no other run has, stays.
        let times = |dir: &Path| -> Vec<String> { rows(dir).iter().map(|row| row["wall_seconds"].clone()).collect() };
        let whole = times(&folder.path().join("whole"));
        let kept = times(&dir).iter().zip(&whole).filter(|(a, b)| a == b).count();
        assert!(kept + 2 >= cut.lines().count(), "{kept} rows kept of {}", cut.lines().count());
    }
}

#[test]
fn a_failure_is_a_row_with_its_reason() {
    let folder = Folder::new();
    let run = evaluated(&folder, &format!("{COMMAND} --out d"));
    let rows = rows(&folder.path().join("d"));
    let mut failed = 0;
    for row in &rows {
        let single = row["dim_x"] == "1" && row["dim_y"] == "1";
        match row["estimator"].as_str() {
            "kde" if !single => {
                assert!(
                    row["error"].contains("columns, expected one: this estimator is for pairs of columns"),
                    "{row:?}"
                );
                failed += 1;
            }
            // Of data sets with fewer rows than columns.
            "cca" => assert!(row["error"].is_empty() || row["error"].contains("rows, expected at least"), "{row:?}"),
            _ => assert!(row["error"].is_empty(), "{row:?}"),
        }
        assert_ne!(row["error"].is_empty(), row["estimate"].is_empty(), "{row:?}");
        assert!(row["estimate"].is_empty() || row["estimate"].parse::<f64>().unwrap().is_finite(), "{row:?}");
        assert_eq!(row["q_0.05"].is_empty(), row["estimator"] != "mist");
        assert_eq!(row["lower"], row["q_0.05"]);
        assert!(row["wall_seconds"].parse::<f64>().unwrap() > 0.0, "{row:?}");
    }
    assert!(failed >= 8);
    let of_kde = run.stdout.lines().filter(|line| line.starts_with("| all | kde | 4 | "));
    let counts = of_kde.map(|line| line.split(" | ").nth(3).unwrap().parse::<usize>().unwrap());
    assert_eq!(counts.sum::<usize>(), failed);
    assert!(run.stdout.contains("| kde | m_test_imd | 4 | X has "), "{}", run.stdout);
}

#[test]
fn the_report_says_first_what_is_worse() {
    let folder = Folder::new();
    let run = evaluated(&folder, &format!("{COMMAND} --out d"));
    let headings: Vec<&str> = run.stdout.lines().filter(|line| line.starts_with("## ")).collect();
    let expected = [
        "## Where mist is worse",
        "## m_test_imd",
        "## m_test_oomd",
        "## Published figures",
        "## No answer, or no interval",
        "## Pictures",
        "## Time",
    ];
    assert_eq!(headings[0], expected[0]);
    assert_eq!(headings[1], "## bmi");
    assert_eq!(headings[2..], expected[1..]);
    for text in ["InfoAtlas: no figure", "| n ≤ 100 |", "| columns ", "Winkler"] {
        assert!(run.stdout.contains(text), "`{text}` is not in the report");
    }
    let published: Vec<&str> = run.stdout.lines().filter(|line| line.ends_with(" | 3.1 | 3.1 |")).collect();
    assert_eq!(published.len(), 1);

    // The ratios of the first table fall, and all are above 1.
    let worse = run.stdout.split("\n## ").nth(1).unwrap();
    let table = worse.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| suite"));
    let ratios: Vec<f64> = table.map(|line| line.split(" | ").nth(6).unwrap().parse().unwrap()).collect();
    assert!(ratios.is_sorted_by(|a, b| a >= b) && ratios.iter().all(|ratio| *ratio >= 1.0), "{ratios:?}");
}

#[test]
fn pictures_are_sound_and_hold_text() {
    let folder = Folder::new();
    evaluated(&folder, &format!("{COMMAND} --out d"));
    let plots = files(&folder.path().join("d/plots"));
    let names: Vec<&String> = plots.keys().collect();
    let expected = ["calibration", "coverage", "error", "time", "truth"]
        .map(|name| [format!("{name}.png"), format!("{name}.svg")]);
    assert_eq!(names, expected.iter().flatten().collect::<Vec<_>>());
    let report = std::fs::read_to_string(folder.path().join("d/REPORT.md")).unwrap();
    for [png, svg] in expected {
        assert!(report.contains(&format!("(plots/{svg})")));
        let text = std::str::from_utf8(&plots[&svg]).unwrap();
        let document = roxmltree::Document::parse(text).unwrap();
        let words: Vec<&str> = document.descendants().filter_map(|node| node.text()).map(str::trim).collect();
        assert!(words.iter().any(|word| word.contains("m_test_oomd")), "{svg}: {words:?}");
        let width = document.root_element().attribute("width").unwrap();

        let mut reader = png::Decoder::new(std::io::Cursor::new(&plots[&png])).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        assert_eq!(info.width.to_string(), width);
        // The title in the first thirty lines: some dark, most white.
        let title = &pixels[..30 * info.line_size];
        let dark = title.iter().filter(|value| **value < 100).count();
        assert!(dark > 300 && dark < title.len() / 5, "{png}: {dark}");
    }
}

#[test]
fn what_cannot_be_done_is_refused() {
    let folder = Folder::new();
    let small = "evaluate --suite bmi --limit 1 --estimators cca --out d";
    evaluated(&folder, small);
    let run = folder.mist(&format!("{small} --seed 5"));
    run.refused(&["`d/run.json` is of another run: expected `seed` to be 5, got 0\nhint: choose another folder"]);
    folder
        .mist(&small.replace("cca", "cca,ksg"))
        .refused(&["expected `estimators` to be [\"cca\",\"ksg\"], got [\"cca\"]"]);
    let sound = std::fs::read_to_string(folder.path().join("d/estimates.csv")).unwrap();
    let expected = timeless(&folder.path().join("d"));
    let (header, rest) = sound.split_once('\n').unwrap();
    let a_digit = format!("{header}\n{}", rest.replacen("0.", "1.", 1));
    for damaged in [sound.replace("bmi,0,", "bmi,first,"), a_digit] {
        assert_ne!(damaged, sound);
        folder.write("d/estimates.csv", damaged);
        let again = evaluated(&folder, small);
        let said = "`d/estimates.csv`: from line 2 on not as it was written: computed anew";
        assert!(again.stderr.contains(said), "{again:?}");
        assert_eq!(timeless(&folder.path().join("d")), expected);
    }
    std::fs::remove_file(folder.path().join("d/run.json")).unwrap();
    folder.mist(small).refused(&["`d` has a `estimates.csv` but no `run.json`"]);

    let names = "no estimator is named `kgs`: expected some of mist, ksg, ksg2, cca, gaussian-copula";
    folder.mist("evaluate --suite bmi --estimators mist,kgs").refused(&[names]);
    folder.mist("evaluate --suite bmi --estimators cca,cca").refused(&["`--estimators` lists `cca` twice"]);
    folder.mist("evaluate --suite bmi --bootstrap 20").refused(&["20 is not in 21..=100000"]);
    let refused = folder.mist("evaluate --suite bmi --estimators cca --checkpoint w.safetensors");
    refused.refused(&["`--checkpoint` is for `mist`, which `--estimators` does not list"]);
    folder.mist("evaluate").refused(&["--suite"]);
}

#[test]
fn resampling_gives_intervals() {
    let folder = Folder::new();
    let run =
        evaluated(&folder, "evaluate --suite discrete --limit 3 --estimators gaussian-copula --bootstrap 30 --out d");
    let rows = rows(&folder.path().join("d"));
    assert_eq!(rows.len(), 3);
    for row in &rows {
        let [lower, upper] = ["lower", "upper"].map(|column| row[column].parse::<f64>().unwrap());
        assert!(lower < upper && row["q_0.05"].is_empty(), "{row:?}");
    }
    assert!(run.stdout.contains("`mist` is not among the estimators"), "{run:?}");
    assert!(run.stdout.contains("from 30 random halves"), "{run:?}");
}

#[test]
fn data_sets_on_disk() {
    let folder = Folder::new();
    let mut manifest = String::new();
    for (i, n) in [20, 40].into_iter().enumerate() {
        let (x, y) = arrays(n, 2);
        write_npy(folder.path().join(format!("x{i}.npy")), &x).unwrap();
        write_npy(folder.path().join(format!("y{i}.npy")), &y).unwrap();
        let (x, y) = (format!("x{i}.npy"), format!("y{i}.npy"));
        manifest +=
            &format!("{{\"id\": {i}, \"x\": \"{x}\", \"y\": \"{y}\", \"mi_nats\": 0.{i}, \"family\": \"a, b\"}}\n");
    }
    folder.write("m.jsonl", &manifest);
    let run = evaluated(&folder, "evaluate --manifest m.jsonl --out d");
    assert!(run.stdout.contains("\n## m.jsonl\n") && run.stdout.contains("| all | mist | 2 | 0 | "), "{run:?}");
    let rows = rows(&folder.path().join("d"));
    let cells: Vec<[&str; 5]> = rows
        .iter()
        .map(|row| ["family", "n", "dim_x", "dim_y", "mi_nats"].map(|column| row[column].as_str()))
        .collect();
    assert_eq!(cells, [["a, b", "20", "2", "1", "0"], ["a, b", "40", "2", "1", "0.1"]]);

    // An input that is another one now, under the same name.
    evaluated(&folder, "evaluate --manifest m.jsonl --out d");
    let sound = std::fs::read(folder.path().join("y1.npy")).unwrap();
    write_npy(folder.path().join("y1.npy"), &arrays(40, 2).1.mapv(|v| -v * v)).unwrap();
    folder.mist("evaluate --manifest m.jsonl --out d").refused(&["is of another run: expected `parts` to be"]);
    evaluated(&folder, "evaluate --manifest m.jsonl --limit 1 --out first");
    folder.write("y1.npy", sound);
    evaluated(&folder, "evaluate --manifest m.jsonl --out d");
    // Of another one, the run does not depend.
    evaluated(&folder, "evaluate --manifest m.jsonl --limit 1 --out first");

    folder.write("m.jsonl", manifest.replace("0.1", "0.2"));
    folder.mist("evaluate --manifest m.jsonl --out d").refused(&["is of another run: expected `parts` to be"]);
    folder.write("m.jsonl", manifest.replace("\"mi_nats\": 0.1, ", ""));
    folder.mist("evaluate --manifest m.jsonl").refused(&["`m.jsonl`, line 2: `mi_nats` is missing"]);
    folder.write("m.jsonl", manifest.replace("0.1", "-0.1"));
    folder
        .mist("evaluate --manifest m.jsonl")
        .refused(&["`m.jsonl`, line 2: `mi_nats` is `-0.1`, expected at least 0"]);
    // A family that would end its cell, and that a terminal would obey.
    folder.write("m.jsonl", manifest.replace("a, b", "a|\\u001b[2J"));
    let run = evaluated(&folder, "evaluate --manifest m.jsonl");
    assert!(run.stdout.contains("| a\\|\\u{1b}[2J | mist | 2 | 0 | "), "{run:?}");
}
