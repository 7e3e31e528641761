//! What pairs and small groups of variables say, before the network looks at all of them together.
//!
//! Among many columns the neighbours of a row are near in none of them: what links one column of X to one of Y drowns in the
//! distances of the others. So each pair of variables is looked at by itself, by the chi-squared statistic of its binned
//! ranks, which costs a pass over the rows. Pairs that stand out, in their row and in their column of the table of pairs, tie variables
//! together to groups, and so do triples in which two variables of a side tell together what none does alone. In the columns of each group the
//! neighbours are searched as well.

mod bins;
mod canonical;
mod fits;
mod groups;
mod trees;

use super::neighbours::{self, TERMS, neighbour_terms};
use super::{Scores, rank};
use bins::{Bins, Excess, Grid};
use fits::{Fits, Told};
use groups::{Across, groups};

/// Numbers for each pair of columns: see [`PairTerms::columns`].
pub const PAIR_TERMS: usize = 6;

/// Standard deviations by which a single pair stands out; the largest of many must be further out.
const STANDS_OUT: f32 = 2.5;
/// Place of the coarse grid among a variable's grids.
const COARSE: usize = 1;

/// What pairs of variables say of one data set.
#[derive(Clone, Debug, PartialEq)]
pub struct PairTerms {
    /// For each pair of columns, D × D × 6, symmetric, 0 within a variable. On a fine grid and on a coarse one: ln(1 + e) with
    /// e = (χ² − E χ²)/n or 0, whichever is larger, and asinh(z)/3 with z = (χ² − E χ²)/sd χ², mean and standard deviation over all
    /// orders of the rows. Then, across the sides, the weight of the pair: s²/(sum of s over its row × sum over its column), with s the
    /// larger z where it stands out and 0 elsewhere. At last, within a group, asinh of the mean of the group's first
    /// neighbour term of the second order over the number of its pairs across the sides.
    pub columns: Vec<f32>,
    /// For each row, and each order of neighbours, the sum of the first term over groups: n × |orders|.
    pub rows: Vec<f32>,
    /// The groups that `rows` is a sum over: columns of `z` of X and of Y, of a block its first.
    pub groups: Vec<[Vec<usize>; 2]>,
    /// The same with neighbours in what regressions predict, or with what canonical directions say, the same for all orders: the sum over groups or, where it
    /// says more, of all columns; behind it, of each row, how much less a third of the rows tell, and then how much more regressions say than canonical directions.
    /// n × 3·|orders|, 0 where nothing is told; `None` where it is not asked for.
    pub fits: Option<Vec<f32>>,
}

/// Searches of neighbours in some of the variables.
struct Search<'a> {
    scores: &'a Scores,
    orders: &'a [usize],
    variables: usize,
}

impl Search<'_> {
    /// The first term of each row and order, n × |orders|.
    fn first(&self, x: &[&Variable], y: &[&Variable]) -> Vec<f32> {
        let of_all = self.scores.neighbours.as_ref().filter(|_| x.len() + y.len() == self.variables);
        let columns = |side: &[&Variable]| -> Vec<Vec<f32>> { side.iter().map(|v| values(self.scores, v)).collect() };
        match of_all {
            Some(terms) if terms.len() == self.scores.n * self.orders.len() * TERMS => {
                terms.iter().step_by(TERMS).copied().collect()
            }
            _ => neighbour_terms(&columns(x), &columns(y), self.orders).into_iter().step_by(TERMS).collect(),
        }
    }

    /// The same for columns of normal scores on one side.
    fn first_of(&self, x: &[Vec<f32>], y: &[&Variable]) -> Vec<f32> {
        let y: Vec<Vec<f32>> = y.iter().map(|v| values(self.scores, v)).collect();
        neighbour_terms(x, &y, self.orders).into_iter().step_by(TERMS).collect()
    }

    /// Mean over rows of the second order.
    fn mean(&self, first: &[f32]) -> f32 {
        let second = 1.min(self.orders.len() - 1);
        first.iter().skip(second).step_by(self.orders.len()).sum::<f32>() / self.scores.n as f32
    }
}

/// One variable: a number, or a category with all of its indicators.
struct Variable {
    first: usize,
    width: usize,
    grids: [Bins; 2],
}

impl Variable {
    fn columns(&self) -> impl Iterator<Item = usize> + Clone {
        self.first..self.first + self.width
    }
}

