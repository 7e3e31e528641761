//! A block over the pair representation in one operation: triangle update, then a network on each pair.
//!
//! The representation is symmetric in its two column axes, and so is everything that the block computes on single
//! pairs. The fused form therefore works on pairs i ≤ j alone, *packed* in the order (0,0), (0,1) … (1,1) …, which
//! halves the work, and keeps nothing for the backward but its input. Only the triangle product needs all D² pairs.

use super::dense::{Activation, affine, back, dense, weight_gradient};
use super::math::{gelu, gelu_grad, sigmoid};
use super::norm::{rms_backward, rms_forward, rms_norm};
use super::triangle::{product, triangle};
use super::{fused, slice, with_values};
use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, Tensor};
use multiversion::multiversion;

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

/// Number of tensors, and the places of those that are used by name, in [`PairLayers::all`].
const PARTS: usize = 16;
const NORM1: usize = 0;
const LEFT: usize = 1;
const RIGHT: usize = 3;
const GATE: usize = 5;
const OUT: usize = 7;
const NORM2: usize = 9;
const MLP1: usize = 10;
const ROW: usize = 12;
const COL: usize = 13;
const MLP2: usize = 14;

impl<'a> PairLayers<'a> {
    fn all(&self) -> [&'a Tensor; PARTS] {
        let Self { norm1, left, right, gate, out, norm2, mlp1, mlp1_row, mlp1_col, mlp2 } = *self;
        [
            norm1, left.0, left.1, right.0, right.1, gate.0, gate.1, out.0, out.1, norm2, mlp1.0, mlp1.1, mlp1_row,
            mlp1_col, mlp2.0, mlp2.1,
        ]
    }
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
        let flat: Vec<Tensor> = layers.all().iter().map(|t| t.flatten_all()).collect::<Result<_>>()?;
        let op = PairBlock { hidden: layers.mlp1.1.dim(0)? };
        let columns = match padding {
            Some((_, columns)) => columns.clone(),
            None => (root.ones_like()? * d as f64)?,
        };
        let sizes = Tensor::stack(&[root, &columns], 1)?;
        return e.contiguous()?.apply_op3(&sizes, &Tensor::cat(&flat, 0)?, op);
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

/// Pairs in a tile, whose intermediate values stay in cache.
const TILE: usize = 256;

/// Calls `f` with the packed place and the two columns of every pair i ≤ j.
#[inline(always)]
fn for_pairs(d: usize, mut f: impl FnMut(usize, usize, usize)) {
    let mut p = 0;
    for i in 0..d {
        for j in i..d {
            f(p, i, j);
            p += 1;
        }
    }
}

/// Values of pairs i ≤ j out of all pairs.
fn pack(full: &[f32], packed: &mut [f32], d: usize, e: usize) {
    for_pairs(d, |p, i, j| packed[p * e..][..e].copy_from_slice(&full[(i * d + j) * e..][..e]));
}

/// `scale·(f_ij + f_ji)` for i < j and `diagonal·f_ii`.
#[multiversion(targets("x86_64+avx512f+avx512vl+fma", "x86_64+avx2+fma"))]
fn fold(full: &[f32], packed: &mut [f32], (d, e): (usize, usize), scale: f32, diagonal: f32) {
    for_pairs(d, |p, i, j| {
        let (a, b) = (&full[(i * d + j) * e..][..e], &full[(j * d + i) * e..][..e]);
        let scale = if i == j { 0.5 * diagonal } else { scale };
        for (c, v) in packed[p * e..][..e].iter_mut().enumerate() {
            *v = scale * (a[c] + b[c]);
        }
    });
}

/// All pairs from those i ≤ j: `scale` times the value in both of its places, `diagonal` times it where i = j.
#[multiversion(targets("x86_64+avx512f+avx512vl+fma", "x86_64+avx2+fma"))]
fn unfold(packed: &[f32], full: &mut [f32], (d, e): (usize, usize), scale: f32, diagonal: f32) {
    for_pairs(d, |p, i, j| {
        let scale = if i == j { diagonal } else { scale };
        for c in 0..e {
            let v = scale * packed[p * e + c];
            full[(i * d + j) * e + c] = v;
            full[(j * d + i) * e + c] = v;
        }
    });
}

/// `s = h·σ(gate)`, with the pre-activation replaced by its sigmoid.
#[multiversion(targets("x86_64+avx512f+avx512vl+fma", "x86_64+avx2+fma"))]
fn apply_gate(h: &[f32], gate: &mut [f32], s: &mut [f32]) {
    for ((h, g), s) in h.iter().zip(gate).zip(s) {
        *g = sigmoid(*g);
        *s = h * *g;
    }
}

/// Gradients of the gate's pre-activation and of what it gates, from that of their product.
#[multiversion(targets("x86_64+avx512f+avx512vl+fma", "x86_64+avx2+fma"))]
fn gate_backward(ds: &[f32], h: &[f32], gate: &[f32], dh: &mut [f32], dgate: &mut [f32]) {
    for (i, ds) in ds.iter().enumerate() {
        dh[i] = ds * gate[i];
        dgate[i] = ds * h[i] * gate[i] * (1.0 - gate[i]);
    }
}

/// Adds `b` to `a`.
#[multiversion(targets("x86_64+avx512f+avx512vl+fma", "x86_64+avx2+fma"))]
fn add(a: &mut [f32], b: &[f32]) {
    for (a, b) in a.iter_mut().zip(b) {
        *a += b;
    }
}

/// `u ← ½ (gelu(a + row_i + col_j) + gelu(a + row_j + col_i))`, in place.
#[multiversion(targets("x86_64+avx512f+avx512vl+fma", "x86_64+avx2+fma"))]
fn pair_gelu(u: &mut [f32], cells: &[(u32, u32)], row: &[f32], col: &[f32], h: usize) {
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
fn pair_gelu_backward(
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

/// `row_i = scale · Σ_j x_ij` over all j, from packed values.
#[multiversion(targets("x86_64+avx512f+avx512vl+fma", "x86_64+avx2+fma"))]
fn row_sums(x: &[f32], row: &mut [f32], cells: &[(u32, u32)], e: usize, scale: f32) {
    row.fill(0.0);
    for (x, &(i, j)) in x.chunks_exact(e).zip(cells) {
        for c in 0..e {
            row[i as usize * e + c] += x[c];
        }
        if i != j {
            for c in 0..e {
                row[j as usize * e + c] += x[c];
            }
        }
    }
    row.iter_mut().for_each(|v| *v *= scale);
}

/// The transpose of [`row_sums`], added to `dx`.
#[multiversion(targets("x86_64+avx512f+avx512vl+fma", "x86_64+avx2+fma"))]
fn row_sums_backward(dx: &mut [f32], drow: &[f32], cells: &[(u32, u32)], e: usize, scale: f32) {
    for (dx, &(i, j)) in dx.chunks_exact_mut(e).zip(cells) {
        let (a, b) = (&drow[i as usize * e..][..e], &drow[j as usize * e..][..e]);
        let scale = if i == j { 0.5 * scale } else { scale };
        for c in 0..e {
            dx[c] += scale * (a[c] + b[c]);
        }
    }
}

/// The tensors in a flat buffer.
fn split(mut flat: &[f32], (e, h): (usize, usize)) -> [&[f32]; PARTS] {
    lengths(e, h).map(|n| {
        let (part, rest) = flat.split_at(n);
        flat = rest;
        part
    })
}

fn split_mut(mut flat: &mut [f32], (e, h): (usize, usize)) -> [&mut [f32]; PARTS] {
    lengths(e, h).map(|n| {
        let (part, rest) = std::mem::take(&mut flat).split_at_mut(n);
        flat = rest;
        part
    })
}

fn lengths(e: usize, h: usize) -> [usize; PARTS] {
    [e, e * e, e, e * e, e, e * e, e, e * e, e, e, e * h, h, e * h, e * h, h * e, e]
}

/// Weight and bias that begin at a place.
fn layer<'a>(w: &[&'a [f32]; PARTS], at: usize) -> (&'a [f32], &'a [f32]) {
    (w[at], w[at + 1])
}

fn layer_mut<'a>(w: &'a mut [&mut [f32]; PARTS], at: usize) -> (&'a mut [f32], &'a mut [f32]) {
    let (weight, bias) = w.split_at_mut(at + 1);
    (&mut *weight[at], &mut *bias[0])
}

