//! Arrays of NumPy's .npy format.

use super::{DROP_HINT, Missing, Notes, Pair, check_rows, source};
use anyhow::{Result, anyhow, bail};
use mist_infer::Columns;
use ndarray::{ArrayD, ArrayViewD, Ix2};
use ndarray_npy::{ReadNpyExt, ReadableElement, ViewElement, ViewNpyError, ViewNpyExt};
use std::path::Path;

/// Reads X and Y from two files with as many rows.
pub fn read_npy_pair(x_path: &Path, y_path: &Path, missing: Missing) -> Result<(Pair, Notes)> {
    let (mut x, mut y) = (read(x_path)?, read(y_path)?);
    let (nx, ny) = (x[0].len(), y[0].len());
    if nx != ny {
        let (x, y) = (x_path.display(), y_path.display());
        bail!("`{x}` has {nx} rows, `{y}` has {ny}: expected as many in both");
    }
    let mut complete = vec![true; nx];
    for (path, columns) in [(x_path, &x), (y_path, &y)] {
        for (j, column) in columns.iter().enumerate() {
            for (r, v) in column.iter().enumerate().filter(|(_, v)| !v.is_finite()) {
                let place = format!("`{}`, row {r}, column {j} (from 0)", path.display());
                match (v.is_nan(), missing) {
                    (true, Missing::Drop) => complete[r] = false,
                    (true, Missing::Error) => bail!("{place}: the value is NaN\n{DROP_HINT}"),
                    (false, _) => bail!("{place}: the value is infinite"),
                }
            }
        }
    }
    let kept = complete.iter().filter(|c| **c).count();
    let place = format!("the pair `{}`, `{}`", x_path.display(), y_path.display());
    let warnings = check_rows(kept, nx - kept, &place)?;
    for column in x.iter_mut().chain(&mut y) {
        let mut keep = complete.iter();
        column.retain(|_| *keep.next().unwrap_or(&true));
    }
    let label = |path: &Path, columns: &[Vec<f64>]| {
        let s = if columns.len() == 1 { "" } else { "s" };
        format!("{} ({} column{s})", path.display(), columns.len())
    };
    let notes = Notes { x: label(x_path, &x), y: label(y_path, &y), warnings };
    Ok(((Columns::new(x), Columns::new(y)), notes))
}

/// The columns of one file, at least one.
fn read(path: &Path) -> Result<Vec<Vec<f64>>> {
    let bytes = source::read(path, u64::MAX - 1)?;
    let array = decode(&bytes).map_err(|what| anyhow!("`{}` {what}", path.display()))?;
    let shape = array.shape().to_vec();
    let array = match array.ndim() {
        1 => array.insert_axis(ndarray::Axis(1)),
        2 => array,
        _ => {
            let sizes: Vec<String> = shape.iter().map(ToString::to_string).collect();
            bail!("`{}` has shape ({}), expected (n) or (n, d)", path.display(), sizes.join(", "));
        }
    };
    let array = array.into_dimensionality::<Ix2>()?;
    if array.ncols() == 0 {
        bail!("`{}` has no columns, expected at least one", path.display());
    }
    Ok(array.columns().into_iter().map(|column| column.to_vec()).collect())
}

/// An array of real numbers of any type, or what is wrong with the file.
fn decode(bytes: &[u8]) -> Result<ArrayD<f64>, String> {
    // The library keeps the header to itself, but names the element type when it is not the one asked for.
    let descriptor = match ArrayViewD::<u8>::view_npy(bytes) {
        Err(ViewNpyError::WrongDescriptor(found)) => found.to_string(),
        _ => "|u1".into(),
    };
    let descriptor = descriptor.trim_matches('\'');
    match descriptor {
        "<f8" => values(bytes, |v: f64| v),
        "<f4" => values(bytes, |v: f32| v.into()),
        "<i8" => values(bytes, |v: i64| v as f64),
        "<i4" => values(bytes, |v: i32| v.into()),
        "<i2" => values(bytes, |v: i16| v.into()),
        "|i1" => values(bytes, |v: i8| v.into()),
        "<u8" => values(bytes, |v: u64| v as f64),
        "<u4" => values(bytes, |v: u32| v.into()),
        "<u2" => values(bytes, |v: u16| v.into()),
        "|u1" => values(bytes, |v: u8| v.into()),
        "|b1" => values(bytes, |v: bool| v.into()),
        _ => Err(format!(
            "holds elements of type `{descriptor}`, expected numbers of 4 or 8 bytes, integers, or bools\n\
             hint: convert with `.astype(\"<f8\")` before `numpy.save`"
        )),
    }
}

fn values<T: Copy + ViewElement + ReadableElement>(
    bytes: &[u8],
    value: impl Fn(T) -> f64,
) -> Result<ArrayD<f64>, String> {
    // A view first: it compares the shape with the size of the file before anything is allocated.
    match ArrayViewD::<T>::view_npy(bytes) {
        Ok(view) => Ok(view.mapv(value)),
        Err(ViewNpyError::MisalignedData) => {
            let array = ArrayD::<T>::read_npy(bytes).map_err(|e| format!("is not a sound .npy file: {e}"))?;
            Ok(array.mapv(value))
        }
        Err(ViewNpyError::MissingBytes(count)) => Err(format!("is truncated: {count} bytes are missing")),
        Err(ViewNpyError::ExtraBytes(count)) => Err(format!("has {count} bytes after its array")),
        Err(error) => Err(format!("is not a sound .npy file: {error}")),
    }
}
