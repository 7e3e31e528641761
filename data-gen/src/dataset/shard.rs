//! A shard: draws of unequal shapes, concatenated into safetensors.
//!
//! | tensor | dtype | shape | content |
//! |---|---|---|---|
//! | `values` | F64 or U16 | (total) | for each draw the rows of [x \| y], row-major, one draw after the other |
//! | `offsets` | U64 | (count + 1) | where in `values` each draw begins; last: total |
//! | `index` | U64 | (count) | the index it was drawn for |
//! | `n` | U32 | (count) | rows |
//! | `dim_x`, `dim_y` | U32 | (count) | columns |
//! | `family` | U32 | (count) | position in the manifest's `families` |
//! | `mi_nats` | F64 | (count) | mutual information in nats |
//! | `mi_standard_error` | F64 | (count) | its standard error in nats; 0 where it is closed or by quadrature |
//! | `pointwise_mi` | F32 | (rows) | the pointwise mutual information of every row in nats, one draw after the other |
//!
//! `pointwise_mi` is there only where it was asked for. As F32 it is off by 6e-8 of itself, far below what it is used
//! for; reading widens it again.
//!
//! [`Storage::F64`] has `values` as they were drawn, to the bit: rounding to F32 makes ties that the
//! distribution does not have. [`Storage::Ranks16`] has twice their mid-ranks as U16, which read back as
//! the mid-ranks.

use std::{
    borrow::Cow,
    io::{Read, Seek, SeekFrom},
    path::Path,
};

use nalgebra::DMatrix;
use safetensors::{
    Dtype, SafeTensors,
    tensor::{Metadata, TensorInfo},
};

use super::{
    error::DatasetError,
    storage::{Storage, doubled_mid_ranks},
};
use crate::{ground::sample::Sample, meta::Draw};

/// The tensor that a shard may lack.
const POINTWISE: &str = "pointwise_mi";

/// The facts about a draw that a shard stores besides its rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    /// The index it was drawn for.
    pub index: u64,
    /// Position of its family in the manifest's `families`.
    pub family: usize,
    /// Number of rows.
    pub n: usize,
    /// Columns of X.
    pub dim_x: usize,
    /// Columns of Y.
    pub dim_y: usize,
    /// I(X; Y) in nats.
    pub mi_nats: f64,
    /// Standard error of `mi_nats`, in nats.
    pub mi_standard_error: f64,
}

/// A draw whose values are bytes already.
pub(super) struct Block {
    facts: Facts,
    values: Vec<u8>,
    pointwise: Option<Vec<u8>>,
}

impl Block {
    /// # Panics
    /// If the family of the draw is not among `families`.
    pub(super) fn new(draw: &Draw, families: &[String], storage: Storage) -> Result<Self, String> {
        let family = families.iter().position(|f| *f == draw.family);
        let Sample { x, y } = &draw.sample;
        let values = match storage {
            Storage::F64 => row_major(x, y, f64::to_le_bytes),
            Storage::Ranks16 => row_major(&doubled_mid_ranks(x)?, &doubled_mid_ranks(y)?, u16::to_le_bytes),
        };
        let facts = Facts {
            index: draw.index,
            family: family.expect("draws come from the manifest's meta-distribution"),
            n: draw.n,
            dim_x: x.ncols(),
            dim_y: y.ncols(),
            mi_nats: draw.mi_nats,
            mi_standard_error: draw.mi_standard_error,
        };
        let pointwise = draw.pointwise_mi.as_ref();
        if let Some(got) = pointwise.map(Vec::len).filter(|got| *got != draw.n) {
            return Err(format!("it has `{}` rows, and the pointwise MI of `{got}`", draw.n));
        }
        let pointwise = pointwise.map(|values| values.iter().flat_map(|v| (*v as f32).to_le_bytes()).collect());
        Ok(Self { facts, values, pointwise })
    }
}

fn row_major<T: nalgebra::Scalar + Copy, const BYTES: usize>(
    x: &DMatrix<T>,
    y: &DMatrix<T>,
    bytes: impl Fn(T) -> [u8; BYTES],
) -> Vec<u8> {
    let mut values = Vec::with_capacity((x.len() + y.len()) * BYTES);
    for row in 0..x.nrows() {
        for value in x.row(row).iter().chain(y.row(row).iter()) {
            values.extend_from_slice(&bytes(*value));
        }
    }
    values
}

