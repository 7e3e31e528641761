//! One sign per column, chosen from the data so that flipping a column changes nothing.
//!
//! A sign s_j = (−1)^b_j is an unknown bit. A statistic of the table that changes its sign with each column of a set S
//! gives an equation, Σ_{j∈S} b_j = [statistic < 0] modulo 2, that makes it positive after orientation. Classes of
//! statistics take their turn ([`orientation`]), each from its strongest statistics to its weakest; a statistic of 0
//! says nothing. Statistics of equal strength are accepted or dropped as a set (`Signs::accept_level`), because a
//! choice between them could only follow the order of the columns.
//!
//! All statistics and all comparisons of their strengths are exact, so that the order of rows cannot tip a decision
//! by rounding.

mod classes;
mod correlations;
mod moments;
mod parity;
mod strength;
mod symmetry;

use super::Ranks;
use correlations::Dots;
use parity::Signs;
use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// Signs of the columns of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Orientation {
    /// +1 or −1 for each column. One representative: what the table leaves free may depend on the order of columns.
    pub signs: Vec<i8>,
    /// What the table leaves free: sets of columns whose signs may be flipped together. Any combination of these sets
    /// is as good as any other, and gives another table.
    pub free: Vec<Vec<usize>>,
}

impl Orientation {
    /// All 2^k sign vectors that the k free sets allow, or the first `limit` of them; the representative comes first.
    ///
    /// As a set, the tables that all of them orient do not depend on the order of rows or columns, nor on flips; an
    /// average over them does not either. That cannot be said of less than all.
    pub fn alternatives(&self, limit: usize) -> Vec<Vec<i8>> {
        let alternative = |flipped: Vec<usize>| {
            let mut signs = self.signs.clone();
            flipped.iter().for_each(|j| signs[*j] = -signs[*j]);
            signs
        };
        combinations(&self.free, limit).map(alternative).collect()
    }
}

/// The columns that each combination of free sets flips, from the empty combination on, `limit` at most. Sets may
/// overlap: a column flipped twice is not flipped.
pub(super) fn combinations(free: &[Vec<usize>], limit: usize) -> impl Iterator<Item = Vec<usize>> {
    let all = u32::try_from(free.len()).ok().and_then(|k| 1usize.checked_shl(k)).unwrap_or(usize::MAX);
    (0..all.min(limit)).map(|choice| {
        let mut flipped = Vec::new();
        let chosen = free.iter().take(usize::BITS as usize).enumerate().filter(|(f, _)| choice >> f & 1 == 1);
        for j in chosen.flat_map(|(_, set)| set) {
            match flipped.iter().position(|other| other == j) {
                Some(at) => drop(flipped.swap_remove(at)),
                None => flipped.push(*j),
            }
        }
        flipped
    })
}

/// The sign of each column, as far as the table determines it.
///
/// A `fixed` column keeps its sign: that of an indicator of a category is + by nature. The classes:
///
/// 1. Rank correlations. Where no two are equal in size, the maximum spanning tree of their absolute values is
///    oriented so that every link is positive. Of equal ones that contradict each other, those go first that paths
///    through other columns support most.
/// 2. The third moment of row sums, Σ_r (Σ_j s_j u_rj)³ over each set of columns that correlations have tied together.
///    One set, the rule on data without ties: it settles the one sign left over.
/// 3. Single columns: third moments, Σ u_j³, and means under weights of the rows that flips do not change.
/// 4. Products of three columns, Σ u_i u_j u_k.
/// 5. Products of two under the same weights.
/// 6. Products of four columns.
/// 7. Moments of the row sums of whole tables, among all orientations that are left (`moments::largest`).
///
/// What remains is handed back as [`Orientation::free`], less the flips that only permute rows. It is mostly columns
/// that could change places: three with equal correlations whose product is negative, say.
///
/// Invariant, exactly, to the order of rows and of columns, and to flips of columns that are not fixed. Sums are
/// computed in f64 where every intermediate value is an integer below 2^53 (in one piece up to 208,000 rows, in blocks
/// of rows beyond) and in 128-bit integers elsewhere. Beyond 3.8 million rows, correlations are compared after dropping
/// the lowest bits of dot products: still a function of the table, that takes some near ties for ties.
pub fn orientation(columns: &[Ranks], fixed: &[bool]) -> Orientation {
    let dots = Dots::new(columns);
    let mut signs = Signs::new(columns.len());
    // A constant column has no sign to speak of.
    for j in (0..columns.len()).filter(|j| fixed[*j] || dots.of(*j, *j) == 0) {
        signs.accept(&signs.equation(&[j], false));
    }
    correlations::class(&dots, &mut signs);
    classes::row_sums(columns, &mut signs);
    for class in classes::LATER {
        if signs.unknown > 0 {
            class(columns, &mut signs);
        }
    }
    let (signs, flips) = (signs.representative(), signs.flips());
    if flips.is_empty() {
        return Orientation { signs, free: flips };
    }
    let (signs, flips) = moments::largest(columns, signs, flips);
    let free = symmetry::essential(columns, &signs, flips);
    Orientation { signs, free }
}

/// A statistic that changes its sign with each of `K` columns.
struct Statistic<const K: usize, S> {
    strength: S,
    columns: [usize; K],
    negative: bool,
}

impl<const K: usize, S: Ord> Ord for Statistic<K, S> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.strength.cmp(&other.strength)
    }
}

impl<const K: usize, S: Ord> PartialOrd for Statistic<K, S> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<const K: usize, S: Ord> PartialEq for Statistic<K, S> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl<const K: usize, S: Ord> Eq for Statistic<K, S> {}

/// Goes through the levels of equal strength, from the strongest, until `enough` unknown bits are left. Statistics
/// that contradict others of their level are handed to `contradicted`.
fn accept<const K: usize, S: Ord>(
    signs: &mut Signs,
    statistics: Vec<Statistic<K, S>>,
    enough: usize,
    mut contradicted: impl FnMut(&mut Signs, Vec<Statistic<K, S>>),
) {
    // A heap, because the strongest few usually settle everything.
    let mut heap = BinaryHeap::from(statistics);
    while signs.unknown > enough
        && let Some(first) = heap.pop()
    {
        if signs.settles(&first.columns) {
            continue;
        }
        let mut level = vec![first];
        while heap.peek().is_some_and(|next| *next == level[0]) {
            level.extend(heap.pop().filter(|next| !signs.settles(&next.columns)));
        }
        let mut dropped = accept_level(signs, &level).into_iter().peekable();
        if dropped.peek().is_some() {
            let places = 0..level.len();
            let hit = |(place, s)| dropped.next_if_eq(&place).map(|_| s);
            let level = places.zip(level).filter_map(hit).collect();
            contradicted(signs, level);
        }
    }
}

/// Accepts statistics of equal rights; gives the places of those dropped.
fn accept_level<const K: usize, S>(signs: &mut Signs, level: &[Statistic<K, S>]) -> Vec<usize> {
    let equations: Vec<_> = level.iter().map(|s| signs.equation(&s.columns, s.negative)).collect();
    signs.accept_level(&equations)
}

#[cfg(test)]
mod tests;
