//! The rule for more columns than the checkpoint was trained on: a few columns, and a few sums of the others, found in
//! other rows than those that are answered.
//!
//! What is kept of a side is a function of it, so its MI is at most that of the side (data processing inequality). As
//! it is found in other rows, chance cannot make it look better than it is. The rows are split in two parts or more;
//! for each, the columns come from the rows of another part:
//!
//! - the [`COLUMNS`] variables of a wide side whose scores, or squared scores, correlate most with those of a column of
//!   the other side;
//! - of the rest, the [`SUMS`] leading canonical directions (Hotelling 1936), with covariances shrunk towards a multiple
//!   of the identity (Ledoit and Wolf 2004), so that there may be more columns than rows.
//!
//! The two do not share a column: sums of columns beside these columns would say things twice.

use crate::EstimateError;
use crate::blocks::{BLOCK_ROWS, MOST_BLOCKS};
use crate::prepared::{FLOPS_PER_SECOND, MOST_SECONDS};
use mist_model::{Scores, shrunk_covariance};
use nalgebra::DMatrix;
use std::cmp::Reverse;

/// Variables of a wide side that are kept.
pub(crate) const COLUMNS: usize = 8;
/// Canonical directions of the others.
pub(crate) const SUMS: usize = 4;
/// Variables up to which a side is as narrow as what is kept of a wide one.
pub(crate) const FEW: usize = COLUMNS + SUMS;
/// Network columns of the variables kept: a category is several.
const NETWORK_COLUMNS: usize = 16;
/// Network columns of a wide side that is answered, at most, unless a single category has more.
pub(crate) const MOST_COLUMNS: usize = NETWORK_COLUMNS + SUMS;
/// Columns that are summed, the strongest first.
const MOST_SUMMED: usize = 256;
/// Columns whose correlations are computed at a time.
const AT_ONCE: usize = 256;

/// A table with a wide side.
#[derive(Debug)]
pub(crate) struct Wide {
    /// Normal scores of the whole table, row-major.
    z: Vec<f32>,
    /// The network columns of each variable, by side.
    variables: [Vec<Vec<usize>>; 2],
    /// Which sides are wide.
    wide: [bool; 2],
    /// All network columns.
    columns: usize,
}

/// What is kept of a side.
#[derive(Debug, PartialEq)]
pub(crate) struct Kept {
    /// Variables, by index.
    pub variables: Vec<usize>,
    /// The sums, as columns of numbers: one number for each row asked for.
    pub sums: Vec<Vec<f64>>,
}

impl Wide {
    /// The rule for a table, if a side has more variables than `most`.
    pub(crate) fn new(scores: Scores, most: usize) -> Option<Self> {
        let Scores { dim_x, dim_y, block, z, .. } = scores;
        let columns = dim_x + dim_y;
        let variables = [0..dim_x, dim_x..columns].map(|side| {
            let mut out: Vec<Vec<usize>> = Vec::new();
            for j in side {
                match out.last_mut() {
                    Some(last) if block[j] > 0 && block[last[0]] == block[j] => last.push(j),
                    _ => out.push(vec![j]),
                }
            }
            out
        });
        let wide = [0, 1].map(|side| variables[side].len() > most);
        wide.contains(&true).then_some(Self { z, variables, wide, columns })
    }

    /// Whether the rule ends soon enough for a table of n rows and so many variables.
    pub(crate) fn check_size(n: usize, dim_x: usize, dim_y: usize) -> Result<(), EstimateError> {
        // Four correlations of each pair of columns over the rows that are used, a multiplication and an addition each.
        let cost = |dim_x: usize, dim_y: usize| {
            8.0 * dim_x as f64 * dim_y as f64 * n.min(MOST_BLOCKS * BLOCK_ROWS) as f64 / FLOPS_PER_SECOND
        };
        let seconds = cost(dim_x, dim_y);
        if seconds <= MOST_SECONDS {
            return Ok(());
        }
        let share = (MOST_SECONDS / seconds).sqrt();
        let at_most = ((dim_x + dim_y) as f64 * share) as usize;
        Err(EstimateError::TooLarge { columns: dim_x + dim_y, seconds, at_most })
    }

