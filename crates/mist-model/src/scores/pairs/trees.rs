//! Boosted trees: what sums of curves and products of two columns do not predict.

use super::bins::Bins;

/// Levels of a tree.
const DEPTH: usize = 3;
const LEAVES: usize = 1 << DEPTH;
/// Share of a leaf's mean that is added.
const RATE: f64 = 0.2;
/// Rows that a leaf's mean is drawn towards 0 by.
const PENALTY: f64 = 5.0;
/// Fewest rows of a leaf.
const FEWEST: i64 = 5;
/// Parts of one in which rests are added: the sum does not depend on the order of the rows.
const PARTS: f64 = (1 << 20) as f64;
/// A row in the sums of a bin, beside its rest.
const ROW: i64 = 1 << 44;
/// Most rows, so that sums of rests of up to 16 are less than half of [`ROW`].
pub(super) const MOST_ROWS: usize = 1 << 18;

/// A column in bins, from low to high.
pub(super) struct Steps<'a> {
    of: &'a [u8],
    bins: usize,
}

impl<'a> Steps<'a> {
    pub(super) fn new(bins: &'a Bins) -> Self {
        Self { of: bins.each(), bins: bins.count() }
    }
}

/// The rest of a response that trees are fitted to on some rows, and predict on others.
pub(super) struct Boosted {
    /// The columns at the rows that trees are fitted to, and behind them at those that they predict.
    columns: Vec<(Vec<u8>, usize)>,
    /// How many they are fitted to.
    fitted: usize,
    rest: Vec<i64>,
    /// The leaf of each row in the current tree.
    leaf: Vec<u8>,
}

impl Boosted {
    /// `rest` of every row of the table, of about unit size.
    pub(super) fn new(columns: &[Steps], rest: &[f64], fitted: &[usize], predicted: &[usize]) -> Self {
        let rows = || fitted.iter().chain(predicted);
        Self {
            columns: columns.iter().map(|c| (rows().map(|row| c.of[*row]).collect(), c.bins)).collect(),
            fitted: fitted.len(),
            rest: rows().map(|row| (rest[*row].clamp(-16.0, 16.0) * PARTS).round() as i64).collect(),
            leaf: Vec::new(),
        }
    }

    /// What is left of the rest of the rows that are predicted.
    pub(super) fn left(&self) -> impl Iterator<Item = f64> {
        self.rest[self.fitted..].iter().map(|rest| *rest as f64 / PARTS)
    }

    /// One more tree.
    pub(super) fn grow(&mut self) {
        self.leaf.clear();
        self.leaf.resize(self.rest.len(), 0);
        for level in 0..DEPTH {
            self.split(1 << level);
        }
        let mut sums = [0i64; LEAVES];
        for (leaf, rest) in self.leaf.iter().zip(&self.rest).take(self.fitted) {
            sums[usize::from(*leaf)] += ROW + rest;
        }
        let values = sums.map(|sum| {
            let (rows, sum) = parts(sum);
            (RATE * sum as f64 / (rows as f64 + PENALTY)).round() as i64
        });
        self.rest.iter_mut().zip(&self.leaf).for_each(|(rest, leaf)| *rest -= values[usize::from(*leaf)]);
    }

    /// Splits each of so many nodes where that takes away most of the squares.
    fn split(&mut self, nodes: usize) {
        let mut best = [(0.0, 0, usize::MAX); LEAVES];
        let mut sums: Vec<i64> = Vec::new();
        for (at, (of, bins)) in self.columns.iter().enumerate() {
            sums.clear();
            sums.resize(nodes * bins, 0);
            for ((leaf, bin), rest) in self.leaf.iter().zip(of).zip(&self.rest).take(self.fitted) {
                sums[usize::from(*leaf) * bins + usize::from(*bin)] += ROW + rest;
            }
            for (sums, best) in sums.chunks_exact(*bins).zip(&mut best) {
                let whole: i64 = sums.iter().sum();
                let without = squares(whole);
                let mut low = 0;
                for (bin, sum) in sums.iter().enumerate().take(bins - 1) {
                    low += sum;
                    let high = whole - low;
                    let gain = squares(low) + squares(high) - without;
                    if gain > best.0 && parts(low).0 >= FEWEST && parts(high).0 >= FEWEST {
                        *best = (gain, at, bin);
                    }
                }
            }
        }
        // The children of a node that is not split are itself and one without rows.
        for (row, leaf) in self.leaf.iter_mut().enumerate() {
            let (_, at, bin) = best[usize::from(*leaf)];
            let high = bin < usize::MAX && usize::from(self.columns[at].0[row]) > bin;
            *leaf = 2 * *leaf + u8::from(high);
        }
    }
}

/// Rows, and the sum of their rests.
fn parts(sum: i64) -> (i64, i64) {
    let rows = (sum + ROW / 2).div_euclid(ROW);
    (rows, sum - rows * ROW)
}

/// What the mean, drawn towards 0, takes away from the squares.
fn squares(sum: i64) -> f64 {
    let (rows, sum) = parts(sum);
    (sum as f64).powi(2) / (rows as f64 + PENALTY)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{Rng, SeedableRng, rngs::StdRng};

    #[test]
    fn trees_predict_a_tree() {
        let mut rng = StdRng::seed_from_u64(3);
        let columns: Vec<Vec<u8>> = (0..4).map(|_| (0..800).map(|_| rng.random_range(0..21)).collect()).collect();
        let steps: Vec<Steps> = columns.iter().map(|of| Steps { of, bins: 21 }).collect();
        let value = |i: usize| match (columns[1][i] > 7, columns[3][i] > 12) {
            (true, true) => 1.5,
            (false, _) => -0.5,
            _ => 0.3,
        };
        let rest: Vec<f64> = (0..800).map(value).collect();
        let (predicted, fitted): (Vec<usize>, Vec<usize>) = (0..800).partition(|row| *row < 200);
        let mut boosted = Boosted::new(&steps, &rest, &fitted, &predicted);
        (0..30).for_each(|_| boosted.grow());
        let left: f64 = boosted.left().map(|rest| rest.powi(2)).sum();
        let all: f64 = rest[..200].iter().map(|rest| rest.powi(2)).sum();
        assert!(left < 0.02 * all, "{left} of {all}");
    }

    #[test]
    fn sums_keep_rows_and_rests_apart() {
        for (rows, rest) in [(0, 0), (3, -5), (7, 1 << 30), (1 << 18, -(1 << 42))] {
            assert_eq!(parts(rows * ROW + rest), (rows, rest));
        }
    }
}
