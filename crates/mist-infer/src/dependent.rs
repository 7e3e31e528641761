//! Columns that are weighted sums of the other columns of their side: totals, differences, shares that add up to 100 %.
//!
//! A function of the other columns tells nothing that they do not, so that the MI stays when it is left out. A network that sees
//! it counts what it says twice.

use nalgebra::{DMatrix, SymmetricEigen};
use rayon::prelude::*;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Columns of a side that are looked through, at most: the work grows with the cube of their number.
const MOST_COLUMNS: usize = 128;
/// Rows beyond the number of columns: with fewer, chance makes columns dependent.
const MORE_ROWS: usize = 10;
/// Variance of a combination of columns of variance 1 below which it is constant: rounding in 64 bits leaves about 1e-16.
const NOTHING: f64 = 1e-12;
/// Share of a column in the constant combinations from which on it belongs to them.
const PART: f64 = 1e-6;

/// Which columns to leave out so that no other is a weighted sum of the rest. They are a function of the table alone: of the columns
/// that others make up, first the one that correlates most with the rest.
pub(crate) fn dependent(columns: &[&[f64]]) -> Vec<usize> {
    let (dim, n) = (columns.len(), columns.first().map_or(0, |c| c.len()));
    // Two columns that are proportional have the same order, which is looked for elsewhere.
    if !(3..=MOST_COLUMNS).contains(&dim) || n < dim + MORE_ROWS {
        return Vec::new();
    }
    let correlations = correlations(columns);
    let mut left: Vec<usize> = (0..dim).collect();
    let mut out = Vec::new();
    while left.len() > 1 {
        let among = DMatrix::from_fn(left.len(), left.len(), |i, j| correlations[(left[i], left[j])]);
        // In any order of the columns the same up to rounding, which must not decide.
        let strength = |i: usize| (among.column(i).norm_squared() * 1e6).round();
        let eigen = SymmetricEigen::new(among.clone());
        let part = |i: usize| -> f64 {
            let constant = (0..left.len()).filter(|k| eigen.eigenvalues[*k] < NOTHING);
            constant.map(|k| eigen.eigenvectors[(i, k)].powi(2)).sum()
        };
        let found = (0..left.len()).filter(|i| part(*i) > PART).max_by(|a, b| {
            let contents = |i: usize| content(columns[left[i]]);
            strength(*a).total_cmp(&strength(*b)).then_with(|| contents(*a).cmp(&contents(*b)))
        });
        match found {
            Some(i) => out.push(left.remove(i)),
            None => break,
        }
    }
    out
}

/// The correlation matrix of columns that vary.
fn correlations(columns: &[&[f64]]) -> DMatrix<f64> {
    let dim = columns.len();
    let standard: Vec<Vec<f64>> = columns
        .par_iter()
        .map(|values| {
            // By the largest value first, so that no square is too large.
            let most = values.iter().fold(0.0, |most: f64, v| most.max(v.abs()));
            let mean = values.iter().map(|v| v / most).sum::<f64>() / values.len() as f64;
            let centred: Vec<f64> = values.iter().map(|v| v / most - mean).collect();
            let length = centred.iter().map(|v| v * v).sum::<f64>().sqrt();
            centred.iter().map(|v| v / length).collect()
        })
        .collect();
    let product = |(i, j): (usize, usize)| standard[i].iter().zip(&standard[j]).map(|(a, b)| a * b).sum::<f64>();
    let pairs: Vec<(usize, usize)> = (0..dim).flat_map(|i| (0..i).map(move |j| (i, j))).collect();
    let values: Vec<f64> = pairs.par_iter().map(|pair| product(*pair)).collect();
    let mut out = DMatrix::identity(dim, dim);
    for ((i, j), value) in pairs.into_iter().zip(values) {
        out[(i, j)] = value;
        out[(j, i)] = value;
    }
    out
}

