//! Frozen draws. A change here is value-breaking: data sets and training runs of the same seed change.

mod common;
mod golden_values;

use mist_data_gen::{MetaDistribution, Seeds, Split};

/// Relative: `sin`, `exp` and the order of sums may differ by a few units in the last place.
const TOLERANCE: f64 = 1e-9;

/// `mist_1` has no golden values: it is tuned, and what it is made of is all in `wide`.
fn configuration(name: &str) -> MetaDistribution {
    if name == "wide" { common::wide() } else { MetaDistribution::named(name).unwrap() }
}

#[test]
fn draws_are_those_of_earlier_versions() {
    let seeds = Seeds { root: 42 };
    for golden in golden_values::GOLDEN {
        let meta = configuration(golden.config);
        let draw = meta.draw(&seeds, Split::Train, golden.index);
        let what = format!("{} {} {}", golden.config, golden.index, golden.family);
        let sample = &draw.sample;
        assert_eq!(draw.family, golden.family, "{what}");
        let shape = (draw.n, sample.x.ncols(), sample.y.ncols());
        assert_eq!(shape, golden.shape, "{what}");
        let last = draw.n - 1;
        let got = [draw.mi_nats, sample.x[(0, 0)], sample.x[(last, shape.1 - 1)], sample.y[(last, shape.2 - 1)]];
        for (got, expected) in got.iter().zip(&golden.values) {
            let error = (got - expected).abs();
            assert!(error <= TOLERANCE * expected.abs(), "{what}: {got}, expected {expected}");
        }
    }
}

#[test]
#[ignore = "prints the table of `golden_values.rs`; run it after a wanted change of values"]
fn print_golden_values() {
    let seeds = Seeds { root: 42 };
    for (config, indices) in [("m_train", 200), ("wide", 400)] {
        let meta = configuration(config);
        let mut seen = std::collections::HashSet::new();
        for index in 0..indices {
            let task = meta.draw_task(&seeds, Split::Train, index);
            if !seen.insert(task.task.family().to_owned()) {
                continue;
            }
            let draw = task.sample();
            let (n, x, y) = (draw.n, &draw.sample.x, &draw.sample.y);
            println!(
                "    Golden {{ config: {config:?}, index: {index}, family: {:?}, shape: ({n}, {}, {}), values: {:?} }},",
                draw.family,
                x.ncols(),
                y.ncols(),
                [draw.mi_nats, x[(0, 0)], x[(n - 1, x.ncols() - 1)], y[(n - 1, y.ncols() - 1)]],
            );
        }
    }
}
