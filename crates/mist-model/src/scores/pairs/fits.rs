//! What a regression on several columns says of others: the neighbours in its predictions.
//!
//! Where one variable depends on five, a row has no near neighbours in the five of them and the one; in what the five predict and the
//! one it has.

use super::bins::Bins;
use super::canonical::{self, Fold};
use super::trees::{self, Boosted, Steps};
use super::{STANDS_OUT, Search, Variable};
use crate::scores::neighbours::BOUNDS;
use crate::scores::rank::{self, ranks};
use nalgebra::{Cholesky, DMatrix, DVector};

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
/// Fewest rows for trees, and how many of them there may be.
const FEWEST_ROWS_OF_TREES: usize = 80;
const TREES: [usize; 4] = [5, 10, 20, 40];
/// Most columns of predictions.
const MOST_PREDICTED: usize = 4;
/// Mean of the tie channel of a column beyond which it has few values: at 1,000 rows, eight rows of each.
const MOST_TIED: f32 = 0.3;
/// Parts of one that scores are rounded to before they say which fold a row is in.
const PARTS: f32 = 4096.0;

/// Regressions on the rows of one table.
pub(super) struct Fits<'a> {
    search: &'a Search<'a>,
    /// The rows of each fold.
    folds: [Vec<usize>; FOLDS],
}

/// The functions of some columns at the rows of each fold, and their products.
struct Design {
    of_fold: Vec<DMatrix<f64>>,
    gram: Vec<DMatrix<f64>>,
    /// How many functions there are without products of columns, and with them.
    widths: Vec<usize>,
}

/// What predictions and canonical directions say, for each row and order.
pub(super) struct Told {
    /// By the way that says more: the first term of neighbours in what three quarters of the rows predict, or what canonical directions of three quarters say.
    pub most: Vec<f32>,
    /// The same by one quarter: what more rows would tell shows in the difference.
    pub least: Vec<f32>,
    /// How much more predictions say than canonical directions, by three quarters. Of normal data it is little less than nothing.
    pub beside: Vec<f32>,
}

impl Told {
    pub(super) fn nothing(terms: usize) -> Self {
        let none = || vec![0.0; terms];
        Self { most: none(), least: none(), beside: none() }
    }

    pub(super) fn add(&mut self, other: &Self) {
        let pairs = [(&mut self.most, &other.most), (&mut self.least, &other.least), (&mut self.beside, &other.beside)];
        for (sum, own) in pairs {
            sum.iter_mut().zip(own).for_each(|(sum, term)| *sum += term);
        }
    }

    /// [`PairTerms::fits`](super::PairTerms::fits).
    pub(super) fn terms(&self, orders: usize) -> Vec<f32> {
        let (most, least) = (self.most.chunks_exact(orders), self.least.chunks_exact(orders));
        let rows = most.zip(least).zip(self.beside.chunks_exact(orders));
        rows.flat_map(|((most, least), beside)| {
            let more = most.iter().zip(least).map(|(most, least)| most - least);
            most.iter().copied().chain(more).chain(beside.iter().copied())
        })
        .collect()
    }
}

/// One way in which a group is told: by three quarters of the rows, and by one.
struct Way {
    most: Vec<f32>,
    least: Vec<f32>,
}

/// The folds that another fold is predicted from.
#[derive(Clone, Copy)]
enum Used {
    Others,
    Next,
}

impl Used {
    fn folds(self, fold: usize) -> impl Iterator<Item = usize> + Clone {
        let count = match self {
            Self::Others => FOLDS - 1,
            Self::Next => 1,
        };
        (1..=count).map(move |step| (fold + step) % FOLDS)
    }
}

/// A response as other folds predict it.
#[derive(Clone)]
struct Predicted {
    values: Vec<f64>,
    /// Sum of squares of what is left.
    error: f64,
    /// The coefficients that predict each fold.
    coefficients: Vec<DVector<f64>>,
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

    /// What the neighbours in what one side predicts of the other say, and in that part of the other which it predicts: of the two sides
    /// the one that says more; and what canonical directions say.
    pub(super) fn told(&self, x: &[&Variable], y: &[&Variable]) -> Option<Told> {
        let larger = |a: Way, b: Way| if self.search.mean(&b.most) > self.search.mean(&a.most) { b } else { a };
        let predicted = [self.one_way(x, y), self.one_way(y, x)].into_iter().flatten().reduce(larger);
        let canonical = self.canonical(x, y);
        let of = |way: &Option<Way>, i: usize| way.as_ref().map_or(0.0, |way| way.most[i]);
        let count = self.search.scores.n * self.search.orders.len();
        let beside = (0..count).map(|i| of(&predicted, i) - of(&canonical, i)).collect();
        let Way { most, least } = [predicted, canonical].into_iter().flatten().reduce(larger)?;
        Some(Told { most, least, beside })
    }

