//! Nearest neighbours and counts within a radius under the maximum norm, exactly, for every row of a table.
//!
//! Rows are sorted by one column, the key. What lies within r of a row lies within r of it in the key, so a query only
//! reads a window of the sorted table, a block of rows at a time, with vector instructions. In one column a count is
//! two binary searches; in more the window is (2r)^(1/d)-like, a cost that grows as n^(2 − 1/d).

use multiversion::multiversion;
use rayon::prelude::*;

/// Rows that are compared with a query at once.
const BLOCK: usize = 64;

/// Rows of a sample that shows how far apart a column spreads rows.
const SAMPLE: usize = 256;

/// Relative difference of distances that count as equal. Those of rounded values are equal, but standardising the values
/// changes last bits.
const TIE: f64 = 1e-10;

/// A neighbour: its distance and its row. Equal distances are ordered by row.
pub(crate) type Neighbour = (f64, u32);

/// The rows of a table, sorted for queries.
pub(crate) struct Space {
    /// The columns, the key first, each in the order of the key and padded with infinities to whole blocks and one more.
    columns: Vec<Vec<f64>>,
    /// The row at each position of that order.
    rows: Vec<u32>,
}

impl Space {
    /// A table of at least one column of finite values.
    pub fn new<'a>(columns: impl IntoIterator<Item = &'a [f64]>) -> Self {
        let mut columns: Vec<&[f64]> = columns.into_iter().collect();
        let spreads: Vec<f64> = columns.iter().map(|c| spread(c)).collect();
        let key = (0..columns.len()).max_by(|a, b| spreads[*a].total_cmp(&spreads[*b])).expect("a column");
        columns.swap(0, key);
        let n = columns[0].len();
        let mut order: Vec<(f64, u32)> = columns[0].iter().copied().zip(0..).collect();
        order.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let rows: Vec<u32> = order.into_iter().map(|(_, row)| row).collect();
        let padded = n.next_multiple_of(BLOCK) + BLOCK;
        let sorted = |c: &&[f64]| {
            let mut out: Vec<f64> = rows.iter().map(|row| c[*row as usize]).collect();
            out.resize(padded, f64::INFINITY);
            out
        };
        Self { columns: columns.iter().map(sorted).collect(), rows }
    }

    /// What `read` makes of the `k` nearest neighbours of each row, nearest first, itself left out. Needs more than `k`
    /// rows.
    pub fn nearest<T: Send>(&self, k: usize, read: impl Fn(u32, &[Neighbour]) -> T + Sync) -> Vec<T> {
        self.each(|at, found| {
            nearest(&self.columns, &self.rows, at, k, found);
            read(self.rows[at], found)
        })
    }

    /// How many rows lie within `radius[row]` (or at it) of each row, itself included.
    pub fn counts(&self, radius: &[f64]) -> Vec<usize> {
        self.each(|at, _| self.count(at, radius[self.rows[at] as usize]))
    }

    /// One value per row, computed in the order of the key, which keeps windows in the cache.
    fn each<T: Send>(&self, value: impl Fn(usize, &mut Vec<Neighbour>) -> T + Sync) -> Vec<T> {
        let n = self.rows.len();
        let values: Vec<(u32, T)> = (0..n)
            .into_par_iter()
            .with_min_len(BLOCK)
            .map_init(Vec::new, |found, at| (self.rows[at], value(at, found)))
            .collect();
        let mut out: Vec<Option<T>> = (0..n).map(|_| None).collect();
        for (row, value) in values {
            out[row as usize] = Some(value);
        }
        out.into_iter().map(|v| v.expect("every row has a position")).collect()
    }

    fn count(&self, at: usize, radius: f64) -> usize {
        let key = &self.columns[0][..self.rows.len()];
        let first = key[..at].partition_point(|v| key[at] - v > radius);
        let end = at + key[at..].partition_point(|v| v - key[at] <= radius);
        if self.columns.len() == 1 { end - first } else { count(&self.columns[1..], at, first, end, radius) }
    }
}

/// The radius of a closed ball that holds what the open ball of this one holds; a radius of 0 stays, and holds the copies
/// of its centre.
pub(crate) fn open(radius: f64) -> f64 {
    radius * (1.0 - TIE)
}

/// The radius of a ball that holds what lies at this radius in spite of rounding.
pub(crate) fn closed(radius: f64) -> f64 {
    radius * (1.0 + TIE)
}

/// How far apart a column spreads rows: the median of the distances that hold an eighth of a sample of them. Neither a
/// long tail nor a few distinct values make it large.
fn spread(column: &[f64]) -> f64 {
    let mut sample: Vec<f64> = column.iter().step_by(column.len().div_ceil(SAMPLE).max(1)).copied().collect();
    sample.sort_unstable_by(f64::total_cmp);
    let lag = sample.len() / 8 + 1;
    let mut gaps: Vec<f64> = sample.iter().zip(sample.iter().skip(lag)).map(|(a, b)| b - a).collect();
    let middle = gaps.len() / 2;
    if gaps.is_empty() { 0.0 } else { *gaps.select_nth_unstable_by(middle, f64::total_cmp).1 }
}

