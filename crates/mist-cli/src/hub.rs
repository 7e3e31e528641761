//! Files of the hub, with a word about what is fetched.

use crate::console::note;
use anyhow::Result;
use mist_infer::mist_hub::{Location, Progress, Repository, Settings};
use mist_infer::{Device, Estimator, MOST_HUB_BYTES};
use std::sync::Arc;

/// The checkpoint of `OWNER/NAME[@REVISION]`.
pub fn estimator(location: &str, device: &Device, refresh: bool) -> Result<Estimator> {
    Ok(Estimator::from_repository(&repository(location, MOST_HUB_BYTES, refresh)?, device)?)
}

fn repository(location: &str, most_bytes: u64, refresh: bool) -> Result<Repository> {
    let location: Location = location.parse()?;
    let mut settings = Settings { most_bytes, ..Settings::from_env()? };
    let what = location.to_string();
    settings.report = Some(Arc::new(move |progress: Progress| {
        if progress.bytes == 0 {
            note(&format!("fetching `{}` of {what}, {} bytes", progress.file, progress.of));
        }
    }));
    Ok(match refresh {
        true => Repository::latest_with(&location, settings)?,
        false => Repository::open_with(&location, settings)?,
    })
}

/// Encoders of texts and images.
#[cfg(feature = "embed")]
pub mod encoder {
    use super::repository;
    use anyhow::{Result, bail};
    use std::path::PathBuf;

    /// Bytes of a file of an encoder at most: CLIP's largest has less.
    const MOST_BYTES: u64 = 2 << 30;
    const CONFIG: &str = "config.json";
    const WEIGHTS: &str = "model.safetensors";
    /// What an encoder is made of. The weights come last: where the cache has them, it has the rest.
    const FILES: [&str; 6] = [
        CONFIG,
        "tokenizer.json",
        "preprocessor_config.json",
        "sentence_bert_config.json",
        "1_Pooling/config.json",
        WEIGHTS,
    ];

    /// The folder of the encoder of `OWNER/NAME[@REVISION]`.
    pub fn folder(location: &str) -> Result<PathBuf> {
        let repository = repository(location, MOST_BYTES, false)?;
        let mut names = repository.cached_names();
        if !names.iter().any(|name| name == WEIGHTS) {
            names = repository.names()?;
        }
        for needed in [CONFIG, WEIGHTS] {
            if !names.iter().any(|name| name == needed) {
                bail!(
                    "`hf:{location}` has no `{needed}`\nhint: choose a model that has `{CONFIG}` and `{WEIGHTS}`, or save it so \
                     with `save_pretrained` of transformers and name the folder"
                );
            }
        }
        let mut folder = PathBuf::new();
        for file in FILES {
            if names.iter().any(|name| name == file) {
                let path = repository.file(file)?;
                if file == CONFIG {
                    folder = path.with_file_name("");
                }
            }
        }
        Ok(folder)
    }
}