/// Values of one task that outlive a tile: packed (T, ·) unless they say otherwise.
struct Values {
    d: usize,
    e: usize,
    h: usize,
    cells: Vec<(u32, u32)>,
    input: Vec<f32>,
    /// Factors of the product and the product, all pairs.
    left: Vec<f32>,
    right: Vec<f32>,
    product: Vec<f32>,
    /// The product symmetrised and scaled, its gate after the sigmoid, and the two multiplied.
    half: Vec<f32>,
    gate: Vec<f32>,
    gated: Vec<f32>,
    /// After the triangle update, and normalised.
    middle: Vec<f32>,
    x2: Vec<f32>,
    /// Sums over rows (D, E) and what the first layer makes of them (D, H).
    row: Vec<f32>,
    by_row: Vec<f32>,
    by_col: Vec<f32>,
    /// One tile wide.
    tile: Vec<f32>,
    wide: Vec<f32>,
}

impl Values {
    fn new(d: usize, e: usize, h: usize) -> Self {
        let t = d * (d + 1) / 2;
        let mut cells = Vec::with_capacity(t);
        for_pairs(d, |_, i, j| cells.push((i as u32, j as u32)));
        let (packed, full) = (|| vec![0f32; t * e], || vec![0f32; d * d * e]);
        Self {
            d,
            e,
            h,
            cells,
            input: packed(),
            left: full(),
            right: full(),
            product: full(),
            half: packed(),
            gate: packed(),
            gated: packed(),
            middle: packed(),
            x2: packed(),
            row: vec![0f32; d * e],
            by_row: vec![0f32; d * h],
            by_col: vec![0f32; d * h],
            tile: vec![0f32; TILE * e],
            wide: vec![0f32; TILE * h],
        }
    }

