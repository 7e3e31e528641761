//! Data sets on disk: same bytes on any number of threads, resumed or in parts; damage is found.

mod common;

use std::{
    fs,
    path::{Path, PathBuf},
};

use common::bytes;
use mist_data_gen::{
    DatasetError, Draw, MetaDistribution, Seeds, Split,
    dataset::{MANIFEST_FILE, Manifest, Part, Progress, Reader, Storage, WriteOptions, shard, write},
};

const OPTIONS: WriteOptions =
    WriteOptions { count: 23, shard_size: 5, storage: Storage::F64, pointwise: false, part: None, threads: 2 };
const SEEDS: Seeds = Seeds { root: 9 };

fn meta() -> MetaDistribution {
    common::wide()
}

fn make(dir: &Path, options: &WriteOptions) -> Result<(Manifest, Vec<Progress>), DatasetError> {
    let mut reports = Vec::new();
    let manifest = write(&meta(), &SEEDS, Split::Validation, dir, options, |p| reports.push(p))?;
    Ok((manifest, reports))
}

fn shard_path(dir: &Path, number: usize) -> PathBuf {
    dir.join(format!("shard-{number:05}.safetensors"))
}

#[test]
fn same_bytes_on_any_number_of_threads() {
    let reference = tempfile::tempdir().unwrap();
    let (manifest, reports) = make(reference.path(), &WriteOptions { threads: 1, ..OPTIONS }).unwrap();
    assert_eq!(manifest.written(), 5);
    let done: Vec<u64> = reports.iter().map(|p| p.draws_done).collect();
    assert_eq!(done, [5, 10, 15, 20, 23]);
    let expected = bytes(reference.path());
    assert_eq!(expected.len(), 6);
    for threads in [2, 7] {
        let dir = tempfile::tempdir().unwrap();
        make(dir.path(), &WriteOptions { threads, ..OPTIONS }).unwrap();
        assert!(bytes(dir.path()) == expected, "{threads} threads");
    }
}

#[test]
fn draws_come_back_to_the_bit() {
    let dir = tempfile::tempdir().unwrap();
    make(dir.path(), &OPTIONS).unwrap();
    let reader = Reader::open(dir.path()).unwrap();
    assert_eq!(reader.manifest().meta().unwrap().sha256(), meta().sha256());
    let draws: Vec<Draw> = reader.draws().collect::<Result<_, _>>().unwrap();
    let expected: Vec<Draw> = (0..23).map(|i| meta().draw(&SEEDS, Split::Validation, i)).collect();
    assert!(draws == expected);
    assert_eq!(reader.shard(4).unwrap().len(), 3);
}

/// The same without the rows, in either storage.
#[test]
fn facts_come_back_without_the_rows() {
    for storage in Storage::ALL {
        let dir = tempfile::tempdir().unwrap();
        make(dir.path(), &WriteOptions { storage, ..OPTIONS }).unwrap();
        let reader = Reader::open(dir.path()).unwrap();
        let facts: Vec<_> = (0..5).flat_map(|number| reader.facts(number).unwrap()).collect();
        assert_eq!(facts.len(), 23);
        for (facts, index) in facts.iter().zip(0..) {
            let drawn = meta().draw_task(&SEEDS, Split::Validation, index);
            let (n, dims) = (drawn.n, (drawn.task.dim_x(), drawn.task.dim_y()));
            assert_eq!((facts.index, facts.n, (facts.dim_x, facts.dim_y)), (index, n, dims));
            assert_eq!(reader.manifest().families[facts.family], drawn.task.family());
            assert_eq!(facts.mi_nats.to_bits(), drawn.task.mi_nats().to_bits());
            assert_eq!(facts.mi_standard_error, drawn.task.mi_standard_error());
        }
    }
}

/// A file that is cut, or whose header is wrong, gives an error and not what lies beside the tensor.
#[test]
fn facts_of_damaged_files_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    make(dir.path(), &OPTIONS).unwrap();
    let reader = Reader::open(dir.path()).unwrap();
    let path = shard_path(dir.path(), 0);
    let whole = fs::read(&path).unwrap();
    let header = 8 + u64::from_le_bytes(whole[..8].try_into().unwrap()) as usize;
    for cut in [0, 7, 8, header - 1, header] {
        fs::write(&path, &whole[..cut]).unwrap();
        assert!(reader.facts(0).is_err(), "cut at {cut}");
    }
    for at in 0..header {
        let mut damaged = whole.clone();
        damaged[at] ^= 4;
        fs::write(&path, &damaged).unwrap();
        // Must not panic; most are errors.
        let _ = reader.facts(0);
    }
}

