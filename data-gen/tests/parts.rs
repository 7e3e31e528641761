//! Parts of a data set, made by jobs of their own: which shards, what is left behind, what is refused.

mod common;

use std::{fs, path::Path};

use common::bytes;
use mist_data_gen::{
    DatasetError, MetaDistribution, Seeds, Split,
    dataset::{MANIFEST_FILE, Manifest, Part, Reader, Storage, WriteOptions, write},
};

const OPTIONS: WriteOptions =
    WriteOptions { count: 23, shard_size: 3, storage: Storage::F64, pointwise: false, part: None, threads: 1 };

fn make(dir: &Path, part: Option<(usize, usize)>) -> Result<(Manifest, Vec<bool>), DatasetError> {
    let part = part.map(|(number, of)| Part::new(number, of).unwrap());
    let mut kept = Vec::new();
    let meta: MetaDistribution = common::wide();
    let options = WriteOptions { part, ..OPTIONS };
    let manifest = write(&meta, &Seeds { root: 4 }, Split::Train, dir, &options, |p| kept.push(p.kept))?;
    Ok((manifest, kept))
}

fn names(dir: &Path) -> Vec<String> {
    bytes(dir).into_keys().map(|name| name.to_str().unwrap().to_owned()).collect()
}

#[test]
fn parts_are_contiguous_and_cover_every_shard() {
    for (shards, of) in [(8, 1), (8, 3), (8, 8), (1000, 7), (usize::MAX, 3)] {
        let mut next = 0;
        for number in 1..=of {
            let part = Part::new(number, of).unwrap().shards(shards).unwrap();
            assert_eq!(part.start, next);
            let sizes = shards / of..=shards.div_ceil(of);
            assert!(sizes.contains(&part.len()), "{part:?} of {shards} in {of}");
            next = part.end;
        }
        assert_eq!(next, shards);
    }
}

#[test]
fn wrong_parts_are_refused() {
    for text in ["0/4", "5/4", "x", "", "1", "1/", "/4", "1/0", "0/0", "-1/4", "1/4/4", "1 / 4"] {
        let error = text.parse::<Part>().unwrap_err().to_string();
        assert!(error.starts_with("parameter `shard`: expected i/N with 1 <= i <= N, got `"), "{error}");
    }
    assert_eq!("3/8".parse::<Part>().unwrap(), Part::new(3, 8).unwrap());
    assert_eq!(Part::new(3, 8).unwrap().to_string(), "3/8");

    let dir = tempfile::tempdir().unwrap();
    let error = make(dir.path(), Some((1, 9))).unwrap_err();
    assert!(matches!(error, DatasetError::Parts { parts: 9, shards: 8 }), "{error}");
    assert!(bytes(dir.path()).is_empty());
}

#[test]
fn a_part_leaves_its_shards_and_its_manifest_until_the_last_one_is_done() {
    let (whole, dir) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    make(whole.path(), None).unwrap();
    let expected = bytes(whole.path());

    let (manifest, kept) = make(dir.path(), Some((2, 3))).unwrap();
    assert_eq!((manifest.written(), manifest.shards.len(), kept), (3, 8, vec![false; 3]));
    let shards = [2, 3, 4].map(|i| format!("shard-{i:05}.safetensors"));
    assert_eq!(names(dir.path()), [&["manifest.part-002-of-003.json".to_owned()], &shards[..]].concat());
    match Reader::open(dir.path()) {
        Err(DatasetError::Incomplete { written, expected, .. }) => assert_eq!((written, expected), (3, 8)),
        other => panic!("{other:?}"),
    }

    // Once more it keeps what is there, but for what is damaged.
    let damaged = dir.path().join(&shards[1]);
    fs::write(&damaged, b"short").unwrap();
    assert_eq!(make(dir.path(), Some((2, 3))).unwrap().1, [true, false, true]);

    make(dir.path(), Some((3, 3))).unwrap();
    assert!(!dir.path().join(MANIFEST_FILE).exists());
    assert!(make(dir.path(), Some((1, 3))).unwrap().0.is_complete());
    assert!(bytes(dir.path()) == expected);

    // Of a data set that is complete, a part keeps or repairs its own shards.
    assert_eq!(make(dir.path(), Some((2, 3))).unwrap().1, [true; 3]);
    assert!(bytes(dir.path()) == expected);
    fs::remove_file(&damaged).unwrap();
    assert_eq!(make(dir.path(), Some((2, 3))).unwrap().1, [true, false, true]);
    assert!(bytes(dir.path()) == expected);
}

