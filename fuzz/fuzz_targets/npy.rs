//! Arrays of .npy files.
#![no_main]
#![allow(dead_code, unused_imports)]

#[path = "../../crates/mist-cli/src/input/mod.rs"]
mod input;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    if let Ok(((x, _), _)) = input::read_npy_pair(file.path(), file.path(), input::Missing::Drop) {
        assert!(x.iter().flatten().all(|v| v.is_finite()));
    }
});
