//! Tables as text: CSV, TSV and their like.

use crate::builder::{Builder, Guess, guess};
use crate::cell::{Cell, Na, cell};
use crate::header::{Below, is_header};
use crate::records::{LinesInQuotes, Record, Records};
use crate::{Notice, Options, TableError};
use std::io::{BufReader, Chain, Cursor, Read};

/// Bytes looked at before anything is read: they say what stands between the cells, and what the columns hold.
const BEGINNING: u64 = 1 << 20;
/// Records looked at, at most.
const SAMPLE: usize = 200;
/// Lines whose delimiters are counted.
const COUNTED: usize = 20;
/// Characters that may stand between cells, the likeliest first; a blank is looked for apart.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// What has been looked at, and the rest.
type Whole = Chain<Cursor<Vec<u8>>, BufReader<Box<dyn Read>>>;

/// A text whose beginning has been looked at.
pub(crate) struct Text {
    place: String,
    records: Records<Whole>,
    /// The first record.
    first: Vec<Vec<u8>>,
    first_line: u64,
    /// What the lines below it hold, column by column.
    below: Vec<Guess>,
    /// Whether the first record names the columns, if that can be told.
    is_header: Option<bool>,
    na: Na,
    max_values: u64,
}

impl Text {
    pub fn open(mut input: Box<dyn Read>, place: &str, options: &Options) -> Result<Self, TableError> {
        let mut start = Vec::new();
        let read = input.by_ref().take(BEGINNING).read_to_end(&mut start);
        read.map_err(|source| TableError::Read { place: place.to_owned(), source })?;
        if start.starts_with(b"\xef\xbb\xbf") {
            start.drain(..3);
        }
        let delimiter = options.delimiter.unwrap_or_else(|| find_delimiter(&start));
        let sample = sample(&start, delimiter);
        let mut records = Records::new(Cursor::new(start).chain(BufReader::new(input)), delimiter, place);
        let Some(record) = records.next()? else {
            return Err(TableError::File { place: place.to_owned(), what: "is empty".into() });
        };
        let (first, first_line) = (record.iter().map(<[u8]>::to_vec).collect::<Vec<_>>(), record.line());
        let na = Na::new(options);
        let below: Vec<Below> = (0..first.len()).map(|column| below(&sample, column, &first[column], &na)).collect();
        let is_header = is_header(options.header, &first, &na, &below);
        let below = below.iter().map(|below| below.guess).collect();
        let (place, max_values) = (place.to_owned(), options.max_values);
        Ok(Self { place, records, first, first_line, below, is_header, na, max_values })
    }

    /// The names of the columns, if it is known whether there are any.
    pub fn names(&self) -> Option<Vec<String>> {
        self.is_header.map(|named| if named { self.first_as_names() } else { self.numbers() })
    }

    /// The first line as names; where it has none, the number of the column, from 1.
    pub fn first_as_names(&self) -> Vec<String> {
        let name = |(number, cell): (usize, &Vec<u8>)| match cell.as_slice() {
            b"" => number.to_string(),
            cell => String::from_utf8_lossy(cell).into_owned(),
        };
        (1..).zip(&self.first).map(name).collect()
    }

    /// The numbers of the columns, from 1.
    pub fn numbers(&self) -> Vec<String> {
        (1..=self.first.len()).map(|number| number.to_string()).collect()
    }

    /// Settles whether the first line names the columns.
    pub fn settle(&mut self, is_header: bool) {
        self.is_header = Some(is_header);
    }

    /// Why it cannot be told whether the first line names the columns.
    pub fn undecided(&self) -> TableError {
        let is_number = |text: &Vec<u8>| matches!(cell(text, &self.na), Cell::Number(_));
        let holds = match self.first.iter().all(is_number) {
            true => "holds numbers, expected the names of the columns",
            false => "looks like the lines below it, expected the names of the columns",
        };
        TableError::Choice {
            what: format!(
                "the first line of {} {holds}\n\
                 hint: `--header yes` takes them as names, `--header no` as data, with columns called 1, 2 and so on",
                self.place
            ),
        }
    }

