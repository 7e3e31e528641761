//! Layer normalisation (Ba, Kiros and Hinton 2016).

use super::{fused, slice, with_values};
use candle_core::{CpuStorage, CustomOp3, D, Layout, Result, Shape, Tensor};
use multiversion::multiversion;

/// What PyTorch adds to the variance.
const EPS: f32 = 1e-5;

/// `(x − mean(x)) / √(var(x) + 1e-5) · gain + bias` over the last axis.
///
/// candle-nn has a fused form of it without gradients; this one has them.
///
/// # Shapes
/// `x` (…, K), `gain` and `bias` (K) → (…, K).
///
/// # Errors
/// Shapes that do not fit.
pub fn layer_norm(x: &Tensor, gain: &Tensor, bias: &Tensor) -> Result<Tensor> {
    if fused(x) {
        return x.contiguous()?.apply_op3(&gain.contiguous()?, &bias.contiguous()?, LayerNorm);
    }
    let x = x.broadcast_sub(&x.mean_keepdim(D::Minus1)?)?;
    let sd = (x.sqr()?.mean_keepdim(D::Minus1)? + f64::from(EPS))?.sqrt()?;
    x.broadcast_div(&sd)?.broadcast_mul(gain)?.broadcast_add(bias)
}

struct LayerNorm;

/// Sum of `f` over the values, in sixteen lanes so that the compiler may vectorise it.
#[inline(always)]
fn sum(values: &[f32], f: impl Fn(f32) -> f32) -> f32 {
    let mut lanes = [0f32; 16];
    let chunks = values.chunks_exact(16);
    let tail: f32 = chunks.remainder().iter().map(|v| f(*v)).sum();
    for chunk in chunks {
        for l in 0..16 {
            lanes[l] += f(chunk[l]);
        }
    }
    lanes.iter().sum::<f32>() + tail
}

/// Mean and reciprocal standard deviation of a row.
#[inline(always)]
fn statistics(x: &[f32]) -> (f32, f32) {
    let k = x.len() as f32;
    let mean = sum(x, |v| v) / k;
    let variance = sum(x, |v| (v - mean) * (v - mean)) / k;
    (mean, 1.0 / (variance + EPS).sqrt())
}

#[multiversion(targets("x86_64+avx512f+avx512vl+fma", "x86_64+avx2+fma"))]
fn forward(x: &[f32], gain: &[f32], bias: &[f32], y: &mut [f32]) {
    let k = gain.len();
    for (x, y) in x.chunks_exact(k).zip(y.chunks_exact_mut(k)) {
        let (mean, r) = statistics(x);
        for i in 0..k {
            y[i] = ((x[i] - mean) * r).mul_add(gain[i], bias[i]);
        }
    }
}

/// With `h = (x − mean)·r`: `dx = r·(g·gain − mean(g·gain) − h·mean(h·g·gain))`; `d` holds the gradients of gain and bias.
#[multiversion(targets("x86_64+avx512f+avx512vl+fma", "x86_64+avx2+fma"))]
fn backward(x: &[f32], gain: &[f32], grad: &[f32], dx: &mut [f32], (dgain, dbias): (&mut [f32], &mut [f32])) {
    let k = gain.len();
    let mut scaled = vec![0f32; k];
    for ((x, g), dx) in x.chunks_exact(k).zip(grad.chunks_exact(k)).zip(dx.chunks_exact_mut(k)) {
        let (mean, r) = statistics(x);
        for i in 0..k {
            let h = (x[i] - mean) * r;
            dgain[i] = g[i].mul_add(h, dgain[i]);
            dbias[i] += g[i];
            dx[i] = g[i] * gain[i];
            scaled[i] = dx[i] * h;
        }
        let (first, second) = (sum(dx, |v| v) / k as f32, sum(&scaled, |v| v) / k as f32);
        for i in 0..k {
            let h = (x[i] - mean) * r;
            dx[i] = r * (dx[i] - first - h * second);
        }
    }
}

impl CustomOp3 for LayerNorm {
    fn name(&self) -> &'static str {
        "layer_norm"
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
        let (x, gain, bias) = (slice(s1, l1)?, slice(s2, l2)?, slice(s3, l3)?);
        let mut y = vec![0f32; x.len()];
        forward(x, gain, bias, &mut y);
        Ok((CpuStorage::F32(y), l1.shape().clone()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        gain: &Tensor,
        bias: &Tensor,
        _res: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let k = gain.elem_count();
        let mut dx = vec![0f32; x.elem_count()];
        let (mut dgain, mut dbias) = (vec![0f32; k], vec![0f32; k]);
        with_values([x, gain, grad], |[x, gain, g]| backward(x, gain, g, &mut dx, (&mut dgain, &mut dbias)))?;
        let dev = x.device();
        let of = |values: Vec<f32>, like: &Tensor| Tensor::from_vec(values, like.shape(), dev);
        Ok((Some(of(dx, x)?), Some(of(dgain, gain)?), Some(of(dbias, bias)?)))
    }
}
