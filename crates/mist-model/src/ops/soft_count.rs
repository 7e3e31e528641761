//! Smoothed counts of neighbours: how many rows lie within a radius, as a function with a gradient.

use super::soft_rank::{columns, kernel, step, step_of};
use super::{fused, slice, with_values};
use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor};
use multiversion::multiversion;

/// Groups of radii: on both sides together, on X, on Y.
pub const PLACES: usize = 3;

/// For every row r and radius ρ, `Σ_s κ((ρ − d(r, s)) / (softness · ρ))`: rows within ρ, r itself included as 1, where those
/// near the radius count in part. κ is the step of [`soft_ranks`](super::soft_ranks), d the maximum norm over the columns of
/// a side, and on both sides together the larger of the two.
///
/// Where several columns are equally far they share the gradient; between equal values it is 0.
///
/// # Shapes
/// `z` (N, D), the first `dim_x` columns those of X; `radii` (N, 3, K), above 0 and without a gradient: for both sides, for X,
/// for Y; `softness` in (0, 1] → (N, 3, K).
///
/// # Errors
/// Shapes that do not fit.
pub fn soft_counts(z: &Tensor, dim_x: usize, radii: &Tensor, softness: f64) -> Result<Tensor> {
    let ((n, d), (rows, places, _)) = (z.dims2()?, radii.dims3()?);
    if rows != n || places != PLACES || !(1..d).contains(&dim_x) {
        candle_core::bail!("soft_counts: scores {:?}, {dim_x} of X, do not fit radii {:?}", z.dims(), radii.dims());
    }
    let radii = radii.detach();
    if fused(z) {
        let op = SoftCounts { dim_x, softness: softness as f32 };
        return z.contiguous()?.apply_op2(&radii.contiguous()?, op);
    }
    let far = |columns: std::ops::Range<usize>| -> Result<Tensor> {
        let apart = |j: usize| {
            let column = z.narrow(1, j, 1)?;
            let difference = column.broadcast_sub(&column.t()?)?;
            // Not `abs`, whose gradient at 0 is 1.
            &difference * difference.detach().sign()?
        };
        let mut distance = apart(columns.start)?;
        for j in columns.skip(1) {
            distance = distance.maximum(&apart(j)?)?;
        }
        Ok(distance)
    };
    let (x, y) = (far(0..dim_x)?, far(dim_x..d)?);
    let both = x.maximum(&y)?;
    let count = |(place, distance): (usize, &Tensor)| -> Result<Tensor> {
        let radii = radii.narrow(1, place, 1)?;
        let t = distance.unsqueeze(2)?.broadcast_div(&radii)?.affine(-1.0 / softness, 1.0 / softness)?;
        step(&t)?.sum(1)
    };
    let counts = [&both, &x, &y].into_iter().enumerate().map(count).collect::<Result<Vec<_>>>()?;
    Tensor::stack(&counts, 1)
}

struct SoftCounts {
    dim_x: usize,
    softness: f32,
}

/// Distances of one row to all others, and gradients in them.
struct Row {
    distance: [Vec<f32>; PLACES],
    grad: [Vec<f32>; PLACES],
    /// How many columns of the side are as far as that.
    farthest: Vec<f32>,
}

impl Row {
    fn new(n: usize) -> Self {
        let of = || [vec![0f32; n], vec![0f32; n], vec![0f32; n]];
        Self { distance: of(), grad: of(), farthest: vec![0f32; n] }
    }
}

/// Fills the distances of row `r`.
#[inline(always)]
fn measure(z: &[f32], (n, dim_x): (usize, usize), r: usize, distance: &mut [Vec<f32>; PLACES]) {
    let [both, x, y] = distance;
    for (side, out) in [(&z[..dim_x * n], &mut *x), (&z[dim_x * n..], &mut *y)] {
        out.fill(0.0);
        for column in side.chunks_exact(n) {
            let at = column[r];
            for (d, v) in out.iter_mut().zip(column) {
                let v = (v - at).abs();
                *d = if v > *d { v } else { *d };
            }
        }
    }
    for ((b, x), y) in both.iter_mut().zip(x.iter()).zip(y.iter()) {
        *b = if *x > *y { *x } else { *y };
    }
}

