//! A costly function at many points: interpolated where they are dense.

use std::sync::LazyLock;

/// Nodes of the interpolation on a cell.
const NODES: usize = 16;

/// A cell with fewer points than this has the function computed for each.
const LEAST_POINTS: usize = 32;

/// Largest of the last coefficients, and difference at one of the points, that an interpolation is taken with.
const TOLERANCE: f64 = 3e-11;

/// cos((2j + 1) π/2N), and cos(k (2j + 1) π/2N) by k and j.
static CHEBYSHEV: LazyLock<([f64; NODES], [[f64; NODES]; NODES])> = LazyLock::new(|| {
    let angle = |j: usize| (2 * j + 1) as f64 * std::f64::consts::PI / (2 * NODES) as f64;
    let nodes = std::array::from_fn(|j| angle(j).cos());
    (nodes, std::array::from_fn(|k| std::array::from_fn(|j| (k as f64 * angle(j)).cos())))
});

/// f at every point, within about 1e-10 of 1 + |f| where f is smooth but at the `breaks` (in any order).
///
/// The range of the points is cut at the breaks and then in halves until Chebyshev interpolation on a cell has
/// converged, or the cell has so few points that f itself costs no more.
pub(crate) fn at_points(points: &[f64], breaks: &[f64], mut f: impl FnMut(f64) -> f64) -> Vec<f64> {
    let mut values = vec![0.0; points.len()];
    let mut rest: Vec<(f64, usize)> = points.iter().copied().zip(0..).collect();
    let (low, high) =
        points.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &v| (low.min(v), high.max(v)));
    let mut breaks: Vec<f64> = breaks.iter().copied().filter(|at| low < *at && *at < high).collect();
    breaks.push(high);
    breaks.sort_by(f64::total_cmp);
    // Breaks that only rounding tells apart.
    breaks.dedup_by(|next, kept| *next - *kept < 1e-12 * (high - low));
    let mut rest = rest.as_mut_slice();
    let mut from = low;
    for at in breaks {
        let count = if at < high { partition(rest, at) } else { rest.len() };
        let (cell, others) = rest.split_at_mut(count);
        fill(cell, from, at, &mut f, &mut values);
        (rest, from) = (others, at);
    }
    values
}

/// Moves the points below `at` to the front; their number.
fn partition(points: &mut [(f64, usize)], at: f64) -> usize {
    let mut count = 0;
    for i in 0..points.len() {
        let below = points[i].0 < at;
        points.swap(count, i);
        count += usize::from(below);
    }
    count
}

fn fill(points: &mut [(f64, usize)], low: f64, high: f64, f: &mut impl FnMut(f64) -> f64, values: &mut [f64]) {
    if points.len() >= LEAST_POINTS {
        let (centre, half) = (0.5 * (low + high), 0.5 * (high - low));
        let (nodes, cosines) = &*CHEBYSHEV;
        let at_nodes = nodes.map(|node| f(centre + half * node));
        let coefficients: [f64; NODES] = std::array::from_fn(|k| {
            let sum: f64 = cosines[k].iter().zip(&at_nodes).map(|(c, v)| c * v).sum();
            sum * if k == 0 { 1.0 } else { 2.0 } / NODES as f64
        });
        // Clenshaw's recurrence.
        let interpolated = |v: f64| {
            let t = (v - centre) / half;
            let (mut next, mut after) = (0.0, 0.0);
            for c in coefficients[1..].iter().rev() {
                (next, after) = (c + 2.0 * t * next - after, next);
            }
            coefficients[0] + t * next - after
        };
        let allowed = TOLERANCE * (1.0 + coefficients[0].abs());
        let (one, _) = points[points.len() / 2];
        if coefficients[NODES - 3..].iter().all(|c| c.abs() < allowed) && (interpolated(one) - f(one)).abs() < allowed {
            points.iter().for_each(|&(v, row)| values[row] = interpolated(v));
            return;
        }
        let count = partition(points, centre);
        let (below, above) = points.split_at_mut(count);
        // In a cell that is down to rounding no point lies on one of the sides for ever.
        if low < centre && centre < high {
            fill(below, low, centre, f, values);
            fill(above, centre, high, f, values);
            return;
        }
    }
    points.iter().for_each(|&(v, row)| values[row] = f(v));
}
