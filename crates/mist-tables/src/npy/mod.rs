//! Arrays of NumPy's .npy format.

mod header;

use crate::builder::Builder;
use crate::number::Number;
use crate::{TableError, shown};
use header::Header;
use std::io::{self, BufReader, ErrorKind, Read};
use std::ops::Range;

/// An array whose header has been read.
pub(crate) struct Array<'a> {
    place: String,
    input: Box<dyn Read + 'a>,
    rows: u64,
    columns: u64,
    fortran_order: bool,
    /// Bytes of an element.
    size: usize,
    number: ReadNumber,
}

impl<'a> Array<'a> {
    /// Reads the header of an array in a file of so many bytes.
    pub fn open(input: Box<dyn Read + 'a>, bytes: u64, place: &str) -> Result<Self, TableError> {
        let error = |what: String| TableError::File { place: place.to_owned(), what };
        let mut input = Counted { input: BufReader::new(input), count: 0 };
        let Header { descr, fortran_order, shape } =
            Header::read(&mut input).map_err(|what| error(format!("is not a sound .npy file: {what}")))?;
        let (rows, columns) = match shape[..] {
            [rows] => (rows, 1),
            [rows, columns] => (rows, columns),
            _ => {
                let sizes: Vec<String> = shape.iter().map(ToString::to_string).collect();
                return Err(error(format!("has shape ({}), expected (n) or (n, d)", sizes.join(", "))));
            }
        };
        if columns == 0 {
            return Err(error("has no columns, expected at least one".into()));
        }
        if rows == 0 {
            // An array without rows may claim any number of columns.
            return Err(error("has no rows".into()));
        }
        let Some((size, number)) = element(&descr) else {
            return Err(error(format!(
                "holds elements of type `{}`, expected numbers of 4 or 8 bytes, integers, or bools\n\
                 hint: convert with `.astype(\"<f8\")` before `numpy.save`",
                shown(descr.as_bytes())
            )));
        };
        // In 128 bits no such product of two sizes overflows, but for a factor of 8.
        let Some(expected) = (u128::from(rows) * u128::from(columns)).checked_mul(size as u128) else {
            return Err(error(format!("is truncated: its shape is ({rows}, {columns})")));
        };
        let got = u128::from(bytes.saturating_sub(input.count));
        if got < expected {
            return Err(error(format!("is truncated: {} bytes are missing", expected - got)));
        }
        if got > expected {
            return Err(error("has bytes after its array".into()));
        }
        let input = Box::new(input.input);
        Ok(Self { place: place.to_owned(), input, rows, columns, fortran_order, size, number })
    }

    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The numbers of the columns, from 1; of too many, one more than a table takes.
    pub fn names(&self) -> Vec<String> {
        (1..=self.columns.min(crate::table::MAX_COLUMNS as u64 + 1)).map(|number| number.to_string()).collect()
    }

    /// Reads columns from the first byte to the last; `slots` has the builder of each column that is chosen.
    pub fn read(mut self, slots: &[Option<usize>], builders: &mut [Builder]) -> Result<(), TableError> {
        let (rows, size) = (self.rows, self.size as u64);
        if self.fortran_order {
            for slot in slots {
                match slot {
                    Some(slot) => (0..rows).try_for_each(|_| self.element(&mut builders[*slot]))?,
                    None => self.skip(rows * size)?,
                }
            }
        } else {
            for _ in 0..rows {
                for slots in slots.chunk_by(|a, b| a.is_none() && b.is_none()) {
                    match slots[0] {
                        Some(slot) => self.element(&mut builders[slot])?,
                        None => self.skip(slots.len() as u64 * size)?,
                    }
                }
            }
        }
        Ok(())
    }

    fn element(&mut self, builder: &mut Builder) -> Result<(), TableError> {
        let mut bytes = [0; 8];
        let bytes = &mut bytes[..self.size];
        self.input.read_exact(bytes).map_err(|e| self.error(e))?;
        let number = (self.number)(bytes).ok_or_else(|| "the bool is neither 0 nor 1".to_owned());
        number.and_then(|number| builder.number(number)).map_err(|what| TableError::Cell {
            place: self.place.clone(),
            at: format!("row {} (from 1)", builder.len() + 1),
            column: shown(builder.name().as_bytes()),
            what,
        })
    }

    fn skip(&mut self, bytes: u64) -> Result<(), TableError> {
        let skipped = io::copy(&mut self.input.by_ref().take(bytes), &mut io::sink()).map_err(|e| self.error(e))?;
        if skipped < bytes { Err(self.error(ErrorKind::UnexpectedEof.into())) } else { Ok(()) }
    }

    fn error(&self, source: io::Error) -> TableError {
        TableError::Read { place: self.place.clone(), source }
    }
}

/// For each of these columns of a table the place that it has among the chosen ones, if it is chosen.
pub(crate) fn slots(columns: Range<usize>, chosen: &[usize]) -> Vec<Option<usize>> {
    let mut slots = vec![None; columns.len()];
    for (slot, column) in chosen.iter().enumerate().filter(|(_, column)| columns.contains(column)) {
        slots[column - columns.start] = Some(slot);
    }
    slots
}

/// Counts the bytes that are read.
struct Counted<R> {
    input: R,
    count: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer)?;
        self.count += read as u64;
        Ok(read)
    }
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
