//! `mist adapt`.

use crate::calibrate::trained_on;
use crate::support::{Folder, noise};
use std::fmt::Write;

/// Columns `a`, `b`, `c` that bend each other, `d`, a category and a constant, a column of few values.
fn table(n: usize) -> String {
    let mut text = "a,b,c,d,e,species,one,count\n".to_owned();
    for r in 0..n {
        let [u, v, w] = [0, 1, 2].map(|column| 2.0 * noise(r, column) - 1.0);
        let (b, c, d) = ((2.0 * u).exp() * v, w + u * u, w + v);
        let species = ["ant", "bee"][r % 2];
        writeln!(text, "{u},{b},{c},{d},{},{species},1,{}", d * d + w, (4.0 * (u + 1.0)) as i64).unwrap();
    }
    text
}

const SMALL: &str = "--checkpoint run/a.safetensors --steps 4 --every 2 --held-out 6 --calibration 30 --check 20 \
                     --batch-cells 300";

#[test]
fn a_checkpoint_for_one_kind_of_data() {
    let folder = trained_on("m_train");
    folder.write("d.csv", table(400));
    let command = format!("adapt d.csv --x a,b,c,one --y d,e --out like {SMALL}");
    let first = folder.mist(&command);
    assert_eq!(first.code, Some(0), "{first:?}");
    for text in ["`one` of X is constant and is left out", "X: 3 columns, 320 rows and 80 held out", "step 0: loss"] {
        assert!(first.stderr.contains(text), "{text}: {first:?}");
    }
    for kind in ["tasks that look like the data | 20 |", "general tasks | 20 |", "families that no training saw | 20 |"]
    {
        assert!(first.stdout.contains(kind), "{kind}: {first:?}");
    }
    let made = |name: &str| std::fs::read(folder.path().join("like").join(name));
    for name in ["x.flow.safetensors", "y.flow.json", "mix.toml", "adapted.safetensors", "adapted.json", "REPORT.md"] {
        assert!(made(name).is_ok(), "{name}");
    }
    let report = String::from_utf8(made("REPORT.md").unwrap()).unwrap();
    assert!(report.contains("bends of its columns") && report.contains("| 4 | 0."), "{report}");

    let results = ["adapted.json", "adapted.safetensors", "REPORT.md"];
    let before = results.map(|name| made(name).unwrap());

    // What it wrote is a checkpoint as any, with its own card; and its mix is a configuration as any.
    let card = folder.mist("info like/adapted.safetensors");
    assert!(card.stdout.contains("calibrated            on "), "{card:?}");
    assert!(card.stdout.contains("like the data"), "{card:?}");
    let answer = folder.mist("estimate d.csv --x a,b,c --y d,e --checkpoint like/adapted.safetensors --format json");
    assert_eq!(answer.json()["checkpoint"]["name"], "adapted");
    let generated = folder.mist("generate --config like/mix.toml --count 12 --out data --pointwise");
    assert_eq!(generated.code, Some(0), "{generated:?}");
    let verified = folder.mist("dataset verify data");
    assert_eq!(verified.code, Some(0), "{verified:?}");

    // The same command has nothing left to do; with other data or options the folder is refused.
    let again = folder.mist(&command);
    assert_eq!((again.code, &again.stdout), (Some(0), &first.stdout), "{again:?}");
    assert!(results.map(|name| made(name).unwrap()) == before);
    folder.mist(&format!("{command} --seed 2 --quiet")).refused(&["holds an adaptation with other `tuning`", "hint: "]);
    folder.write("d.csv", table(401));
    folder.mist(&format!("{command} --quiet")).refused(&["other `data_sha256`"]);
    // A flow that was changed is not the one that the mix names.
    let flow = folder.path().join("like/x.flow.safetensors");
    std::fs::copy(folder.path().join("like/y.flow.safetensors"), &flow).unwrap();
    folder
        .mist("generate --config like/mix.toml --count 1 --out other")
        .refused(&["flow.x`: ", "is another flow: its SHA-256 is"]);
}

#[test]
fn data_that_no_flow_can_be_fitted_to_are_refused() {
    let folder = Folder::new();
    folder.write("d.csv", table(150));
    let wide: Vec<String> =
        (0..300).map(|r| (0..34).map(|c| noise(r, c).to_string()).collect::<Vec<_>>().join(",")).collect();
    let names: Vec<String> = (0..34).map(|c| format!("w{c}")).collect();
    folder.write("wide.csv", names.join(",") + "\n" + &wide.join("\n"));
    for (words, texts) in [
        ("d.csv --x a,b --y d,e", &["X has 150 rows, too few for a flow of 2 columns: expected at least 200"][..]),
        ("d.csv --x a --y d", &["X and Y have one column each", "ranks alone"]),
        ("d.csv --x a,species --y d", &["column `species` of X is a category", "hint: leave it out"]),
        ("d.csv --x one --y d,e", &["X has no column that is not constant"]),
        ("wide.csv --x 1..33 --y w33", &["X has 33 columns, expected at most 32", "hint: choose some"]),
        ("d.csv --x a --y d,e --share 1.5", &["`--share` must lie between 0 and 1"]),
        ("d.csv --x a --y d,e --blend 0", &["`--blend` must lie above 0 and be at most 1"]),
        ("d.csv --x a --y d,e --max-minutes 0", &["`--max-minutes` must be positive"]),
        ("d.csv --x a --y d,e --general nothing", &["no configuration is named `nothing`"]),
        ("d.csv --x a --y d,e --name best", &["`--name` must not be `best`"]),
        ("d.csv --x a --y d,e --checkpoint hf:a/b", &["cannot be adapted directly"]),
    ] {
        folder.mist(&format!("adapt {words} --out o --quiet")).refused(texts);
        assert!(!folder.path().join("o").exists(), "{words}");
    }
}

#[test]
fn counts_and_single_columns_are_said_to_be_what_they_are() {
    let folder = trained_on("m_train");
    folder.write("d.csv", table(300));
    let out = folder.mist(&format!("adapt d.csv --x a,count --y d --out like {SMALL} --steps 1"));
    // The last `--steps` would be a second one.
    assert_eq!(out.code, Some(2), "{out:?}");
    let out =
        folder.mist(&format!("adapt d.csv --x a,count --y d --out like {}", SMALL.replace("--steps 4", "--steps 1")));
    assert_eq!(out.code, Some(0), "{out:?}");
    for text in ["values of X repeat in column `count` (100 %)", "Y has one column: nothing to learn there"] {
        assert!(out.stderr.contains(text), "{text}: {out:?}");
    }
    assert!(folder.path().join("like/x.flow.safetensors").exists());
    assert!(!folder.path().join("like/y.flow.safetensors").exists());
}
