//! The manifest: what a data set was made from, and the checksums of its shards.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::file;
use crate::{ConfigError, DatasetError, MetaDistribution, Seeds, Split};

/// Version of the layout of manifest and shards.
pub const FORMAT: u32 = 1;

/// Name of the manifest in its folder.
pub const MANIFEST_FILE: &str = "manifest.json";

/// The content of `manifest.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// [`FORMAT`].
    pub format: u32,
    /// Version of this crate that began the data set. Draws may change between versions.
    pub generator: String,
    /// Name of the meta-distribution.
    pub name: String,
    /// The split that was drawn.
    pub split: Split,
    /// The root seed.
    pub root_seed: u64,
    /// Number of draws, with indices 0 .. count.
    pub count: u64,
    /// Draws in every shard but the last.
    pub shard_size: u64,
    /// SHA-256 of `config`.
    pub config_sha256: String,
    /// The resolved configuration as TOML.
    pub config: String,
    /// The families that the shards' `family` tensor counts.
    pub families: Vec<String>,
    /// The shards in order.
    pub shards: Vec<ShardEntry>,
}

/// A shard as the manifest knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShardEntry {
    /// File name within the folder.
    pub file: String,
    /// Index of the first draw.
    pub first: u64,
    /// Number of draws.
    pub count: u64,
    /// SHA-256 of the file; none while it is not written yet.
    pub sha256: Option<String>,
}

impl Manifest {
    /// The manifest of a data set of which nothing is written yet.
    pub(crate) fn planned(meta: &MetaDistribution, seeds: &Seeds, split: Split, count: u64, shard_size: u64) -> Self {
        let shards = (0..count.div_ceil(shard_size))
            .map(|i| ShardEntry {
                file: format!("shard-{i:05}.safetensors"),
                first: i * shard_size,
                count: shard_size.min(count - i * shard_size),
                sha256: None,
            })
            .collect();
        Self {
            format: FORMAT,
            generator: env!("CARGO_PKG_VERSION").to_owned(),
            name: meta.name().to_owned(),
            split,
            root_seed: seeds.root,
            count,
            shard_size,
            config_sha256: meta.sha256(),
            config: meta.to_toml(),
            families: meta.variants().iter().map(|v| v.name.clone()).collect(),
            shards,
        }
    }

    /// The manifest in a folder, or `None` if there is none.
    pub(crate) fn load(dir: &Path) -> Result<Option<Self>, DatasetError> {
        let path = dir.join(MANIFEST_FILE);
        let Some(bytes) = file::read_if_there(&path)? else {
            return Ok(None);
        };
        let invalid = |reason: String| DatasetError::Manifest { path: path.clone(), reason };
        // The version first: of another one, nothing else need parse.
        #[derive(Deserialize)]
        struct Version {
            format: u32,
        }
        let version: Version = serde_json::from_slice(&bytes).map_err(|error| invalid(error.to_string()))?;
        if version.format != FORMAT {
            return Err(invalid(format!("expected format `{FORMAT}`, got `{}`", version.format)));
        }
        let manifest: Self = serde_json::from_slice(&bytes).map_err(|error| invalid(error.to_string()))?;
        let sha256 = file::sha256(manifest.config.as_bytes());
        if sha256 != manifest.config_sha256 {
            return Err(invalid(format!(
                "its configuration has SHA-256 `{sha256}`, expected `{}`",
                manifest.config_sha256
            )));
        }
        let mut next = 0;
        for shard in &manifest.shards {
            // A name with a separator would lead out of the folder.
            if shard.file.contains(['/', '\\']) || shard.first != next {
                return Err(invalid(format!("shard `{}` is out of place", shard.file)));
            }
            next = next.saturating_add(shard.count);
        }
        if next != manifest.count {
            return Err(invalid(format!("its shards hold `{next}` draws, expected `{}`", manifest.count)));
        }
        Ok(Some(manifest))
    }

    pub(crate) fn save(&self, dir: &Path) -> Result<(), DatasetError> {
        let mut text = serde_json::to_string_pretty(self).expect("a manifest has a JSON form");
        text.push('\n');
        file::write_atomic(dir, MANIFEST_FILE, text.as_bytes())
    }

    /// Whether a folder with this manifest can be continued as `planned`.
    pub(crate) fn check_same(&self, planned: &Self, dir: &Path) -> Result<(), DatasetError> {
        let fields = [
            ("generator", &self.generator, &planned.generator),
            ("config", &self.name, &planned.name),
            ("config_sha256", &self.config_sha256, &planned.config_sha256),
            ("root_seed", &self.root_seed.to_string(), &planned.root_seed.to_string()),
            ("split", &self.split.to_string(), &planned.split.to_string()),
            ("count", &self.count.to_string(), &planned.count.to_string()),
            ("shard_size", &self.shard_size.to_string(), &planned.shard_size.to_string()),
        ];
        match fields.into_iter().find(|(_, got, expected)| got != expected) {
            None => Ok(()),
            Some((field, got, expected)) => Err(DatasetError::Mismatch {
                path: dir.join(MANIFEST_FILE),
                field,
                expected: expected.clone(),
                got: got.clone(),
            }),
        }
    }

    /// Shards that are written.
    #[must_use]
    pub fn written(&self) -> usize {
        self.shards.iter().filter(|s| s.sha256.is_some()).count()
    }

    /// The meta-distribution that the draws come from.
    ///
    /// # Errors
    /// This version refuses the stored configuration.
    pub fn meta(&self) -> Result<MetaDistribution, ConfigError> {
        MetaDistribution::from_toml(&self.config)
    }
}