    /// Everything up to the sums over rows, from the representation of one task (D, D, E).
    fn first_half(&mut self, full: &[f32], root: f32, w: &[&[f32]; PARTS]) {
        let Self { d, e, h, .. } = *self;
        pack(full, &mut self.input, d, e);
        // The packed factors pass through buffers that are not in use yet.
        for (k, input) in self.input.chunks(TILE * e).enumerate() {
            let at = k * TILE * e;
            let x = &mut self.tile[..input.len()];
            rms_forward(input, w[NORM1], x);
            for (layer_at, y) in [(LEFT, &mut self.middle), (RIGHT, &mut self.x2), (GATE, &mut self.gate)] {
                let (weight, bias) = layer(w, layer_at);
                affine(x, weight, bias, &mut y[at..at + input.len()]);
            }
        }
        unfold(&self.middle, &mut self.left, (d, e), 1.0, 1.0);
        unfold(&self.x2, &mut self.right, (d, e), 1.0, 1.0);
        product(&self.left, (d, 1), &self.right, (d, 1), &mut self.product, d, e);
        fold(&self.product, &mut self.half, (d, e), 0.5 / root, 1.0 / root);
        apply_gate(&self.half, &mut self.gate, &mut self.gated);
        let (weight, bias) = layer(w, OUT);
        affine(&self.gated, weight, bias, &mut self.middle);
        add(&mut self.middle, &self.input);
        rms_forward(&self.middle, w[NORM2], &mut self.x2);
        row_sums(&self.x2, &mut self.row, &self.cells, e, 1.0 / root);
        let zero = vec![0f32; h];
        affine(&self.row, w[ROW], &zero, &mut self.by_row);
        affine(&self.row, w[COL], &zero, &mut self.by_col);
    }

