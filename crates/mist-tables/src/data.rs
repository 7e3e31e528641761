//! Columns that have been read.

use crate::{Notice, TableError};

/// The chosen columns of a table, in the order in which they were chosen.
#[derive(Clone, Debug, PartialEq)]
pub struct Data {
    /// The columns, all of one length.
    pub columns: Vec<Column>,
    /// What happened on the way.
    pub notices: Vec<Notice>,
}

/// A column.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Its name; of a table without names its number, from 1.
    pub name: String,
    /// What its values mean.
    pub kind: Kind,
    /// A finite number for each row, NaN where the value is missing.
    pub values: Vec<f64>,
}

/// What the values of a column mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Numbers. Where they are integers that f64 does not tell apart: how many different values are below each.
    Number,
    /// Points in time, in nanoseconds since 1970 or since midnight, or lengths of time; ranks as above.
    Time,
    /// Codes of categories, from 0: indices of `levels`.
    Category {
        /// The categories, in the order in which they were met.
        levels: Vec<String>,
    },
}

impl Column {
    /// Whether it holds codes of categories.
    pub fn is_category(&self) -> bool {
        matches!(self.kind, Kind::Category { .. })
    }
}

impl Data {
    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.columns.first().map_or(0, |column| column.values.len())
    }

    /// Leaves out each row that lacks a value, and returns the numbers of those rows, from 1.
    pub fn keep_complete(&mut self) -> Vec<usize> {
        let complete: Vec<bool> =
            (0..self.rows()).map(|row| self.columns.iter().all(|column| !column.values[row].is_nan())).collect();
        let left_out: Vec<usize> = (1..).zip(&complete).filter(|(_, whole)| !**whole).map(|(row, _)| row).collect();
        if !left_out.is_empty() {
            for column in &mut self.columns {
                let mut whole = complete.iter();
                column.values.retain(|_| *whole.next().expect("one for each row"));
            }
            self.notices.push(Notice::LeftOut { rows: left_out.len() });
        }
        left_out
    }

    /// Puts the columns of another table to the right of these.
    ///
    /// # Errors
    /// The tables, which these places name, differ in their number of rows.
    pub fn beside(mut self, other: Self, places: [&str; 2]) -> Result<Self, TableError> {
        let (a, b) = (self.rows(), other.rows());
        if a != b {
            let [first, second] = places;
            return Err(TableError::Choice {
                what: format!("{first} has {a} rows, {second} has {b}: expected as many in both"),
            });
        }
        self.columns.extend(other.columns);
        self.notices.extend(other.notices);
        Ok(self)
    }
}
