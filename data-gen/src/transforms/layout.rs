//! The order and the signs of the columns of one side: what a reader of a table sees, and what no MI
//! depends on.

use nalgebra::DMatrix;
use rand::{Rng, seq::SliceRandom};

/// A permutation of the columns and a sign for each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// Column j of the output is column `order[j]` of the input.
    pub order: Vec<usize>,
    /// Whether column j of the output is negated.
    pub negate: Vec<bool>,
}

impl Layout {
    /// Draws a layout; what is not asked for stays as it is.
    pub fn draw<R: Rng + ?Sized>(dim: usize, permute: bool, flip: bool, rng: &mut R) -> Self {
        let mut order: Vec<usize> = (0..dim).collect();
        if permute {
            order.shuffle(rng);
        }
        let negate = (0..dim).map(|_| flip && rng.random()).collect();
        Self { order, negate }
    }

    /// Applies the layout.
    #[must_use]
    pub fn apply(&self, columns: DMatrix<f64>) -> DMatrix<f64> {
        let in_order = self.order.iter().enumerate().all(|(j, &from)| j == from);
        let mut out = if in_order {
            columns
        } else {
            let mut data = Vec::with_capacity(columns.len());
            for &from in &self.order {
                data.extend_from_slice(columns.column(from).as_slice());
            }
            DMatrix::from_vec(columns.nrows(), columns.ncols(), data)
        };
        for (mut column, _) in out.column_iter_mut().zip(&self.negate).filter(|&(_, &negate)| negate) {
            column.neg_mut();
        }
        out
    }
}
