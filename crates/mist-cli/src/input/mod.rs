//! From files to the columns that the estimator takes: the options that all commands share which read tables, and what
//! there is to say about what was read.
//!
//! A command flattens [`TableArgs`] into its arguments. [`TableArgs::open`] gives it a [`Table`], of which it chooses and
//! reads columns; [`columns`] makes of these what the estimator takes. [`TableArgs::sides`] does all of this for X and Y.

use crate::encoders::{Encoders, Encoding, Kind, Marks};
use anyhow::{Result, bail};
use mist_infer::{Columns, MIN_ROWS};
use mist_tables::{Column, Data, Options, Table, shown};
use std::path::{Path, PathBuf};

/// How to read tables.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Reading tables")]
pub struct TableArgs {
    /// Rows that lack a value in a column that is used: an error, or left out.
    #[arg(long, value_enum, default_value_t = Missing::Error)]
    missing: Missing,
    /// What stands for a missing value besides empty cells, `NA`, `null`, `None`, `N/A`, `?` and the like; may be repeated.
    #[arg(long, value_name = "TEXT", value_delimiter = ',', allow_hyphen_values = true)]
    na: Vec<String>,
    /// Columns of numbers that are codes of categories; may be repeated. Columns of text and of booleans are categories
    /// without it.
    #[arg(long, value_name = "COLUMNS")]
    categorical: Vec<String>,
    /// Whether the first line of a text names the columns; `no` calls them 1, 2 and so on.
    #[arg(long, value_enum, default_value_t = Header::Auto)]
    header: Header,
    /// Character between the cells of a text, such as `,` `;` `tab` [default: as the first lines have it].
    #[arg(long, value_name = "CHAR", value_parser = delimiter)]
    delimiter: Option<u8>,
}

/// What `--missing` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Missing {
    Error,
    Drop,
}

/// What `--header` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Header {
    Yes,
    No,
    Auto,
}

fn delimiter(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        b"tab" | b"\\t" => Ok(b'\t'),
        b"space" => Ok(b' '),
        [c] if !b"\"\r\n".contains(c) => Ok(*c),
        _ => Err("expected one ASCII character, `tab` or `space`".into()),
    }
}

/// X and Y, as the estimator takes them.
pub type Pair = (Columns, Columns);

/// What there is to say about a pair.
#[derive(Debug)]
pub struct Notes {
    /// X in words.
    pub x: Side,
    /// Y in words.
    pub y: Side,
    /// What happened while reading.
    pub warnings: Vec<String>,
    /// Numbers, from 1, of the rows left out.
    pub left_out: Vec<usize>,
    /// What became of columns of texts and images.
    pub encodings: Vec<Encoding>,
}

/// One side in words.
#[derive(Debug)]
pub struct Side {
    /// What it is called.
    pub label: String,
    /// The names of its columns.
    pub columns: Vec<String>,
}

impl TableArgs {
    /// Opens a table: its columns can be chosen, and read.
    pub fn open(&self, path: &Path) -> Result<Table> {
        Ok(Table::open(path, &self.options())?)
    }

    fn options(&self) -> Options {
        let header = match self.header {
            Header::Yes => mist_tables::Header::Yes,
            Header::No => mist_tables::Header::No,
            Header::Auto => mist_tables::Header::Auto,
        };
        let missing = match self.missing {
            Missing::Error => mist_tables::Missing::Error,
            Missing::Drop => mist_tables::Missing::Keep,
        };
        Options { delimiter: self.delimiter, header, na: self.na.clone(), missing, ..Options::default() }
    }

    /// Reads chosen columns of a table, by index; missing values are NaN where they are not an error. Of rows nothing is
    /// left out yet: [`Data::keep_complete`] does that.
    pub fn read(&self, table: Table, chosen: &[usize]) -> Result<Data> {
        self.read_marked(table, chosen, &vec![None; chosen.len()])
    }

    /// The same, with each column read as categories whatever it holds.
    #[cfg(feature = "embed")]
    pub fn read_as_categories(&self, table: Table, chosen: &[usize]) -> Result<Data> {
        Ok(table.read(chosen, chosen)?)
    }

    /// Reads chosen columns, with texts and images among them, which are read as categories.
    fn read_marked(&self, table: Table, chosen: &[usize], kinds: &[Option<Kind>]) -> Result<Data> {
        let mut categorical = table.among("--categorical", &self.categorical, chosen)?;
        categorical.extend(chosen.iter().zip(kinds).filter(|(_, kind)| kind.is_some()).map(|(column, _)| *column));
        Ok(table.read(chosen, &categorical)?)
    }

    /// Reads X and Y from the columns of one table.
    pub fn sides(&self, path: &Path, x: &[String], y: &[String], encoders: &Encoders) -> Result<(Pair, Notes)> {
        let mut table = self.open(path)?;
        let place = table.place().to_owned();
        let (x, y) = (Marks::take(x, &table), Marks::take(y, &table));
        let chosen = table.choose(&[("--x", &x.words), ("--y", &y.words)])?;
        let kinds = [x.kinds("--x", &table, &chosen[0])?, y.kinds("--y", &table, &chosen[1])?].concat();
        let data = self.read_marked(table, &chosen.concat(), &kinds)?;
        let bases = [path, path].map(base);
        pair(Sides { data, dim_x: chosen[0].len(), kinds, bases }, &place, encoders, list)
    }