impl PairTerms {
    /// # Panics
    /// Without orders, or with values in place of normal scores.
    pub(super) fn of(scores: &Scores, orders: &[usize], fits: bool) -> Self {
        assert!(scores.scored && !orders.is_empty(), "pairs are of normal scores, and need an order");
        let (n, d) = (scores.n, scores.dim_x + scores.dim_y);
        let variables = variables(scores);
        let across = variables.iter().take_while(|v| v.first < scores.dim_x).count();
        let mut columns = vec![0f32; d * d * PAIR_TERMS];
        let mut set = |a: &Variable, b: &Variable, from: usize, values: &[f32]| {
            for (i, j) in a.columns().flat_map(|i| b.columns().map(move |j| (i, j))) {
                for (i, j) in [(i, j), (j, i)] {
                    columns[(i * d + j) * PAIR_TERMS + from..][..values.len()].copy_from_slice(values);
                }
            }
        };
        let (vx, vy) = (across, variables.len() - across);
        let least = STANDS_OUT + (2.0 * ((vx * vy) as f32).ln()).sqrt();
        let search = Search { scores, orders, variables: variables.len() };
        let (mut strengths, mut shares) = (vec![0f32; vx * vy], vec![0f32; vx * vy]);
        let mut cells = Vec::new();
        for (i, a) in variables.iter().enumerate() {
            for (j, b) in variables.iter().enumerate().skip(i + 1) {
                let [fine, coarse] = [0, COARSE].map(|g| bins::excess(&a.grids[g], &b.grids[g], &mut cells));
                let told = |e: &Excess| [e.share.max(0.0).ln_1p(), e.deviations().asinh() / 3.0];
                set(a, b, 0, &[told(&fine), told(&coarse)].concat());
                if i < across && j >= across {
                    let at = i * vy + j - across;
                    let z = fine.deviations().max(coarse.deviations());
                    strengths[at] = if z > least { z } else { 0.0 };
                    shares[at] = coarse.share;
                }
            }
        }
        let weights = weights(&strengths, vy);
        for (at, weight) in weights.iter().enumerate() {
            set(&variables[at / vy], &variables[across + at % vy], 4, &[*weight]);
        }
        let mut predicted = Told::nothing(n * orders.len());
        let regressions = if fits { Fits::new(&search) } else { None };
        let mut rows = vec![0f32; n * orders.len()];
        let mut found = Vec::new();
        for [x, y] in groups(&variables, &Across { sides: [vx, vy], weights, shares }) {
            let of =
                |vs: &[usize], from: usize| -> Vec<&Variable> { vs.iter().map(|v| &variables[from + v]).collect() };
            let (x, y) = (of(&x, 0), of(&y, across));
            let first = search.first(&x, &y);
            rows.iter_mut().zip(&first).for_each(|(sum, term)| *sum += term);
            if let Some(told) = regressions.as_ref().and_then(|fits| fits.told(&x, &y)) {
                predicted.add(&told);
            }
            let each = (search.mean(&first) / (x.len() * y.len()) as f32).asinh();
            x.iter().for_each(|a| y.iter().for_each(|b| set(a, b, 5, &[each])));
            found.push([x, y].map(|side| side.iter().map(|v| v.first).collect()));
        }
        let of = |side: std::ops::Range<usize>| -> Vec<&Variable> { variables[side].iter().collect() };
        let is_all = found.iter().any(|[x, y]: &[Vec<usize>; 2]| x.len() == vx && y.len() == vy);
        if let (false, Some(fits)) = (is_all, &regressions)
            && let Some(of_all) = fits.told(&of(0..vx), &of(vx..vx + vy))
            && search.mean(&of_all.most) > search.mean(&predicted.most)
        {
            predicted = of_all;
        }
        Self { columns, rows, groups: found, fits: fits.then(|| predicted.terms(orders.len())) }
    }
}

/// s² / (sum of s over the row × sum over the column) of each pair: 1 where it is the only one that stands out for both of its variables,
/// 1/K where each of K does as much, 1/(JK) where all of J × K do.
fn weights(strengths: &[f32], columns: usize) -> Vec<f32> {
    let by_row: Vec<f32> = strengths.chunks_exact(columns).map(|row| row.iter().sum()).collect();
    let by_column: Vec<f32> = (0..columns).map(|j| strengths.iter().skip(j).step_by(columns).sum()).collect();
    let weight = |(at, s): (usize, &f32)| match s {
        0.0 => 0.0,
        s => (s / by_row[at / columns]) * (s / by_column[at % columns]),
    };
    strengths.iter().enumerate().map(weight).collect()
}

