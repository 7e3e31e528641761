//! Normal scores: the only view of the data that the axial network gets. The published network takes the values.
//!
//! Each column is replaced by `z = Φ⁻¹((rank − ½)/n)` with mid-ranks for ties, so that a strictly increasing map of
//! a column changes nothing. A sign flip changes nothing either, by construction: see [`orientation`].

mod neighbours;
mod orient;
mod pairs;
mod rank;

pub use neighbours::{Places, TERMS, neighbour_places, neighbour_terms};
pub use orient::{Orientation, orientation};
pub use pairs::{PAIR_TERMS, PairTerms};
pub use rank::{Ranks, each_column, ranks};

use crate::TaskShape;
use rank::MANY_CELLS;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::num::FpCategory;
use std::ops::Range;

/// Why data cannot be scored.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ScoreError {
    /// A side has no columns.
    #[error("`{side}` has no columns, expected at least one")]
    NoColumns {
        /// `x` or `y`.
        side: char,
    },
    /// Too few rows for ranks to mean anything.
    #[error("{got} rows, expected at least 2")]
    TooFewRows {
        /// Rows found.
        got: usize,
    },
    /// Columns of different lengths.
    #[error("column {column} of `{side}` has {got} rows, expected {expected}")]
    Length {
        /// `x` or `y`.
        side: char,
        /// Index of the column, from 0.
        column: usize,
        /// Rows found.
        got: usize,
        /// Rows of the first column of X.
        expected: usize,
    },
    /// A value without a rank.
    #[error("column {column} of `{side}` holds {what} at row {row}, expected finite numbers")]
    NotFinite {
        /// `x` or `y`.
        side: char,
        /// Index of the column, from 0.
        column: usize,
        /// Index of the row, from 0.
        row: usize,
        /// `NaN` or `an infinity`.
        what: &'static str,
    },
    /// Sides that the published network does not take.
    #[error(
        "{dim_x} and {dim_y} columns, expected {least} to {most} on each side and as many on both: the published \
         network takes no others\nhint: choose other columns, or use the embedded checkpoint"
    )]
    Columns {
        /// Columns of X.
        dim_x: usize,
        /// Columns of Y.
        dim_y: usize,
        /// Fewest columns of a side.
        least: usize,
        /// Most columns of a side.
        most: usize,
    },
    /// A category where the network takes values.
    #[error(
        "column {column} of `{side}` is a category, expected numbers: the published network takes no others\nhint: leave it \
         out, or use the embedded checkpoint"
    )]
    Category {
        /// `x` or `y`.
        side: char,
        /// Index of the column, from 0.
        column: usize,
    },
    /// A value that single precision does not hold.
    #[error(
        "column {column} of `{side}` holds a value at row {row} that is beyond single precision, in which the published network \
         takes values\nhint: divide the column by a power of ten"
    )]
    TooLarge {
        /// `x` or `y`.
        side: char,
        /// Index of the column, from 0.
        column: usize,
        /// Index of the row, from 0.
        row: usize,
    },
    /// Rows that the published network takes for padding.
    #[error(
        "the values of every row sum up to 0, which the published network takes for padding\nhint: leave out a column that \
         the others determine, or use the embedded checkpoint"
    )]
    Padding,
}

/// One variable of a data set.
#[derive(Clone, Copy, Debug)]
pub enum Column<'a> {
    /// Numbers, of which only the order counts.
    Number(&'a [f64]),
    /// Categories, of which only equality counts, as any codes.
    Category(&'a [u32]),
}

/// Indicator columns that a category becomes, at most: its most frequent values one each, the others one together.
pub const MAX_INDICATORS: usize = 16;

/// Scores of one data set, ready for a [`Batch`](crate::Batch).
///
/// A number is one column. A category of two values is a column of two numbers; one of more values is a *block* of
/// indicator columns, one for each value, so that the answer cannot depend on how the values are coded.
#[derive(Clone, Debug, PartialEq)]
pub struct Scores {
    /// Rows.
    pub n: usize,
    /// Columns of X, each indicator counted.
    pub dim_x: usize,
    /// Columns of Y, likewise.
    pub dim_y: usize,
    /// Normal scores, row-major, n × (dim_x + dim_y), X first.
    pub z: Vec<f32>,
    /// `ln(size of the tie group) / ln(n)` of each cell, same layout: 0 for an untied value, 1 for a constant column.
    pub ties: Vec<f32>,
    /// The block of each column: 0 for a number, else the number of the variable that it is an indicator of, from 1.
    pub block: Vec<u32>,
    /// The codes of each block, n each, from block 1 on.
    pub codes: Vec<Vec<u32>>,
    /// Sets of columns whose signs the data leaves open, as in small balanced designs; empty for most data. Each set
    /// may be flipped as a whole, and an answer that depends on the data alone is an average over
    /// [`Scores::alternatives`].
    pub free: Vec<Vec<usize>>,
    /// [`neighbour_terms`] of each row, where they were asked for.
    pub neighbours: Option<Vec<f32>>,
    /// What pairs of variables say, where it was asked for.
    pub pairs: Option<PairTerms>,
    /// Whether `z` holds normal scores; the values as they are otherwise, see [`Scores::values`].
    pub scored: bool,
}

impl Column<'_> {
    fn len(&self) -> usize {
        match self {
            Column::Number(values) => values.len(),
            Column::Category(codes) => codes.len(),
        }
    }
}

