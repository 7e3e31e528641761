//! What there is to say about a table that was read.

use crate::shown;
use std::fmt;

/// Something that the reader of an answer should know about its table; its `Display` is one line, what to do included.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Notice {
    /// Rows that lack a value were left out.
    LeftOut {
        /// How many.
        rows: usize,
    },
    /// A column of text or of booleans is taken as categories, although nobody said so.
    Category {
        /// The column.
        column: String,
        /// Its type: `text` or `booleans`.
        what: &'static str,
        /// How many categories there are.
        levels: usize,
        /// Values that are not missing.
        values: usize,
    },
    /// A column of dates or times is taken as numbers.
    Time {
        /// The column.
        column: String,
    },
    /// A number far from all others of its column, repeated: it may stand for a missing value.
    Sentinel {
        /// The column.
        column: String,
        /// The number.
        value: f64,
        /// Rows that hold it.
        rows: usize,
    },
    /// Lines between quotes that look like rows.
    LinesInQuotes {
        /// How many.
        lines: u64,
        /// The first of them, from 1.
        first: u64,
    },
}

/// Share of different values from which on a category looks like a name for each row.
const NAMES: f64 = 0.5;

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::LeftOut { rows } => write!(f, "{rows} row{} with missing values left out", plural(*rows as u64)),
            Self::Category { column, what, levels, values } => {
                let column = shown(column.as_bytes());
                write!(
                    f,
                    "column `{column}` is {what}: taken as a category of {levels} value{}",
                    plural(*levels as u64)
                )?;
                if *levels > 2 && *levels as f64 > NAMES * *values as f64 {
                    f.write_str(
                        ", nearly as many as rows: is it a name or an id, or are they numbers or dates in another form?",
                    )?;
                }
                Ok(())
            }
            Self::Time { column } => {
                write!(f, "column `{}` is dates or times: taken as numbers", shown(column.as_bytes()))
            }
            Self::Sentinel { column, value, rows } => {
                let column = shown(column.as_bytes());
                write!(
                    f,
                    "column `{column}` holds {value} in {rows} rows, far from all else: if it stands for a missing value, \
                     say `--na={value}`"
                )
            }
            Self::LinesInQuotes { lines, first } => write!(
                f,
                "{lines} line{} between quotes, from line {first} on, could be rows: is a quote there by mistake?",
                plural(*lines)
            ),
        }
    }
}

fn plural(count: u64) -> &'static str {
    if count == 1 { "" } else { "s" }
}
