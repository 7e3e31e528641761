//! Many pairs: lists of pairs of sides, and pairs of the columns of one table.

use crate::{Columns, Estimate, EstimateError, Estimator, PValues, Tests, benjamini_hochberg};
use rayon::prelude::*;
use serde::Serialize;

/// Cells of the pairs that one thread answers before it takes the next.
const CELLS_AT_ONCE: usize = 1 << 13;

/// A column against the target of a ranking.
#[derive(Debug, Serialize)]
pub struct Ranked {
    /// The column, by index.
    pub column: usize,
    /// Its name, or else its index.
    pub name: String,
    /// What it says about the target.
    #[serde(serialize_with = "crate::estimate::result")]
    pub answer: Result<Estimate, EstimateError>,
    /// Of the test of independence.
    pub p_value: Option<f64>,
    /// The same as a member of the family of all columns.
    pub q_value: Option<f64>,
}

/// The answers to all pairs of columns.
#[derive(Debug, Serialize)]
pub struct Matrix {
    /// What the columns are called.
    pub names: Vec<String>,
    /// The pairs (i, j) with i < j, in lexicographic order.
    pub pairs: Vec<Paired>,
}

/// One pair of a [`Matrix`].
#[derive(Debug, Serialize)]
pub struct Paired {
    /// The first column, by index.
    pub x: usize,
    /// The second.
    pub y: usize,
    /// What they say about each other.
    #[serde(serialize_with = "crate::estimate::result")]
    pub answer: Result<Estimate, EstimateError>,
    /// Of the test of independence.
    pub p_value: Option<f64>,
    /// The same as a member of the family of all pairs.
    pub q_value: Option<f64>,
}

impl Matrix {
    /// The place of a pair in [`Matrix::pairs`], for i < j of `d` columns.
    pub fn place(i: usize, j: usize, d: usize) -> usize {
        i * (2 * d - i - 1) / 2 + j - i - 1
    }

    /// The pairs (i, j) with i < j of `d` columns, in lexicographic order.
    pub fn all_pairs(d: usize) -> impl Iterator<Item = (usize, usize)> {
        (0..d).flat_map(move |i| (i + 1..d).map(move |j| (i, j)))
    }

    /// The answer to a pair in either order; `None` on the diagonal.
    pub fn get(&self, i: usize, j: usize) -> Option<&Paired> {
        (i != j).then(|| &self.pairs[Self::place(i.min(j), i.max(j), self.names.len())])
    }
}

impl Estimator {
    /// The mutual information of several pairs, in order. A pair that fails has its error, and the others their answers.
    ///
    /// ```
    /// use mist_infer::{Columns, Estimator};
    ///
    /// let x: Vec<f64> = (0..50).map(|r| (f64::from(r) * 0.7).sin()).collect();
    /// let short = vec![1.0, 2.0];
    /// let pairs = [(Columns::from(&x), Columns::from(&short)), (Columns::from(&x), Columns::from(&x))];
    /// let answers = Estimator::embedded()?.estimate_each(&pairs);
    /// assert!(answers[0].is_err() && answers[1].is_ok());
    /// # Ok::<(), mist_infer::EstimateError>(())
    /// ```
    pub fn estimate_each(&self, pairs: &[(Columns, Columns)]) -> Vec<Result<Estimate, EstimateError>> {
        let several = |chunk: &[(Columns, Columns)]| self.chunk(chunk);
        let cells = |(x, y): &(Columns, Columns)| x.n() * (x.dim() + y.dim());
        let largest = pairs.iter().map(cells).max().unwrap_or(1).max(1);
        let chunks = pairs.par_chunks((CELLS_AT_ONCE / largest).max(1));
        // A device does one pass at a time, and larger ones better.
        match self.on_cpu() {
            true => chunks.map(several).collect::<Vec<_>>().into_iter().flatten().collect(),
            false => self.chunk(pairs),
        }
    }

    fn chunk(&self, pairs: &[(Columns, Columns)]) -> Vec<Result<Estimate, EstimateError>> {
        if let Ok(answers) = self.estimate_batch(pairs) {
            return answers.into_iter().map(Ok).collect();
        }
        // One of them is wrong: each by itself.
        pairs.iter().map(|(x, y)| self.estimate_as_given(x, y)).collect()
    }

