//! The configuration of a meta-distribution: TOML text → [`raw`] → validated [`Config`].
//!
//! ```toml
//! name = "example"
//! permute_columns = true      # random column order within each side
//! flip_signs = true           # random sign of each column
//! derived = 0.2               # probability that some columns are made from the others, or are noise
//! max_cells = 40000           # redraw n while n (dim_x + dim_y) is larger
//!
//! [[dims]]                    # mixture of laws for (dim_x, dim_y)
//! weight = 1.0
//! law = "log_uniform"         # or "uniform"
//! min = 1
//! max = 32
//! equal = false               # true: dim_x = dim_y
//!
//! [[n]]                       # mixture of laws for n; or one [suite] instead
//! weight = 1.0
//! law = "uniform"
//! min = 10
//! max = 500
//!
//! [[family]]                  # weight of the entry, shared evenly by its maps
//! weight = 2.0
//! kind = "normal"             # see [`FamilyKind`]
//! dispersion = "lvm"          # a key of the kind
//! alpha = [0.0, 1.0]          # range of a parameter; those left out get the documented default
//! maps = ["base", "wiggly"]   # coordinate-wise, equally likely
//! rotate = 0.25               # probability that each side is rotated before the map
//! linear = 0.25               # probability that it is mixed by a general linear map instead
//! warp = 0.1                  # probability that each side is bent after the map
//! warps = ["spiral"]          # how, equally likely
//! target_mi = [0.0, 8.0]      # spreads the MI evenly, see [`FamilyPrior::target_mi`]
//! swap = 0.5                  # probability that X and Y are exchanged
//! dims = [3, 3]               # in place of the law of the dims
//!
//! [family.flow]               # each side goes through the inverse of a fitted flow, last of all
//! x = "x.flow.safetensors"    # a file; from the folder of the configuration
//! x_sha256 = "9f86d081…"      # the hash it must have; written into the resolved configuration
//! ```
//!
//! A `[suite]` in place of `[[n]]` enumerates: `values` of n (or `n_points` of them from `n_min` to `n_max`) and `repeats`.
//! Index i is then (family, n, repeat) with the repeat running fastest.

mod entry;
mod flows;
mod law;
mod line;
pub mod raw;
mod resolved;
mod text;
mod validate;

pub use entry::{FITTED, FamilyPrior, Variant};
pub use flows::Flows;
pub use law::{DimsLaw, IntLaw, IntLawKind};
pub use resolved::{Config, NLaw, Suite};

pub use super::catalogue::FamilyKind;
pub use crate::ground::keys::{Keys, Range, Written};
