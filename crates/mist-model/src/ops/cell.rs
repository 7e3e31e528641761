//! The cell network in one pass: every intermediate value stays in cache, and the backward computes them again.

use super::dense::{Activation, affine, back, dense, gelu_backward, gelu_in_place, weight_gradient};
use super::gate::{concat_backward, concat_forward, gate_concat};
use super::side::{side_sum, sum_task};
use super::{fused, slice, with_values};
use candle_core::{CpuStorage, CustomOp3, D, Layout, Result, Shape, Tensor};

/// Weight (in, out) and bias (out) of each layer of the cell network, in the order of their use.
#[derive(Clone, Copy, Debug)]
pub struct CellLayers<'a> {
    /// Inputs to H.
    pub expand: (&'a Tensor, &'a Tensor),
    /// H to H, whose sum over the own side is the context.
    pub context: (&'a Tensor, &'a Tensor),
    /// Cell, context and their gated product (3H) to U.
    pub mix1: (&'a Tensor, &'a Tensor),
    /// U to U, a residual branch.
    pub mix2: (&'a Tensor, &'a Tensor),
    /// U to the features.
    pub project: (&'a Tensor, &'a Tensor),
}

impl<'a> CellLayers<'a> {
    fn all(&self) -> [(&'a Tensor, &'a Tensor); 5] {
        [self.expand, self.context, self.mix1, self.mix2, self.project]
    }
}

/// Features of each cell: a network on its inputs and on the sum over the cells of its row on its own side, plus the
/// first `skip` inputs themselves as a residual of the first `skip` features.
///
/// # Shapes
/// `inputs` (B, N, D, F), `side` (B, D): 1 for a column of X, −1 for one of Y, 0 for padding; `mask` (B, N, D, 1),
/// 1 for a real cell, `None` when all are → (B, N, D, C), 0 in padding. `padded_rows` says whether the mask has to do
/// with more than columns.
///
/// # Errors
/// Shapes that do not fit.
pub fn cell_network(
    inputs: &Tensor,
    side: &Tensor,
    mask: Option<&Tensor>,
    padded_rows: bool,
    layers: &CellLayers,
    skip: usize,
) -> Result<Tensor> {
    let channels = layers.project.1.dim(0)?;
    if fused(inputs) && !padded_rows {
        let op = CellNetwork { sizes: Sizes::of(layers)?, skip };
        let flat: Vec<Tensor> =
            layers.all().iter().flat_map(|(w, b)| [w.flatten_all(), b.flatten_all()]).collect::<Result<_>>()?;
        return inputs.contiguous()?.apply_op3(&side.contiguous()?, &Tensor::cat(&flat, 0)?, op);
    }
    let masked = |t: Tensor| match mask {
        Some(m) => t.broadcast_mul(m),
        None => Ok(t),
    };
    let gelu = |x: &Tensor, (w, b): (&Tensor, &Tensor)| dense(x, w, b, Activation::Gelu);
    let h = masked(gelu(inputs, layers.expand)?)?;
    let own = side_sum(&masked(gelu(&h, layers.context)?)?, side)?;
    let u = gelu(&gate_concat(&h, &own)?, layers.mix1)?;
    let u = (&u + gelu(&u, layers.mix2)?)?;
    let features = dense(&u, layers.project.0, layers.project.1, Activation::Identity)?;
    let residual = inputs.narrow(D::Minus1, 0, skip)?.pad_with_zeros(D::Minus1, 0, channels - skip)?;
    masked((features + residual)?)
}

/// Inputs, H, U and C.
#[derive(Clone, Copy)]
struct Sizes {
    f: usize,
    h: usize,
    u: usize,
    c: usize,
}

impl Sizes {
    fn of(layers: &CellLayers) -> Result<Self> {
        let (f, h) = layers.expand.0.dims2()?;
        let (u, c) = layers.project.0.dims2()?;
        Ok(Self { f, h, u, c })
    }

    /// (in, out) of each layer.
    fn shapes(&self) -> [(usize, usize); 5] {
        let Self { f, h, u, c } = *self;
        [(f, h), (h, h), (3 * h, u), (u, u), (u, c)]
    }

    /// Weight and bias of each layer in a flat buffer.
    fn split<'a>(&self, mut flat: &'a [f32]) -> [(&'a [f32], &'a [f32]); 5] {
        self.shapes().map(|(i, o)| {
            let (w, rest) = flat.split_at(i * o);
            let (b, rest) = rest.split_at(o);
            flat = rest;
            (w, b)
        })
    }

    fn split_mut<'a>(&self, mut flat: &'a mut [f32]) -> [(&'a mut [f32], &'a mut [f32]); 5] {
        self.shapes().map(|(i, o)| {
            let (w, rest) = std::mem::take(&mut flat).split_at_mut(i * o);
            let (b, rest) = rest.split_at_mut(o);
            flat = rest;
            (w, b)
        })
    }
}

