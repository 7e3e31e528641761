//! Columns of Arrow arrays, as Parquet files and Arrow files hold them.

use crate::builder::{Builder, Guess};
use crate::contained::contained;
use crate::number::Number;
use crate::{Notice, TableError, ipc, parquet, shown};
use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{Array, RecordBatch};
use arrow_schema::{DataType, SchemaRef, TimeUnit};
use std::fs::File;

/// Record batches, one after the other.
pub(crate) type Batches = Box<dyn Iterator<Item = Result<RecordBatch, String>> + Send>;

/// Reads the columns with these places.
type Reader = Box<dyn FnOnce(&[usize]) -> Result<Batches, String> + Send>;

/// A file of Arrow arrays that has been opened.
pub(crate) struct Opened {
    pub schema: SchemaRef,
    /// Number of rows, as the file claims.
    pub rows: u64,
    /// How to read columns; the batches hold them in the order of the file.
    pub read: Reader,
}

/// A file of Arrow arrays as a table.
pub(crate) struct Columnar {
    place: String,
    /// What the format is called.
    format: &'static str,
    opened: Opened,
}

impl Columnar {
    pub fn parquet(file: File, place: &str) -> Result<Self, TableError> {
        let opened = contained(move || parquet::open(file)).map_err(damaged(place, "Parquet"))?;
        Ok(Self { place: place.to_owned(), format: "Parquet", opened })
    }

    pub fn ipc(file: File, place: &str) -> Result<Self, TableError> {
        let opened = contained(move || ipc::open(file)).map_err(damaged(place, "Arrow"))?;
        Ok(Self { place: place.to_owned(), format: "Arrow", opened })
    }

    /// The number of rows.
    pub fn rows(&self) -> u64 {
        self.opened.rows
    }

    pub fn names(&self) -> Vec<String> {
        self.opened.schema.fields().iter().map(|field| field.name().clone()).collect()
    }

    pub fn guesses(&self) -> Vec<Guess> {
        self.opened.schema.fields().iter().map(|field| guess(field.data_type())).collect()
    }

    /// Whether the values of a column are of a type that is read.
    pub fn is_usable(&self, column: usize) -> bool {
        is_read(self.opened.schema.field(column).data_type())
    }

    /// Reads the chosen columns, one builder for each.
    pub fn read(self, chosen: &[usize], builders: &mut [Builder], max_values: u64) -> Result<Vec<Notice>, TableError> {
        let Self { place, format, opened: Opened { schema, read, .. } } = self;
        for column in chosen {
            let field = schema.field(*column);
            if !is_read(field.data_type()) {
                let column = shown(field.name().as_bytes());
                let what = format!(
                    "it holds values of type {}, expected numbers, text, booleans, dates or times\n\
                     hint: take it apart into columns of its own before you write the table",
                    shown(field.data_type().to_string().as_bytes())
                );
                return Err(TableError::Column { place, column, what });
            }
        }
        // In the order of the file, each column once.
        let mut sorted = chosen.to_vec();
        sorted.sort_unstable();
        let positions: Vec<usize> = chosen.iter().map(|column| sorted.partition_point(|c| c < column)).collect();
        let mut rows = 0;
        let mut batches = contained(move || read(&sorted)).map_err(damaged(&place, format))?;
        while let Some((batch, rest)) = contained(move || next(batches)).map_err(damaged(&place, format))? {
            batches = rest;
            rows += batch.num_rows() as u64;
            if rows.saturating_mul(chosen.len() as u64) > max_values {
                return Err(crate::table::too_large(&place, max_values));
            }
            for (builder, position) in builders.iter_mut().zip(&positions) {
                push_all(batch.column(*position), builder).map_err(|what| {
                    let column = shown(builder.name().as_bytes());
                    let at = format!("row {} (from 1)", builder.len() + 1);
                    TableError::Cell { place: place.clone(), at, column, what }
                })?;
            }
        }
        Ok(Vec::new())
    }
}

/// The next batch, and those after it.
fn next(mut batches: Batches) -> Result<Option<(RecordBatch, Batches)>, String> {
    Ok(batches.next().transpose()?.map(|batch| (batch, batches)))
}

fn damaged<'a>(place: &'a str, format: &'a str) -> impl Fn(String) -> TableError + 'a {
    move |what| TableError::File {
        place: place.to_owned(),
        what: format!("is not a sound {format} file: {}", shown(what.as_bytes())),
    }
}

/// What a type says of its column; of text and booleans the first value says it.
fn guess(data_type: &DataType) -> Guess {
    match data_type {
        DataType::Dictionary(_, values) => guess(values),
        DataType::Date32
        | DataType::Date64
        | DataType::Timestamp(..)
        | DataType::Time32(_)
        | DataType::Time64(_)
        | DataType::Duration(_) => Guess::Time,
        DataType::Boolean | DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Guess::Category,
        DataType::Null => Guess::Open,
        _ => Guess::Number,
    }
}

fn is_read(data_type: &DataType) -> bool {
    use DataType::*;
    match data_type {
        Dictionary(_, values) => is_read(values),
        Null | Boolean | Utf8 | LargeUtf8 | Utf8View => true,
        Date32 | Date64 | Timestamp(..) | Time32(_) | Time64(_) | Duration(_) => true,
        Decimal32(..) | Decimal64(..) | Decimal128(..) => true,
        other => other.is_integer() || other.is_floating(),
    }
}

