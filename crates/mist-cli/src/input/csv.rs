//! Columns of a CSV file.

use super::select::{Selection, select};
use super::{DROP_HINT, Missing, Notes, Pair, check_rows, read_file};
use anyhow::{Result, anyhow, bail};
use csv::{ByteRecord, ErrorKind, Reader, ReaderBuilder, Trim};
use mist_infer::Columns;
use std::path::Path;

/// How to read a CSV file.
#[derive(Debug)]
pub struct CsvOptions<'a> {
    /// Columns of X, as given.
    pub x: &'a [String],
    /// Columns of Y, as given.
    pub y: &'a [String],
    /// Character between cells, if it is not to be guessed.
    pub delimiter: Option<u8>,
    /// What to do with missing values.
    pub missing: Missing,
}

/// Reads X and Y from the columns of one file.
pub fn read_csv_pair(path: &Path, options: &CsvOptions) -> Result<(Pair, Notes)> {
    let place = format!("`{}`", path.display());
    let bytes = read_file(path)?;
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        bail!("{place} is in UTF-16, expected UTF-8");
    }
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let delimiter = options.delimiter.unwrap_or_else(|| guess_delimiter(text));
    let mut reader = ReaderBuilder::new().delimiter(delimiter).trim(Trim::All).from_reader(text);
    let header = header(&mut reader, &place)?;
    let Selection { x, y } = select(&header, options.x, options.y, &place)?;

    let names = |indices: &[usize]| indices.iter().map(|i| header[*i].clone()).collect::<Vec<_>>();
    let indices = [x.as_slice(), &y].concat();
    let (mut columns, dropped) = columns(&mut reader, &header, &indices, options.missing, &place)?;
    let warnings = check_rows(columns[0].len(), dropped, &place)?;
    let y_columns = columns.split_off(x.len());
    let notes = Notes { x: list(&names(&x)), y: list(&names(&y)), warnings };
    Ok(((Columns::new(columns).named(names(&x)), Columns::new(y_columns).named(names(&y))), notes))
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

fn header(reader: &mut Reader<&[u8]>, place: &str) -> Result<Vec<String>> {
    let record = reader.byte_headers().map_err(|e| syntax(&e, place))?;
    let names: Vec<String> = record.iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect();
    if names.is_empty() {
        bail!("{place} is empty");
    }
    if names.iter().all(|name| name.parse::<f64>().is_ok()) {
        bail!(
            "the first line of {place} holds numbers, expected the names of the columns\n\
             hint: add a line such as `a,b,c` at the top"
        );
    }
    Ok(names)
}

/// The values of some columns, and how many rows were left out.
fn columns(
    reader: &mut Reader<&[u8]>,
    header: &[String],
    indices: &[usize],
    missing: Missing,
    place: &str,
) -> Result<(Vec<Vec<f64>>, usize)> {
    let mut columns = vec![Vec::new(); indices.len()];
    let mut row = vec![0.0; indices.len()];
    let mut dropped = 0;
    let mut record = ByteRecord::new();
    while reader.read_byte_record(&mut record).map_err(|e| syntax(&e, place))? {
        let mut complete = true;
        for (value, i) in row.iter_mut().zip(indices) {
            let line = record.position().map_or(0, csv::Position::line);
            let error = |what: String| anyhow!("{place}, line {line}, column `{}`: {what}", header[*i]);
            match cell(&record[*i]) {
                Cell::Number(v) => *value = v,
                Cell::Missing if missing == Missing::Drop => complete = false,
                Cell::Missing => {
                    let text = String::from_utf8_lossy(&record[*i]);
                    let what =
                        if text.is_empty() { "the cell is empty".into() } else { format!("missing value `{text}`") };
                    return Err(error(format!("{what}\n{DROP_HINT}")));
                }
                Cell::Wrong(what) => return Err(error(what)),
            }
        }
        if complete {
            columns.iter_mut().zip(&row).for_each(|(column, value)| column.push(*value));
        } else {
            dropped += 1;
        }
    }
    Ok((columns, dropped))
}

#[derive(Debug, PartialEq)]
enum Cell {
    Number(f64),
    Missing,
    Wrong(String),
}

fn cell(bytes: &[u8]) -> Cell {
    let text = String::from_utf8_lossy(bytes);
    match text.parse::<f64>() {
        Ok(v) if v.is_finite() => Cell::Number(v),
        Ok(v) if v.is_nan() => Cell::Missing,
        Ok(_) => Cell::Wrong(format!("`{text}` is not a finite number")),
        Err(_) if text.is_empty() || text == "NA" => Cell::Missing,
        Err(_) if text.replacen(',', ".", 1).parse::<f64>().is_ok() => {
            Cell::Wrong(format!("`{text}` is not a number\nhint: write decimals with a point, as in `1.5`"))
        }
        Err(_) => Cell::Wrong(format!("`{text}` is not a number")),
    }
}

fn syntax(error: &csv::Error, place: &str) -> anyhow::Error {
    match error.kind() {
        ErrorKind::UnequalLengths { pos, expected_len, len } => {
            let line = pos.as_ref().map_or(0, csv::Position::line);
            let s = if *len == 1 { "" } else { "s" };
            anyhow!("{place}, line {line}: {len} cell{s}, expected {expected_len} as in the header")
        }
        _ => anyhow!("{place}: {error}"),
    }
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
    fn cells() {
        assert_eq!(cell(b"-1.5e3"), Cell::Number(-1500.0));
        assert!([b"".as_slice(), b"NA", b"nan", b"NaN"].iter().all(|text| cell(text) == Cell::Missing));
        assert!(
            [b"inf".as_slice(), b"-Infinity", b"1e999", b"na", b"1 2", b"\xff"]
                .iter()
                .all(|text| matches!(cell(text), Cell::Wrong(_)))
        );
        assert!(matches!(cell(b"1,5"), Cell::Wrong(what) if what.contains("hint:")));
    }
}
