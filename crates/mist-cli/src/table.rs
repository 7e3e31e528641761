//! Whole tables for commands that look at many columns: the one place between these commands and the readers of files.

use crate::input::{CsvOptions, Header, Missing, Notes, read_csv_pair, select_side};
use anyhow::{Context, Result, bail};
use csv::ReaderBuilder;
use mist_infer::Columns;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Bytes of a file in which its first line must end.
const BEGINNING: u64 = 1 << 24;

/// How to read the table of a command.
#[derive(Clone, Debug, clap::Args)]
pub struct TableArgs {
    /// CSV file with a header.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Rows with an empty, `NA` or NaN cell in a column that is used.
    #[arg(long, value_enum, default_value_t = Missing::Error)]
    missing: Missing,
    /// Character between cells, such as `,` `;` `tab` [default: as in the header].
    #[arg(long, value_name = "CHAR", value_parser = crate::commands::estimate::delimiter)]
    delimiter: Option<u8>,
    /// Whether the first line of the file names the columns; `no` calls them 1, 2 and so on.
    #[arg(long, value_enum, default_value_t = Header::Auto)]
    header: Header,
    /// Columns of numbers that are codes of categories, comma-separated; may be repeated. Columns of text are categories
    /// without it.
    #[arg(long, value_name = "COLUMNS")]
    categorical: Vec<String>,
}

/// Columns with their names.
#[derive(Debug)]
pub struct Table {
    /// The columns, named.
    pub columns: Columns,
    /// Their names.
    pub names: Vec<String>,
    /// What happened while reading.
    pub warnings: Vec<String>,
}

impl TableArgs {
    /// Reads all columns, or those that `chosen` names.
    pub fn table(&self, chosen: &[String]) -> Result<Table> {
        let names = self.names()?;
        let indices = match chosen {
            [] => (0..names.len()).collect(),
            _ => select_side(&names, "--columns", chosen, &self.place())?,
        };
        if indices.len() < 2 {
            bail!("{} has one column to look at, expected at least two", self.place());
        }
        self.read(&indices.iter().map(|i| names[*i].clone()).collect::<Vec<_>>())
    }

    /// Reads the columns that each option names, side by side; and how many each has.
    pub fn sides(&self, options: &[(&str, &[String])]) -> Result<(Table, Vec<usize>)> {
        let names = self.names()?;
        let (mut all, mut counts) = (Vec::<usize>::new(), Vec::new());
        for (option, given) in options {
            if given.is_empty() {
                bail!("`{option}` is missing: it says which columns of {} to use", self.place());
            }
            let side = select_side(&names, option, given, &self.place())?;
            if let Some(both) = side.iter().find(|i| all.contains(i)) {
                bail!("column `{}` is in `{option}` and in another side", names[*both]);
            }
            counts.push(side.len());
            all.extend(side);
        }
        Ok((self.read(&all.iter().map(|i| names[*i].clone()).collect::<Vec<_>>())?, counts))
    }

    fn place(&self) -> String {
        format!("`{}`", self.file.display())
    }

    fn read(&self, names: &[String]) -> Result<Table> {
        let (x, y) = names.split_at(1);
        let options = CsvOptions {
            x,
            y,
            delimiter: self.delimiter,
            header: self.header,
            categorical: &self.categorical,
            missing: self.missing,
        };
        let ((x, y), Notes { warnings, .. }) = read_csv_pair(&self.file, &options)?;
        Ok(Table { columns: x.beside(&y), names: names.to_vec(), warnings })
    }

    /// The names of the columns, by the first line.
    fn names(&self) -> Result<Vec<String>> {
        let path = &self.file;
        if path.as_os_str() == "-" || !path.extension().is_none_or(|e| e != "npy") {
            bail!("expected a CSV file with a name, got {}", self.place());
        }
        let line = first_line(path)?;
        let delimiter = self.delimiter.unwrap_or_else(|| most_frequent(&line));
        let mut reader = ReaderBuilder::new().has_headers(false).delimiter(delimiter).from_reader(line.as_bytes());
        let Some(first) = reader.records().next() else {
            bail!("{} is empty", self.place());
        };
        let first: Vec<String> = first?.iter().map(str::to_owned).collect();
        // A line of numbers might be a row, which must not be lost.
        if self.header == Header::Auto && first.iter().all(|name| name.parse::<f64>().is_ok()) {
            bail!(
                "the first line of {} holds numbers, expected the names of the columns\n\
                 hint: `--header yes` takes them as names, `--header no` as data, with columns called 1, 2 and so on",
                self.place()
            );
        }
        Ok(match self.header {
            Header::No => (1..=first.len()).map(|i| i.to_string()).collect(),
            _ => first,
        })
    }
}

/// The first record of a file, whose names may hold line breaks between quotes.
fn first_line(path: &Path) -> Result<String> {
    let cannot = || format!("cannot read `{}`", path.display());
    let file = std::fs::File::open(path).with_context(cannot)?;
    let (mut line, mut quoted) = (Vec::new(), false);
    for byte in std::io::BufReader::new(file).take(BEGINNING).bytes() {
        let byte = byte.with_context(cannot)?;
        quoted ^= byte == b'"';
        if byte == b'\n' && !quoted {
            break;
        }
        line.push(byte);
    }
    let line = String::from_utf8_lossy(&line);
    Ok(line.trim_start_matches('\u{feff}').trim_end_matches('\r').to_owned())
}

fn most_frequent(line: &str) -> u8 {
    let mut quoted = false;
    let mut counts = [(b'\t', 0), (b';', 0), (b',', 0)];
    for byte in line.bytes() {
        quoted ^= byte == b'"';
        counts.iter_mut().filter(|(c, _)| !quoted && *c == byte).for_each(|(_, count)| *count += 1);
    }
    counts.iter().max_by_key(|(_, count)| *count).map_or(b',', |(c, _)| *c)
}
