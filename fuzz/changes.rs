//! Corpora of `fuzz/corpus/`, and small changes of their files, the same ones in every run.

use std::fs;
use std::path::{Path, PathBuf};

/// Changes of each file.
const CHANGES: u64 = 500;

/// Hands over the files of a corpus, as they are and changed.
pub fn each(corpus: &str, mut check: impl FnMut(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(corpus);
    let files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(!files.is_empty());
    for file in files {
        let sound = fs::read(&file).unwrap();
        check(&sound);
        (1..=CHANGES).for_each(|seed| check(&changed(&sound, seed)));
    }
}

/// A few bytes replaced, removed, doubled or cut off.
pub fn changed(sound: &[u8], seed: u64) -> Vec<u8> {
    let mut state = seed;
    let mut next = |below: usize| {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % below.max(1) as u64) as usize
    };
    let mut bytes = sound.to_vec();
    for _ in 0..=next(4) {
        let at = next(bytes.len());
        match next(6) {
            _ if bytes.is_empty() => bytes.push(next(256) as u8),
            0 => bytes[at] ^= 1 << next(8),
            1 => bytes[at] = b"\"',;\n\r\t 0129eE+-.NaL([{}])\0\xff"[next(28)],
            2 => _ = bytes.remove(at),
            3 => bytes.insert(at, b"\"\n\r,;0\\"[next(7)]),
            4 => {
                let end = (at + 1 + next(20)).min(bytes.len());
                let part = bytes[at..end].to_vec();
                bytes.splice(at..at, part);
            }
            _ => bytes.truncate(at),
        }
    }
    bytes
}