impl Scores {
    /// Scores columns of numbers.
    ///
    /// # Errors
    /// Sides without columns, fewer than two rows, columns of different lengths, values that are not finite.
    pub fn new<'a>(x: &[&'a [f64]], y: &[&'a [f64]]) -> Result<Self, ScoreError> {
        let numbers = |side: &[&'a [f64]]| -> Vec<Column<'a>> { side.iter().map(|c| Column::Number(c)).collect() };
        Self::of(&numbers(x), &numbers(y))
    }

    /// Scores variables of either kind.
    ///
    /// # Errors
    /// As [`Scores::new`].
    pub fn of(x: &[Column], y: &[Column]) -> Result<Self, ScoreError> {
        Self::with_signs(x, y, orientation)
    }

    /// As [`Scores::of`], but every column keeps the sign that it has in the data. For tables of so many columns that
    /// their orientation, which looks at every pair of them, takes too long, and for uses that do not care.
    ///
    /// # Errors
    /// As [`Scores::new`].
    pub fn unoriented(x: &[Column], y: &[Column]) -> Result<Self, ScoreError> {
        Self::with_signs(x, y, |columns, _| Orientation { signs: vec![1; columns.len()], free: Vec::new() })
    }

    fn with_signs(
        x: &[Column],
        y: &[Column],
        orientation: impl Fn(&[Ranks], &[bool]) -> Orientation,
    ) -> Result<Self, ScoreError> {
        let n = check(x, y)?;
        let variables: Vec<&Column> = x.iter().chain(y).collect();
        let ranks_of = |variable: usize| match variables[variable] {
            Column::Number(values) => vec![ranks(values)],
            Column::Category(codes) => indicators(codes).iter().map(|c| ranks(c)).collect(),
        };
        let mut ranked = each_column(n, variables.len(), ranks_of).into_iter();
        let mut columns: Vec<Ranks> = Vec::new();
        let (mut block, mut codes) = (Vec::new(), Vec::new());
        let mut dims = [0; 2];
        for (dim, side) in dims.iter_mut().zip([x, y]) {
            for variable in side {
                let of_variable = ranked.next().expect("one for each variable");
                let added = of_variable.len();
                columns.extend(of_variable);
                *dim += added;
                let mut number = 0;
                if let Column::Category(own) = variable
                    && own.iter().collect::<BTreeSet<_>>().len() > 2
                {
                    codes.push(own.to_vec());
                    number = codes.len() as u32;
                }
                block.extend(std::iter::repeat_n(number, added));
            }
        }
        // An indicator has its sign by nature.
        let fixed: Vec<bool> = block.iter().map(|b| *b > 0).collect();
        let Orientation { signs, free } = orientation(&columns, &fixed);
        let table = rank::score_table(n);
        let table: &[f32] = &table;
        let d = columns.len();
        let ln_n = (n as f32).ln();
        let mut z = vec![0f32; n * d];
        let mut ties = vec![0f32; n * d];
        // Rows from `first` on.
        let fill = |first: usize, z: &mut [f32], ties: &mut [f32]| {
            for (j, (column, sign)) in columns.iter().zip(&signs).enumerate() {
                let cells = z.iter_mut().skip(j).step_by(d);
                for (z, centred) in cells.zip(&column.centred[first..]) {
                    let u = *centred as i64 * i64::from(*sign);
                    let size = table[u.unsigned_abs() as usize];
                    *z = if u < 0 { -size } else { size };
                }
                if column.tied {
                    let cells = ties.iter_mut().skip(j).step_by(d);
                    cells.zip(&column.group[first..]).for_each(|(tie, group)| *tie = (*group as f32).ln() / ln_n);
                }
            }
        };
        if n * d > MANY_CELLS {
            const ROWS: usize = 1 << 14;
            let parts = z.par_chunks_mut(ROWS * d).zip(ties.par_chunks_mut(ROWS * d)).enumerate();
            parts.for_each(|(part, (z, ties))| fill(part * ROWS, z, ties));
        } else {
            fill(0, &mut z, &mut ties);
        }
        Ok(Self {
            n,
            dim_x: dims[0],
            dim_y: dims[1],
            z,
            ties,
            block,
            codes,
            free,
            neighbours: None,
            pairs: None,
            scored: true,
        })
    }

    /// Columns of numbers as they are, in single precision, for the published network: neither ranked nor standardised, and
    /// nothing known of ties.
    ///
    /// # Errors
    /// As [`Scores::new`]; categories, values beyond single precision, and rows that all sum up to 0.
    pub fn values(x: &[Column], y: &[Column]) -> Result<Self, ScoreError> {
        let n = check(x, y)?;
        let (dim_x, dim_y) = (x.len(), y.len());
        let d = dim_x + dim_y;
        let mut z = vec![0f32; n * d];
        let sides = x.iter().enumerate().map(|c| ('x', c)).chain(y.iter().enumerate().map(|c| ('y', c)));
        for (j, (side, (column, variable))) in sides.enumerate() {
            let Column::Number(values) = variable else {
                return Err(ScoreError::Category { side, column });
            };
            for (r, value) in values.iter().enumerate() {
                z[r * d + j] = *value as f32;
                if !z[r * d + j].is_finite() {
                    return Err(ScoreError::TooLarge { side, column, row: r });
                }
            }
        }
        if z.chunks_exact(d).all(|row| row.iter().sum::<f32>() == 0.0) {
            return Err(ScoreError::Padding);
        }
        let (ties, block) = (vec![0.0; n * d], vec![0; d]);
        let (codes, free) = (Vec::new(), Vec::new());
        Ok(Self { n, dim_x, dim_y, z, ties, block, codes, free, neighbours: None, pairs: None, scored: false })
    }

    /// The same with the terms of the neighbours of these orders; without any where there are none.
    #[must_use]
    pub fn with_neighbours(mut self, orders: &[usize]) -> Self {
        self.neighbours = (!orders.is_empty()).then(|| {
            let d = self.dim_x + self.dim_y;
            let side = |columns: Range<usize>| -> Vec<Vec<f32>> {
                let numbers = columns.clone().filter(|j| self.block[*j] == 0);
                let numbers = numbers.map(|j| self.z.iter().skip(j).step_by(d).copied().collect());
                let mut blocks: Vec<u32> = self.block[columns].iter().copied().filter(|b| *b > 0).collect();
                blocks.dedup();
                let blocks = blocks.into_iter().map(|b| neighbours::category(&self.codes[b as usize - 1]));
                numbers.chain(blocks).collect()
            };
            neighbour_terms(&side(0..self.dim_x), &side(self.dim_x..d), orders)
        });
        self
    }

    /// The same with what pairs of variables say, by neighbours of these orders, and with `fits` what regressions of several on
    /// one say.
    ///
    /// # Panics
    /// Without orders, or with values in place of normal scores.
    #[must_use]
    pub fn with_pairs(mut self, orders: &[usize], fits: bool) -> Self {
        self.pairs = Some(PairTerms::of(&self, orders, fits));
        self
    }

    /// The scores with some columns turned around. Ties are what they were.
    pub fn flipped(&self, columns: &[usize]) -> Self {
        let d = self.dim_x + self.dim_y;
        let mut out = self.clone();
        for row in out.z.chunks_exact_mut(d) {
            // Not a negation: a score of 0 keeps its bits.
            columns.iter().for_each(|j| row[*j] = 0.0 - row[*j]);
        }
        out
    }

    /// The scores under all orientations that the data allows, or under the first `limit` of them. Itself first; alone
    /// if nothing is free.
    pub fn alternatives(&self, limit: usize) -> impl Iterator<Item = Self> {
        orient::combinations(&self.free, limit).map(|columns| self.flipped(&columns))
    }

    /// What the calibration of a checkpoint goes by.
    pub fn shape(&self) -> TaskShape {
        let ties = self.ties.iter().any(|t| *t > 0.0);
        TaskShape { n: self.n, columns: self.dim_x + self.dim_y, ties }
    }

    /// Cells: rows times columns.
    pub fn cells(&self) -> usize {
        self.n * (self.dim_x + self.dim_y)
    }
}

