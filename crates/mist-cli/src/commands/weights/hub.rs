//! Checkpoints of the hub, with a word about what is fetched.

use crate::console::note;
use anyhow::Result;
use mist_infer::mist_hub::{Location, Progress, Repository, Settings};
use mist_infer::{Device, Estimator, MOST_HUB_BYTES};
use std::sync::Arc;

/// The checkpoint of `OWNER/NAME[@REVISION]`.
pub fn estimator(location: &str, device: &Device, refresh: bool) -> Result<Estimator> {
    let location: Location = location.parse()?;
    let mut settings = Settings { most_bytes: MOST_HUB_BYTES, ..Settings::from_env()? };
    let what = location.to_string();
    settings.report = Some(Arc::new(move |progress: Progress| {
        if progress.bytes == 0 {
            note(&format!("fetching `{}` of {what}, {} bytes", progress.file, progress.of));
        }
    }));
    let repository = match refresh {
        true => Repository::latest_with(&location, settings)?,
        false => Repository::open_with(&location, settings)?,
    };
    Ok(Estimator::from_repository(&repository, device)?)
}