    /// What to keep of X and of Y, found in the rows `found_in`, with the sums of the rows `rows`; `None` for a side that
    /// is kept as it is.
    pub(crate) fn reduce(&self, found_in: &[usize], rows: &[usize]) -> [Option<Kept>; 2] {
        let strengths = self.strengths(found_in);
        let keep = |side: usize| -> Option<Kept> {
            if !self.wide[side] {
                return None;
            }
            let order = strongest(&strengths[side]);
            let own = &self.variables[side];
            let mut left = NETWORK_COLUMNS;
            let (mut variables, mut others) = (Vec::new(), Vec::new());
            for v in order {
                if variables.len() < COLUMNS && (own[v].len() <= left || variables.is_empty()) {
                    left = left.saturating_sub(own[v].len());
                    variables.push(v);
                } else {
                    others.extend_from_slice(&own[v]);
                }
            }
            others.truncate(MOST_SUMMED);
            let other_side = 1 - side;
            let mut opposite: Vec<usize> = strongest(&strengths[other_side])
                .into_iter()
                .flat_map(|v| self.variables[other_side][v].clone())
                .collect();
            opposite.truncate(MOST_SUMMED);
            let directions = directions(
                &self.scores(found_in, &others),
                &match self.wide[other_side] {
                    true => self.scores(found_in, &opposite),
                    false => with_squares(&self.scores(found_in, &opposite)),
                },
            );
            let sums = self.scores(rows, &others) * directions;
            Some(Kept { variables, sums: sums.column_iter().map(|c| c.iter().copied().collect()).collect() })
        };
        [keep(0), keep(1)]
    }

    /// Scores of some rows and network columns, each column centred and of unit variance.
    fn scores(&self, rows: &[usize], columns: &[usize]) -> DMatrix<f64> {
        let mut out = DMatrix::zeros(rows.len(), columns.len());
        for (mut to, from) in out.column_iter_mut().zip(columns) {
            rows.iter().zip(to.iter_mut()).for_each(|(row, v)| *v = f64::from(self.z[row * self.columns + from]));
        }
        standardise(&mut out);
        out
    }

    /// How much each variable of a side has to do with the one of the other side that it has most to do with: the sum of
    /// squared correlations of scores and squared scores.
    fn strengths(&self, rows: &[usize]) -> [Vec<f64>; 2] {
        let network = |side: usize| self.variables[side].concat();
        let (x, y) = (network(0), network(1));
        let mut of_column = vec![0.0_f64; self.columns];
        for xs in x.chunks(AT_ONCE) {
            let of_x = with_squares(&self.scores(rows, xs)).transpose();
            for ys in y.chunks(AT_ONCE) {
                let of_y = with_squares(&self.scores(rows, ys));
                let r = (&of_x * &of_y / rows.len() as f64).map(|r| r * r);
                for (i, jx) in xs.iter().enumerate() {
                    for (k, jy) in ys.iter().enumerate() {
                        let (i2, k2) = (i + xs.len(), k + ys.len());
                        let strength = r[(i, k)] + r[(i2, k)] + r[(i, k2)] + r[(i2, k2)];
                        of_column[*jx] = of_column[*jx].max(strength);
                        of_column[*jy] = of_column[*jy].max(strength);
                    }
                }
            }
        }
        let of = |side: usize| -> Vec<f64> {
            let strength = |v: &Vec<usize>| v.iter().map(|j| of_column[*j]).fold(0.0, f64::max);
            self.variables[side].iter().map(strength).collect()
        };
        [of(0), of(1)]
    }
}

/// Indices by falling strength.
fn strongest(strengths: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..strengths.len()).collect();
    order.sort_by(|a, b| strengths[*b].total_cmp(&strengths[*a]));
    order
}

/// Centres columns and gives them unit variance; a constant one becomes 0.
fn standardise(columns: &mut DMatrix<f64>) {
    for mut column in columns.column_iter_mut() {
        column.add_scalar_mut(-column.mean());
        let sd = (column.norm_squared() / column.len() as f64).sqrt();
        column.scale_mut(if sd > 1e-6 { 1.0 / sd } else { 0.0 });
    }
}

/// The columns, then their squares, all standardised.
fn with_squares(columns: &DMatrix<f64>) -> DMatrix<f64> {
    let (n, d) = columns.shape();
    let mut out = columns.clone().resize_horizontally(2 * d, 0.0);
    out.view_mut((0, d), (n, d)).copy_from(&columns.map(|v| v * v));
    standardise(&mut out);
    out
}

/// The weights, a column for each direction, of the sums of `x` that correlate most with sums of `y`. Both are standardised.
fn directions(x: &DMatrix<f64>, y: &DMatrix<f64>) -> DMatrix<f64> {
    let n = x.nrows() as f64;
    // A shrunk covariance is positive definite, unless all columns are 0.
    let lower = |side: &DMatrix<f64>| covariance(side).cholesky().map(|c| c.unpack());
    let (Some(lx), Some(ly)) = (lower(x), lower(y)) else {
        return DMatrix::zeros(x.ncols(), 0);
    };
    let between = x.tr_mul(y) / n;
    let half = lx.solve_lower_triangular(&between).expect("a Cholesky factor has no zero on its diagonal");
    let whitened = ly
        .solve_lower_triangular(&half.transpose())
        .expect("a Cholesky factor has no zero on its diagonal")
        .transpose();
    // The leading left singular vectors, by the smaller of the two products.
    let left = if whitened.nrows() <= whitened.ncols() {
        leading(&(&whitened * whitened.transpose()))
    } else {
        &whitened * leading(&(whitened.transpose() * &whitened))
    };
    lx.tr_solve_lower_triangular(&left).expect("a Cholesky factor has no zero on its diagonal")
}

