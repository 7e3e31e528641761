//! Images whose label is written in some of their pixels.

use crate::support::{Tables, noise, numbers};

/// Chance in the bounds, which hold in expectation, with the rows that are held out.
const ROOM: f64 = 0.1;

/// Images of four kinds; the kind shows in one of the first rows of pixels.
fn images() -> Tables {
    let tables = Tables::new();
    tables.digits((0..1000).map(|row| {
        let label = row % 4;
        let shown = |i: usize| if i / 8 == label { 12.0 } else { 6.0 };
        ((0..64).map(|i| shown(i) + 4.0 * noise(row, i)).collect(), label)
    }));
    tables
}

#[test]
fn a_label_that_is_learnt_is_found_and_a_shuffled_one_is_not() {
    let run = images().run("information-plane", &["--epochs", "32"]);
    assert_eq!(run.rows.len(), 3 * 7, "{}", run.stdout);
    let first = &run.rows[0];
    let last = run.rows.last().unwrap();
    assert_eq!((first["epochs"].as_str(), last["epochs"].as_str(), last["units"].as_str()), ("0", "32", "4"));
    // Random weights lose the label, training finds it.
    let known = |row: &std::collections::HashMap<String, String>| numbers(&row["I(layer; label)"]);
    let (before, after) = (known(&run.rows[2]), known(last));
    assert!(before[0] + 0.3 < after[0], "{before:?} {after:?}");
    let most = 4.0_f64.ln();
    assert!(after[0] > 0.6 * most && after[2] <= most + 0.005, "{after:?}");
    // The classifier on the layer shows no more than the interval holds.
    assert!(numbers(&last["at least"])[0] < after[2] + ROOM, "{}", run.stdout);
    for row in &run.rows {
        let bounds = numbers(&row["lies between"]);
        assert!(bounds[0] < bounds[1] + ROOM, "{row:?}");
    }
    let control = run.stdout.lines().find(|line| line.starts_with("With shuffled labels")).unwrap();
    assert!(numbers(control)[0] < 0.25 * after[0], "{control}");
}

#[test]
fn what_is_not_there_is_an_error() {
    let tables = Tables::new();
    let run = tables.run("information-plane", &[]);
    assert!(run.stderr.contains("digits.csv") && run.stderr.contains("hint: "), "{}", run.stderr);
    tables.digits((0..20).map(|row| (vec![noise(row, 1); 64], row % 2)));
    assert!(tables.run("information-plane", &[]).stderr.contains("20 images are too few"));
}
