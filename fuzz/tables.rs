//! Any bytes are a table or an error, and never a panic.

use mist_tables::{Header, Options, Table, TableError};
use std::path::Path;

/// Columns read of a table at most, so that one of thousands takes no time.
const COLUMNS: usize = 64;

/// Opens a file and reads its columns; what has been read must be a sound table.
pub fn read(path: &Path, header: Header) -> Result<(), TableError> {
    let options = Options { header, max_values: 1 << 22, ..Options::default() };
    let table = Table::open(path, &options)?;
    let count = table.fields()?.len().min(COLUMNS);
    let columns: Vec<usize> = (0..count).rev().collect();
    let mut data = table.read(&columns, &[])?;
    let rows = data.rows();
    assert!(data.columns.len() == count && data.columns.iter().all(|column| column.values.len() == rows));
    let left_out = data.keep_complete().len();
    assert_eq!(data.rows() + left_out, rows);
    assert!(data.columns.iter().flat_map(|column| &column.values).all(|v| v.is_finite()));
    Ok(())
}
