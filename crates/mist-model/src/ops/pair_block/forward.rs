//! The block forward, on one task.

use super::elementwise::{add, apply_gate, pair_gelu};
use super::packed::{fold, for_pairs, pack, row_sums, unfold};
use super::parts::Parts;
use crate::ops::dense::affine;
use crate::ops::norm::rms_forward;
use crate::ops::triangle::product;

/// Pairs in a tile, whose intermediate values stay in cache.
pub(super) const TILE: usize = 256;

/// Values of one task that outlive a tile: packed (T, ·) unless they say otherwise.
pub(super) struct Values {
    pub(super) d: usize,
    pub(super) e: usize,
    pub(super) h: usize,
    pub(super) cells: Vec<(u32, u32)>,
    pub(super) input: Vec<f32>,
    /// Factors of the product and the product, all pairs.
    pub(super) left: Vec<f32>,
    pub(super) right: Vec<f32>,
    pub(super) product: Vec<f32>,
    /// The product symmetrised and scaled, its gate after the sigmoid, and the two multiplied.
    pub(super) half: Vec<f32>,
    pub(super) gate: Vec<f32>,
    pub(super) gated: Vec<f32>,
    /// After the triangle update, and normalised.
    pub(super) middle: Vec<f32>,
    pub(super) x2: Vec<f32>,
    /// Sums over rows (D, E) and what the first layer makes of them (D, H).
    pub(super) row: Vec<f32>,
    pub(super) by_row: Vec<f32>,
    pub(super) by_col: Vec<f32>,
    /// One tile wide.
    pub(super) tile: Vec<f32>,
    pub(super) wide: Vec<f32>,
}

impl Values {
    pub(super) fn new(d: usize, e: usize, h: usize) -> Self {
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
    pub(super) fn first_half(&mut self, full: &[f32], root: f32, w: &Parts<&[f32]>) {
        let Self { d, e, h, .. } = *self;
        pack(full, &mut self.input, d, e);
        // The packed factors pass through buffers that are not in use yet.
        for (k, input) in self.input.chunks(TILE * e).enumerate() {
            let at = k * TILE * e;
            let x = &mut self.tile[..input.len()];
            rms_forward(input, w.norm1, x);
            for (layer, y) in [(w.left, &mut self.middle), (w.right, &mut self.x2), (w.gate, &mut self.gate)] {
                affine(x, layer.weight, layer.bias, &mut y[at..at + input.len()]);
            }
        }
        unfold(&self.middle, &mut self.left, (d, e), 1.0, 1.0);
        unfold(&self.x2, &mut self.right, (d, e), 1.0, 1.0);
        product(&self.left, (d, 1), &self.right, (d, 1), &mut self.product, d, e);
        fold(&self.product, &mut self.half, (d, e), 0.5 / root, 1.0 / root);
        apply_gate(&self.half, &mut self.gate, &mut self.gated);
        affine(&self.gated, w.out.weight, w.out.bias, &mut self.middle);
        add(&mut self.middle, &self.input);
        rms_forward(&self.middle, w.norm2, &mut self.x2);
        row_sums(&self.x2, &mut self.row, &self.cells, e, 1.0 / root);
        let zero = vec![0f32; h];
        affine(&self.row, w.row, &zero, &mut self.by_row);
        affine(&self.row, w.col, &zero, &mut self.by_col);
    }

    /// The network on pairs and the result (D, D, E).
    pub(super) fn second_half(&mut self, w: &Parts<&[f32]>, out: &mut [f32]) {
        let Self { d, e, h, .. } = *self;
        for (k, cells) in self.cells.chunks(TILE).enumerate() {
            let range = k * TILE * e..(k * TILE + cells.len()) * e;
            let u = &mut self.wide[..cells.len() * h];
            affine(&self.x2[range.clone()], w.mlp1.weight, w.mlp1.bias, u);
            pair_gelu(u, cells, &self.by_row, &self.by_col, h);
            let m = &mut self.tile[..range.len()];
            affine(u, w.mlp2.weight, w.mlp2.bias, m);
            add(&mut self.middle[range], m);
        }
        unfold(&self.middle, out, (d, e), 1.0, 1.0);
    }
}
