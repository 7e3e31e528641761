//! Manifests of pairs.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    let _ = mist_tables::Manifest::lines(file.path());
});
