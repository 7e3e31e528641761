//! Parquet files.

use crate::arrow::{Batches, Opened};
use bytes::Bytes;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};
use std::fs::File;
use std::io::{self, BufReader, Read};

/// Rows decoded at once.
const BATCH: usize = 8192;

/// The schema, the number of rows, and how to read columns: of the others not a byte is read.
pub(crate) fn open(file: File) -> Result<Opened, String> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(Bounded(file)).map_err(|e| e.to_string())?;
    let schema = builder.schema().clone();
    let rows = builder.metadata().file_metadata().num_rows();
    let rows = u64::try_from(rows).map_err(|_| format!("{rows} rows"))?;
    let read = move |columns: &[usize]| -> Result<Batches, String> {
        let mask = ProjectionMask::roots(builder.parquet_schema(), columns.iter().copied());
        let reader = builder.with_projection(mask).with_batch_size(BATCH).build().map_err(|e| e.to_string())?;
        Ok(Box::new(reader.map(|batch| batch.map_err(|e| e.to_string()))))
    };
    Ok(Opened { schema, rows, read: Box::new(read) })
}

/// A file whose end is an error to whom reads on.
///
/// The reader skips what it does not know in the header of a page without a look at how much of it there was: in a damaged file it goes
/// over thousands of millions of values behind the end, a few at a time. No sound header ends there, as the footer comes after all pages.
struct Bounded(File);

/// A part of such a file.
struct Part(BufReader<File>);

impl Read for Part {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer)? {
            0 if !buffer.is_empty() => {
                Err(io::Error::new(io::ErrorKind::UnexpectedEof, "a page ends behind the end of the file"))
            }
            read => Ok(read),
        }
    }
}

impl Length for Bounded {
    fn len(&self) -> u64 {
        Length::len(&self.0)
    }
}

impl ChunkReader for Bounded {
    type T = Part;

    fn get_read(&self, start: u64) -> Result<Part, ParquetError> {
        self.0.get_read(start).map(Part)
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        // Before the memory for it is asked for.
        if start.saturating_add(length as u64) > self.len() {
            return Err(ParquetError::EOF(format!("{length} bytes from byte {start} on are more than there are")));
        }
        self.0.get_bytes(start, length)
    }
}
