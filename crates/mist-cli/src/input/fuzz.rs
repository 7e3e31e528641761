//! Any bytes give data or an error, never a panic: the corpora of `fuzz/` and thousands of changes of each.

use super::{CsvOptions, Header, Manifest, Missing, Pair, read_csv_pair, read_npy_pair};
use std::fs;
use std::path::Path;

#[path = "../../../../fuzz/changes.rs"]
mod changes;

/// The files of a corpus, as they are and changed; each is handed over as a file on disk.
fn each(corpus: &str, mut check: impl FnMut(&Path)) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(corpus);
    changes::each(corpus, |bytes| {
        fs::write(&path, bytes).unwrap();
        check(&path);
    });
}

/// What has been read must be a table of finite numbers.
fn sound((x, y): &Pair) {
    for column in x.iter().chain(y.iter()) {
        assert_eq!(column.len(), x.n());
        assert!(column.iter().all(|v| v.is_finite()));
    }
}

#[test]
fn csv() {
    let one = |text: &str| vec![text.to_owned()];
    let mut read = 0;
    each("csv", |path| {
        for (header, x, y) in [(Header::Auto, "a", "b"), (Header::No, "1", "2"), (Header::Yes, "2019", "2020")] {
            let options = CsvOptions {
                x: &one(x),
                y: &one(y),
                delimiter: None,
                header,
                categorical: &[],
                missing: Missing::Drop,
            };
            if let Ok((pair, _)) = read_csv_pair(path, &options) {
                sound(&pair);
                read += 1;
            }
        }
    });
    assert!(read > 20, "{read}");
}

#[test]
fn npy() {
    let mut read = 0;
    each("npy", |path| {
        if let Ok((pair, _)) = read_npy_pair(path, path, Missing::Drop) {
            sound(&pair);
            read += 1;
        }
    });
    assert!(read > 20, "{read}");
}

#[test]
fn pairs() {
    let mut lines = 0;
    each("pairs", |path| lines += Manifest::lines(path).map_or(0, |lines| lines.len()));
    assert!(lines > 100, "{lines}");
}
