//! Groups of variables that depend on each other, from what pairs and triples of them show.

use super::bins::{Bins, excess};
use super::{COARSE, STANDS_OUT, Variable};

/// Weight from which on a pair makes a group: up to nine equal ones at each of its variables.
const LEAST_WEIGHT: f32 = 0.1;
/// Most triples that are looked at.
const MOST_TRIPLES: usize = 2_000;
/// Fewest rows for that.
const FEWEST_ROWS: usize = 30;

/// Pairs across the sides, X by Y.
pub(super) struct Across {
    /// Variables of X, and of Y.
    pub sides: [usize; 2],
    /// See [`super::PairTerms::columns`].
    pub weights: Vec<f32>,
    /// The excess of χ² on the coarse grid, over n.
    pub shares: Vec<f32>,
}

/// Disjoint sets of variables, those of X and those of Y, that pairs or triples tie together. Variables of Y are counted from 0.
pub(super) fn groups(variables: &[Variable], across: &Across) -> Vec<[Vec<usize>; 2]> {
    let [vx, vy] = across.sides;
    let mut sets = Sets((0..vx + vy).collect());
    for (at, weight) in across.weights.iter().enumerate() {
        if *weight > LEAST_WEIGHT {
            sets.join(at / vy, vx + at % vy);
        }
    }
    triples(variables, across, &mut sets);
    let mut out: Vec<[Vec<usize>; 2]> = vec![Default::default(); vx + vy];
    for v in 0..vx + vy {
        let set = &mut out[sets.of(v)];
        if v < vx { set[0].push(v) } else { set[1].push(v - vx) }
    }
    out.retain(|[x, y]| !x.is_empty() && !y.is_empty());
    out
}

/// Joins two variables of a side and one of the other that show together what neither shows alone, such as a product of signs.
fn triples(variables: &[Variable], across: &Across, sets: &mut Sets) {
    let [vx, vy] = across.sides;
    let twos = |v: usize| v * (v - 1) / 2;
    let count = twos(vx) * vy + twos(vy) * vx;
    let n = variables[0].grids[COARSE].rows();
    if count == 0 || count > MOST_TRIPLES || n < FEWEST_ROWS {
        return;
    }
    let least = STANDS_OUT + (2.0 * (count as f32).ln()).sqrt();
    let mut cells = Vec::new();
    for (own, other) in [(0..vx, vx..vx + vy), (vx..vx + vy, 0..vx)] {
        for i in own.clone() {
            for j in i + 1..own.end {
                let Some(both) = Bins::joined(&variables[i].grids[COARSE], &variables[j].grids[COARSE]) else {
                    continue;
                };
                for k in other.clone() {
                    let share = |v: usize| across.shares[v.min(k) * vy + v.max(k) - vx].max(0.0);
                    let together = excess(&both, &variables[k].grids[COARSE], &mut cells);
                    if together.sd > 0.0 && (together.share - share(i) - share(j)) / together.sd > least {
                        sets.join(i, k);
                        sets.join(j, k);
                    }
                }
            }
        }
    }
}

/// Disjoint sets: each element's parent, a root its own.
struct Sets(Vec<usize>);

impl Sets {
    fn of(&self, mut v: usize) -> usize {
        while self.0[v] != v {
            v = self.0[v];
        }
        v
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.of(a), self.of(b));
        self.0[a.max(b)] = a.min(b);
    }
}