/// The eigenvectors of the largest eigenvalues that are not 0, [`SUMS`] at most.
fn leading(symmetric: &DMatrix<f64>) -> DMatrix<f64> {
    let eigen = symmetric.clone().symmetric_eigen();
    let mut order: Vec<usize> = (0..eigen.eigenvalues.len()).collect();
    order.sort_by_key(|i| Reverse(ordered(eigen.eigenvalues[*i])));
    order.retain(|i| eigen.eigenvalues[*i] > 1e-9);
    order.truncate(SUMS);
    eigen.eigenvectors.select_columns(&order)
}

/// A key that sorts numbers of one sign and 0.
fn ordered(value: f64) -> u64 {
    value.max(0.0).to_bits()
}

/// The shrunk covariance of centred columns.
fn covariance(columns: &DMatrix<f64>) -> DMatrix<f64> {
    let n = columns.nrows();
    let fourth = columns.row_iter().map(|row| row.norm_squared().powi(2)).sum::<f64>() / n as f64;
    shrunk_covariance(columns.tr_mul(columns) / n as f64, fourth, n)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    /// n rows of `dim` columns; Y is a sum of columns 10 to 39, and beside it the square of column 3.
    fn table(n: usize, dim: usize) -> Scores {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut normal = || -> f64 { (0..12).map(|_| rng.random::<f64>()).sum::<f64>() - 6.0 };
        let x: Vec<Vec<f64>> = (0..dim).map(|_| (0..n).map(|_| normal()).collect()).collect();
        let sum: Vec<f64> = (0..n).map(|i| (10..40).map(|j| x[j][i]).sum::<f64>() + normal()).collect();
        let square: Vec<f64> = (0..n).map(|i| x[3][i] * x[3][i] + 0.1 * normal()).collect();
        let x: Vec<&[f64]> = x.iter().map(Vec::as_slice).collect();
        Scores::new(&x, &[&sum, &square]).unwrap()
    }

    #[test]
    fn finds_what_matters() {
        let wide = Wide::new(table(1000, 60), 32).unwrap();
        assert_eq!(wide.wide, [true, false]);
        let (found_in, rows): (Vec<usize>, Vec<usize>) = (0..1000).partition(|i| i % 2 == 0);
        let [x, y] = wide.reduce(&found_in, &rows);
        let x = x.unwrap();
        assert_eq!(y, None);
        assert_eq!((x.variables.len(), x.sums.len()), (COLUMNS, SUMS));
        assert_eq!(x.variables[0], 3);
        // The column of Y that is a sum of thirty.
        let sum: Vec<f64> = rows.iter().map(|i| f64::from(wide.z[i * wide.columns + 60])).collect();
        let best = x.sums.iter().map(|s| correlation(s, &sum).abs()).fold(0.0, f64::max);
        assert!(best > 0.75, "{best}");
    }

    fn correlation(a: &[f64], b: &[f64]) -> f64 {
        let mut both = DMatrix::from_fn(a.len(), 2, |i, j| if j == 0 { a[i] } else { b[i] });
        standardise(&mut both);
        both.column(0).dot(&both.column(1)) / a.len() as f64
    }

    #[test]
    fn narrow_tables_are_left_alone() {
        assert!(Wide::new(table(50, 60), 60).is_none());
    }

    #[test]
    fn more_columns_than_rows() {
        let wide = Wide::new(table(30, 300), 32).unwrap();
        let (found_in, rows): (Vec<usize>, Vec<usize>) = (0..30).partition(|i| i % 2 == 0);
        let [x, _] = wide.reduce(&found_in, &rows);
        let x = x.unwrap();
        assert!(x.sums.iter().flatten().all(|v| v.is_finite()));
        assert_eq!(x.sums.len(), SUMS);
    }

    #[test]
    fn categories_are_kept_as_a_whole() {
        let codes: Vec<u32> = (0..200).map(|i| i % 5).collect();
        let y: Vec<f64> = codes.iter().zip(0..200).map(|(c, i)| f64::from(*c) + 0.01 * f64::from(i % 7)).collect();
        let noise: Vec<Vec<f64>> =
            (1..40).map(|j| (0..200).map(|i| f64::from((i * 7919 * j + j * j * 31) % 1009)).collect()).collect();
        let mut x: Vec<mist_model::Column> = noise.iter().map(|c| mist_model::Column::Number(c)).collect();
        x.insert(20, mist_model::Column::Category(&codes));
        let wide = Wide::new(Scores::of(&x, &[mist_model::Column::Number(&y)]).unwrap(), 32).unwrap();
        let rows: Vec<usize> = (0..200).collect();
        let [kept, _] = wide.reduce(&rows[..100], &rows[100..]);
        assert_eq!(kept.unwrap().variables[0], 20);
    }
}
