//! The triangle product of pair representations.

use super::{fused, slice, with_values};
use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor};
use multiversion::multiversion;

/// `y[i,j] = Σ_k a[i,k] · b[k,j]`, channel by channel.
///
/// # Shapes
/// `a`, `b` (B, D, D, E) → (B, D, D, E).
///
/// # Errors
/// Shapes that do not fit.
pub fn triangle(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    if fused(a) {
        return a.contiguous()?.apply_op2(&b.contiguous()?, Triangle);
    }
    let to_channels = |t: &Tensor| t.permute((0, 3, 1, 2))?.contiguous();
    to_channels(a)?.matmul(&to_channels(b)?)?.permute((0, 2, 3, 1))?.contiguous()
}

struct Triangle;

/// Channels that a register block holds: two AVX-512 vectors.
const LANES: usize = 32;
/// Columns of the output that share one load of `a`.
const BLOCK: usize = 4;

/// `y[i,j,c] += Σ_k a[i,k,c]·b[k,j,c]` for one task, with `a[i,k]` at `i·a0 + k·a1` (in units of channels) and
/// likewise `b[k,j]`, so that transposed products need no copy.
#[multiversion(targets("x86_64+avx512f+avx512vl+fma", "x86_64+avx2+fma"))]
#[allow(clippy::too_many_arguments)]
pub(super) fn product(
    a: &[f32],
    (a0, a1): (usize, usize),
    b: &[f32],
    (b0, b1): (usize, usize),
    y: &mut [f32],
    d: usize,
    e: usize,
) {
    for c0 in (0..e).step_by(LANES) {
        if e - c0 >= LANES {
            for i in 0..d {
                let mut j = 0;
                while j + BLOCK <= d {
                    let mut acc = [[0f32; LANES]; BLOCK];
                    for k in 0..d {
                        let at = (i * a0 + k * a1) * e + c0;
                        let av: &[f32; LANES] = a[at..at + LANES].try_into().unwrap();
                        for (q, acc) in acc.iter_mut().enumerate() {
                            let bt = (k * b0 + (j + q) * b1) * e + c0;
                            let bv: &[f32; LANES] = b[bt..bt + LANES].try_into().unwrap();
                            for l in 0..LANES {
                                acc[l] = av[l].mul_add(bv[l], acc[l]);
                            }
                        }
                    }
                    for (q, acc) in acc.iter().enumerate() {
                        let yt = (i * d + j + q) * e + c0;
                        y[yt..yt + LANES].copy_from_slice(acc);
                    }
                    j += BLOCK;
                }
                while j < d {
                    let mut acc = [0f32; LANES];
                    for k in 0..d {
                        let (at, bt) = ((i * a0 + k * a1) * e + c0, (k * b0 + j * b1) * e + c0);
                        let av: &[f32; LANES] = a[at..at + LANES].try_into().unwrap();
                        let bv: &[f32; LANES] = b[bt..bt + LANES].try_into().unwrap();
                        for l in 0..LANES {
                            acc[l] = av[l].mul_add(bv[l], acc[l]);
                        }
                    }
                    let yt = (i * d + j) * e + c0;
                    y[yt..yt + LANES].copy_from_slice(&acc);
                    j += 1;
                }
            }
        } else {
            for i in 0..d {
                for j in 0..d {
                    for c in c0..e {
                        let mut sum = 0f32;
                        for k in 0..d {
                            sum = a[(i * a0 + k * a1) * e + c].mul_add(b[(k * b0 + j * b1) * e + c], sum);
                        }
                        y[(i * d + j) * e + c] = sum;
                    }
                }
            }
        }
    }
}

impl CustomOp2 for Triangle {
    fn name(&self) -> &'static str {
        "triangle"
    }

    fn cpu_fwd(&self, s1: &CpuStorage, l1: &Layout, s2: &CpuStorage, l2: &Layout) -> Result<(CpuStorage, Shape)> {
        let (a, b) = (slice(s1, l1)?, slice(s2, l2)?);
        let (_, d, _, e) = l1.shape().dims4()?;
        let mut y = vec![0f32; a.len()];
        let size = d * d * e;
        for ((a, b), y) in a.chunks_exact(size).zip(b.chunks_exact(size)).zip(y.chunks_exact_mut(size)) {
            product(a, (d, 1), b, (d, 1), y, d, e);
        }
        Ok((CpuStorage::F32(y), l1.shape().clone()))
    }

    fn bwd(&self, a: &Tensor, b: &Tensor, _: &Tensor, grad: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let (_, d, _, e) = a.dims4()?;
        let mut da = vec![0f32; a.elem_count()];
        let mut db = vec![0f32; a.elem_count()];
        with_values([a, b, grad], |[a, b, g]| {
            let size = d * d * e;
            let tasks = a.chunks_exact(size).zip(b.chunks_exact(size)).zip(g.chunks_exact(size));
            let outs = da.chunks_exact_mut(size).zip(db.chunks_exact_mut(size));
            for (((a, b), g), (da, db)) in tasks.zip(outs) {
                product(g, (d, 1), b, (1, d), da, d, e);
                product(a, (1, d), g, (d, 1), db, d, e);
            }
        })?;
        let dev = a.device();
        Ok((Some(Tensor::from_vec(da, a.shape(), dev)?), Some(Tensor::from_vec(db, a.shape(), dev)?)))
    }
}
