//! Whether a column of a CSV file holds numbers or categories.

use super::csv::Cell;
use anyhow::{Result, bail};
use std::collections::HashMap;

/// What a column is taken for.
#[derive(Debug)]
pub enum Kind {
    /// Nothing has been read yet.
    Open,
    /// Numbers.
    Numbers,
    /// Categories.
    Categories {
        /// The code of each value.
        codes: HashMap<Vec<u8>, u32>,
        /// Whether the user said so.
        asked: bool,
        /// A value that is a number, if there is any.
        number: Option<String>,
    },
}

impl Kind {
    /// A column of which nothing is known, or one that is to be categories.
    pub fn new(categories: bool) -> Self {
        match categories {
            true => Self::Categories { codes: HashMap::new(), asked: true, number: None },
            false => Self::Open,
        }
    }

    /// Whether it is categories.
    pub fn is_category(&self) -> bool {
        matches!(self, Self::Categories { .. })
    }

    /// What a cell holds in a column of this kind, given what it holds as a number. The first cell of text makes a column
    /// categories if no number came before.
    pub(super) fn cell(&mut self, text: &[u8], as_number: Cell) -> Cell {
        if as_number == Cell::Missing {
            return Cell::Missing;
        }
        if let Self::Open = self {
            *self = match &as_number {
                // What nearly is a number is more likely a mistake than a category.
                Cell::Wrong(_) if text.first().is_some_and(|c| !c.is_ascii_digit() && !b"+-.".contains(c)) => {
                    Self::Categories { codes: HashMap::new(), asked: false, number: None }
                }
                _ => Self::Numbers,
            };
        }
        let Self::Categories { codes, number, .. } = self else {
            return as_number;
        };
        if let (Cell::Number(_), None) = (&as_number, &number) {
            *number = Some(String::from_utf8_lossy(text).into_owned());
        }
        let next = codes.len() as u32;
        Cell::Number(f64::from(*codes.entry(text.to_vec()).or_insert(next)).into())
    }

    /// What there is to say about the column `name` once it is read.
    ///
    /// # Errors
    /// A column of text that has numbers in it, too.
    pub fn note(&self, name: &str) -> Result<Option<String>> {
        let Self::Categories { codes, asked: false, number } = self else {
            return Ok(None);
        };
        if let Some(number) = number {
            bail!(
                "it begins with text and holds numbers, too, such as `{number}`\n\
                 hint: empty the cells that are missing, or take it as categories with `--categorical {name}`"
            );
        }
        Ok(Some(format!("column `{name}` is text: taken as a category of {} values", codes.len())))
    }
}
