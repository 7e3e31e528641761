//! Data sets with the pointwise MI of every row: what comes back, what is refused, what verification finds.

mod common;

use std::{fs, path::Path};

use common::damage::{change_draws, change_manifest, problems};
use mist_data_gen::{
    DatasetError, Draw, MetaDistribution, Seeds, Split,
    dataset::{MANIFEST_FILE, Manifest, Reader, Storage, WriteOptions, shard, write},
};

const SEEDS: Seeds = Seeds { root: 5 };

const OPTIONS: WriteOptions =
    WriteOptions { count: 23, shard_size: 5, storage: Storage::F64, pointwise: true, part: None, threads: 2 };

fn meta() -> MetaDistribution {
    let head = "name = 'eight kinds'\n[[dims]]\nweight = 1.0\nlaw = 'uniform'\nmin = 1\nmax = 4\nequal = false\n\
                [[n]]\nweight = 1.0\nlaw = 'uniform'\nmin = 50\nmax = 90\n";
    let kinds = ["table", "channel", "quantised", "inflated", "censored", "counts", "labels", "mixture"];
    let families = kinds.map(|kind| format!("[[family]]\nweight = 1.0\nkind = '{kind}'\n"));
    MetaDistribution::from_toml(&(head.to_owned() + &families.concat())).unwrap()
}

fn make(dir: &Path, options: &WriteOptions) -> Result<Manifest, DatasetError> {
    write(&meta(), &SEEDS, Split::Validation, dir, options, |_| {})
}

/// In single precision, and beside it nothing changes.
#[test]
fn values_come_back() {
    for storage in Storage::ALL {
        let [dir, without] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        make(dir.path(), &WriteOptions { storage, ..OPTIONS }).unwrap();
        make(without.path(), &WriteOptions { storage, pointwise: false, ..OPTIONS }).unwrap();
        let (reader, plain) = (Reader::open(dir.path()).unwrap(), Reader::open(without.path()).unwrap());
        for (index, (read, plain)) in (0..).zip(reader.draws().zip(plain.draws())) {
            let (mut read, plain) = (read.unwrap(), plain.unwrap());
            let drawn = meta().draw_task(&SEEDS, Split::Validation, index).sample_pointwise();
            let rounded = drawn.pointwise_mi.unwrap().into_iter().map(|v| f64::from(v as f32)).collect::<Vec<_>>();
            assert_eq!(read.pointwise_mi.take().unwrap(), rounded);
            assert!(read == plain);
        }
        assert_eq!(reader.facts(1).unwrap(), plain.facts(1).unwrap());
        for redraw in [false, true] {
            assert_eq!(problems(dir.path(), redraw), [""; 0], "{storage}");
        }
    }
}

/// A data set without them does not know the key, so that its manifest is what it was before there was one.
#[test]
fn only_data_sets_that_have_them_say_so() {
    let [dir, without] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    make(dir.path(), &OPTIONS).unwrap();
    make(without.path(), &WriteOptions { pointwise: false, ..OPTIONS }).unwrap();
    let text = |dir: &Path| fs::read_to_string(dir.join(MANIFEST_FILE)).unwrap();
    assert!(text(dir.path()).contains("\"pointwise\": true") && !text(without.path()).contains("pointwise"));
    match make(dir.path(), &WriteOptions { pointwise: false, ..OPTIONS }) {
        Err(DatasetError::Mismatch { field: "pointwise", .. }) => {}
        other => panic!("{other:?}"),
    }
    for (dir, says) in [(&dir, "holds"), (&without, "lacks")] {
        change_manifest(dir.path(), |manifest| manifest.pointwise = !manifest.pointwise);
        let error = Reader::open(dir.path()).unwrap().shard(0).unwrap_err().to_string();
        assert!(error.contains(&format!("it {says} the pointwise MI of the rows")), "{error}");
    }
}

#[test]
fn wrong_values_are_found() {
    let found = |redraw, change: fn(&mut Vec<f64>)| {
        let dir = tempfile::tempdir().unwrap();
        make(dir.path(), &OPTIONS).unwrap();
        change_draws(dir.path(), |draws| change(draws[2].pointwise_mi.as_mut().unwrap()));
        problems(dir.path(), redraw)
    };
    let place = |what: &str| format!("draw 7 in `shard-00001.safetensors`: {what}");
    let little: fn(&mut Vec<f64>) = |values| values[3] = f64::from((values[3] as f32).next_up());
    assert_eq!(found(false, little), [""; 0]);
    for (redraw, change, expected) in [
        (true, little, place("the pointwise MI of row 3 is `")),
        (false, |values| values[4] = f64::NAN, place("the pointwise MI of row 4 is `NaN`")),
        (false, |values| values.iter_mut().for_each(|v| *v += 3.0), place("the mean of the pointwise MI is `")),
    ] {
        let problems = found(redraw, change);
        assert!(problems.len() == 1 && problems[0].contains(&expected), "expected `{expected}`, got {problems:#?}");
    }
}

#[test]
fn malformed_shards_are_refused() {
    let families: Vec<String> = meta().variants().iter().map(|v| v.name.clone()).collect();
    let draw = |index| meta().draw_task(&SEEDS, Split::Scratch, index).sample_pointwise();
    let draws: Vec<Draw> = (0..3).map(draw).collect();
    let encode = |draws: &[Draw]| shard::encode(draws, &families, Storage::F64);
    let good = encode(&draws).unwrap();

    let mut changed = draws.clone();
    changed[1].pointwise_mi = None;
    let reason = encode(&changed).unwrap_err();
    assert_eq!(reason, "draw 1: it has the pointwise MI of its rows or not, unlike the first");
    changed[1].pointwise_mi = Some(vec![0.0]);
    let reason = encode(&changed).unwrap_err();
    assert!(reason.contains("and the pointwise MI of `1`"), "{reason}");

    let header = 8 + u64::from_le_bytes(good[..8].try_into().unwrap()) as usize;
    for at in 0..header {
        let mut damaged = good.clone();
        damaged[at] ^= 4;
        // Must not panic; most are errors.
        let _ = shard::decode(&damaged, &families, Storage::F64);
    }
}
