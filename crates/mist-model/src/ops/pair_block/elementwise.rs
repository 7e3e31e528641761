//! The gate, the sum of two buffers, and the activation of the network on pairs.

use crate::ops::math::{gelu, gelu_grad, sigmoid};
use multiversion::multiversion;

/// `s = h·σ(gate)`, with the pre-activation replaced by its sigmoid.
#[multiversion(targets("x86_64+avx512f+avx512vl+fma", "x86_64+avx2+fma"))]
pub(super) fn apply_gate(h: &[f32], gate: &mut [f32], s: &mut [f32]) {
    for ((h, g), s) in h.iter().zip(gate).zip(s) {
        *g = sigmoid(*g);
        *s = h * *g;
    }
}

/// Gradients of the gate's pre-activation and of what it gates, from that of their product.
#[multiversion(targets("x86_64+avx512f+avx512vl+fma", "x86_64+avx2+fma"))]
pub(super) fn gate_backward(ds: &[f32], h: &[f32], gate: &[f32], dh: &mut [f32], dgate: &mut [f32]) {
    for (i, ds) in ds.iter().enumerate() {
        dh[i] = ds * gate[i];
        dgate[i] = ds * h[i] * gate[i] * (1.0 - gate[i]);
    }
}

/// Adds `b` to `a`.
#[multiversion(targets("x86_64+avx512f+avx512vl+fma", "x86_64+avx2+fma"))]
pub(super) fn add(a: &mut [f32], b: &[f32]) {
    for (a, b) in a.iter_mut().zip(b) {
        *a += b;
    }
}

/// `u ← ½ (gelu(a + row_i + col_j) + gelu(a + row_j + col_i))`, in place.
#[multiversion(targets("x86_64+avx512f+avx512vl+fma", "x86_64+avx2+fma"))]
pub(super) fn pair_gelu(u: &mut [f32], cells: &[(u32, u32)], row: &[f32], col: &[f32], h: usize) {
    for (u, &(i, j)) in u.chunks_exact_mut(h).zip(cells) {
        let (i, j) = (i as usize * h, j as usize * h);
        let (ri, cj, rj, ci) = (&row[i..i + h], &col[j..j + h], &row[j..j + h], &col[i..i + h]);
        for (k, u) in u.iter_mut().enumerate() {
            *u = 0.5 * (gelu(*u + ri[k] + cj[k]) + gelu(*u + rj[k] + ci[k]));
        }
    }
}

/// Gradients of [`pair_gelu`]: `a` comes in as the pre-activation, goes out as the gradient in it; `u` goes out as the
/// value.
#[multiversion(targets("x86_64+avx512f+avx512vl+fma", "x86_64+avx2+fma"))]
#[allow(clippy::too_many_arguments)]
pub(super) fn pair_gelu_backward(
    a: &mut [f32],
    grad: &[f32],
    cells: &[(u32, u32)],
    (row, col): (&[f32], &[f32]),
    drow: &mut [f32],
    dcol: &mut [f32],
    h: usize,
) {
    for ((a, g), &(i, j)) in a.chunks_exact_mut(h).zip(grad.chunks_exact(h)).zip(cells) {
        let (i, j) = (i as usize * h, j as usize * h);
        for k in 0..h {
            let g = 0.5 * g[k];
            let upper = g * gelu_grad(a[k] + row[i + k] + col[j + k]);
            let lower = g * gelu_grad(a[k] + row[j + k] + col[i + k]);
            drow[i + k] += upper;
            dcol[j + k] += upper;
            drow[j + k] += lower;
            dcol[i + k] += lower;
            a[k] = upper + lower;
        }
    }
}
