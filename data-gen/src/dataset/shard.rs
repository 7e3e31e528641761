//! A shard: draws of unequal shapes, concatenated into safetensors.
//!
//! | tensor | dtype | shape | content |
//! |---|---|---|---|
//! | `values` | F64 | (total) | for each draw the rows of [x \| y], row-major, one draw after the other |
//! | `offsets` | U64 | (count + 1) | where in `values` each draw begins; last: total |
//! | `index` | U64 | (count) | the index it was drawn for |
//! | `n` | U32 | (count) | rows |
//! | `dim_x`, `dim_y` | U32 | (count) | columns |
//! | `family` | U32 | (count) | position in the manifest's `families` |
//! | `mi_nats` | F64 | (count) | mutual information in nats |
//!
//! Values are F64 so that what is read is what was drawn, to the bit: rounding to F32 makes ties that
//! the distribution does not have.

use nalgebra::DMatrix;
use safetensors::{Dtype, SafeTensors, tensor::TensorView};

use crate::{Draw, Sample};

/// The bytes of a shard.
///
/// # Panics
/// If the family of a draw is not among `families`.
#[must_use]
pub fn encode(draws: &[Draw], families: &[String]) -> Vec<u8> {
    let cells: usize = draws.iter().map(|d| d.sample.x.len() + d.sample.y.len()).sum();
    let mut values = Vec::with_capacity(cells * 8);
    let mut offsets = vec![0_u64];
    for Draw { sample, .. } in draws {
        for row in 0..sample.x.nrows() {
            for side in [&sample.x, &sample.y] {
                for value in side.row(row).iter() {
                    values.extend_from_slice(&value.to_le_bytes());
                }
            }
        }
        offsets.push((values.len() / 8) as u64);
    }
    let u64s = |items: &[u64]| items.iter().flat_map(|v| v.to_le_bytes()).collect();
    let u32s = |of: &dyn Fn(&Draw) -> usize| -> Vec<u8> {
        let narrow = |draw| u32::try_from(of(draw)).expect("sizes are far below 2³²");
        draws.iter().flat_map(|d| narrow(d).to_le_bytes()).collect()
    };
    let family = |draw: &Draw| {
        let position = families.iter().position(|f| *f == draw.family);
        position.expect("draws come from the manifest's meta-distribution")
    };
    let indices: Vec<u64> = draws.iter().map(|d| d.index).collect();
    let tensors: Vec<(&str, Dtype, Vec<u8>)> = vec![
        ("values", Dtype::F64, values),
        ("offsets", Dtype::U64, u64s(&offsets)),
        ("index", Dtype::U64, u64s(&indices)),
        ("n", Dtype::U32, u32s(&|d| d.n)),
        ("dim_x", Dtype::U32, u32s(&|d| d.sample.x.ncols())),
        ("dim_y", Dtype::U32, u32s(&|d| d.sample.y.ncols())),
        ("family", Dtype::U32, u32s(&family)),
        ("mi_nats", Dtype::F64, draws.iter().flat_map(|d| d.mi_nats.to_le_bytes()).collect()),
    ];
    let views = tensors.iter().map(|(name, dtype, bytes)| {
        let shape = vec![bytes.len() * 8 / dtype.bitsize()];
        let view = TensorView::new(*dtype, shape, bytes).expect("shape follows from the bytes");
        (*name, view)
    });
    // No metadata: it is a hash map, whose order would change the bytes from run to run.
    safetensors::serialize(views, None).expect("names are distinct and sizes fit")
}

/// The draws of a shard.
///
/// # Errors
/// The bytes are not a shard of this format; the reason in words.
pub fn decode(bytes: &[u8], families: &[String]) -> Result<Vec<Draw>, String> {
    let file = SafeTensors::deserialize(bytes).map_err(|error| error.to_string())?;
    let tensor = |name: &str, dtype: Dtype| -> Result<&[u8], String> {
        let view = file.tensor(name).map_err(|error| error.to_string())?;
        if view.dtype() != dtype || view.shape().len() != 1 {
            let got = format!("{:?} of {} axes", view.dtype(), view.shape().len());
            return Err(format!("tensor `{name}`: expected {dtype:?} of 1 axis, got {got}"));
        }
        Ok(view.data())
    };
    let values = tensor("values", Dtype::F64)?;
    let offsets = u64s(tensor("offsets", Dtype::U64)?);
    let index = u64s(tensor("index", Dtype::U64)?);
    let n = u32s(tensor("n", Dtype::U32)?);
    let dim_x = u32s(tensor("dim_x", Dtype::U32)?);
    let dim_y = u32s(tensor("dim_y", Dtype::U32)?);
    let family = u32s(tensor("family", Dtype::U32)?);
    let mi_nats = f64s(tensor("mi_nats", Dtype::F64)?);

    let count = index.len();
    for (name, got, expected) in [
        ("offsets", offsets.len(), count + 1),
        ("n", n.len(), count),
        ("dim_x", dim_x.len(), count),
        ("dim_y", dim_y.len(), count),
        ("family", family.len(), count),
        ("mi_nats", mi_nats.len(), count),
    ] {
        if got != expected {
            return Err(format!("tensor `{name}`: expected `{expected}` elements, got `{got}`"));
        }
    }
    let mut rest = values;
    let mut at = 0_u64;
    let mut draws = Vec::with_capacity(count);
    for i in 0..count {
        let (rows, dims) = (n[i], (dim_x[i], dim_y[i]));
        let cells = dims.0.checked_add(dims.1).and_then(|d| d.checked_mul(rows));
        let end = cells.and_then(|c| at.checked_add(c as u64));
        if offsets[i] != at || end != Some(offsets[i + 1]) {
            return Err(format!("draw {i}: its offsets do not fit its shape"));
        }
        let length = cells.and_then(|c| c.checked_mul(8));
        let Some((block, after)) = length.and_then(|l| rest.split_at_checked(l)) else {
            return Err(format!("draw {i}: its values end beyond the tensor"));
        };
        let Some(family) = families.get(family[i]) else {
            return Err(format!("draw {i}: family `{}` is not in the manifest", family[i]));
        };
        let block = f64s(block);
        let width = dims.0 + dims.1;
        draws.push(Draw {
            index: index[i],
            family: family.clone(),
            n: rows,
            mi_nats: mi_nats[i],
            sample: Sample {
                x: DMatrix::from_fn(rows, dims.0, |r, c| block[r * width + c]),
                y: DMatrix::from_fn(rows, dims.1, |r, c| block[r * width + dims.0 + c]),
            },
        });
        at = offsets[i + 1];
        rest = after;
    }
    if rest.is_empty() { Ok(draws) } else { Err(format!("`{}` values belong to no draw", rest.len() / 8)) }
}

fn u64s(bytes: &[u8]) -> Vec<u64> {
    let words = bytes.as_chunks::<8>().0.iter();
    words.map(|b| u64::from_le_bytes(*b)).collect()
}

fn f64s(bytes: &[u8]) -> Vec<f64> {
    let words = bytes.as_chunks::<8>().0.iter();
    words.map(|b| f64::from_le_bytes(*b)).collect()
}

fn u32s(bytes: &[u8]) -> Vec<usize> {
    let words = bytes.as_chunks::<4>().0.iter();
    words.map(|b| u32::from_le_bytes(*b) as usize).collect()
}
