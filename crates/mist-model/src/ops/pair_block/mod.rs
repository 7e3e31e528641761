//! A block over the pair representation in one operation: triangle update, then a network on each pair.
//!
//! The representation is symmetric in its two column axes, and so is everything that the block computes on single
//! pairs. The fused form therefore works on pairs i ≤ j alone, *packed* in the order (0,0), (0,1) … (1,1) …, which
//! halves the work, and keeps nothing for the backward but its input. Only the triangle product needs all D² pairs.

mod backward;
mod elementwise;
mod forward;
mod packed;
mod parts;

use super::dense::{Activation, dense};
use super::norm::rms_norm;
use super::triangle::triangle;
use super::{fused, slice, with_values};
use backward::Backward;
use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, Tensor};
use forward::Values;
use packed::{crop, uncrop};
use parts::{flat, split, split_mut};

/// The parameters of a block, E channels wide, in the order of their use.
#[derive(Clone, Copy, Debug)]
pub struct PairLayers<'a> {
    /// Gain (E) before the triangle update.
    pub norm1: &'a Tensor,
    /// Weight (E, E) and bias (E) of the product's left factor.
    pub left: (&'a Tensor, &'a Tensor),
    /// The same of its right factor.
    pub right: (&'a Tensor, &'a Tensor),
    /// The same of its gate.
    pub gate: (&'a Tensor, &'a Tensor),
    /// The same of its way back.
    pub out: (&'a Tensor, &'a Tensor),
    /// Gain (E) before the network on pairs.
    pub norm2: &'a Tensor,
    /// Weight (E, H) and bias (H) of its first layer.
    pub mlp1: (&'a Tensor, &'a Tensor),
    /// Weight (E, H) on the mean over the pair's row.
    pub mlp1_row: &'a Tensor,
    /// Weight (E, H) on the mean over the pair's column.
    pub mlp1_col: &'a Tensor,
    /// Weight (H, E) and bias (E) of its second layer.
    pub mlp2: (&'a Tensor, &'a Tensor),
}

/// The block. `root` keeps sums over columns of the order of one.
///
/// # Shapes
/// `e` (B, D, D, E), symmetric in the two column axes; `root` (B), which gets no gradient; `padding`, `None` without any:
/// (B, D, D, 1), 1 for a pair of real columns, and (B), how many of the columns are, which come first → (B, D, D, E),
/// symmetric, 0 in padding.
///
/// # Errors
/// Shapes that do not fit.
pub fn pair_block(
    e: &Tensor,
    root: &Tensor,
    padding: Option<(&Tensor, &Tensor)>,
    layers: &PairLayers,
) -> Result<Tensor> {
    let (b, d, ..) = e.dims4()?;
    if fused(e) {
        let op = PairBlock { hidden: layers.mlp1.1.dim(0)? };
        let columns = match padding {
            Some((_, columns)) => columns.clone(),
            None => (root.ones_like()? * d as f64)?,
        };
        let sizes = Tensor::stack(&[root, &columns], 1)?;
        return e.contiguous()?.apply_op3(&sizes, &flat(layers)?, op);
    }
    let masked = |t: Tensor| match padding {
        Some((m, _)) => t.broadcast_mul(m),
        None => Ok(t),
    };
    let linear = |x: &Tensor, (w, b): (&Tensor, &Tensor)| dense(x, w, b, Activation::Identity);
    let symmetrise = |m: &Tensor| (m + m.transpose(1, 2)?)? * 0.5;

    let x = rms_norm(e, layers.norm1)?;
    let (left, right) = (masked(linear(&x, layers.left)?)?, masked(linear(&x, layers.right)?)?);
    let y = triangle(&left, &right)?.broadcast_div(&root.reshape((b, 1, 1, 1))?)?;
    let gate = (linear(&x, layers.gate)?.neg()?.exp()? + 1.0)?.recip()?;
    let e = (e + masked(linear(&(symmetrise(&y)? * gate)?, layers.out)?)?)?;

    let x = rms_norm(&e, layers.norm2)?;
    let row = masked(x.clone())?.sum(2)?.broadcast_div(&root.reshape((b, 1, 1))?)?;
    let zero = layers.mlp1.1.zeros_like()?;
    let by_row = linear(&row, (layers.mlp1_row, &zero))?.unsqueeze(2)?;
    let by_col = linear(&row, (layers.mlp1_col, &zero))?.unsqueeze(1)?;
    let u = linear(&x, layers.mlp1)?.broadcast_add(&by_row)?.broadcast_add(&by_col)?.gelu()?;
    e + masked(symmetrise(&linear(&u, layers.mlp2)?)?)?
}

