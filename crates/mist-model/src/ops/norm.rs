//! Normalisations: RMS over channels, and mean and variance over rows.

use super::{fused, slice, with_values};
use candle_core::{CpuStorage, CustomOp1, CustomOp2, D, Layout, Result, Shape, Tensor};
use multiversion::multiversion;

const RMS_EPS: f32 = 1e-6;
const VAR_EPS: f32 = 1e-4;

/// `x · gain / √(mean(x²) + 1e-6)` over the last axis.
///
/// # Shapes
/// `x` (…, K), `gain` (K) → (…, K).
///
/// # Errors
/// Shapes that do not fit.
pub fn rms_norm(x: &Tensor, gain: &Tensor) -> Result<Tensor> {
    if fused(x) {
        return x.contiguous()?.apply_op2(&gain.contiguous()?, RmsNorm);
    }
    let scale = (x.sqr()?.mean_keepdim(D::Minus1)? + f64::from(RMS_EPS))?.sqrt()?;
    x.broadcast_div(&scale)?.broadcast_mul(gain)
}

struct RmsNorm;

/// Sum over `a·b`, in sixteen lanes so that the compiler may vectorise it.
#[inline(always)]
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0f32; 16];
    let (ca, cb) = (a.chunks_exact(16), b.chunks_exact(16));
    let tail: f32 = ca.remainder().iter().zip(cb.remainder()).map(|(x, y)| x * y).sum();
    for (x, y) in ca.zip(cb) {
        for l in 0..16 {
            lanes[l] = x[l].mul_add(y[l], lanes[l]);
        }
    }
    lanes.iter().sum::<f32>() + tail
}

#[multiversion(targets("x86_64+avx512f+avx512vl+fma", "x86_64+avx2+fma"))]
pub(super) fn rms_forward(x: &[f32], gain: &[f32], y: &mut [f32]) {
    let k = gain.len();
    for (x, y) in x.chunks_exact(k).zip(y.chunks_exact_mut(k)) {
        let r = 1.0 / (dot(x, x) / k as f32 + RMS_EPS).sqrt();
        for i in 0..k {
            y[i] = x[i] * r * gain[i];
        }
    }
}

#[multiversion(targets("x86_64+avx512f+avx512vl+fma", "x86_64+avx2+fma"))]
pub(super) fn rms_backward(x: &[f32], gain: &[f32], grad: &[f32], dx: &mut [f32], dgain: &mut [f32]) {
    let k = gain.len();
    for ((x, g), dx) in x.chunks_exact(k).zip(grad.chunks_exact(k)).zip(dx.chunks_exact_mut(k)) {
        let r = 1.0 / (dot(x, x) / k as f32 + RMS_EPS).sqrt();
        for i in 0..k {
            dx[i] = g[i] * gain[i];
            dgain[i] = (g[i] * x[i]).mul_add(r, dgain[i]);
        }
        let s = dot(dx, x) * r * r / k as f32;
        for i in 0..k {
            dx[i] = r * (dx[i] - s * x[i]);
        }
    }
}

impl CustomOp2 for RmsNorm {
    fn name(&self) -> &'static str {
        "rms_norm"
    }

    fn cpu_fwd(&self, s1: &CpuStorage, l1: &Layout, s2: &CpuStorage, l2: &Layout) -> Result<(CpuStorage, Shape)> {
        let (x, gain) = (slice(s1, l1)?, slice(s2, l2)?);
        let mut y = vec![0f32; x.len()];
        rms_forward(x, gain, &mut y);
        Ok((CpuStorage::F32(y), l1.shape().clone()))
    }

    fn bwd(&self, x: &Tensor, gain: &Tensor, _res: &Tensor, grad: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let mut dx = vec![0f32; x.elem_count()];
        let mut dgain = vec![0f32; gain.elem_count()];
        with_values([x, gain, grad], |[x, gain, g]| rms_backward(x, gain, g, &mut dx, &mut dgain))?;
        let dev = x.device();
        Ok((Some(Tensor::from_vec(dx, x.shape(), dev)?), Some(Tensor::from_vec(dgain, gain.shape(), dev)?)))
    }
}

/// Centres and scales every lane of `x` over its rows: mean 0, variance 1 (plus 1e-4 under the root).
///
/// Padding rows (`row_mask` 0) count for nothing and come out as 0.
///
/// # Shapes
/// `x` (B, N, L), `row_mask` (B, N), 1 for a real row; `None` when every row is real → (B, N, L).
///
/// # Errors
/// Shapes that do not fit.
pub fn standardise(x: &Tensor, row_mask: Option<&Tensor>) -> Result<Tensor> {
    let (_, n, _) = x.dims3()?;
    if fused(x) && row_mask.is_none() {
        return x.contiguous()?.apply_op1(Standardise);
    }
    let mask = match row_mask {
        Some(m) => m.unsqueeze(2)?,
        None => Tensor::ones((x.dim(0)?, n, 1), x.dtype(), x.device())?,
    };
    let count = mask.sum_keepdim(1)?;
    let mean = x.broadcast_mul(&mask)?.sum_keepdim(1)?.broadcast_div(&count)?;
    let x = x.broadcast_sub(&mean)?.broadcast_mul(&mask)?;
    let var = x.sqr()?.sum_keepdim(1)?.broadcast_div(&count)?;
    x.broadcast_div(&(var + f64::from(VAR_EPS))?.sqrt()?)
}