    /// None of two variables, whose neighbours say it all.
    fn canonical(&self, x: &[&Variable], y: &[&Variable]) -> Option<Way> {
        if x.len() + y.len() < 3 {
            return None;
        }
        let columns = [x, y]
            .map(|side| -> Vec<Vec<f64>> { side.iter().flat_map(|v| v.columns()).map(|j| self.column(j)).collect() });
        let folds = self.folds.each_ref().map(|rows| Fold::new(columns.each_ref().map(Vec::as_slice), rows));
        let of = |used: Used| {
            let orders = self.search.orders.len();
            let mut terms = vec![0.0; self.search.scores.n * orders];
            let found = canonical::pointwise(&folds, |fold| used.folds(fold).collect());
            for (row, value) in self.folds.iter().flatten().zip(found.iter().flatten()) {
                // A row far from what the others say counts no more than among neighbours.
                terms[row * orders..][..orders].fill((*value as f32).clamp(BOUNDS.0, BOUNDS.1));
            }
            terms
        };
        Some(Way { most: of(Used::Others), least: of(Used::Next) })
    }

    /// None where nothing stands out, predictions have no fewer columns than what they are made from, or all of that has few values:
    /// predictions of other folds would differ where the columns do not, and neighbours among them would tell the fold.
    fn one_way(&self, from: &[&Variable], of: &[&Variable]) -> Option<Way> {
        let width: usize = from.iter().map(|v| v.width).sum();
        if width < 2 || from.iter().all(|v| self.of_few_values(v)) {
            return None;
        }
        let design = self.design(from);
        // All at once: they share the matrices that are solved for.
        let responses: Vec<Vec<f64>> = of.iter().flat_map(|v| v.columns()).map(|j| self.column(j)).collect();
        let indicators = self.indicators(from);
        let numbers = from.iter().filter(|v| v.width == 1).map(|v| &v.grids[0]);
        let with_trees = responses.len() <= MOST_PREDICTED
            && (FEWEST_ROWS_OF_TREES..trees::MOST_ROWS).contains(&self.search.scores.n);
        let steps: Vec<Steps> = numbers.chain(&indicators).map(Steps::new).filter(|_| with_trees).collect();
        let predicted = self.predictions(&design, &responses, &steps, Used::Others);

        let stands_out = STANDS_OUT + (2.0 * (of.len() as f32).ln()).sqrt();
        let (mut told, mut places) = (Vec::new(), Vec::new());
        let mut next = 0;
        for variable in of {
            let own = next..next + variable.width;
            next = own.end;
            let closest = own.clone().map(|j| correlation(&responses[j], &predicted[j])).fold(0.0, f64::max);
            if closest as f32 * (self.search.scores.n as f32).sqrt() > stands_out {
                told.push(*variable);
                places.extend(own);
            }
        }
        if told.is_empty() || places.len() >= width || places.len() > MOST_PREDICTED {
            return None;
        }
        let first = |predicted: &[Vec<f64>]| {
            let scores: Vec<Vec<f32>> = predicted.iter().map(|values| scored(values)).collect();
            self.search.first_of(&scores, &told)
        };
        let of_told = |all: &[Vec<f64>]| -> Vec<Vec<f64>> { places.iter().map(|j| all[*j].clone()).collect() };
        let fewer = self.predictions(&design, &of_told(&responses), &steps, Used::Next);
        Some(Way { most: first(&of_told(&predicted)), least: first(&fewer) })
    }

    /// The responses as other folds predict them, by functions and, where there are steps, trees.
    fn predictions(&self, design: &Design, responses: &[Vec<f64>], steps: &[Steps], from: Used) -> Vec<Vec<f64>> {
        let mut predicted = self.regressions(design, responses, from);
        if !steps.is_empty() {
            for (regression, response) in predicted.iter_mut().zip(responses).filter(|(p, _)| p.error.is_finite()) {
                self.boost(regression, response, design, steps, from);
            }
        }
        predicted.into_iter().map(|p| p.values).collect()
    }

