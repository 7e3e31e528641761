//! Making a data set, or what is left to make of it.

use std::{fs, path::Path};

use rayon::prelude::*;

use super::{Manifest, file, shard};
use crate::{DatasetError, Draw, MetaDistribution, ParameterError, Seeds, Split};

/// The size of a data set and of the machine's part in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WriteOptions {
    /// Number of draws, with indices 0 .. count.
    pub count: u64,
    /// Draws in a shard. One shard is held in memory at a time, about twice.
    pub shard_size: u64,
    /// Threads that draw; 0 for one per core. Changes no byte.
    pub threads: usize,
}

/// How far [`write()`] is; reported after each shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Shards on disk.
    pub shards_done: usize,
    /// Shards in all.
    pub shards_total: usize,
    /// Draws on disk.
    pub draws_done: u64,
    /// Draws in all.
    pub draws_total: u64,
    /// Whether the last shard was there already.
    pub kept: bool,
}

/// Writes a data set to a folder, or completes the one that is there.
///
/// Shards whose checksums hold are kept, damaged ones made again. The manifest is brought up to date after
/// every shard, so a kill costs at most one.
///
/// # Errors
/// The folder holds a data set made from something else, or cannot be written.
pub fn write(
    meta: &MetaDistribution,
    seeds: &Seeds,
    split: Split,
    dir: &Path,
    options: &WriteOptions,
    mut progress: impl FnMut(Progress),
) -> Result<Manifest, DatasetError> {
    if options.count == 0 {
        return Err(ParameterError::new("count", "at least 1 draw", 0).into());
    }
    if options.shard_size == 0 {
        return Err(ParameterError::new("shard_size", "at least 1 draw", 0).into());
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(options.threads).build()?;
    fs::create_dir_all(dir).map_err(DatasetError::io("create", dir))?;

    let planned = Manifest::planned(meta, seeds, split, options.count, options.shard_size);
    let mut manifest = match Manifest::load(dir)? {
        None => planned,
        Some(found) => {
            found.check_same(&planned, dir)?;
            found
        }
    };
    manifest.save(dir)?;

    let mut draws_done = 0;
    for i in 0..manifest.shards.len() {
        let entry = &manifest.shards[i];
        let (first, count) = (entry.first, entry.count);
        let kept = match (&entry.sha256, file::read_if_there(&dir.join(&entry.file))?) {
            (Some(sha256), Some(bytes)) => file::sha256(&bytes) == *sha256,
            _ => false,
        };
        if !kept {
            let draws: Vec<Draw> = pool.install(|| {
                (first..first + count).into_par_iter().map(|index| meta.draw(seeds, split, index)).collect()
            });
            let bytes = shard::encode(&draws, &manifest.families);
            file::write_atomic(dir, &manifest.shards[i].file, &bytes)?;
            manifest.shards[i].sha256 = Some(file::sha256(&bytes));
            manifest.save(dir)?;
        }
        draws_done += count;
        progress(Progress {
            shards_done: i + 1,
            shards_total: manifest.shards.len(),
            draws_done,
            draws_total: options.count,
            kept,
        });
    }
    Ok(manifest)
}
