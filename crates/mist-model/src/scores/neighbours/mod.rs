//! Nearest neighbours of every row: a noisy pointwise MI that the network learns to smooth.

mod lanes;
mod line;
mod places;

pub use places::{Places, neighbour_places};

use multiversion::multiversion;
use std::collections::{BTreeMap, BTreeSet};

/// Numbers that each order of neighbour gives for a row: see [`neighbour_terms`].
pub const TERMS: usize = 3;

/// Distance of two categories, and the largest distance that counts: beyond any two normal scores.
const APART: f32 = 100.0;
/// Factor on the codes of a category, which takes any difference beyond [`APART`].
const CODE: f32 = 1000.0;
/// Bounds of the first term.
pub(super) const BOUNDS: (f32, f32) = (-6.0, 16.0);
/// Rows that are looked at together.
const LANES: usize = 16;

/// For every row and every k of `orders`, three numbers, from the distances of the row to all others on each side
/// (maximum norm over the columns of the side; on both sides together, the larger of the two):
///
/// 1. ψ(c) + ψ(n) − ψ(c_x) − ψ(c_y), where c, c_x and c_y rows, itself included, lie strictly closer than the row's k-th
///    neighbour on both sides, on X, and on Y. Without ties c is k, and the mean over rows is the estimate of Kraskov et
///    al. Where that distance is 0 the rows *at* distance 0 are counted, which is the plug-in term of discrete data.
///    Bounded to −6 … 16.
/// 2. (ψ(c) − ψ(k)) / 2: 0 without ties; how many rows stand behind the first number.
/// 3. |ψ(c_x) − ψ(c_y)| / 4: how unequal the two sides are at this scale.
///
/// Two rows of different categories lie apart further than any two numbers, by the same distance whatever they are.
///
/// # Shapes
/// `x`, `y`: the columns of each side, n numbers each (normal scores, or categories, whose codes lie 1,000 apart) → n × 3·|orders|, row-major,
/// order after order. Where a row has fewer than k others, the last of them is its k-th neighbour.
///
/// # Source
/// Kraskov, Stögbauer and Grassberger 2004, equation 8; Gao et al. 2017, section 3, for ties at distance 0.
///
/// # Panics
/// Without columns on a side, or with fewer than two rows.
pub fn neighbour_terms(x: &[Vec<f32>], y: &[Vec<f32>], orders: &[usize]) -> Vec<f32> {
    let n = x[0].len();
    assert!(!y.is_empty() && n > 1, "both sides need columns of at least two rows");
    // Columns are padded so that whole lanes can be read; the padding lies at infinity.
    let pad = |side: &[Vec<f32>]| -> Vec<Vec<f32>> {
        let column = |c: &Vec<f32>| {
            let mut c = c.clone();
            c.resize(n.next_multiple_of(LANES), f32::INFINITY);
            c
        };
        side.iter().map(column).collect()
    };
    let digamma = digammas(n.max(orders.iter().copied().max().unwrap_or(1)));
    let mut out = vec![0f32; n * orders.len() * TERMS];
    let task = Task { x: pad(x), y: pad(y), n, orders, digamma };
    match (x, y) {
        ([_], [_]) => {
            if !lanes::rows(&task, &mut out) {
                line::rows(&task, &mut out);
            }
        }
        _ => rows(&task, &mut out),
    }
    out
}

/// A category as a column of [`neighbour_terms`].
pub(super) fn category(codes: &[u32]) -> Vec<f32> {
    let values: BTreeMap<u32, usize> = codes.iter().copied().collect::<BTreeSet<_>>().into_iter().zip(0..).collect();
    codes.iter().map(|code| values[code] as f32 * CODE).collect()
}

/// ψ(0), which is never read, to ψ(n).
fn digammas(n: usize) -> Vec<f32> {
    const EULER: f64 = 0.577_215_664_901_532_9;
    let mut value = -EULER;
    let mut out = vec![f32::NAN, value as f32];
    for i in 1..n {
        value += 1.0 / i as f64;
        out.push(value as f32);
    }
    out
}

struct Task<'a> {
    x: Vec<Vec<f32>>,
    y: Vec<Vec<f32>>,
    n: usize,
    orders: &'a [usize],
    digamma: Vec<f32>,
}

impl Task<'_> {
    /// The largest order that there are rows for.
    fn most(&self) -> usize {
        self.orders.iter().copied().max().unwrap_or(1).min(self.n - 1).max(1)
    }
}

/// Rows closer than a neighbour, the row itself included: on both sides, on X, on Y.
struct Place {
    within: usize,
    x: usize,
    y: usize,
}

impl Place {
    /// The numbers of the neighbour of order `k`.
    #[inline(always)]
    fn terms(&self, task: &Task, k: usize, out: &mut [f32]) {
        let psi = |count: usize| task.digamma[count];
        let (within, x, y) = (psi(self.within), psi(self.x), psi(self.y));
        out[0] = (within + psi(task.n) - x - y).clamp(BOUNDS.0, BOUNDS.1);
        out[1] = 0.5 * (within - psi(k));
        out[2] = 0.25 * (x - y).abs();
    }
}

