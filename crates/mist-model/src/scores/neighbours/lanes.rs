//! One column a side, where one of them has no ties: sixteen rows that are next to each other along that column are looked at
//! together, one in each lane.

use super::{APART, LANES, NEVER, Place, TERMS, Task};
use multiversion::multiversion;

type Lanes<T> = [T; LANES];

/// Neighbours that are kept of each row, at most; a larger order needs another search.
pub(super) const MOST: usize = 32;

/// A column in increasing order, with lanes beyond any number at both ends.
struct Line {
    padded: Vec<f32>,
    /// The row at each place.
    rows: Vec<u32>,
}

impl Line {
    fn new(column: &[f32]) -> Self {
        // The order of `f32::total_cmp` as that of integers, with the row in the lower half.
        let key = |v: f32| {
            let bits = v.to_bits();
            u64::from(bits ^ ((bits as i32 >> 31) as u32 | 1 << 31)) << 32
        };
        let mut keys: Vec<u64> = column.iter().zip(0u64..).map(|(v, row)| key(*v) | row).collect();
        keys.sort_unstable();
        let rows: Vec<u32> = keys.iter().map(|key| *key as u32).collect();
        Self { padded: along(column, &rows, [f32::NEG_INFINITY, f32::INFINITY]), rows }
    }

    fn tied(&self) -> bool {
        self.padded.windows(2).skip(LANES).take(self.rows.len() - 1).any(|pair| pair[0] >= pair[1])
    }

    /// The values at 16 places from this one on.
    #[inline(always)]
    fn here(&self, at: usize) -> Lanes<f32> {
        lanes(&self.padded, at + LANES)
    }
}

/// A column in this order of its rows, between lanes of two other values; the second of them twice, so that sixteen values from
/// any place on can be read.
fn along(column: &[f32], rows: &[u32], [before, after]: [f32; 2]) -> Vec<f32> {
    let values = rows.iter().map(|row| column[*row as usize]);
    let before = std::iter::repeat_n(before, LANES);
    before.chain(values).chain(std::iter::repeat_n(after, 2 * LANES)).collect()
}

#[inline(always)]
fn lanes(values: &[f32], at: usize) -> Lanes<f32> {
    let mut out = [0f32; LANES];
    out.copy_from_slice(&values[at..at + LANES]);
    out
}

/// Where in padded values to read what lies `offset` places to the left of 16 places, and to the right: beyond the ends, padding.
#[inline(always)]
fn beside(padded: &[f32], at: usize, offset: usize) -> [usize; 2] {
    [(at + LANES).saturating_sub(offset), (at + LANES + offset).min(padded.len() - LANES)]
}

/// What `super::rows` writes, to the bit; `false` where both columns have ties, or too many neighbours are asked for.
pub(super) fn rows(task: &Task, out: &mut [f32]) -> bool {
    let n = task.n;
    if task.most() > MOST {
        return false;
    }
    let (x, y) = (&task.x[0][..n], &task.y[0][..n]);
    let (line_x, line_y) = (Line::new(x), Line::new(y));
    if !line_x.tied() {
        search(task, [&line_x, &line_y], y, false, out);
    } else if !line_y.tied() {
        search(task, [&line_y, &line_x], x, true, out);
    } else {
        return false;
    }
    true
}

/// Searches along the first line, whose column has no ties. The other column is `second`; `swapped` says that it is X.
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512bw+avx512dq+fma", "x86_64+avx2+fma"))]
fn search(task: &Task, lines: [&Line; 2], second: &[f32], swapped: bool, out: &mut [f32]) {
    match task.most() {
        ..=8 => search_most::<8>(task, lines, second, swapped, out),
        9..=24 => search_most::<24>(task, lines, second, swapped, out),
        _ => search_most::<MOST>(task, lines, second, swapped, out),
    }
}

