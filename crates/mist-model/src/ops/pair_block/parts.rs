//! The parameters of a block by name, in one flat buffer.

use super::PairLayers;
use candle_core::{Result, Tensor};

/// Weight and bias.
#[derive(Clone, Copy)]
pub(super) struct Layer<T> {
    pub(super) weight: T,
    pub(super) bias: T,
}

impl<T> Layer<T> {
    fn new(rows: usize, columns: usize, part: &mut impl FnMut(usize, usize) -> T) -> Self {
        Self { weight: part(rows, columns), bias: part(1, columns) }
    }
}

impl Layer<&mut [f32]> {
    pub(super) fn pair(&mut self) -> (&mut [f32], &mut [f32]) {
        (self.weight, self.bias)
    }
}

/// Something for each parameter; [`PairLayers`] says what they are.
#[derive(Clone, Copy)]
pub(super) struct Parts<T> {
    pub(super) norm1: T,
    pub(super) left: Layer<T>,
    pub(super) right: Layer<T>,
    pub(super) gate: Layer<T>,
    pub(super) out: Layer<T>,
    pub(super) norm2: T,
    pub(super) mlp1: Layer<T>,
    pub(super) row: T,
    pub(super) col: T,
    pub(super) mlp2: Layer<T>,
}

impl<T> Parts<T> {
    /// One for each parameter from its number of rows and of columns, in the order of the flat buffer: the table of
    /// what lies where.
    fn each((e, h): (usize, usize), mut part: impl FnMut(usize, usize) -> T) -> Self {
        Self {
            norm1: part(1, e),
            left: Layer::new(e, e, &mut part),
            right: Layer::new(e, e, &mut part),
            gate: Layer::new(e, e, &mut part),
            out: Layer::new(e, e, &mut part),
            norm2: part(1, e),
            mlp1: Layer::new(e, h, &mut part),
            row: part(e, h),
            col: part(e, h),
            mlp2: Layer::new(h, e, &mut part),
        }
    }
}

/// The parameters one after the other.
pub(super) fn flat(layers: &PairLayers) -> Result<Tensor> {
    let PairLayers { norm1, left, right, gate, out, norm2, mlp1, mlp1_row, mlp1_col, mlp2 } = *layers;
    let all = [
        norm1, left.0, left.1, right.0, right.1, gate.0, gate.1, out.0, out.1, norm2, mlp1.0, mlp1.1, mlp1_row,
        mlp1_col, mlp2.0, mlp2.1,
    ];
    let flat: Vec<Tensor> = all.iter().map(|t| t.flatten_all()).collect::<Result<_>>()?;
    Tensor::cat(&flat, 0)
}

/// The parameters in a flat buffer, with E channels and H hidden values.
pub(super) fn split(mut flat: &[f32], sizes: (usize, usize)) -> Parts<&[f32]> {
    Parts::each(sizes, |rows, columns| {
        let (part, rest) = flat.split_at(rows * columns);
        flat = rest;
        part
    })
}

/// The same of a buffer that is written to.
pub(super) fn split_mut(mut flat: &mut [f32], sizes: (usize, usize)) -> Parts<&mut [f32]> {
    Parts::each(sizes, |rows, columns| {
        let (part, rest) = std::mem::take(&mut flat).split_at_mut(rows * columns);
        flat = rest;
        part
    })
}

/// The weights transposed.
pub(super) struct Transposed {
    pub(super) left: Vec<f32>,
    pub(super) right: Vec<f32>,
    pub(super) gate: Vec<f32>,
    pub(super) out: Vec<f32>,
    pub(super) mlp1: Vec<f32>,
    pub(super) row: Vec<f32>,
    pub(super) col: Vec<f32>,
    pub(super) mlp2: Vec<f32>,
}

impl Transposed {
    pub(super) fn new(w: &Parts<&[f32]>) -> Self {
        let transposed = |weight: &[f32], columns: usize| -> Vec<f32> {
            let rows = weight.len() / columns;
            (0..columns * rows).map(|i| weight[i % rows * columns + i / rows]).collect()
        };
        let of = |layer: Layer<&[f32]>| transposed(layer.weight, layer.bias.len());
        let h = w.mlp1.bias.len();
        Self {
            left: of(w.left),
            right: of(w.right),
            gate: of(w.gate),
            out: of(w.out),
            mlp1: of(w.mlp1),
            row: transposed(w.row, h),
            col: transposed(w.col, h),
            mlp2: of(w.mlp2),
        }
    }
}
