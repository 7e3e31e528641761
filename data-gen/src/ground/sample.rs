//! Paired rows of the two vectors.

use nalgebra::DMatrix;

/// Which of the two vectors a column belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The first vector.
    X,
    /// The second vector.
    Y,
}

/// n paired rows of X and Y. Matrices are column-major: a column is a contiguous slice.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// n × `dim_x`.
    pub x: DMatrix<f64>,
    /// n × `dim_y`.
    pub y: DMatrix<f64>,
}
