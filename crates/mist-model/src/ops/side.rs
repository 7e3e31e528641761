//! Sums over the columns of one side of a row.

use super::{fused, slice, with_values};
use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor};
use multiversion::multiversion;

/// For every cell, the sum over the cells of its row that are on its own side (itself included).
///
/// # Shapes
/// `x` (B, N, D, H), `side` (B, D): 1 for a column of X, −1 for one of Y, 0 for padding → (B, N, D, H).
///
/// # Errors
/// Shapes that do not fit.
pub fn side_sum(x: &Tensor, side: &Tensor) -> Result<Tensor> {
    if fused(x) {
        return x.contiguous()?.apply_op2(&side.contiguous()?, SideSum);
    }
    let (isx, isy) = side_masks(x, side)?;
    let sx = x.broadcast_mul(&isx)?.sum_keepdim(2)?.broadcast_mul(&isx)?;
    let sy = x.broadcast_mul(&isy)?.sum_keepdim(2)?.broadcast_mul(&isy)?;
    sx + sy
}

/// For every row, the sum over the columns of X and the sum over those of Y.
///
/// # Shapes
/// `x` (B, N, D, H), `side` (B, D) as in [`side_sum`] → (B, N, 2, H).
///
/// # Errors
/// Shapes that do not fit.
pub fn side_pool(x: &Tensor, side: &Tensor) -> Result<Tensor> {
    if fused(x) {
        return x.contiguous()?.apply_op2(&side.contiguous()?, SidePool);
    }
    let (isx, isy) = side_masks(x, side)?;
    let sx = x.broadcast_mul(&isx)?.sum_keepdim(2)?;
    let sy = x.broadcast_mul(&isy)?.sum_keepdim(2)?;
    Tensor::cat(&[sx, sy], 2)
}

/// For every row, the sum of its sides and their absolute difference, each side the sum over its columns, over `scale`. For
/// f32 on the CPU, without a gradient ([`lean`](super::lean)).
///
/// # Shapes
/// `x` (B, N, D, H), `side` (B, D) as in [`side_sum`], `scale` (B) → (B, N, 2H).
///
/// # Errors
/// Shapes that do not fit.
pub fn side_join(x: &Tensor, side: &Tensor, scale: &Tensor) -> Result<Tensor> {
    let (b, n, d, h) = x.dims4()?;
    let joined = with_values([x, side, scale], |[x, side, scale]| {
        let mut y = vec![0f32; b * n * 2 * h];
        let tasks = x.chunks_exact(n * d * h).zip(side.chunks_exact(d)).zip(scale);
        for (((x, side), scale), y) in tasks.zip(y.chunks_exact_mut(n * 2 * h)) {
            join_task(x, side, 1.0 / scale, y, h);
        }
        y
    })?;
    Tensor::from_vec(joined, (b, n, 2 * h), x.device())
}

fn side_masks(x: &Tensor, side: &Tensor) -> Result<(Tensor, Tensor)> {
    let (b, d) = side.dims2()?;
    let mask = |m: Tensor| m.to_dtype(x.dtype())?.reshape((b, 1, d, 1));
    Ok((mask(side.gt(0.0)?)?, mask(side.lt(0.0)?)?))
}

/// Adds each column of `row` to the accumulator of its side.
#[inline(always)]
fn accumulate(row: &[f32], side: &[f32], acc: &mut [f32]) {
    let h = acc.len() / 2;
    acc.fill(0.0);
    let (ax, ay) = acc.split_at_mut(h);
    for (cell, s) in row.chunks_exact(h).zip(side) {
        let a = if *s > 0.0 {
            &mut *ax
        } else if *s < 0.0 {
            &mut *ay
        } else {
            continue;
        };
        for (a, v) in a.iter_mut().zip(cell) {
            *a += v;
        }
    }
}

/// Gives each column of `row` the value of its side, and padding 0.
#[inline(always)]
fn scatter(acc: &[f32], side: &[f32], row: &mut [f32]) {
    let h = acc.len() / 2;
    for (cell, s) in row.chunks_exact_mut(h).zip(side) {
        if *s > 0.0 {
            cell.copy_from_slice(&acc[..h]);
        } else if *s < 0.0 {
            cell.copy_from_slice(&acc[h..]);
        } else {
            cell.fill(0.0);
        }
    }
}

