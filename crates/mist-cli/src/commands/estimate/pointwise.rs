//! The contribution of each row, as a CSV file.

use anyhow::{Context, Result, bail};
use mist_infer::Estimate;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Checks that the file would replace no input.
pub fn check(path: &Path, inputs: &[PathBuf]) -> Result<()> {
    let place = path.canonicalize().ok();
    if place.is_some() && inputs.iter().any(|input| input.canonicalize().ok() == place) {
        bail!("`--pointwise` would replace its own input `{}`\nhint: choose another name", path.display());
    }
    Ok(())
}

/// Writes the number of each row, from 1 in the order of the input, and its pointwise MI in nats. Rows that were left out
/// have no line.
pub fn write(path: &Path, estimate: &Estimate, left_out: &[usize]) -> Result<()> {
    let values = estimate.pointwise().context("not every row was looked at")?;
    let left_out: BTreeSet<usize> = left_out.iter().copied().collect();
    let rows = (1..).filter(|row| !left_out.contains(row));
    let mut text = String::from("row,pointwise_nats\n");
    for (row, value) in rows.zip(values) {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{row},{value}");
    }
    Ok(mist_files::replace(path, text.as_bytes())?)
}
