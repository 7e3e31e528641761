//! `mist rank`.

use crate::support::{Folder, noise};
use std::fmt::Write;

/// Columns that say less and less about `y`, a constant one, and a category.
fn table(n: usize) -> String {
    let mut text = String::from("much,little,nothing,same,kind,y\n");
    for r in 0..n {
        let y = noise(r, 0);
        let kind = if y + 0.2 * noise(r, 4) > 0.6 { "high" } else { "low" };
        writeln!(text, "{},{},{},3,{kind},{y}", y + 0.1 * noise(r, 1), y + 1.5 * noise(r, 2), noise(r, 3)).unwrap();
    }
    text
}

#[test]
fn columns_are_sorted_by_what_they_say() {
    let folder = Folder::new();
    folder.write("d.csv", table(120));
    let out = folder.mist("rank d.csv --target y --test permutation --permutations 99");
    assert_eq!(out.code, Some(0), "{out:?}");
    let lines: Vec<&str> = out.stdout.lines().collect();
    assert!(lines[0].starts_with("x ") && lines[0].contains("90 % interval"), "{out:?}");
    let names: Vec<&str> = lines[1..6].iter().map(|l| l.split_whitespace().next().unwrap()).collect();
    assert_eq!((names[0], names.len()), ("much", 5), "{out:?}");
    assert!(names[3..].contains(&"same"), "{out:?}");
    assert_eq!(lines[7], "target: y   n = 120");
    assert!(out.stderr.contains("column `kind` is text") && out.stderr.contains("warning: same: "), "{out:?}");
}

#[test]
fn json_and_csv_say_the_same() {
    let folder = Folder::new();
    folder.write("d.csv", table(80));
    let command = "rank d.csv --target y --test permutation --permutations 49 --top 2";
    let json = folder.mist(&format!("{command} --format json")).json();
    assert_eq!((&json["n"], &json["unit"], &json["level"]), (&80.into(), &"nats".into(), &0.9.into()));
    let pairs = json["pairs"].as_array().unwrap();
    assert_eq!(pairs.len(), 2);
    let csv = folder.mist(&format!("{command} --format csv")).stdout;
    let mut reader = ::csv::Reader::from_reader(csv.as_bytes());
    let rows: Vec<std::collections::BTreeMap<String, String>> = reader.deserialize().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 2);
    for (row, pair) in rows.iter().zip(pairs) {
        assert_eq!(row["x"], pair["x"].as_str().unwrap());
        assert_eq!(row["y"], "y");
        for key in ["mi", "lower", "upper", "normalised", "p_value", "q_value"] {
            let (told, read) = (row[key].parse::<f64>().unwrap(), pair[key].as_f64().unwrap());
            // serde_json may read a number one unit in the last place off.
            assert!((told - read).abs() <= 4.0 * f64::EPSILON * told.abs(), "{key}: {told} {read}");
        }
    }
    // No more than 5 columns in the family: q is at most 5 p.
    let (p, q) = (pairs[0]["p_value"].as_f64().unwrap(), pairs[0]["q_value"].as_f64().unwrap());
    assert!(p == 0.02 && p <= q && q <= 5.0 * p, "{p} {q}");
    assert_eq!(folder.mist(&format!("{command} --format csv --threads 1")).stdout, csv);
}

#[test]
fn what_cannot_be_ranked_is_refused() {
    let folder = Folder::new();
    folder.write("d.csv", table(30));
    folder.mist("rank d.csv --target why --test none").refused(&["no column `why`"]);
    folder
        .mist("rank d.csv --target y --columns much,mch --test none")
        .refused(&["no column `mch`", "did you mean `much`?"]);
    folder.bare_checkpoint();
    folder
        .mist("rank d.csv --target y --test amortised --checkpoint bare.safetensors")
        .refused(&["no table for p-values", "hint: test by permutation"]);
    folder.mist("rank d.csv --target y --alpha 2 --test permutation").refused(&["level `2`"]);
    folder.mist("rank d.csv --target y,much --test none").refused(&["`--target` names 2 columns", "expected one"]);
    folder
        .mist("rank d.csv --target y --columns much,y --test none")
        .refused(&["column `y` is in both `--target` and `--columns`"]);
    folder.write("twice.csv", "a,b,a\n".to_owned() + &"1,2,3\n".repeat(20));
    folder.mist("matrix twice.csv").refused(&["columns 1 and 3", "both called `a`", "hint: rename one"]);
    folder.write("numbers.csv", "1,2\n".repeat(20));
    folder.mist("rank numbers.csv --target 2").refused(&["holds numbers, expected the names", "hint: `--header yes`"]);
    assert_eq!(folder.mist("matrix numbers.csv --header no").code, Some(0));
    folder.write("one.csv", "a\n1\n2\n");
    folder.mist("rank one.csv --target a").refused(&["one column to look at"]);
}
