//! Binned ranks of a variable, and the chi-squared statistic of two.

use std::collections::BTreeMap;

/// Most bins along ranks, odd.
const MOST: usize = 31;
/// Parts of one in which shares are added, so that the sum does not depend on the order of the cells.
const PARTS: f64 = (1u64 << 40) as f64;

/// How ranks become bins: an odd number of equal ones, so that a column and its negative have the same, in the opposite order.
pub(super) struct Grid {
    bins: usize,
}

impl Grid {
    /// About two rows in each cell of two untied columns.
    pub(super) fn fine(n: usize) -> Self {
        let root = (n as f64).sqrt() / 1.5;
        Self { bins: (root as usize / 2 * 2 + 1).clamp(3, MOST) }
    }

    /// For dependences that are weak and smooth.
    pub(super) fn coarse(n: usize) -> Self {
        Self { bins: if n < 100 { 3 } else { 5 } }
    }
}

/// The bin of each row.
#[derive(Clone, Debug)]
pub(super) struct Bins {
    of: Vec<u8>,
    /// Rows in each; none is empty.
    counts: Vec<u32>,
}

/// How far χ² lies above what the order of the rows alone gives it.
pub(super) struct Excess {
    /// (χ² − E χ²) / n.
    pub share: f32,
    /// sd χ² / n; 0 where nothing varies.
    pub sd: f32,
}

impl Excess {
    /// (χ² − E χ²) / sd χ².
    pub(super) fn deviations(&self) -> f32 {
        if self.sd > 0.0 { self.share / self.sd } else { 0.0 }
    }
}

impl Bins {
    /// Of a column of scores. Few different values are a bin each; `table` has the scores of centred ranks from 0 on.
    pub(super) fn of_number(z: &[f32], tied: bool, grid: &Grid, table: &[f32]) -> Self {
        if tied {
            let mut values: Vec<u32> = z.iter().map(|v| v.to_bits()).collect();
            values.sort_unstable();
            values.dedup();
            if values.len() <= 2 * grid.bins {
                let place = |v: &f32| values.binary_search(&v.to_bits()).expect("one of the values") as u8;
                return Self::new(z.iter().map(place).collect());
            }
        }
        let (n, bins) = (z.len(), grid.bins);
        let middle = bins / 2;
        // The least score of each bin above the middle one: a centred rank u, of 2n that are possible, is in bin (n + u)·bins/2n.
        let least = |bin: usize| (2 * n * bin).div_ceil(bins) - n;
        let above: Vec<f32> = (middle + 1..bins).map(|bin| table[least(bin).min(n - 1)]).collect();
        let bin = |v: &f32| {
            let out = above.iter().map(|least| u8::from(*least <= v.abs())).sum::<u8>();
            if *v < 0.0 { middle as u8 - out } else { middle as u8 + out }
        };
        Self::new(z.iter().map(bin).collect())
    }

    /// Of the indicators of a category: each row is in the one that is largest.
    pub(super) fn of_indicators(indicators: &[Vec<f32>]) -> Self {
        let largest = |r: usize| {
            let first = indicators.iter().enumerate();
            first.fold((0, f32::MIN), |best, (i, c)| if c[r] > best.1 { (i as u8, c[r]) } else { best }).0
        };
        Self::new((0..indicators[0].len()).map(largest).collect())
    }

    /// Of something that is so or not.
    pub(super) fn of_indicator(is_so: impl Iterator<Item = bool>) -> Self {
        Self::new(is_so.map(u8::from).collect())
    }

    /// Of two variables together; `None` where that is too many bins.
    pub(super) fn joined(a: &Self, b: &Self) -> Option<Self> {
        let width = b.counts.len();
        if a.counts.len() * width > usize::from(u8::MAX) {
            return None;
        }
        Some(Self::new(a.of.iter().zip(&b.of).map(|(a, b)| (usize::from(*a) * width) as u8 + b).collect()))
    }

    /// The bin of each row, and how many there are.
    pub(super) fn each(&self) -> &[u8] {
        &self.of
    }

    pub(super) fn count(&self) -> usize {
        self.counts.len()
    }

    /// Rows.
    pub(super) fn rows(&self) -> usize {
        self.of.len()
    }

    fn new(mut of: Vec<u8>) -> Self {
        let mut counts: BTreeMap<u8, u32> = BTreeMap::new();
        of.iter().for_each(|bin| *counts.entry(*bin).or_default() += 1);
        let mut place = [0u8; 256];
        counts.keys().zip(0u8..).for_each(|(bin, at)| place[*bin as usize] = at);
        of.iter_mut().for_each(|bin| *bin = place[*bin as usize]);
        Self { of, counts: counts.into_values().collect() }
    }

    /// (k − 1)(n − k)/(n − 1), and (n Σ 1/count − k²)/(n − 2).
    fn moments(&self) -> (f64, f64) {
        let (n, k) = (self.of.len() as f64, self.counts.len() as f64);
        // Largest first, so that the order of the bins does not matter.
        let mut counts = self.counts.clone();
        counts.sort_unstable_by(|a, b| b.cmp(a));
        let inverse: f64 = counts.iter().map(|c| 1.0 / f64::from(*c)).sum();
        ((k - 1.0) * (n - k) / (n - 1.0), (n * inverse - k * k) / (n - 2.0))
    }
}