    /// The mutual information of pairs of columns of a table, in order. The answers are without the contributions of the
    /// rows.
    ///
    /// # Errors
    /// A table without columns, with too few rows, or with columns of different lengths or values that are not finite. What
    /// else goes wrong is the answer to a pair.
    ///
    /// # Panics
    /// If there is no such column.
    pub fn estimate_pairs(
        &self,
        table: &Columns,
        pairs: &[(usize, usize)],
    ) -> Result<Vec<Result<Estimate, EstimateError>>, EstimateError> {
        check_table(table)?;
        let one = |&(i, j): &(usize, usize)| (table.select(&[i]), table.select(&[j]));
        let at_once = (CELLS_AT_ONCE / (2 * table.n())).max(1);
        let answer = |chunk: &[(usize, usize)]| {
            let chunk: Vec<_> = chunk.iter().map(one).collect();
            let mut answers = self.estimate_each(&chunk);
            answers.iter_mut().flatten().for_each(|a| a.pointwise = Vec::new());
            answers
        };
        Ok(match self.on_cpu() {
            true => pairs.par_chunks(at_once).map(answer).collect::<Vec<_>>().into_iter().flatten().collect(),
            false => answer(pairs),
        })
    }

    /// All columns but the target, from the one that says most about it to the one that says least; those that fail come
    /// last.
    ///
    /// # Errors
    /// As [`Estimator::estimate_pairs`]; p-values that the checkpoint has no table for.
    ///
    /// # Panics
    /// If the target is not one of the columns.
    ///
    /// ```
    /// use mist_infer::{Columns, Estimator, PValues};
    ///
    /// let wave = |rate: f64| (0..80).map(|r| (f64::from(r) * rate).sin()).collect::<Vec<_>>();
    /// let target: Vec<f64> = wave(0.7).iter().zip(wave(2.9)).map(|(a, b)| a + 0.3 * b).collect();
    /// let table = Columns::new(vec![wave(5.3), target, wave(0.7)]);
    /// let ranked = Estimator::embedded()?.rank(&table, 1, PValues::None)?;
    /// assert_eq!(ranked.iter().map(|r| r.column).collect::<Vec<_>>(), [2, 0]);
    /// # Ok::<(), mist_infer::EstimateError>(())
    /// ```
    pub fn rank(&self, table: &Columns, target: usize, p_values: PValues) -> Result<Vec<Ranked>, EstimateError> {
        let pairs: Vec<_> = (0..table.dim()).filter(|j| *j != target).map(|j| (j, target)).collect();
        let answers = self.estimate_pairs(table, &pairs)?;
        let p_values = Tests::new(self, p_values)?.p_values(table, &pairs, &answers)?;
        let q_values = q_values(&p_values);
        let mut ranked: Vec<Ranked> = pairs
            .into_iter()
            .zip(answers)
            .zip(p_values.into_iter().zip(q_values))
            .map(|(((column, _), answer), (p_value, q_value))| Ranked {
                column,
                name: name(table, column),
                answer,
                p_value,
                q_value,
            })
            .collect();
        let order = |r: &Ranked| r.answer.as_ref().map_or(f64::NEG_INFINITY, Estimate::order);
        ranked.sort_by(|a, b| order(b).total_cmp(&order(a)));
        Ok(ranked)
    }

    /// All pairs of the columns of a table.
    ///
    /// # Errors
    /// As [`Estimator::rank`].
    ///
    /// ```
    /// use mist_infer::{Columns, Estimator, PValues};
    ///
    /// let wave = |rate: f64| (0..40).map(|r| (f64::from(r) * rate).sin()).collect::<Vec<_>>();
    /// let matrix = Estimator::embedded()?.matrix(&Columns::new(vec![wave(5.3), wave(2.9), wave(0.7)]), PValues::None)?;
    /// assert_eq!(matrix.pairs.len(), 3);
    /// assert_eq!(matrix.get(2, 0).map(|p| (p.x, p.y)), Some((0, 2)));
    /// # Ok::<(), mist_infer::EstimateError>(())
    /// ```
    pub fn matrix(&self, table: &Columns, p_values: PValues) -> Result<Matrix, EstimateError> {
        let pairs: Vec<_> = Matrix::all_pairs(table.dim()).collect();
        let answers = self.estimate_pairs(table, &pairs)?;
        let p_values = Tests::new(self, p_values)?.p_values(table, &pairs, &answers)?;
        let q_values = q_values(&p_values);
        let pairs = pairs.into_iter().zip(answers).zip(p_values.into_iter().zip(q_values));
        let paired = |(((x, y), answer), (p_value, q_value))| Paired { x, y, answer, p_value, q_value };
        let names = (0..table.dim()).map(|j| name(table, j)).collect();
        Ok(Matrix { names, pairs: pairs.map(paired).collect() })
    }
}

/// The q-values of those that have a p-value, as one family.
pub fn q_values(p_values: &[Option<f64>]) -> Vec<Option<f64>> {
    let known: Vec<f64> = p_values.iter().copied().flatten().collect();
    let mut q = benjamini_hochberg(&known).into_iter();
    p_values.iter().map(|p| p.and_then(|_| q.next())).collect()
}

fn name(table: &Columns, column: usize) -> String {
    table.name(column).map_or_else(|| column.to_string(), str::to_owned)
}

fn check_table(table: &Columns) -> Result<(), EstimateError> {
    crate::screen::check(table, table).map(|_| ())
}