/// A value of an array.
enum Value<'a> {
    Number(Number),
    Text(&'a str),
    Boolean(bool),
    Missing,
}

fn push_all(array: &dyn Array, builder: &mut Builder) -> Result<(), String> {
    let value = values(array).ok_or("a value of a type that is not read")?;
    let nulls = array.logical_nulls();
    for row in 0..array.len() {
        if nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
            builder.missing(|| "the value is null".into())?;
            continue;
        }
        match value(row) {
            Value::Number(number) => builder.number(number)?,
            Value::Text(text) => builder.text(text.trim().as_bytes())?,
            Value::Boolean(boolean) => builder.boolean(boolean)?,
            Value::Missing => builder.missing(|| "the value is null".into())?,
        }
    }
    Ok(())
}

/// The value of each row, where it is not null; `None` of a type that is not read.
fn values<'a>(array: &'a dyn Array) -> Option<Box<dyn Fn(usize) -> Value<'a> + 'a>> {
    macro_rules! numbers {
        ($type:ty, $number:expr) => {{
            let (array, number) = (array.as_primitive::<$type>(), $number);
            Box::new(move |row| Value::Number(number(array.value(row))))
        }};
    }
    macro_rules! whole {
        ($type:ty) => {
            numbers!($type, |v| Number::whole(i128::from(v)))
        };
    }
    macro_rules! nanoseconds {
        ($type:ty, $factor:expr) => {
            numbers!($type, |v| Number::whole(i128::from(v) * $factor))
        };
    }
    macro_rules! text {
        ($array:expr) => {{
            let array = $array;
            Box::new(move |row| Value::Text(array.value(row)))
        }};
    }
    macro_rules! decimal {
        ($type:ty, $scale:expr) => {{
            // What f64 may not hold is taken as the integer that is stored: the order is the same.
            let (scale, exact) = (10f64.powi(i32::from(*$scale)), 1i128 << 50);
            let fits = array.as_primitive::<$type>().iter().flatten().all(|v| i128::from(v).abs() < exact);
            numbers!($type, move |v: <$type as ArrowPrimitiveType>::Native| match fits {
                true => Number::from(i128::from(v) as f64 / scale),
                false => Number::whole(v.into()),
            })
        }};
    }
    use DataType::*;
    Some(match array.data_type() {
        Int8 => whole!(Int8Type),
        Int16 => whole!(Int16Type),
        Int32 => whole!(Int32Type),
        Int64 => whole!(Int64Type),
        UInt8 => whole!(UInt8Type),
        UInt16 => whole!(UInt16Type),
        UInt32 => whole!(UInt32Type),
        UInt64 => whole!(UInt64Type),
        Float16 => numbers!(Float16Type, |v: <Float16Type as ArrowPrimitiveType>::Native| f64::from(v).into()),
        Float32 => numbers!(Float32Type, |v| f64::from(v).into()),
        Float64 => numbers!(Float64Type, Number::from),
        Decimal32(_, scale) => decimal!(Decimal32Type, scale),
        Decimal64(_, scale) => decimal!(Decimal64Type, scale),
        Decimal128(_, scale) => decimal!(Decimal128Type, scale),
        Date32 => nanoseconds!(Date32Type, 86_400_000_000_000),
        Date64 => nanoseconds!(Date64Type, 1_000_000),
        Time32(TimeUnit::Second) => nanoseconds!(Time32SecondType, 1_000_000_000),
        Time32(_) => nanoseconds!(Time32MillisecondType, 1_000_000),
        Time64(TimeUnit::Microsecond) => nanoseconds!(Time64MicrosecondType, 1000),
        Time64(_) => nanoseconds!(Time64NanosecondType, 1),
        Timestamp(TimeUnit::Second, _) => nanoseconds!(TimestampSecondType, 1_000_000_000),
        Timestamp(TimeUnit::Millisecond, _) => nanoseconds!(TimestampMillisecondType, 1_000_000),
        Timestamp(TimeUnit::Microsecond, _) => nanoseconds!(TimestampMicrosecondType, 1000),
        Timestamp(TimeUnit::Nanosecond, _) => nanoseconds!(TimestampNanosecondType, 1),
        Duration(TimeUnit::Second) => nanoseconds!(DurationSecondType, 1_000_000_000),
        Duration(TimeUnit::Millisecond) => nanoseconds!(DurationMillisecondType, 1_000_000),
        Duration(TimeUnit::Microsecond) => nanoseconds!(DurationMicrosecondType, 1000),
        Duration(TimeUnit::Nanosecond) => nanoseconds!(DurationNanosecondType, 1),
        Boolean => {
            let array = array.as_boolean();
            Box::new(move |row| Value::Boolean(array.value(row)))
        }
        Utf8 => text!(array.as_string::<i32>()),
        LargeUtf8 => text!(array.as_string::<i64>()),
        Utf8View => text!(array.as_string_view()),
        Null => Box::new(|_| Value::Missing),
        Dictionary(..) => {
            let dictionary = array.as_any_dictionary();
            let within = dictionary.values();
            if within.is_empty() {
                return Some(Box::new(|_| Value::Missing));
            }
            let (value, keys) = (values(within.as_ref())?, dictionary.normalized_keys());
            Box::new(move |row| value(keys[row]))
        }
        _ => return None,
    })
}