/// As after a kill of every job: what is on disk is kept, whoever goes on.
#[test]
fn a_run_without_parts_completes_what_parts_began() {
    let (whole, dir) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    make(whole.path(), None).unwrap();
    make(dir.path(), Some((1, 4))).unwrap();
    make(dir.path(), Some((4, 4))).unwrap();
    // The last job had written its second shard, and not yet the manifest after it.
    let path = dir.path().join("manifest.part-004-of-004.json");
    let mut manifest: Manifest = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    assert_eq!(manifest.shards.len(), 2);
    manifest.shards[1].sha256 = None;
    fs::write(&path, serde_json::to_string(&manifest).unwrap()).unwrap();

    let (manifest, kept) = make(dir.path(), None).unwrap();
    assert!(manifest.is_complete());
    assert_eq!(kept, [true, true, false, false, false, false, true, false]);
    assert!(bytes(dir.path()) == bytes(whole.path()));

    // The other way round: parts complete what a run without them began.
    let path = dir.path().join(MANIFEST_FILE);
    let mut manifest: Manifest = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    manifest.shards[3..].iter_mut().for_each(|shard| shard.sha256 = None);
    fs::write(&path, serde_json::to_string(&manifest).unwrap()).unwrap();
    assert!(!make(dir.path(), Some((1, 2))).unwrap().0.is_complete());
    assert!(make(dir.path(), Some((2, 2))).unwrap().0.is_complete());
    assert!(bytes(dir.path()) == bytes(whole.path()));
}

/// Jobs that end at the same moment all read and write the manifests: none may fail, whatever the order.
#[test]
fn jobs_that_end_at_once_do_not_disturb_each_other() {
    let whole = tempfile::tempdir().unwrap();
    make(whole.path(), None).unwrap();
    let expected = bytes(whole.path());
    for _ in 0..30 {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path();
        let complete: Vec<bool> = std::thread::scope(|scope| {
            let jobs = [1, 2, 3, 4, 5, 6, 7, 8].map(|number| scope.spawn(move || make(dir, Some((number, 8)))));
            jobs.map(|job| job.join().unwrap().unwrap().0.is_complete()).to_vec()
        });
        assert!(complete.contains(&true));
        assert!(bytes(dir) == expected);
    }
}

#[test]
fn manifests_of_parts_are_checked() {
    let dir = tempfile::tempdir().unwrap();
    make(dir.path(), Some((2, 4))).unwrap();
    let path = dir.path().join("manifest.part-002-of-004.json");
    let text = fs::read_to_string(&path).unwrap();
    for (from, to) in [("\"first\": 6", "\"first\": 7"), ("\"file\": \"shard", "\"file\": \"../shard"), ("{", "")] {
        assert!(text.contains(from), "{from}");
        fs::write(&path, text.replacen(from, to, 1)).unwrap();
        for part in [None, Some((2, 4)), Some((3, 4))] {
            match make(dir.path(), part) {
                Err(DatasetError::Manifest { path: at, .. }) => assert_eq!(at, path),
                other => panic!("{to}: {other:?}"),
            }
        }
    }
    fs::write(&path, text.replace("\"root_seed\": 4", "\"root_seed\": 5")).unwrap();
    for part in [None, Some((3, 4))] {
        match make(dir.path(), part) {
            Err(DatasetError::Mismatch { field: "root_seed", path: at, .. }) => assert_eq!(at, path),
            other => panic!("{other:?}"),
        }
    }
}
