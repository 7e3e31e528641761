//! Any text and any bytes give a configuration, a data set, a checkpoint, or an error, never a panic: the corpora of
//! `fuzz/` and thousands of changes of each.

#[path = "../../../fuzz/changes.rs"]
mod changes;

use candle_core::Device;
use mist_data_gen::MetaDistribution;
use mist_data_gen::dataset::{MANIFEST_FILE, Reader};
use mist_model::{Checkpoint, CheckpointError};
use mist_train::TrainConfig;
use std::path::Path;

/// Checks every text of a corpus, of which some are taken and some are refused.
fn both(corpus: &str, mut taken: impl FnMut(&[u8]) -> bool) {
    let mut counts = [0, 0];
    changes::each(corpus, |bytes| counts[usize::from(taken(bytes))] += 1);
    assert!(counts.iter().all(|count| *count > 5), "{counts:?}");
}

#[test]
fn configurations_of_trainings() {
    both("train", |bytes| {
        let config = TrainConfig::from_toml(&String::from_utf8_lossy(bytes));
        if let Ok(config) = &config {
            assert_eq!(TrainConfig::from_toml(&config.to_toml()).unwrap(), *config);
        }
        config.is_ok()
    });
}

#[test]
fn meta_distributions() {
    both("law", |bytes| MetaDistribution::from_toml(&String::from_utf8_lossy(bytes)).is_ok());
}

#[test]
fn manifests_of_data_sets() {
    let dir = tempfile::tempdir().unwrap();
    both("dataset", |bytes| {
        std::fs::write(dir.path().join(MANIFEST_FILE), bytes).unwrap();
        Reader::open(dir.path()).is_ok()
    });
}

#[test]
fn descriptions_of_checkpoints() {
    // The weights are not those described, which is found last.
    let path = Path::new("w.safetensors");
    both("checkpoint", |bytes| {
        let error = Checkpoint::from_bytes(b"no weights", bytes, path, &Device::Cpu).unwrap_err();
        matches!(error, CheckpointError::Damaged { .. })
    });
}
