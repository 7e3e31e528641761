//! Files by their first bytes.

use crate::TableError;
use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::{self, Cursor, Read, Seek};
use std::path::{Path, PathBuf};

/// Bytes that tell what a file is.
const SIGNATURE: u64 = 24;

/// What a file holds.
pub(crate) enum Content {
    /// Text, unpacked.
    Text(Box<dyn Read>),
    /// A Parquet file.
    Parquet(File),
    /// An Arrow file, which is Feather in its second version.
    Ipc(File),
    /// A NumPy array, and its bytes.
    Npy(File, u64),
    /// A ZIP archive, which may hold NumPy arrays.
    Zip(File),
}

/// Formats by their first bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Format {
    Text,
    Gzip,
    Zstd,
    Parquet,
    Ipc,
    Npy,
    Zip,
    /// A format that is not read: what it is, and what to do.
    Other(&'static str, &'static str),
}

const AS_CSV: &str = "save the table as CSV or Parquet";
const UNPACK: &str = "unpack it first, or pack it with gzip or zstd";

/// The first bytes of each format but text.
const SIGNATURES: &[(&[u8], Format)] = &[
    (b"\x1f\x8b", Format::Gzip),
    (b"\x28\xb5\x2f\xfd", Format::Zstd),
    (b"PAR1", Format::Parquet),
    (b"ARROW1", Format::Ipc),
    (b"\xff\xff\xff\xff", Format::Other("an Arrow stream", "write it as an Arrow file, which is Feather")),
    (b"\x93NUMPY", Format::Npy),
    (b"PK\x03\x04", Format::Zip),
    (b"PK\x05\x06", Format::Zip),
    (b"FEA1", Format::Other("a Feather file of the first version", "write it anew: today's versions write the second")),
    (b"\x89HDF", Format::Other("an HDF5 file", AS_CSV)),
    (b"SQLite format 3", Format::Other("an SQLite database", AS_CSV)),
    (b"\xd0\xcf\x11\xe0", Format::Other("an old Excel workbook", AS_CSV)),
    (b"MATLAB 5.0", Format::Other("a MATLAB file", AS_CSV)),
    (b"ORC", Format::Other("an ORC file", AS_CSV)),
    (b"Obj\x01", Format::Other("an Avro file", AS_CSV)),
    (b"\x80\x02", Format::Other("a Python pickle", AS_CSV)),
    (b"\x80\x03", Format::Other("a Python pickle", AS_CSV)),
    (b"\x80\x04", Format::Other("a Python pickle", AS_CSV)),
    (b"\x80\x05", Format::Other("a Python pickle", AS_CSV)),
    (b"RDX", Format::Other("an R workspace", AS_CSV)),
    (b"X\n\x00\x00", Format::Other("an R object", AS_CSV)),
    (b"%PDF", Format::Other("a PDF document", AS_CSV)),
    (b"<!DOCTYPE", Format::Other("a web page", "download the table itself")),
    (b"<!doctype", Format::Other("a web page", "download the table itself")),
    (b"<html", Format::Other("a web page", "download the table itself")),
    (b"{\"", Format::Other("JSON", AS_CSV)),
    (b"[{", Format::Other("JSON", AS_CSV)),
    (b"BZh", Format::Other("packed with bzip2", UNPACK)),
    (b"\xfd7zXZ", Format::Other("packed with xz", UNPACK)),
    (b"\xff\xfe", Format::Other("in UTF-16, expected UTF-8", "save it as UTF-8")),
    (b"\xfe\xff", Format::Other("in UTF-16, expected UTF-8", "save it as UTF-8")),
];

/// What a file is called in messages.
pub(crate) fn place(path: &Path) -> String {
    if is_stdin(path) { "standard input".into() } else { format!("`{}`", path.display()) }
}

fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// The file and, where the path goes on as `….npz:NAME`, the name of the array in it.
pub(crate) fn file_and_array(path: &Path) -> (PathBuf, Option<String>) {
    let parts = || path.to_str()?.rsplit_once(':').filter(|(file, _)| has_ending(Path::new(file), &["npz"]));
    match parts() {
        Some((file, array)) if !path.exists() => (file.into(), Some(array.to_owned())),
        _ => (path.into(), None),
    }
}

fn has_ending(path: &Path, endings: &[&str]) -> bool {
    path.extension().is_some_and(|e| endings.iter().any(|ending| e.eq_ignore_ascii_case(ending)))
}

