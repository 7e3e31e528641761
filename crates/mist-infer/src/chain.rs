//! The rule for a side that is one category of more values than a pass tells apart: the chain rule over groups of values.
//!
//! With G the group that a value C is in, I(C; Y) = I(G; Y) + Σ P(G = g) I(C; Y | G = g). The first term is asked of the
//! whole table, each of the others of the rows of one group; a group that is still too large is split again. Values of few
//! rows say nothing by themselves and are taken as one.

use crate::Columns;
use crate::blocks::{BlockAnswer, median_level, mix};
use crate::screen::{Kept, Screened};
use mist_model::MAX_INDICATORS;
use std::collections::HashMap;

/// Rows of a value that is told apart, at least.
const FEWEST_ROWS: usize = 8;

/// A table as the parts whose answers make up its own.
#[derive(Debug)]
pub(crate) struct Chain {
    pub parts: Vec<Part>,
    /// Values told apart.
    pub values: usize,
    /// Values taken as one.
    pub rare: usize,
}

/// One term.
#[derive(Debug)]
pub(crate) struct Part {
    pub x: Columns,
    pub y: Columns,
    /// Its rows in the table.
    pub rows: Vec<usize>,
}

impl Chain {
    /// The parts of a table, if a side is one category with more values than fit; X first, then Y.
    pub(crate) fn of((x, sx): (&Columns, &Screened), (y, sy): (&Columns, &Screened)) -> Option<Self> {
        if let [Kept::Category(codes)] = &sx.kept[..] {
            let chain = Self::split(codes, y, |x, y| (x, y));
            if chain.is_some() {
                return chain;
            }
        }
        match &sy.kept[..] {
            [Kept::Category(codes)] => Self::split(codes, x, |y, x| (x, y)),
            _ => None,
        }
    }

    fn split(codes: &[u32], other: &Columns, sides: impl Fn(Columns, Columns) -> (Columns, Columns)) -> Option<Self> {
        let mut rows_of: HashMap<u32, Vec<usize>> = HashMap::new();
        codes.iter().zip(0..).for_each(|(code, row)| rows_of.entry(*code).or_default().push(row));
        let (mut own, rare): (Vec<Vec<usize>>, Vec<Vec<usize>>) =
            rows_of.into_values().partition(|rows| rows.len() >= FEWEST_ROWS);
        if own.len() < MAX_INDICATORS {
            return None;
        }
        let (values, rare_values) = (own.len(), rare.len());
        if !rare.is_empty() {
            own.push(rare.concat());
        }
        if own.len() <= MAX_INDICATORS {
            return None;
        }
        // By what the rows hold where frequencies tie, so that the answer does not depend on the coding.
        let held = |row: &usize| other.iter().map(|c| mix((c[*row] + 0.0).to_bits())).fold(0, u64::wrapping_add);
        own.sort_by_cached_key(|rows| (rows.len(), rows.iter().map(|r| mix(held(r))).fold(0, u64::wrapping_add)));
        let groups = own.len().div_ceil(MAX_INDICATORS).min(MAX_INDICATORS);
        let mut group_of = vec![0.0; codes.len()];
        let mut parts = Vec::with_capacity(groups + 1);
        let category = |codes: Vec<f64>| Columns::new(vec![codes]).categorical([0]);
        for group in 0..groups {
            let members = || own.iter().skip(group).step_by(groups);
            let mut coded: Vec<(usize, f64)> =
                members().zip(0..).flat_map(|(rows, v)| rows.iter().map(move |r| (*r, f64::from(v)))).collect();
            coded.sort_unstable_by_key(|(row, _)| *row);
            coded.iter().for_each(|(row, _)| group_of[*row] = group as f64);
            let (rows, values): (Vec<usize>, Vec<f64>) = coded.into_iter().unzip();
            let (x, y) = sides(category(values), other.rows(&rows));
            parts.push(Part { x, y, rows });
        }
        let (x, y) = sides(category(group_of), other.clone());
        parts.push(Part { x, y, rows: (0..codes.len()).collect() });
        Some(Self { parts, values, rare: rare_values })
    }

