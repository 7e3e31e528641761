//! Every kind of damage to a data set is found, and named by its place.

mod common;

use std::{fs, path::Path};

use common::damage::{change_draws, change_manifest, problems, sha256};
use mist_data_gen::{
    DatasetError, Draw, Seeds, Split,
    dataset::{MANIFEST_FILE, Storage, Verifier, WriteOptions, write},
};

const COUNT: u64 = 23;

const SEEDS: Seeds = Seeds { root: 3 };

fn make(dir: &Path, storage: Storage) {
    let options = WriteOptions { count: COUNT, shard_size: 5, storage, threads: 2, ..Default::default() };
    write(&common::wide(), &SEEDS, Split::Test, dir, &options, |_| {}).unwrap();
}

fn one(problems: &[String], expected: &str) {
    assert!(problems.len() == 1 && problems[0].contains(expected), "expected `{expected}`, got {problems:#?}");
}

#[test]
fn what_was_written_has_no_problems() {
    for storage in Storage::ALL {
        let dir = tempfile::tempdir().unwrap();
        make(dir.path(), storage);
        for redraw in [false, true] {
            assert_eq!(problems(dir.path(), redraw), [""; 0], "{storage}");
        }
    }
}

#[test]
fn damaged_and_missing_shards_are_found() {
    let dir = tempfile::tempdir().unwrap();
    make(dir.path(), Storage::F64);
    let path = dir.path().join("shard-00001.safetensors");
    let whole = fs::read(&path).unwrap();
    for at in [0, 20, whole.len() / 2, whole.len() - 1] {
        let mut flipped = whole.clone();
        flipped[at] ^= 1;
        fs::write(&path, flipped).unwrap();
        one(&problems(dir.path(), false), "shard `shard-00001.safetensors`: expected SHA-256 `");
    }
    fs::remove_file(&path).unwrap();
    one(&problems(dir.path(), false), "shard `shard-00001.safetensors`: cannot be read: ");
    change_manifest(dir.path(), |manifest| manifest.shards[1].sha256 = None);
    one(&problems(dir.path(), false), "shard `shard-00001.safetensors`: not written yet");
}

/// With checksums that hold.
#[test]
fn wrong_draws_are_found() {
    let found = |change: fn(&mut [Draw])| {
        let dir = tempfile::tempdir().unwrap();
        make(dir.path(), Storage::F64);
        change_draws(dir.path(), change);
        problems(dir.path(), false)
    };
    let place = |what: &str| format!("draw 7 in `shard-00001.safetensors`: {what}");
    one(&found(|draws| draws[2].mi_nats = draws[2].mi_nats.next_up()), &place("mi_nats is `"));
    one(&found(|draws| draws[2].mi_nats = f64::NAN), &place("mi_nats is `NaN`, expected `"));
    let drawn = common::wide().draw(&SEEDS, Split::Test, 7).mi_standard_error;
    let expected = place(&format!("mi_standard_error is `0.25`, expected `{drawn}`"));
    one(&found(|draws| draws[2].mi_standard_error = 0.25), &expected);
    one(&found(|draws| draws[2].sample.y[(3, 0)] = f64::NAN), &place("Y holds `NaN` in row 3, column 0"));
    one(&found(|draws| draws[2].sample.x[(4, 0)] = f64::INFINITY), &place("X holds `inf` in row 4, column 0"));
    let other = found(|draws| draws[2].family = "independent".to_owned());
    one(&other, &place("family is `independent`, expected `"));
    let shape = found(|draws| {
        draws[2].n -= 1;
        let Draw { n, sample, .. } = &mut draws[2];
        for side in [&mut sample.x, &mut sample.y] {
            *side = side.rows(0, *n).into_owned();
        }
    });
    one(&shape, &place("n is `"));
    let columns = found(|draws| draws[2].sample.x = draws[2].sample.x.clone().insert_column(0, 0.0));
    one(&columns, &place("dim_x is `"));
    let moved = found(|draws| draws.swap(0, 1));
    one(&moved, "shard `shard-00001.safetensors`: its indices are not those that the manifest gives");
    let all = found(|draws| draws.iter_mut().for_each(|draw| draw.mi_nats += 1.0));
    assert_eq!(all.len(), 5);
}

