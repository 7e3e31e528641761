//! What canonical directions that other rows show say: the normal part of what many columns tell of many.
//!
//! Where each of twenty columns tells a little of twenty others, no column stands out and a row has no near neighbours; sums of columns
//! that correlate across the sides show. Found in some rows and followed into others, chance correlates no more than it should.

use crate::shrunk_covariance;
use nalgebra::{DMatrix, DVector};

/// Standard deviations from which on a correlation counts, by itself or where all together stand out as much.
const STANDS_OUT: f64 = 2.5;
const AMONG_OTHERS: f64 = 1.0;
/// Largest correlation that counts, at 6.2 nats.
const CLOSEST: f64 = 1.0 - 2e-6;
/// Of the decomposition, which takes a few for each direction.
const MOST_ITERATIONS: usize = 10_000;
/// Parts of a nat that a term is rounded to, so that rounding within it does not show.
const PARTS: f64 = 65_536.0;

/// The columns of both sides in one fold, without means.
pub(super) struct Fold {
    /// The rows (m × p) and (m × q).
    sides: [DMatrix<f64>; 2],
    /// Their squares and products, summed over rows: (p × p), (q × q), (p × q).
    squares: [DMatrix<f64>; 2],
    products: DMatrix<f64>,
    /// Fourth powers of the lengths of the rows, summed.
    fourth: [f64; 2],
}

impl Fold {
    /// Of some rows of the columns of each side.
    pub(super) fn new(sides: [&[Vec<f64>]; 2], rows: &[usize]) -> Self {
        let sides = sides.map(|columns| DMatrix::from_fn(rows.len(), columns.len(), |i, j| columns[j][rows[i]]));
        let fourth = |side: &DMatrix<f64>| {
            let mut lengths = DVector::<f64>::zeros(side.nrows());
            side.column_iter().for_each(|column| lengths.zip_apply(&column, |sum, v| *sum += v * v));
            lengths.norm_squared()
        };
        Self {
            squares: sides.each_ref().map(|side| side.tr_mul(side)),
            products: sides[0].tr_mul(&sides[1]),
            fourth: sides.each_ref().map(fourth),
            sides,
        }
    }

    fn rows(&self) -> usize {
        self.sides[0].nrows()
    }
}

/// The pointwise MI in nats of each row under a normal law, row by row of each fold in turn: of the sums of X and of Y that correlate most in the folds that
/// `used` names for a fold, and with the correlations that they have in all folds when found so.
pub(super) fn pointwise(folds: &[Fold], used: impl Fn(usize) -> Vec<usize>) -> Vec<Vec<f64>> {
    let sums: Vec<[DMatrix<f64>; 2]> = (0..folds.len())
        .map(|fold| {
            let found = directions(&used(fold).into_iter().map(|f| &folds[f]).collect::<Vec<_>>());
            [0, 1].map(|side| &folds[fold].sides[side] * &found[side])
        })
        .collect();
    let n = folds.iter().map(Fold::rows).sum::<usize>() as f64;
    let moments: Vec<[f64; 3]> = (0..sums[0][0].ncols())
        .map(|k| {
            let total = |of: fn(f64, f64) -> f64| -> f64 {
                let of_fold = |[u, v]: &[DMatrix<f64>; 2]| -> f64 {
                    u.column(k).iter().zip(v.column(k).iter()).map(|(u, v)| of(*u, *v)).sum()
                };
                sums.iter().map(of_fold).sum::<f64>() / n
            };
            [total(|u, _| u * u), total(|_, v| v * v), total(|u, v| u * v)]
        })
        .collect();
    // Where a side is 0 it is no number, and larger than nothing.
    let strengths: Vec<f64> = moments.iter().map(|[uu, vv, uv]| uv / (uu * vv).sqrt() * n.sqrt()).collect();
    let together = strengths.iter().filter(|s| s.is_finite()).sum::<f64>() / (strengths.len() as f64).sqrt();
    let least = if together > STANDS_OUT { AMONG_OTHERS } else { STANDS_OUT };
    let mut out: Vec<Vec<f64>> = folds.iter().map(|fold| vec![0.0; fold.rows()]).collect();
    for (k, ([uu, vv, _], strength)) in moments.iter().zip(&strengths).enumerate().filter(|(_, (_, s))| **s > least) {
        let r = (strength / n.sqrt()).min(CLOSEST);
        let rest = 1.0 - r * r;
        for (out, [u, v]) in out.iter_mut().zip(&sums) {
            for (out, (u, v)) in out.iter_mut().zip(u.column(k).iter().zip(v.column(k).iter())) {
                let quadratic = r * r * (u * u / uu + v * v / vv) - 2.0 * r * u * v / (uu * vv).sqrt();
                *out -= 0.5 * (rest.ln() + quadratic / rest);
            }
        }
    }
    out.iter_mut().flatten().for_each(|v| *v = (*v * PARTS).round() / PARTS);
    out
}

/// Weights of the columns of X and of Y, a column for each direction, those that correlate most first; 0 where there is nothing to find them in.
fn directions(folds: &[&Fold]) -> [DMatrix<f64>; 2] {
    let (p, q) = folds[0].products.shape();
    let count = p.min(q);
    found(folds).unwrap_or_else(|| [DMatrix::zeros(p, count), DMatrix::zeros(q, count)])
}