#[inline(always)]
fn search_most<const K: usize>(
    task: &Task,
    [first, other]: [&Line; 2],
    second: &[f32],
    swapped: bool,
    out: &mut [f32],
) {
    let n = task.n;
    let beside_first = along(second, &first.rows, [0.0; 2]);
    let width = task.orders.len() * TERMS;
    // Distances to the neighbour of each order, and rows that lie strictly closer on both sides, order after order; by rows.
    let mut radii = vec![0f32; n * task.orders.len()];
    let mut within = vec![[0u32; 2]; n * task.orders.len()];
    for at in (0..n).step_by(LANES) {
        let rows = &first.rows[at..n.min(at + LANES)];
        let nearest = nearest::<K>(&first.padded, &beside_first, at, rows.len());
        for (i, k) in task.orders.iter().enumerate() {
            let k = (*k).min(n - 1).max(1);
            let radius = nearest[k - 1];
            let mut closer = [1u32; LANES];
            for distance in &nearest[..k] {
                for l in 0..LANES {
                    closer[l] += u32::from(distance[l] < radius[l]);
                }
            }
            let counts = closer_than(first, at, &radius.map(f32::from_bits));
            for (l, row) in rows.iter().enumerate() {
                radii[i * n + *row as usize] = f32::from_bits(radius[l]);
                within[i * n + *row as usize] = [closer[l], counts[l]];
            }
        }
    }
    for at in (0..n).step_by(LANES) {
        let rows = &other.rows[at..n.min(at + LANES)];
        for (i, k) in task.orders.iter().enumerate() {
            let mut radius = [0f32; LANES];
            for (radius, row) in radius.iter_mut().zip(rows) {
                *radius = radii[i * n + *row as usize];
            }
            let counts = closer_than(other, at, &radius);
            for (l, row) in rows.iter().enumerate() {
                let [within, own] = within[i * n + *row as usize].map(|count| count as usize);
                let (x, y) = if swapped { (counts[l] as usize, own) } else { (own, counts[l] as usize) };
                Place { within, x, y }.terms(task, *k, &mut out[*row as usize * width + i * TERMS..][..TERMS]);
            }
        }
    }
}

/// The K smallest distances of 16 rows in a line from all other rows, increasing, as the bits that hold them. Only the first
/// `real` of the rows are rows.
///
/// Places further and further away are visited, until the distance along the line alone is too large for all of the rows.
#[inline(always)]
fn nearest<const K: usize>(x: &[f32], y: &[f32], at: usize, real: usize) -> [Lanes<u32>; K] {
    let (here_x, here_y) = (lanes(x, at + LANES), lanes(y, at + LANES));
    let mut sorted = [[NEVER; LANES]; K];
    // What is no row has found all its neighbours.
    for lanes in &mut sorted {
        lanes[real..].fill(0);
    }
    let mut open = [true; 2];
    for offset in 1.. {
        for (open, from) in open.iter_mut().zip(beside(x, at, offset)) {
            if !*open {
                continue;
            }
            let (x, y) = (lanes(x, from), lanes(y, from));
            let mut distance = [0u32; LANES];
            let mut closer = 0u32;
            for l in 0..LANES {
                let dx = (x[l] - here_x[l]).abs().to_bits();
                let dy = (y[l] - here_y[l]).abs().to_bits();
                let d = dx.max(dy).min(APART.to_bits());
                distance[l] = if dx == f32::INFINITY.to_bits() { NEVER } else { d };
                // Never beyond the ends, where it would be for want of neighbours.
                closer |=
                    u32::from(dx.min(APART.to_bits()) < sorted[K - 1][l]) & u32::from(dx != f32::INFINITY.to_bits());
            }
            *open = closer != 0;
            if *open {
                insert(&mut sorted, distance);
            }
        }
        if open == [false; 2] {
            break;
        }
    }
    sorted
}

/// Every place keeps the smaller of what it holds and what comes, and hands on the larger.
#[inline(always)]
fn insert<const K: usize>(sorted: &mut [Lanes<u32>; K], mut values: Lanes<u32>) {
    for place in sorted {
        for l in 0..LANES {
            let smaller = place[l].min(values[l]);
            values[l] = place[l].max(values[l]);
            place[l] = smaller;
        }
    }
}

/// How many values of a line are strictly closer to that of each of 16 places than its radius, which is above 0; itself included.
#[inline(always)]
fn closer_than(line: &Line, at: usize, radius: &Lanes<f32>) -> Lanes<u32> {
    let here = line.here(at);
    let mut counts = [1u32; LANES];
    let mut open = [true; 2];
    for offset in 1.. {
        for (open, from) in open.iter_mut().zip(beside(&line.padded, at, offset)) {
            if !*open {
                continue;
            }
            let values = lanes(&line.padded, from);
            let mut closer = 0u32;
            for l in 0..LANES {
                let inside = u32::from((values[l] - here[l]).abs().min(APART) < radius[l]);
                counts[l] += inside;
                closer |= inside;
            }
            *open = closer != 0;
        }
        if open == [false; 2] {
            break;
        }
    }
    counts
}
