//! Columns of a CSV file.

use super::column::{Column, Number};
use super::header::{Header, header};
use super::kind::Kind;
use super::records::{LinesInQuotes, Record, Records};
use super::select::{Selection, categories, select};
use super::{DROP_HINT, Missing, Notes, Pair, check_rows, shown, source};
use anyhow::{Context, Result, anyhow, bail};
use mist_infer::Columns;
use std::io::{BufReader, Cursor, Read};
use std::path::Path;

/// Bytes looked at before anything is read: they say how the file is encoded, and what stands between its cells.
const BEGINNING: u64 = 1 << 16;
/// Integers up to here are f64 exactly.
const EXACT: f64 = (1u64 << 53) as f64;

/// How to read a CSV file.
#[derive(Debug)]
pub struct CsvOptions<'a> {
    /// Columns of X, as given.
    pub x: &'a [String],
    /// Columns of Y, as given.
    pub y: &'a [String],
    /// Character between cells, if it is not to be guessed.
    pub delimiter: Option<u8>,
    /// Whether the first line names the columns.
    pub header: Header,
    /// Columns to take as categories although they hold numbers, as given.
    pub categorical: &'a [String],
    /// What to do with missing values.
    pub missing: Missing,
}

/// Reads X and Y from the columns of one file. Memory: 8 bytes a row for each column that is used, twice at most.
pub fn read_csv_pair(path: &Path, options: &CsvOptions) -> Result<(Pair, Notes)> {
    let place = source::place(path);
    let mut input = source::open(path)?;
    let mut start = Vec::new();
    input.by_ref().take(BEGINNING).read_to_end(&mut start).with_context(|| source::cannot_read(path))?;
    if start.starts_with(&[0xff, 0xfe]) || start.starts_with(&[0xfe, 0xff]) {
        bail!("{place} is in UTF-16, expected UTF-8");
    }
    if start.starts_with(b"\xef\xbb\xbf") {
        start.drain(..3);
    }
    let delimiter = options.delimiter.unwrap_or_else(|| guess_delimiter(&start));
    let mut records = Records::new(Cursor::new(start).chain(BufReader::new(input)), delimiter, &place);
    let Some(first) = records.next()? else {
        bail!("{place} is empty");
    };
    let cells: Vec<String> = (0..first.len()).map(|i| String::from_utf8_lossy(first.cell(i)).into_owned()).collect();
    let (names, is_header) = header(&cells, options.header, options.x, options.y, &place)?;
    let Selection { x, y } = select(&names, options.x, options.y, &place)?;
    let indices = [x.as_slice(), &y].concat();
    let categorical = categories(&names, options.categorical, &indices, &place)?;
    let mut table = Table {
        place: &place,
        names: &names,
        indices: &indices,
        missing: options.missing,
        columns: vec![Column::default(); indices.len()],
        kinds: indices.iter().map(|i| Kind::new(categorical.contains(i))).collect(),
        row: vec![0.0.into(); indices.len()],
        rows: 0,
        left_out: Vec::new(),
    };
    if !is_header {
        table.add(first)?;
    }
    while let Some(record) = records.next()? {
        table.add(record)?;
    }

    let left_out = table.left_out;
    let mut columns: Vec<Vec<f64>> = table.columns.into_iter().map(Column::into_values).collect();
    let mut warnings = check_rows(columns[0].len(), left_out.len(), &place)?;
    warnings.extend(in_quotes(records.lines_in_quotes()));
    for (kind, i) in table.kinds.iter().zip(&indices) {
        let name = shown(names[*i].as_bytes());
        warnings.extend(kind.note(&name).with_context(|| format!("{place}, column `{name}`"))?);
    }
    let y_columns = columns.split_off(x.len());
    let names = |indices: &[usize]| indices.iter().map(|i| shown(names[*i].as_bytes())).collect::<Vec<_>>();
    let is_category = |k: &usize| table.kinds[*k].is_category();
    let of_x = (0..x.len()).filter(is_category);
    let of_y = (x.len()..indices.len()).filter(is_category).map(|k| k - x.len());
    let notes = Notes { x: list(&names(&x)), y: list(&names(&y)), warnings, left_out };
    let x = Columns::new(columns).named(names(&x)).categorical(of_x);
    let y = Columns::new(y_columns).named(names(&y)).categorical(of_y);
    Ok(((x, y), notes))
}

fn in_quotes(lines: LinesInQuotes) -> Option<String> {
    let LinesInQuotes { count, first } = lines;
    let s = if count == 1 { "" } else { "s" };
    let text =
        format!("{count} line{s} between quotes, from line {first} on, could be rows: is a quote there by mistake?");
    (count > 0).then_some(text)
}

/// The most frequent candidate outside of quotes in the first line; a comma if there is none.
fn guess_delimiter(text: &[u8]) -> u8 {
    let (mut counts, mut quoted) = ([(b',', 0), (b';', 0), (b'\t', 0)], false);
    for byte in text {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' | b'\r' if !quoted => break,
            _ => counts.iter_mut().filter(|(c, _)| !quoted && c == byte).for_each(|(_, count)| *count += 1),
        }
    }
    // The first of equals.
    counts.iter().rev().max_by_key(|(_, count)| *count).map_or(b',', |(c, _)| *c)
}

/// The columns that are used, as they are read.
struct Table<'a> {
    place: &'a str,
    names: &'a [String],
    indices: &'a [usize],
    missing: Missing,
    columns: Vec<Column>,
    kinds: Vec<Kind>,
    /// The values of the row that is being read.
    row: Vec<Number>,
    /// Rows read.
    rows: usize,
    /// Numbers, from 1, of those left out.
    left_out: Vec<usize>,
}

