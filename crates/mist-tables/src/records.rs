//! Records of a CSV file, read as a stream.
//!
//! As RFC 4180 has them, with blanks around cells allowed, and lines that end in `\n`, `\r\n` or `\r`. Quotes are taken
//! strictly: a stray one would otherwise join lines, and rows would be lost.

use crate::{TableError, shown};
use std::io::BufRead;
use std::ops::Range;

/// Bytes of one record at most; more is no table, or has a quote that never closes.
const MAX_RECORD: usize = 1 << 26;

/// A reader of records.
pub struct Records<R> {
    input: R,
    delimiter: u8,
    /// What the file is called in errors.
    place: String,
    /// Line of the next byte, from 1.
    line: u64,
    /// Whether the last record ended in `\r`, of which a `\n` may be the second half.
    after_return: bool,
    state: State,
    record: Record,
    /// Delimiters since the last line break within the quotes that are open.
    delimiters: usize,
    lines_in_quotes: LinesInQuotes,
}

/// One record.
#[derive(Default)]
pub struct Record {
    bytes: Vec<u8>,
    cells: Vec<Range<usize>>,
    start: usize,
    line: u64,
}

/// Lines between quotes that have as many delimiters as a record: rows, if a quote is there by mistake.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LinesInQuotes {
    /// How many there are.
    pub count: u64,
    /// The first.
    pub first: u64,
}

/// Where in a cell the last byte was.
#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    /// At its beginning, where there may be blanks.
    Start,
    /// In a cell without quotes.
    Bare,
    /// Between quotes, the first of which is on this line.
    Quoted(u64),
    /// At a quote between quotes: the first half of a quoted quote, or the last quote.
    Quote(u64),
    /// Behind the last quote, where there may be blanks.
    After(u64),
}

impl Record {
    /// Number of cells.
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// A cell without its quotes and without blanks around it.
    pub fn cell(&self, index: usize) -> &[u8] {
        self.bytes[self.cells[index].clone()].trim_ascii()
    }

    /// The line that it begins on, from 1.
    pub fn line(&self) -> u64 {
        self.line
    }

    fn end_cell(&mut self) {
        self.cells.push(self.start..self.bytes.len());
        self.start = self.bytes.len();
    }

    /// The cells.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.len()).map(|index| self.cell(index))
    }

    fn clear(&mut self, line: u64) {
        self.bytes.clear();
        self.cells.clear();
        (self.start, self.line) = (0, line);
    }
}

impl<R: BufRead> Records<R> {
    /// Reads from the beginning; `place` names the file in errors.
    pub fn new(input: R, delimiter: u8, place: &str) -> Self {
        Self {
            input,
            delimiter,
            place: place.to_owned(),
            line: 1,
            after_return: false,
            state: State::Start,
            record: Record::default(),
            delimiters: 0,
            lines_in_quotes: LinesInQuotes::default(),
        }
    }

    /// Lines between quotes that look like rows of as many cells as the last record.
    pub fn lines_in_quotes(&self) -> LinesInQuotes {
        self.lines_in_quotes
    }

    /// The next record that is not an empty line; `None` at the end.
    ///
    /// # Errors
    /// Bytes that cannot be read, a quote that is not closed, a cell that goes on behind its last quote, a record of
    /// more than 64 MiB.
    pub fn next(&mut self) -> Result<Option<&Record>, TableError> {
        let width = self.record.len();
        self.record.clear(self.line);
        self.state = State::Start;
        loop {
            let buffer =
                self.input.fill_buf().map_err(|source| TableError::Read { place: self.place.clone(), source })?;
            if buffer.is_empty() {
                return self.end();
            }
            // The bytes up to the next one that may mean something at once, or that one.
            let plain = match self.state {
                State::Bare => plain(buffer, [self.delimiter, b'\n', b'\r']),
                State::Quoted(_) => plain(buffer, [self.delimiter, b'\n', b'"']),
                _ => 0,
            };
            if plain > 0 {
                self.record.bytes.extend_from_slice(&buffer[..plain]);
                self.input.consume(plain);
            } else {
                let byte = buffer[0];
                self.input.consume(1);
                if self.byte(byte, width)? {
                    return Ok(Some(&self.record));
                }
            }
            if self.record.bytes.len() > MAX_RECORD {
                let what =
                    format!("the record has more than {MAX_RECORD} bytes\nhint: is there a quote that is not closed?");
                return Err(self.error(self.record.line, what));
            }
        }
    }