struct CellNetwork {
    sizes: Sizes,
    skip: usize,
}

/// Cells in a tile: with all of its intermediate values it fills about half of a second-level cache.
const TILE: usize = 256;

/// Intermediate values of one tile.
struct Tile {
    h: Vec<f32>,
    context: Vec<f32>,
    own: Vec<f32>,
    gated: Vec<f32>,
    u: Vec<f32>,
    v: Vec<f32>,
    sum: Vec<f32>,
    acc: Vec<f32>,
}

impl Tile {
    fn new(s: Sizes, cells: usize) -> Self {
        let of = |width: usize| vec![0f32; cells * width];
        Self {
            h: of(s.h),
            context: of(s.h),
            own: of(s.h),
            gated: of(3 * s.h),
            u: of(s.u),
            v: of(s.u),
            sum: of(s.u),
            acc: vec![0f32; 2 * s.h],
        }
    }

    /// Fills all buffers for whole rows `x`; `keep` receives the pre-activations.
    fn forward(
        &mut self,
        s: Sizes,
        x: &[f32],
        side: &[f32],
        w: &[(&[f32], &[f32]); 5],
        mut keep: Option<&mut [Vec<f32>; 4]>,
    ) {
        let m = x.len() / s.f;
        let mut layer = |i: usize, x: &[f32], y: &mut [f32]| {
            affine(x, w[i].0, w[i].1, y);
            if let Some(keep) = keep.as_mut() {
                keep[i][..y.len()].copy_from_slice(y);
            }
            gelu_in_place(y);
        };
        layer(0, x, &mut self.h[..m * s.h]);
        layer(1, &self.h[..m * s.h], &mut self.context[..m * s.h]);
        sum_task(&self.context[..m * s.h], side, &mut self.own[..m * s.h], &mut self.acc);
        concat_forward(&self.h[..m * s.h], &self.own[..m * s.h], &mut self.gated[..3 * m * s.h], s.h);
        layer(2, &self.gated[..3 * m * s.h], &mut self.u[..m * s.u]);
        layer(3, &self.u[..m * s.u], &mut self.v[..m * s.u]);
        for ((sum, u), v) in self.sum.iter_mut().zip(&self.u).zip(&self.v) {
            *sum = u + v;
        }
    }
}

/// Rows of D cells in one tile.
fn rows_per_tile(d: usize) -> usize {
    (TILE / d).max(1)
}

impl CustomOp3 for CellNetwork {
    fn name(&self) -> &'static str {
        "cell_network"
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
        let (x, side, flat) = (slice(s1, l1)?, slice(s2, l2)?, slice(s3, l3)?);
        let (b, n, d, _) = l1.shape().dims4()?;
        let s = self.sizes;
        let w = s.split(flat);
        let rows = rows_per_tile(d);
        let mut tile = Tile::new(s, rows * d);
        let mut out = vec![0f32; b * n * d * s.c];
        let tasks = x.chunks_exact(n * d * s.f).zip(side.chunks_exact(d)).zip(out.chunks_exact_mut(n * d * s.c));
        for ((x, side), out) in tasks {
            for (x, out) in x.chunks(rows * d * s.f).zip(out.chunks_mut(rows * d * s.c)) {
                tile.forward(s, x, side, &w, None);
                affine(&tile.sum[..out.len() / s.c * s.u], w[4].0, w[4].1, out);
                for ((x, out), side) in x.chunks_exact(s.f).zip(out.chunks_exact_mut(s.c)).zip(side.iter().cycle()) {
                    if *side == 0.0 {
                        out.fill(0.0);
                        continue;
                    }
                    for (x, out) in x[..self.skip].iter().zip(out) {
                        *out += x;
                    }
                }
            }
        }
        Ok((CpuStorage::F32(out), (b, n, d, s.c).into()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        side: &Tensor,
        flat: &Tensor,
        _res: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let (_, n, d, _) = x.dims4()?;
        let s = self.sizes;
        // Weights that are frozen have none.
        let (needs_x, needs_w) = (x.track_op(), flat.track_op());
        let mut dx = vec![0f32; if needs_x { x.elem_count() } else { 0 }];
        let mut dflat = vec![0f32; flat.elem_count()];
        with_values([x, side, flat, grad], |[x, side, flat, grad]| {
            let mut work = Backward::new(self, flat, d, needs_w);
            let mut dw = s.split_mut(&mut dflat);
            let rows = rows_per_tile(d);
            for (t, x) in x.chunks_exact(n * d * s.f).enumerate() {
                let side = &side[t * d..(t + 1) * d];
                let grad = &grad[t * n * d * s.c..(t + 1) * n * d * s.c];
                for (i, (x, grad)) in x.chunks(rows * d * s.f).zip(grad.chunks(rows * d * s.c)).enumerate() {
                    let at = (t * n + i * rows) * d * s.f;
                    let dx = if needs_x { &mut dx[at..at + x.len()] } else { &mut [][..] };
                    work.tile(x, side, grad, &mut dw, dx);
                }
            }
        })?;
        let dev = x.device();
        let dx = if needs_x { Some(Tensor::from_vec(dx, x.shape(), dev)?) } else { None };
        let dflat = if needs_w { Some(Tensor::from_vec(dflat, flat.shape(), dev)?) } else { None };
        Ok((dx, None, dflat))
    }
}

/// What the backward of a tile needs besides its data.
struct Backward<'a> {
    op: &'a CellNetwork,
    /// Whether the weights have a gradient.
    needs_w: bool,
    w: [(&'a [f32], &'a [f32]); 5],
    transposed: [Vec<f32>; 5],
    values: Tile,
    pre: [Vec<f32>; 4],
    /// Of the features.
    grad: Vec<f32>,
    /// Gradients, named like what they are of.
    grads: Tile,
}

