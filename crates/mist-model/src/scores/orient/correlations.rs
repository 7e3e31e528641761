//! Rank correlations, the first class of statistics.

use super::super::{Ranks, each_column};
use super::parity::Signs;
use super::strength::Strength;
use super::{Statistic, accept, accept_level};
use multiversion::multiversion;
use std::cell::OnceCell;
use std::cmp::Reverse;

/// Paths are counted up to this many columns: their cost grows with the cube.
const PATH_COLUMNS: usize = 400;

/// Dot products u_i·u_j of all pairs of columns.
pub(super) struct Dots {
    d: usize,
    /// d × d.
    values: Vec<i128>,
}

impl Dots {
    pub(super) fn new(columns: &[Ranks]) -> Self {
        let d = columns.len();
        let mut values = vec![0; d * d];
        let row = |i: usize| -> Vec<i128> { (i..d).map(|j| dot(&columns[i].centred, &columns[j].centred)).collect() };
        let n = columns.first().map_or(0, |column| column.centred.len());
        for (i, row) in each_column(n, d, row).into_iter().enumerate() {
            for (j, value) in (i..d).zip(row) {
                values[i * d + j] = value;
                values[j * d + i] = value;
            }
        }
        Self { d, values }
    }

    pub(super) fn of(&self, i: usize, j: usize) -> i128 {
        self.values[i * self.d + j]
    }

    /// Matrix product. Overflow wraps: with some 10⁴ rows and more the order of ties is arbitrary, but no less fixed.
    fn times(&self, other: &Self) -> Self {
        let d = self.d;
        let sum = |i, j| (0..d).fold(0i128, |s, k| s.wrapping_add(self.of(i, k).wrapping_mul(other.of(k, j))));
        Self { d, values: (0..d * d).map(|at| sum(at / d, at % d)).collect() }
    }
}

/// Class 1. The strength is the size of the correlation.
///
/// Of equal correlations that contradict each other, those go first that more is to be said for: s (D²)_ij with s the
/// sign of the correlation and D the matrix of dot products is the sum over paths of two links, positive where a path
/// agrees with the link; and then (D³)_ij. A flip changes the signs of both factors.
pub(super) fn class(dots: &Dots, signs: &mut Signs) {
    let d = dots.d;
    // Norms must fit 64 bits, and no dot product is larger than the largest of them.
    let largest = (0..d).map(|j| dots.of(j, j)).max().unwrap_or(0);
    let shift = (128 - largest.leading_zeros()).saturating_sub(64);
    let size = |i, j| (dots.of(i, j).unsigned_abs() >> shift) as u64;
    let mut statistics = Vec::with_capacity(d * d.saturating_sub(1) / 2);
    for j in 0..d {
        for i in (0..j).filter(|i| size(*i, j) > 0) {
            let strength = Strength::new(size(i, j), [size(i, i), size(j, j)]);
            statistics.push(Statistic { strength, columns: [i, j], negative: dots.of(i, j) < 0 });
        }
    }
    // Without a column whose sign is known, pairs never settle the sign of the whole.
    let varying = (0..d).filter(|j| size(*j, *j) > 0).count();
    let anchored = signs.unknown < varying;
    let paths = OnceCell::new();
    accept(signs, statistics, usize::from(!anchored), |signs, mut level| {
        if d > PATH_COLUMNS {
            return;
        }
        let (two, three) = paths.get_or_init(|| {
            let two = dots.times(dots);
            let three = two.times(dots);
            (two, three)
        });
        let support = |s: &Statistic<2, Strength>| {
            let [i, j] = s.columns;
            [two.of(i, j), three.of(i, j)].map(|v| Reverse(if s.negative { v.wrapping_neg() } else { v }))
        };
        level.sort_by_cached_key(support);
        for equal in level.chunk_by(|a, b| support(a) == support(b)) {
            accept_level(signs, equal);
        }
    });
}

/// a·b for vectors of integers below their length, exactly: in blocks of rows whose sums stay below 2^53.
pub(super) fn dot(a: &[f64], b: &[f64]) -> i128 {
    let n = a.len();
    if n <= 208_000 {
        return i128::from(block_dot(a, b) as i64);
    }
    let block = ((1usize << 53) / n.saturating_mul(n)).max(1);
    a.chunks(block).zip(b.chunks(block)).map(|(a, b)| i128::from(block_dot(a, b) as i64)).sum()
}

/// Dot product in eight lanes; exact, so the order of summation does not matter.
#[multiversion(targets("x86_64+avx512f+avx512vl+fma", "x86_64+avx2+fma"))]
pub(super) fn block_dot(a: &[f64], b: &[f64]) -> f64 {
    let mut lanes = [0f64; 8];
    let (ca, cb) = (a.chunks_exact(8), b.chunks_exact(8));
    let tail: f64 = ca.remainder().iter().zip(cb.remainder()).map(|(x, y)| x * y).sum();
    for (x, y) in ca.zip(cb) {
        for l in 0..8 {
            lanes[l] += x[l] * y[l];
        }
    }
    lanes.iter().sum::<f64>() + tail
}
