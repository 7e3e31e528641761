//! The classes of statistics for what correlations leave open.
//!
//! All of them are sums over the rows, in 128-bit integers. Where a table is so large that they do not fit, overflow
//! wraps: the value says nothing then, but it still changes its sign with the columns, and with nothing else.

use super::super::Ranks;
use super::parity::Signs;
use super::{Statistic, accept};

/// A class is skipped if it would cost more multiplications than this. The count depends on the shape of the table
/// only, so that skipping breaks no invariance.
const COST: usize = 1 << 25;

/// Classes 3 to 6, in order.
pub(super) const LATER: [fn(&[Ranks], &mut Signs); 5] =
    [cubes, weighted::<1>, products::<3>, weighted::<2>, products::<4>];

/// Class 2. Correlations settle sums of two bits, so that each unknown bit stands for a set of columns.
pub(super) fn row_sums(columns: &[Ranks], signs: &mut Signs) {
    let representative = signs.representative();
    for set in signs.flips() {
        let mut rows = vec![0f64; columns[0].centred.len()];
        for j in &set {
            let sign = f64::from(representative[*j]);
            rows.iter_mut().zip(&columns[*j].centred).for_each(|(r, u)| *r += u * sign);
        }
        let moment: i128 = rows.iter().map(|r| i128::from(*r as i64).pow(3)).sum();
        if moment != 0 {
            let j = set[0];
            signs.accept(&signs.equation(&[j], (moment < 0) != (representative[j] < 0)));
        }
    }
}

/// Class 3: Σ u_j³.
fn cubes(columns: &[Ranks], signs: &mut Signs) {
    let cube = |j: usize| columns[j].centred.iter().map(|u| i128::from(*u as i64).pow(3)).sum();
    let statistics = (0..columns.len()).filter_map(|j| statistic([j], cube(j)));
    accept(signs, statistics.collect(), 0, |_, _| ());
}

/// Classes 3 and 5: Σ_r w_r u_ri, or Σ_r w_r u_ri u_rj, with weights that no flip changes.
///
/// Such weights are functions of the products G_rs = Σ_j u_rj u_sj between rows: G_rr, Σ_s G_rs² and Σ_s G_rs³.
fn weighted<const K: usize>(columns: &[Ranks], signs: &mut Signs) {
    let (n, d) = (columns[0].centred.len(), columns.len());
    let rows: Vec<Vec<i64>> = (0..n).map(|r| columns.iter().map(|c| c.centred[r] as i64).collect()).collect();
    let product = |a: &[i64], b: &[i64]| i128::from(a.iter().zip(b).map(|(a, b)| a * b).sum::<i64>());
    let lengths: Vec<i128> = rows.iter().map(|r| product(r, r)).collect();
    products_of::<K>(columns, signs, Some(&lengths));
    if n.saturating_mul(n).saturating_mul(d) > COST {
        return;
    }
    for power in [2, 3] {
        if signs.unknown > 0 {
            let near = |r| rows.iter().fold(0i128, |sum, s| sum.wrapping_add(product(r, s).wrapping_pow(power)));
            let weights: Vec<i128> = rows.iter().map(|r| near(r)).collect();
            products_of::<K>(columns, signs, Some(&weights));
        }
    }
}

/// Classes 4 and 6: products of distinct columns.
fn products<const K: usize>(columns: &[Ranks], signs: &mut Signs) {
    products_of::<K>(columns, signs, None);
}

/// Σ_r w_r Π_{j∈S} u_rj for all sets S of `K` columns where what is known does not settle the sign.
fn products_of<const K: usize>(columns: &[Ranks], signs: &mut Signs, weights: Option<&[i128]>) {
    let (n, d) = (columns[0].centred.len(), columns.len());
    let sets = (0..K).try_fold(1usize, |sets, i| Some(sets.checked_mul(d.saturating_sub(i))? / (i + 1)));
    if d < K || sets.and_then(|s| s.checked_mul(n * K)).is_none_or(|cost| cost > COST) {
        return;
    }
    let mut statistics = Vec::new();
    let mut set: [usize; K] = std::array::from_fn(|i| i);
    loop {
        if !signs.settles(&set) {
            let value = (0..n).fold(0i128, |sum, r| {
                let weight = weights.map_or(1, |w| w[r]);
                let factors = set.iter().map(|j| i128::from(columns[*j].centred[r] as i64));
                sum.wrapping_add(factors.fold(weight, i128::wrapping_mul))
            });
            statistics.extend(statistic(set, value));
        }
        // The next set in lexicographic order.
        let Some(at) = (0..K).rev().find(|i| set[*i] < d - K + i) else { break };
        set[at] += 1;
        (at + 1..K).for_each(|i| set[i] = set[i - 1] + 1);
    }
    accept(signs, statistics, 0, |_, _| ());
}

/// `None` for 0, which has no sign.
fn statistic<const K: usize>(columns: [usize; K], value: i128) -> Option<Statistic<K, u128>> {
    (value != 0).then_some(Statistic { strength: value.unsigned_abs(), columns, negative: value < 0 })
}
