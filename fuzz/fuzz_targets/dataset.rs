//! Manifests of data sets.
#![no_main]

use mist_data_gen::dataset::{MANIFEST_FILE, Reader, Verifier};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join(MANIFEST_FILE), bytes).unwrap();
    let _ = Reader::open(dir.path());
    let _ = Verifier::open(dir.path(), false, 1);
});