    /// The network on pairs and the result (D, D, E).
    fn second_half(&mut self, w: &[&[f32]; PARTS], out: &mut [f32]) {
        let Self { d, e, h, .. } = *self;
        for (k, cells) in self.cells.chunks(TILE).enumerate() {
            let range = k * TILE * e..(k * TILE + cells.len()) * e;
            let u = &mut self.wide[..cells.len() * h];
            affine(&self.x2[range.clone()], w[MLP1], w[MLP1 + 1], u);
            pair_gelu(u, cells, &self.by_row, &self.by_col, h);
            let m = &mut self.tile[..range.len()];
            affine(u, w[MLP2], w[MLP2 + 1], m);
            add(&mut self.middle[range], m);
        }
        unfold(&self.middle, out, (d, e), 1.0, 1.0);
    }
}

/// Gradients of one task and the transposed weights.
struct Backward<'a> {
    w: [&'a [f32]; PARTS],
    transposed: [Vec<f32>; PARTS],
    /// Packed gradients of the representation, of the normalised one, and two more.
    de: Vec<f32>,
    dx: Vec<f32>,
    a: Vec<f32>,
    b: Vec<f32>,
    /// All pairs.
    full: Vec<f32>,
    other: Vec<f32>,
    drow: Vec<f32>,
    by_row: Vec<f32>,
    by_col: Vec<f32>,
    wide: Vec<f32>,
}

