//! What a regression on several columns says of others: the neighbours in its predictions.
//!
//! Where one variable depends on five, a row has no near neighbours in the five of them and the one; in what the five predict and the
//! one it has.

use super::{STANDS_OUT, Search, Variable};
use crate::scores::rank::{self, ranks};
use nalgebra::{Cholesky, DMatrix, DMatrixView};

/// Parts of the rows; each is predicted from the others, so that of independent sides the prediction says nothing.
const FOLDS: usize = 4;
/// Fewest rows to fit to.
const FEWEST_ROWS: usize = 30;
/// Functions of a number.
const FUNCTIONS: usize = 5;
/// Most columns whose products are among the functions.
const MOST_PRODUCTS: usize = 8;
/// Penalties of the squared coefficients, functions having a variance of about one.
const PENALTIES: [f64; 4] = [1.0, 8.0, 64.0, 512.0];
/// Most columns of predictions.
const MOST_PREDICTED: usize = 4;
/// Parts of one that scores are rounded to before they say which fold a row is in.
const PARTS: f32 = 4096.0;

/// Regressions on the rows of one table.
pub(super) struct Fits<'a> {
    search: &'a Search<'a>,
    /// The rows of each fold.
    folds: [Vec<usize>; FOLDS],
}

/// The functions of some columns at the rows of each fold, their products, and the same over all rows.
struct Design {
    of_fold: Vec<DMatrix<f64>>,
    gram: Vec<DMatrix<f64>>,
    whole: DMatrix<f64>,
    /// How many functions there are without products of columns, and with them.
    widths: Vec<usize>,
}

impl<'a> Fits<'a> {
    /// None where there are too few rows.
    pub(super) fn new(search: &'a Search<'a>) -> Option<Self> {
        let scores = search.scores;
        if scores.n < FEWEST_ROWS {
            return None;
        }
        let mut folds: [Vec<usize>; FOLDS] = Default::default();
        // By what is in the row, so that neither the order of the rows nor that of the columns or their signs matter, and rows that are the
        // same are in the same fold.
        for (row, values) in scores.z.chunks_exact(scores.dim_x + scores.dim_y).enumerate() {
            let sum = values.iter().fold(0u64, |sum, v| sum.wrapping_add(mix((v.abs() * PARTS).round() as u64)));
            folds[(mix(sum) % FOLDS as u64) as usize].push(row);
        }
        // A table of a few different rows may leave a fold empty.
        folds.iter().all(|rows| rows.len() < scores.n).then_some(Self { search, folds })
    }

    /// The first term of the neighbours in what `from` predicts of `of`, and in that part of `of` which it predicts, for each row and
    /// order; none where nothing stands out, or predictions have no fewer columns than what they are made from.
    pub(super) fn first(&self, from: &[&Variable], of: &[&Variable]) -> Option<Vec<f32>> {
        let width: usize = from.iter().map(|v| v.width).sum();
        if width < 2 {
            return None;
        }
        let design = self.design(from);
        let least = STANDS_OUT + (2.0 * (of.len() as f32).ln()).sqrt();
        // All at once: they share the matrices that are solved for.
        let responses: Vec<Vec<f64>> = of.iter().flat_map(|v| v.columns()).map(|j| self.column(j)).collect();
        let predicted = self.predicted(&design, &responses);
        let (mut told, mut predictions) = (Vec::new(), Vec::new());
        let mut next = 0;
        for variable in of {
            let own = next..next + variable.width;
            next = own.end;
            let closest = own.clone().map(|j| correlation(&responses[j], &predicted[j])).fold(0.0, f64::max);
            if closest as f32 * (self.search.scores.n as f32).sqrt() > least {
                told.push(*variable);
                predictions.extend(predicted[own].iter().map(|p| scored(p)));
            }
        }
        if told.is_empty() || predictions.len() >= width || predictions.len() > MOST_PREDICTED {
            return None;
        }
        Some(self.search.first_of(&predictions, &told))
    }

    /// A column as it is in the table, less its mean.
    fn column(&self, j: usize) -> Vec<f64> {
        let scores = self.search.scores;
        let values = scores.z.iter().skip(j).step_by(scores.dim_x + scores.dim_y);
        centred(values.map(|v| f64::from(*v)).collect())
    }

