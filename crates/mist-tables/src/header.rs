//! Whether the first line of a text has the names of its columns.

use crate::Header;
use crate::builder::Guess;
use crate::cell::{Cell, Na, cell};

/// What the first line is: `Some(true)` if it names the columns, `None` if that cannot be told.
///
/// `column` gives, for each column, what the lines below the first hold and whether one of them holds the first cell, too.
pub(crate) fn is_header(header: Header, first: &[Vec<u8>], na: &Na, below: &[Below]) -> Option<bool> {
    match header {
        Header::Yes => return Some(true),
        Header::No => return Some(false),
        Header::Auto => {}
    }
    let is_name = |text: &[u8]| matches!(cell(text, na), Cell::Text);
    let above_numbers = |(text, below): (&Vec<u8>, &Below)| {
        is_name(text) && matches!(below.guess, Guess::Number | Guess::Time) && !below.nearly
    };
    if first.iter().zip(below).any(above_numbers) {
        return Some(true);
    }
    let all_names = first.iter().all(|text| !matches!(cell(text, na), Cell::Number(_) | Cell::Time(_) | Cell::Beyond));
    let repeated = below.iter().any(|below| below.repeats);
    (all_names && !repeated).then_some(true)
}

/// What the lines below the first hold in a column.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Below {
    /// What they are taken for.
    pub guess: Guess,
    /// Whether one of them is the same as the first.
    pub repeats: bool,
    /// Whether they are no numbers, only nearly.
    pub nearly: bool,
}
