//! Principal components.

use super::{Axes, blocks};
use crate::Embeddings;
use nalgebra::{DMatrix, DVector, SymmetricEigen};

/// Components with less than this share of the largest one's variance are rounding: embeddings have seven digits.
const LEAST_SHARE: f64 = 1e-10;

/// The leading principal axes, scaled so that each component has variance 1; its loading that is largest in size is
/// positive.
pub(super) fn axes(rows: &Embeddings, mean: &DVector<f64>, columns: usize) -> Axes {
    let (n, d) = (rows.rows(), rows.columns());
    // Of few rows the products between rows are the smaller matrix, with the same eigenvalues.
    let found = if n < d { of_rows(rows, mean) } else { of_columns(rows, mean) };
    let mut order: Vec<usize> = (0..found.eigenvalues.len()).collect();
    order.sort_by(|a, b| found.eigenvalues[*b].total_cmp(&found.eigenvalues[*a]));
    let largest = order.first().map_or(0.0, |first| found.eigenvalues[*first]);
    order.retain(|i| largest > 0.0 && found.eigenvalues[*i] > LEAST_SHARE * largest);
    order.truncate(columns);

    let mut vectors = DMatrix::zeros(d, order.len());
    for (to, from) in order.iter().enumerate() {
        let mut vector = match n < d {
            false => found.eigenvectors.column(*from).into_owned(),
            true => loadings(rows, mean, &found.eigenvectors.column(*from).into_owned()),
        };
        let sign = vector[vector.iamax()].signum();
        vector *= sign / vector.norm();
        vectors.set_column(to, &vector);
    }
    let scales = order.iter().map(|i| found.eigenvalues[*i].sqrt().recip()).collect();
    Axes { vectors, scales }
}

/// Eigenvalues of the covariance of the columns.
fn of_columns(rows: &Embeddings, mean: &DVector<f64>) -> SymmetricEigen<f64, nalgebra::Dyn> {
    let mut products = DMatrix::zeros(rows.columns(), rows.columns());
    for block in blocks(rows, mean) {
        products.gemm_tr(1.0, &block, &block, 1.0);
    }
    SymmetricEigen::new(products / rows.rows() as f64)
}

/// Eigenvalues of the products between rows.
fn of_rows(rows: &Embeddings, mean: &DVector<f64>) -> SymmetricEigen<f64, nalgebra::Dyn> {
    let all: Vec<DMatrix<f64>> = blocks(rows, mean).collect();
    let mut products = DMatrix::zeros(rows.rows(), rows.rows());
    let mut top = 0;
    for a in &all {
        let mut left = 0;
        for b in &all {
            products.view_mut((top, left), (a.nrows(), b.nrows())).copy_from(&(a * b.transpose()));
            left += b.nrows();
        }
        top += a.nrows();
    }
    SymmetricEigen::new(products / rows.rows() as f64)
}

/// The axis of the columns that belongs to an eigenvector of the products between rows.
fn loadings(rows: &Embeddings, mean: &DVector<f64>, of_rows: &DVector<f64>) -> DVector<f64> {
    let mut axis = DVector::zeros(rows.columns());
    let mut start = 0;
    for block in blocks(rows, mean) {
        axis.gemv_tr(1.0, &block, &of_rows.rows(start, block.nrows()), 1.0);
        start += block.nrows();
    }
    axis
}
