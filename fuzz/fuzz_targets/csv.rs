//! Columns of a CSV file.
#![no_main]
#![allow(dead_code, unused_imports)]

#[path = "../../crates/mist-cli/src/input/mod.rs"]
mod input;

use input::{CsvOptions, Header, Missing, read_csv_pair};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    let (x, y) = (["1".to_owned()], ["2".to_owned()]);
    for (header, missing, categorical) in [
        (Header::Auto, Missing::Error, &[][..]),
        (Header::Yes, Missing::Drop, &x),
        (Header::No, Missing::Drop, &y),
    ] {
        let options = CsvOptions { x: &x, y: &y, delimiter: None, header, categorical, missing };
        if let Ok(((x, y), _)) = read_csv_pair(file.path(), &options) {
            assert!(x.iter().chain(y.iter()).flatten().all(|v| v.is_finite()));
        }
    }
});