fn found(folds: &[&Fold]) -> Option<[DMatrix<f64>; 2]> {
    let n: usize = folds.iter().map(|fold| fold.rows()).sum();
    // A table of a few different rows may leave a fold empty.
    if n == 0 {
        return None;
    }
    let lower = |side: usize| {
        let covariance = folds.iter().map(|fold| &fold.squares[side]).sum::<DMatrix<f64>>() / n as f64;
        let fourth = folds.iter().map(|fold| fold.fourth[side]).sum::<f64>() / n as f64;
        shrunk_covariance(covariance, fourth, n).cholesky().map(|c| c.unpack())
    };
    let (lx, ly) = (lower(0)?, lower(1)?);
    let products = folds.iter().map(|fold| &fold.products).sum::<DMatrix<f64>>() / n as f64;
    let half = lx.solve_lower_triangular(&products)?;
    let whitened = ly.solve_lower_triangular(&half.transpose())?.transpose();
    let svd = whitened.try_svd(true, true, 5.0 * f64::EPSILON, MOST_ITERATIONS)?;
    Some([lx.tr_solve_lower_triangular(&svd.u?)?, ly.tr_solve_lower_triangular(&svd.v_t?.transpose())?])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scores::Scores;
    use rand::{Rng, SeedableRng, rngs::StdRng};
    use rand_distr::StandardNormal;

    const ORDERS: [usize; 2] = [1, 3];
    const COLUMNS: usize = 12;

    /// Rows of columns of two sides with a covariance.
    fn draw(covariance: &DMatrix<f64>, n: usize, seed: u64) -> Vec<Vec<f64>> {
        let lower = covariance.clone().cholesky().unwrap().unpack();
        let mut rng = StdRng::seed_from_u64(seed);
        let normals = DMatrix::from_fn(lower.nrows(), n, |_, _| rng.sample::<f64, _>(StandardNormal));
        (lower * normals).row_iter().map(|row| row.iter().copied().collect()).collect()
    }

    /// Of three factors in all columns of both sides.
    fn factors() -> DMatrix<f64> {
        let mut rng = StdRng::seed_from_u64(1);
        let loadings = DMatrix::from_fn(2 * COLUMNS, 3, |_, _| rng.sample::<f64, _>(StandardNormal));
        &loadings * loadings.transpose() + DMatrix::identity(2 * COLUMNS, 2 * COLUMNS) * 6.0
    }

    /// Mean terms of the first order, by three folds and by how much less by one.
    fn told(columns: &[Vec<f64>]) -> [f64; 2] {
        let refs: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
        let scores = Scores::new(&refs[..COLUMNS], &refs[COLUMNS..]).unwrap();
        let terms = scores.with_neighbours(&ORDERS).with_pairs(&ORDERS, true).pairs.unwrap().fits.unwrap();
        let rows = terms.len() / (3 * ORDERS.len());
        [0, ORDERS.len()]
            .map(|at| terms.iter().skip(at).step_by(3 * ORDERS.len()).map(|v| f64::from(*v)).sum::<f64>() / rows as f64)
    }

    #[test]
    fn factors_in_all_columns_are_told() {
        let covariance = factors();
        let ln_det =
            |from: usize, size: usize| covariance.view((from, from), (size, size)).into_owned().determinant().ln();
        let mi = 0.5 * (ln_det(0, COLUMNS) + ln_det(COLUMNS, COLUMNS) - ln_det(0, 2 * COLUMNS));
        assert!((0.8..1.5).contains(&mi), "{mi}");
        for (n, most) in [(200, 0.3), (2000, 0.08)] {
            let answers: Vec<[f64; 2]> = (0..4).map(|seed| told(&draw(&covariance, n, seed))).collect();
            let [told, more] = [0, 1].map(|k| answers.iter().map(|a| a[k]).sum::<f64>() / answers.len() as f64);
            assert!(told < mi + 0.05 && mi - told < most && more > 0.0, "{n}: {told} and {more} of {mi}");
        }
    }

    #[test]
    fn independent_columns_are_told_to_be() {
        let none = DMatrix::identity(2 * COLUMNS, 2 * COLUMNS);
        let answers: Vec<f64> = (0..20).map(|seed| told(&draw(&none, 60, seed))[0]).collect();
        assert!(answers.iter().sum::<f64>() / 20.0 < 0.03, "{answers:?}");
    }

    #[test]
    fn a_constant_side_and_an_empty_fold_tell_nothing() {
        let fold = |value: f64| Fold::new([&[vec![1.0, -1.0, value]], &[vec![0.0; 3]]], &[0, 1, 2]);
        let empty = || Fold::new([&[vec![]], &[vec![]]], &[]);
        for folds in [[fold(0.5), fold(0.0)], [fold(0.5), empty()]] {
            let terms = pointwise(&folds, |fold| vec![1 - fold]);
            assert!(terms.iter().flatten().all(|v| *v == 0.0));
        }
    }
}
