//! Cross-moments between columns, tied over rows.

use super::{fused, gemm, slice, with_values};
use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor};
use multiversion::multiversion;

/// Twice the cross-moments of matching channels, `Σ_r φ_c(r,i) φ_c(r,j) / n`, and of neighbouring channels,
/// `½ Σ_r (φ_c(r,i) φ_{c−1}(r,j) + φ_{c−1}(r,i) φ_c(r,j)) / n` (channel −1 is the last); 0 on the diagonal, where
/// they are constants. Padding cells of `phi` must be 0.
///
/// # Shapes
/// `phi` (B, N, D, C), `n` (B): the number of real rows → (B, D, D, 2C).
///
/// # Errors
/// Shapes that do not fit.
pub fn moments(phi: &Tensor, n: &Tensor) -> Result<Tensor> {
    let (b, _, d, _) = phi.dims4()?;
    if fused(phi) {
        return phi.contiguous()?.apply_op2(&n.contiguous()?, Moments);
    }
    let t = phi.permute((0, 3, 2, 1))?.contiguous()?;
    let c = t.dim(1)?;
    let rolled = Tensor::cat(&[t.narrow(1, c - 1, 1)?, t.narrow(1, 0, c - 1)?], 1)?.contiguous()?;
    let m1 = t.matmul(&t.transpose(2, 3)?.contiguous()?)?;
    let m2 = t.matmul(&rolled.transpose(2, 3)?.contiguous()?)?;
    let m2 = ((&m2 + m2.transpose(2, 3)?)? * 0.5)?;
    let off = (1.0 - Tensor::eye(d, phi.dtype(), phi.device())?)?.affine(2.0, 0.0)?;
    Tensor::cat(&[m1, m2], 1)?
        .broadcast_mul(&off)?
        .broadcast_div(&n.reshape((b, 1, 1, 1))?)?
        .permute((0, 2, 3, 1))?
        .contiguous()
}

struct Moments;

/// Columns up to which one pass over the rows is quicker than a product for each channel.
const FEW: usize = 4;

/// All moments of a few columns.
#[multiversion(targets("x86_64+avx512f+avx512vl+fma", "x86_64+avx2+fma"))]
fn sums_of_few(phi: &[f32], (d, c): (usize, usize), over: f32, out: &mut [f32]) {
    let mut sums = vec![0f32; 2 * c];
    for i in 0..d {
        for j in 0..i {
            sums.fill(0.0);
            let (own, cross) = sums.split_at_mut(c);
            for row in phi.chunks_exact(d * c) {
                let (a, b) = (&row[i * c..(i + 1) * c], &row[j * c..(j + 1) * c]);
                for ((own, a), b) in own.iter_mut().zip(a).zip(b) {
                    *own = a.mul_add(*b, *own);
                }
                cross[0] += a[0] * b[c - 1] + a[c - 1] * b[0];
                for k in 1..c {
                    cross[k] = a[k].mul_add(b[k - 1], a[k - 1].mul_add(b[k], cross[k]));
                }
            }
            own.iter_mut().for_each(|own| *own *= 2.0 * over);
            cross.iter_mut().for_each(|cross| *cross *= over);
            out[(i * d + j) * 2 * c..][..2 * c].copy_from_slice(&sums);
            out[(j * d + i) * 2 * c..][..2 * c].copy_from_slice(&sums);
        }
    }
}

/// The two feature channels whose product is moment `ch` of `2c`.
fn channels(ch: usize, c: usize) -> (usize, usize) {
    if ch < c { (ch, ch) } else { (ch - c, (ch - 1) % c) }
}

impl CustomOp2 for Moments {
    fn name(&self) -> &'static str {
        "moments"
    }

    fn cpu_fwd(&self, s1: &CpuStorage, l1: &Layout, s2: &CpuStorage, l2: &Layout) -> Result<(CpuStorage, Shape)> {
        let (phi, count) = (slice(s1, l1)?, slice(s2, l2)?);
        let (b, n, d, c) = l1.shape().dims4()?;
        let mut out = vec![0f32; b * d * d * 2 * c];
        let mut m = vec![0f32; d * d];
        let tasks = phi.chunks_exact(n * d * c).zip(count).zip(out.chunks_exact_mut(d * d * 2 * c));
        for ((phi, count), out) in tasks {
            if d <= FEW {
                sums_of_few(phi, (d, c), 1.0 / count, out);
                continue;
            }
            for ch in 0..2 * c {
                let (left, right) = channels(ch, c);
                // SAFETY: column (i, ch) of phi has its rows d·c apart, its neighbours c apart.
                unsafe {
                    let (l, r) = (phi.as_ptr().add(left), phi.as_ptr().add(right));
                    gemm((d, d, n), m.as_mut_ptr(), (d, 1), false, l, (c, d * c), r, (d * c, c), 1.0 / count);
                }
                for i in 0..d {
                    for j in 0..d {
                        let v = if i == j { 0.0 } else { m[i * d + j] + m[j * d + i] };
                        out[(i * d + j) * 2 * c + ch] = v;
                    }
                }
            }
        }
        Ok((CpuStorage::F32(out), (b, d, d, 2 * c).into()))
    }

    fn bwd(&self, phi: &Tensor, count: &Tensor, _: &Tensor, grad: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let (_, n, d, c) = phi.dims4()?;
        let mut dphi = vec![0f32; phi.elem_count()];
        // The symmetric gradient of each moment, one matrix a channel.
        let mut s = vec![0f32; d * d];
        with_values([phi, count, grad], |[phi, count, g]| {
            let tasks = phi.chunks_exact(n * d * c).zip(count).zip(g.chunks_exact(d * d * 2 * c));
            for (((phi, count), g), dphi) in tasks.zip(dphi.chunks_exact_mut(n * d * c)) {
                for ch in 0..2 * c {
                    for i in 0..d {
                        for j in 0..d {
                            let v = g[(i * d + j) * 2 * c + ch] + g[(j * d + i) * 2 * c + ch];
                            s[i * d + j] = if i == j { 0.0 } else { v };
                        }
                    }
                    // Of φ_lᵀ φ_r + φ_rᵀ φ_l: the gradient in φ_l is φ_r·S and the other way round.
                    let (left, right) = channels(ch, c);
                    let scale = 1.0 / count;
                    let mut add = |to: usize, from: usize, scale: f32| {
                        // SAFETY: as in the forward pass; s is d × d.
                        unsafe {
                            let (dst, src) = (dphi.as_mut_ptr().add(to), phi.as_ptr().add(from));
                            let phi_strides = (d * c, c);
                            gemm((n, d, d), dst, phi_strides, true, src, phi_strides, s.as_ptr(), (d, 1), scale);
                        }
                    };
                    if left == right {
                        add(left, left, 2.0 * scale);
                    } else {
                        add(left, right, scale);
                        add(right, left, scale);
                    }
                }
            }
        })?;
        Ok((Some(Tensor::from_vec(dphi, phi.shape(), phi.device())?), None))
    }
}