    fn design(&self, from: &[&Variable]) -> Design {
        let columns: Vec<Vec<f64>> = from.iter().flat_map(|v| v.columns()).map(|j| self.column(j)).collect();
        let mut functions: Vec<Vec<f64>> = Vec::new();
        for column in &columns {
            let other = column.iter().find(|v| **v != column[0]).unwrap_or(&column[0]);
            let two_values = column.iter().all(|v| *v == column[0] || v == other);
            let of = |f: fn(f64) -> f64| centred(column.iter().map(|v| f(*v)).collect());
            functions.push(column.clone());
            if !two_values {
                let bent: [fn(f64) -> f64; FUNCTIONS - 1] = [
                    |z| (z * z - 1.0) * std::f64::consts::FRAC_1_SQRT_2,
                    |z| (z * z * z - 3.0 * z) / 6.0_f64.sqrt(),
                    |z| (2.0 * z).sin(),
                    |z| (2.0 * z).cos(),
                ];
                functions.extend(bent.map(of));
            }
        }
        let mut widths = vec![functions.len()];
        if columns.len() <= MOST_PRODUCTS {
            for (i, a) in columns.iter().enumerate() {
                let products = columns[..i].iter().map(|b| centred(a.iter().zip(b).map(|(a, b)| a * b).collect()));
                functions.extend(products);
            }
            widths.push(functions.len());
        }
        let of_fold: Vec<DMatrix<f64>> = self
            .folds
            .iter()
            .map(|rows| DMatrix::from_fn(rows.len(), functions.len(), |i, j| functions[j][rows[i]]))
            .collect();
        let gram: Vec<DMatrix<f64>> = of_fold.iter().map(|f| f.tr_mul(f)).collect();
        let whole = gram.iter().sum();
        Design { of_fold, gram, whole, widths }
    }

    /// Each response as the other folds predict it, with the penalty and the functions that predict it best.
    fn predicted(&self, design: &Design, responses: &[Vec<f64>]) -> Vec<Vec<f64>> {
        let of_fold: Vec<DMatrix<f64>> = self
            .folds
            .iter()
            .map(|rows| DMatrix::from_fn(rows.len(), responses.len(), |i, j| responses[j][rows[i]]))
            .collect();
        let products: Vec<DMatrix<f64>> = design.of_fold.iter().zip(&of_fold).map(|(f, y)| f.tr_mul(y)).collect();
        let whole: DMatrix<f64> = products.iter().sum();
        let n = self.search.scores.n;
        let mut best = vec![(f64::INFINITY, vec![0.0; n]); responses.len()];
        for &width in &design.widths {
            for penalty in PENALTIES {
                let mut predicted = vec![vec![0.0; n]; responses.len()];
                for (fold, rows) in self.folds.iter().enumerate() {
                    let square: DMatrixView<f64> = design.whole.view((0, 0), (width, width));
                    let mut others = square - design.gram[fold].view((0, 0), (width, width));
                    (0..width).for_each(|i| others[(i, i)] += penalty);
                    let right = whole.rows(0, width) - products[fold].rows(0, width);
                    let Some(factor) = Cholesky::new(others) else { continue };
                    let values = design.of_fold[fold].columns(0, width) * factor.solve(&right);
                    for (j, predicted) in predicted.iter_mut().enumerate() {
                        rows.iter().zip(values.column(j).iter()).for_each(|(row, v)| predicted[*row] = *v);
                    }
                }
                for ((least, kept), (predicted, y)) in best.iter_mut().zip(predicted.into_iter().zip(responses)) {
                    let error: f64 = predicted.iter().zip(y).map(|(p, y)| (p - y) * (p - y)).sum();
                    if error < *least {
                        (*least, *kept) = (error, predicted);
                    }
                }
            }
        }
        best.into_iter().map(|(_, predicted)| predicted).collect()
    }
}

fn centred(mut values: Vec<f64>) -> Vec<f64> {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    values.iter_mut().for_each(|v| *v -= mean);
    values
}

/// Of two columns of which the first has no mean; 0 where one is constant.
fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let b = centred(b.to_vec());
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let squares = dot(a, a) * dot(&b, &b);
    if squares > 0.0 { dot(a, &b) / squares.sqrt() } else { 0.0 }
}

/// Normal scores.
fn scored(values: &[f64]) -> Vec<f32> {
    let table = rank::score_table(values.len());
    let score = |centred: &f64| table[centred.abs() as usize].copysign(*centred as f32);
    ranks(values).centred.iter().map(score).collect()
}