/// Distances of one block of positions from that at `at`.
#[inline(always)]
fn distances(columns: &[Vec<f64>], at: usize, start: usize) -> [f64; BLOCK] {
    let mut out = [0.0; BLOCK];
    for column in columns {
        let centre = column[at];
        let block: &[f64; BLOCK] = column[start..start + BLOCK].try_into().expect("a whole block");
        for (d, v) in out.iter_mut().zip(block) {
            let gap = (v - centre).abs();
            *d = if gap > *d { gap } else { *d };
        }
    }
    out
}

/// The positions in `first..end` that lie within `radius` of that at `at`.
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq+avx512bw+fma", "x86_64+avx2+fma"))]
fn count(columns: &[Vec<f64>], at: usize, first: usize, end: usize, radius: f64) -> usize {
    let mut total = 0;
    let mut start = first;
    while start < end {
        let near = distances(columns, at, start).map(|d| u64::from(d <= radius));
        total += if start + BLOCK <= end { near.iter().sum::<u64>() } else { near[..end - start].iter().sum::<u64>() };
        start += BLOCK;
    }
    total as usize
}

/// Fills `found` with the `k` nearest positions' distances and rows, going from the block of `at` to the nearer side.
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq+avx512bw+fma", "x86_64+avx2+fma"))]
fn nearest(columns: &[Vec<f64>], rows: &[u32], at: usize, k: usize, found: &mut Vec<Neighbour>) {
    found.clear();
    found.resize(k, (f64::INFINITY, u32::MAX));
    let key = &columns[0][..rows.len()];
    let blocks = rows.len().div_ceil(BLOCK);
    let (mut low, mut high) = (at / BLOCK, at / BLOCK + 1);
    take(columns, rows, at, low, found);
    loop {
        let below = if low > 0 { key[at] - key[low * BLOCK - 1] } else { f64::INFINITY };
        let above = if high < blocks { key[high * BLOCK] - key[at] } else { f64::INFINITY };
        if below.min(above) > found[k - 1].0 || (low == 0 && high == blocks) {
            return;
        }
        if below <= above {
            low -= 1;
            take(columns, rows, at, low, found);
        } else {
            take(columns, rows, at, high, found);
            high += 1;
        }
    }
}

/// Sorts those of one block that belong there into `found`.
#[inline(always)]
fn take(columns: &[Vec<f64>], rows: &[u32], at: usize, block: usize, found: &mut [Neighbour]) {
    let start = block * BLOCK;
    let last = found.len() - 1;
    let distances = distances(columns, at, start);
    for (i, part) in distances.chunks_exact(16).enumerate() {
        let worst = found[last].0;
        if !part.iter().fold(false, |any, d| any | (*d <= worst)) {
            continue;
        }
        for (position, d) in (start + 16 * i..).zip(part) {
            if position == at || position >= rows.len() {
                continue;
            }
            let new = (*d, rows[position]);
            if new < found[last] {
                let mut to = last;
                while to > 0 && new < found[to - 1] {
                    found[to] = found[to - 1];
                    to -= 1;
                }
                found[to] = new;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    /// Columns that are rounded so that distances tie, with copies of rows.
    fn tables() -> Vec<Vec<Vec<f64>>> {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let sizes = [(2, 1), (9, 2), (64, 1), (65, 3), (300, 1), (300, 2), (300, 7)];
        let table = |(n, d, digits): (usize, usize, f64)| -> Vec<Vec<f64>> {
            (0..d).map(|_| (0..n).map(|_| (rng.random::<f64>() * digits).round()).collect()).collect()
        };
        let rough = sizes.iter().map(|(n, d)| (*n, *d, 8.0));
        rough.chain(sizes.iter().map(|(n, d)| (*n, *d, 1e9))).map(table).collect()
    }

    fn distance(columns: &[Vec<f64>], a: usize, b: usize) -> f64 {
        columns.iter().map(|c| (c[a] - c[b]).abs()).fold(0.0, f64::max)
    }

    #[test]
    fn neighbours_and_counts_are_those_of_all_pairs() {
        for columns in tables() {
            let n = columns[0].len();
            let space = Space::new(columns.iter().map(Vec::as_slice));
            let k = 5.min(n - 1);
            let found = space.nearest(k, |row, found| (row, found.to_vec()));
            let radius: Vec<f64> = found.iter().map(|(_, found)| found[k - 1].0).collect();
            let at = |f: fn(f64) -> f64| space.counts(&radius.iter().map(|r| f(*r)).collect::<Vec<_>>());
            let (closed, inside) = (at(closed), at(open));
            for i in 0..n {
                let mut all: Vec<Neighbour> =
                    (0..n).filter(|j| *j != i).map(|j| (distance(&columns, i, j), j as u32)).collect();
                all.sort_by(|a, b| a.partial_cmp(b).unwrap());
                assert_eq!(found[i], (i as u32, all[..k].to_vec()), "row {i} of {n}");
                let r = radius[i];
                assert_eq!(closed[i], 1 + all.iter().filter(|(d, _)| *d <= r).count());
                assert_eq!(inside[i], 1 + all.iter().filter(|(d, _)| *d < r || *d == 0.0).count());
            }
        }
    }

    #[test]
    fn the_key_separates_rows() {
        let flat = [0.0, 0.0, 0.0, 1e9].repeat(20);
        let even: Vec<f64> = (0..80).map(f64::from).collect();
        assert!(spread(&even) > spread(&flat));
        let space = Space::new([flat.as_slice(), even.as_slice()]);
        assert_eq!(space.columns[0][..80], even);
    }
}