    /// What the columns hold, as far as the first records tell.
    pub fn guesses(&self) -> Vec<Guess> {
        match self.is_header {
            Some(false) => {
                let with_first = |(below, first): (&Guess, &Vec<u8>)| match below {
                    Guess::Open => guess(std::iter::once(first.as_slice()), &self.na),
                    known => *known,
                };
                self.below.iter().zip(&self.first).map(with_first).collect()
            }
            _ => self.below.clone(),
        }
    }

    /// What stands for a missing value.
    pub fn na(&self) -> Na {
        self.na.clone()
    }

    /// Reads the chosen columns, one builder for each.
    pub fn read(mut self, chosen: &[usize], builders: &mut [Builder]) -> Result<Vec<Notice>, TableError> {
        let (place, width) = (self.place.as_str(), self.first.len());
        if self.is_header == Some(false) {
            for (builder, column) in builders.iter_mut().zip(chosen) {
                let add = builder.cell(&self.first[*column]);
                add.map_err(|what| cell_error(place, self.first_line, builder.name(), what))?;
            }
        }
        let mut values = 0;
        while let Some(record) = self.records.next()? {
            if record.len() != width {
                return Err(TableError::Line {
                    place: place.to_owned(),
                    line: record.line(),
                    what: ragged(record, width),
                });
            }
            for (builder, column) in builders.iter_mut().zip(chosen) {
                let add = builder.cell(record.cell(*column));
                add.map_err(|what| cell_error(place, record.line(), builder.name(), what))?;
            }
            values += chosen.len() as u64;
            if values > self.max_values {
                return Err(crate::table::too_large(place, self.max_values));
            }
        }
        let LinesInQuotes { count: lines, first } = self.records.lines_in_quotes();
        Ok((lines > 0).then_some(Notice::LinesInQuotes { lines, first }).into_iter().collect())
    }
}

fn cell_error(place: &str, line: u64, column: &str, what: String) -> TableError {
    let column = crate::shown(column.as_bytes());
    TableError::Cell { place: place.to_owned(), at: format!("line {line}"), column, what }
}

fn ragged(record: &Record, expected: usize) -> String {
    let got = record.len();
    let s = if got == 1 { "" } else { "s" };
    let hint = match got == expected + 1 {
        true => "\nhint: if each row begins with a name that has no heading, as R writes them, give it one",
        false => "",
    };
    format!("{got} cell{s}, expected {expected} as in the first line{hint}")
}

/// The first records, as far as they can be read.
fn sample(start: &[u8], delimiter: u8) -> Vec<Vec<Vec<u8>>> {
    let mut records = Records::new(start, delimiter, "");
    let mut sample: Vec<Vec<Vec<u8>>> = Vec::new();
    while sample.len() <= SAMPLE
        && let Ok(Some(record)) = records.next()
    {
        sample.push(record.iter().map(<[u8]>::to_vec).collect());
    }
    // The last one may be cut off.
    if start.len() as u64 >= BEGINNING - 3 && sample.len() <= SAMPLE {
        sample.pop();
    }
    sample
}

fn below(sample: &[Vec<Vec<u8>>], column: usize, first: &[u8], na: &Na) -> Below {
    let cells = || sample.iter().skip(1).filter_map(|record| record.get(column)).map(Vec::as_slice);
    let is_number = |text: &[u8]| matches!(cell(text, na), Cell::Number(_) | Cell::Time(_));
    Below { guess: guess(cells(), na), repeats: cells().any(|text| text == first), nearly: !cells().any(is_number) }
}

