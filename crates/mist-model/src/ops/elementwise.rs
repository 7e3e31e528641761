//! Functions of single numbers in one pass, where no gradient is asked for.

use super::math::{asinh as asinh_of, sin_cos, tanh};
use super::with_values;
use candle_core::{Result, Tensor};
use multiversion::multiversion;

/// Inputs of the cell network: functions of the score, the tie channel, the indicator channel.
pub const CELL_INPUTS: usize = 8;

/// Inverse hyperbolic sine of each number. For f32 on the CPU, without a gradient ([`lean`](super::lean)).
///
/// # Shapes
/// Any → the same.
///
/// # Errors
/// None on the CPU.
pub fn asinh(x: &Tensor) -> Result<Tensor> {
    let values = with_values([x], |[x]| {
        let mut y = x.to_vec();
        asinh_in_place(&mut y);
        y
    })?;
    Tensor::from_vec(values, x.shape(), x.device())
}

#[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq+fma", "x86_64+avx2+fma"))]
fn asinh_in_place(y: &mut [f32]) {
    for v in y {
        *v = asinh_of(*v);
    }
}

/// What the cell network sees of each cell: z, (z² − 1)/1.4, (z² − 3)z/2.4, tanh 3z, cos 3z, sin 3z, the tie channel, and
/// whether its column is an indicator. For f32 on the CPU, without a gradient ([`lean`](super::lean)).
///
/// # Shapes
/// `z` and `ties` (B, N, D), `indicators` (B, D) → (B, N, D, 8).
///
/// # Errors
/// Shapes that do not fit.
pub fn cell_inputs(z: &Tensor, ties: &Tensor, indicators: &Tensor) -> Result<Tensor> {
    let (b, n, d) = z.dims3()?;
    if ties.dims() != z.dims() || indicators.dims() != [b, d] {
        candle_core::bail!("cell_inputs: scores {:?} do not fit ties {:?}", z.dims(), ties.dims());
    }
    let values = with_values([z, ties, indicators], |[z, ties, indicators]| {
        let mut out = vec![0f32; z.len() * CELL_INPUTS];
        let mut functions = vec![0f32; z.len() * CELL_INPUTS];
        functions_of(z, &mut functions);
        for (task, indicators) in indicators.chunks_exact(d).enumerate() {
            for (cell, indicator) in (task * n * d..(task + 1) * n * d).zip(indicators.iter().cycle()) {
                let out = &mut out[cell * CELL_INPUTS..][..CELL_INPUTS];
                for (f, out) in out[..CELL_INPUTS - 2].iter_mut().enumerate() {
                    *out = functions[f * z.len() + cell];
                }
                (out[CELL_INPUTS - 2], out[CELL_INPUTS - 1]) = (ties[cell], *indicator);
            }
        }
        out
    })?;
    Tensor::from_vec(values, (b, n, d, CELL_INPUTS), z.device())
}

/// Function after function, so that many numbers are computed at a time.
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq+fma", "x86_64+avx2+fma"))]
fn functions_of(z: &[f32], out: &mut [f32]) {
    let n = z.len();
    let (he, rest) = out.split_at_mut(3 * n);
    for (i, z) in z.iter().enumerate() {
        let square = z * z;
        he[i] = *z;
        he[n + i] = square.mul_add(1.0 / 1.4, -1.0 / 1.4);
        he[2 * n + i] = square.mul_add(1.0 / 2.4, -3.0 / 2.4) * z;
    }
    let (tanhs, waves) = rest.split_at_mut(n);
    let (cosines, sines) = waves.split_at_mut(n);
    for (((z, tanh_of), cos), sin) in z.iter().zip(tanhs).zip(cosines).zip(sines) {
        *tanh_of = tanh(3.0 * z);
        (*sin, *cos) = sin_cos(3.0 * z);
    }
}
