//! One column a side: neighbours by a search along the sorted columns, at a fraction of the cost of all distances.

use super::{APART, LANES, NEVER, Nearest, Place, TERMS, Task};
use multiversion::multiversion;

/// A column in increasing order.
struct Line {
    sorted: Vec<f32>,
    /// Where each row is in it.
    place: Vec<usize>,
}

impl Line {
    fn new(order: &[u32], column: &[f32]) -> Self {
        let mut place = vec![0; order.len()];
        order.iter().enumerate().for_each(|(at, row)| place[*row as usize] = at);
        Self { sorted: order.iter().map(|row| column[*row as usize]).collect(), place }
    }

    /// How many values lie within `radius` of the value at a place, itself included: strictly, but for radius 0.
    fn within(&self, at: usize, radius: f32) -> usize {
        let centre = self.sorted[at];
        let inside = |v: &f32| {
            let d = distance(*v, centre);
            if radius > 0.0 { d < radius } else { d == 0.0 }
        };
        let (below, above) = self.sorted.split_at(at);
        at - below.partition_point(|v| !inside(v)) + above.partition_point(inside)
    }
}

fn distance(a: f32, b: f32) -> f32 {
    (a - b).abs().min(APART)
}

/// The rows in the order of a first column, equal values in that of a second.
fn order(first: &[f32], second: &[f32]) -> Vec<u32> {
    let mut order: Vec<u32> = (0..first.len() as u32).collect();
    let key = |row: u32| (first[row as usize], second[row as usize]);
    order.sort_unstable_by(|a, b| {
        let ((a, c), (b, d)) = (key(*a), key(*b));
        a.total_cmp(&b).then(c.total_cmp(&d))
    });
    order
}

/// What `super::rows` writes, to the bit: the distances are the same, only fewer of them are looked at.
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512bw+avx512dq+fma", "x86_64+avx2+fma"))]
pub(super) fn rows(task: &Task, out: &mut [f32]) {
    let (n, most) = (task.n, task.most());
    let (x, y) = (&task.x[0][..n], &task.y[0][..n]);
    let by_x = order(x, y);
    let (line_x, line_y) = (Line::new(&by_x, x), Line::new(&order(y, x), y));
    let along: Vec<f32> = by_x.iter().map(|row| y[*row as usize]).collect();
    let (padded_x, padded_y) = (padded(&line_x.sorted), padded(&along));
    let mut nearest = Nearest::new(most);
    for (r, out) in out.chunks_exact_mut(task.orders.len() * TERMS).enumerate() {
        let at = line_x.place[r];
        smallest(&padded_x, &padded_y, at + LANES, &mut nearest);
        for (&k, out) in task.orders.iter().zip(out.chunks_exact_mut(TERMS)) {
            let nearest = nearest.increasing();
            let bits = nearest[k.min(most) - 1];
            let within = match bits {
                0 => same(&line_x.sorted, &along, at),
                _ => 1 + nearest[..k.min(most)].iter().filter(|d| **d < bits).count(),
            };
            let radius = f32::from_bits(bits);
            let place = Place { within, x: line_x.within(at, radius), y: line_y.within(line_y.place[r], radius) };
            place.terms(task, k, out);
        }
    }
}

/// With lanes at infinity on both ends.
fn padded(values: &[f32]) -> Vec<f32> {
    let end = [f32::INFINITY; LANES];
    [&end, values, &end].concat()
}

/// The smallest distances of the other rows from the one at a place. Rows are visited from near to far on X, some lanes at a
/// time, until X alone is too far. The columns are [`padded`].
#[inline(always)]
fn smallest(x: &[f32], y: &[f32], at: usize, nearest: &mut Nearest) {
    nearest.clear();
    let (here_x, here_y) = (x[at], y[at]);
    // Padding lies at infinity; everything else no further than `APART`.
    let bits = |d: f32| if d == f32::INFINITY { NEVER } else { d.to_bits().min(APART.to_bits()) };
    let (mut left, mut right) = (at, at + 1);
    loop {
        let (to_left, to_right) = (here_x - x[left - 1], x[right] - here_x);
        // No row is left, or none that is closer.
        if bits(to_left.abs().min(to_right.abs())) >= nearest.bound() {
            return;
        }
        let first = if to_left.abs() <= to_right.abs() {
            left -= LANES;
            left
        } else {
            right += LANES;
            right - LANES
        };
        let mut distances = [0u32; LANES];
        for ((d, x), y) in distances.iter_mut().zip(&x[first..first + LANES]).zip(&y[first..first + LANES]) {
            let (dx, dy) = ((x - here_x).abs(), (y - here_y).abs());
            *d = bits(if dx > dy { dx } else { dy });
        }
        nearest.take(&distances);
    }
}

/// How many rows hold what the row at a place holds, itself included. They are next to each other.
fn same(x: &[f32], y: &[f32], at: usize) -> usize {
    let equal = |i: &usize| x[*i] == x[at] && y[*i] == y[at];
    1 + (0..at).rev().take_while(equal).count() + (at + 1..x.len()).take_while(equal).count()
}
