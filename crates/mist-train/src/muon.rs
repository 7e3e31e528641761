//! The orthogonal factor of a matrix, nearly: where Muon moves it.

use candle_core::{Result, Tensor};

/// Steps of the iteration.
const STEPS: usize = 5;
/// Coefficients of X ← aX + b(XXᵀ)X + c(XXᵀ)²X, which takes singular values between 0.001 and 1 to between 0.7 and 1.2.
///
/// Source: Jordan et al. 2024, "Muon: an optimizer for hidden layers in neural networks".
const COEFFICIENTS: (f64, f64, f64) = (3.4445, -4.7750, 2.0315);
/// Root mean square of a step of AdamW, which the step is scaled to.
const RMS: f64 = 0.2;

/// UVᵀ of G = USVᵀ by a Newton–Schulz iteration, times 0.2 √max(rows, columns), so that a weight moves by 0.2 in root
/// mean square.
///
/// # Shapes
/// (R, C) → (R, C).
///
/// # Errors
/// A device that failed.
pub(crate) fn orthogonal(g: &Tensor) -> Result<Tensor> {
    let (rows, columns) = g.dims2()?;
    let tall = rows > columns;
    let mut x = if tall { g.t()?.contiguous()? } else { g.clone() };
    let norm = (x.sqr()?.sum_all()?.sqrt()? + 1e-12)?;
    x = x.broadcast_div(&norm)?;
    let (a, b, c) = COEFFICIENTS;
    for _ in 0..STEPS {
        let square = x.matmul(&x.t()?)?;
        let polynomial = ((&square * b)? + (square.matmul(&square)? * c)?)?;
        x = ((&x * a)? + polynomial.matmul(&x)?)?;
    }
    let x = if tall { x.t()?.contiguous()? } else { x };
    x * (RMS * (rows.max(columns) as f64).sqrt())
}