/// The character that divides the first lines into as many cells each, and into most; or else the most frequent one in
/// the first line, a comma if there is none.
fn find_delimiter(start: &[u8]) -> u8 {
    let even = |delimiter: u8| {
        let counts = counts(start, delimiter);
        let first = *counts.first()?;
        (first > 0 && counts.iter().all(|count| *count == first)).then_some((first, delimiter))
    };
    // The first of equals.
    let most = |found: &mut dyn Iterator<Item = (usize, u8)>| {
        found.fold(None, |best: Option<(usize, u8)>, next| best.filter(|best| best.0 >= next.0).or(Some(next)))
    };
    let of_first = |delimiter: u8| counts(start, delimiter).first().map(|count| (*count, delimiter));
    most(&mut DELIMITERS.into_iter().filter_map(even))
        .or_else(|| most(&mut DELIMITERS.into_iter().filter_map(of_first)).filter(|(count, _)| *count > 0))
        .or_else(|| even(b' ').filter(|_| counts(start, b' ').len() > 1))
        .map_or(b',', |(_, delimiter)| delimiter)
}

/// How often a character stands outside of quotes in each of the first lines that are not empty.
fn counts(start: &[u8], delimiter: u8) -> Vec<usize> {
    let (mut counts, mut count, mut quoted, mut empty) = (Vec::new(), 0, false, true);
    for byte in start {
        match byte {
            b'\n' | b'\r' if !quoted => {
                if !empty {
                    counts.push(count);
                }
                if counts.len() == COUNTED {
                    return counts;
                }
                (count, empty) = (0, true);
                continue;
            }
            b'"' => quoted = !quoted,
            _ if !quoted && *byte == delimiter => count += 1,
            _ => {}
        }
        empty = false;
    }
    // The last line may be cut off.
    if !empty && !quoted && (start.len() as u64) < BEGINNING - 3 {
        counts.push(count);
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delimiters() {
        assert_eq!(find_delimiter(b"a,b;c,d\n;;;;"), b',');
        assert_eq!(find_delimiter(b"a;\"b,,,\nc,\";d\n"), b';');
        assert_eq!(find_delimiter(b"a\tb\n"), b'\t');
        assert_eq!(find_delimiter(b"a\n1\n"), b',');
        // Decimal commas, bars, blanks between numbers, and blanks within a name.
        assert_eq!(find_delimiter(b"a;b\n1,5;2,5\n"), b';');
        assert_eq!(find_delimiter(b"a|b|c\n1|2|3\n"), b'|');
        assert_eq!(find_delimiter(b"1.0 2.0\n3.0 4.0\n"), b' ');
        assert_eq!(find_delimiter(b"body mass\n1.5\n"), b',');
        assert_eq!(find_delimiter(b""), b',');
    }

    fn open(text: &'static str) -> Text {
        Text::open(Box::new(text.as_bytes()), "`f`", &Options::default()).unwrap()
    }

    #[test]
    fn first_lines() {
        let header = |text| open(text).is_header;
        assert_eq!(header("a,b\n1,2\n"), Some(true));
        assert_eq!(header("a,2020\n1,2\n"), Some(true));
        assert_eq!(header("name,colour\nx,red\ny,blue\n"), Some(true));
        assert_eq!(header("a,b\n"), Some(true));
        // Data, as far as anybody can tell.
        assert_eq!(header("1,2\n3,4\n"), None);
        assert_eq!(header("5.1,setosa\n4.9,setosa\n"), None);
        assert_eq!(header("x,red\ny,red\n"), None);
        assert_eq!(header("2020,name\n5,x\n"), None);
    }

    #[test]
    fn what_columns_hold() {
        let guesses = |text| open(text).guesses();
        assert_eq!(
            guesses("a,b,c,d,e\n1,x,2020-01-01,,1st\n,NA,2021-01-01,,2nd\n2,y,?,,3rd\n"),
            [Guess::Number, Guess::Category, Guess::Time, Guess::Open, Guess::Category]
        );
        assert_eq!(guesses("a;b\n1,5;2x\n"), [Guess::Number, Guess::Open]);
        assert_eq!(guesses("a,b\nx,1\n1,x\n"), [Guess::Category, Guess::Number]);
    }
}