struct Standardise;

/// Mean and reciprocal standard deviation of every lane of one task.
#[inline(always)]
fn lane_statistics(x: &[f32], mean: &mut [f32], rstd: &mut [f32]) {
    let lanes = mean.len();
    let n = (x.len() / lanes) as f32;
    mean.fill(0.0);
    rstd.fill(0.0);
    for row in x.chunks_exact(lanes) {
        for (m, v) in mean.iter_mut().zip(row) {
            *m += v;
        }
    }
    for m in mean.iter_mut() {
        *m /= n;
    }
    for row in x.chunks_exact(lanes) {
        for ((s, m), v) in rstd.iter_mut().zip(mean.iter()).zip(row) {
            let d = v - m;
            *s = d.mul_add(d, *s);
        }
    }
    for s in rstd.iter_mut() {
        *s = 1.0 / (*s / n + VAR_EPS).sqrt();
    }
}

#[multiversion(targets("x86_64+avx512f+avx512vl+fma", "x86_64+avx2+fma"))]
fn standardise_task(x: &[f32], y: &mut [f32], mean: &mut [f32], rstd: &mut [f32]) {
    lane_statistics(x, mean, rstd);
    let lanes = mean.len();
    for (x, y) in x.chunks_exact(lanes).zip(y.chunks_exact_mut(lanes)) {
        for i in 0..lanes {
            y[i] = (x[i] - mean[i]) * rstd[i];
        }
    }
}

/// With `y = (x − mean)·r`: `dx = r·(g − mean(g) − y·mean(g·y))`.
#[multiversion(targets("x86_64+avx512f+avx512vl+fma", "x86_64+avx2+fma"))]
fn standardise_task_backward(x: &[f32], y: &[f32], g: &[f32], dx: &mut [f32], work: &mut [f32]) {
    let lanes = work.len() / 4;
    let (mean, rest) = work.split_at_mut(lanes);
    let (rstd, rest) = rest.split_at_mut(lanes);
    let (mg, mgy) = rest.split_at_mut(lanes);
    lane_statistics(x, mean, rstd);
    mg.fill(0.0);
    mgy.fill(0.0);
    for (y, g) in y.chunks_exact(lanes).zip(g.chunks_exact(lanes)) {
        for i in 0..lanes {
            mg[i] += g[i];
            mgy[i] = g[i].mul_add(y[i], mgy[i]);
        }
    }
    let n = (x.len() / lanes) as f32;
    for i in 0..lanes {
        mg[i] /= n;
        mgy[i] /= n;
    }
    for ((y, g), dx) in y.chunks_exact(lanes).zip(g.chunks_exact(lanes)).zip(dx.chunks_exact_mut(lanes)) {
        for i in 0..lanes {
            dx[i] = rstd[i] * (g[i] - mg[i] - y[i] * mgy[i]);
        }
    }
}

impl CustomOp1 for Standardise {
    fn name(&self) -> &'static str {
        "standardise"
    }

    fn cpu_fwd(&self, s: &CpuStorage, l: &Layout) -> Result<(CpuStorage, Shape)> {
        let x = slice(s, l)?;
        let (_, n, lanes) = l.shape().dims3()?;
        let mut y = vec![0f32; x.len()];
        let (mut mean, mut rstd) = (vec![0f32; lanes], vec![0f32; lanes]);
        for (x, y) in x.chunks_exact(n * lanes).zip(y.chunks_exact_mut(n * lanes)) {
            standardise_task(x, y, &mut mean, &mut rstd);
        }
        Ok((CpuStorage::F32(y), l.shape().clone()))
    }

    fn bwd(&self, x: &Tensor, res: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        let (_, n, lanes) = x.dims3()?;
        let mut dx = vec![0f32; x.elem_count()];
        let mut work = vec![0f32; 4 * lanes];
        with_values([x, res, grad], |[x, y, g]| {
            let size = n * lanes;
            let tasks = x.chunks_exact(size).zip(y.chunks_exact(size)).zip(g.chunks_exact(size));
            for (((x, y), g), dx) in tasks.zip(dx.chunks_exact_mut(size)) {
                standardise_task_backward(x, y, g, dx, &mut work);
            }
        })?;
        Ok(Some(Tensor::from_vec(dx, x.shape(), x.device())?))
    }
}
