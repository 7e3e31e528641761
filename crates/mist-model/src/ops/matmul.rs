//! Matrix products of the sizes that the network has: one side tall, the others a few dozen.
//!
//! A general GEMM spends most of its time on packing there; this one keeps a block of the result in registers and
//! reads both operands where they lie.

use multiversion::multiversion;

/// A matrix view: element (i, j) at `i·row + j·col`.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub values: &'a [f32],
    pub row: usize,
    pub col: usize,
}

/// What a product is added to.
#[derive(Clone, Copy)]
enum Onto<'a> {
    /// What is there.
    There,
    /// This row (n), in place of what is there.
    Row(&'a [f32]),
}

/// `c += a·b`, with `c` (m × n) and `b` (k × n) contiguous.
///
/// # Panics
/// If a view or a slice is too short for its shape.
#[multiversion(targets("x86_64+avx512f+avx512vl+fma", "x86_64+avx2+fma"))]
pub(super) fn add_product(c: &mut [f32], a: View, b: &[f32], shape: (usize, usize, usize)) {
    all_rows(c, a, b, Onto::There, shape);
}

/// `c = row + a·b`, the row (n) added to every row; the others as in [`add_product`].
///
/// # Panics
/// If a view or a slice is too short for its shape; with k of 0.
#[multiversion(targets("x86_64+avx512f+avx512vl+fma", "x86_64+avx2+fma"))]
pub(super) fn row_plus_product(c: &mut [f32], row: &[f32], a: View, b: &[f32], shape: (usize, usize, usize)) {
    assert!(row.len() >= shape.1 && shape.2 > 0);
    all_rows(c, a, b, Onto::Row(row), shape);
}

#[inline(always)]
fn all_rows(c: &mut [f32], a: View, b: &[f32], onto: Onto, (m, n, k): (usize, usize, usize)) {
    if m == 0 || n == 0 || k == 0 {
        return;
    }
    assert!(c.len() >= m * n && b.len() >= k * n);
    assert!(a.values.len() > (m - 1) * a.row + (k - 1) * a.col);
    let mut i = 0;
    while i < m {
        // SAFETY: the assertions bound every index that a block of rows i..i + R, i + R ≤ m, can form.
        unsafe {
            if m - i >= 8 {
                rows::<8>(c, a, b, onto, i, n, k);
                i += 8;
            } else if m - i >= 4 {
                rows::<4>(c, a, b, onto, i, n, k);
                i += 4;
            } else {
                rows::<1>(c, a, b, onto, i, n, k);
                i += 1;
            }
        }
    }
}

/// # Safety
/// `i + R ≤ m`, and the shapes are those that [`all_rows`] asserts, a row of `onto` at least n long.
#[inline(always)]
unsafe fn rows<const R: usize>(c: &mut [f32], a: View, b: &[f32], onto: Onto, i: usize, n: usize, k: usize) {
    let mut j = 0;
    while j < n {
        // SAFETY: j + L ≤ n; the rest is the caller's.
        unsafe {
            if n - j >= 32 {
                block::<R, 32>(c, a, b, onto, (i, j), n, k);
                j += 32;
            } else if n - j >= 16 {
                block::<R, 16>(c, a, b, onto, (i, j), n, k);
                j += 16;
            } else if n - j >= 8 {
                block::<R, 8>(c, a, b, onto, (i, j), n, k);
                j += 8;
            } else if n - j >= 4 {
                block::<R, 4>(c, a, b, onto, (i, j), n, k);
                j += 4;
            } else {
                block::<R, 1>(c, a, b, onto, (i, j), n, k);
                j += 1;
            }
        }
    }
}

/// # Safety
/// Rows i..i + R and columns j..j + L lie inside the matrices, and those columns inside a row of `onto`.
#[inline(always)]
unsafe fn block<const R: usize, const L: usize>(
    c: &mut [f32],
    a: View,
    b: &[f32],
    onto: Onto,
    (i, j): (usize, usize),
    n: usize,
    k: usize,
) {
    let mut acc = [[0f32; L]; R];
    for p in 0..k {
        // SAFETY: p < k and j + L ≤ n, so the block ends at or before k·n.
        let bv: &[f32; L] = unsafe { &*b.as_ptr().add(p * n + j).cast() };
        for (r, acc) in acc.iter_mut().enumerate() {
            // SAFETY: i + r < m and p < k.
            let av = unsafe { *a.values.get_unchecked((i + r) * a.row + p * a.col) };
            for l in 0..L {
                acc[l] = av.mul_add(bv[l], acc[l]);
            }
        }
    }
    for (r, acc) in acc.iter().enumerate() {
        // SAFETY: (i + r)·n + j + L ≤ m·n.
        let cv: &mut [f32; L] = unsafe { &mut *c.as_mut_ptr().add((i + r) * n + j).cast() };
        let onto: &[f32; L] = match onto {
            Onto::There => cv,
            // SAFETY: j + L ≤ n.
            Onto::Row(row) => unsafe { &*row.as_ptr().add(j).cast() },
        };
        let sum: [f32; L] = std::array::from_fn(|l| onto[l] + acc[l]);
        *cv = sum;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_definition_at_every_edge() {
        let value = |i: usize| ((i * 7919) % 23) as f32 - 11.0;
        for (m, n, k) in [(1, 1, 1), (9, 33, 5), (13, 61, 7), (8, 32, 4), (3, 12, 40), (17, 7, 2), (0, 3, 3)] {
            let a: Vec<f32> = (0..m * k).map(value).collect();
            let b: Vec<f32> = (0..k * n).map(|i| value(i + 5)).collect();
            for (row, col) in [(k, 1), (1, m)] {
                let mut c = vec![1f32; m * n];
                add_product(&mut c, View { values: &a, row, col }, &b, (m, n, k));
                let mut again = vec![f32::NAN; m * n];
                row_plus_product(&mut again, &vec![1.0; n], View { values: &a, row, col }, &b, (m, n, k));
                assert_eq!(c, again, "{m} {n} {k}");
                for i in 0..m {
                    for j in 0..n {
                        let want: f32 = (0..k).map(|p| a[i * row + p * col] * b[p * n + j]).sum();
                        assert_eq!(c[i * n + j], want + 1.0, "{m} {n} {k} at {i} {j}");
                    }
                }
            }
        }
    }
}