/// χ² of the table of two variables, against its mean and variance over all orders of the rows; 0 where one of them is constant, and of fewer
/// than five rows. `cells` is room for the table.
///
/// # Source
/// Mielke and Berry 1985 for the variance; held to shuffled rows in the tests.
pub(super) fn excess(a: &Bins, b: &Bins, cells: &mut Vec<u32>) -> Excess {
    let n = a.of.len() as f64;
    let (r, c) = (a.counts.len(), b.counts.len());
    let (v1, w1) = a.moments();
    let (v2, w2) = b.moments();
    let variance = 2.0 * n / (n - 3.0) * (v1 - w1) * (v2 - w2) + n * n / (n - 1.0) * w1 * w2;
    if n < 5.0 || r < 2 || c < 2 || variance <= 1e-9 {
        return Excess { share: 0.0, sd: 0.0 };
    }
    cells.clear();
    cells.resize(r * c, 0);
    for (i, j) in a.of.iter().zip(&b.of) {
        cells[*i as usize * c + *j as usize] += 1;
    }
    let mut sum = 0u64;
    for (row, in_row) in cells.chunks_exact(c).zip(&a.counts) {
        for (cell, in_column) in row.iter().zip(&b.counts).filter(|(cell, _)| **cell > 0) {
            let cell = f64::from(*cell);
            sum += (cell * cell / (f64::from(*in_row) * f64::from(*in_column)) * PARTS).round() as u64;
        }
    }
    let chi = n * (sum as f64 / PARTS - 1.0);
    let mean = n * ((r - 1) * (c - 1)) as f64 / (n - 1.0);
    Excess { share: ((chi - mean) / n) as f32, sd: (variance.sqrt() / n) as f32 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scores::rank::{ranks, score_table};
    use rand::seq::SliceRandom;
    use rand::{Rng, SeedableRng, rngs::StdRng};

    #[test]
    fn over_all_orders_of_the_rows_the_excess_has_mean_0_and_variance_1() {
        let mut rng = StdRng::seed_from_u64(7);
        for (n, levels) in [(12, [3, 3]), (40, [3, 12]), (200, [2, 9])] {
            let mut bins = |most: u8| {
                Bins::new((0..n).map(|_| rng.random_range(0..most).min(rng.random_range(0..most))).collect())
            };
            let (a, mut b) = (bins(levels[0]), bins(levels[1]));
            let (mut sum, mut squares, mut room) = (0.0, 0.0, Vec::new());
            const SHUFFLES: usize = 20_000;
            for _ in 0..SHUFFLES {
                b.of.shuffle(&mut rng);
                let z = f64::from(excess(&a, &b, &mut room).deviations());
                sum += z;
                squares += z * z;
            }
            let (mean, square) = (sum / SHUFFLES as f64, squares / SHUFFLES as f64);
            assert!(mean.abs() < 0.03 && (square - 1.0).abs() < 0.06, "{n} rows: mean {mean}, mean square {square}");
        }
    }

    #[test]
    fn bins_are_of_equal_size_and_those_of_the_negative_in_the_opposite_order() {
        let mut rng = StdRng::seed_from_u64(8);
        for (n, levels) in [(7, 0), (100, 0), (101, 0), (999, 0), (60, 23)] {
            let values: Vec<f64> = (0..n)
                .map(|_| if levels == 0 { rng.random() } else { f64::from(rng.random_range(0..levels)) })
                .collect();
            let ranks = ranks(&values);
            let table = score_table(n);
            let z: Vec<f32> =
                (ranks.centred.iter()).map(|u| table[u.abs() as usize].copysign(*u as f32) + 0.0).collect();
            let negative: Vec<f32> = z.iter().map(|v| 0.0 - v).collect();
            for grid in [Grid::fine(n), Grid::coarse(n)] {
                let (bins, other) = (
                    Bins::of_number(&z, ranks.tied, &grid, &table),
                    Bins::of_number(&negative, ranks.tied, &grid, &table),
                );
                let last = bins.counts.len() as u8 - 1;
                assert!(bins.of.iter().zip(&other.of).all(|(a, b)| *b == last - a), "{n} rows");
                if levels == 0 {
                    let (least, most) = (bins.counts.iter().min().unwrap(), bins.counts.iter().max().unwrap());
                    assert!(bins.counts.len() == grid.bins && most - least <= 1, "{n} rows: {:?}", bins.counts);
                    for (u, bin) in ranks.centred.iter().zip(&bins.of).filter(|(u, _)| **u >= 0.0) {
                        let want = (*u as usize + n) * grid.bins / (2 * n);
                        assert_eq!(usize::from(*bin), want, "{u} of {n}");
                    }
                }
            }
        }
    }
}