#[test]
fn a_killed_run_resumes_to_the_same_bytes() {
    let dir = tempfile::tempdir().unwrap();
    make(dir.path(), &OPTIONS).unwrap();
    let expected = bytes(dir.path());

    // As after a kill in the third shard: two shards known, one renamed but not yet in the manifest, a
    // temporary file of the next.
    let path = dir.path().join(MANIFEST_FILE);
    let mut manifest: Manifest = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    for entry in &mut manifest.shards[2..] {
        entry.sha256 = None;
    }
    fs::write(&path, serde_json::to_string(&manifest).unwrap()).unwrap();
    fs::remove_file(shard_path(dir.path(), 4)).unwrap();
    fs::remove_file(shard_path(dir.path(), 3)).unwrap();
    fs::write(dir.path().join(".mist-0123456789abcdef.tmp"), b"half").unwrap();
    match Reader::open(dir.path()) {
        Err(DatasetError::Incomplete { written, expected, .. }) => assert_eq!((written, expected), (2, 5)),
        other => panic!("{other:?}"),
    }

    let (_, reports) = make(dir.path(), &OPTIONS).unwrap();
    let kept: Vec<bool> = reports.iter().map(|p| p.kept).collect();
    assert_eq!(kept, [true, true, false, false, false]);
    assert!(bytes(dir.path()) == expected);
}

#[test]
fn damage_is_found_and_repaired() {
    let dir = tempfile::tempdir().unwrap();
    make(dir.path(), &OPTIONS).unwrap();
    let expected = bytes(dir.path());
    let whole = fs::read(shard_path(dir.path(), 1)).unwrap();

    let mut flipped = whole.clone();
    *flipped.last_mut().unwrap() ^= 1;
    for damaged in [&flipped[..], &whole[..whole.len() / 2], &[]] {
        fs::write(shard_path(dir.path(), 1), damaged).unwrap();
        let reader = Reader::open(dir.path()).unwrap();
        let results: Vec<_> = reader.draws().collect();
        // The first shard, then the error, then nothing.
        assert_eq!(results.len(), 6);
        assert!(results[..5].iter().all(Result::is_ok));
        match &results[5] {
            Err(DatasetError::Checksum { path, .. }) => assert_eq!(*path, shard_path(dir.path(), 1)),
            other => panic!("{other:?}"),
        }
        let (_, reports) = make(dir.path(), &OPTIONS).unwrap();
        let kept: Vec<bool> = reports.iter().map(|p| p.kept).collect();
        assert_eq!(kept, [true, false, true, true, true]);
        assert!(bytes(dir.path()) == expected);
    }
    fs::remove_file(shard_path(dir.path(), 1)).unwrap();
    let reader = Reader::open(dir.path()).unwrap();
    assert!(matches!(reader.shard(1), Err(DatasetError::Io { .. })));
    make(dir.path(), &OPTIONS).unwrap();
    assert!(bytes(dir.path()) == expected);
}

#[test]
fn another_data_set_is_not_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    make(dir.path(), &OPTIONS).unwrap();
    let before = bytes(dir.path());
    let attempt = |meta: &MetaDistribution, seeds: Seeds, split, options: &WriteOptions| match write(
        meta,
        &seeds,
        split,
        dir.path(),
        options,
        |_| {},
    ) {
        Err(DatasetError::Mismatch { field, .. }) => field,
        other => panic!("{other:?}"),
    };
    let (meta, split) = (meta(), Split::Validation);
    let train = MetaDistribution::named("m_train").unwrap();
    assert_eq!(attempt(&train, SEEDS, split, &OPTIONS), "config");
    let changed = meta.to_toml().replace("max_cells = 20000", "max_cells = 30000");
    let changed = MetaDistribution::from_toml(&changed).unwrap();
    assert_eq!(attempt(&changed, SEEDS, split, &OPTIONS), "config_sha256");
    assert_eq!(attempt(&meta, Seeds { root: 8 }, split, &OPTIONS), "root_seed");
    assert_eq!(attempt(&meta, SEEDS, Split::Train, &OPTIONS), "split");
    assert_eq!(attempt(&meta, SEEDS, split, &WriteOptions { count: 24, ..OPTIONS }), "count");
    let options = WriteOptions { shard_size: 6, ..OPTIONS };
    assert_eq!(attempt(&meta, SEEDS, split, &options), "shard_size");
    let options = WriteOptions { storage: Storage::Ranks16, ..OPTIONS };
    assert_eq!(attempt(&meta, SEEDS, split, &options), "storage");
    let part = Some(Part::new(2, 3).unwrap());
    assert_eq!(attempt(&meta, Seeds { root: 8 }, split, &WriteOptions { part, ..OPTIONS }), "root_seed");
    assert!(bytes(dir.path()) == before);

    let error = write(&meta, &Seeds { root: 8 }, split, dir.path(), &OPTIONS, |_| {}).unwrap_err();
    let message = error.to_string();
    assert!(message.contains("`root_seed` is `9` there, expected `8`\nhint: "), "{message}");
}