/// The finaliser of SplitMix64 (Steele, Lea and Flood 2014): every bit of the result depends on every bit of the number.
fn mix(mut v: u64) -> u64 {
    v = (v ^ (v >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    v = (v ^ (v >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    v ^ (v >> 31)
}

#[cfg(test)]
mod tests {
    use crate::Column;
    use crate::scores::{PairTerms, Scores};
    use rand::{Rng, SeedableRng, rngs::StdRng};
    use rand_distr::StandardNormal;

    const ORDERS: [usize; 4] = [1, 3, 8, 24];
    const ROWS: usize = 500;

    fn normals(columns: usize, seed: u64) -> Vec<Vec<f64>> {
        let mut rng = StdRng::seed_from_u64(seed);
        (0..columns).map(|_| (0..ROWS).map(|_| rng.sample(StandardNormal)).collect()).collect()
    }

    /// A sum of curves of the first five of eight columns, with noise.
    fn response(x: &[Vec<f64>], noise: &[f64]) -> Vec<f64> {
        let of = |i: usize| -> f64 {
            (2.0 * x[0][i]).sin() + x[1][i].abs() + (3.0 * x[2][i]).tanh() + 0.5 * x[3][i].powi(2) + x[4][i]
        };
        (0..ROWS).map(|i| of(i) + 0.8 * noise[i]).collect()
    }

    fn terms(x: &[Column], y: &[Column], fits: bool) -> PairTerms {
        Scores::of(x, y).unwrap().with_neighbours(&ORDERS).with_pairs(&ORDERS, fits).pairs.unwrap()
    }

    fn numbers(columns: &[Vec<f64>]) -> Vec<Column<'_>> {
        columns.iter().map(|c| Column::Number(c)).collect()
    }

    /// Of the third neighbour.
    fn mean(terms: &PairTerms) -> f32 {
        terms.rows.iter().skip(1).step_by(ORDERS.len()).sum::<f32>() / ROWS as f32
    }

    #[test]
    fn predictions_tell_what_neighbours_in_eight_columns_do_not() {
        let x = normals(8, 1);
        let y = [response(&x, &normals(1, 2)[0])];
        let (with, without) = (terms(&numbers(&x), &numbers(&y), true), terms(&numbers(&x), &numbers(&y), false));
        // Of 0.88 nats.
        assert!((0.65..1.0).contains(&mean(&with)) && mean(&without) < 0.5, "{} and {}", mean(&with), mean(&without));
        let swapped = terms(&numbers(&y), &numbers(&x), true);
        assert!((mean(&swapped) - mean(&with)).abs() < 1e-4, "{} and {}", mean(&swapped), mean(&with));
    }

    #[test]
    fn classes_are_predicted_too() {
        let x = normals(6, 3);
        let t = response(&x, &normals(1, 4)[0]);
        let codes: Vec<u32> = t.iter().map(|t| u32::from(*t > 0.5) + u32::from(*t > 2.0)).collect();
        let (with, without) =
            [true, false].map(|fits| mean(&terms(&numbers(&x), &[Column::Category(&codes)], fits))).into();
        assert!(with > without + 0.1 && with < 1.1, "{with} and {without}");
    }

    #[test]
    fn independent_columns_are_not_predicted() {
        let found = (0..60)
            .filter(|seed| {
                let columns = normals(7, 100 + seed);
                let (x, y) = columns.split_at(6);
                terms(&numbers(x), &numbers(y), true) != terms(&numbers(x), &numbers(y), false)
            })
            .count();
        assert!(found <= 3, "{found} of 60");
    }

    #[test]
    fn neither_the_order_of_rows_and_columns_nor_signs_matter() {
        let x = normals(8, 5);
        let y = vec![response(&x, &normals(1, 6)[0])];
        let base = terms(&numbers(&x), &numbers(&y), true);
        let other_columns: Vec<Vec<f64>> = [3, 0, 7, 1, 2, 6, 5, 4]
            .iter()
            .map(|&j| x[j].iter().map(|v| if j % 2 == 0 { -v } else { *v }).collect())
            .collect();
        let turned = terms(&numbers(&other_columns), &numbers(&y), true);
        assert_eq!(turned.rows, base.rows);
        let reversed = |columns: &[Vec<f64>]| -> Vec<Vec<f64>> {
            columns.iter().map(|c| c.iter().rev().copied().collect()).collect()
        };
        let (x, y) = (reversed(&x), reversed(&y));
        let of_rows = terms(&numbers(&x), &numbers(&y), true).rows;
        let back: Vec<f32> = of_rows.chunks_exact(ORDERS.len()).rev().flatten().copied().collect();
        assert_eq!(back, base.rows);
    }
}