#[multiversion(targets("x86_64+avx512f+avx512vl+fma", "x86_64+avx2+fma"))]
pub(super) fn sum_task(x: &[f32], side: &[f32], y: &mut [f32], acc: &mut [f32]) {
    let row = side.len() * acc.len() / 2;
    for (x, y) in x.chunks_exact(row).zip(y.chunks_exact_mut(row)) {
        accumulate(x, side, acc);
        scatter(acc, side, y);
    }
}

#[multiversion(targets("x86_64+avx512f+avx512vl+fma", "x86_64+avx2+fma"))]
fn pool_task(x: &[f32], side: &[f32], y: &mut [f32], h: usize) {
    for (x, acc) in x.chunks_exact(side.len() * h).zip(y.chunks_exact_mut(2 * h)) {
        accumulate(x, side, acc);
    }
}

#[multiversion(targets("x86_64+avx512f+avx512vl+fma", "x86_64+avx2+fma"))]
fn join_task(x: &[f32], side: &[f32], over: f32, y: &mut [f32], h: usize) {
    for (x, acc) in x.chunks_exact(side.len() * h).zip(y.chunks_exact_mut(2 * h)) {
        accumulate(x, side, acc);
        let (a, b) = acc.split_at_mut(h);
        for (a, b) in a.iter_mut().zip(b) {
            (*a, *b) = ((*a + *b) * over, (*a - *b).abs() * over);
        }
    }
}

struct SideSum;

impl CustomOp2 for SideSum {
    fn name(&self) -> &'static str {
        "side_sum"
    }

    fn cpu_fwd(&self, s1: &CpuStorage, l1: &Layout, s2: &CpuStorage, l2: &Layout) -> Result<(CpuStorage, Shape)> {
        let (x, side) = (slice(s1, l1)?, slice(s2, l2)?);
        let (_, n, d, h) = l1.shape().dims4()?;
        let mut y = vec![0f32; x.len()];
        let mut acc = vec![0f32; 2 * h];
        let size = n * d * h;
        for ((x, side), y) in x.chunks_exact(size).zip(side.chunks_exact(d)).zip(y.chunks_exact_mut(size)) {
            sum_task(x, side, y, &mut acc);
        }
        Ok((CpuStorage::F32(y), l1.shape().clone()))
    }

    fn bwd(&self, _: &Tensor, side: &Tensor, _: &Tensor, grad: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        // The map is its own transpose.
        Ok((Some(grad.contiguous()?.apply_op2_no_bwd(&side.contiguous()?, &SideSum)?), None))
    }
}

struct SidePool;

impl CustomOp2 for SidePool {
    fn name(&self) -> &'static str {
        "side_pool"
    }

    fn cpu_fwd(&self, s1: &CpuStorage, l1: &Layout, s2: &CpuStorage, l2: &Layout) -> Result<(CpuStorage, Shape)> {
        let (x, side) = (slice(s1, l1)?, slice(s2, l2)?);
        let (b, n, d, h) = l1.shape().dims4()?;
        let mut y = vec![0f32; b * n * 2 * h];
        let tasks = x.chunks_exact(n * d * h).zip(side.chunks_exact(d));
        for ((x, side), y) in tasks.zip(y.chunks_exact_mut(n * 2 * h)) {
            pool_task(x, side, y, h);
        }
        Ok((CpuStorage::F32(y), (b, n, 2, h).into()))
    }

    fn bwd(&self, x: &Tensor, side: &Tensor, _: &Tensor, grad: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let (_, n, d, h) = x.dims4()?;
        let mut dx = vec![0f32; x.elem_count()];
        with_values([side, grad], |[side, g]| {
            let tasks = g.chunks_exact(n * 2 * h).zip(side.chunks_exact(d));
            for ((g, side), dx) in tasks.zip(dx.chunks_exact_mut(n * d * h)) {
                for (g, dx) in g.chunks_exact(2 * h).zip(dx.chunks_exact_mut(d * h)) {
                    scatter(g, side, dx);
                }
            }
        })?;
        Ok((Some(Tensor::from_vec(dx, x.shape(), x.device())?), None))
    }
}