/// Variables of X, then those of Y.
fn variables(scores: &Scores) -> Vec<Variable> {
    let (n, d) = (scores.n, scores.dim_x + scores.dim_y);
    let grids = [Grid::fine(n), Grid::coarse(n)];
    let table = rank::score_table(n);
    let mut out = Vec::new();
    let mut first = 0;
    while first < d {
        let block = scores.block[first];
        let width = match block {
            0 => 1,
            // A block does not go beyond its side: its number is that of a variable.
            _ => scores.block[first..].iter().take_while(|b| **b == block).count(),
        };
        let column = |j: usize| scores.z.iter().skip(j).step_by(d).copied();
        let grids = match width {
            1 => {
                let tied = scores.ties.iter().skip(first).step_by(d).any(|t| *t > 0.0);
                let values: Vec<f32> = column(first).collect();
                [0, 1].map(|g| Bins::of_number(&values, tied, &grids[g], &table))
            }
            _ => {
                let indicators: Vec<Vec<f32>> = (first..first + width).map(|j| column(j).collect()).collect();
                let bins = Bins::of_indicators(&indicators);
                [bins.clone(), bins]
            }
        };
        out.push(Variable { first, width, grids });
        first += width;
    }
    out
}

/// The variable as neighbours see it.
fn values(scores: &Scores, variable: &Variable) -> Vec<f32> {
    let d = scores.dim_x + scores.dim_y;
    match scores.block[variable.first] {
        0 => scores.z.iter().skip(variable.first).step_by(d).copied().collect(),
        block => neighbours::category(&scores.codes[block as usize - 1]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Column;
    use rand::{Rng, SeedableRng, rngs::StdRng};

    const ORDERS: [usize; 3] = [1, 3, 8];

    /// X: two numbers, a category of five values, noise. Y: functions of the second and of the category with noise, and noise.
    fn table(n: usize) -> (Vec<Vec<f64>>, Vec<u32>, Vec<Vec<f64>>) {
        let mut rng = StdRng::seed_from_u64(5);
        let mut column = || (0..n).map(|_| rng.random_range(-1.0..1.0)).collect::<Vec<f64>>();
        let (a, b, c, noise) = (column(), column(), column(), column());
        let codes: Vec<u32> = c.iter().map(|c| ((c + 1.0) * 2.4) as u32).collect();
        let y = [
            b.iter().zip(column()).map(|(b, e)| (b * 9.0).sin() + 0.2 * e).collect(),
            codes.iter().zip(column()).map(|(c, e)| f64::from([2, 0, 4, 1, 3][*c as usize]) + 0.4 * e).collect(),
            column(),
        ];
        (vec![a, b, noise], codes, y.to_vec())
    }

    fn terms(columns: [usize; 4], sides_swapped: bool) -> (Scores, PairTerms) {
        let (x, codes, y) = table(400);
        let all = [Column::Number(&x[0]), Column::Number(&x[1]), Column::Category(&codes), Column::Number(&x[2])];
        let x = columns.map(|c| all[c]);
        let y: Vec<Column> = y.iter().map(|c| Column::Number(c)).collect();
        let scores = if sides_swapped { Scores::of(&y, &x) } else { Scores::of(&x, &y) }.unwrap();
        let terms = PairTerms::of(&scores, &ORDERS, false);
        (scores, terms)
    }

    #[test]
    fn pairs_that_are_linked_stand_out_and_their_neighbours_are_those_of_the_two_alone() {
        let (scores, terms) = terms([0, 1, 2, 3], false);
        assert_eq!((scores.dim_x, scores.dim_y, &scores.block[2..7]), (8, 3, &[1; 5][..]));
        assert_eq!(terms.groups, [[vec![1], vec![8]], [vec![2], vec![9]]]);
        let column = |j: usize| vec![scores.z.iter().skip(j).step_by(11).copied().collect::<Vec<f32>>()];
        let first = neighbour_terms(&column(1), &column(8), &ORDERS);
        let second = neighbour_terms(&[neighbours::category(&scores.codes[0])], &column(9), &ORDERS);
        for (i, sum) in terms.rows.iter().enumerate() {
            let want = first[i * TERMS] + second[i * TERMS];
            assert!((sum - want).abs() < 1e-5, "{i}: {sum}, not {want}");
        }
    }

    #[test]
    fn pairs_follow_their_columns_and_rows_stay() {
        let (scores, base) = terms([0, 1, 2, 3], false);
        let d = scores.dim_x + scores.dim_y;
        // The category's indicators have an order of their own, which stays.
        let (other_scores, other) = terms([3, 2, 1, 0], false);
        assert_eq!(scores.block[2..7], [1; 5]);
        assert_eq!(other_scores.block[1..6], [1; 5]);
        let to = [7, 6, 1, 2, 3, 4, 5, 0, 8, 9, 10];
        for i in 0..d {
            for j in 0..d {
                for k in 0..PAIR_TERMS {
                    let a = base.columns[(i * d + j) * PAIR_TERMS + k];
                    let b = other.columns[(to[i] * d + to[j]) * PAIR_TERMS + k];
                    assert!((a - b).abs() < 1e-5, "{i}, {j}, {k}: {a} and {b}");
                }
            }
        }
        let (_, swapped) = terms([0, 1, 2, 3], true);
        for other in [other, swapped] {
            for (a, b) in base.rows.iter().zip(&other.rows) {
                assert!((a - b).abs() < 1e-5, "{a} and {b}");
            }
        }
    }

    #[test]
    fn what_is_independent_does_not_stand_out() {
        let mut rng = StdRng::seed_from_u64(6);
        let mut found = 0;
        for _ in 0..200 {
            let mut column = |levels: i32| -> Vec<f64> {
                match levels {
                    0 => (0..60).map(|_| rng.random()).collect(),
                    _ => (0..60).map(|_| f64::from(rng.random_range(0..levels))).collect(),
                }
            };
            let columns: Vec<Vec<f64>> = [0, 2, 7, 0, 3, 0].into_iter().map(&mut column).collect();
            let refs: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
            found += PairTerms::of(&Scores::new(&refs[..3], &refs[3..]).unwrap(), &ORDERS, false).groups.len();
        }
        assert!(found <= 18, "{found} pairs of 1,800");
    }

    #[test]
    fn what_only_two_columns_tell_together_ties_them_and_nothing_else_does() {
        let mut rng = StdRng::seed_from_u64(9);
        let (mut found, mut too_many) = (0, 0);
        for _ in 0..40 {
            let mut column = || (0..500).map(|_| rng.random_range(-1.0..1.0)).collect::<Vec<f64>>();
            let x: [Vec<f64>; 4] = std::array::from_fn(|_| column());
            let with = |f: &dyn Fn(usize) -> f64, noise: Vec<f64>| -> Vec<f64> {
                noise.iter().enumerate().map(|(r, e)| f(r) + 0.3 * e).collect()
            };
            let y = [with(&|r| x[0][r] * x[2][r], column()), with(&|r| x[3][r], column()), column()];
            let refs: Vec<&[f64]> = x.iter().chain(&y).map(Vec::as_slice).collect();
            let terms = PairTerms::of(&Scores::new(&refs[..4], &refs[4..]).unwrap(), &ORDERS, false);
            found += usize::from(terms.groups == [[vec![0, 2], vec![4]], [vec![3], vec![5]]]);
            too_many += usize::from(terms.groups.iter().flatten().flatten().any(|c| [1, 6].contains(c)));
        }
        assert!(found >= 36 && too_many <= 3, "{found} and {too_many} of 40");
    }

    #[test]
    fn turning_a_column_around_changes_nothing() {
        let (x, _, y) = table(91);
        let turned: Vec<f64> = y[0].iter().map(|v| -v).collect();
        let refs: Vec<&[f64]> = x.iter().map(Vec::as_slice).collect();
        // As they are in the data, not oriented.
        let of = |y: &[f64]| {
            let numbers: Vec<Column> = refs.iter().map(|c| Column::Number(c)).collect();
            PairTerms::of(&Scores::unoriented(&numbers, &[Column::Number(y)]).unwrap(), &ORDERS, true)
        };
        assert_eq!(of(&y[0]), of(&turned));
    }

    #[test]
    fn very_few_rows_and_constant_columns_say_nothing() {
        for (a, b) in [(vec![1.0, 2.0], vec![2.0, 1.0]), (vec![1.0; 50], (0..50).map(f64::from).collect())] {
            let terms = PairTerms::of(&Scores::new(&[&a], &[&b]).unwrap(), &ORDERS, true);
            assert!(
                terms.columns.iter().chain(&terms.rows).chain(terms.fits.iter().flatten()).all(|v| *v == 0.0),
                "{terms:?}"
            );
        }
    }
}