/// The bytes of a shard, with the pointwise MI if the draws have it.
///
/// # Errors
/// The storage cannot hold a draw, or some draws have the pointwise MI of their rows and others not; the reason in
/// words.
///
/// # Panics
/// If the family of a draw is not among `families`.
pub fn encode(draws: &[Draw], families: &[String], storage: Storage) -> Result<Vec<u8>, String> {
    if let Some(draw) = draws.iter().find(|draw| draw.pointwise_mi.is_some() != draws[0].pointwise_mi.is_some()) {
        return Err(format!("draw {}: it has the pointwise MI of its rows or not, unlike the first", draw.index));
    }
    let blocks = draws
        .iter()
        .map(|draw| Block::new(draw, families, storage).map_err(|reason| format!("draw {}: {reason}", draw.index)));
    Ok(pieces(blocks.collect::<Result<_, _>>()?, storage).concat())
}

/// A tensor of one axis whose bytes lie in pieces.
struct Tensor {
    name: &'static str,
    dtype: Dtype,
    pieces: Vec<Vec<u8>>,
}

/// The bytes of a shard of these blocks, one piece after the other.
///
/// The bytes of the blocks are handed on, not copied: those of a thousand draws are 60 MB, and as a whole they would be
/// there twice, in memory that the system has to clear for every shard.
pub(super) fn pieces(blocks: Vec<Block>, storage: Storage) -> Vec<Vec<u8>> {
    let (dtype, width) = dtype_and_width(storage);
    let mut values = Vec::with_capacity(blocks.len());
    let mut offsets = vec![0_u64];
    let mut facts = Vec::with_capacity(blocks.len());
    let mut pointwise = Vec::new();
    for block in blocks {
        offsets.push(offsets[facts.len()] + (block.values.len() / width) as u64);
        values.push(block.values);
        pointwise.extend(block.pointwise);
        facts.push(block.facts);
    }
    let u32s = |of: &dyn Fn(&Facts) -> usize| -> Vec<u8> {
        let narrow = |facts| u32::try_from(of(facts)).expect("sizes are far below 2³²");
        facts.iter().flat_map(|f| narrow(f).to_le_bytes()).collect()
    };
    let f64s = |of: &dyn Fn(&Facts) -> f64| facts.iter().flat_map(|f| of(f).to_le_bytes()).collect();
    let whole = |name, dtype, bytes| Tensor { name, dtype, pieces: vec![bytes] };
    let mut tensors = vec![
        Tensor { name: "values", dtype, pieces: values },
        whole("offsets", Dtype::U64, offsets.iter().flat_map(|v| v.to_le_bytes()).collect()),
        whole("index", Dtype::U64, facts.iter().flat_map(|f| f.index.to_le_bytes()).collect()),
        whole("n", Dtype::U32, u32s(&|f| f.n)),
        whole("dim_x", Dtype::U32, u32s(&|f| f.dim_x)),
        whole("dim_y", Dtype::U32, u32s(&|f| f.dim_y)),
        whole("family", Dtype::U32, u32s(&|f| f.family)),
        whole("mi_nats", Dtype::F64, f64s(&|f| f.mi_nats)),
        whole("mi_standard_error", Dtype::F64, f64s(&|f| f.mi_standard_error)),
    ];
    if !pointwise.is_empty() {
        tensors.push(Tensor { name: POINTWISE, dtype: Dtype::F32, pieces: pointwise });
    }
    tensors.sort_by(|a, b| b.dtype.cmp(&a.dtype).then(a.name.cmp(b.name)));
    let mut pieces = vec![header(&tensors)];
    pieces.extend(tensors.into_iter().flat_map(|tensor| tensor.pieces));
    pieces
}

/// What a safetensors file begins with: the length of its description, and the description in JSON.
fn header(tensors: &[Tensor]) -> Vec<u8> {
    let mut end = 0;
    let described = tensors.iter().map(|Tensor { name, dtype, pieces }| {
        let begin = end;
        end += pieces.iter().map(Vec::len).sum::<usize>();
        let shape = vec![(end - begin) * 8 / dtype.bitsize()];
        ((*name).to_owned(), TensorInfo { dtype: *dtype, shape, data_offsets: (begin, end) })
    });
    // No metadata: it is a hash map, whose order would change the bytes from run to run.
    let described = Metadata::new(None, described.collect()).expect("the tensors follow each other");
    let mut json = serde_json::to_vec(&described).expect("names and numbers are JSON");
    // The tensors begin at a multiple of their elements.
    json.resize(json.len().next_multiple_of(8), b' ');
    [(json.len() as u64).to_le_bytes().as_slice(), &json].concat()
}

