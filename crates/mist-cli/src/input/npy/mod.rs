//! Arrays of NumPy's .npy format.

mod header;

use super::column::{Column, Number};
use super::{DROP_HINT, Missing, Notes, Pair, check_rows, shown, source};
use anyhow::{Context, Result, bail};
use header::Header;
use mist_infer::Columns;
use std::io::Read;
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
    let left_out = (1..=nx).filter(|r| !complete[r - 1]).collect();
    for column in x.iter_mut().chain(&mut y) {
        let mut keep = complete.iter();
        column.retain(|_| *keep.next().unwrap_or(&true));
    }
    let label = |path: &Path, columns: &[Vec<f64>]| {
        let s = if columns.len() == 1 { "" } else { "s" };
        format!("{} ({} column{s})", path.display(), columns.len())
    };
    let notes = Notes { x: label(x_path, &x), y: label(y_path, &y), warnings, left_out };
    Ok(((Columns::new(x), Columns::new(y)), notes))
}

/// The columns of one file: at least one, of at least one row.
fn read(path: &Path) -> Result<Vec<Vec<f64>>> {
    let place = format!("`{}`", path.display());
    let mut input = source::open(path)?;
    if std::fs::metadata(path).is_ok_and(|file| file.is_file() && file.len() == 0) {
        bail!("{place} is empty");
    }
    let Header { descr, fortran_order, shape } = match Header::read(&mut input) {
        Ok(header) => header,
        Err(what) => bail!("{place} is not a sound .npy file: {what}"),
    };
    let (rows, columns) = match shape[..] {
        [rows] => (rows, 1),
        [rows, columns] => (rows, columns),
        _ => {
            let sizes: Vec<String> = shape.iter().map(ToString::to_string).collect();
            bail!("{place} has shape ({}), expected (n) or (n, d)", sizes.join(", "));
        }
    };
    if columns == 0 {
        bail!("{place} has no columns, expected at least one");
    }
    if rows == 0 {
        // An array without rows may claim any number of columns.
        bail!("{place} has no rows");
    }
    let Some((size, number)) = element(&descr) else {
        bail!(
            "{place} holds elements of type `{}`, expected numbers of 4 or 8 bytes, integers, or bools\n\
             hint: convert with `.astype(\"<f8\")` before `numpy.save`",
            shown(descr.as_bytes())
        );
    };
    // In 128 bits no such product of two sizes overflows, but for a factor of 8.
    let Some(expected) = (u128::from(rows) * u128::from(columns)).checked_mul(size as u128) else {
        bail!("{place} is truncated: its shape is ({rows}, {columns})");
    };
    // Nothing is allocated for what the header says, only for what is there.
    let mut bytes = Vec::new();
    let most = u64::try_from(expected).unwrap_or(u64::MAX).saturating_add(1);
    input.take(most).read_to_end(&mut bytes).with_context(|| source::cannot_read(path))?;
    let got = bytes.len() as u128;
    if got < expected {
        bail!("{place} is truncated: {} bytes are missing", expected - got);
    }
    if got > expected {
        bail!("{place} has bytes after its array");
    }
    let (rows, columns) = (rows as usize, columns as usize);
    let column = |j: usize| {
        let mut column = Column::default();
        for r in 0..rows {
            let at = size * if fortran_order { j * rows + r } else { r * columns + j };
            match number(&bytes[at..at + size]) {
                Some(number) => column.push(number),
                None => bail!("{place}, row {r}, column {j} (from 0): the bool is neither 0 nor 1"),
            }
        }
        Ok(column.into_values())
    };
    (0..columns).map(column).collect()
}

/// A number from its bytes, if they hold one.
type ReadNumber = fn(&[u8]) -> Option<Number>;

/// Bytes of an element of this type, and how to read one; `None` of a type that is not known.
fn element(descr: &str) -> Option<(usize, ReadNumber)> {
    macro_rules! element {
        ($type:ty, $number:expr) => {
            Some((size_of::<$type>(), |bytes| {
                let value = <$type>::from_le_bytes(bytes.try_into().expect("the size of an element"));
                #[allow(clippy::redundant_closure_call)]
                $number(value)
            }))
        };
    }
    match descr {
        "<f8" => element!(f64, |v: f64| Some(v.into())),
        "<f4" => element!(f32, |v| Some(f64::from(v).into())),
        "<i8" => element!(i64, |v| Some(Number::whole(i128::from(v)))),
        "<i4" => element!(i32, |v| Some(f64::from(v).into())),
        "<i2" => element!(i16, |v| Some(f64::from(v).into())),
        "|i1" => element!(i8, |v| Some(f64::from(v).into())),
        "<u8" => element!(u64, |v| Some(Number::whole(i128::from(v)))),
        "<u4" => element!(u32, |v| Some(f64::from(v).into())),
        "<u2" => element!(u16, |v| Some(f64::from(v).into())),
        "|u1" => element!(u8, |v| Some(f64::from(v).into())),
        "|b1" => element!(u8, |v| (v < 2).then(|| f64::from(v).into())),
        _ => None,
    }
}
