//! Draws on disk: safetensors shards beside a JSON manifest.
//!
//! A data set is a folder:
//!
//! ```text
//! manifest.json                 what it was made from, and the SHA-256 of every shard
//! shard-00000.safetensors       draws 0 .. shard_size
//! shard-00001.safetensors       …
//! ```
//!
//! [`write()`] makes one; run again after a kill, it keeps the shards whose checksums hold and makes the
//! rest. The bytes depend on (configuration, root seed, split, count, shard size) alone, not on the number
//! of threads nor on how often it was resumed. [`Reader`] streams the draws back, a shard at a time.
//! The tensors of a shard are listed in [`shard`].
//!
//! ```
//! use mist_data_gen::{MetaDistribution, Seeds, Split, dataset};
//!
//! let dir = tempfile::tempdir()?;
//! let meta = MetaDistribution::named("m_train")?;
//! let seeds = Seeds { root: 7 };
//! let options = dataset::WriteOptions { count: 5, shard_size: 2, threads: 1 };
//! dataset::write(&meta, &seeds, Split::Test, dir.path(), &options, |_| {})?;
//!
//! let reader = dataset::Reader::open(dir.path())?;
//! for (i, draw) in reader.draws().enumerate() {
//!     assert_eq!(draw?, meta.draw(&seeds, Split::Test, i as u64));
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod file;
mod manifest;
mod reader;
pub mod shard;
mod writer;

pub use manifest::{FORMAT, MANIFEST_FILE, Manifest, ShardEntry};
pub use reader::{Draws, Reader};
pub use writer::{Progress, WriteOptions, write};
