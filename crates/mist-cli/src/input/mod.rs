//! Data as the user has it: CSV files, .npy files, manifests of pairs.

mod column;
mod csv;
#[cfg(test)]
mod fuzz;
mod header;
mod kind;
mod manifest;
mod npy;
mod records;
mod select;
mod shown;
mod source;

pub use self::csv::{CsvOptions, read_csv_pair};
pub use header::Header;
pub use manifest::{Entry, Manifest};
pub use npy::read_npy_pair;
pub use select::side as select_side;
pub use shown::{push as push_shown, shown};

use anyhow::{Result, bail};
use mist_infer::{Columns, MIN_ROWS};

/// What to do with a row that lacks a value in a column that is used: stop and say where, or leave the row out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Missing {
    Error,
    Drop,
}

/// What to try when a value is missing.
const DROP_HINT: &str = "hint: `--missing drop` leaves out rows with missing values";

/// X and Y, as the estimator takes them.
pub type Pair = (Columns, Columns);

/// What there is to say about a pair.
#[derive(Debug)]
pub struct Notes {
    /// X in words.
    pub x: String,
    /// Y in words.
    pub y: String,
    /// What happened while reading.
    pub warnings: Vec<String>,
    /// Numbers, from 1, of the rows left out.
    pub left_out: Vec<usize>,
}

/// Checks that enough rows are left, and says how many are not.
fn check_rows(kept: usize, dropped: usize, place: &str) -> Result<Vec<String>> {
    let s = |n: usize| if n == 1 { "" } else { "s" };
    if kept < MIN_ROWS {
        let complete = if dropped > 0 { "complete " } else { "" };
        bail!("{place} has {kept} {complete}row{}, expected at least {MIN_ROWS}", s(kept));
    }
    let warning = format!("{dropped} row{} with missing values left out", s(dropped));
    Ok(if dropped > 0 { vec![warning] } else { vec![] })
}