/// Distances are compared as the bits that hold them: for numbers that are not negative the order is the same, and
/// integers may be compared and added in any order, many at a time.
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512bw+avx512dq+fma", "x86_64+avx2+fma"))]
fn rows(task: &Task, out: &mut [f32]) {
    let n = task.n;
    let padded = n.next_multiple_of(LANES);
    let most = task.most();
    let (mut dx, mut dy, mut both) = (vec![0f32; padded], vec![0f32; padded], vec![0u32; padded]);
    let (mut bits_x, mut bits_y) = (vec![0u32; padded], vec![0u32; padded]);
    let mut nearest = Nearest::new(most);
    for (r, out) in out.chunks_exact_mut(task.orders.len() * TERMS).enumerate() {
        for (columns, distances, bits) in [(&task.x, &mut dx, &mut bits_x), (&task.y, &mut dy, &mut bits_y)] {
            for (i, column) in columns.iter().enumerate() {
                let at = column[r];
                if i == 0 {
                    for (d, v) in distances.iter_mut().zip(column) {
                        *d = (v - at).abs();
                    }
                } else {
                    for (d, v) in distances.iter_mut().zip(column) {
                        let v = (v - at).abs();
                        *d = if v > *d { v } else { *d };
                    }
                }
            }
            for (bits, d) in bits[..n].iter_mut().zip(&distances[..n]) {
                *bits = d.to_bits().min(APART.to_bits());
            }
            bits[n..].fill(NEVER);
        }
        for ((b, x), y) in both.iter_mut().zip(&bits_x).zip(&bits_y) {
            *b = (*x).max(*y);
        }
        both[r] = NEVER;
        nearest.clear();
        both.as_chunks().0.iter().for_each(|chunk| nearest.take(chunk));
        both[r] = 0;
        let nearest = nearest.increasing();
        for (&k, out) in task.orders.iter().zip(out.chunks_exact_mut(TERMS)) {
            let radius = nearest[k.min(most) - 1];
            // At radius 0 the closed ball: the distances below the smallest that is not 0.
            let open = radius.max(1);
            let within = match radius {
                0 => below(&both, open),
                _ => 1 + nearest[..k.min(most)].iter().filter(|d| **d < radius).count(),
            };
            Place { within, x: below(&bits_x, open), y: below(&bits_y, open) }.terms(task, k, out);
        }
    }
}

/// Above every distance.
const NEVER: u32 = u32::MAX;

/// The smallest of the values that it is shown.
struct Nearest {
    /// A zero, then the values in increasing order, whole lanes of them.
    sorted: Vec<u32>,
    most: usize,
}

impl Nearest {
    fn new(most: usize) -> Self {
        Self { sorted: vec![NEVER; 1 + most.next_multiple_of(LANES)], most }
    }

    #[inline(always)]
    fn clear(&mut self) {
        self.sorted.fill(NEVER);
        self.sorted[0] = 0;
    }

    /// What a value must be below to count.
    #[inline(always)]
    fn bound(&self) -> u32 {
        self.sorted[self.most]
    }

    fn increasing(&self) -> &[u32] {
        &self.sorted[1..=self.most]
    }

    #[inline(always)]
    fn take(&mut self, values: &[u32; LANES]) {
        if values.iter().fold(NEVER, |least, v| least.min(*v)) >= self.bound() {
            return;
        }
        for &value in values {
            if value < self.bound() {
                self.insert(value);
            }
        }
    }

    /// Every place takes the smaller of what it holds and the larger of the value and what is below it: without branches, all
    /// lanes at once, from the upper lanes down so that what is below is still the old.
    #[inline(always)]
    fn insert(&mut self, value: u32) {
        for first in (0..self.sorted.len() - 1).step_by(LANES).rev() {
            let mut below = [0u32; LANES];
            below.copy_from_slice(&self.sorted[first..first + LANES]);
            for (place, below) in self.sorted[first + 1..first + 1 + LANES].iter_mut().zip(below) {
                *place = (*place).min(below.max(value));
            }
        }
    }
}

