//! A table that has been opened: its columns are known, none of them is read.

use crate::arrow::Columnar;
use crate::builder::{Builder, Guess};
use crate::cell::Na;
use crate::npy::{Array, slots};
use crate::npz::Archive;
use crate::select::Names;
use crate::source::{self, Content};
use crate::text::Text;
use crate::{Data, Missing, Options, TableError};
use std::ops::Range;
use std::path::Path;

/// Columns of a table at most.
pub(crate) const MAX_COLUMNS: usize = 1 << 20;

/// A table whose columns are known, and of which nothing else has been read.
pub struct Table {
    place: String,
    names: Vec<String>,
    guesses: Vec<Guess>,
    /// Names that stand for several columns next to each other.
    groups: Vec<(String, Range<usize>)>,
    format: Format,
    na: Na,
    missing: Missing,
    max_values: u64,
}

/// A column of a table that has been opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name; of a table without names its number, from 1.
    pub name: String,
    /// Whether it holds text or booleans, as far as that is known without reading it.
    pub is_category: bool,
    /// Whether it can be read: lists and other nested columns cannot.
    pub is_usable: bool,
}

/// Where the columns come from.
enum Format {
    /// Text; its names are not settled while it cannot be told whether its first line is one of names.
    Text(Box<Text>),
    Columnar(Box<Columnar>),
    Array(Box<Array<'static>>),
    Archive(Box<Archive>),
}

impl Table {
    /// Opens a file, `-` for standard input, or an array of an archive as `FILE.npz:NAME`.
    ///
    /// # Errors
    /// A file that cannot be read, or that is no table.
    pub fn open(path: &Path, options: &Options) -> Result<Self, TableError> {
        let place = source::place(path);
        let (file, array) = source::file_and_array(path);
        let format = match source::open(&file)? {
            Content::Text(input) => Format::Text(Box::new(Text::open(input, &place, options)?)),
            Content::Parquet(file) => Format::Columnar(Box::new(Columnar::parquet(file, &place)?)),
            Content::Ipc(file) => Format::Columnar(Box::new(Columnar::ipc(file, &place)?)),
            Content::Npy(file, bytes) => Format::Array(Box::new(Array::open(Box::new(file), bytes, &place)?)),
            Content::Zip(file) => Format::Archive(Box::new(Archive::open(file, array.as_deref(), &place)?)),
        };
        let (names, groups) = match &format {
            Format::Text(text) => (text.names().unwrap_or_default(), Vec::new()),
            Format::Columnar(columnar) => (columnar.names(), Vec::new()),
            Format::Array(array) => (array.names(), Vec::new()),
            Format::Archive(archive) => archive.names(),
        };
        if names.len() > MAX_COLUMNS {
            let what = format!("has {} columns, expected at most {MAX_COLUMNS}", names.len());
            return Err(TableError::File { place, what });
        }
        let (guesses, na) = match &format {
            Format::Text(text) => (text.guesses(), text.na()),
            Format::Columnar(columnar) => (columnar.guesses(), Na::new(options)),
            Format::Array(_) | Format::Archive(_) => (vec![Guess::Number; names.len()], Na::new(options)),
        };
        let Options { missing, max_values, .. } = *options;
        Ok(Self { place, names, guesses, groups, format, na, missing, max_values })
    }

    /// What the table is called in messages.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// The columns.
    ///
    /// # Errors
    /// It cannot be told whether the first line of a text names them, and nobody said so.
    pub fn fields(&self) -> Result<Vec<Field>, TableError> {
        if let Format::Text(text) = &self.format
            && text.names().is_none()
        {
            return Err(text.undecided());
        }
        let is_usable = |column: usize| match &self.format {
            Format::Columnar(columnar) => columnar.is_usable(column),
            Format::Archive(archive) => archive.is_usable(column),
            _ => true,
        };
        let field = |(column, name): (usize, &String)| Field {
            name: name.clone(),
            is_category: self.guesses[column] == Guess::Category,
            is_usable: is_usable(column),
        };
        Ok(self.names.iter().enumerate().map(field).collect())
    }