/// The indicator columns of a category with these codes; of two values, one of them is enough.
fn indicators(codes: &[u32]) -> Vec<Vec<f64>> {
    let mut counts: BTreeMap<u32, usize> = BTreeMap::new();
    for code in codes {
        *counts.entry(*code).or_default() += 1;
    }
    let mut frequent: Vec<(usize, u32)> = counts.iter().map(|(code, count)| (*count, *code)).collect();
    frequent.sort_unstable_by(|a, b| b.cmp(a));
    let column = |keep: &dyn Fn(u32) -> bool| codes.iter().map(|c| f64::from(u8::from(keep(*c)))).collect();
    match frequent.len() {
        0 => Vec::new(),
        1 | 2 => vec![column(&|c| c == frequent[0].1)],
        values if values <= MAX_INDICATORS => frequent.iter().map(|(_, code)| column(&|c| c == *code)).collect(),
        _ => {
            // Values of equal frequency at the cut belong to the rest together, or their order would decide.
            let cut = frequent[MAX_INDICATORS - 1].0;
            let own: Vec<u32> = frequent.iter().filter(|(count, _)| *count > cut).map(|(_, code)| *code).collect();
            let mut columns: Vec<Vec<f64>> = own.iter().map(|code| column(&|c| c == *code)).collect();
            columns.push(column(&|c| !own.contains(&c)));
            columns
        }
    }
}

