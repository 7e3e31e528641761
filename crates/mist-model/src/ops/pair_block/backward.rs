//! The gradients of the block, on one task.

use super::elementwise::{add, gate_backward, pair_gelu, pair_gelu_backward};
use super::forward::{TILE, Values};
use super::packed::{fold, row_sums_backward, unfold};
use super::parts::{Parts, Transposed};
use crate::ops::dense::{affine, back, weight_gradient};
use crate::ops::norm::{rms_backward, rms_forward};
use crate::ops::triangle::product;

/// Gradients of one task and the transposed weights.
pub(super) struct Backward<'a> {
    w: Parts<&'a [f32]>,
    /// Whether the parameters have a gradient.
    needs_w: bool,
    transposed: Transposed,
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
    pub(super) fn new(w: Parts<&'a [f32]>, v: &Values, needs_w: bool) -> Self {
        let Values { d, e, h, .. } = *v;
        let packed = || vec![0f32; v.input.len()];
        Self {
            transposed: Transposed::new(&w),
            w,
            needs_w,
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
    /// result. Of parameters without a gradient what is in `dw` means nothing.
    pub(super) fn task(
        &mut self,
        v: &mut Values,
        full: &[f32],
        root: f32,
        grad: &[f32],
        dw: &mut Parts<&mut [f32]>,
        dfull: &mut [f32],
    ) {
        let Values { d, e, h, .. } = *v;
        let needs_w = self.needs_w;
        let weight_gradient = |to: (&mut [f32], &mut [f32]), x: &[f32], g: &[f32]| {
            if needs_w {
                weight_gradient(to, x, g);
            }
        };
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
            affine(x, self.w.mlp1.weight, self.w.mlp1.bias, u);
            du.copy_from_slice(u);
            pair_gelu(du, cells, &v.by_row, &v.by_col, h);
            weight_gradient(dw.mlp2.pair(), du, g);
            back(du, g, &self.transposed.mlp2, (e, h));
            let rows = (&v.by_row[..], &v.by_col[..]);
            pair_gelu_backward(u, du, cells, rows, &mut self.by_row, &mut self.by_col, h);
            weight_gradient(dw.mlp1.pair(), x, u);
            back(&mut self.dx[range], u, &self.transposed.mlp1, (h, e));
        }
        let mut no_bias = vec![0f32; h];
        weight_gradient((&mut *dw.row, &mut no_bias[..]), &v.row, &self.by_row);
        weight_gradient((&mut *dw.col, &mut no_bias[..]), &v.row, &self.by_col);
        back(&mut self.drow, &self.by_row, &self.transposed.row, (h, e));
        let mut by_col = vec![0f32; d * e];
        back(&mut by_col, &self.by_col, &self.transposed.col, (h, e));
        add(&mut self.drow, &by_col);
        row_sums_backward(&mut self.dx, &self.drow, &v.cells, e, 1.0 / root);
        rms_backward(&v.middle, self.w.norm2, &self.dx, &mut self.a, dw.norm2);
        add(&mut self.de, &self.a);

        // The triangle update: `a` becomes the gradient of the gated product, then that of the gate.
        weight_gradient(dw.out.pair(), &v.gated, &self.de);
        back(&mut self.a, &self.de, &self.transposed.out, (e, e));
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
            rms_forward(input, self.w.norm1, x);
            let dx = &mut self.dx[range.clone()];
            dx.fill(0.0);
            for (layer, transposed, g) in [
                (&mut dw.left, &self.transposed.left, &self.a),
                (&mut dw.right, &self.transposed.right, &self.b),
                (&mut dw.gate, &self.transposed.gate, &v.gate),
            ] {
                let g = &g[range.clone()];
                weight_gradient(layer.pair(), x, g);
                let part = &mut self.wide[..input.len()];
                back(part, g, transposed, (e, e));
                add(dx, part);
            }
        }
        rms_backward(&v.input, self.w.norm1, &self.dx, &mut self.a, dw.norm1);
        add(&mut self.de, &self.a);
        unfold(&self.de, dfull, (d, e), 0.5, 1.0);
    }
}
