//! The normal twin of a table of many rows: normal data with the correlations that its scores have, of which the MI is known.
//!
//! A network is off by a few per cent on tables of many columns however many rows there are, and on tables that are alike it is
//! off by about as much. What it says of the twin beside the truth is therefore taken from what it says of the table: a parametric
//! bootstrap of its bias (Efron and Tibshirani 1993, "An introduction to the bootstrap", chapter 10).
//!
//! The twin is a function of the table alone. Its random numbers are drawn for each column from a seed that is a sum over the rows,
//! and mixed by the symmetric root of the correlations, so that neither the order of rows nor that of columns or sides matters.

use crate::blocks::mix;
use mist_model::Scores;
use nalgebra::{DMatrix, DVector};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

/// Blocks of the twin that are answered, at most.
const MOST_BLOCKS: usize = 8;
/// Share of the cells of a column that may be tied. Of data with more, normal data is no likeness.
const MOST_TIED: f64 = 0.01;
/// Least eigenvalue of the correlations, and least distance of a canonical correlation from 1.
const LEAST: f64 = 1e-6;
/// Least eigenvalue of the correlations of a side, times the rows of the table. Ranks stand in for values with an error whose variance is
/// a few over the rows, which blurs a direction of less variance, and what the sides share in it.
const LEAST_BY_RANKS: f64 = 200.0;

/// Normal data like a table.
#[derive(Debug)]
pub(crate) struct Twin {
    /// Its MI in nats.
    pub nats: f64,
    /// Blocks to answer.
    pub blocks: usize,
    /// Rows of each.
    rows: usize,
    /// The symmetric root of its correlations.
    root: DMatrix<f64>,
    seeds: Vec<u64>,
    /// Canonical correlations, and what turns X and Y into canonical variates.
    correlations: Vec<f64>,
    canonical: [DMatrix<f64>; 2],
}

/// Rows of a twin.
#[derive(Debug)]
pub(crate) struct TwinBlock {
    /// Columns of X, then of Y.
    pub columns: Vec<Vec<f64>>,
    /// Mean of the true pointwise MI in nats.
    pub nats: f64,
}

/// What the network says of a twin.
#[derive(Clone, Debug)]
pub(crate) struct TwinAnswer {
    /// MI of the twin in nats.
    pub nats: f64,
    /// How far above the mean of the true pointwise MI of its rows the answer to each block is, in nats.
    pub off: Vec<f64>,
}

impl Twin {
    /// The twin of a table, given the keys of its rows and the rows of its blocks; `None` where normal data is no likeness of it, or
    /// where it shows no correlation between the sides.
    pub(crate) fn new(scores: &Scores, keys: &[[u64; 2]], blocks: &[Vec<usize>]) -> Option<Self> {
        let (dim_x, d) = (scores.dim_x, scores.dim_x + scores.dim_y);
        let blocks = &blocks[..blocks.len().min(MOST_BLOCKS)];
        let mut tied = vec![0; d];
        for row in scores.ties.chunks_exact(d) {
            tied.iter_mut().zip(row).for_each(|(count, tie)| *count += usize::from(*tie > 0.0));
        }
        let most_tied = (MOST_TIED * scores.n as f64) as usize;
        if scores.block.iter().any(|b| *b > 0) || tied.iter().any(|count| *count > most_tied) {
            return None;
        }
        let mut products = DMatrix::<f64>::zeros(d, d);
        let mut sums = DVector::<f64>::zeros(d);
        let mut seeds = vec![0_u64; d];
        for rows in blocks {
            let row = |r: usize| &scores.z[r * d..][..d];
            let z = DMatrix::from_fn(rows.len(), d, |i, j| f64::from(row(rows[i])[j]));
            products += z.tr_mul(&z);
            sums += z.row_sum_tr();
            for r in rows {
                for (seed, z) in seeds.iter_mut().zip(row(*r)) {
                    *seed = seed.wrapping_add(mix(keys[*r][0] ^ mix(u64::from(z.abs().to_bits()))));
                }
            }
        }
        let n = blocks.iter().map(Vec::len).sum::<usize>() as f64;
        let covariance = products / n - &sums * sums.transpose() / (n * n);
        let sd = covariance.diagonal().map(f64::sqrt);
        if sd.iter().any(|sd| *sd < LEAST) {
            return None;
        }
        let of = DMatrix::from_fn(d, d, |i, j| covariance[(i, j)] / (sd[i] * sd[j]));
        let least = (LEAST_BY_RANKS / scores.n as f64).max(LEAST);
        Self::of_correlations(&of, dim_x, least, n, blocks[0].len(), blocks.len(), seeds)
    }