impl<'a> Backward<'a> {
    fn new(w: [&'a [f32]; PARTS], v: &Values) -> Self {
        let Values { d, e, h, .. } = *v;
        let mut transposed: [Vec<f32>; PARTS] = Default::default();
        for (at, n) in [(LEFT, e), (RIGHT, e), (GATE, e), (OUT, e), (MLP1, h), (ROW, h), (COL, h), (MLP2, e)] {
            let k = w[at].len() / n;
            transposed[at] = (0..n * k).map(|i| w[at][i % k * n + i / k]).collect();
        }
        let packed = || vec![0f32; v.input.len()];
        Self {
            w,
            transposed,
            de: packed(),
            dx: packed(),
            a: packed(),
            b: packed(),
            full: vec![0f32; d * d * e],
            other: vec![0f32; d * d * e],
            drow: vec![0f32; d * e],
            by_row: vec![0f32; d * h],
            by_col: vec![0f32; d * h],
            wide: vec![0f32; TILE * h.max(e)],
        }
    }

    /// Gradient `dfull` of one task's representation, and `dw` of the parameters, added, from the gradient of the
    /// result.
    fn task(
        &mut self,
        v: &mut Values,
        full: &[f32],
        root: f32,
        grad: &[f32],
        dw: &mut [&mut [f32]; PARTS],
        dfull: &mut [f32],
    ) {
        let Values { d, e, h, .. } = *v;
        v.first_half(full, root, &self.w);
        // The result is packed and then copied to both places, so a pair's gradient is the sum over both.
        fold(grad, &mut self.de, (d, e), 1.0, 1.0);

        // The network on pairs.
        self.by_row.fill(0.0);
        self.by_col.fill(0.0);
        for (k, cells) in v.cells.chunks(TILE).enumerate() {
            let range = k * TILE * e..(k * TILE + cells.len()) * e;
            let (x, g) = (&v.x2[range.clone()], &self.de[range.clone()]);
            let (u, du) = (&mut v.wide[..cells.len() * h], &mut self.wide[..cells.len() * h]);
            affine(x, self.w[MLP1], self.w[MLP1 + 1], u);
            du.copy_from_slice(u);
            pair_gelu(du, cells, &v.by_row, &v.by_col, h);
            weight_gradient(layer_mut(dw, MLP2), du, g);
            back(du, g, &self.transposed[MLP2], (e, h));
            let rows = (&v.by_row[..], &v.by_col[..]);
            pair_gelu_backward(u, du, cells, rows, &mut self.by_row, &mut self.by_col, h);
            weight_gradient(layer_mut(dw, MLP1), x, u);
            back(&mut self.dx[range], u, &self.transposed[MLP1], (h, e));
        }
        let mut no_bias = vec![0f32; h];
        weight_gradient((&mut *dw[ROW], &mut no_bias[..]), &v.row, &self.by_row);
        weight_gradient((&mut *dw[COL], &mut no_bias[..]), &v.row, &self.by_col);
        back(&mut self.drow, &self.by_row, &self.transposed[ROW], (h, e));
        let mut by_col = vec![0f32; d * e];
        back(&mut by_col, &self.by_col, &self.transposed[COL], (h, e));
        add(&mut self.drow, &by_col);
        row_sums_backward(&mut self.dx, &self.drow, &v.cells, e, 1.0 / root);
        rms_backward(&v.middle, self.w[NORM2], &self.dx, &mut self.a, dw[NORM2]);
        add(&mut self.de, &self.a);

        // The triangle update: `a` becomes the gradient of the gated product, then that of the gate.
        weight_gradient(layer_mut(dw, OUT), &v.gated, &self.de);
        back(&mut self.a, &self.de, &self.transposed[OUT], (e, e));
        gate_backward(&self.a, &v.half, &v.gate, &mut self.b, &mut self.dx);
        // From here on `gate` holds its gradient.
        v.gate.copy_from_slice(&self.dx);
        unfold(&self.b, &mut self.full, (d, e), 0.5 / root, 1.0 / root);
        // The factors are symmetric, and so is the gradient G of the product: G·R and L·G need no transposes.
        product(&self.full, (d, 1), &v.right, (d, 1), &mut self.other, d, e);
        fold(&self.other, &mut self.a, (d, e), 1.0, 1.0);
        product(&v.left, (d, 1), &self.full, (d, 1), &mut self.other, d, e);
        fold(&self.other, &mut self.b, (d, e), 1.0, 1.0);

        for (k, input) in v.input.chunks(TILE * e).enumerate() {
            let range = k * TILE * e..k * TILE * e + input.len();
            let x = &mut v.tile[..input.len()];
            rms_forward(input, self.w[NORM1], x);
            let dx = &mut self.dx[range.clone()];
            dx.fill(0.0);
            for (at, g) in [(LEFT, &self.a), (RIGHT, &self.b), (GATE, &v.gate)] {
                let g = &g[range.clone()];
                weight_gradient(layer_mut(dw, at), x, g);
                let part = &mut self.wide[..input.len()];
                back(part, g, &self.transposed[at], (e, e));
                add(dx, part);
            }
        }
        rms_backward(&v.input, self.w[NORM1], &self.dx, &mut self.a, dw[NORM1]);
        add(&mut self.de, &self.a);
        unfold(&self.de, dfull, (d, e), 0.5, 1.0);
    }
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
        let mut dflat = vec![0f32; flat.elem_count()];
        with_values(x, |x| {
            with_values(sizes, |sizes| {
                with_values(flat, |flat| {
                    with_values(grad, |grad| {
                        let w = split(flat, (e, self.hidden));
                        let mut values = Values::new(d, e, self.hidden);
                        let mut work = Backward::new(w, &values);
                        let mut dw = split_mut(&mut dflat, (e, self.hidden));
                        let size = d * d * e;
                        let (mut inner, mut inner_grad, mut inner_dx) = (Vec::new(), Vec::new(), Vec::new());
                        let tasks = x.chunks_exact(size).zip(sizes.chunks_exact(2)).zip(grad.chunks_exact(size));
                        for (((x, sizes), grad), dx) in tasks.zip(dx.chunks_exact_mut(size)) {
                            let (root, columns) = (sizes[0], sizes[1] as usize);
                            if values.d != columns {
                                values = Values::new(columns, e, self.hidden);
                                work = Backward::new(w, &values);
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
                    })
                })
            })
        })????;
        let dev = x.device();
        Ok((Some(Tensor::from_vec(dx, x.shape(), dev)?), None, Some(Tensor::from_vec(dflat, flat.shape(), dev)?)))
    }
}

/// The pairs of the first `columns` of `d` columns.
fn crop(full: &[f32], inner: &mut Vec<f32>, (d, columns, e): (usize, usize, usize)) {
    inner.clear();
    for row in full.chunks_exact(d * e).take(columns) {
        inner.extend_from_slice(&row[..columns * e]);
    }
}

/// Writes them back to where they were.
fn uncrop(inner: &[f32], full: &mut [f32], (d, columns, e): (usize, usize, usize)) {
    for (row, inner) in full.chunks_exact_mut(d * e).zip(inner.chunks_exact(columns * e)) {
        row[..columns * e].copy_from_slice(inner);
    }
}
