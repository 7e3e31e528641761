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
//! The folders are floors, each of which imports only those below: [`dataset`], [`meta`], [`families`] beside
//! [`transforms`], [`ground`].
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

pub mod conditional;
pub mod dataset;
pub mod families;
pub mod ground;
pub mod meta;
pub mod transforms;

pub use dataset::DatasetError;
pub use ground::{
    error::{self, ConfigError, ParameterError},
    joint::Joint,
    sample::Sample,
    seeds::{self, Seeds, Split},
};
pub use meta::{
    Draw, DrawnTask, MetaDistribution, Shape,
    catalogue::Base,
    config, held_out,
    task::{self, Task},
};
pub use transforms::{
    fitted, layout,
    maps::{self, Map},
    mixing, warp,
};
