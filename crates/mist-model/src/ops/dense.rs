//! A dense layer with its bias and activation in one pass.

use super::math::{gelu, gelu_grad};
use super::matmul::{View, add_product, row_plus_product};
use super::{fused, rows_of, slice, with_values};
use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, Tensor};
use multiversion::multiversion;

/// What follows the affine map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// Nothing.
    Identity,
    /// GELU in its tanh form.
    Gelu,
}

/// `act(x·w + b)`.
///
/// # Shapes
/// `x` (…, K), `w` (K, N), `b` (N) → (…, N).
///
/// # Errors
/// Shapes that do not fit.
pub fn dense(x: &Tensor, w: &Tensor, b: &Tensor, act: Activation) -> Result<Tensor> {
    let (k, n) = w.dims2()?;
    let (x, shape) = rows_of("dense", x, w, (k, n))?;
    let y = if fused(&x) {
        x.apply_op3(&w.contiguous()?, &b.contiguous()?, Dense(act))?
    } else {
        let y = x.matmul(w)?.broadcast_add(b)?;
        match act {
            Activation::Identity => y,
            Activation::Gelu => y.gelu()?,
        }
    };
    y.reshape(shape)
}

/// Rows per tile: 256 rows of up to 96 values stay in the second-level cache with their gradient.
const TILE: usize = 256;

struct Dense(Activation);

#[multiversion(targets("x86_64+avx512f+avx512vl+fma", "x86_64+avx2+fma"))]
pub(super) fn gelu_in_place(y: &mut [f32]) {
    for v in y {
        *v = gelu(*v);
    }
}

/// `g ← grad · gelu'(pre)`, with `pre` handed in through `g`.
#[multiversion(targets("x86_64+avx512f+avx512vl+fma", "x86_64+avx2+fma"))]
pub(super) fn gelu_backward(g: &mut [f32], grad: &[f32]) {
    for (g, d) in g.iter_mut().zip(grad) {
        *g = d * gelu_grad(*g);
    }
}

#[multiversion(targets("x86_64+avx512f+avx512vl+fma", "x86_64+avx2+fma"))]
/// Adds every row to `sum`.
pub(super) fn add_rows(sum: &mut [f32], rows: &[f32]) {
    for row in rows.chunks_exact(sum.len()) {
        for (s, v) in sum.iter_mut().zip(row) {
            *s += v;
        }
    }
}

/// `y = x·w + b`, all contiguous.
pub(super) fn affine(x: &[f32], w: &[f32], b: &[f32], y: &mut [f32]) {
    let (n, k) = (b.len(), w.len() / b.len());
    let m = y.len() / n;
    row_plus_product(y, b, View { values: x, row: k, col: 1 }, w, (m, n, k));
}

/// `c = a·wᵀ`, with `wᵀ` given.
pub(super) fn back(c: &mut [f32], a: &[f32], transposed: &[f32], (n, k): (usize, usize)) {
    c.fill(0.0);
    add_product(c, View { values: a, row: n, col: 1 }, transposed, (c.len() / k, k, n));
}

/// `dw += xᵀ·g`, `db += Σ g`.
pub(super) fn weight_gradient((dw, db): (&mut [f32], &mut [f32]), x: &[f32], g: &[f32]) {
    let (k, n) = (dw.len() / db.len(), db.len());
    add_product(dw, View { values: x, row: 1, col: k }, g, (k, n, g.len() / n));
    add_rows(db, g);
}

impl CustomOp3 for Dense {
    fn name(&self) -> &'static str {
        "dense"
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
        let (x, w, b) = (slice(s1, l1)?, slice(s2, l2)?, slice(s3, l3)?);
        let (m, k) = l1.shape().dims2()?;
        let n = b.len();
        let mut y = vec![0f32; m * n];
        for (x, y) in x.chunks(TILE * k).zip(y.chunks_mut(TILE * n)) {
            affine(x, w, b, y);
            if self.0 == Activation::Gelu {
                gelu_in_place(y);
            }
        }
        Ok((CpuStorage::F32(y), (m, n).into()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        w: &Tensor,
        b: &Tensor,
        _res: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let ((m, k), n) = (x.dims2()?, b.dim(0)?);
        // Weights that are frozen have none.
        let (needs_x, needs_w) = (x.track_op(), w.track_op() || b.track_op());
        let mut dx = vec![0f32; if needs_x { m * k } else { 0 }];
        let mut dw = vec![0f32; k * n];
        let mut db = vec![0f32; n];
        let mut pre = vec![0f32; TILE.min(m) * n];
        with_values([x, w, b, grad], |[x, w, b, grad]| {
            let transposed: Vec<f32> = (0..n * k).map(|i| w[i % k * n + i / k]).collect();
            for (t, (x, grad)) in x.chunks(TILE * k).zip(grad.chunks(TILE * n)).enumerate() {
                let rows = x.len() / k;
                let g = match self.0 {
                    Activation::Identity => grad,
                    Activation::Gelu => {
                        // Computing the pre-activation again is cheaper than keeping it.
                        let g = &mut pre[..rows * n];
                        affine(x, w, b, g);
                        gelu_backward(g, grad);
                        &*g
                    }
                };
                // dw += xᵀ·g and dx = g·wᵀ
                if needs_w {
                    add_rows(&mut db, g);
                    add_product(&mut dw, View { values: x, row: 1, col: k }, g, (k, n, rows));
                }
                if needs_x {
                    let dx = &mut dx[t * TILE * k..][..rows * k];
                    add_product(dx, View { values: g, row: n, col: 1 }, &transposed, (rows, k, n));
                }
            }
        })?;
        let dev = x.device();
        let dx = if needs_x { Some(Tensor::from_vec(dx, (m, k), dev)?) } else { None };
        if !needs_w {
            return Ok((dx, None, None));
        }
        Ok((dx, Some(Tensor::from_vec(dw, (k, n), dev)?), Some(Tensor::from_vec(db, n, dev)?)))
    }
}