/// What a column holds, whatever the order of its rows.
fn content(values: &[f64]) -> u64 {
    let hash = |v: &f64| {
        let mut hasher = DefaultHasher::new();
        (v + 0.0).to_bits().hash(&mut hasher);
        hasher.finish()
    };
    values.iter().map(hash).fold(0, u64::wrapping_add)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{Rng, SeedableRng, rngs::StdRng};

    fn noise(seed: u64, n: usize, dim: usize) -> Vec<Vec<f64>> {
        let mut rng = StdRng::seed_from_u64(seed);
        (0..dim).map(|_| (0..n).map(|_| rng.random_range(-1.0..1.0)).collect()).collect()
    }

    fn left_out(columns: &[Vec<f64>]) -> Vec<usize> {
        let mut out = dependent(&columns.iter().map(Vec::as_slice).collect::<Vec<_>>());
        out.sort_unstable();
        out
    }

    fn sum(columns: &[Vec<f64>], weights: &[f64]) -> Vec<f64> {
        (0..columns[0].len()).map(|r| columns.iter().zip(weights).map(|(c, w)| w * c[r]).sum()).collect()
    }

    #[test]
    fn totals_are_found_wherever_they_are() {
        let mut columns = noise(1, 60, 4);
        assert!(left_out(&columns).is_empty());
        let total = sum(&columns[..3], &[1.0, 1.0, 1.0]);
        columns.insert(1, total);
        assert_eq!(left_out(&columns), [1]);
        // Units and offsets of any column make no difference.
        columns[2].iter_mut().for_each(|v| *v = 1e8 + 3e-5 * *v);
        columns[4].iter_mut().for_each(|v| *v *= 1e150);
        assert_eq!(left_out(&columns), Vec::<usize>::new(), "an offset of so many digits leaves too few for the sum");
        columns[2].iter_mut().for_each(|v| *v -= 1e8);
        let again = sum(&[columns[0].clone(), columns[3].clone()], &[2.0, -7.0]);
        columns.push(again);
        assert_eq!(left_out(&columns).len(), 1);
    }

    #[test]
    fn shares_that_add_up_and_several_sums() {
        let mut columns = noise(2, 200, 5);
        let rest: Vec<f64> = sum(&columns, &[1.0; 5]).iter().map(|v| 100.0 - v).collect();
        columns.push(rest);
        assert_eq!(left_out(&columns), [5]);
        let second = sum(&columns[..2], &[1.0, -1.0]);
        columns.push(second);
        assert_eq!(left_out(&columns).len(), 2);
    }

    #[test]
    fn what_is_left_does_not_depend_on_the_order() {
        let mut columns = noise(3, 80, 6);
        columns.push(sum(&columns[..3], &[1.0, 2.0, 1.0]));
        columns.push(sum(&columns[2..6], &[1.0, 1.0, -1.0, 0.5]));
        let kept = |columns: &[Vec<f64>]| {
            let out = left_out(columns);
            let mut kept: Vec<u64> =
                (0..columns.len()).filter(|i| !out.contains(i)).map(|i| content(&columns[i])).collect();
            kept.sort_unstable();
            (out.len(), kept)
        };
        let expected = kept(&columns);
        assert_eq!(expected.0, 2);
        for turn in 1..8 {
            columns.rotate_left(turn % 3 + 1);
            let last = columns.len() - 1;
            columns.swap(0, last);
            assert_eq!(kept(&columns), expected);
        }
    }

    #[test]
    fn noise_and_chance_are_no_sums() {
        let mut columns = noise(4, 100, 4);
        let mut nearly = sum(&columns, &[1.0; 4]);
        nearly.iter_mut().enumerate().for_each(|(r, v)| *v += 1e-4 * (r as f64 * 1.7).sin());
        columns.push(nearly);
        assert!(left_out(&columns).is_empty());
        // Fewer rows than columns: any is a sum of the others.
        assert!(left_out(&noise(5, 12, 20)).is_empty());
    }
}
