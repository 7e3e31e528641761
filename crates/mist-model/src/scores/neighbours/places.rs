//! Neighbours of every row as counts and radii, from which a smooth form of their terms starts.

use super::APART;

/// Of every row and order of neighbour: how many rows are closer than that neighbour, and radii that say the same.
#[derive(Clone, Debug, PartialEq)]
pub struct Places {
    /// Rows strictly closer than the k-th neighbour, the row itself included (rows at distance 0 where that is its distance):
    /// n × 3 × |orders|, on both sides together, on X, on Y. What [`neighbour_terms`](super::neighbour_terms) takes ψ of.
    pub counts: Vec<f32>,
    /// As many radii, above 0: half way between the farthest row that counts and the nearest that does not.
    pub radii: Vec<f32>,
}

/// Counts and radii of numbers.
///
/// # Shapes
/// `z` (n × d, row-major), its first `dim_x` columns those of X.
///
/// # Panics
/// Without columns on a side, or with fewer than two rows.
pub fn neighbour_places(z: &[f32], d: usize, dim_x: usize, orders: &[usize]) -> Places {
    let n = z.len() / d;
    assert!((1..d).contains(&dim_x) && n > 1, "both sides need columns of at least two rows");
    let columns: Vec<Vec<f32>> = (0..d).map(|j| z.iter().skip(j).step_by(d).copied().collect()).collect();
    let size = n * 3 * orders.len();
    let mut places = Places { counts: vec![0f32; size], radii: vec![0f32; size] };
    let mut distances = [vec![0f32; n], vec![0f32; n], vec![0f32; n]];
    let mut others = vec![0f32; n - 1];
    let most = orders.iter().copied().max().unwrap_or(1).clamp(1, n - 1);
    for r in 0..n {
        let [both, x, y] = &mut distances;
        for (out, side) in [(&mut *x, &columns[..dim_x]), (&mut *y, &columns[dim_x..])] {
            out.fill(0.0);
            for column in side {
                let at = column[r];
                out.iter_mut().zip(column).for_each(|(d, v)| *d = d.max((v - at).abs()));
            }
            out.iter_mut().for_each(|d| *d = d.min(APART));
        }
        both.iter_mut().zip(x.iter().zip(y.iter())).for_each(|(b, (x, y))| *b = x.max(*y));
        others[..r].copy_from_slice(&both[..r]);
        others[r..].copy_from_slice(&both[r + 1..]);
        if most < n - 1 {
            others.select_nth_unstable_by(most - 1, f32::total_cmp);
        }
        others[..most].sort_unstable_by(f32::total_cmp);
        for (k, order) in orders.iter().enumerate() {
            let radius = others[(*order).clamp(1, most) - 1];
            for (place, distance) in distances.iter().enumerate() {
                let (count, inside, outside) = around(distance, radius);
                let at = (r * 3 + place) * orders.len() + k;
                places.counts[at] = count as f32;
                // On one side alone there may be no row beyond.
                places.radii[at] = match outside.is_finite() {
                    true => 0.5 * (inside + outside),
                    false if inside > 0.0 => 2.0 * inside,
                    false => 1.0,
                };
            }
        }
    }
    places
}

/// Rows closer than the radius (at distance 0 where it is 0), the distance of the farthest of them, and that of the nearest
/// other row.
fn around(distances: &[f32], radius: f32) -> (usize, f32, f32) {
    let (mut count, mut inside, mut outside) = (0, 0f32, f32::INFINITY);
    for d in distances {
        if *d < radius || *d == 0.0 {
            count += 1;
            inside = inside.max(*d);
        } else {
            outside = outside.min(*d);
        }
    }
    (count, inside, outside)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scores::{TERMS, neighbour_terms};
    use rand::{Rng, SeedableRng, rngs::StdRng};
    use statrs::function::gamma::digamma;

    #[test]
    fn counts_are_those_of_the_terms_and_radii_hold_them() {
        let mut rng = StdRng::seed_from_u64(5);
        for (n, dim_x, dim_y, levels) in [(30, 1, 1, 0), (41, 2, 3, 0), (60, 1, 1, 4), (35, 2, 2, 3)] {
            let d = dim_x + dim_y;
            let mut draw = || match levels {
                0 => rng.random_range(-2.0..2.0),
                _ => rng.random_range(0..levels) as f32 * 0.5,
            };
            let z: Vec<f32> = (0..n * d).map(|_| draw()).collect();
            let orders = [1, 3, 8, 24];
            let places = neighbour_places(&z, d, dim_x, &orders);
            let column = |j: usize| z.iter().skip(j).step_by(d).copied().collect::<Vec<f32>>();
            let (x, y): (Vec<_>, Vec<_>) = ((0..dim_x).map(column).collect(), (dim_x..d).map(column).collect());
            let terms = neighbour_terms(&x, &y, &orders);
            for r in 0..n {
                for k in 0..orders.len() {
                    let at = |place: usize| (r * 3 + place) * orders.len() + k;
                    let psi = |place: usize| digamma(f64::from(places.counts[at(place)]));
                    let first = (psi(0) + digamma(n as f64) - psi(1) - psi(2)).clamp(-6.0, 16.0);
                    assert!((f64::from(terms[(r * orders.len() + k) * TERMS]) - first).abs() < 1e-5);
                    // Within the radius on X lie as many rows as it says.
                    let within =
                        (0..n).filter(|s| x.iter().all(|c| (c[r] - c[*s]).abs() < places.radii[at(1)])).count();
                    assert_eq!(within as f32, places.counts[at(1)], "{n} rows, {levels} levels");
                    assert!(places.radii[at(0)] > 0.0 && places.radii[at(2)] > 0.0);
                }
            }
        }
    }
}