    /// The columns, by index from 0, that a user means by the words given to each option: names, numbers from 1, ranges
    /// such as `3..7` or `age..mass` with both ends, and patterns such as `gene_*`, any of them with commas in between. No
    /// column is in two options; a pattern leaves out what another option names.
    ///
    /// Where it cannot be told from the lines of a text whether the first one names the columns, names in these words
    /// settle it.
    ///
    /// # Errors
    /// Columns that are not there, or that are asked for twice; an option without columns.
    pub fn choose(&mut self, wanted: &[(&str, &[String])]) -> Result<Vec<Vec<usize>>, TableError> {
        if let Format::Text(text) = &mut self.format
            && text.names().is_none()
        {
            let names = text.first_as_names();
            if !named_by_words(&names, wanted) || named_by_words(&text.numbers(), wanted) {
                return Err(text.undecided());
            }
            text.settle(true);
            self.names = names;
        }
        Names::new(&self.names, &self.groups, &self.place).choose(wanted)
    }

    /// The columns, by index from 0, that a user means by the words of an option that is about chosen columns.
    ///
    /// # Errors
    /// Columns that are not there, or that are named and not chosen.
    pub fn among(&self, option: &str, words: &[String], chosen: &[usize]) -> Result<Vec<usize>, TableError> {
        Names::new(&self.names, &self.groups, &self.place).among(option, words, chosen)
    }

    /// Reads columns, by index from 0, and no others; those in `categorical` as categories whatever they hold.
    ///
    /// Takes 8 bytes for each value, 40 more for integers that f64 does not hold.
    ///
    /// # Errors
    /// What cannot be read, where it is, and how to mend it.
    ///
    /// # Panics
    /// If there is no such column.
    pub fn read(self, columns: &[usize], categorical: &[usize]) -> Result<Data, TableError> {
        let Self { place, names, guesses, mut format, na, missing, max_values, .. } = self;
        let builder = |column: &usize| {
            Builder::new(&names[*column], guesses[*column], categorical.contains(column), &na, missing)
        };
        let mut builders: Vec<Builder> = columns.iter().map(builder).collect();
        let known = match &mut format {
            Format::Text(_) => None,
            Format::Columnar(columnar) => Some(columnar.rows()),
            Format::Array(array) => Some(array.rows()),
            Format::Archive(archive) => Some(archive.rows(columns)?),
        };
        if known.is_some_and(|rows| rows.saturating_mul(columns.len() as u64) > max_values) {
            return Err(too_large(&place, max_values));
        }
        let mut notices = match format {
            Format::Text(text) => text.read(columns, &mut builders)?,
            Format::Columnar(columnar) => columnar.read(columns, &mut builders, max_values)?,
            Format::Array(array) => {
                array.read(&slots(0..names.len(), columns), &mut builders)?;
                Vec::new()
            }
            Format::Archive(archive) => archive.read(columns, &mut builders)?,
        };
        let mut read = Vec::with_capacity(builders.len());
        for builder in builders {
            let (column, about) = builder.finish(&place)?;
            read.push(column);
            notices.extend(about);
        }
        Ok(Data { columns: read, notices })
    }
}

/// Whether all of the words name columns, numbers of columns and patterns aside.
fn named_by_words(names: &[String], wanted: &[(&str, &[String])]) -> bool {
    let names = Names::new(names, &[], "");
    !wanted.is_empty() && wanted.iter().all(|(_, words)| names.all_named(words))
}

/// A table that would take more memory than it is allowed to.
pub(crate) fn too_large(place: &str, max_values: u64) -> TableError {
    let gigabytes = max_values as f64 * 8.0 / f64::from(1 << 30);
    TableError::File {
        place: place.to_owned(),
        what: format!(
            "has more than {max_values} values in the chosen columns, which take {gigabytes:.0} GB of memory\n\
             hint: choose fewer columns, or take a sample of the rows"
        ),
    }
}
