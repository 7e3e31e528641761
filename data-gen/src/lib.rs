//! Joint distributions with known mutual information (MI), and the data sets drawn from them.
//!
//! The main path, from the outside in:
//!
//! 1. [`MetaDistribution`]: a distribution *over tasks*, read from TOML or by name
//!    ([`MetaDistribution::named`]). It draws a task by index ([`MetaDistribution::draw_task`]) or a
//!    task with its sample ([`MetaDistribution::draw`]).
//! 2. [`Task`]: one joint distribution of (X, Y): its family, dims, MI in nats, and a sampler.
//! 3. [`families`]: the base distributions with their MI, and [`mixing`], [`maps`], [`warp`], [`layout`]: what
//!    is applied on top of them without changing the MI.
//! 4. [`Seeds`]: the counter-based random streams that make every draw a pure function of
//!    (configuration, root seed, split, index).
//! 5. [`dataset`]: draws on disk: sharded, checksummed, resumable, streamed back.
//!
//! ```
//! use mist_data_gen::{MetaDistribution, Seeds, Split};
//!
//! let meta = MetaDistribution::named("m_train")?;
//! let draw = meta.draw(&Seeds { root: 7 }, Split::Train, 0);
//! assert_eq!(draw.sample.x.nrows(), draw.n);
//! assert!(draw.mi_nats >= 0.0);
//! # Ok::<(), mist_data_gen::ConfigError>(())
//! ```

pub mod config;
pub mod dataset;
pub mod error;
pub mod families;
pub mod held_out;
pub mod layout;
pub mod maps;
pub mod meta;
pub mod mixing;
pub mod seeds;
pub mod task;
pub mod warp;

pub use error::{ConfigError, DatasetError, ParameterError};
pub use families::{Base, Joint};
pub use maps::Map;
pub use meta::{Draw, DrawnTask, MetaDistribution, Shape};
pub use seeds::{Seeds, Split};
pub use task::{Sample, Task};