/// How many values are below `bound`.
#[inline(always)]
fn below(values: &[u32], bound: u32) -> usize {
    values.iter().map(|v| u32::from(*v < bound)).sum::<u32>() as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{Rng, SeedableRng, rngs::StdRng};
    use statrs::function::gamma::digamma;

    /// The definition, row by row, in f64 counts.
    fn plain(x: &[Vec<f32>], y: &[Vec<f32>], orders: &[usize]) -> Vec<f64> {
        let n = x[0].len();
        let distance = |side: &[Vec<f32>], r: usize, s: usize| {
            side.iter().fold(0f32, |m, c| m.max((c[r] - c[s]).abs())).min(APART)
        };
        let mut out = Vec::new();
        for r in 0..n {
            let pairs: Vec<(f32, f32)> = (0..n).map(|s| (distance(x, r, s), distance(y, r, s))).collect();
            let mut others: Vec<f32> = (0..n).filter(|s| *s != r).map(|s| pairs[s].0.max(pairs[s].1)).collect();
            others.sort_by(f32::total_cmp);
            for &k in orders {
                let radius = others[k.min(n - 1) - 1];
                let inside = |v: f32| if radius > 0.0 { v < radius } else { v == 0.0 };
                let count = |f: &dyn Fn(&(f32, f32)) -> bool| digamma(pairs.iter().filter(|p| f(p)).count() as f64);
                let both = count(&|p| inside(p.0) && inside(p.1));
                let (x, y) = (count(&|p| inside(p.0)), count(&|p| inside(p.1)));
                out.push((both + digamma(n as f64) - x - y).clamp(-6.0, 16.0));
                out.push(0.5 * (both - digamma(k as f64)));
                out.push(0.25 * (x - y).abs());
            }
        }
        out
    }

    fn tied(column: &[f32]) -> bool {
        let mut sorted = column.to_vec();
        sorted.sort_unstable_by(f32::total_cmp);
        sorted.windows(2).any(|pair| pair[0] == pair[1])
    }

    #[test]
    fn one_column_a_side_has_the_same_bits_either_way() {
        let mut rng = StdRng::seed_from_u64(9);
        for (n, levels) in [(2usize, 0), (3, 0), (16, 0), (30, 0), (400, 0), (400, 2), (300, 7), (200, 60)] {
            let mut column = || -> Vec<f32> {
                match levels {
                    0 => (0..n).map(|_| rng.random_range(-3.0..3.0)).collect(),
                    _ => (0..n).map(|_| rng.random_range(0..levels) as f32 * 0.1).collect(),
                }
            };
            let x = column();
            let y: Vec<f32> = x.iter().zip(column()).map(|(x, noise)| (x + noise).round() * 0.5 + noise).collect();
            let codes: Vec<u32> = x.iter().map(|v| (v * 10.0) as i32 as u32).collect();
            for x in [x, category(&codes)] {
                let padded = |side: &[f32]| -> Vec<Vec<f32>> {
                    let mut column = side.to_vec();
                    column.resize(n.next_multiple_of(LANES), f32::INFINITY);
                    vec![column]
                };
                let bits = |v: &[f32]| v.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
                for orders in [&[1, 3, 8, 24][..], &[3, 1], &[30], &[50, 2]] {
                    for (x, y) in [(&x, &y), (&y, &x)] {
                        let most = n.max(50);
                        let task = Task { x: padded(x), y: padded(y), n, orders, digamma: digammas(most) };
                        let [mut general, mut line, mut by_lanes] =
                            [(); 3].map(|()| vec![0f32; n * orders.len() * TERMS]);
                        rows(&task, &mut general);
                        line::rows(&task, &mut line);
                        let what = format!("{n} rows, {levels} levels, orders {orders:?}");
                        assert_eq!(bits(&line), bits(&general), "{what}");
                        // Data without ties must take this way.
                        let taken = lanes::rows(&task, &mut by_lanes);
                        assert_eq!(taken, task.most() <= lanes::MOST && !(tied(x) && tied(y)), "{what}");
                        assert!(!taken || bits(&by_lanes) == bits(&general), "{what}");
                    }
                }
            }
        }
    }

    #[test]
    fn agree_with_the_definition() {
        let mut rng = StdRng::seed_from_u64(4);
        for (n, dims, levels) in [(2, 1, 0), (17, 3, 0), (60, 5, 0), (40, 3, 2), (100, 4, 3), (33, 2, 12), (50, 6, 5)] {
            let mut side = |dims: usize| -> Vec<Vec<f32>> {
                let mut column = |_| match levels {
                    0 => (0..n).map(|_| rng.random_range(-3.0..3.0)).collect(),
                    _ => (0..n).map(|_| rng.random_range(0..levels) as f32 * 0.4 - 1.0).collect(),
                };
                (0..dims).map(&mut column).collect()
            };
            let (mut x, y) = (side(dims), side(1 + dims / 2));
            if levels > 0 {
                let codes: Vec<u32> = x[0].iter().map(|v| (v * 10.0) as i32 as u32).collect();
                x[0] = category(&codes);
            }
            let orders = [1, 3, 8, 24];
            let got = neighbour_terms(&x, &y, &orders);
            let want = plain(&x, &y, &orders);
            assert_eq!(got.len(), want.len());
            for (i, (g, w)) in got.iter().zip(&want).enumerate() {
                assert!((f64::from(*g) - w).abs() < 1e-5, "n {n}, {levels} levels: value {i} is {g}, not {w}");
            }
        }
    }
}
