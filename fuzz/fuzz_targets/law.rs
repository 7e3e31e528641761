//! Meta-distributions.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    let _ = mist_data_gen::MetaDistribution::from_toml(text);
});
