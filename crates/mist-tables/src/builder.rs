//! A column that grows, and finds out what it holds.

use crate::cell::{Cell, Na, beyond, cell, no_number};
use crate::data::{Column, Kind};
use crate::number::{Number, Numbers};
use crate::{Missing, Notice, TableError, shown};
use std::collections::HashMap;

/// Different values of a category at most: beyond, it is a name for each row.
const MAX_LEVELS: usize = 1 << 20;
/// What to try when a value is missing.
const DROP_HINT: &str = "hint: `--missing drop` leaves out rows with missing values";

/// What is wrong with a value.
pub(crate) type Wrong = String;

/// A column that grows.
pub(crate) struct Builder<'a> {
    name: String,
    na: &'a Na,
    missing: Missing,
    numbers: Numbers,
    form: Form,
    /// Values that are not missing.
    values: usize,
}

/// What a column is taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Guess {
    /// Nothing is known yet: the first value tells.
    Open,
    Number,
    Time,
    Category,
}

enum Form {
    Open,
    Number,
    Time,
    Category(Levels),
}

/// The codes of a category.
struct Levels {
    codes: HashMap<Box<[u8]>, u32>,
    /// Whether the user said that the column is one.
    asked: bool,
    /// What the values are, in a notice.
    what: &'static str,
    /// A value that is a number or a time, if there is any.
    number: Option<String>,
}

impl Levels {
    fn form(asked: bool, what: &'static str) -> Form {
        Form::Category(Self { codes: HashMap::new(), asked, what, number: None })
    }

    fn code(&mut self, text: &[u8]) -> Result<u32, Wrong> {
        if let Some(code) = self.codes.get(text) {
            return Ok(*code);
        }
        if self.codes.len() == MAX_LEVELS {
            return Err(format!("more than {MAX_LEVELS} different values, which is too many for a category"));
        }
        let next = self.codes.len() as u32;
        self.codes.insert(text.into(), next);
        Ok(next)
    }

    /// The values in the order of their codes.
    fn names(self) -> Vec<String> {
        let mut names = vec![String::new(); self.codes.len()];
        for (text, code) in self.codes {
            names[code as usize] = String::from_utf8_lossy(&text).into_owned();
        }
        names
    }
}

