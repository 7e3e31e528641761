//! Frozen draws. A change here is value-breaking: data sets and training runs of the same seed change.
//!
//! Every family has a stream of its own, keyed by its name: a new one changes the draws of no other.

mod common;
mod golden_values;

use std::collections::HashSet;

use golden_values::{CONFIGURATIONS, FAMILIES, Golden};
use mist_data_gen::{
    Draw, MetaDistribution, Seeds, Split,
    config::{DimsLaw, FamilyKind, IntLaw, IntLawKind},
};
use sha2::{Digest, Sha256};

/// Relative: `sin`, `exp` and the order of sums may differ by a few units in the last place.
const TOLERANCE: f64 = 1e-9;

const SEEDS: Seeds = Seeds { root: 42 };

/// Draws of every family, so that most of its variants are among them.
const DRAWS: u64 = 4;

/// The entries of `wide.toml` one by one, each with its name.
fn families() -> Vec<(String, MetaDistribution)> {
    let wide = common::wide();
    let dims = DimsLaw { law: IntLaw { kind: IntLawKind::LogUniform, min: 1, max: 16 }, equal: false };
    let n = IntLaw { kind: IntLawKind::LogUniform, min: 10, max: 500 };
    let entries = wide.config().families.iter().enumerate();
    entries.map(|(i, (_, entry))| (entry.kind.label(), MetaDistribution::new(wide.config().only(i, dims, n)))).collect()
}

/// The stream of a family's draw: the first bytes of the SHA-256 of its name and number.
fn stream(family: &str, number: u64) -> u64 {
    let digest = Sha256::digest(format!("{family} {number}"));
    u64::from_le_bytes(digest[..8].try_into().expect("there are 32 bytes"))
}

/// What the table says of a draw.
fn summary(draw: &Draw) -> ((usize, usize, usize), [f64; 4]) {
    let (n, x, y) = (draw.n, &draw.sample.x, &draw.sample.y);
    let values = [draw.mi_nats, x[(0, 0)], x[(n - 1, x.ncols() - 1)], y[(n - 1, y.ncols() - 1)]];
    ((n, x.ncols(), y.ncols()), values)
}

fn check(golden: &Golden, draw: &Draw) {
    let what = format!("{} {} {}", golden.of, golden.index, golden.variant);
    let (shape, values) = summary(draw);
    assert_eq!((draw.family.as_str(), shape), (golden.variant, golden.shape), "{what}");
    for (got, expected) in values.iter().zip(&golden.values) {
        let error = (got - expected).abs();
        assert!(error <= TOLERANCE * expected.abs(), "{what}: {got}, expected {expected}");
    }
}

/// `mist_1` and later have no golden values: they are tuned, and what they are made of has.
#[test]
fn configurations_draw_as_in_earlier_versions() {
    for golden in CONFIGURATIONS {
        check(golden, &MetaDistribution::named(golden.of).unwrap().draw(&SEEDS, Split::Train, golden.index));
    }
}

#[test]
fn families_draw_as_in_earlier_versions() {
    let families = families();
    for golden in FAMILIES {
        let (name, alone) = families.iter().find(|(name, _)| name == golden.of).expect("an entry of `wide.toml`");
        check(golden, &alone.draw(&SEEDS, Split::Train, stream(name, golden.index)));
    }
}

#[test]
fn every_kind_has_golden_values_and_a_name_of_its_own() {
    let families = families();
    let names: HashSet<&String> = families.iter().map(|(name, _)| name).collect();
    assert_eq!(names.len(), families.len());
    for (name, _) in &families {
        assert_eq!(FAMILIES.iter().filter(|golden| golden.of == name).count() as u64, DRAWS, "{name}");
    }
    let wide = common::wide();
    let kinds: HashSet<&str> = wide.config().families.iter().map(|(_, entry)| entry.kind.name()).collect();
    assert!(FamilyKind::NAMES.iter().all(|kind| kinds.contains(kind)));
}

#[test]
#[ignore = "prints the tables of `golden_values`; run it after a wanted change of values"]
fn print_golden_values() {
    let print = |of: &str, index: u64, draw: &Draw| {
        let (shape, values) = summary(draw);
        let variant = &draw.family;
        println!(
            "    Golden {{ of: {of:?}, index: {index}, variant: {variant:?}, shape: {shape:?}, values: {values:?} }},"
        );
    };
    let meta = MetaDistribution::named("m_train").unwrap();
    let mut seen = HashSet::new();
    for index in 0..200 {
        let draw = meta.draw(&SEEDS, Split::Train, index);
        if seen.insert(draw.family.clone()) {
            print("m_train", index, &draw);
        }
    }
    for (name, alone) in families() {
        for number in 0..DRAWS {
            print(&name, number, &alone.draw(&SEEDS, Split::Train, stream(&name, number)));
        }
    }
}
