//! Quadratic forms of the cells of each row.

use super::{fused, slice, with_values};
use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor};
use multiversion::multiversion;

/// `y[r] = Σ_ij p[r,i] · a[i,j] · p[r,j]`, channel by channel.
///
/// With a the inverse of a correlation matrix that is what the density of a normal row depends on.
///
/// # Shapes
/// `p` (B, N, D, Q), `a` (B, D, D, Q) → (B, N, Q).
///
/// # Errors
/// Shapes that do not fit.
pub fn quadratic(p: &Tensor, a: &Tensor) -> Result<Tensor> {
    if fused(p) {
        return p.contiguous()?.apply_op2(&a.contiguous()?, Quadratic);
    }
    let p = p.permute((0, 3, 1, 2))?.contiguous()?; // (B, Q, N, D)
    let a = a.permute((0, 3, 1, 2))?.contiguous()?;
    (p.matmul(&a)? * p)?.sum(3)?.transpose(1, 2)?.contiguous()
}

struct Quadratic;

/// `out[c] = Σ_j a[j,c] · p[j,c]` over the columns of a row.
#[inline(always)]
fn contract(a: &[f32], p: &[f32], out: &mut [f32]) {
    let q = out.len();
    out.fill(0.0);
    for (a, p) in a.chunks_exact(q).zip(p.chunks_exact(q)) {
        for c in 0..q {
            out[c] = a[c].mul_add(p[c], out[c]);
        }
    }
}

#[multiversion(targets("x86_64+avx512f+avx512vl+fma", "x86_64+avx2+fma"))]
fn forward_task(p: &[f32], a: &[f32], y: &mut [f32], (d, q): (usize, usize)) {
    let mut inner = vec![0f32; q];
    for (p, y) in p.chunks_exact(d * q).zip(y.chunks_exact_mut(q)) {
        for (own, a) in p.chunks_exact(q).zip(a.chunks_exact(d * q)) {
            contract(a, p, &mut inner);
            for c in 0..q {
                y[c] = own[c].mul_add(inner[c], y[c]);
            }
        }
    }
}

/// `dp[i] = g Σ_j (a[i,j] + a[j,i]) p[j]` and `da[i,j] += g p[i] p[j]`, with `both` = a + aᵀ.
#[multiversion(targets("x86_64+avx512f+avx512vl+fma", "x86_64+avx2+fma"))]
fn backward_task(p: &[f32], both: &[f32], g: &[f32], dp: &mut [f32], da: &mut [f32], (d, q): (usize, usize)) {
    let mut scaled = vec![0f32; q];
    for ((p, g), dp) in p.chunks_exact(d * q).zip(g.chunks_exact(q)).zip(dp.chunks_exact_mut(d * q)) {
        let rows = p.chunks_exact(q).zip(both.chunks_exact(d * q)).zip(dp.chunks_exact_mut(q));
        for (((own, both), dp), da) in rows.zip(da.chunks_exact_mut(d * q)) {
            contract(both, p, dp);
            for c in 0..q {
                dp[c] *= g[c];
                scaled[c] = g[c] * own[c];
            }
            for (da, p) in da.chunks_exact_mut(q).zip(p.chunks_exact(q)) {
                for c in 0..q {
                    da[c] = scaled[c].mul_add(p[c], da[c]);
                }
            }
        }
    }
}

impl CustomOp2 for Quadratic {
    fn name(&self) -> &'static str {
        "quadratic"
    }

    fn cpu_fwd(&self, s1: &CpuStorage, l1: &Layout, s2: &CpuStorage, l2: &Layout) -> Result<(CpuStorage, Shape)> {
        let (p, a) = (slice(s1, l1)?, slice(s2, l2)?);
        let (b, n, d, q) = l1.shape().dims4()?;
        let mut y = vec![0f32; b * n * q];
        let tasks = p.chunks_exact(n * d * q).zip(a.chunks_exact(d * d * q));
        for ((p, a), y) in tasks.zip(y.chunks_exact_mut(n * q)) {
            forward_task(p, a, y, (d, q));
        }
        Ok((CpuStorage::F32(y), (b, n, q).into()))
    }

    fn bwd(&self, p: &Tensor, a: &Tensor, _: &Tensor, grad: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let (_, n, d, q) = p.dims4()?;
        let both = (a + a.transpose(1, 2)?)?;
        let (mut dp, mut da) = (vec![0f32; p.elem_count()], vec![0f32; a.elem_count()]);
        with_values([p, &both, grad], |[p, both, g]| {
            let tasks = p.chunks_exact(n * d * q).zip(both.chunks_exact(d * d * q)).zip(g.chunks_exact(n * q));
            let outs = dp.chunks_exact_mut(n * d * q).zip(da.chunks_exact_mut(d * d * q));
            for (((p, both), g), (dp, da)) in tasks.zip(outs) {
                backward_task(p, both, g, dp, da, (d, q));
            }
        })?;
        let dev = p.device();
        Ok((Some(Tensor::from_vec(dp, p.shape(), dev)?), Some(Tensor::from_vec(da, a.shape(), dev)?)))
    }
}
