//! Values of pairs i ≤ j, packed, and of all pairs.

use multiversion::multiversion;

/// Calls `f` with the packed place and the two columns of every pair i ≤ j.
#[inline(always)]
pub(super) fn for_pairs(d: usize, mut f: impl FnMut(usize, usize, usize)) {
    let mut p = 0;
    for i in 0..d {
        for j in i..d {
            f(p, i, j);
            p += 1;
        }
    }
}

/// Values of pairs i ≤ j out of all pairs.
pub(super) fn pack(full: &[f32], packed: &mut [f32], d: usize, e: usize) {
    for_pairs(d, |p, i, j| packed[p * e..][..e].copy_from_slice(&full[(i * d + j) * e..][..e]));
}

/// `scale·(f_ij + f_ji)` for i < j and `diagonal·f_ii`.
#[multiversion(targets("x86_64+avx512f+avx512vl+fma", "x86_64+avx2+fma"))]
pub(super) fn fold(full: &[f32], packed: &mut [f32], (d, e): (usize, usize), scale: f32, diagonal: f32) {
    for_pairs(d, |p, i, j| {
        let (a, b) = (&full[(i * d + j) * e..][..e], &full[(j * d + i) * e..][..e]);
        let scale = if i == j { 0.5 * diagonal } else { scale };
        for (c, v) in packed[p * e..][..e].iter_mut().enumerate() {
            *v = scale * (a[c] + b[c]);
        }
    });
}

/// All pairs from those i ≤ j: `scale` times the value in both of its places, `diagonal` times it where i = j.
#[multiversion(targets("x86_64+avx512f+avx512vl+fma", "x86_64+avx2+fma"))]
pub(super) fn unfold(packed: &[f32], full: &mut [f32], (d, e): (usize, usize), scale: f32, diagonal: f32) {
    for_pairs(d, |p, i, j| {
        let scale = if i == j { diagonal } else { scale };
        for c in 0..e {
            let v = scale * packed[p * e + c];
            full[(i * d + j) * e + c] = v;
            full[(j * d + i) * e + c] = v;
        }
    });
}

/// `row_i = scale · Σ_j x_ij` over all j, from packed values.
#[multiversion(targets("x86_64+avx512f+avx512vl+fma", "x86_64+avx2+fma"))]
pub(super) fn row_sums(x: &[f32], row: &mut [f32], cells: &[(u32, u32)], e: usize, scale: f32) {
    row.fill(0.0);
    for (x, &(i, j)) in x.chunks_exact(e).zip(cells) {
        for c in 0..e {
            row[i as usize * e + c] += x[c];
        }
        if i != j {
            for c in 0..e {
                row[j as usize * e + c] += x[c];
            }
        }
    }
    row.iter_mut().for_each(|v| *v *= scale);
}

/// The transpose of [`row_sums`], added to `dx`.
#[multiversion(targets("x86_64+avx512f+avx512vl+fma", "x86_64+avx2+fma"))]
pub(super) fn row_sums_backward(dx: &mut [f32], drow: &[f32], cells: &[(u32, u32)], e: usize, scale: f32) {
    for (dx, &(i, j)) in dx.chunks_exact_mut(e).zip(cells) {
        let (a, b) = (&drow[i as usize * e..][..e], &drow[j as usize * e..][..e]);
        let scale = if i == j { 0.5 * scale } else { scale };
        for c in 0..e {
            dx[c] += scale * (a[c] + b[c]);
        }
    }
}

/// The pairs of the first `columns` of `d` columns.
pub(super) fn crop(full: &[f32], inner: &mut Vec<f32>, (d, columns, e): (usize, usize, usize)) {
    inner.clear();
    for row in full.chunks_exact(d * e).take(columns) {
        inner.extend_from_slice(&row[..columns * e]);
    }
}

/// Writes them back to where they were.
pub(super) fn uncrop(inner: &[f32], full: &mut [f32], (d, columns, e): (usize, usize, usize)) {
    for (row, inner) in full.chunks_exact_mut(d * e).zip(inner.chunks_exact(columns * e)) {
        row[..columns * e].copy_from_slice(inner);
    }
}
