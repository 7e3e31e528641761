//! Random tables, written in every format: the same columns come back.

use crate::support::{Values, archive, arrow, batch, csv, gzip, npy, parquet, read_bytes};
use mist_tables::Column;
use parquet::basic::{Compression, GzipLevel, ZstdLevel};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

const TABLES: u32 = 60;

/// A column of so many rows; its first value is there, so that every format knows its type.
fn values(rows: usize) -> impl Strategy<Value = Values> {
    fn some<T: Clone + std::fmt::Debug + 'static>(
        value: impl Strategy<Value = T> + Clone + 'static,
        rows: usize,
    ) -> impl Strategy<Value = Vec<Option<T>>> {
        let optional = proptest::option::weighted(0.8, value.clone());
        (value, vec(optional, rows - 1))
            .prop_map(|(first, others)| std::iter::once(Some(first)).chain(others).collect())
    }
    let float = proptest::num::f64::NORMAL | proptest::num::f64::ZERO | proptest::num::f64::SUBNORMAL;
    prop_oneof![
        some(float, rows).prop_map(Values::Float),
        some(prop_oneof![-100..100i64, any::<i64>(), Just(1 << 60), Just((1 << 60) + 1)], rows)
            .prop_map(Values::Integer),
        some("v[ a-zÅ,;\"\n\t0-9]{0,3}x", rows).prop_map(Values::Text),
        some(any::<bool>(), rows).prop_map(Values::Boolean),
        some(-2_000_000_000..4_000_000_000i64, rows).prop_map(Values::Time),
    ]
}

fn tables() -> impl Strategy<Value = Vec<Values>> {
    (1..30usize).prop_flat_map(|rows| vec(values(rows), 1..6))
}

/// Runs over the same tables every time.
fn each<S: Strategy>(strategy: S, check: impl Fn(S::Value)) {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let config = Config { cases: TABLES, failure_persistence: None, ..Config::default() };
    let checked = |value| {
        check(value);
        Ok(())
    };
    TestRunner::new_with_rng(config, rng).run(&strategy, checked).unwrap();
}

/// The same names, kinds and values, missing ones included.
#[track_caller]
fn assert_same(got: &[Column], expected: &[Column], format: &str) {
    assert_eq!(got.len(), expected.len(), "{format}");
    for (got, expected) in got.iter().zip(expected) {
        assert_eq!((&got.name, &got.kind), (&expected.name, &expected.kind), "{format}");
        let bits = |column: &Column| column.values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(got), bits(expected), "{format}: {got:?} {expected:?}");
    }
}

#[test]
fn every_format_gives_the_same_columns() {
    each(tables(), |columns| {
        let names: Vec<String> = (0..columns.len()).map(|i| format!("c{i}")).collect();
        let columns: Vec<(&str, Values)> = names.iter().map(String::as_str).zip(columns).collect();
        let (batch, text) = (batch(&columns), csv(&columns, ","));
        let expected = read_bytes(parquet(&batch, Compression::UNCOMPRESSED)).unwrap().columns;
        let zstd = |bytes: &[u8]| zstd::encode_all(bytes, 1).unwrap();
        for (format, bytes) in [
            ("csv", text.clone().into_bytes()),
            ("semicolons", csv(&columns, ";").into_bytes()),
            ("tabs", csv(&columns, "\t").into_bytes()),
            ("byte order mark", format!("\u{feff}{text}").into_bytes()),
            ("gzip", gzip(text.as_bytes())),
            ("two gzip members", [gzip(&text.as_bytes()[..2]), gzip(&text.as_bytes()[2..])].concat()),
            ("zstd", zstd(text.as_bytes())),
            ("parquet, snappy", parquet(&batch, Compression::SNAPPY)),
            ("parquet, zstd", parquet(&batch, Compression::ZSTD(ZstdLevel::default()))),
            ("parquet, gzip", parquet(&batch, Compression::GZIP(GzipLevel::default()))),
            ("parquet, lz4", parquet(&batch, Compression::LZ4_RAW)),
            ("arrow", arrow(&batch)),
        ] {
            assert_same(&read_bytes(bytes).unwrap_or_else(|e| panic!("{format}: {e}")).columns, &expected, format);
        }
    });
}

#[test]
fn arrays_give_the_same_columns() {
    let shapes = (1..30usize, 1..6usize).prop_flat_map(|(rows, d)| vec(vec(-1e9..1e9f64, rows), d));
    each(shapes, |columns| {
        let (rows, d) = (columns[0].len(), columns.len());
        let by_row = || (0..rows).flat_map(|r| columns.iter().map(move |column| column[r]));
        let by_column = || columns.iter().flatten().copied();
        let expected = |name: &dyn Fn(usize) -> String| -> Vec<Column> {
            let column = |(i, values): (usize, &Vec<f64>)| Column {
                name: name(i),
                kind: mist_tables::Kind::Number,
                values: values.clone(),
            };
            columns.iter().enumerate().map(column).collect()
        };
        let numbered = expected(&|i| (i + 1).to_string());
        for (format, bytes) in
            [("by row", npy(&[rows, d], false, by_row())), ("by column", npy(&[rows, d], true, by_column()))]
        {
            assert_same(&read_bytes(bytes).unwrap().columns, &numbered, format);
        }
        let names = expected(&|i| format!("c{i}"));
        let files: Vec<(String, Vec<u8>)> =
            (0..d).map(|i| (format!("c{i}.npy"), npy(&[rows], false, columns[i].iter().copied()))).collect();
        let files: Vec<(&str, Vec<u8>)> = files.iter().map(|(name, bytes)| (name.as_str(), bytes.clone())).collect();
        for deflated in [false, true] {
            assert_same(&read_bytes(archive(&files, deflated)).unwrap().columns, &names, "npz");
        }
    });
}
