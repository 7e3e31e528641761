//! A choice between whole tables, where single statistics leave more than one.

use super::Ranks;

/// The comparison is skipped if it would visit more cells than this. The count depends on the table only.
const BUDGET: usize = 1 << 22;

/// Moments of the row sums that are compared, in this order. The second is the sum of all rank covariances.
const POWERS: [u32; 5] = [2, 3, 4, 5, 7];

/// Keeps, of the tables that `flips` allow, those whose row sums have the largest moments Σ_r (Σ_j s_j u_rj)^p,
/// compared one after another; and those that any combination of flips between them leads to (their affine hull).
///
/// Moments do not know the order of rows or columns, and a set of tables is compared as a whole, so that what is kept
/// does not depend on the order of columns either. Overflow wraps, in tables too large for the moments to fit: the
/// order is arbitrary then, but still the same for the same table.
pub(super) fn largest(columns: &[Ranks], mut signs: Vec<i8>, flips: Vec<Vec<usize>>) -> (Vec<i8>, Vec<Vec<usize>>) {
    let (cells, k) = (columns[0].centred.len() * columns.len(), flips.len());
    if k == 0 || k >= 22 || cells << k > BUDGET {
        return (signs, flips);
    }
    let columns_of = |set: usize| (0..k).filter(move |f| set >> f & 1 == 1).flat_map(|f| &flips[f]);
    let mut best = ([i128::MIN; POWERS.len()], Vec::new());
    for set in 0usize..1 << k {
        let mut flipped = signs.clone();
        columns_of(set).for_each(|j| flipped[*j] = -flipped[*j]);
        let moments = moments(columns, &flipped);
        if moments > best.0 {
            best = (moments, Vec::new());
        }
        if moments == best.0 {
            best.1.push(set);
        }
    }
    let first = best.1[0];
    // Differences from the first, reduced to a basis: no member holds the highest flip of another.
    let mut basis: Vec<usize> = Vec::new();
    for set in &best.1 {
        let rest = basis.iter().fold(set ^ first, |rest, b| rest.min(rest ^ b));
        if rest != 0 {
            basis.iter_mut().for_each(|b| *b = (*b).min(*b ^ rest));
            basis.push(rest);
        }
    }
    let together = |set: &usize| {
        let mut odd = vec![false; columns.len()];
        columns_of(*set).for_each(|j| odd[*j] = !odd[*j]);
        (0..columns.len()).filter(|j| odd[*j]).collect()
    };
    let kept = basis.iter().map(together).collect();
    columns_of(first).for_each(|j| signs[*j] = -signs[*j]);
    (signs, kept)
}

fn moments(columns: &[Ranks], signs: &[i8]) -> [i128; POWERS.len()] {
    let mut rows = vec![0i64; columns[0].centred.len()];
    for (column, sign) in columns.iter().zip(signs) {
        rows.iter_mut().zip(&column.centred).for_each(|(r, u)| *r += *u as i64 * i64::from(*sign));
    }
    POWERS.map(|p| rows.iter().fold(0, |sum: i128, r| sum.wrapping_add(i128::from(*r).wrapping_pow(p))))
}