    /// Takes one byte; says whether the record is whole.
    fn byte(&mut self, byte: u8, width: usize) -> Result<bool, TableError> {
        if std::mem::take(&mut self.after_return) && byte == b'\n' {
            return Ok(false);
        }
        if let State::Quoted(line) = self.state {
            match byte {
                b'"' => self.state = State::Quote(line),
                b'\n' => {
                    let counted = &mut self.lines_in_quotes;
                    if width > 1 && self.delimiters + 1 >= width && self.line > line {
                        counted.count += 1;
                        counted.first = if counted.first == 0 { self.line } else { counted.first };
                    }
                    (self.delimiters, self.line) = (0, self.line + 1);
                }
                _ => self.delimiters += usize::from(byte == self.delimiter),
            }
            if byte != b'"' {
                self.record.bytes.push(byte);
            }
            return Ok(false);
        }
        if byte == self.delimiter {
            self.record.end_cell();
            self.state = State::Start;
            return Ok(false);
        }
        match (self.state, byte) {
            (state, b'\n' | b'\r') => {
                self.line += 1;
                self.after_return = byte == b'\r';
                let empty = state == State::Start && self.record.cells.is_empty() && self.record.bytes.is_empty();
                if empty {
                    self.record.line = self.line;
                } else {
                    self.record.end_cell();
                }
                return Ok(!empty);
            }
            (State::Start, b'"') => {
                self.record.bytes.truncate(self.record.start);
                self.delimiters = 0;
                self.state = State::Quoted(self.line);
            }
            (State::Start, b' ' | b'\t') | (State::Bare, _) => self.record.bytes.push(byte),
            (State::Start, _) => {
                self.record.bytes.push(byte);
                self.state = State::Bare;
            }
            (State::Quote(line), b'"') => {
                self.record.bytes.push(byte);
                self.state = State::Quoted(line);
            }
            (State::Quote(line) | State::After(line), b' ' | b'\t') => self.state = State::After(line),
            (State::Quote(line) | State::After(line), _) => {
                let (cell, next) = (shown(&self.record.bytes[self.record.start..]), shown(&[byte]));
                let what = format!(
                    "`{next}` follows the last quote of the cell `\"{cell}\"`, which begins on line {line}\n\
                     hint: quotes stand around a whole cell, and a quote within them is written twice"
                );
                return Err(self.error(self.line, what));
            }
            (State::Quoted(_), _) => unreachable!("handled above"),
        }
        Ok(false)
    }

    fn error(&self, line: u64, what: String) -> TableError {
        TableError::Line { place: self.place.clone(), line, what }
    }

    fn end(&mut self) -> Result<Option<&Record>, TableError> {
        match self.state {
            State::Quoted(line) => {
                let what = "a quote opens here and is not closed\n\
                            hint: a quote within a cell is written twice, in a cell that is in quotes itself";
                Err(self.error(line, what.into()))
            }
            State::Start if self.record.cells.is_empty() && self.record.bytes.is_empty() => Ok(None),
            _ => {
                self.record.end_cell();
                // The end comes again when it is asked for again.
                Ok(Some(&self.record))
            }
        }
    }
}

/// How many bytes there are before the first of these.
fn plain(buffer: &[u8], special: [u8; 3]) -> usize {
    buffer.iter().position(|byte| special.contains(byte)).unwrap_or(buffer.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::BufReader;

    /// The cells of all records with their lines, whatever the size of the buffer.
    fn read(text: &str) -> Result<Vec<(u64, Vec<String>)>, String> {
        let with = |size: usize| {
            let mut records = Records::new(BufReader::with_capacity(size, text.as_bytes()), b',', "`f`");
            let mut all = Vec::new();
            while let Some(record) = records.next().map_err(|e| e.to_string())? {
                let cells = (0..record.len()).map(|i| String::from_utf8_lossy(record.cell(i)).into_owned());
                all.push((record.line(), cells.collect()));
            }
            Ok(all)
        };
        let whole = with(1 << 16);
        assert_eq!(with(1), whole);
        assert_eq!(with(3), whole);
        whole
    }

    fn cells(rows: &[(u64, &[&str])]) -> Vec<(u64, Vec<String>)> {
        rows.iter().map(|(line, row)| (*line, row.iter().map(ToString::to_string).collect())).collect()
    }

    #[test]
    fn records_of_all_kinds() {
        assert_eq!(read("").unwrap(), []);
        assert_eq!(read("a, b\n1,2").unwrap(), cells(&[(1, &["a", "b"]), (2, &["1", "2"])]));
        assert_eq!(read("a,b\r\n\r\n1,\r\n").unwrap(), cells(&[(1, &["a", "b"]), (3, &["1", ""])]));
        assert_eq!(read("a,b\r1,2\r").unwrap(), cells(&[(1, &["a", "b"]), (2, &["1", "2"])]));
        assert_eq!(read("\"a,\"\"b\"\"\" , \"c\"\n1,").unwrap(), cells(&[(1, &["a,\"b\"", "c"]), (2, &["1", ""])]));
        assert_eq!(read("\"a\nb\",c\nd,5\" e").unwrap(), cells(&[(1, &["a\nb", "c"]), (3, &["d", "5\" e"])]));
        assert_eq!(read("\"\"\n,\n").unwrap(), cells(&[(1, &[""]), (2, &["", ""])]));
    }

    #[test]
    fn stray_quotes_are_errors_with_their_line() {
        let error = |text: &str| read(text).unwrap_err();
        assert!(error("a,b\n1,2\n3,\"4\n5,6\n").starts_with("`f`, line 3: a quote opens here and is not closed"));
        assert!(error("a\n\"").contains("line 2: a quote opens"));
        let after = error("a,b\n\"2\"3,4\n");
        assert!(after.starts_with("`f`, line 2: `3` follows the last quote of the cell `\"2\"`"), "{after}");
        // The next quote, lines below, closes what the first one opened.
        let later = error("a,b\n\"x,1\n2,3\n\"y\",4\n");
        assert!(later.starts_with("`f`, line 4: `y` follows") && later.contains("begins on line 2"), "{later}");
    }

    #[test]
    fn rows_between_quotes_are_counted() {
        let counted = |text: &str| {
            let mut records = Records::new(text.as_bytes(), b',', "`f`");
            while records.next().unwrap().is_some() {}
            records.lines_in_quotes()
        };
        assert_eq!(counted("a,b\n1,\"x\n2,3\n4,5\ny\"\n"), LinesInQuotes { count: 2, first: 3 });
        assert_eq!(counted("a,b\n1,\"x\nplain text\ny\"\n"), LinesInQuotes::default());
    }
}
