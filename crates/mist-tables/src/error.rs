//! Why a table cannot be read.

use std::io;

/// Why a table cannot be read, where the trouble is, and how to mend it: a line `hint: …` where there is advice.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TableError {
    /// A file that is not there, or cannot be read.
    #[error("cannot read {place}")]
    Read {
        /// The file, as messages call it.
        place: String,
        /// What the system says.
        source: io::Error,
    },
    /// A file that is no table, or not one that is understood.
    #[error("{place} {what}")]
    File {
        /// The file, as messages call it.
        place: String,
        /// What is wrong with it, to be read after its name.
        what: String,
    },
    /// A line of text that cannot be taken apart.
    #[error("{place}, line {line}: {what}")]
    Line {
        /// The file, as messages call it.
        place: String,
        /// The line, from 1.
        line: u64,
        /// What is wrong with it.
        what: String,
    },
    /// A column that cannot be used as a whole.
    #[error("{place}, column `{column}`: {what}")]
    Column {
        /// The file, as messages call it.
        place: String,
        /// Name of the column.
        column: String,
        /// What is wrong with it.
        what: String,
    },
    /// A value that cannot be used.
    #[error("{place}, {at}, column `{column}`: {what}")]
    Cell {
        /// The file, as messages call it.
        place: String,
        /// Line of a text file or row of another one, from 1, in words.
        at: String,
        /// Name of the column.
        column: String,
        /// What is wrong with it.
        what: String,
    },
    /// Columns that are asked for and cannot be had so.
    #[error("{what}")]
    Choice {
        /// Which ones, and why not.
        what: String,
    },
}