    /// Checks that no option is given that belongs to one table with both sides.
    pub fn check_for_two(&self) -> Result<()> {
        if !self.categorical.is_empty() {
            bail!(
                "`--categorical` belongs to one table with both sides, not to two\n\
                 hint: put X and Y into one file, for example with `numpy.savez`"
            );
        }
        Ok(())
    }

    /// Reads X from one table and Y from another, of as many rows: all columns, or those that are given.
    pub fn two_tables(
        &self,
        paths: [&Path; 2],
        x: &[String],
        y: &[String],
        encoders: &Encoders,
    ) -> Result<(Pair, Notes)> {
        self.check_for_two()?;
        let side = |path: &Path, option: &str, given: &[String]| -> Result<(Data, Vec<Option<Kind>>, String)> {
            let mut table = self.open(path)?;
            let place = table.place().to_owned();
            let given = Marks::take(given, &table);
            let chosen = match given.words.as_slice() {
                [] => (0..table.fields()?.len()).collect(),
                words => table.choose(&[(option, words)])?.concat(),
            };
            let kinds = given.kinds(option, &table, &chosen)?;
            Ok((self.read_marked(table, &chosen, &kinds)?, kinds, place))
        };
        let (x_data, x_kinds, x_place) = side(paths[0], "--x", x)?;
        let (y_data, y_kinds, y_place) = side(paths[1], "--y", y)?;
        let dim_x = x_data.columns.len();
        let data = x_data.beside(y_data, [&x_place, &y_place])?;
        let (kinds, bases) = ([x_kinds, y_kinds].concat(), paths.map(base));
        let mut paths = paths.into_iter();
        let label = |names: &[String]| {
            let s = if names.len() == 1 { "" } else { "s" };
            let path = paths.next().map_or_else(PathBuf::new, PathBuf::from);
            format!("{} ({} column{s})", path.display(), names.len())
        };
        pair(Sides { data, dim_x, kinds, bases }, &format!("the pair {x_place}, {y_place}"), encoders, label)
    }
}

/// The folder that the paths in a table start from: its own.
pub fn base(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new(""))
}

/// What has been read for X and Y.
struct Sides<'a> {
    data: Data,
    /// Columns that are X; the others are Y.
    dim_x: usize,
    /// What each column is marked as.
    kinds: Vec<Option<Kind>>,
    /// Where the paths of X and of Y start from.
    bases: [&'a Path; 2],
}

/// The first columns as X, the others as Y, without the rows that lack a value.
fn pair(
    sides: Sides,
    place: &str,
    encoders: &Encoders,
    mut label: impl FnMut(&[String]) -> String,
) -> Result<(Pair, Notes)> {
    let Sides { mut data, dim_x, kinds, bases } = sides;
    let left_out = data.keep_complete();
    check_rows(data.rows(), left_out.len(), place)?;
    let mut warnings: Vec<String> = data.notices.iter().map(ToString::to_string).collect();
    let (mut encodings, y) = (Vec::new(), data.columns.split_off(dim_x));
    let mut side = |given: Vec<Column>, kinds: &[Option<Kind>], base: &Path| -> Result<(Columns, Side)> {
        let expanded = encoders.expand(given, kinds, &left_out, base, place)?;
        warnings.extend(expanded.warnings);
        encodings.extend(expanded.encodings);
        let names = expanded.columns.iter().map(|column| shown(column.name.as_bytes())).collect();
        Ok((columns(expanded.columns), Side { label: label(&expanded.labels), columns: names }))
    };
    let (x_columns, x) = side(data.columns, &kinds[..dim_x], bases[0])?;
    let (y_columns, y) = side(y, &kinds[dim_x..], bases[1])?;
    Ok(((x_columns, y_columns), Notes { x, y, warnings, left_out, encodings }))
}

/// Columns of a table, without missing values, as the estimator takes them.
pub fn columns(columns: Vec<Column>) -> Columns {
    let names: Vec<String> = columns.iter().map(|column| shown(column.name.as_bytes())).collect();
    let categories: Vec<usize> = (0..columns.len()).filter(|i| columns[*i].is_category()).collect();
    Columns::new(columns.into_iter().map(|column| column.values).collect()).named(names).categorical(categories)
}

/// Checks that enough rows are left.
pub fn check_rows(kept: usize, left_out: usize, place: &str) -> Result<()> {
    if kept < MIN_ROWS {
        let complete = if left_out > 0 { "complete " } else { "" };
        let s = if kept == 1 { "" } else { "s" };
        bail!("{place} has {kept} {complete}row{s}, expected at least {MIN_ROWS}");
    }
    Ok(())
}

/// Names for a reader: all of them, or the first few.
fn list(names: &[String]) -> String {
    const SHOWN: usize = 6;
    match names.len() {
        n if n > SHOWN => format!("{}, … ({n} columns)", names[..SHOWN - 1].join(", ")),
        _ => names.join(", "),
    }
}