    /// The twin with these correlations, which were measured on `n` rows.
    fn of_correlations(
        of: &DMatrix<f64>,
        dim_x: usize,
        least: f64,
        n: f64,
        rows: usize,
        blocks: usize,
        seeds: Vec<u64>,
    ) -> Option<Self> {
        let dim_y = of.nrows() - dim_x;
        let x = roots(&of.view((0, 0), (dim_x, dim_x)).into_owned(), least)?;
        let y = roots(&of.view((dim_x, dim_x), (dim_y, dim_y)).into_owned(), least)?;
        let whitened = &x.inverse * of.view((0, dim_x), (dim_x, dim_y)) * &y.inverse;
        let svd = whitened.svd(true, true);
        let (u, v) = (svd.u?, svd.v_t?.transpose());
        // The largest that chance makes of independent sides (Marchenko and Pastur 1967), and a standard error more.
        let by_chance = ((dim_x as f64).sqrt() + (dim_y as f64).sqrt() + 1.0) / n.sqrt();
        let kept: Vec<usize> = (0..svd.singular_values.len()).filter(|i| svd.singular_values[*i] > by_chance).collect();
        let correlations: Vec<f64> = kept.iter().map(|i| svd.singular_values[*i]).collect();
        if correlations.is_empty() || correlations.iter().any(|r| *r > 1.0 - LEAST) {
            return None;
        }
        let (u, v) = (u.select_columns(&kept), v.select_columns(&kept));
        let between =
            &x.root * &u * DMatrix::from_diagonal(&DVector::from_vec(correlations.clone())) * v.transpose() * &y.root;
        let mut joint = of.clone();
        joint.view_mut((0, dim_x), (dim_x, dim_y)).copy_from(&between);
        joint.view_mut((dim_x, 0), (dim_y, dim_x)).copy_from(&between.transpose());
        Some(Self {
            nats: correlations.iter().map(|r| -0.5 * (-r * r).ln_1p()).sum(),
            blocks,
            rows,
            root: roots(&joint, LEAST)?.root,
            seeds,
            correlations,
            canonical: [&x.inverse * u, &y.inverse * v],
        })
    }

    /// The rows of a block.
    pub(crate) fn block(&self, index: usize) -> TwinBlock {
        let [of_x, of_y] = &self.canonical;
        let column = |seed: &u64| -> DVector<f64> {
            let mut rng = ChaCha8Rng::seed_from_u64(*seed);
            rng.set_stream(index as u64);
            DVector::from_fn(self.rows, |_, _| rng.sample(StandardNormal))
        };
        let z = DMatrix::from_columns(&self.seeds.iter().map(column).collect::<Vec<_>>()) * &self.root;
        let (dim_x, dim_y) = (of_x.nrows(), of_y.nrows());
        let (x, y) = (z.columns(0, dim_x) * of_x, z.columns(dim_x, dim_y) * of_y);
        let pointwise = |(i, r): (usize, &f64)| -> f64 {
            let (x, y) = (x.column(i), y.column(i));
            let squares = (x.norm_squared() + y.norm_squared()) / self.rows as f64;
            let product = x.dot(&y) / self.rows as f64;
            -0.5 * ((-r * r).ln_1p() + (r * r * squares - 2.0 * r * product) / (1.0 - r * r))
        };
        let nats = self.correlations.iter().enumerate().map(pointwise).sum();
        TwinBlock { columns: z.column_iter().map(|c| c.iter().copied().collect()).collect(), nats }
    }

    /// Columns of X.
    pub(crate) fn dim_x(&self) -> usize {
        self.canonical[0].nrows()
    }
}

/// The symmetric root of a matrix, and its inverse.
struct Roots {
    root: DMatrix<f64>,
    inverse: DMatrix<f64>,
}