#[test]
fn manifests_are_checked() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(MANIFEST_FILE);
    assert!(matches!(Reader::open(dir.path()), Err(DatasetError::Io { .. })));
    make(dir.path(), &OPTIONS).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    for (from, to, reason) in [
        ("\"format\": 2", "\"format\": 1", "expected format `2`, got `1`"),
        ("max_cells = 20000", "max_cells = 20001", "its configuration has SHA-256"),
        ("\"first\": 5", "\"first\": 6", "is out of place"),
        ("\"file\": \"shard", "\"file\": \"../shard", "is out of place"),
        ("\"count\": 23", "\"count\": 24", "shard `shard-00004.safetensors` is out of place"),
        ("\"count\": 23", "\"count\": 26", "shard `shard-00004.safetensors` is out of place"),
        ("\"count\": 23", "\"count\": 20", "shard `shard-00004.safetensors` is out of place"),
        ("\"count\": 23", "\"count\": 0", "it has no draws"),
        ("\"shard_size\": 5", "\"shard_size\": 0", "it has no draws"),
        ("\"storage\": \"f64\"", "\"storage\": \"f16\"", "unknown variant `f16`"),
        ("\"root_seed\"", "\"rootseed\"", "unknown field"),
        ("{", "", "expected"),
    ] {
        assert!(text.contains(from), "{from}");
        fs::write(&path, text.replacen(from, to, 1)).unwrap();
        match Reader::open(dir.path()) {
            Err(error @ DatasetError::Manifest { .. }) => {
                assert!(error.to_string().contains(reason), "{error}");
            }
            other => panic!("{to}: {other:?}"),
        }
    }
}

#[test]
fn empty_data_sets_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    for options in [WriteOptions { count: 0, ..OPTIONS }, WriteOptions { shard_size: 0, ..OPTIONS }] {
        assert!(matches!(make(dir.path(), &options), Err(DatasetError::Parameter(_))));
    }
    assert!(bytes(dir.path()).is_empty());
}

/// Bytes that are no shard are refused whatever their checksum says.
#[test]
fn malformed_shards_are_refused() {
    let families: Vec<String> = meta().variants().iter().map(|v| v.name.clone()).collect();
    let (storage, draws) = (Storage::F64, (0..3).map(|i| meta().draw(&SEEDS, Split::Scratch, i)).collect::<Vec<_>>());
    let good = shard::encode(&draws, &families, storage).unwrap();
    assert!(shard::decode(&good, &families, storage).unwrap() == draws);

    assert!(shard::decode(&[], &families, storage).is_err());
    for cut in [1, 8, 100, good.len() / 2, good.len() - 1] {
        assert!(shard::decode(&good[..cut], &families, storage).is_err(), "cut at {cut}");
    }
    let reason = shard::decode(&good, &families[..0], storage).unwrap_err();
    assert!(reason.contains("is not in the manifest"), "{reason}");

    let mut draws = draws;
    draws[1].n += 1;
    let reason = shard::decode(&shard::encode(&draws, &families, storage).unwrap(), &families, storage).unwrap_err();
    assert_eq!(reason, "draw 1: its offsets do not fit its shape");

    // No byte of the header may be wrong without an error or the same content.
    let header = 8 + u64::from_le_bytes(good[..8].try_into().unwrap()) as usize;
    for at in 0..header {
        let mut damaged = good.clone();
        damaged[at] ^= 4;
        // Must not panic; most are errors.
        let _ = shard::decode(&damaged, &families, storage);
    }
}