/// Opens a file, or standard input, and finds out what it is.
pub(crate) fn open(path: &Path) -> Result<Content, TableError> {
    let place = place(path);
    let read_error = |source| TableError::Read { place: place.clone(), source };
    let file_error = |what: String| TableError::File { place: place.clone(), what };
    let (mut input, regular) = open_input(path).map_err(read_error)?;
    let mut start = Vec::new();
    input.by_ref().take(SIGNATURE).read_to_end(&mut start).map_err(read_error)?;
    if start.is_empty() {
        return Err(file_error("is empty".into()));
    }
    let format = format(&start);
    check_ending(path, format).map_err(file_error)?;
    if let Format::Other(what, hint) = format {
        return Err(file_error(format!("is {what}\nhint: {hint}")));
    }
    let whole = |mut file: File| file.rewind().map(|()| file).map_err(read_error);
    match (format, regular) {
        (Format::Parquet, Some(file)) => Ok(Content::Parquet(whole(file)?)),
        (Format::Ipc, Some(file)) => Ok(Content::Ipc(whole(file)?)),
        (Format::Npy, Some(file)) => {
            let bytes = file.metadata().map_err(read_error)?.len();
            Ok(Content::Npy(whole(file)?, bytes))
        }
        (Format::Zip, Some(file)) => Ok(Content::Zip(whole(file)?)),
        (Format::Parquet | Format::Ipc | Format::Npy | Format::Zip, None) => {
            Err(file_error(format!("holds {}, which is not read as a stream\nhint: write it to a file", name(format))))
        }
        (Format::Gzip | Format::Zstd, _) => {
            let text = unpacked(format, Cursor::new(start).chain(input)).map_err(read_error)?;
            packed_text(text, &place)
        }
        _ => Ok(Content::Text(Box::new(Cursor::new(start).chain(input)))),
    }
}

/// The input, and again as a file if it is one with a beginning and an end.
fn open_input(path: &Path) -> io::Result<(Box<dyn Read>, Option<File>)> {
    if is_stdin(path) {
        return Ok((Box::new(io::stdin()), None));
    }
    let file = File::open(path)?;
    let regular = if file.metadata()?.is_file() { Some(file.try_clone()?) } else { None };
    Ok((Box::new(file), regular))
}

fn format(start: &[u8]) -> Format {
    SIGNATURES.iter().find(|(bytes, _)| start.starts_with(bytes)).map_or(Format::Text, |(_, format)| *format)
}

fn name(format: Format) -> &'static str {
    match format {
        Format::Text => "text",
        Format::Gzip | Format::Zstd => "packed data",
        Format::Parquet => "a Parquet file",
        Format::Ipc => "an Arrow file",
        Format::Npy => "a NumPy array",
        Format::Zip => "a ZIP archive",
        Format::Other(what, _) => what,
    }
}

/// A file that is called after a format and is not of it: damaged, or called so by mistake.
fn check_ending(path: &Path, format: Format) -> Result<(), String> {
    let claims: [(&[&str], &str, &[Format]); 4] = [
        (&["npy"], ".npy", &[Format::Npy]),
        (&["npz"], ".npz", &[Format::Zip]),
        (&["parquet", "pq"], "Parquet", &[Format::Parquet]),
        (&["arrow", "feather", "ipc"], "Arrow", &[Format::Ipc]),
    ];
    match claims.into_iter().find(|(endings, _, _)| has_ending(path, endings)) {
        Some((_, claim, formats)) if !formats.contains(&format) && !matches!(format, Format::Other(..)) => {
            Err(format!("is not a sound {claim} file: it does not begin as one, but as {}", name(format)))
        }
        _ => Ok(()),
    }
}

fn unpacked(format: Format, input: impl Read + 'static) -> io::Result<Box<dyn Read>> {
    Ok(match format {
        Format::Gzip => Box::new(MultiGzDecoder::new(input)),
        _ => Box::new(zstd::Decoder::new(input)?),
    })
}

/// What is packed must be text: the other formats pack their own columns.
fn packed_text(mut text: Box<dyn Read>, place: &str) -> Result<Content, TableError> {
    let mut start = Vec::new();
    let read = text.by_ref().take(SIGNATURE).read_to_end(&mut start);
    read.map_err(|source| TableError::Read { place: place.to_owned(), source })?;
    let file_error = |what: String| TableError::File { place: place.to_owned(), what };
    match format(&start) {
        _ if start.is_empty() => Err(file_error("is empty".into())),
        Format::Text => Ok(Content::Text(Box::new(Cursor::new(start).chain(text)))),
        Format::Other(what, hint) => Err(file_error(format!("is packed, and within {what}\nhint: {hint}"))),
        other => Err(file_error(format!("is packed, and within {}\nhint: unpack it first", name(other)))),
    }
}

/// Reads a whole file of at most `limit` bytes, which is not empty.
pub(crate) fn read(path: &Path, limit: u64) -> Result<Vec<u8>, TableError> {
    let error = |source| TableError::Read { place: place(path), source };
    let (input, _) = open_input(path).map_err(error)?;
    let mut bytes = Vec::new();
    // One more, to see that there is more.
    input.take(limit + 1).read_to_end(&mut bytes).map_err(error)?;
    let what = match bytes.len() as u64 {
        0 => "is empty".to_owned(),
        count if count > limit => format!("has more than {limit} bytes"),
        _ => return Ok(bytes),
    };
    Err(TableError::File { place: place(path), what })
}
