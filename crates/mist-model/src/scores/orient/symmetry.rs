//! Flips that leave the rows of a table what they are, but for their order.

use super::Ranks;
use std::cell::OnceCell;

/// Trying all combinations of flips may visit this many cells; beyond, each flip is tried by itself.
const BUDGET: usize = 1 << 24;

/// The flips that matter: `flips` modulo the combinations that only permute the rows.
///
/// Those combinations form a group, and the tables that remain to choose from are its cosets. Each coset has as many
/// members, so that an average over one member of each is the average over all.
pub(super) fn essential(columns: &[Ranks], signs: &[i8], mut flips: Vec<Vec<usize>>) -> Vec<Vec<usize>> {
    let (cells, k) = (columns[0].centred.len() * columns.len(), flips.len());
    let print = fingerprint(columns, signs);
    let rows = OnceCell::new();
    let permutes_rows = |chosen: &[usize]| {
        let mut flipped = signs.to_vec();
        chosen.iter().flat_map(|f| &flips[*f]).for_each(|j| flipped[*j] = -flipped[*j]);
        fingerprint(columns, &flipped) == print
            && *rows.get_or_init(|| sorted_rows(columns, signs)) == sorted_rows(columns, &flipped)
    };
    // The group in echelon form: each symmetric combination stands at its highest flip, which no later one holds.
    let mut redundant = vec![false; k];
    if k < 24 && cells << k <= BUDGET {
        for set in 1usize..1 << k {
            let chosen: Vec<usize> = (0..k).filter(|f| set >> f & 1 == 1).collect();
            // Adding a known member of the group changes nothing: one set of each coset is enough.
            if !chosen.iter().any(|f| redundant[*f]) && permutes_rows(&chosen) {
                redundant[chosen[chosen.len() - 1]] = true;
            }
        }
    } else {
        (0..k).for_each(|f| redundant[f] = permutes_rows(&[f]));
    }
    let mut keep = redundant.iter().map(|r| !r);
    flips.retain(|_| keep.next().expect("one entry for each flip"));
    flips
}

/// A number that two tables share if they have the same rows in any order, and else by a coincidence of 64 bits: a
/// sum of hashes of a random linear form of the row. Refutes most combinations without sorting.
fn fingerprint(columns: &[Ranks], signs: &[i8]) -> u64 {
    let mut rows = vec![0u64; columns[0].centred.len()];
    for (j, (column, sign)) in columns.iter().zip(signs).enumerate() {
        let weight = mix(j as u64 + 1).wrapping_mul(i64::from(*sign) as u64);
        for (r, u) in rows.iter_mut().zip(&column.centred) {
            *r = r.wrapping_add(weight.wrapping_mul(*u as i64 as u64));
        }
    }
    rows.iter().fold(0, |sum, r| sum.wrapping_add(mix(*r)))
}

/// Finaliser of SplitMix64 (Steele, Lea & Flood 2014).
fn mix(mut v: u64) -> u64 {
    v = (v ^ (v >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    v = (v ^ (v >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    v ^ (v >> 31)
}

/// The oriented rows in lexicographic order.
pub(super) fn sorted_rows(columns: &[Ranks], signs: &[i8]) -> Vec<Vec<i64>> {
    let row = |r: usize| columns.iter().zip(signs).map(|(c, s)| c.centred[r] as i64 * i64::from(*s)).collect();
    let mut rows: Vec<Vec<i64>> = (0..columns[0].centred.len()).map(row).collect();
    rows.sort_unstable();
    rows
}
