//! An affine map between wide layers, with its weight as PyTorch stores it and what follows in the same pass.

use super::dense::add_rows;
use super::math::{gelu_erf, gelu_erf_grad};
use super::{fused, gemm, rows_of, slice, with_values};
use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, Tensor};
use multiversion::multiversion;
use serde::{Deserialize, Serialize};

/// What follows the affine map.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Rectifier {
    /// Nothing.
    Identity,
    /// x Φ(x), with the exact normal distribution function.
    #[default]
    Gelu,
    /// max(x, 0).
    Relu,
}

/// `act(x·wᵀ + b)`.
///
/// # Shapes
/// `x` (…, K), `w` (N, K), `b` (N) → (…, N).
///
/// # Errors
/// Shapes that do not fit.
pub fn linear(x: &Tensor, w: &Tensor, b: &Tensor, act: Rectifier) -> Result<Tensor> {
    let (n, k) = w.dims2()?;
    let (x, shape) = rows_of("linear", x, w, (k, n))?;
    let y = if fused(&x) {
        x.apply_op3(&w.contiguous()?, &b.contiguous()?, Linear(act))?
    } else {
        let y = x.matmul(&w.t()?)?.broadcast_add(b)?;
        match act {
            Rectifier::Identity => y,
            Rectifier::Gelu => y.gelu_erf()?,
            Rectifier::Relu => y.relu()?,
        }
    };
    y.reshape(shape)
}

struct Linear(Rectifier);

#[multiversion(targets("x86_64+avx512f+avx512vl+fma", "x86_64+avx2+fma"))]
fn activate(y: &mut [f32], b: &[f32], act: Rectifier) {
    for y in y.chunks_exact_mut(b.len()) {
        match act {
            Rectifier::Identity => y.iter_mut().zip(b).for_each(|(y, b)| *y += b),
            Rectifier::Gelu => y.iter_mut().zip(b).for_each(|(y, b)| *y = gelu_erf(*y + b)),
            Rectifier::Relu => y.iter_mut().zip(b).for_each(|(y, b)| *y = (*y + b).max(0.0)),
        }
    }
}

/// `g ← grad · act'(pre + b)`, with `pre` handed in through `g`.
#[multiversion(targets("x86_64+avx512f+avx512vl+fma", "x86_64+avx2+fma"))]
fn activate_backward(g: &mut [f32], grad: &[f32], b: &[f32], act: Rectifier) {
    for (g, grad) in g.chunks_exact_mut(b.len()).zip(grad.chunks_exact(b.len())) {
        let all = g.iter_mut().zip(b).zip(grad);
        match act {
            Rectifier::Identity => g.copy_from_slice(grad),
            Rectifier::Gelu => all.for_each(|((g, b), d)| *g = d * gelu_erf_grad(*g + b)),
            Rectifier::Relu => all.for_each(|((g, b), d)| *g = if *g + b > 0.0 { *d } else { 0.0 }),
        }
    }
}

/// `x·wᵀ`, all contiguous.
fn product(x: &[f32], w: &[f32], (m, n, k): (usize, usize, usize)) -> Vec<f32> {
    assert!(x.len() == m * k && w.len() == n * k);
    let mut y = vec![0f32; m * n];
    // SAFETY: the lengths are those of the three matrices, and `y` is new.
    unsafe { gemm((m, n, k), y.as_mut_ptr(), (n, 1), false, x.as_ptr(), (k, 1), w.as_ptr(), (1, k), 1.0) };
    y
}

impl CustomOp3 for Linear {
    fn name(&self) -> &'static str {
        "linear"
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
        let mut y = product(x, w, (m, n, k));
        activate(&mut y, b, self.0);
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
        let needs_x = x.track_op() || x.is_variable();
        let mut dx = vec![0f32; if needs_x { m * k } else { 0 }];
        let mut dw = vec![0f32; n * k];
        let mut db = vec![0f32; n];
        with_values([x, w, b, grad], |[x, w, b, grad]| {
            let pre;
            let g = if self.0 == Rectifier::Identity {
                grad
            } else {
                // Computing the pre-activation again costs a product; keeping it would double the memory of a graph.
                let mut g = product(x, w, (m, n, k));
                activate_backward(&mut g, grad, b, self.0);
                pre = g;
                &pre[..]
            };
            add_rows(&mut db, g);
            assert!(x.len() == m * k && w.len() == n * k && g.len() == m * n);
            // dw = gᵀ·x and dx = g·w
            // SAFETY: the lengths are those of the matrices, and `dw` and `dx` are new.
            unsafe {
                gemm((n, k, m), dw.as_mut_ptr(), (k, 1), false, g.as_ptr(), (1, n), x.as_ptr(), (k, 1), 1.0);
                if needs_x {
                    gemm((m, k, n), dx.as_mut_ptr(), (k, 1), false, g.as_ptr(), (n, 1), w.as_ptr(), (k, 1), 1.0);
                }
            }
        })?;
        let dev = x.device();
        let dx = if needs_x { Some(Tensor::from_vec(dx, (m, k), dev)?) } else { None };
        Ok((dx, Some(Tensor::from_vec(dw, (n, k), dev)?), Some(Tensor::from_vec(db, n, dev)?)))
    }
}
