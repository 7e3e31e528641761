//! `mist curve`.

use crate::support::{Folder, table};

#[test]
fn numbers_of_rows_double_up_to_all() {
    let folder = Folder::new();
    folder.write("d.csv", table(300, ','));
    let json = folder.mist("curve d.csv --x a,b --y c --format json --plot curve.svg").json();
    let sizes = json["sizes"].as_array().unwrap();
    let of = |key: &str| sizes.iter().map(|s| s[key].as_u64().unwrap()).collect::<Vec<_>>();
    assert_eq!((of("n"), of("samples")), (vec![37, 75, 150, 300], vec![8, 4, 2, 1]));
    let all = folder.mist("estimate d.csv --x a,b --y c --format json").json();
    let close = |a: &serde_json::Value, b: &serde_json::Value| (a.as_f64().unwrap() - b.as_f64().unwrap()).abs() < 1e-4;
    assert!(close(&sizes[3]["mi"], &all["mi"]) && close(&sizes[3]["lower"], &all["interval"]["lower"]));
    let width = |s: &serde_json::Value| s["upper"].as_f64().unwrap() - s["lower"].as_f64().unwrap();
    let twice = json["width_at_twice_the_rows"].as_f64().unwrap();
    assert!(twice > 0.0 && twice <= width(&sizes[3]), "{json}");
    let picture = std::fs::read_to_string(folder.path().join("curve.svg")).unwrap();
    roxmltree::Document::parse(&picture).unwrap();

    let text = folder.mist("curve d.csv --x a,b --y c").stdout;
    assert!(text.lines().count() == 8 && text.contains("twice the rows: an interval of about "), "{text}");
    let csv = folder.mist("curve d.csv --x a,b --y c --format csv").stdout;
    assert_eq!((csv.lines().next(), csv.lines().count()), (Some("n,samples,mi,lower,upper"), 5));
}

#[test]
fn too_few_rows_make_no_curve() {
    let folder = Folder::new();
    folder.write("d.csv", table(50, ','));
    folder.mist("curve d.csv --x a --y c").refused(&["50 rows are too few for a curve, expected at least 64"]);
    folder.mist("curve d.csv --x a --y c --plot curve.jpg").refused(&["cannot draw `curve.jpg`", "`.svg` or `.png`"]);
}
