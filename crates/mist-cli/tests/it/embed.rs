//! Columns of texts and of images: `mist embed`, and `text:` and `image:` in `mist estimate`.

use crate::support::{Folder, Output, noise};
use std::fmt::Write;

const MODELS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../mist-embed/tests/models");
const IMAGES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../mist-embed/tests/images");

/// Reviews of two kinds among words of no meaning, and a rating that is 2 higher for the one kind; the price is noise.
fn reviews(n: usize) -> String {
    let mut text = String::from("review,rating,price\n");
    for i in 0..n {
        let good = noise(i, 0) < 0.5;
        let letter = |column| char::from(b'a' + (noise(i, column) * 26.0) as u8);
        let words: String = (2..14).map(|column| format!("{} ", letter(column))).collect();
        let kind = if good { "good good good" } else { "died died died" };
        let rating = f64::from(u8::from(good)) * 2.0 + noise(i, 1);
        writeln!(text, "\"{words}, {kind}\",{rating},{}", noise(i, 14)).unwrap();
    }
    text
}

fn estimate(folder: &Folder, options: &str) -> Output {
    folder.mist(&format!("estimate reviews.csv --text-model {MODELS}/bert {options}"))
}

#[test]
fn texts_against_ratings_in_one_go() {
    let folder = Folder::new();
    folder.write("reviews.csv", reviews(200));
    let run = estimate(&folder, "--x text:review --y rating --format json");
    let json = run.json();
    // The rating shows the kind of a review without error: one bit, 0.69 nats.
    assert!((0.4..0.9).contains(&json["mi"].as_f64().unwrap()), "{json}");
    assert_eq!((json["dim_x"].as_u64(), json["n"].as_u64()), (Some(3), Some(200)));
    let names: Vec<String> = (1..=3).map(|i| format!("review.{i}")).collect();
    assert_eq!(json["x"], serde_json::json!(names));
    let encoding = &json["encodings"][0];
    assert_eq!((encoding["column"].as_str(), encoding["kind"].as_str()), (Some("review"), Some("text")));
    assert_eq!((encoding["dim"].as_u64(), encoding["columns"].as_u64()), (Some(32), Some(3)));
    assert_eq!((encoding["reduction"].as_str(), encoding["truncated"].as_u64()), (Some("pca"), Some(0)));
    assert!((0.5..1.0).contains(&encoding["variance_kept"].as_f64().unwrap()), "{json}");
    assert!(json["warnings"].to_string().contains("a lower bound for what the texts themselves say"), "{json}");

    let price = estimate(&folder, "--x text:review --y price --format json").json();
    assert!(price["mi"].as_f64().unwrap() < 0.1, "the price is noise: {price}");

    let run = estimate(&folder, "--x text:review --y rating");
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.stdout.contains("X: review (text, 3 columns)   Y: rating   n = 200\n"), "{run:?}");
    assert!(run.stdout.contains("\nreview: 3 columns keep ") && run.stdout.contains(" % of the variance of 32 (text)"));
    assert!(run.stderr.contains("warning: the texts of `review` are seen through an embedding"), "{run:?}");
}

#[test]
fn embedding_first_and_estimating_then_is_the_same() {
    let folder = Folder::new();
    folder.write("reviews.csv", reviews(60));
    let model = format!("{MODELS}/distilbert");
    for (reduce, end) in [("pca:3", "csv"), ("random:4", "npy")] {
        let run = folder.mist(&format!(
            "embed reviews.csv --column review --model {model} --reduce {reduce} --reduce-seed 5 --out e.{end}"
        ));
        assert_eq!((run.code, run.stdout.as_str()), (Some(0), ""), "{run:?}");
        assert!(run.stderr.contains("60 texts as ") && run.stderr.contains(" % of the variance of 32"), "{run:?}");
        folder.write(
            "y.csv",
            reviews(60).lines().map(|l| format!("{}\n", l.rsplit(',').nth(1).unwrap())).collect::<String>(),
        );
        let apart = folder.mist(&format!("estimate e.{end} y.csv --format json")).json();
        let at_once = folder
            .mist(&format!(
                "estimate reviews.csv --x text:review --y rating --text-model {model} --reduce {reduce} --reduce-seed 5 \
                 --format json"
            ))
            .json();
        assert_eq!((&apart["mi"], &apart["interval"]), (&at_once["mi"], &at_once["interval"]), "{reduce}");
    }
}