    /// The answer to the whole from those to the parts; `normal` are the standard normal quantiles of the levels.
    ///
    /// The parts err independently, nearly, so that their uncertainties add up in squares.
    pub(crate) fn combine(&self, answers: &[BlockAnswer], normal: &[f64]) -> BlockAnswer {
        let n = self.parts.last().map_or(0, |whole| whole.rows.len());
        let median = median_level(normal);
        let nats = |answer: &BlockAnswer, level: usize| answer.log1p[level].exp_m1();
        let terms: Vec<(f64, &BlockAnswer)> =
            self.parts.iter().zip(answers).map(|(part, a)| (part.rows.len() as f64 / n as f64, a)).collect();
        let centre: f64 = terms.iter().map(|(share, a)| share * nats(a, median)).sum();
        let quantile = |(level, z): (usize, &f64)| {
            let off = |(share, a): &(f64, &BlockAnswer)| (share * (nats(a, level) - nats(a, median))).powi(2);
            let off = terms.iter().map(off).sum::<f64>().sqrt();
            // Below −1 nat there is no logarithm, and anything below 0 means 0.
            (centre + off.copysign(*z)).max(-0.9).ln_1p()
        };
        let mut pointwise = vec![0.0; n];
        for (part, answer) in self.parts.iter().zip(answers) {
            if answer.pointwise.len() != part.rows.len() {
                pointwise.clear();
                break;
            }
            part.rows.iter().zip(&answer.pointwise).for_each(|(row, value)| pointwise[*row] += value);
        }
        BlockAnswer { log1p: normal.iter().enumerate().map(quantile).collect(), pointwise }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Side;
    use crate::screen::screen;

    fn category(codes: &[usize]) -> Columns {
        Columns::new(vec![codes.iter().map(|c| *c as f64).collect()]).categorical([0])
    }

    #[test]
    fn groups_part_the_rows() {
        // Forty values of 10 rows, and five of 2.
        let codes: Vec<usize> = (0..410).map(|i| if i < 400 { i % 40 } else { 40 + i % 5 }).collect();
        let x = category(&codes);
        let y = Columns::new(vec![(0..410).map(|i| f64::from(i * 37 % 101)).collect()]);
        let chain = Chain::of((&x, &screen(Side::X, &x)), (&y, &screen(Side::Y, &y))).unwrap();
        assert_eq!((chain.values, chain.rare), (40, 5));
        let (whole, groups) = chain.parts.split_last().unwrap();
        assert_eq!((groups.len(), whole.rows.len()), (3, 410));
        let mut rows: Vec<usize> = groups.iter().flat_map(|g| g.rows.clone()).collect();
        rows.sort_unstable();
        assert_eq!(rows, (0..410).collect::<Vec<_>>());
        for (group, place) in groups.iter().zip(0..) {
            for (at, row) in group.rows.iter().enumerate() {
                assert_eq!(whole.x.column(0)[*row], f64::from(place));
                assert_eq!(group.y.column(0)[at], y.column(0)[*row]);
                // The same value, the same code; the rare ones share one.
                for (other_at, other) in group.rows.iter().enumerate() {
                    let same = codes[*row] == codes[*other] || (codes[*row] >= 40 && codes[*other] >= 40);
                    assert_eq!(group.x.column(0)[at] == group.x.column(0)[other_at], same);
                }
            }
        }
        // On the other side it is the same; few values, or values of few rows, are no chain.
        let turned = Chain::of((&y, &screen(Side::X, &y)), (&x, &screen(Side::Y, &x))).unwrap();
        assert_eq!(turned.parts[0].rows, chain.parts[0].rows);
        let few = category(&(0..400).map(|i| i % 16).collect::<Vec<_>>());
        assert!(Chain::of((&few, &screen(Side::X, &few)), (&y, &screen(Side::Y, &y))).is_none());
        let single = category(&(0..100).collect::<Vec<_>>());
        assert!(Chain::of((&single, &screen(Side::X, &single)), (&y, &screen(Side::Y, &y))).is_none());
    }

    #[test]
    fn terms_add_up() {
        let parts = [(0..4).collect::<Vec<_>>(), (4..8).collect(), (0..8).collect()];
        let table = |rows: Vec<usize>| Part { x: category(&[0]), y: category(&[0]), rows };
        let chain = Chain { parts: parts.map(table).into(), values: 2, rare: 0 };
        let answer = |centre: f64, off: f64, n: usize| BlockAnswer {
            log1p: [centre - off, centre, centre + off].map(f64::ln_1p).to_vec(),
            pointwise: vec![centre; n],
        };
        let whole = chain.combine(&[answer(1.0, 0.2, 4), answer(3.0, 0.2, 4), answer(0.5, 0.1, 8)], &[-1.6, 0.0, 1.6]);
        assert!((whole.log1p[1].exp_m1() - 2.5).abs() < 1e-12);
        assert!((whole.log1p[2].exp_m1() - 2.5 - 0.03_f64.sqrt()).abs() < 1e-12);
        assert_eq!(whole.pointwise, [1.5, 1.5, 1.5, 1.5, 3.5, 3.5, 3.5, 3.5]);
    }
}
