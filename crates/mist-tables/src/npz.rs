//! Archives of arrays, as `numpy.savez` writes them.

use crate::builder::Builder;
use crate::npy::{Array, slots};
use crate::{Notice, TableError, shown};
use std::fs::File;
use std::io::BufReader;
use std::ops::Range;
use zip::ZipArchive;

/// The names of columns, and names that stand for several columns next to each other.
type NamesAndGroups = (Vec<String>, Vec<(String, Range<usize>)>);

/// An archive as a table: an array of one axis is a column, one of two axes as many columns as it has.
pub(crate) struct Archive {
    place: String,
    zip: ZipArchive<BufReader<File>>,
    members: Vec<Member>,
    /// Whether one array is the whole table, so that its columns have numbers only.
    alone: bool,
}

/// An array of an archive.
struct Member {
    name: String,
    rows: u64,
    /// Its columns among those of the table.
    columns: Range<usize>,
    /// Why it cannot be read.
    problem: Option<TableError>,
}

impl Archive {
    /// The arrays of an archive, or one of them.
    pub fn open(file: File, only: Option<&str>, place: &str) -> Result<Self, TableError> {
        let error = |what: String| TableError::File { place: place.to_owned(), what };
        let zip = ZipArchive::new(BufReader::new(file)).map_err(|e| error(unsound(&e)))?;
        let files: Vec<String> = zip.file_names().filter_map(Result::ok).map(|name| name.into_owned()).collect();
        let mut names: Vec<&str> = files.iter().filter_map(|name| name.strip_suffix(".npy")).collect();
        if names.is_empty() {
            let (what, hint) = match files.iter().any(|name| name == "xl/workbook.xml") {
                true => ("an Excel workbook", "save its sheet as CSV"),
                false => ("a ZIP archive without NumPy arrays", "unpack it first, or pack the table with gzip"),
            };
            return Err(error(format!("is {what}\nhint: {hint}")));
        }
        if let Some(only) = only {
            let listed =
                names.iter().map(|name| format!("`{}`", shown(name.as_bytes()))).collect::<Vec<_>>().join(", ");
            names.retain(|name| *name == only);
            if names.is_empty() {
                let only = shown(only.as_bytes());
                return Err(error(format!("has no array `{only}`\nhint: the arrays are {listed}")));
            }
        }
        let mut archive = Self { place: place.to_owned(), zip, members: Vec::new(), alone: only.is_some() };
        let mut width = 0;
        for name in names {
            let (rows, columns, problem) = match archive.array(name) {
                // So many columns at most that they are refused later on.
                Ok(array) => (array.rows(), array.names().len(), None),
                Err(problem) => (0, 1, Some(problem)),
            };
            archive.members.push(Member { name: name.to_owned(), rows, columns: width..width + columns, problem });
            width += columns;
        }
        match archive.members.iter_mut().all(|member| member.problem.is_some()) {
            true => Err(archive.members.swap_remove(0).problem.expect("all have one")),
            false => Ok(archive),
        }
    }

    fn array(&mut self, name: &str) -> Result<Array<'_>, TableError> {
        let place = format!("{}, array `{}`", self.place, shown(name.as_bytes()));
        let member = self.zip.by_name(&format!("{name}.npy"));
        let member = member.map_err(|e| TableError::File { place: place.clone(), what: unsound(&e) })?;
        let bytes = member.size();
        Array::open(Box::new(member), bytes, &place)
    }

    /// The names of the columns: of the array, with a number where it has several.
    pub fn names(&self) -> NamesAndGroups {
        let (mut names, mut groups) = (Vec::new(), Vec::new());
        for Member { name, columns, .. } in &self.members {
            let numbers = 1..=columns.len();
            match columns.len() {
                _ if self.alone => names.extend(numbers.map(|number| number.to_string())),
                1 => names.push(name.clone()),
                _ => {
                    names.extend(numbers.map(|number| format!("{name}.{number}")));
                    groups.push((name.clone(), columns.clone()));
                }
            }
        }
        (names, groups)
    }

    /// Whether a column is of an array that can be read.
    pub fn is_usable(&self, column: usize) -> bool {
        self.members.iter().all(|member| !member.columns.contains(&column) || member.problem.is_none())
    }

    /// The number of rows, as all arrays of the chosen columns have it.
    pub fn rows(&mut self, chosen: &[usize]) -> Result<u64, TableError> {
        let is_chosen = |member: &&mut Member| chosen.iter().any(|column| member.columns.contains(column));
        let mut first: Option<(String, u64)> = None;
        for member in self.members.iter_mut().filter(is_chosen) {
            if let Some(problem) = member.problem.take() {
                return Err(problem);
            }
            let Some((name, rows)) = &first else {
                first = Some((member.name.clone(), member.rows));
                continue;
            };
            if *rows != member.rows {
                let (one, other) = (shown(name.as_bytes()), shown(member.name.as_bytes()));
                let what = format!(
                    "has {rows} rows in the array `{one}` and {} in `{other}`: expected as many in both",
                    member.rows
                );
                return Err(TableError::File { place: self.place.clone(), what });
            }
        }
        Ok(first.map_or(0, |(_, rows)| rows))
    }

    /// Reads the chosen columns, one builder for each.
    pub fn read(mut self, chosen: &[usize], builders: &mut [Builder]) -> Result<Vec<Notice>, TableError> {
        for Member { name, columns, .. } in std::mem::take(&mut self.members) {
            let slots = slots(columns, chosen);
            if slots.iter().any(Option::is_some) {
                self.array(&name)?.read(&slots, builders)?;
            }
        }
        Ok(Vec::new())
    }
}

fn unsound(e: &zip::result::ZipError) -> String {
    format!("is not a sound .npz file: {}", shown(e.to_string().as_bytes()))
}
