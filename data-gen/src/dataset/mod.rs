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
//! rest. The bytes depend on (configuration, root seed, split, count, shard size, storage) alone, not on the
//! number of threads nor on how often it was resumed. Values are stored as they are or as ranks ([`Storage`]).
//! Several processes can each make a [`Part`] of the shards in the same folder; whichever ends last leaves
//! the same `manifest.json` as a single process would. [`Reader`] streams the draws back, a shard at a time, or what
//! is known of them without their rows; [`Verifier`] compares them with what is drawn anew.
//! The tensors of a shard are listed in [`shard`].
//!
//! ```
//! use mist_data_gen::{MetaDistribution, Seeds, Split, dataset};
//!
//! let dir = tempfile::tempdir()?;
//! let meta = MetaDistribution::named("m_train")?;
//! let seeds = Seeds { root: 7 };
//! let options = dataset::WriteOptions { count: 5, shard_size: 2, threads: 1, ..Default::default() };
//! dataset::write(&meta, &seeds, Split::Test, dir.path(), &options, |_| {})?;
//!
//! let reader = dataset::Reader::open(dir.path())?;
//! for (i, draw) in reader.draws().enumerate() {
//!     assert_eq!(draw?, meta.draw(&seeds, Split::Test, i as u64));
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod error;
mod file;
mod finish;
mod manifest;
mod options;
mod part;
mod reader;
pub mod shard;
mod storage;
mod verify;
mod writer;

pub use error::DatasetError;
pub use manifest::{FORMAT, MANIFEST_FILE, Manifest, ShardEntry};
pub use options::WriteOptions;
pub use part::Part;
pub use reader::{Draws, Reader};
pub use storage::Storage;
pub use verify::{Problem, Verifier};
pub use writer::{Progress, write};
