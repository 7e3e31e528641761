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

/// Columns of the output that share one load of `a`.
const BLOCK: usize = 4;

/// The two factors of a task, with `a[i,k]` at `i·a0 + k·a1` (in units of channels) and likewise `b[k,j]`, so that transposed
/// products need no copy.
#[derive(Clone, Copy)]
struct Factors<'a> {
    a: &'a [f32],
    at_a: (usize, usize),
    b: &'a [f32],
    at_b: (usize, usize),
}

/// `y[i,j,c] = Σ_k a[i,k,c]·b[k,j,c]` for one task; where the factors are, see [`Factors`].
#[multiversion(targets("x86_64+avx512f+avx512vl+fma", "x86_64+avx2+fma"))]
#[allow(clippy::too_many_arguments)]
pub(super) fn product(
    a: &[f32],
    at_a: (usize, usize),
    b: &[f32],
    at_b: (usize, usize),
    y: &mut [f32],
    d: usize,
    e: usize,
) {
    let factors = Factors { a, at_a, b, at_b };
    let mut c = 0;
    while c < e {
        c += match e - c {
            32.. => channels::<32>(factors, y, d, e, c),
            16.. => channels::<16>(factors, y, d, e, c),
            8.. => channels::<8>(factors, y, d, e, c),
            _ => channels::<1>(factors, y, d, e, c),
        };
    }
}

/// The channels c0..c0 + L; says how many these are.
#[inline(always)]
fn channels<const L: usize>(factors: Factors, y: &mut [f32], d: usize, e: usize, c0: usize) -> usize {
    for i in 0..d {
        let mut j = 0;
        while j + BLOCK <= d {
            cells::<L, BLOCK>(factors, y, (i, j), d, (e, c0));
            j += BLOCK;
        }
        while j < d {
            cells::<L, 1>(factors, y, (i, j), d, (e, c0));
            j += 1;
        }
    }
    L
}

/// The columns j..j + Q of row i.
#[inline(always)]
fn cells<const L: usize, const Q: usize>(
    Factors { a, at_a: (a0, a1), b, at_b: (b0, b1) }: Factors,
    y: &mut [f32],
    (i, j): (usize, usize),
    d: usize,
    (e, c0): (usize, usize),
) {
    let mut acc = [[0f32; L]; Q];
    for k in 0..d {
        let at = (i * a0 + k * a1) * e + c0;
        let av: &[f32; L] = a[at..at + L].try_into().expect("L of them");
        for (q, acc) in acc.iter_mut().enumerate() {
            let bt = (k * b0 + (j + q) * b1) * e + c0;
            let bv: &[f32; L] = b[bt..bt + L].try_into().expect("L of them");
            for l in 0..L {
                acc[l] = av[l].mul_add(bv[l], acc[l]);
            }
        }
    }
    for (q, acc) in acc.iter().enumerate() {
        let yt = (i * d + j + q) * e + c0;
        y[yt..yt + L].copy_from_slice(acc);
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