#[multiversion(targets("x86_64+avx512f+avx512vl+fma", "x86_64+avx2+fma"))]
fn forward(z: &[f32], shape: (usize, usize), softness: f32, radii: &[f32], out: &mut [f32]) {
    let n = shape.0;
    let mut row = Row::new(n);
    let per_row = radii.len() / n;
    for (r, (radii, out)) in radii.chunks_exact(per_row).zip(out.chunks_exact_mut(per_row)).enumerate() {
        measure(z, shape, r, &mut row.distance);
        let places = radii.chunks_exact(per_row / PLACES).zip(out.chunks_exact_mut(per_row / PLACES));
        for (distance, (radii, out)) in row.distance.iter().zip(places) {
            for (radius, out) in radii.iter().zip(out) {
                let scale = 1.0 / (softness * radius);
                *out = distance.iter().map(|d| step_of((radius - d) * scale)).sum();
            }
        }
    }
}

#[multiversion(targets("x86_64+avx512f+avx512vl+fma", "x86_64+avx2+fma"))]
fn backward(z: &[f32], shape: (usize, usize), softness: f32, radii: &[f32], grad: &[f32], dz: &mut [f32]) {
    let (n, dim_x) = shape;
    let mut row = Row::new(n);
    let per_row = radii.len() / n;
    for (r, (radii, grad)) in radii.chunks_exact(per_row).zip(grad.chunks_exact(per_row)).enumerate() {
        measure(z, shape, r, &mut row.distance);
        let places = radii.chunks_exact(per_row / PLACES).zip(grad.chunks_exact(per_row / PLACES));
        for ((distance, (radii, grad)), out) in row.distance.iter().zip(places).zip(&mut row.grad) {
            out.fill(0.0);
            for (radius, g) in radii.iter().zip(grad) {
                let scale = 1.0 / (softness * radius);
                let g = g * scale;
                for (out, d) in out.iter_mut().zip(distance) {
                    *out -= g * kernel((radius - d) * scale);
                }
            }
        }
        let ([both, gx, gy], [_, dx, dy]) = (&mut row.grad, &row.distance);
        for s in 0..n {
            let to_x = if dx[s] > dy[s] {
                1.0
            } else if dx[s] < dy[s] {
                0.0
            } else {
                0.5
            };
            gx[s] += to_x * both[s];
            gy[s] += (1.0 - to_x) * both[s];
        }
        let (of_x, of_y) = dz.split_at_mut(dim_x * n);
        for (z, dz, distance, grad) in [(&z[..dim_x * n], of_x, dx, gx), (&z[dim_x * n..], of_y, dy, gy)] {
            row.farthest.fill(0.0);
            for column in z.chunks_exact(n) {
                let at = column[r];
                for ((count, v), d) in row.farthest.iter_mut().zip(column).zip(distance) {
                    *count += if (v - at).abs() == *d { 1.0 } else { 0.0 };
                }
            }
            for (g, count) in grad.iter_mut().zip(&row.farthest) {
                *g /= count;
            }
            for (column, dz) in z.chunks_exact(n).zip(dz.chunks_exact_mut(n)) {
                let at = column[r];
                let mut own = 0.0;
                for (((v, d), g), dz) in column.iter().zip(distance).zip(grad.iter()).zip(dz.iter_mut()) {
                    let difference = v - at;
                    let sign = if difference > 0.0 { 1.0 } else { -1.0 };
                    let g = if difference.abs() == *d && difference != 0.0 { sign * g } else { 0.0 };
                    *dz += g;
                    own += g;
                }
                dz[r] -= own;
            }
        }
    }
}

impl CustomOp2 for SoftCounts {
    fn name(&self) -> &'static str {
        "soft_counts"
    }

    fn cpu_fwd(&self, s1: &CpuStorage, l1: &Layout, s2: &CpuStorage, l2: &Layout) -> Result<(CpuStorage, Shape)> {
        let (n, d) = l1.shape().dims2()?;
        let (z, radii) = (columns(slice(s1, l1)?, d), slice(s2, l2)?);
        let mut out = vec![0f32; radii.len()];
        forward(&z, (n, self.dim_x), self.softness, radii, &mut out);
        Ok((CpuStorage::F32(out), l2.shape().clone()))
    }

    fn bwd(&self, z: &Tensor, radii: &Tensor, _: &Tensor, grad: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let (n, d) = z.dims2()?;
        let mut dz = vec![0f32; n * d];
        with_values([z, radii, grad], |[z, radii, grad]| {
            backward(&columns(z, d), (n, self.dim_x), self.softness, radii, grad, &mut dz);
        })?;
        Ok((Some(Tensor::from_vec(columns(&dz, n), z.shape(), z.device())?), None))
    }
}
