//! The manifest: what a data set was made from, and the checksums of its shards.

use std::{ops::Range, path::Path};

use serde::{Deserialize, Serialize};

use super::{error::DatasetError, file, options::WriteOptions, storage::Storage};
use crate::{
    ground::{
        error::ConfigError,
        hex,
        seeds::{Seeds, Split},
    },
    meta::{Draw, DrawnTask, MetaDistribution},
};

/// Version of the layout of manifest and shards.
pub const FORMAT: u32 = 2;

/// Name of the manifest in its folder.
pub const MANIFEST_FILE: &str = "manifest.json";

/// Shards of a data set at most.
pub(super) const MAX_SHARDS: u64 = 1_000_000;

/// The content of `manifest.json`, and of the manifest of a part, which lists the shards of that part only.
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
    /// The form in which values are stored.
    pub storage: Storage,
    /// Whether the pointwise MI of every row is stored, too. Where it is not, the file does not name the key.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pointwise: bool,
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

impl ShardEntry {
    fn planned(number: u64, count: u64, shard_size: u64) -> Self {
        let first = number * shard_size;
        let file = format!("shard-{number:05}.safetensors");
        Self { file, first, count: shard_size.min(count - first), sha256: None }
    }

    fn all_planned(count: u64, shard_size: u64) -> Vec<Self> {
        (0..count.div_ceil(shard_size)).map(|number| Self::planned(number, count, shard_size)).collect()
    }

    /// Whether this is the same shard, written or not.
    fn is(&self, other: &Self) -> bool {
        (&self.file, self.first, self.count) == (&other.file, other.first, other.count)
    }
}

impl Manifest {
    /// The manifest of a data set of which nothing is written yet.
    pub(crate) fn planned(meta: &MetaDistribution, seeds: &Seeds, split: Split, options: &WriteOptions) -> Self {
        let &WriteOptions { count, shard_size, storage, pointwise, .. } = options;
        Self {
            format: FORMAT,
            generator: env!("CARGO_PKG_VERSION").to_owned(),
            name: meta.name().to_owned(),
            split,
            root_seed: seeds.root,
            count,
            shard_size,
            storage,
            pointwise,
            config_sha256: hex::sha256(meta.to_toml().as_bytes()),
            config: meta.to_toml(),
            families: meta.variants().iter().map(|v| v.name.clone()).collect(),
            shards: ShardEntry::all_planned(count, shard_size),
        }
    }

    /// The manifest of the whole data set that a part belongs to, of which nothing is written yet.
    pub(crate) fn whole(&self) -> Self {
        Self { shards: ShardEntry::all_planned(self.count, self.shard_size), ..self.clone() }
    }

    /// The part that holds these shards.
    pub(crate) fn part(&self, shards: Range<usize>) -> Self {
        Self { shards: self.shards[shards].to_vec(), ..self.clone() }
    }

    /// The manifest of a data set, or `None` if there is none in the folder.
    pub(crate) fn load(dir: &Path) -> Result<Option<Self>, DatasetError> {
        let path = dir.join(MANIFEST_FILE);
        let Some(manifest) = Self::load_any(&path)? else {
            return Ok(None);
        };
        let expected = manifest.count.div_ceil(manifest.shard_size);
        if manifest.shards.len() as u64 != expected {
            let reason = format!("it lists `{}` shards, expected `{expected}`", manifest.shards.len());
            return Err(DatasetError::Manifest { path, reason });
        }
        Ok(Some(manifest))
    }

    /// A manifest that may be that of a part.
    pub(crate) fn load_any(path: &Path) -> Result<Option<Self>, DatasetError> {
        let Some(bytes) = file::read_if_there(path)? else {
            return Ok(None);
        };
        let parsed = Self::parse(&bytes);
        parsed.map(Some).map_err(|reason| DatasetError::Manifest { path: path.to_owned(), reason })
    }

