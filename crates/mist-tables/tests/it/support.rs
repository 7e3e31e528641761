//! Tables written in every format.

use arrow_array::{ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray, TimestampSecondArray};
use mist_tables::{Data, Options, Table, TableError};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;
use std::fs::{self, File};
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;
use zip::write::SimpleFileOptions;

/// A column to be written.
#[derive(Clone, Debug)]
pub enum Values {
    Float(Vec<Option<f64>>),
    Integer(Vec<Option<i64>>),
    Text(Vec<Option<String>>),
    Boolean(Vec<Option<bool>>),
    /// Seconds since 1970.
    Time(Vec<Option<i64>>),
}

impl Values {
    /// The cells of a text file.
    fn cells(&self) -> Vec<String> {
        fn cells<T>(values: &[Option<T>], cell: impl Fn(&T) -> String) -> Vec<String> {
            values.iter().map(|value| value.as_ref().map_or(String::new(), &cell)).collect()
        }
        match self {
            Self::Float(values) => cells(values, |value| format!("{value:e}")),
            Self::Integer(values) => cells(values, i64::to_string),
            Self::Text(values) => cells(values, |text| format!("\"{}\"", text.replace('"', "\"\""))),
            Self::Boolean(values) => cells(values, bool::to_string),
            Self::Time(values) => cells(values, |seconds| {
                chrono::DateTime::from_timestamp(*seconds, 0).unwrap().format("%Y-%m-%dT%H:%M:%S").to_string()
            }),
        }
    }

    fn array(&self) -> ArrayRef {
        match self {
            Self::Float(values) => Arc::new(Float64Array::from(values.clone())),
            Self::Integer(values) => Arc::new(Int64Array::from(values.clone())),
            Self::Text(values) => Arc::new(StringArray::from(values.clone())),
            Self::Boolean(values) => Arc::new(BooleanArray::from(values.clone())),
            Self::Time(values) => Arc::new(TimestampSecondArray::from(values.clone())),
        }
    }
}

/// The table as text. In a table of one column, a cell that is empty would be an empty line, which is no row.
pub fn csv(columns: &[(&str, Values)], delimiter: &str) -> String {
    let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    let mut cells: Vec<Vec<String>> = columns.iter().map(|(_, values)| values.cells()).collect();
    if let [column] = cells.as_mut_slice() {
        column.iter_mut().filter(|cell| cell.is_empty()).for_each(|cell| *cell = "NA".into());
    }
    let row = |r: usize| cells.iter().map(|column| column[r].as_str()).collect::<Vec<_>>().join(delimiter);
    let rows = cells.first().map_or(0, Vec::len);
    std::iter::once(names.join(delimiter)).chain((0..rows).map(row)).map(|line| line + "\n").collect()
}

/// The table as one record batch.
pub fn batch(columns: &[(&str, Values)]) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(columns.iter().map(|(name, values)| (*name, values.array(), true)))
        .unwrap()
}

pub fn parquet(batch: &RecordBatch, compression: Compression) -> Vec<u8> {
    let properties = WriterProperties::builder().set_compression(compression).build();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).unwrap();
    writer.write(batch).unwrap();
    writer.into_inner().unwrap()
}

pub fn arrow(batch: &RecordBatch) -> Vec<u8> {
    let mut writer = arrow_ipc::writer::FileWriter::try_new(Vec::new(), &batch.schema()).unwrap();
    writer.write(batch).unwrap();
    writer.finish().unwrap();
    writer.into_inner().unwrap()
}

/// A .npy file of numbers, row by row or, in Fortran's order, column by column.
pub fn npy(shape: &[usize], fortran_order: bool, values: impl IntoIterator<Item = f64>) -> Vec<u8> {
    let shape: String = shape.iter().map(|size| format!("{size}, ")).collect();
    let order = if fortran_order { "True" } else { "False" };
    let header = format!("{{'descr': '<f8', 'fortran_order': {order}, 'shape': ({shape}), }}\n");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.bytes());
    values.into_iter().for_each(|value| bytes.extend(value.to_le_bytes()));
    bytes
}

/// An archive of files.
pub fn archive(files: &[(&str, Vec<u8>)], deflated: bool) -> Vec<u8> {
    let method = if deflated { zip::CompressionMethod::Deflated } else { zip::CompressionMethod::Stored };
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        zip.start_file(*name, SimpleFileOptions::default().compression_method(method)).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A folder with files.
pub struct Folder(TempDir);

impl Folder {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        File::create(&path).unwrap().write_all(bytes.as_ref()).unwrap();
        path
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

/// All columns of a file.
pub fn read(path: &Path, options: &Options) -> Result<Data, TableError> {
    let table = Table::open(path, options)?;
    let all: Vec<usize> = (0..table.fields()?.len()).collect();
    table.read(&all, &[])
}

/// All columns of a file of this content.
pub fn read_bytes(bytes: impl AsRef<[u8]>) -> Result<Data, TableError> {
    let folder = Folder::new();
    let path = folder.write("table", bytes);
    let data = read(&path, &Options::default());
    fs::remove_file(path).unwrap();
    data
}