    fn of_few_values(&self, variable: &Variable) -> bool {
        let scores = self.search.scores;
        let ties = scores.ties.iter().skip(variable.first).step_by(scores.dim_x + scores.dim_y);
        variable.width > 1 || ties.sum::<f32>() > MOST_TIED * scores.n as f32
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
        let gram = of_fold.iter().map(|f| f.tr_mul(f)).collect();
        Design { of_fold, gram, widths }
    }

    /// The indicators of categories in two bins each.
    fn indicators(&self, from: &[&Variable]) -> Vec<Bins> {
        let columns = from.iter().filter(|v| v.width > 1).flat_map(|v| v.columns());
        columns.map(|j| Bins::of_indicator(self.column(j).iter().map(|v| *v > 0.0))).collect()
    }

    /// Adds the trees that predict best what the regression leaves.
    fn boost(&self, regression: &mut Predicted, response: &[f64], design: &Design, steps: &[Steps], from: Used) {
        let mut folds: Vec<Boosted> = (regression.coefficients.iter().zip(&self.folds).enumerate())
            .map(|(fold, (coefficients, predicted))| {
                let mut rest = response.to_vec();
                for (rows, functions) in self.folds.iter().zip(&design.of_fold) {
                    let values = functions.columns(0, coefficients.len()) * coefficients;
                    rows.iter().zip(values.iter()).for_each(|(row, v)| rest[*row] -= v);
                }
                let fitted: Vec<usize> = from.folds(fold).flat_map(|used| &self.folds[used]).copied().collect();
                Boosted::new(steps, &rest, &fitted, predicted)
            })
            .collect();
        let mut grown = 0;
        for trees in TREES {
            for _ in grown..trees {
                folds.iter_mut().for_each(Boosted::grow);
            }
            grown = trees;
            let error = folds.iter().map(|fold| fold.left().map(|rest| rest.powi(2)).sum::<f64>()).sum();
            if error >= regression.error {
                return;
            }
            regression.error = error;
            for (fold, rows) in folds.iter().zip(&self.folds) {
                rows.iter().zip(fold.left()).for_each(|(row, rest)| regression.values[*row] = response[*row] - rest);
            }
        }
    }

    /// Each response as other folds predict it, with the penalty and the functions that predict it best.
    fn regressions(&self, design: &Design, responses: &[Vec<f64>], from: Used) -> Vec<Predicted> {
        let of_fold: Vec<DMatrix<f64>> = self
            .folds
            .iter()
            .map(|rows| DMatrix::from_fn(rows.len(), responses.len(), |i, j| responses[j][rows[i]]))
            .collect();
        let products: Vec<DMatrix<f64>> = design.of_fold.iter().zip(&of_fold).map(|(f, y)| f.tr_mul(y)).collect();
        let sums = |of: &[DMatrix<f64>]| -> Vec<DMatrix<f64>> {
            (0..FOLDS).map(|fold| from.folds(fold).map(|used| &of[used]).sum()).collect()
        };
        let (grams, products) = (sums(&design.gram), sums(&products));
        let n = self.search.scores.n;
        let nothing = Predicted { values: vec![0.0; n], error: f64::INFINITY, coefficients: Vec::new() };
        let mut best = vec![nothing; responses.len()];
        for &width in &design.widths {
            for penalty in PENALTIES {
                let mut coefficients = Vec::with_capacity(FOLDS);
                for (gram, product) in grams.iter().zip(&products) {
                    let mut left = gram.view((0, 0), (width, width)).into_owned();
                    (0..width).for_each(|i| left[(i, i)] += penalty);
                    coefficients.extend(Cholesky::new(left).map(|factor| factor.solve(&product.rows(0, width))));
                }
                // Too near to singular for this penalty.
                if coefficients.len() < FOLDS {
                    continue;
                }
                let predicted: Vec<DMatrix<f64>> =
                    design.of_fold.iter().zip(&coefficients).map(|(f, b)| f.columns(0, width) * b).collect();
                for (j, (best, y)) in best.iter_mut().zip(responses).enumerate() {
                    let error = (self.folds.iter().zip(&predicted))
                        .map(|(rows, p)| {
                            rows.iter().enumerate().map(|(i, row)| (p[(i, j)] - y[*row]).powi(2)).sum::<f64>()
                        })
                        .sum();
                    if error < best.error {
                        best.error = error;
                        for (rows, p) in self.folds.iter().zip(&predicted) {
                            rows.iter().zip(p.column(j).iter()).for_each(|(row, v)| best.values[*row] = *v);
                        }
                        best.coefficients = coefficients.iter().map(|c| c.column(j).into_owned()).collect();
                    }
                }
            }
        }
        best
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

    fn terms(x: &[Column], y: &[Column]) -> PairTerms {
        Scores::of(x, y).unwrap().with_neighbours(&ORDERS).with_pairs(&ORDERS, true).pairs.unwrap()
    }

    fn numbers(columns: &[Vec<f64>]) -> Vec<Column<'_>> {
        columns.iter().map(|c| Column::Number(c)).collect()
    }