#[test]
fn a_row_for_each_row_in_its_order() {
    let folder = Folder::new();
    folder.write("t.csv", "name,id\ngood phone,1\ncheap,2\ngood phone,3\n,4\ntwo,5\n");
    let run = folder.mist(&format!("embed t.csv --column name --model {MODELS}/bert --missing drop --batch 1"));
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert_eq!((run.code, lines.len()), (Some(0), 5), "{run:?}");
    assert!(lines[0].starts_with("name.1,name.2,") && lines[0].ends_with(",name.32"));
    assert_eq!(lines[1], lines[3]);
    assert_ne!(lines[1], lines[2]);
    assert!(run.stderr.starts_with("warning: 1 row with missing values left out\n4 texts (3 different) as 32 columns"));
    folder
        .mist(&format!("embed t.csv --column name --model {MODELS}/bert"))
        .refused(&["`t.csv`, line 5, column `name`: the cell is empty", "hint: `--missing drop`"]);
    folder.write("n.csv", "a,b\n1,x\n2,y\n3,z\n");
    folder
        .mist(&format!("embed n.csv --column a --model {MODELS}/bert"))
        .refused(&["`n.csv`, column `a`: it holds numbers, expected text"]);
}

#[test]
fn images_by_their_paths() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path().join("pictures")).unwrap();
    let names: Vec<String> =
        std::fs::read_dir(IMAGES).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    for name in &names {
        std::fs::copy(format!("{IMAGES}/{name}"), folder.path().join("pictures").join(name)).unwrap();
    }
    let mut table = String::from("photo,likes\n");
    for i in 0..80 {
        writeln!(table, "{},{}", names[i % names.len()], (i % names.len()) as f64 + noise(i, 0)).unwrap();
    }
    // Paths are relative to the table, not to where the command runs.
    folder.write("pictures/table.csv", &table);
    for model in ["clip", "vit", "dinov2"] {
        let json = folder
            .mist(&format!(
                "estimate pictures/table.csv --x image:photo --y likes --image-model {MODELS}/{model} --reduce pca:2 --format json"
            ))
            .json();
        assert!(json["mi"].as_f64().unwrap() > 0.8, "{model}: {json}");
        assert_eq!(json["encodings"][0]["kind"], "image");
    }
    folder.write("pictures/bad.csv", table.replacen("\nphoto.jpg", "\n", 1) + "none.png,3\n");
    folder
        .mist(&format!("estimate pictures/bad.csv --x image:photo --y likes --image-model {MODELS}/vit --missing drop"))
        .refused(&["row 81 (from 1), column `photo`: cannot read `pictures/none.png`"]);
}

#[test]
fn texts_that_are_too_long_are_counted_by_row() {
    let folder = Folder::new();
    let long = "works ".repeat(40);
    let rows: String =
        (0..40).map(|i| format!("{},{}\n", if i % 4 == 0 { &long } else { "good phone" }, noise(i, 0))).collect();
    folder.write("reviews.csv", format!("review,rating\n{rows}"));
    let json = estimate(&folder, "--x text:review --y rating --format json").json();
    assert_eq!(json["encodings"][0]["truncated"], 10);
    // Two different texts lie on a line.
    assert_eq!((json["dim_x"].as_u64(), &json["encodings"][0]["columns"]), (Some(1), &1.into()));
    let warning = "10 of 40 texts of `review` are longer than the 24 tokens that the model reads";
    assert!(json["warnings"].to_string().contains(warning), "{json}");
}

#[test]
fn what_is_refused() {
    let folder = Folder::new();
    folder.write("reviews.csv", reviews(40));
    let bare = |options: &str| folder.mist(&format!("estimate reviews.csv --y rating {options}"));
    bare("--x text:review").refused(&["`text:review` needs a model", "hint: `--text-model DIR`"]);
    bare("--x image:review --text-model t").refused(&["`image:review` needs a model", "`--image-model DIR`"]);
    bare("--x text:review --text-model none").refused(&["cannot read `none`"]);
    bare(&format!("--x text:review --text-model {MODELS}/clip")).refused(&["takes images, expected texts"]);
    bare("--x text:revue").refused(&["no column `revue`", "did you mean `review`?"]);
    bare(&format!("--x text:price --text-model {MODELS}/bert"))
        .refused(&["column `price`: it holds numbers, expected text", "hint: name it without `text:`"]);
    bare("--x text:review --reduce pca:64").refused(&["`--reduce pca:64` gives 64 columns, expected at most the 32"]);
    bare("--x text:review --reduce tsne:2").refused(&["`--reduce`: unknown reduction `tsne:2`, expected `pca:COUNT`"]);
    let embed = |options: &str| folder.mist(&format!("embed reviews.csv --model {MODELS}/bert {options}"));
    embed("--column review --out e.parquet").refused(&["expected a name that ends in .csv or .npy"]);
    embed("--column *").refused(&["`--column` names 3 columns of `reviews.csv`, expected one"]);
    embed("--column review --out none/e.csv").refused(&["cannot write `none/e.csv`"]);
}
