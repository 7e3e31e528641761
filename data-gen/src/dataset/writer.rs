//! Making a data set, a part of it, or what is left to make of it.

use std::{fs, ops::Range, path::Path};

use rayon::prelude::*;

use super::{
    error::DatasetError,
    file, finish,
    manifest::{MANIFEST_FILE, MAX_SHARDS, Manifest},
    options::WriteOptions,
    part::Part,
    shard::{self, Block},
};
use crate::{
    ground::{
        error::ParameterError,
        hex,
        seeds::{Seeds, Split},
    },
    meta::MetaDistribution,
};

/// Draws in a shard at most.
const MAX_SHARD_SIZE: u64 = 10_000_000;

/// The progress of [`write()`] with the shards it was asked for; reported after each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Another process is at work in the folder, and nothing happens until it is done; reported once, and before all
    /// else.
    pub waiting: bool,
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

/// Writes a data set or a part of it to a folder, or completes what is there.
///
/// Shards whose checksums hold are kept, damaged ones made again. A manifest is brought up to date after every shard,
/// so a kill costs at most one. What is returned lists all shards: [`Manifest::is_complete`] is false while other parts
/// are still to come.
///
/// Processes that run at once share the work if they make different parts of the same number of parts. One that makes
/// the whole waits until others are done, and keeps what they made.
///
/// # Errors
/// The folder holds a data set made from something else, or cannot be written; there are more parts than shards, or more
/// than a million shards, or more than ten million draws in one; a draw has more rows than the storage holds.
pub fn write(
    meta: &MetaDistribution,
    seeds: &Seeds,
    split: Split,
    dir: &Path,
    options: &WriteOptions,
    mut progress: impl FnMut(Progress),
) -> Result<Manifest, DatasetError> {
    let &WriteOptions { count, shard_size, storage, .. } = options;
    check_size(count, shard_size)?;
    let planned = Manifest::planned(meta, seeds, split, options);
    let shards = match options.part {
        Some(part) => part.shards(planned.shards.len())?,
        None => 0..planned.shards.len(),
    };
    let own_file = options.part.map_or(MANIFEST_FILE.to_owned(), Part::manifest_file);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(options.threads).build()?;
    fs::create_dir_all(dir).map_err(DatasetError::io("create", dir))?;
    let started =
        Progress { waiting: true, shards_done: 0, shards_total: 0, draws_done: 0, draws_total: 0, kept: false };
    let _lock = file::Lock::of(dir, options.part.is_some(), || progress(started));
    file::clean(dir)?;

    let mut own = finish::known(&planned, dir)?.part(shards);
    let save = |own: &Manifest| file::write_atomic(dir, &own_file, own.to_json().as_bytes());
    save(&own)?;

    let draws_total = own.shards.iter().map(|s| s.count).sum();
    let mut draws_done = 0;
    for i in 0..own.shards.len() {
        let entry = &own.shards[i];
        let (first, count) = (entry.first, entry.count);
        let path = dir.join(&entry.file);
        let kept = match (&entry.sha256, file::read_if_there(&path)?) {
            (Some(sha256), Some(bytes)) => hex::sha256(&bytes) == *sha256,
            _ => false,
        };
        if !kept {
            let blocks = pool.install(|| blocks(meta, seeds, &own, first..first + count));
            let pieces = shard::pieces(blocks.map_err(|reason| DatasetError::Unstorable { path, reason })?, storage);
            own.shards[i].sha256 = Some(file::write_pieces(dir, &own.shards[i].file, &pieces)?);
            save(&own)?;
        }
        draws_done += count;
        let (shards_done, shards_total) = (i + 1, own.shards.len());
        progress(Progress { waiting: false, shards_done, shards_total, draws_done, draws_total, kept });
    }

    // What others made meanwhile; of its own shards this process knows best.
    let mut all = finish::known(&planned, dir)?;
    all.learn(&own);
    if all.is_complete() {
        // Several jobs may be here at once: the content is the same.
        file::write_atomic(dir, MANIFEST_FILE, all.to_json().as_bytes())?;
        finish::remove_manifests(dir)?;
    }
    Ok(all)
}

fn check_size(count: u64, shard_size: u64) -> Result<(), ParameterError> {
    if count == 0 {
        return Err(ParameterError::new("count", "at least 1 draw", 0));
    }
    if shard_size == 0 {
        return Err(ParameterError::new("shard_size", "at least 1 draw", 0));
    }
    if count.div_ceil(shard_size) > MAX_SHARDS {
        return Err(ParameterError::new("count", "at most 1,000,000 shards", count));
    }
    if count.min(shard_size) > MAX_SHARD_SIZE {
        return Err(ParameterError::new("shard_size", "at most 10,000,000 draws", shard_size));
    }
    Ok(())
}

/// The draws of these indices as bytes, in parallel, each sample freed once it is encoded.
fn blocks(
    meta: &MetaDistribution,
    seeds: &Seeds,
    manifest: &Manifest,
    indices: Range<u64>,
) -> Result<Vec<Block>, String> {
    let Manifest { split, storage, families, .. } = manifest;
    let block = |index| {
        let drawn = meta.draw_task(seeds, *split, index);
        // Before the rows are drawn: those of a large n are not cheap.
        let block = storage.holds(drawn.n).and_then(|()| Block::new(&manifest.sample(drawn), families, *storage));
        block.map_err(|reason| format!("draw {index}: {reason}"))
    };
    indices.into_par_iter().map(block).collect()
}