impl<'a> Backward<'a> {
    fn new(op: &'a CellNetwork, flat: &'a [f32], d: usize, needs_w: bool) -> Self {
        let s = op.sizes;
        let cells = rows_per_tile(d) * d;
        let w = s.split(flat);
        let mut shapes = s.shapes().into_iter();
        let transposed = w.map(|(w, _)| {
            let (k, n) = shapes.next().expect("five layers");
            (0..n * k).map(|i| w[i % k * n + i / k]).collect()
        });
        let pre = [s.h, s.h, s.u, s.u].map(|width| vec![0f32; cells * width]);
        let grad = vec![0f32; cells * s.c];
        Self { op, needs_w, w, transposed, values: Tile::new(s, cells), pre, grad, grads: Tile::new(s, cells) }
    }

    fn tile(&mut self, x: &[f32], side: &[f32], grad: &[f32], dw: &mut [(&mut [f32], &mut [f32]); 5], dx: &mut [f32]) {
        let s = self.op.sizes;
        let m = x.len() / s.f;
        // No gradient comes through padding, whose features are 0 whatever it holds.
        self.grad[..grad.len()].copy_from_slice(grad);
        if side.contains(&0.0) {
            for (g, side) in self.grad[..grad.len()].chunks_exact_mut(s.c).zip(side.iter().cycle()) {
                if *side == 0.0 {
                    g.fill(0.0);
                }
            }
        }
        let grad = &self.grad[..grad.len()];
        let (mh, mu) = (m * s.h, m * s.u);
        self.values.forward(s, x, side, &self.w, Some(&mut self.pre));
        let (v, g, t) = (&self.values, &mut self.grads, &self.transposed);
        // `gelu_backward` turns a pre-activation into the gradient in it, in place.
        let needs_w = self.needs_w;
        let add = |dw: &mut (&mut [f32], &mut [f32]), x: &[f32], g: &[f32]| {
            if needs_w {
                weight_gradient((dw.0, dw.1), x, g);
            }
        };

        add(&mut dw[4], &v.sum[..mu], grad);
        back(&mut g.sum[..mu], grad, &t[4], (s.c, s.u));
        gelu_backward(&mut self.pre[3][..mu], &g.sum[..mu]);
        add(&mut dw[3], &v.u[..mu], &self.pre[3][..mu]);
        back(&mut g.u[..mu], &self.pre[3][..mu], &t[3], (s.u, s.u));
        for (u, sum) in g.u[..mu].iter_mut().zip(&g.sum) {
            *u += sum;
        }
        gelu_backward(&mut self.pre[2][..mu], &g.u[..mu]);
        add(&mut dw[2], &v.gated[..3 * mh], &self.pre[2][..mu]);
        back(&mut g.gated[..3 * mh], &self.pre[2][..mu], &t[2], (s.u, 3 * s.h));
        concat_backward(&v.h[..mh], &v.own[..mh], &g.gated[..3 * mh], &mut g.h[..mh], &mut g.own[..mh], s.h);
        // The sum over a side is its own transpose.
        sum_task(&g.own[..mh], side, &mut g.context[..mh], &mut g.acc);
        gelu_backward(&mut self.pre[1][..mh], &g.context[..mh]);
        add(&mut dw[1], &v.h[..mh], &self.pre[1][..mh]);
        back(&mut g.own[..mh], &self.pre[1][..mh], &t[1], (s.h, s.h));
        for (h, more) in g.h[..mh].iter_mut().zip(&g.own) {
            *h += more;
        }
        gelu_backward(&mut self.pre[0][..mh], &g.h[..mh]);
        add(&mut dw[0], x, &self.pre[0][..mh]);
        if !dx.is_empty() {
            back(dx, &self.pre[0][..mh], &t[0], (s.h, s.f));
            for (dx, grad) in dx.chunks_exact_mut(s.f).zip(grad.chunks_exact(s.c)) {
                for (dx, grad) in dx[..self.op.skip].iter_mut().zip(grad) {
                    *dx += grad;
                }
            }
        }
    }
}
