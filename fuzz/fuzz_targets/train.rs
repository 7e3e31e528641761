//! Configurations of trainings.
#![no_main]

use mist_train::TrainConfig;

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok(config) = TrainConfig::from_toml(text) {
        assert_eq!(TrainConfig::from_toml(&config.to_toml()).unwrap(), config);
    }
});
