//! Manifests of pairs.
#![no_main]
#![allow(dead_code, unused_imports)]

#[path = "../../crates/mist-cli/src/input/mod.rs"]
mod input;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    let _ = input::Manifest::lines(file.path());
});
