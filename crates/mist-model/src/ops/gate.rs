//! Gates: a cell against the rest of its side, and a triangle update against its pair.

use super::math::{sigmoid, tanh};
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
        with_values(h, |h| {
            with_values(own, |own| with_values(grad, |g| concat_backward(h, own, g, &mut dh, &mut down, k)))
        })???;
        let dev = h.device();
        Ok((Some(Tensor::from_vec(dh, h.shape(), dev)?), Some(Tensor::from_vec(down, h.shape(), dev)?)))
    }
}

/// `½ (y + yᵀ) · sigmoid(gate)`, the transpose over the two column axes.
///
/// # Shapes
/// `y`, `gate` (B, D, D, E) → (B, D, D, E).
///
/// # Errors
/// Shapes that do not fit.
pub fn sym_gate(y: &Tensor, gate: &Tensor) -> Result<Tensor> {
    if fused(y) {
        return y.contiguous()?.apply_op2(&gate.contiguous()?, SymGate);
    }
    let s = ((y + y.transpose(1, 2)?)? * 0.5)?;
    s * (gate.neg()?.exp()? + 1.0)?.recip()?
}

struct SymGate;

#[multiversion(targets("x86_64+avx512f+avx512vl+fma", "x86_64+avx2+fma"))]
fn gate_forward(y: &[f32], gate: &[f32], out: &mut [f32], d: usize, e: usize) {
    for i in 0..d {
        for j in 0..d {
            let (ij, ji) = ((i * d + j) * e, (j * d + i) * e);
            let (a, b, g) = (&y[ij..ij + e], &y[ji..ji + e], &gate[ij..ij + e]);
            for (c, o) in out[ij..ij + e].iter_mut().enumerate() {
                *o = 0.5 * (a[c] + b[c]) * sigmoid(g[c]);
            }
        }
    }
}

/// Gradients of [`gate_forward`], both halves of the symmetric sum at once.
#[multiversion(targets("x86_64+avx512f+avx512vl+fma", "x86_64+avx2+fma"))]
fn gate_backward(y: &[f32], gate: &[f32], grad: &[f32], dy: &mut [f32], dgate: &mut [f32], d: usize, e: usize) {
    for i in 0..d {
        for j in 0..d {
            let (ij, ji) = ((i * d + j) * e, (j * d + i) * e);
            let (a, b) = (&y[ij..ij + e], &y[ji..ji + e]);
            let (g, gt) = (&gate[ij..ij + e], &gate[ji..ji + e]);
            let (r, rt) = (&grad[ij..ij + e], &grad[ji..ji + e]);
            let (dy, dg) = (&mut dy[ij..ij + e], &mut dgate[ij..ij + e]);
            for c in 0..e {
                let s = sigmoid(g[c]);
                dy[c] = 0.5 * (r[c] * s + rt[c] * sigmoid(gt[c]));
                dg[c] = 0.5 * (a[c] + b[c]) * r[c] * s * (1.0 - s);
            }
        }
    }
}

impl CustomOp2 for SymGate {
    fn name(&self) -> &'static str {
        "sym_gate"
    }

    fn cpu_fwd(&self, s1: &CpuStorage, l1: &Layout, s2: &CpuStorage, l2: &Layout) -> Result<(CpuStorage, Shape)> {
        let (y, gate) = (slice(s1, l1)?, slice(s2, l2)?);
        let (_, d, _, e) = l1.shape().dims4()?;
        let mut out = vec![0f32; y.len()];
        let size = d * d * e;
        for ((y, g), out) in y.chunks_exact(size).zip(gate.chunks_exact(size)).zip(out.chunks_exact_mut(size)) {
            gate_forward(y, g, out, d, e);
        }
        Ok((CpuStorage::F32(out), l1.shape().clone()))
    }

    fn bwd(&self, y: &Tensor, gate: &Tensor, _: &Tensor, grad: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let (_, d, _, e) = y.dims4()?;
        let mut dy = vec![0f32; y.elem_count()];
        let mut dgate = vec![0f32; y.elem_count()];
        with_values(y, |y| {
            with_values(gate, |gate| {
                with_values(grad, |g| {
                    let size = d * d * e;
                    let tasks = y.chunks_exact(size).zip(gate.chunks_exact(size)).zip(g.chunks_exact(size));
                    let out = dy.chunks_exact_mut(size).zip(dgate.chunks_exact_mut(size));
                    for (((y, gate), g), (dy, dgate)) in tasks.zip(out) {
                        gate_backward(y, gate, g, dy, dgate, d, e);
                    }
                })
            })
        })???;
        let dev = y.device();
        Ok((Some(Tensor::from_vec(dy, y.shape(), dev)?), Some(Tensor::from_vec(dgate, y.shape(), dev)?)))
    }
}