fn check(x: &[Column], y: &[Column]) -> Result<usize, ScoreError> {
    if let Some((side, _)) = [('x', x), ('y', y)].into_iter().find(|(_, s)| s.is_empty()) {
        return Err(ScoreError::NoColumns { side });
    }
    let n = x[0].len();
    for (side, columns) in [('x', x), ('y', y)] {
        for (column, values) in columns.iter().enumerate() {
            if values.len() != n {
                return Err(ScoreError::Length { side, column, got: values.len(), expected: n });
            }
            let Column::Number(values) = values else { continue };
            if let Some(row) = values.iter().position(|v| !v.is_finite()) {
                let what = if values[row].classify() == FpCategory::Nan { "NaN" } else { "an infinity" };
                return Err(ScoreError::NotFinite { side, column, row, what });
            }
        }
    }
    if n < 2 {
        return Err(ScoreError::TooFewRows { got: n });
    }
    Ok(n)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{Rng, SeedableRng, rngs::StdRng};

    fn data(n: usize, d: usize, seed: u64) -> Vec<Vec<f64>> {
        let mut rng = StdRng::seed_from_u64(seed);
        let common: Vec<f64> = (0..n).map(|_| rng.random::<f64>()).collect();
        (0..d).map(|_| common.iter().map(|c| c + rng.random::<f64>()).collect()).collect()
    }

    fn score(x: &[Vec<f64>], y: &[Vec<f64>]) -> Scores {
        let x: Vec<&[f64]> = x.iter().map(Vec::as_slice).collect();
        let y: Vec<&[f64]> = y.iter().map(Vec::as_slice).collect();
        Scores::new(&x, &y).unwrap()
    }

    #[test]
    fn strictly_monotone_maps_change_no_bit() {
        let (x, y) = (data(37, 3, 1), data(37, 2, 2));
        let base = score(&x, &y);
        let maps: [fn(f64) -> f64; 6] =
            [|v| -v, |v| v * 1e-7 + 3.0, |v| v.exp(), |v| -v.powi(3), |v| v.ln(), |v| -v.sqrt()];
        for (i, map) in maps.iter().enumerate() {
            for j in 0..3 {
                let mut x = x.clone();
                x[j] = x[j].iter().map(|v| map(*v)).collect();
                assert_eq!(score(&x, &y), base, "map {i} of column {j}");
            }
        }
    }

    #[test]
    fn known_scores() {
        let s = score(&[vec![3.0, 1.0, 2.0, 9.0]], &[vec![5.0, 5.0, 5.0, 5.0]]);
        // Φ⁻¹(1/8) and Φ⁻¹(3/8)
        let (a, b) = (1.150_349_4f32, 0.318_639_36f32);
        let x: Vec<f32> = s.z.iter().step_by(2).copied().collect();
        let sign = x[3].signum();
        for (got, want) in x.iter().zip([b, -a, -b, a]) {
            assert!((got - sign * want).abs() < 1e-6, "{got} {want}");
        }
        assert!(s.z.iter().skip(1).step_by(2).all(|v| *v == 0.0));
        assert!(s.ties.iter().skip(1).step_by(2).all(|v| *v == 1.0));
        assert!(s.ties.iter().step_by(2).all(|v| *v == 0.0));
    }

    #[test]
    fn alternatives_are_those_of_any_order_of_columns() {
        // Three columns with equal correlations whose product is negative: whatever the signs, one link is negative.
        let columns: [&[f64]; 3] =
            [&[1.0, 0.0, 1.0, 0.0, 0.0, 1.0], &[1.0, 0.0, 0.0, 1.0, 1.0, 0.0], &[1.0, 0.0, 1.0, 1.0, 0.0, 0.0]];
        let rows = |s: &Scores, places: [usize; 3]| {
            let mut rows: Vec<[u32; 3]> = s.z.chunks(3).map(|r| places.map(|p| r[p].to_bits())).collect();
            rows.sort_unstable();
            rows
        };
        let all = |x: &[&[f64]], y: &[&[f64]], places| {
            let mut all: Vec<_> = Scores::new(x, y).unwrap().alternatives(32).map(|s| rows(&s, places)).collect();
            all.sort_unstable();
            all
        };
        let [a, b, c] = columns;
        let base = all(&[a, b], &[c], [0, 1, 2]);
        assert_eq!(base.len(), 4);
        assert_eq!(all(&[b, a], &[c], [1, 0, 2]), base);
        assert_eq!(all(&[c], &[a, b], [1, 2, 0]), base);
        assert_eq!(all(&[c], &[b, a], [2, 1, 0]), base);
    }

    /// Of so many cells that several threads share the work: the same as cell by cell.
    #[test]
    fn long_tables_are_scored_as_short_ones() {
        let n = MANY_CELLS + 21;
        // Permutations of 0..n, 0..2n/3 with ties, and one against the other.
        let column =
            |factor: usize, modulus: usize| -> Vec<f64> { (0..n).map(|r| (r * factor % n % modulus) as f64).collect() };
        let (x, y) = ([column(1, n), column(387_420_489, n)], [column(7, 2 * n / 3)]);
        let scores = score(&x, &y);
        let table = rank::score_table(n);
        for (j, values) in x.iter().chain(&y).enumerate() {
            let own = ranks(values);
            let cells: Vec<f32> = scores.z.iter().skip(j).step_by(3).copied().collect();
            let size = |u: f64| table[u.abs() as usize].copysign(u as f32);
            let sign = if cells[0] == size(own.centred[0]) { 1.0 } else { -1.0 };
            assert!(cells.iter().zip(&own.centred).all(|(z, u)| *z == sign * size(*u)), "column {j}");
            let ln_n = (n as f32).ln();
            let ties = scores.ties.iter().skip(j).step_by(3);
            assert!(ties.zip(&own.group).all(|(tie, group)| *tie == (*group as f32).ln() / ln_n), "column {j}");
        }
    }

    #[test]
    fn bad_input_is_named() {
        let nan = [1.0, f64::NAN, 3.0];
        let ok = [1.0, 2.0, 3.0];
        let e = Scores::new(&[&ok], &[&ok, &nan]).unwrap_err();
        assert_eq!(e, ScoreError::NotFinite { side: 'y', column: 1, row: 1, what: "NaN" });
        assert_eq!(Scores::new(&[], &[&ok]).unwrap_err(), ScoreError::NoColumns { side: 'x' });
        assert!(matches!(Scores::new(&[&ok], &[&ok[..2]]), Err(ScoreError::Length { got: 2, expected: 3, .. })));
        assert!(matches!(Scores::new(&[&ok[..1]], &[&ok[..1]]), Err(ScoreError::TooFewRows { got: 1 })));
    }
}
