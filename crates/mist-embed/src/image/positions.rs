//! Positions of a grid of patches, for a grid of another size.

use candle_core::{Device, Result, Tensor};

/// PyTorch's bicubic kernel has this parameter, Pillow's −0.5.
const A: f64 = -0.75;

/// Interpolates the positions of a square grid, behind the one of the first token, as PyTorch's
/// `interpolate(mode="bicubic", align_corners=False)` does.
///
/// # Shapes
/// `(1, 1 + from², columns)` to `(1, 1 + to², columns)`.
pub(super) fn resample(positions: &Tensor, from: usize, to: usize, device: &Device) -> Result<Tensor> {
    let columns = positions.dim(2)?;
    if positions.dim(1)? != 1 + from * from {
        candle_core::bail!("{} positions, expected 1 + {from} × {from}", positions.dim(1)?);
    }
    let weights = Tensor::from_vec(weights(from, to), (to, from), device)?;
    let grid = positions.narrow(1, 1, from * from)?.contiguous()?;
    // Along the rows of the grid, then along its columns.
    let rows = weights.matmul(&grid.reshape((from, from * columns))?)?;
    let turned = rows.reshape((to, from, columns))?.transpose(0, 1)?.contiguous()?;
    let both = weights.matmul(&turned.reshape((from, to * columns))?)?;
    let grid = both.reshape((to, to, columns))?.transpose(0, 1)?.contiguous()?;
    Tensor::cat(&[positions.narrow(1, 0, 1)?, grid.reshape((1, to * to, columns))?], 1)
}

/// The weight of each of `from` values in each of `to`, row by row; beyond an end its value goes on.
fn weights(from: usize, to: usize) -> Vec<f32> {
    let mut weights = vec![0.0; to * from];
    for target in 0..to {
        let at = (target as f64 + 0.5) * from as f64 / to as f64 - 0.5;
        let first = at.floor() as isize - 1;
        for source in first..first + 4 {
            let kept = source.clamp(0, from as isize - 1) as usize;
            weights[target * from + kept] += kernel(at - source as f64) as f32;
        }
    }
    weights
}

/// The convolution kernel of Keys 1981.
fn kernel(distance: f64) -> f64 {
    let d = distance.abs();
    match d {
        d if d <= 1.0 => ((A + 2.0) * d - (A + 3.0)) * d * d + 1.0,
        d if d < 2.0 => ((A * d - 5.0 * A) * d + 8.0 * A) * d - 4.0 * A,
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_sum_to_one_and_the_same_size_changes_nothing() {
        for (from, to) in [(5, 3), (3, 5), (37, 16), (1, 4)] {
            for row in weights(from, to).chunks(from) {
                assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-6);
            }
        }
        let same = weights(4, 4);
        assert!((0..16).all(|i| same[i] == f32::from(u8::from(i % 5 == 0))));
    }
}
