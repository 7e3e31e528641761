//! Smoothed ranks: the share of rows below each value, as a function with a gradient.

use super::{fused, slice, with_values};
use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor};
use multiversion::multiversion;

/// `u_r = (1/N) Σ_s κ((x_r − x_s) / w_r)` for every column, with the step κ of `step`.
///
/// A value counts itself as ½. With widths below the smallest gap u is (mid-rank − ½)/N. It lies strictly between 0 and 1.
///
/// # Shapes
/// `x` (N, D), `widths` (N, D), above 0 and without a gradient → (N, D).
///
/// # Errors
/// Shapes that do not fit.
pub fn soft_ranks(x: &Tensor, widths: &Tensor) -> Result<Tensor> {
    if x.dims2()? != widths.dims2()? {
        candle_core::bail!("soft_ranks: values {:?} do not fit widths {:?}", x.dims(), widths.dims());
    }
    if fused(x) {
        return x.contiguous()?.apply_op2(&widths.detach().contiguous()?, SoftRanks);
    }
    let t = x.unsqueeze(1)?.broadcast_sub(&x.unsqueeze(0)?)?.broadcast_div(&widths.detach().unsqueeze(1)?)?;
    step(&t)?.mean(1)
}

/// The smoothed step κ: 0 below −1, ½ + ¾t − ¼t³ between, 1 above 1: the distribution function of the kernel ¾(1 − t²)
/// (Epanechnikov 1969).
pub(super) fn step(t: &Tensor) -> Result<Tensor> {
    let t = t.clamp(-1.0, 1.0)?;
    (&t * t.sqr()?.affine(-0.25, 0.75)?)? + 0.5
}

/// [`step`] of a number.
#[inline(always)]
pub(super) fn step_of(t: f32) -> f32 {
    let t = t.clamp(-1.0, 1.0);
    (t * t).mul_add(-0.25, 0.75).mul_add(t, 0.5)
}

/// Its derivative.
#[inline(always)]
pub(super) fn kernel(t: f32) -> f32 {
    0.75 * (1.0 - t * t).max(0.0)
}

/// The columns of a row-major matrix, one after the other.
pub(super) fn columns(values: &[f32], width: usize) -> Vec<f32> {
    (0..width).flat_map(|j| values.iter().skip(j).step_by(width).copied()).collect()
}

struct SoftRanks;

#[multiversion(targets("x86_64+avx512f+avx512vl+fma", "x86_64+avx2+fma"))]
fn forward(x: &[f32], widths: &[f32], out: &mut [f32]) {
    let n = x.len() as f32;
    for ((at, width), out) in x.iter().zip(widths).zip(out) {
        let scale = 1.0 / width;
        *out = x.iter().map(|v| step_of((at - v) * scale) - 0.5).sum::<f32>() / n + 0.5;
    }
}

#[multiversion(targets("x86_64+avx512f+avx512vl+fma", "x86_64+avx2+fma"))]
fn backward(x: &[f32], widths: &[f32], grad: &[f32], dx: &mut [f32]) {
    let n = x.len() as f32;
    for (r, ((at, width), g)) in x.iter().zip(widths).zip(grad).enumerate() {
        let (scale, g) = (1.0 / width, g / (width * n));
        let mut own = 0.0;
        for (v, dx) in x.iter().zip(dx.iter_mut()) {
            let slope = g * kernel((at - v) * scale);
            own += slope;
            *dx -= slope;
        }
        dx[r] += own;
    }
}

impl CustomOp2 for SoftRanks {
    fn name(&self) -> &'static str {
        "soft_ranks"
    }

    fn cpu_fwd(&self, s1: &CpuStorage, l1: &Layout, s2: &CpuStorage, l2: &Layout) -> Result<(CpuStorage, Shape)> {
        let (n, d) = l1.shape().dims2()?;
        let (x, widths) = (columns(slice(s1, l1)?, d), columns(slice(s2, l2)?, d));
        let mut out = vec![0f32; n * d];
        for ((x, widths), out) in x.chunks_exact(n).zip(widths.chunks_exact(n)).zip(out.chunks_exact_mut(n)) {
            forward(x, widths, out);
        }
        Ok((CpuStorage::F32(columns(&out, n)), l1.shape().clone()))
    }

    fn bwd(&self, x: &Tensor, widths: &Tensor, _: &Tensor, grad: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let (n, d) = x.dims2()?;
        let mut dx = vec![0f32; n * d];
        with_values([x, widths, grad], |values| {
            let [x, widths, grad] = values.map(|v| columns(v, d));
            let tasks = x.chunks_exact(n).zip(widths.chunks_exact(n)).zip(grad.chunks_exact(n));
            for (((x, widths), grad), dx) in tasks.zip(dx.chunks_exact_mut(n)) {
                backward(x, widths, grad, dx);
            }
        })?;
        Ok((Some(Tensor::from_vec(columns(&dx, n), x.shape(), x.device())?), None))
    }
}