    fn parse(bytes: &[u8]) -> Result<Self, String> {
        // The version first: of another one, nothing else need parse.
        #[derive(Deserialize)]
        struct Version {
            format: u32,
        }
        let version: Version = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        if version.format != FORMAT {
            return Err(format!("expected format `{FORMAT}`, got `{}`", version.format));
        }
        let manifest: Self = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        let sha256 = hex::sha256(manifest.config.as_bytes());
        if sha256 != manifest.config_sha256 {
            let expected = &manifest.config_sha256;
            return Err(format!("its configuration has SHA-256 `{sha256}`, expected `{expected}`"));
        }
        let Self { count, shard_size, .. } = manifest;
        if count == 0 || shard_size == 0 {
            return Err("it has no draws".to_owned());
        }
        // Before anything is allocated for each of them.
        let shards = count.div_ceil(shard_size);
        if shards > MAX_SHARDS {
            return Err(format!("it says `{shards}` shards, expected at most `{MAX_SHARDS}`"));
        }
        let number = manifest.shards.first().map_or(0, |shard| shard.first / shard_size);
        for (shard, number) in manifest.shards.iter().zip(number..) {
            // Names too: one with a separator would lead out of the folder.
            if number >= count.div_ceil(shard_size) || !shard.is(&ShardEntry::planned(number, count, shard_size)) {
                return Err(format!("shard `{}` is out of place", shard.file));
            }
        }
        Ok(manifest)
    }

    /// Takes over the checksums that another manifest of the same data set knows.
    pub(crate) fn learn(&mut self, other: &Self) {
        let [from, others] = [&*self, other].map(|m| m.shards.first().map_or(0, |shard| shard.first / m.shard_size));
        for (entry, number) in self.shards.iter_mut().zip(from..) {
            let known = number.checked_sub(others).and_then(|i| other.shards.get(i as usize));
            if let Some(ShardEntry { sha256: Some(sha256), .. }) = known {
                entry.sha256 = Some(sha256.clone());
            }
        }
    }

    /// The text of the file.
    pub(crate) fn to_json(&self) -> String {
        let text = serde_json::to_string_pretty(self).expect("a manifest has a JSON form");
        text + "\n"
    }

    /// Whether the data set of this manifest, found at `path`, can be continued as `planned`.
    pub(crate) fn check_same(&self, planned: &Self, path: &Path) -> Result<(), DatasetError> {
        let fields = [
            ("generator", &self.generator, &planned.generator),
            ("config", &self.name, &planned.name),
            ("config_sha256", &self.config_sha256, &planned.config_sha256),
            ("root_seed", &self.root_seed.to_string(), &planned.root_seed.to_string()),
            ("split", &self.split.to_string(), &planned.split.to_string()),
            ("count", &self.count.to_string(), &planned.count.to_string()),
            ("shard_size", &self.shard_size.to_string(), &planned.shard_size.to_string()),
            ("storage", &self.storage.to_string(), &planned.storage.to_string()),
            ("pointwise", &self.pointwise.to_string(), &planned.pointwise.to_string()),
        ];
        match fields.into_iter().find(|(_, got, expected)| got != expected) {
            None => Ok(()),
            Some((field, got, expected)) => Err(DatasetError::Mismatch {
                path: path.to_owned(),
                field,
                expected: expected.clone(),
                got: got.clone(),
            }),
        }
    }

    /// Draws the rows of a task, with all that the data set stores of them.
    pub(super) fn sample(&self, drawn: DrawnTask) -> Draw {
        if self.pointwise { drawn.sample_pointwise() } else { drawn.sample() }
    }

    /// Shards that are written.
    #[must_use]
    pub fn written(&self) -> usize {
        self.shards.iter().filter(|s| s.sha256.is_some()).count()
    }

    /// Whether every shard is written.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.written() == self.shards.len()
    }

    /// The meta-distribution that the draws come from.
    ///
    /// # Errors
    /// This version refuses the stored configuration.
    pub fn meta(&self) -> Result<MetaDistribution, ConfigError> {
        MetaDistribution::from_toml(&self.config)
    }
}