impl Table<'_> {
    fn add(&mut self, record: &Record) -> Result<()> {
        let (place, line) = (self.place, record.line());
        let (len, expected) = (record.len(), self.names.len());
        if len != expected {
            let s = if len == 1 { "" } else { "s" };
            bail!("{place}, line {line}: {len} cell{s}, expected {expected} as in the first line");
        }
        let mut complete = true;
        self.rows += 1;
        for ((value, i), kind) in self.row.iter_mut().zip(self.indices).zip(&mut self.kinds) {
            let error = |what: String| {
                let name = shown(self.names[*i].as_bytes());
                anyhow!("{place}, line {line}, column `{name}`: {what}")
            };
            let text = record.cell(*i);
            match kind.cell(text, cell(text)) {
                Cell::Number(number) => *value = number,
                Cell::Missing if self.missing == Missing::Drop => complete = false,
                Cell::Missing if text.is_empty() => return Err(error(format!("the cell is empty\n{DROP_HINT}"))),
                Cell::Missing => return Err(error(format!("missing value `{}`\n{DROP_HINT}", shown(text)))),
                Cell::Wrong(what) => return Err(error(what)),
            }
        }
        if complete {
            self.columns.iter_mut().zip(&self.row).for_each(|(column, value)| column.push(*value));
        } else {
            self.left_out.push(self.rows);
        }
        Ok(())
    }
}

/// What a cell holds.
#[derive(Debug, PartialEq)]
pub(super) enum Cell {
    Number(Number),
    Missing,
    /// No number, and why not.
    Wrong(String),
}

fn cell(bytes: &[u8]) -> Cell {
    let text = String::from_utf8_lossy(bytes);
    match text.parse::<f64>() {
        Ok(0.0) if !is_zero(&text) => Cell::Wrong(format!(
            "`{}` is closer to 0 than a 64-bit number can be\nhint: multiply the column, which changes no answer",
            shown(bytes)
        )),
        Ok(v) if v.is_finite() && v.abs() < EXACT => Cell::Number(v.into()),
        Ok(v) if v.is_finite() => Cell::Number(whole(&text).map_or(v.into(), Number::whole)),
        Ok(v) if v.is_nan() => Cell::Missing,
        Ok(_) => Cell::Wrong(format!("`{}` is not a finite number", shown(bytes))),
        Err(_) if text.is_empty() || text == "NA" => Cell::Missing,
        Err(_) if text.replacen(',', ".", 1).parse::<f64>().is_ok() => {
            Cell::Wrong(format!("`{text}` is not a number\nhint: write decimals with a point, as in `1.5`"))
        }
        Err(_) => Cell::Wrong(format!("`{}` is not a number", shown(bytes))),
    }
}

/// Whether a number that f64 takes for 0 is 0.
fn is_zero(number: &str) -> bool {
    !number.bytes().take_while(|b| !b"eE".contains(b)).any(|b| b.is_ascii_digit() && b != b'0')
}

/// The integer that a number is, also one with zeros behind its point.
fn whole(number: &str) -> Option<i128> {
    let (integer, fraction) = number.split_once('.').unwrap_or((number, ""));
    if fraction.bytes().all(|b| b == b'0') { integer.parse().ok() } else { None }
}

/// Names for a reader: all of them, or the first few.
fn list(names: &[String]) -> String {
    const SHOWN: usize = 6;
    match names.len() {
        n if n > SHOWN => format!("{}, … ({n} columns)", names[..SHOWN - 1].join(", ")),
        _ => names.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delimiters() {
        assert_eq!(guess_delimiter(b"a,b;c,d\n;;;;"), b',');
        assert_eq!(guess_delimiter(b"a;\"b,,,\nc,\";d\n"), b';');
        assert_eq!(guess_delimiter(b"a\tb\n"), b'\t');
        assert_eq!(guess_delimiter(b"a\n1\n"), b',');
    }

    #[test]
    fn integers_beyond_f64_stay_apart() {
        assert_eq!(cell(b"9007199254740993"), Cell::Number(Number::whole((1 << 53) + 1)));
        assert_ne!(cell(b"9007199254740993"), cell(b"9007199254740992"));
        assert_eq!(cell(b"-9007199254740992.0"), Cell::Number(Number::whole(-(1 << 53))));
        assert_eq!(cell(b"9007199254740993.00"), Cell::Number(Number::whole((1 << 53) + 1)));
        assert_eq!(cell(b"9007199254740993.5"), Cell::Number(9_007_199_254_740_993.5.into()));
    }

    #[test]
    fn cells() {
        assert_eq!(cell(b"-1.5e3"), Cell::Number((-1500.0).into()));
        assert!([b"".as_slice(), b"NA", b"nan", b"NaN"].iter().all(|text| cell(text) == Cell::Missing));
        assert!(
            [b"inf".as_slice(), b"-Infinity", b"1e999", b"na", b"1 2", b"\xff"]
                .iter()
                .all(|text| matches!(cell(text), Cell::Wrong(_)))
        );
        assert!(
            [b"0".as_slice(), b"-0.0", b"0e9", b".0E-999"].iter().all(|text| cell(text) == Cell::Number(0.0.into()))
        );
        assert_eq!(cell(b"5e-324"), Cell::Number(f64::from_bits(1).into()));
        for text in [b"1e-400".as_slice(), b"-0.003E-999"] {
            assert!(matches!(cell(text), Cell::Wrong(what) if what.contains("closer to 0")));
        }
        assert!(matches!(cell(b"1,5"), Cell::Wrong(what) if what.contains("hint:")));
    }
}
