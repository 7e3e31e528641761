//! Tables as people have them, as named and typed columns: CSV (plain, gzip or zstd), Parquet, Arrow, NumPy.
//!
//! [`Table::open`] finds the format by the first bytes of a file, the names and the types of its columns;
//! [`Table::choose`] says which columns the words of a user mean, and [`Table::read`] reads those and no others.
//!
//! ```
//! use mist_tables::{Kind, Options, Table};
//!
//! let path = std::env::temp_dir().join(format!("mist-tables-{}.csv", std::process::id()));
//! std::fs::write(&path, "species,mass,born\nAdelie,3.7,2007-11-11\nGentoo,,2008-11-27\nAdelie,3.2,2007-11-16\n")?;
//!
//! let mut table = Table::open(&path, &Options::default())?;
//! let chosen = table.choose(&[("--x", &["species".into()]), ("--y", &["mass..born".into()])])?;
//! assert_eq!(chosen, [vec![0], vec![1, 2]]);
//!
//! let mut data = table.read(&chosen.concat(), &[])?;
//! assert_eq!(data.columns[0].kind, Kind::Category { levels: vec!["Adelie".into(), "Gentoo".into()] });
//! assert!(data.columns[1].values[1].is_nan());
//! assert_eq!(data.keep_complete(), [2]);
//! assert_eq!(data.columns[1].values, [3.7, 3.2]);
//! # std::fs::remove_file(path)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod arrow;
mod builder;
mod cell;
mod contained;
mod data;
mod error;
mod header;
mod ipc;
mod manifest;
mod notice;
mod npy;
mod npz;
mod number;
mod options;
mod parquet;
mod records;
mod select;
mod sentinel;
mod shown;
mod source;
mod table;
mod text;

pub use data::{Column, Data, Kind};
pub use error::TableError;
pub use manifest::{Entry, Line, Manifest};
pub use notice::Notice;
pub use options::{Header, Missing, Options};
pub use shown::{printable, push as push_shown, shown};
pub use table::{Field, Table};
