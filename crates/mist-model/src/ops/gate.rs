//! The gate of a cell against the rest of its side.

use super::math::tanh;
use super::{fused, slice, with_values};
use candle_core::{CpuStorage, CustomOp2, D, Layout, Result, Shape, Tensor};
use multiversion::multiversion;

/// `[h, own, h · tanh(own)]` along the last axis.
///
/// # Shapes
/// `h`, `own` (…, H) → (…, 3H).
///
/// # Errors
/// Shapes that do not fit.
pub fn gate_concat(h: &Tensor, own: &Tensor) -> Result<Tensor> {
    if fused(h) {
        return h.contiguous()?.apply_op2(&own.contiguous()?, GateConcat);
    }
    Tensor::cat(&[h, own, &(h * own.tanh()?)?], D::Minus1)
}

struct GateConcat;

#[multiversion(targets("x86_64+avx512f+avx512vl+fma", "x86_64+avx2+fma"))]
pub(super) fn concat_forward(h: &[f32], own: &[f32], y: &mut [f32], k: usize) {
    for ((h, o), y) in h.chunks_exact(k).zip(own.chunks_exact(k)).zip(y.chunks_exact_mut(3 * k)) {
        y[..k].copy_from_slice(h);
        y[k..2 * k].copy_from_slice(o);
        let gated = &mut y[2 * k..];
        for i in 0..k {
            gated[i] = h[i] * tanh(o[i]);
        }
    }
}

#[multiversion(targets("x86_64+avx512f+avx512vl+fma", "x86_64+avx2+fma"))]
pub(super) fn concat_backward(h: &[f32], own: &[f32], g: &[f32], dh: &mut [f32], down: &mut [f32], k: usize) {
    let cells = h.chunks_exact(k).zip(own.chunks_exact(k)).zip(g.chunks_exact(3 * k));
    for (((h, o), g), (dh, down)) in cells.zip(dh.chunks_exact_mut(k).zip(down.chunks_exact_mut(k))) {
        let (g0, rest) = g.split_at(k);
        let (g1, g2) = rest.split_at(k);
        for i in 0..k {
            let t = tanh(o[i]);
            dh[i] = g2[i].mul_add(t, g0[i]);
            down[i] = (g2[i] * h[i]).mul_add(1.0 - t * t, g1[i]);
        }
    }
}

impl CustomOp2 for GateConcat {
    fn name(&self) -> &'static str {
        "gate_concat"
    }

    fn cpu_fwd(&self, s1: &CpuStorage, l1: &Layout, s2: &CpuStorage, l2: &Layout) -> Result<(CpuStorage, Shape)> {
        let (h, own) = (slice(s1, l1)?, slice(s2, l2)?);
        let mut dims = l1.dims().to_vec();
        let k = dims.pop().unwrap_or(1);
        dims.push(3 * k);
        let mut y = vec![0f32; 3 * h.len()];
        concat_forward(h, own, &mut y, k);
        Ok((CpuStorage::F32(y), dims.into()))
    }

    fn bwd(&self, h: &Tensor, own: &Tensor, _: &Tensor, grad: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let k = h.dim(D::Minus1)?;
        let mut dh = vec![0f32; h.elem_count()];
        let mut down = vec![0f32; h.elem_count()];
        with_values([h, own, grad], |[h, own, g]| concat_backward(h, own, g, &mut dh, &mut down, k))?;
        let dev = h.device();
        Ok((Some(Tensor::from_vec(dh, h.shape(), dev)?), Some(Tensor::from_vec(down, h.shape(), dev)?)))
    }
}
