//! One column a side: neighbours by a search along the sorted columns, at a fraction of the cost of all distances.

use super::{APART, Place, TERMS, Task};

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
pub(super) fn rows(task: &Task, out: &mut [f32]) {
    let (n, most) = (task.n, task.most());
    let (x, y) = (&task.x[0][..n], &task.y[0][..n]);
    let by_x = order(x, y);
    let (line_x, line_y) = (Line::new(&by_x, x), Line::new(&order(y, x), y));
    let along: Vec<f32> = by_x.iter().map(|row| y[*row as usize]).collect();
    let mut nearest = vec![f32::INFINITY; most];
    for (r, out) in out.chunks_exact_mut(task.orders.len() * TERMS).enumerate() {
        let at = line_x.place[r];
        smallest(&line_x.sorted, &along, at, &mut nearest);
        for (&k, out) in task.orders.iter().zip(out.chunks_exact_mut(TERMS)) {
            let radius = nearest[k.min(most) - 1];
            let within = match radius {
                0.0 => same(&line_x.sorted, &along, at),
                _ => 1 + nearest[..k.min(most)].iter().filter(|d| **d < radius).count(),
            };
            let place = Place { within, x: line_x.within(at, radius), y: line_y.within(line_y.place[r], radius) };
            place.terms(task, k, out);
        }
    }
}

/// The smallest distances of the other rows from the one at a place, increasing. Rows are visited from near to far on X,
/// until X alone is too far.
fn smallest(x: &[f32], y: &[f32], at: usize, nearest: &mut [f32]) {
    nearest.fill(f32::INFINITY);
    let last = nearest.len() - 1;
    let (mut left, mut right) = (at, at + 1);
    let ahead = |i: Option<usize>| i.and_then(|i| x.get(i)).map_or(f32::INFINITY, |v| distance(*v, x[at]));
    let (mut to_left, mut to_right) = (ahead(left.checked_sub(1)), ahead(Some(right)));
    loop {
        let (dx, row) = if to_left <= to_right {
            left = left.wrapping_sub(1);
            (to_left, left)
        } else {
            right += 1;
            (to_right, right - 1)
        };
        // No row is left, or none that is closer.
        if dx >= nearest[last] {
            return;
        }
        if to_left <= to_right {
            to_left = ahead(left.checked_sub(1));
        } else {
            to_right = ahead(Some(right));
        }
        let d = dx.max(distance(y[row], y[at]));
        let mut place = last;
        if d < nearest[last] {
            while place > 0 && nearest[place - 1] > d {
                nearest[place] = nearest[place - 1];
                place -= 1;
            }
            nearest[place] = d;
        }
    }
}

/// How many rows hold what the row at a place holds, itself included. They are next to each other.
fn same(x: &[f32], y: &[f32], at: usize) -> usize {
    let equal = |i: &usize| x[*i] == x[at] && y[*i] == y[at];
    1 + (0..at).rev().take_while(equal).count() + (at + 1..x.len()).take_while(equal).count()
}
