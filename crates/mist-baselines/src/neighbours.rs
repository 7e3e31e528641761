//! Nearest neighbours and counts within a radius under the maximum norm, exactly, for every row of a table.
//!
//! A k-d tree of `kiddo` answers up to ten columns, and counts of one column are two binary searches. In more columns a
//! tree has to look almost everywhere, so that each row is compared with every other instead. On 10,000 normal rows KSG
//! took 1.8 times as long with comparisons alone as with trees alone in 5 + 5 columns, and 1.1 times in 8 + 8.

use kiddo::{Chebyshev, ImmutableKdTree};
use multiversion::multiversion;
use rayon::prelude::*;
use std::{num::NonZero, ops::Range};

/// Rows that are compared with one at a time, and that a thread takes at a time.
const BLOCK: usize = 256;

/// Relative difference of distances that count as equal. Those of rounded values are equal, but standardising the values
/// changes last bits.
const TIE: f64 = 1e-10;

/// A neighbour: its distance and its row.
pub(crate) type Neighbour = (f64, usize);

/// What `read` makes of each row and its `k` nearest neighbours, nearest first, itself left out. Needs at least one
/// column, of more than `k` finite values.
pub(crate) fn nearest<T: Send>(
    columns: &[impl AsRef<[f64]>],
    k: usize,
    read: impl Fn(usize, &[Neighbour]) -> T + Send + Sync,
) -> Vec<T> {
    let space = space(columns);
    each(columns[0].as_ref().len(), |row| read(row, &space.nearest(row, k)))
}

/// How many rows lie within `radii[row]` (or at it) of each row, itself included.
///
/// Of the rows in the order of the first column, those within the radius along it are a range, and only these are
/// compared in the others: in five columns twice as fast as a tree.
pub(crate) fn counts(columns: &[impl AsRef<[f64]>], radii: &[f64]) -> Vec<usize> {
    let columns: Vec<&[f64]> = columns.iter().map(AsRef::as_ref).collect();
    let first = columns[0];
    let mut order: Vec<usize> = (0..first.len()).collect();
    order.sort_unstable_by(|a, b| first[*a].total_cmp(&first[*b]));
    let sorted = |column: &[f64]| order.iter().map(|row| column[*row]).collect::<Vec<f64>>();
    let along = sorted(first);
    let rest: Vec<Vec<f64>> = columns[1..].iter().map(|column| sorted(column)).collect();
    let rest: Vec<&[f64]> = rest.iter().map(Vec::as_slice).collect();
    each(radii.len(), |row| {
        let (value, radius) = (first[row], radii[row]);
        let range = along.partition_point(|v| value - v > radius)..along.partition_point(|v| v - value <= radius);
        if rest.is_empty() {
            return range.len();
        }
        let centre: Vec<f64> = columns[1..].iter().map(|column| column[row]).collect();
        let mut count = 0;
        blocks(&rest, &centre, range, |_, block| count += block.iter().filter(|d| **d <= radius).count());
        count
    })
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

/// One value per row, on all threads.
fn each<T: Send>(n: usize, value: impl Fn(usize) -> T + Send + Sync) -> Vec<T> {
    (0..n).into_par_iter().with_min_len(BLOCK).map(value).collect()
}

/// The rows of a table, ready for queries.
trait Space: Send + Sync {
    /// The `k` nearest neighbours of a row, nearest first, itself left out.
    fn nearest(&self, row: usize, k: usize) -> Vec<Neighbour>;
}

/// What answers queries fastest for this number of columns.
fn space<'a>(columns: &'a [impl AsRef<[f64]>]) -> Box<dyn Space + 'a> {
    let columns: Vec<&[f64]> = columns.iter().map(AsRef::as_ref).collect();
    macro_rules! tree_of {
        ($($columns:literal)*) => {
            match columns.len() {
                $($columns => Box::new(Tree::<$columns>::new(&columns)),)*
                _ => Box::new(Pairs(columns)),
            }
        };
    }
    tree_of!(1 2 3 4 5 6 7 8 9 10)
}

/// A tree, whose dimension the compiler has to know.
struct Tree<const D: usize> {
    points: Vec<[f64; D]>,
    tree: ImmutableKdTree<f64, D>,
}

impl<const D: usize> Tree<D> {
    fn new(columns: &[&[f64]]) -> Self {
        let points: Vec<[f64; D]> = (0..columns[0].len()).map(|row| std::array::from_fn(|c| columns[c][row])).collect();
        let tree = ImmutableKdTree::new_from_slice(&points).expect("rows are numbered in 32 bits");
        Self { points, tree }
    }
}

impl<const D: usize> Space for Tree<D> {
    fn nearest(&self, row: usize, k: usize) -> Vec<Neighbour> {
        let with_itself = NonZero::new(k + 1).expect("more than 0");
        let query = self.tree.query(&self.points[row]).nearest_n::<Chebyshev<f64>>(with_itself);
        let found = query.execute().into_iter().map(|f| (f.distance, f.item as usize));
        // The row itself may be missing, where it has more than k copies.
        found.filter(|f| f.1 != row).take(k).collect()
    }
}