/// `None` if an eigenvalue is less than this.
fn roots(of: &DMatrix<f64>, least: f64) -> Option<Roots> {
    let eigen = of.clone().symmetric_eigen();
    if eigen.eigenvalues.iter().any(|v| *v < least) {
        return None;
    }
    let with = |f: fn(f64) -> f64| {
        &eigen.eigenvectors * DMatrix::from_diagonal(&eigen.eigenvalues.map(f)) * eigen.eigenvectors.transpose()
    };
    Some(Roots { root: with(f64::sqrt), inverse: with(|v| 1.0 / v.sqrt()) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blocks::{keys, split};

    /// Two pairs of columns, their X mixed, and a column of noise.
    fn columns(n: usize) -> [Vec<f64>; 5] {
        let mut rng = ChaCha8Rng::seed_from_u64(4);
        let mut normal = || -> f64 { rng.sample(StandardNormal) };
        let mut out = [const { Vec::new() }; 5];
        for _ in 0..n {
            let [a, b, c, d, e] = std::array::from_fn(|_| normal());
            let row = [a + b, a - 0.5 * b, c, 0.8 * a + 0.6 * d, 0.6 * b + 0.8 * e];
            out.iter_mut().zip(row).for_each(|(column, v)| column.push(v));
        }
        out
    }

    fn twin(x: &[&[f64]], y: &[&[f64]]) -> Option<Twin> {
        let scores = Scores::new(x, y).unwrap();
        let keys = keys(&scores);
        let blocks = split(&keys, 4000);
        Twin::new(&scores, &keys, &blocks)
    }

    #[test]
    fn it_has_the_mutual_information_of_the_normal_part() {
        let columns = columns(12_000);
        let [a, b, c, d, e] = columns.each_ref().map(Vec::as_slice);
        let twin = twin(&[a, b, c], &[d, e]).unwrap();
        let truth = -0.5 * ((1.0_f64 - 0.64).ln() + (1.0_f64 - 0.36).ln());
        assert!((twin.nats - truth).abs() < 0.02, "{} against {truth}", twin.nats);
        // And so have its rows, by their pointwise values and by their own correlations.
        for index in 0..2 {
            let block = twin.block(index);
            assert!((block.nats - twin.nats).abs() < 0.05);
            let r = |i: usize, j: usize| {
                block.columns[i].iter().zip(&block.columns[j]).map(|(a, b)| a * b).sum::<f64>() / 4000.0
            };
            let of = |i: usize, j: usize| {
                let [p, q] = [i, j].map(|k| &columns[k]);
                let product = |p: &[f64], q: &[f64]| p.iter().zip(q).map(|(a, b)| a * b).sum::<f64>();
                product(p, q) / (product(p, p) * product(q, q)).sqrt()
            };
            for (i, j) in [(0, 1), (0, 3), (1, 3), (0, 4), (2, 3)] {
                assert!((r(i, j) - of(i, j)).abs() < 0.06, "{i} {j}: {} against {}", r(i, j), of(i, j));
            }
        }
        assert_ne!(twin.block(0).columns[0], twin.block(1).columns[0]);
    }

    #[test]
    fn neither_order_nor_sides_nor_signs_change_it() {
        let columns = columns(9000);
        let [a, b, c, d, e] = columns.each_ref().map(Vec::as_slice);
        let one = twin(&[a, b, c], &[d, e]).unwrap();
        let block = one.block(1);
        let near = |other: &[f64], which: usize| {
            let own = &block.columns[which];
            assert!(own.iter().zip(other).all(|(a, b)| (a - b).abs() < 1e-6), "{which}");
        };
        let swapped = twin(&[e, d], &[b, c, a]).unwrap().block(1);
        assert!((swapped.nats - block.nats).abs() < 1e-6);
        [4, 3, 1, 2, 0].into_iter().enumerate().for_each(|(i, which)| near(&swapped.columns[i], which));
        let turn = |c: &[f64]| -> Vec<f64> { (0..9000).map(|i| -c[(i * 77 + 5) % 9000].exp()).collect() };
        let [a, b, c, d, e] = [a, b, c, d, e].map(turn);
        let turned = twin(&[&a, &b, &c], &[&d, &e]).unwrap().block(1);
        (0..5).for_each(|which| near(&turned.columns[which], which));
    }

    #[test]
    fn some_tables_have_none() {
        let columns = columns(9000);
        let [a, b, c, d, e] = columns.each_ref().map(Vec::as_slice);
        assert!(twin(&[c], &[d, e]).is_none(), "nothing between the sides");
        let rounded: Vec<f64> = d.iter().map(|v| (v * 10.0).round()).collect();
        assert!(twin(&[a, b], &[&rounded]).is_none(), "ties");
        let total: Vec<f64> = a.iter().zip(b).map(|(a, b)| a + 1e-5 * b).collect();
        assert!(twin(&[a, &total], &[d]).is_none(), "nearly the same column twice");
    }
}
