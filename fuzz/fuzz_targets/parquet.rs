//! Parquet files.
#![no_main]

#[path = "../tables.rs"]
mod tables;

use mist_tables::Header;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    let _ = tables::read(file.path(), Header::Auto);
});