/// The columns, for comparisons of all pairs of rows.
struct Pairs<'a>(Vec<&'a [f64]>);

impl Space for Pairs<'_> {
    fn nearest(&self, row: usize, k: usize) -> Vec<Neighbour> {
        let (mut found, mut worst) = (vec![(f64::INFINITY, usize::MAX); k], f64::INFINITY);
        let centre: Vec<f64> = self.0.iter().map(|column| column[row]).collect();
        blocks(&self.0, &centre, 0..self.0[0].len(), |start, block| {
            for (other, distance) in (start..).zip(block) {
                if *distance <= worst && other != row && (*distance, other) < found[k - 1] {
                    let at = found.partition_point(|f| *f < (*distance, other));
                    found[at..].rotate_right(1);
                    found[at] = (*distance, other);
                    worst = found[k - 1].0;
                }
            }
        });
        found
    }
}

/// Calls `visit` with the distances from a centre to a range of rows, a block at a time, and with the first row of the
/// block.
fn blocks(columns: &[&[f64]], centre: &[f64], rows: Range<usize>, mut visit: impl FnMut(usize, &[f64])) {
    let mut block = [0.0; BLOCK];
    for start in rows.clone().step_by(BLOCK) {
        let block = &mut block[..BLOCK.min(rows.end - start)];
        distances(columns, centre, start, block);
        visit(start, block);
    }
}

/// Distances from a centre to the rows of a block that begins at `start`.
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq+avx512bw+fma", "x86_64+avx2+fma"))]
fn distances(columns: &[&[f64]], centre: &[f64], start: usize, block: &mut [f64]) {
    block.fill(0.0);
    for (column, centre) in columns.iter().zip(centre) {
        for (distance, value) in block.iter_mut().zip(&column[start..]) {
            let gap = (value - centre).abs();
            *distance = if gap > *distance { gap } else { *distance };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    /// Columns that are rounded so that distances tie, with copies of rows, or are constant but for one.
    fn tables() -> Vec<Vec<Vec<f64>>> {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let sizes = [(2, 1), (9, 2), (64, 1), (65, 3), (300, 1), (300, 2), (300, 7), (700, 2), (1500, 3), (600, 14)];
        let mut tables = Vec::new();
        for values in [1e9_f64, 8.0, 1.0, 0.0] {
            for (n, d) in sizes {
                let mut column = |values: f64| (0..n).map(|_| (rng.random::<f64>() * values).round()).collect();
                tables.push((0..d).map(|c| column(if c == 0 { values.max(1.0) } else { values })).collect());
            }
        }
        tables
    }

    fn distance(columns: &[Vec<f64>], a: usize, b: usize) -> f64 {
        columns.iter().map(|c| (c[a] - c[b]).abs()).fold(0.0, f64::max)
    }

    #[test]
    fn neighbours_and_counts_are_those_of_all_pairs() {
        for columns in tables() {
            let (n, d) = (columns[0].len(), columns.len());
            let k = 5.min(n - 1);
            let found = nearest(&columns, k, |_, found| found.to_vec());
            let radii: Vec<f64> = found.iter().map(|found| found[k - 1].0).collect();
            let at = |f: fn(f64) -> f64| counts(&columns, &radii.iter().map(|r| f(*r)).collect::<Vec<_>>());
            let (closed, inside) = (at(closed), at(open));
            for i in 0..n {
                let mut all: Vec<f64> = (0..n).filter(|j| *j != i).map(|j| distance(&columns, i, j)).collect();
                all.sort_by(f64::total_cmp);
                assert_eq!(found[i].iter().map(|f| f.0).collect::<Vec<_>>(), all[..k], "row {i} of {n}, {d} columns");
                let mut rows: Vec<usize> = found[i].iter().map(|f| f.1).collect();
                assert!(found[i].iter().all(|f| f.0 == distance(&columns, i, f.1)));
                rows.sort_unstable();
                rows.dedup();
                assert!(rows.len() == k && !rows.contains(&i));
                let r = radii[i];
                assert_eq!(closed[i], 1 + all.iter().filter(|d| **d <= r).count());
                assert_eq!(inside[i], 1 + all.iter().filter(|d| **d < r || **d == 0.0).count());
            }
        }
    }

    #[test]
    fn distances_may_overflow() {
        for d in [1, 2, 12] {
            let columns = vec![vec![-f64::MAX, f64::MAX, 0.0, 1.0]; d];
            let found = nearest(&columns, 3, |_, found| found.iter().map(|f| f.0).collect::<Vec<_>>());
            assert_eq!(found[0], [f64::MAX, f64::MAX, f64::INFINITY], "{d} columns");
            assert_eq!(counts(&columns, &[f64::INFINITY; 4]), [4; 4], "{d} columns");
        }
    }
}