fn dtype_and_width(storage: Storage) -> (Dtype, usize) {
    match storage {
        Storage::F64 => (Dtype::F64, 8),
        Storage::Ranks16 => (Dtype::U16, 2),
    }
}

/// The draws of a shard.
///
/// # Errors
/// The bytes are not a shard of this format; the reason in words.
pub fn decode(bytes: &[u8], families: &[String], storage: Storage) -> Result<Vec<Draw>, String> {
    let file = SafeTensors::deserialize(bytes).map_err(|error| error.to_string())?;
    let tensor = |name: &str, dtype: Dtype| -> Result<&[u8], String> {
        let view = file.tensor(name).map_err(|error| error.to_string())?;
        check_kind(name, dtype, view.dtype(), view.shape())?;
        Ok(view.data())
    };
    let (dtype, width) = dtype_and_width(storage);
    let values = tensor("values", dtype)?;
    let offsets = u64s(tensor("offsets", Dtype::U64)?);
    let facts = facts(|name, dtype| Ok(Cow::Borrowed(tensor(name, dtype)?)), families.len())?;
    if offsets.len() != facts.len() + 1 {
        return Err(format!("tensor `offsets`: expected `{}` elements, got `{}`", facts.len() + 1, offsets.len()));
    }
    let has_pointwise = file.iter().any(|(name, _)| name == POINTWISE);
    let pointwise = has_pointwise.then(|| tensor(POINTWISE, Dtype::F32)).transpose()?.map(f32s);
    let rows: usize = facts.iter().map(|f| f.n).sum();
    if let Some(values) = pointwise.as_ref().filter(|values| values.len() != rows) {
        return Err(format!("tensor `{POINTWISE}`: expected `{rows}` elements, got `{}`", values.len()));
    }
    let mut pointwise = pointwise.map(Vec::into_iter);
    let mut rest = values;
    let mut at = 0_u64;
    let mut draws = Vec::with_capacity(facts.len());
    for (i, facts) in facts.into_iter().enumerate() {
        let cells = facts.dim_x.checked_add(facts.dim_y).and_then(|d| d.checked_mul(facts.n));
        let end = cells.and_then(|c| at.checked_add(c as u64));
        if offsets[i] != at || end != Some(offsets[i + 1]) {
            return Err(format!("draw {i}: its offsets do not fit its shape"));
        }
        let length = cells.and_then(|c| c.checked_mul(width));
        let Some((block, after)) = length.and_then(|l| rest.split_at_checked(l)) else {
            return Err(format!("draw {i}: its values end beyond the tensor"));
        };
        let values = match storage {
            Storage::F64 => f64s(block),
            Storage::Ranks16 => u16s(block).iter().map(|r| f64::from(*r) / 2.0).collect(),
        };
        let columns = facts.dim_x + facts.dim_y;
        let side = |first, dim| DMatrix::from_fn(facts.n, dim, |r, c| values[r * columns + first + c]);
        draws.push(Draw {
            index: facts.index,
            family: families[facts.family].clone(),
            n: facts.n,
            mi_nats: facts.mi_nats,
            mi_standard_error: facts.mi_standard_error,
            sample: Sample { x: side(0, facts.dim_x), y: side(facts.dim_x, facts.dim_y) },
            pointwise_mi: pointwise.as_mut().map(|values| values.take(facts.n).collect()),
        });
        at = offsets[i + 1];
        rest = after;
    }
    if rest.is_empty() { Ok(draws) } else { Err(format!("`{}` values belong to no draw", rest.len() / width)) }
}