struct PairBlock {
    /// Width H of the network on pairs.
    hidden: usize,
}

impl CustomOp3 for PairBlock {
    fn name(&self) -> &'static str {
        "pair_block"
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
        let (x, sizes, flat) = (slice(s1, l1)?, slice(s2, l2)?, slice(s3, l3)?);
        let (_, d, _, e) = l1.shape().dims4()?;
        let w = split(flat, (e, self.hidden));
        let mut values = Values::new(d, e, self.hidden);
        let mut out = vec![0f32; x.len()];
        let (mut inner, mut inner_out) = (Vec::new(), Vec::new());
        for ((x, size), out) in
            x.chunks_exact(d * d * e).zip(sizes.chunks_exact(2)).zip(out.chunks_exact_mut(d * d * e))
        {
            let (root, columns) = (size[0], size[1] as usize);
            if values.d != columns {
                values = Values::new(columns, e, self.hidden);
            }
            if columns == d {
                values.first_half(x, root, &w);
                values.second_half(&w, out);
            } else {
                crop(x, &mut inner, (d, columns, e));
                values.first_half(&inner, root, &w);
                inner_out.resize(inner.len(), 0.0);
                values.second_half(&w, &mut inner_out);
                uncrop(&inner_out, out, (d, columns, e));
            }
        }
        Ok((CpuStorage::F32(out), l1.shape().clone()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        sizes: &Tensor,
        flat: &Tensor,
        _res: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let (_, d, _, e) = x.dims4()?;
        let mut dx = vec![0f32; x.elem_count()];
        // Weights that are frozen have none.
        let needs_w = flat.track_op();
        let mut dflat = vec![0f32; flat.elem_count()];
        with_values([x, sizes, flat, grad], |[x, sizes, flat, grad]| {
            let w = split(flat, (e, self.hidden));
            let mut values = Values::new(d, e, self.hidden);
            let mut work = Backward::new(w, &values, needs_w);
            let mut dw = split_mut(&mut dflat, (e, self.hidden));
            let size = d * d * e;
            let (mut inner, mut inner_grad, mut inner_dx) = (Vec::new(), Vec::new(), Vec::new());
            let tasks = x.chunks_exact(size).zip(sizes.chunks_exact(2)).zip(grad.chunks_exact(size));
            for (((x, sizes), grad), dx) in tasks.zip(dx.chunks_exact_mut(size)) {
                let (root, columns) = (sizes[0], sizes[1] as usize);
                if values.d != columns {
                    values = Values::new(columns, e, self.hidden);
                    work = Backward::new(w, &values, needs_w);
                }
                if columns == d {
                    work.task(&mut values, x, root, grad, &mut dw, dx);
                } else {
                    crop(x, &mut inner, (d, columns, e));
                    crop(grad, &mut inner_grad, (d, columns, e));
                    inner_dx.resize(inner.len(), 0.0);
                    work.task(&mut values, &inner, root, &inner_grad, &mut dw, &mut inner_dx);
                    uncrop(&inner_dx, dx, (d, columns, e));
                }
            }
        })?;
        let dev = x.device();
        let dflat = if needs_w { Some(Tensor::from_vec(dflat, flat.shape(), dev)?) } else { None };
        Ok((Some(Tensor::from_vec(dx, x.shape(), dev)?), None, dflat))
    }
}
