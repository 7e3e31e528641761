//! Whether the first line of a table has the names of its columns.

use super::select::select;
use anyhow::{Result, bail};

/// What `--header` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Header {
    /// The first line names the columns.
    Yes,
    /// The first line is data; columns are called by their numbers, from 1.
    No,
    /// The first line names the columns, unless it may as well be data.
    Auto,
}

/// The names of the columns, or numbers from 1 if the first line is data; and which of them it is.
///
/// A line of numbers is a header, of years for example, if `--x` and `--y` take their names from it and these cannot be
/// numbers of columns. Else it might be a row, which must not be lost, and nothing is guessed.
pub fn header(
    first: &[String],
    header: Header,
    x: &[String],
    y: &[String],
    place: &str,
) -> Result<(Vec<String>, bool)> {
    let numbers: Vec<String> = (1..=first.len()).map(|i| i.to_string()).collect();
    let named = first.iter().any(|name| name.parse::<f64>().is_err());
    let fits = |names: &[String]| select(names, x, y, place).is_ok();
    match header {
        Header::Yes => Ok((first.to_vec(), true)),
        Header::No => Ok((numbers, false)),
        Header::Auto if named || (fits(first) && !fits(&numbers)) => Ok((first.to_vec(), true)),
        Header::Auto => bail!(
            "the first line of {place} holds numbers, expected the names of the columns\n\
             hint: `--header yes` takes them as names, `--header no` as data, with columns called 1, 2 and so on"
        ),
    }
}