/// All but the rows, of which none is read: that of a million draws takes seconds.
///
/// # Errors
/// The file cannot be read, or is not a shard of this format.
pub(super) fn read_facts(path: &Path, families: usize) -> Result<Vec<Facts>, DatasetError> {
    let io = |error| DatasetError::io("read", path)(error);
    let invalid = |reason: String| DatasetError::Shard { path: path.to_owned(), reason };
    let mut file = mist_files::open(path).map_err(io)?;
    let size = file.metadata().map_err(io)?.len();
    let mut length = [0; 8];
    file.read_exact(&mut length).map_err(io)?;
    let begin = u64::from_le_bytes(length).checked_add(8).filter(|begin| *begin <= size);
    let begin = begin.ok_or_else(|| invalid("its header ends beyond the file".to_owned()))?;
    let mut header = vec![0; (begin - 8) as usize];
    file.read_exact(&mut header).map_err(io)?;
    let header: Metadata = serde_json::from_slice(&header).map_err(|error| invalid(error.to_string()))?;
    let tensor = |name: &str, dtype: Dtype| {
        let info = header.info(name).ok_or_else(|| format!("tensor `{name}` is missing"))?;
        check_kind(name, dtype, info.dtype, &info.shape)?;
        let (from, to) = (info.data_offsets.0 as u64, info.data_offsets.1 as u64);
        if from > to || to > size - begin {
            return Err(format!("tensor `{name}` ends beyond the file"));
        }
        let mut bytes = vec![0; (to - from) as usize];
        let read = file.seek(SeekFrom::Start(begin + from)).and_then(|_| file.read_exact(&mut bytes));
        read.map_err(|error| error.to_string())?;
        Ok(Cow::Owned(bytes))
    };
    facts(tensor, families).map_err(invalid)
}

/// Puts together what the tensors of one element a draw say; `tensor` gives the bytes of one of this type.
fn facts<'a>(
    mut tensor: impl FnMut(&str, Dtype) -> Result<Cow<'a, [u8]>, String>,
    families: usize,
) -> Result<Vec<Facts>, String> {
    let index = u64s(&tensor("index", Dtype::U64)?);
    let n = u32s(&tensor("n", Dtype::U32)?);
    let dim_x = u32s(&tensor("dim_x", Dtype::U32)?);
    let dim_y = u32s(&tensor("dim_y", Dtype::U32)?);
    let family = u32s(&tensor("family", Dtype::U32)?);
    let mi_nats = f64s(&tensor("mi_nats", Dtype::F64)?);
    let mi_standard_error = f64s(&tensor("mi_standard_error", Dtype::F64)?);

    let count = index.len();
    for (name, got) in [
        ("n", n.len()),
        ("dim_x", dim_x.len()),
        ("dim_y", dim_y.len()),
        ("family", family.len()),
        ("mi_nats", mi_nats.len()),
        ("mi_standard_error", mi_standard_error.len()),
    ] {
        if got != count {
            return Err(format!("tensor `{name}`: expected `{count}` elements, got `{got}`"));
        }
    }
    if let Some(i) = family.iter().position(|f| *f >= families) {
        return Err(format!("draw {i}: family `{}` is not in the manifest", family[i]));
    }
    let facts = |i| Facts {
        index: index[i],
        family: family[i],
        n: n[i],
        dim_x: dim_x[i],
        dim_y: dim_y[i],
        mi_nats: mi_nats[i],
        mi_standard_error: mi_standard_error[i],
    };
    Ok((0..count).map(facts).collect())
}

fn check_kind(name: &str, expected: Dtype, got: Dtype, shape: &[usize]) -> Result<(), String> {
    if got != expected || shape.len() != 1 {
        let axes = shape.len();
        return Err(format!("tensor `{name}`: expected {expected:?} of 1 axis, got {got:?} of {axes} axes"));
    }
    Ok(())
}

fn u64s(bytes: &[u8]) -> Vec<u64> {
    bytes.as_chunks::<8>().0.iter().map(|b| u64::from_le_bytes(*b)).collect()
}

fn f64s(bytes: &[u8]) -> Vec<f64> {
    bytes.as_chunks::<8>().0.iter().map(|b| f64::from_le_bytes(*b)).collect()
}

fn f32s(bytes: &[u8]) -> Vec<f64> {
    bytes.as_chunks::<4>().0.iter().map(|b| f64::from(f32::from_le_bytes(*b))).collect()
}

fn u32s(bytes: &[u8]) -> Vec<usize> {
    bytes.as_chunks::<4>().0.iter().map(|b| u32::from_le_bytes(*b) as usize).collect()
}

fn u16s(bytes: &[u8]) -> Vec<u16> {
    bytes.as_chunks::<2>().0.iter().map(|b| u16::from_le_bytes(*b)).collect()
}
