//! Values on disk as ranks: what survives, what is refused, what halves would do.

mod common;

use half::f16;
use mist_data_gen::{
    DatasetError, Draw, MetaDistribution, Seeds, Split,
    dataset::{Reader, Storage, WriteOptions, shard, write},
};
use nalgebra::DMatrix;
use rayon::prelude::*;

const SEEDS: Seeds = Seeds { root: 0 };

/// Mid-ranks by counting: smaller values, and half of the equal ones and itself.
fn mid_rank(values: &[f64], of: f64) -> f64 {
    let smaller = values.iter().filter(|v| **v < of).count() as f64;
    let equal = values.iter().filter(|v| **v == of).count() as f64;
    smaller + (equal + 1.0) / 2.0
}

#[test]
fn ranks_come_back_and_rank_like_the_values() {
    let dir = tempfile::tempdir().unwrap();
    let meta = common::wide();
    let options =
        WriteOptions { count: 40, shard_size: 7, storage: Storage::Ranks16, threads: 2, ..Default::default() };
    write(&meta, &SEEDS, Split::Scratch, dir.path(), &options, |_| {}).unwrap();
    let reader = Reader::open(dir.path()).unwrap();
    for (read, index) in reader.draws().zip(0..) {
        let (read, drawn) = (read.unwrap(), meta.draw(&SEEDS, Split::Scratch, index));
        assert_eq!((&read.family, read.n, read.index), (&drawn.family, drawn.n, drawn.index));
        assert_eq!(read.mi_nats.to_bits(), drawn.mi_nats.to_bits());
        for (read, drawn) in [(&read.sample.x, &drawn.sample.x), (&read.sample.y, &drawn.sample.y)] {
            assert_eq!(read.shape(), drawn.shape());
            for (ranks, values) in read.column_iter().zip(drawn.column_iter()) {
                let values: Vec<f64> = values.iter().copied().collect();
                assert!(ranks.iter().zip(&values).all(|(rank, value)| *rank == mid_rank(&values, *value)));
            }
            // Ranks are their own ranks: reading and writing once more changes nothing.
            assert_eq!(Storage::Ranks16.rounded(read).unwrap(), *read);
        }
    }
}

#[test]
fn equal_values_share_their_rank() {
    let x = DMatrix::from_column_slice(5, 2, &[3.0, -1.0, 3.0, 0.0, 3.0, 0.0, -0.0, 1e-300, 7.0, -7.0]);
    let ranks = Storage::Ranks16.rounded(&x).unwrap();
    assert_eq!(ranks.as_slice(), [4.0, 1.0, 4.0, 2.0, 4.0, 2.5, 2.5, 4.0, 5.0, 1.0]);
    assert_eq!(Storage::F64.rounded(&x).unwrap(), x);
}

#[test]
fn a_quarter_of_the_size() {
    let meta = MetaDistribution::named("m_train").unwrap();
    let families: Vec<String> = meta.variants().iter().map(|v| v.name.clone()).collect();
    let draws: Vec<Draw> = (0..20).map(|i| meta.draw(&SEEDS, Split::Scratch, i)).collect();
    let size = |storage| shard::encode(&draws, &families, storage).unwrap().len() as f64;
    let ratio = size(Storage::F64) / size(Storage::Ranks16);
    assert!((3.9..=4.0).contains(&ratio), "{ratio}");
}

fn ramp(n: usize) -> DMatrix<f64> {
    DMatrix::from_fn(n, 1, |row, _| row as f64)
}

#[test]
fn the_largest_n_fits_and_one_more_is_refused() {
    let most = Storage::RANKS16_MAX_N;
    assert_eq!(most, 32_767);
    assert_eq!(Storage::Ranks16.rounded(&ramp(most)).unwrap()[most - 1], most as f64);
    let constant = DMatrix::from_element(most, 1, 1.0);
    assert_eq!(Storage::Ranks16.rounded(&constant).unwrap()[0], (most + 1) as f64 / 2.0);
    let reason = "n is `32768`, storage `ranks16` holds at most `32767`\nhint: storage `f64` holds any n";
    assert_eq!(Storage::Ranks16.rounded(&ramp(most + 1)).unwrap_err(), reason);
    for value in [f64::NAN, f64::INFINITY] {
        let reason = format!("the value `{value}` has no rank");
        assert_eq!(Storage::Ranks16.rounded(&DMatrix::from_element(2, 1, value)).unwrap_err(), reason);
    }

    let text = include_str!("../configs/independence.toml");
    let large = text.replace("min = 50\n", "min = 32768\n").replace("max = 1000\n", "max = 32768\n");
    let large = MetaDistribution::from_toml(&large).unwrap();
    assert_eq!(large.reach().0, (32_768, 32_768));
    let dir = tempfile::tempdir().unwrap();
    let options = WriteOptions { count: 1, storage: Storage::Ranks16, ..Default::default() };
    match write(&large, &SEEDS, Split::Test, dir.path(), &options, |_| {}) {
        Err(DatasetError::Unstorable { reason: got, .. }) => assert_eq!(got, format!("draw 0: {reason}")),
        other => panic!("{other:?}"),
    }
    let left: Vec<_> = common::bytes(dir.path()).into_keys().collect();
    assert_eq!(left, ["manifest.json".into()] as [std::path::PathBuf; 1], "no shard is written");
}

fn has_ties(matrix: &DMatrix<f64>) -> bool {
    matrix.column_iter().any(|column| {
        let mut values: Vec<f64> = column.iter().copied().collect();
        values.sort_unstable_by(f64::total_cmp);
        values.windows(2).any(|pair| pair[0] == pair[1])
    })
}

/// The figures in the documentation of [`Storage`]. Value-breaking changes of `m_train` move them.
#[test]
fn halves_would_make_ties_and_infinities() {
    let meta = MetaDistribution::named("m_train").unwrap();
    let counts = (0..1_000_u64).into_par_iter().map(|index| {
        let sample = meta.draw(&SEEDS, Split::Scratch, index).sample;
        let sides = [&sample.x, &sample.y];
        let any = |of: &dyn Fn(&DMatrix<f64>) -> bool| u32::from(sides.iter().any(|matrix| of(matrix)));
        let half = |matrix: &DMatrix<f64>| matrix.map(|v| f64::from(f16::from_f64(v)));
        let ranks = |matrix: &DMatrix<f64>| Storage::Ranks16.rounded(matrix).unwrap();
        [
            any(&has_ties),
            any(&|matrix| has_ties(&half(matrix))),
            any(&|matrix| half(matrix).iter().any(|v| v.is_infinite())),
            any(&|matrix| has_ties(&ranks(matrix))),
        ]
    });
    let total = counts.reduce(|| [0; 4], |a, b| std::array::from_fn(|i| a[i] + b[i]));
    assert_eq!(total, [0, 968, 3, 0]);
}
