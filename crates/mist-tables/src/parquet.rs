//! Parquet files.

use crate::arrow::{Batches, Opened};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::fs::File;

/// Rows decoded at once.
const BATCH: usize = 8192;

/// The schema, the number of rows, and how to read columns: of the others not a byte is read.
pub(crate) fn open(file: File) -> Result<Opened, String> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|e| e.to_string())?;
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
