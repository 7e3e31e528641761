//! Texts whose rating is in their letters.

use crate::support::{Tables, noise, numbers};
use mist_embed::Encoder;
use std::fmt::Write;

/// Texts of a few letters; the rating is how many are an `a`, with a little noise.
fn texts(from: usize, to: usize) -> String {
    let mut table = "text,rating,others,ngrams_1\n".to_owned();
    for row in from..to {
        let letter = |i: usize| if noise(row, i) > 0.0 { 'a' } else { 'b' };
        let text: String = (0..8).map(letter).collect();
        let count = text.matches('a').count() as f64;
        let [rating, other] = [100, 101].map(|i| count + 0.5 * noise(row, i));
        writeln!(table, "\"{text}\",{rating:.3},{other:.3},{:.3}", noise(row, 102)).unwrap();
    }
    table
}

#[test]
fn an_encoder_that_learns_ratings_tells_them() {
    let tables = Tables::new();
    tables.write("texts-train.csv", &texts(0, 600));
    tables.write("texts-test.csv", &texts(600, 900));
    let encoders = tables.path().join("encoders");
    let run = tables.run("texts", &["--epochs", "3", "--components", "1", "--encoders", encoders.to_str().unwrap()]);
    let told = |name: &str| {
        let row = run.rows.iter().find(|row| row["what stands for the text"] == name);
        numbers(&row.unwrap_or_else(|| panic!("{name}:\n{}", run.stdout))["mist"])
    };
    let rated = told("letters, ratings of other texts");
    // Other people say how many there are but for noise; the encoder finds most of it, and less is left than they say.
    let people = told("other people");
    assert!(people[0] > 1.0 && rated[0] > 0.5 * people[0], "{}", run.stdout);
    assert!(told("length of the text")[0] < 0.05 && told("sequences of letters")[0] < 0.1, "{}", run.stdout);
    let control = run.stdout.lines().find(|line| line.starts_with("With shuffled ratings")).unwrap();
    assert!(numbers(control.split("says").nth(1).unwrap())[0] < 0.1, "{control}");
    for name in ["random", "filled-in", "rated"] {
        let encoder = Encoder::open(&encoders.join(name), &candle_core::Device::Cpu).unwrap();
        assert_eq!(encoder.columns(), 32);
    }
}