    fn fits(x: &[Column], y: &[Column]) -> Vec<f32> {
        terms(x, y).fits.unwrap()
    }

    /// Of the third neighbour.
    fn mean(terms: &[f32]) -> f32 {
        let per_row = terms.len() / ROWS;
        terms.iter().skip(1).step_by(per_row).sum::<f32>() / ROWS as f32
    }

    #[test]
    fn predictions_tell_what_neighbours_in_eight_columns_do_not() {
        let x = normals(8, 1);
        let y = [response(&x, &normals(1, 2)[0])];
        let told = terms(&numbers(&x), &numbers(&y));
        let (groups, fits) = (mean(&told.rows), mean(&told.fits.unwrap()));
        // Of 0.88 nats.
        assert!((0.65..1.0).contains(&fits) && groups < 0.5, "{fits} and {groups}");
        let swapped = mean(&super::tests::fits(&numbers(&y), &numbers(&x)));
        assert!((swapped - fits).abs() < 1e-4, "{swapped} and {fits}");
    }

    #[test]
    fn classes_are_predicted_too() {
        let x = normals(6, 3);
        let t = response(&x, &normals(1, 4)[0]);
        let codes: Vec<u32> = t.iter().map(|t| u32::from(*t > 0.5) + u32::from(*t > 2.0)).collect();
        let told = terms(&numbers(&x), &[Column::Category(&codes)]);
        let (groups, fits) = (mean(&told.rows), mean(&told.fits.unwrap()));
        assert!(fits > groups + 0.1 && fits < 1.1, "{fits} and {groups}");
    }

    #[test]
    fn columns_of_few_values_alone_have_no_neighbours_in_predictions() {
        let x: Vec<Vec<f64>> = normals(4, 7).into_iter().map(|x| x.iter().map(|v| v.round()).collect()).collect();
        let y = [(0..ROWS).map(|i| x.iter().map(|x| x[i]).sum::<f64>()).collect()];
        // What canonical directions say is the same for neighbours of any order.
        let of_few = fits(&numbers(&x), &numbers(&y));
        assert!(of_few.chunks_exact(ORDERS.len()).all(|terms| terms.iter().all(|v| *v == terms[0])));
        let mut one_of_many = x;
        one_of_many[2] = normals(1, 8).remove(0);
        // Which canonical directions do not tell.
        let squares = vec![y[0].iter().map(|v| v * v).collect()];
        let of_many = fits(&numbers(&one_of_many), &numbers(&squares));
        assert!(of_many.chunks_exact(ORDERS.len()).any(|terms| terms.iter().any(|v| *v != terms[0])));
    }

    #[test]
    fn independent_columns_are_not_predicted() {
        let found = (0..60)
            .filter(|seed| {
                let columns = normals(7, 100 + seed);
                let (x, y) = columns.split_at(6);
                fits(&numbers(x), &numbers(y)).iter().any(|v| *v != 0.0)
            })
            .count();
        assert!(found <= 3, "{found} of 60");
    }

    #[test]
    fn neither_the_order_of_rows_and_columns_nor_signs_matter() {
        let x = normals(8, 5);
        let y = vec![response(&x, &normals(1, 6)[0])];
        let base = fits(&numbers(&x), &numbers(&y));
        let other_columns: Vec<Vec<f64>> = [3, 0, 7, 1, 2, 6, 5, 4]
            .iter()
            .map(|&j| x[j].iter().map(|v| if j % 2 == 0 { -v } else { *v }).collect())
            .collect();
        assert_eq!(fits(&numbers(&other_columns), &numbers(&y)), base);
        let reversed = |columns: &[Vec<f64>]| -> Vec<Vec<f64>> {
            columns.iter().map(|c| c.iter().rev().copied().collect()).collect()
        };
        let (x, y) = (reversed(&x), reversed(&y));
        let of_rows = fits(&numbers(&x), &numbers(&y));
        let back: Vec<f32> = of_rows.chunks_exact(3 * ORDERS.len()).rev().flatten().copied().collect();
        assert_eq!(back, base);
    }
}
