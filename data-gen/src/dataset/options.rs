//! The size of a data set, and of one machine's part in it.

use super::{part::Part, storage::Storage};

/// The size of a data set and of the machine's part in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WriteOptions {
    /// Number of draws, with indices 0 .. count.
    pub count: u64,
    /// Draws in a shard. One shard is held in memory at a time, about twice.
    pub shard_size: u64,
    /// The form in which values are stored.
    pub storage: Storage,
    /// Store the pointwise MI of every row, too: 4 bytes each.
    pub pointwise: bool,
    /// Make this part of the shards alone; any number of processes may make parts of the same data set at once.
    pub part: Option<Part>,
    /// Threads that draw; 0 for one per core. Changes no byte.
    pub threads: usize,
}

impl Default for WriteOptions {
    /// 1,000 draws in one shard as they are, with one thread per core.
    fn default() -> Self {
        Self { count: 1000, shard_size: 1000, storage: Storage::F64, pointwise: false, part: None, threads: 0 }
    }
}
