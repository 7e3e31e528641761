//! Any bytes give a table or an error, never a panic: the corpora of `fuzz/` and thousands of changes of each.

use mist_tables::{Header, Manifest};
use std::fs;
use std::path::Path;

#[path = "../../../../fuzz/changes.rs"]
mod changes;
#[path = "../../../../fuzz/tables.rs"]
mod tables;

/// The files of a corpus, as they are and changed; each is handed over as a file on disk.
fn each(corpus: &str, mut check: impl FnMut(&Path)) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("input");
    changes::each(corpus, |bytes| {
        fs::write(&path, bytes).unwrap();
        check(&path);
        // Some file systems write a file that is cut to nothing and filled again to the disk at once.
        fs::remove_file(&path).unwrap();
    });
}

/// How many of them are tables.
fn tables_of(corpus: &str, header: Header) -> usize {
    let mut read = 0;
    each(corpus, |path| read += usize::from(tables::read(path, header).is_ok()));
    read
}

#[test]
fn text() {
    for header in [Header::Auto, Header::Yes, Header::No] {
        let read = tables_of("csv", header);
        assert!(read > 20, "{header:?}: {read}");
    }
}

#[test]
fn arrays() {
    let read = [tables_of("npy", Header::Auto), tables_of("npz", Header::Auto)];
    assert!(read.iter().all(|read| *read > 20), "{read:?}");
}

#[test]
fn columnar() {
    let read = [tables_of("parquet", Header::Auto), tables_of("arrow", Header::Auto)];
    assert!(read.iter().all(|read| *read > 20), "{read:?}");
}

#[test]
fn pairs() {
    let mut lines = 0;
    each("pairs", |path| lines += Manifest::lines(path).map_or(0, |lines| lines.len()));
    assert!(lines > 100, "{lines}");
}