/// What only a second look at the samples can find.
#[test]
fn wrong_values_are_found_when_they_are_drawn_anew() {
    let dir = tempfile::tempdir().unwrap();
    make(dir.path(), Storage::F64);
    change_draws(dir.path(), |draws| {
        let value = &mut draws[2].sample.x[(1, 0)];
        *value = value.next_up();
    });
    assert_eq!(problems(dir.path(), false), [""; 0]);
    one(&problems(dir.path(), true), "draw 7 in `shard-00001.safetensors`: X holds `");

    let dir = tempfile::tempdir().unwrap();
    make(dir.path(), Storage::Ranks16);
    change_draws(dir.path(), |draws| draws[2].sample.x.swap_rows(0, 1));
    assert_eq!(problems(dir.path(), false), [""; 0]);
    one(&problems(dir.path(), true), "draw 7 in `shard-00001.safetensors`: X holds `");
}

/// Bytes of a shard of ranks that are no ranks, with a checksum that holds.
#[test]
fn ranks_that_are_none_are_found() {
    let dir = tempfile::tempdir().unwrap();
    make(dir.path(), Storage::Ranks16);
    let path = dir.path().join("shard-00001.safetensors");
    change_manifest(dir.path(), |manifest| {
        let mut bytes = fs::read(&path).unwrap();
        let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
        let values = file.tensor("values").unwrap().data().as_ptr() as usize - bytes.as_ptr() as usize;
        bytes[values..values + 2].copy_from_slice(&u16::MAX.to_le_bytes());
        fs::write(&path, &bytes).unwrap();
        manifest.shards[1].sha256 = Some(sha256(&bytes));
    });
    for redraw in [false, true] {
        let found = problems(dir.path(), redraw);
        let expected =
            if redraw { "X holds `32767.5` in row 0, column 0, expected `" } else { "X does not hold ranks" };
        one(&found, &format!("draw 5 in `shard-00001.safetensors`: {expected}"));
    }
}

#[test]
fn other_seeds_and_manifests_are_found() {
    let dir = tempfile::tempdir().unwrap();
    make(dir.path(), Storage::F64);
    change_manifest(dir.path(), |manifest| manifest.root_seed += 1);
    // Every draw differs in something, if it is not its family and n then its MI.
    let of_draws: std::collections::BTreeSet<_> =
        problems(dir.path(), false).iter().map(|p| p.split(" in ").next().unwrap().to_owned()).collect();
    assert_eq!(of_draws.len() as u64, COUNT);
    change_manifest(dir.path(), |manifest| manifest.families.swap(0, 1));
    match Verifier::open(dir.path(), false, 1) {
        Err(DatasetError::Manifest { reason, .. }) => {
            assert_eq!(reason, "its families are not those of its configuration");
        }
        other => panic!("{other:?}"),
    }
    fs::remove_file(dir.path().join(MANIFEST_FILE)).unwrap();
    assert!(matches!(Verifier::open(dir.path(), false, 1), Err(DatasetError::Io { .. })));
}

#[test]
fn a_name_or_generator_that_is_not_the_one_is_found() {
    let dir = tempfile::tempdir().unwrap();
    make(dir.path(), Storage::F64);
    let error = || Verifier::open(dir.path(), false, 1).unwrap_err().to_string();
    change_manifest(dir.path(), |manifest| manifest.name.push('x'));
    assert!(error().contains("its name is `widex`, that of its configuration `wide`"), "{}", error());
    change_manifest(dir.path(), |manifest| _ = manifest.name.pop());
    change_manifest(dir.path(), |manifest| manifest.generator = "9.9.9".into());
    assert!(error().contains("version `9.9.9` of the generator made it, and this is `"), "{}", error());
}

#[test]
fn a_manifest_that_says_too_much_is_refused_before_anything_is_allocated() {
    let dir = tempfile::tempdir().unwrap();
    make(dir.path(), Storage::F64);
    let (manifest, part) = (dir.path().join(MANIFEST_FILE), dir.path().join("manifest.part-001-of-002.json"));
    let sound = fs::read_to_string(&manifest).unwrap();
    for count in ["1000000000000000", "18446744073709551615"] {
        let text = sound.replace("\"count\": 23,", &format!("\"count\": {count},"));
        assert_ne!(text, sound);
        fs::write(&manifest, &text).unwrap();
        let error = Verifier::open(dir.path(), false, 1).unwrap_err().to_string();
        assert!(error.contains("shards, expected at most `1000000`"), "{error}");
        fs::remove_file(&manifest).unwrap();
        fs::write(&part, &text).unwrap();
        let error = Verifier::open(dir.path(), false, 1).unwrap_err().to_string();
        assert!(error.contains("shards, expected at most `1000000`"), "{error}");
        fs::remove_file(&part).unwrap();
    }
}
