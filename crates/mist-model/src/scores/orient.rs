//! One sign per column, chosen from the data so that flipping a column changes nothing.

use super::Ranks;
use multiversion::multiversion;

/// The sign of each column: +1 or −1.
///
/// The columns are joined by the maximum spanning tree of their absolute rank correlations, and oriented so that
/// every link of the tree is positive; the one sign left over makes the third moment of the row sums non-negative.
/// Flipping a column flips its correlations and so its sign, and the product is what it was: the scores are the
/// same. Everything is computed in integers (exact in f64 up to 200,000 rows, and in i128), so that neither the
/// order of the rows nor that of the columns can tip a decision.
///
/// Where correlations are exactly 0 or exactly equal in size, as in small balanced designs, the data does not
/// choose a sign, and the order of the columns does.
pub fn orientation(columns: &[Ranks]) -> Vec<i8> {
    let d = columns.len();
    let norms: Vec<f64> = columns.iter().map(|c| dot(&c.centred, &c.centred).sqrt()).collect();
    // Prim's algorithm: the strongest link of each column outside the tree to one inside.
    let mut signs = vec![1i8; d];
    let mut best = vec![(-1.0f64, 1i8); d];
    let mut outside: Vec<usize> = (1..d).collect();
    let mut newest = 0;
    while !outside.is_empty() {
        for &j in &outside {
            let s = dot(&columns[newest].centred, &columns[j].centred);
            let scale = norms[newest] * norms[j];
            let strength = if scale > 0.0 { s.abs() / scale } else { 0.0 };
            if strength > best[j].0 {
                best[j] = (strength, if s < 0.0 { -signs[newest] } else { signs[newest] });
            }
        }
        let (at, _) = (outside.iter().enumerate())
            .fold((0, -2.0), |m, (at, &j)| if best[j].0 > m.1 { (at, best[j].0) } else { m });
        newest = outside.swap_remove(at);
        signs[newest] = best[newest].1;
    }
    if third_moment(columns, &signs) < 0 {
        signs.iter_mut().for_each(|s| *s = -*s);
    }
    signs
}

/// `Σ_r (Σ_j s_j u_rj)³`, exactly.
fn third_moment(columns: &[Ranks], signs: &[i8]) -> i128 {
    let mut rows = vec![0f64; columns[0].centred.len()];
    for (column, sign) in columns.iter().zip(signs) {
        for (r, u) in rows.iter_mut().zip(&column.centred) {
            *r += u * f64::from(*sign);
        }
    }
    rows.iter().map(|r| (*r as i128).pow(3)).sum()
}

/// Dot product in eight lanes; exact, so the order of summation does not matter.
#[multiversion(targets("x86_64+avx512f+avx512vl+fma", "x86_64+avx2+fma"))]
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut lanes = [0f64; 8];
    let (ca, cb) = (a.chunks_exact(8), b.chunks_exact(8));
    let tail: f64 = ca.remainder().iter().zip(cb.remainder()).map(|(x, y)| x * y).sum();
    for (x, y) in ca.zip(cb) {
        for l in 0..8 {
            lanes[l] += x[l] * y[l];
        }
    }
    lanes.iter().sum::<f64>() + tail
}
