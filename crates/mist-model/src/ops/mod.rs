//! The hot operations of the network, each with a hand-written forward and backward on the CPU.
//!
//! Every operation has two forms with the same values and gradients: a *fused* one (f32 on the CPU: one pass over
//! memory, tiles that stay in cache, AVX-512 or AVX2 where the processor has them) and a *composed* one out of plain
//! candle operations, which runs on every device and in f64. The tests hold the one to the other, and the composed
//! one to finite differences.

mod attention;
mod cell;
mod dense;
mod elementwise;
mod gate;
mod induced;
mod layer_norm;
mod linear;
mod math;
mod matmul;
mod moments;
mod norm;
mod pair_block;
mod quadratic;
mod side;
mod soft_count;
mod soft_rank;
#[cfg(test)]
mod tests;
mod triangle;

pub use attention::attention;
pub use cell::{CellLayers, cell_network};
pub use dense::{Activation, dense};
pub use elementwise::{asinh, cell_inputs};
pub use gate::gate_concat;
pub use induced::{InducedLayers, induced_block};
pub use layer_norm::layer_norm;
pub use linear::{Rectifier, linear};
pub use moments::moments;
pub use norm::{rms_norm, standardise};
pub use pair_block::{PairLayers, pair_block};
pub use quadratic::quadratic;
pub use side::{side_join, side_pool, side_sum};
pub use soft_count::{PLACES, soft_counts};
pub use soft_rank::soft_ranks;
pub use triangle::triangle;

use candle_core::{CpuStorage, DType, Layout, Result, Tensor};

/// Whether the fused form serves this tensor: f32 on the CPU.
fn fused(t: &Tensor) -> bool {
    t.device().is_cpu() && t.dtype() == DType::F32
}

/// Whether a form serves that has no gradient: f32 on the CPU, of a tensor that none reaches.
pub fn lean(t: &Tensor) -> bool {
    fused(t) && !t.track_op()
}

/// The rows of `x` as a matrix of `k` columns for a layer of weight `w`, and the shape of its answer of `n` columns.
fn rows_of(layer: &str, x: &Tensor, w: &Tensor, (k, n): (usize, usize)) -> Result<(Tensor, Vec<usize>)> {
    let mut shape = x.dims().to_vec();
    if shape.pop() != Some(k) {
        candle_core::bail!("{layer}: input of shape {:?} does not fit a weight of shape {:?}", x.dims(), w.dims());
    }
    let rows: usize = shape.iter().product();
    shape.push(n);
    Ok((x.contiguous()?.reshape((rows, k))?, shape))
}

/// The contiguous f32 values behind a layout.
///
/// # Errors
/// A strided layout or another element type; callers make their arguments contiguous first.
fn slice<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    let values = storage.as_slice::<f32>()?;
    match layout.contiguous_offsets() {
        Some((start, end)) => Ok(&values[start..end]),
        None => candle_core::bail!("a fused operation needs contiguous arguments, got {layout:?}"),
    }
}

/// Runs `f` on the values of CPU tensors.
fn with_values<const N: usize, R>(tensors: [&Tensor; N], f: impl FnOnce([&[f32]; N]) -> R) -> Result<R> {
    let tensors = tensors.iter().map(|t| t.contiguous()).collect::<Result<Vec<_>>>()?;
    let locked: Vec<_> = tensors.iter().map(|t| t.storage_and_layout()).collect();
    let values = locked.iter().map(|(storage, layout)| match &**storage {
        candle_core::Storage::Cpu(storage) => slice(storage, layout),
        _ => candle_core::bail!("a fused operation runs on the CPU only"),
    });
    let values = values.collect::<Result<Vec<_>>>()?;
    Ok(f(values.try_into().expect("as many as tensors")))
}

/// `dst = read·dst + lhs·rhs`, one thread, any strides (given as row stride, column stride).
///
/// # Safety
/// The three pointers with their strides must stay inside live allocations, and `dst` must not overlap the others.
#[allow(clippy::too_many_arguments)]
unsafe fn gemm(
    (m, n, k): (usize, usize, usize),
    dst: *mut f32,
    (dst_rs, dst_cs): (usize, usize),
    read: bool,
    lhs: *const f32,
    (lhs_rs, lhs_cs): (usize, usize),
    rhs: *const f32,
    (rhs_rs, rhs_cs): (usize, usize),
    scale: f32,
) {
    // SAFETY: handed on to the caller.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            dst,
            dst_cs as isize,
            dst_rs as isize,
            read,
            lhs,
            lhs_cs as isize,
            lhs_rs as isize,
            rhs,
            rhs_cs as isize,
            rhs_rs as isize,
            1.0,
            scale,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}
