//! Operations on pair representations (B, D, D, E).

use super::math::{gelu, gelu_grad};
use super::{fused, slice, with_values};
use candle_core::{CpuStorage, CustomOp1, CustomOp3, Layout, Result, Shape, Tensor};
use multiversion::multiversion;

/// `½ (m + mᵀ)` over the two column axes.
///
/// # Shapes
/// `m` (B, D, D, E) → (B, D, D, E).
///
/// # Errors
/// A shape that is not of rank 4.
pub fn symmetrise(m: &Tensor) -> Result<Tensor> {
    if fused(m) {
        return m.contiguous()?.apply_op1(Symmetrise);
    }
    (m + m.transpose(1, 2)?)? * 0.5
}

struct Symmetrise;

#[multiversion(targets("x86_64+avx512f+avx512vl+fma", "x86_64+avx2+fma"))]
fn symmetrise_task(m: &[f32], out: &mut [f32], d: usize, e: usize) {
    for i in 0..d {
        for j in 0..d {
            let (ij, ji) = ((i * d + j) * e, (j * d + i) * e);
            let (a, b) = (&m[ij..ij + e], &m[ji..ji + e]);
            for (c, o) in out[ij..ij + e].iter_mut().enumerate() {
                *o = 0.5 * (a[c] + b[c]);
            }
        }
    }
}

impl CustomOp1 for Symmetrise {
    fn name(&self) -> &'static str {
        "symmetrise"
    }

    fn cpu_fwd(&self, s: &CpuStorage, l: &Layout) -> Result<(CpuStorage, Shape)> {
        let m = slice(s, l)?;
        let (_, d, _, e) = l.shape().dims4()?;
        let mut out = vec![0f32; m.len()];
        for (m, out) in m.chunks_exact(d * d * e).zip(out.chunks_exact_mut(d * d * e)) {
            symmetrise_task(m, out, d, e);
        }
        Ok((CpuStorage::F32(out), l.shape().clone()))
    }

    fn bwd(&self, _: &Tensor, _: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        // The map is its own transpose.
        Ok(Some(grad.contiguous()?.apply_op1_no_bwd(&Symmetrise)?))
    }
}

/// `gelu(p[i,j] + row[i] + col[j])`.
///
/// # Shapes
/// `p` (B, D, D, H), `row`, `col` (B, D, H) → (B, D, D, H).
///
/// # Errors
/// Shapes that do not fit.
pub fn pair_gelu(p: &Tensor, row: &Tensor, col: &Tensor) -> Result<Tensor> {
    if fused(p) {
        return p.contiguous()?.apply_op3(&row.contiguous()?, &col.contiguous()?, PairGelu);
    }
    p.broadcast_add(&row.unsqueeze(2)?)?.broadcast_add(&col.unsqueeze(1)?)?.gelu()
}

struct PairGelu;

#[multiversion(targets("x86_64+avx512f+avx512vl+fma", "x86_64+avx2+fma"))]
fn gelu_forward(p: &[f32], row: &[f32], col: &[f32], out: &mut [f32], d: usize, h: usize) {
    for i in 0..d {
        let r = &row[i * h..(i + 1) * h];
        for j in 0..d {
            let c = &col[j * h..(j + 1) * h];
            let at = (i * d + j) * h;
            let p = &p[at..at + h];
            for (k, o) in out[at..at + h].iter_mut().enumerate() {
                *o = gelu(p[k] + r[k] + c[k]);
            }
        }
    }
}

#[multiversion(targets("x86_64+avx512f+avx512vl+fma", "x86_64+avx2+fma"))]
#[allow(clippy::too_many_arguments)]
fn gelu_backward(
    p: &[f32],
    row: &[f32],
    col: &[f32],
    grad: &[f32],
    dp: &mut [f32],
    drow: &mut [f32],
    dcol: &mut [f32],
    h: usize,
) {
    let d = row.len() / h;
    for i in 0..d {
        let r = &row[i * h..(i + 1) * h];
        let dr = &mut drow[i * h..(i + 1) * h];
        for j in 0..d {
            let c = &col[j * h..(j + 1) * h];
            let dc = &mut dcol[j * h..(j + 1) * h];
            let at = (i * d + j) * h;
            let (p, g) = (&p[at..at + h], &grad[at..at + h]);
            let dp = &mut dp[at..at + h];
            for k in 0..h {
                let v = g[k] * gelu_grad(p[k] + r[k] + c[k]);
                dp[k] = v;
                dr[k] += v;
                dc[k] += v;
            }
        }
    }
}

impl CustomOp3 for PairGelu {
    fn name(&self) -> &'static str {
        "pair_gelu"
    }

    fn cpu_fwd(
        &self,
        s1: &CpuStorage,
        l1: &Layout,
        s2: &CpuStorage,
        l2: &Layout,
        s3: &CpuStorage,
        l3: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (p, row, col) = (slice(s1, l1)?, slice(s2, l2)?, slice(s3, l3)?);
        let (_, d, _, h) = l1.shape().dims4()?;
        let mut out = vec![0f32; p.len()];
        let tasks = p.chunks_exact(d * d * h).zip(row.chunks_exact(d * h)).zip(col.chunks_exact(d * h));
        for (((p, row), col), out) in tasks.zip(out.chunks_exact_mut(d * d * h)) {
            gelu_forward(p, row, col, out, d, h);
        }
        Ok((CpuStorage::F32(out), l1.shape().clone()))
    }

    fn bwd(
        &self,
        p: &Tensor,
        row: &Tensor,
        col: &Tensor,
        _: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let (_, d, _, h) = p.dims4()?;
        let mut dp = vec![0f32; p.elem_count()];
        let mut drow = vec![0f32; row.elem_count()];
        let mut dcol = vec![0f32; col.elem_count()];
        with_values(p, |p| {
            with_values(row, |row| {
                with_values(col, |col| {
                    with_values(grad, |g| {
                        let (big, small) = (d * d * h, d * h);
                        let args = p.chunks_exact(big).zip(row.chunks_exact(small)).zip(col.chunks_exact(small));
                        let outs = dp.chunks_exact_mut(big).zip(drow.chunks_exact_mut(small));
                        let outs = outs.zip(dcol.chunks_exact_mut(small));
                        for ((((p, row), col), g), ((dp, drow), dcol)) in args.zip(g.chunks_exact(big)).zip(outs) {
                            gelu_backward(p, row, col, g, dp, drow, dcol, h);
                        }
                    })
                })
            })
        })????;
        let dev = p.device();
        Ok((
            Some(Tensor::from_vec(dp, p.shape(), dev)?),
            Some(Tensor::from_vec(drow, row.shape(), dev)?),
            Some(Tensor::from_vec(dcol, col.shape(), dev)?),
        ))
    }
}
