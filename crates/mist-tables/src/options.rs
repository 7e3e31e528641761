//! How to read a table.

/// How to read a table; the default suits most.
#[derive(Clone, Debug)]
pub struct Options {
    /// Character between the cells of a text, if it is not to be found out.
    pub delimiter: Option<u8>,
    /// Whether the first line of a text names the columns.
    pub header: Header,
    /// What stands for a missing value, besides an empty cell, `NA`, `null` and the like. A number stands for all of its
    /// spellings.
    pub na: Vec<String>,
    /// What to do with missing values.
    pub missing: Missing,
    /// Values kept at most, of all chosen columns together: 8 bytes each.
    pub max_values: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self { delimiter: None, header: Header::Auto, na: Vec::new(), missing: Missing::Keep, max_values: 1 << 30 }
    }
}

/// Whether the first line of a text names the columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Header {
    /// The first line names the columns.
    Yes,
    /// The first line is data; columns are called by their numbers, from 1.
    No,
    /// The first line names the columns, unless it may as well be data.
    Auto,
}

/// What to do with a missing value in a chosen column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// Stop and say where it is.
    Error,
    /// Read it as NaN.
    Keep,
}