impl<'a> Builder<'a> {
    /// A column without rows; `categorical` says that the user wants it taken as categories.
    pub fn new(name: &str, guess: Guess, categorical: bool, na: &'a Na, missing: Missing) -> Self {
        let form = match guess {
            _ if categorical => Levels::form(true, "text"),
            Guess::Open => Form::Open,
            Guess::Number => Form::Number,
            Guess::Time => Form::Time,
            Guess::Category => Levels::form(false, "text"),
        };
        Self { name: name.to_owned(), na, missing, numbers: Numbers::default(), form, values: 0 }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Adds a cell of a text file.
    pub fn cell(&mut self, text: &[u8]) -> Result<(), Wrong> {
        let as_cell = cell(text, self.na);
        if as_cell == Cell::Missing {
            let what = || match text {
                b"" => "the cell is empty".to_owned(),
                _ => format!("missing value `{}`", shown(text)),
            };
            return self.missing(what);
        }
        if let Form::Open = self.form {
            self.form = match as_cell {
                Cell::Time(_) => Form::Time,
                // What nearly is a number is more likely a mistake than a category.
                Cell::Text if text.first().is_some_and(|c| !c.is_ascii_digit() && !b"+-.".contains(c)) => {
                    Levels::form(false, "text")
                }
                _ => Form::Number,
            };
        }
        match (&mut self.form, as_cell) {
            (Form::Category(levels), as_cell) => {
                if let (Cell::Number(_) | Cell::Time(_), None) = (as_cell, &levels.number) {
                    levels.number = Some(shown(text));
                }
                let code = levels.code(text)?;
                self.push(f64::from(code).into());
                Ok(())
            }
            (Form::Number, Cell::Number(number)) | (Form::Time, Cell::Time(number)) => {
                self.push(number);
                Ok(())
            }
            (_, Cell::Beyond) => Err(beyond(text)),
            (Form::Time, _) => Err(format!("`{}` is not a date or time as in the rows above", shown(text))),
            _ => Err(no_number(text, &self.name)),
        }
    }

    /// Adds a number.
    pub fn number(&mut self, number: Number) -> Result<(), Wrong> {
        let value = number.value();
        if value.is_nan() || self.na.is_number(value) {
            return self.missing(|| match value.is_nan() {
                true => "the value is NaN".into(),
                false => format!("missing value `{value}`"),
            });
        }
        if value.is_infinite() {
            return Err("the value is infinite".into());
        }
        match &mut self.form {
            Form::Category(levels) => {
                let code = levels.code(number.to_string().as_bytes())?;
                self.push(f64::from(code).into());
            }
            _ => self.push(number),
        }
        Ok(())
    }

    /// Adds a text of a typed table, which is a category.
    pub fn text(&mut self, text: &[u8]) -> Result<(), Wrong> {
        if cell(text, self.na) == Cell::Missing {
            return self.missing(|| format!("missing value `{}`", shown(text)));
        }
        self.level(text, "text")
    }

    /// Adds a boolean.
    pub fn boolean(&mut self, value: bool) -> Result<(), Wrong> {
        self.level(if value { b"true" } else { b"false" }, "booleans")
    }

    fn level(&mut self, text: &[u8], what: &'static str) -> Result<(), Wrong> {
        if !matches!(self.form, Form::Category(_)) {
            self.form = Levels::form(false, what);
        }
        let Form::Category(levels) = &mut self.form else { unreachable!("made just now") };
        if !levels.asked {
            levels.what = what;
        }
        let code = levels.code(text)?;
        self.push(f64::from(code).into());
        Ok(())
    }

    /// Adds a row without a value, unless that is an error, of which the argument is the text.
    pub fn missing(&mut self, what: impl FnOnce() -> String) -> Result<(), Wrong> {
        match self.missing {
            Missing::Error => Err(format!("{}\n{DROP_HINT}", what())),
            Missing::Keep => {
                self.numbers.push_missing();
                Ok(())
            }
        }
    }

    fn push(&mut self, number: Number) {
        self.values += 1;
        self.numbers.push(number);
    }

    /// Rows so far.
    pub fn len(&self) -> usize {
        self.numbers.len()
    }

    /// The column, and what there is to say about it.
    ///
    /// # Errors
    /// A column of text that has numbers or dates in it, too.
    pub fn finish(self, place: &str) -> Result<(Column, Vec<Notice>), TableError> {
        let Self { name, numbers, form, values, .. } = self;
        let mut notices = Vec::new();
        let kind = match form {
            Form::Open | Form::Number => Kind::Number,
            Form::Time => {
                notices.push(Notice::Time { column: name.clone() });
                Kind::Time
            }
            Form::Category(levels) => {
                if let (false, Some(number)) = (levels.asked, &levels.number) {
                    let column = shown(name.as_bytes());
                    let what = format!(
                        "it begins with text and holds numbers or dates, too, such as `{number}`\n\
                         hint: say what stands for a missing value with `--na`, or take it as categories with \
                         `--categorical {column}`"
                    );
                    return Err(TableError::Column { place: place.to_owned(), column, what });
                }
                if !levels.asked {
                    let (column, what, levels) = (name.clone(), levels.what, levels.codes.len());
                    notices.push(Notice::Category { column, what, levels, values });
                }
                Kind::Category { levels: levels.names() }
            }
        };
        let column = Column { name, kind, values: numbers.into_values() };
        if column.kind == Kind::Number {
            notices.extend(crate::sentinel::sentinels(&column));
        }
        Ok((column, notices))
    }
}

/// What the first cells of a column say about it.
pub(crate) fn guess<'c>(cells: impl Iterator<Item = &'c [u8]>, na: &Na) -> Guess {
    let (mut first, mut numbers, mut times, mut texts) = (None, 0, 0, 0);
    for text in cells {
        let guess = match cell(text, na) {
            Cell::Missing => continue,
            Cell::Number(_) | Cell::Beyond => {
                numbers += 1;
                Guess::Number
            }
            Cell::Time(_) => {
                times += 1;
                Guess::Time
            }
            // What nearly is a number is taken for one, and refused as such.
            Cell::Text if is_decimal_comma(text) => {
                numbers += 1;
                Guess::Number
            }
            Cell::Text => {
                texts += 1;
                Guess::Category
            }
        };
        first.get_or_insert(guess);
    }
    match (numbers, times, texts) {
        (0, 0, 0) => Guess::Open,
        (_, 0, 0) => Guess::Number,
        (0, _, 0) => Guess::Time,
        // One text alone that begins as a number does may be a mistake.
        (0, 0, 1) => Guess::Open,
        (0, 0, _) => Guess::Category,
        _ => first.unwrap_or(Guess::Open),
    }
}

fn is_decimal_comma(text: &[u8]) -> bool {
    std::str::from_utf8(text).is_ok_and(|text| text.replacen(',', ".", 1).parse::<f64>().is_ok())
}
