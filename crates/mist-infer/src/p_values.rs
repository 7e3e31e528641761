//! p-values of many answers.

use crate::permutation::tied_with;
use crate::{Columns, Estimate, EstimateError, Estimator, PermutationTest};
use std::collections::HashMap;

/// Where p-values come from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PValues {
    /// No p-values.
    None,
    /// From the predicted quantiles, as [`Estimate::p_value`] says, if the checkpoint has a table for that and the data has
    /// no ties; else from these permutations.
    Auto(PermutationTest),
    /// From the predicted quantiles; an error for a checkpoint without a table for that, and no p-value of data with ties.
    Amortised,
    /// From permutations.
    Permutation(PermutationTest),
}

impl Default for PValues {
    fn default() -> Self {
        Self::Auto(PermutationTest::default())
    }
}

/// Tests of many pairs, that share what they can.
///
/// Permutations of two columns of numbers without ties have the same distribution whatever the columns, since only ranks
/// count: such pairs of as many rows share theirs. Any other pair has its own, until it is settled.
#[derive(Debug)]
pub struct Tests<'a> {
    estimator: &'a Estimator,
    how: How,
    /// The statistics of so many rows of two such columns in random orders, increasing.
    shared: HashMap<usize, Vec<f64>>,
}

#[derive(Clone, Copy, Debug)]
enum How {
    None,
    /// And how to test data with ties.
    Amortised(Option<PermutationTest>),
    Permutation(PermutationTest),
}

impl<'a> Tests<'a> {
    /// Tests of answers of an estimator.
    ///
    /// # Errors
    /// A checkpoint without the table that is asked for, a test that makes no sense.
    pub fn new(estimator: &'a Estimator, p_values: PValues) -> Result<Self, EstimateError> {
        let how = match p_values {
            PValues::None => How::None,
            PValues::Auto(test) if estimator.has_independence_table() => {
                test.check()?;
                How::Amortised(Some(test))
            }
            PValues::Amortised if estimator.has_independence_table() => How::Amortised(None),
            PValues::Amortised => return Err(estimator.no_independence_table()),
            PValues::Auto(test) | PValues::Permutation(test) => {
                test.check()?;
                How::Permutation(test)
            }
        };
        Ok(Self { estimator, how, shared: HashMap::new() })
    }

    /// The p-value of the answer to a pair, if one is asked for, and can be had in the way that is asked for.
    ///
    /// # Errors
    /// A network that failed.
    pub fn p_value(&mut self, x: &Columns, y: &Columns, answer: &Estimate) -> Result<Option<f64>, EstimateError> {
        let test = match self.how {
            How::None => return Ok(None),
            How::Amortised(ties) => match (answer.p_value(), ties) {
                (None, Some(test)) => test,
                (p_value, _) => return Ok(p_value),
            },
            How::Permutation(test) => test,
        };
        if !(is_plain(x) && is_plain(y)) {
            return self.estimator.test_answer(x, y, answer, &test).map(|found| Some(found.p_value));
        }
        if !self.shared.contains_key(&x.n()) {
            let ranks = Columns::from((0..x.n()).map(|r| r as f64).collect::<Vec<_>>());
            let mut null = self.estimator.shuffled(&ranks, &ranks, 0..test.permutations, &test)?;
            null.sort_unstable_by(f64::total_cmp);
            self.shared.insert(x.n(), null);
        }
        let null = &self.shared[&x.n()];
        let below = null.partition_point(|v| *v < tied_with(answer));
        Ok(Some((null.len() - below + 1) as f64 / (null.len() + 1) as f64))
    }

    /// The p-values of answers to pairs of columns of a table; `None` for those that failed.
    ///
    /// # Errors
    /// A network that failed.
    ///
    /// # Panics
    /// If there is no such column.
    pub fn p_values(
        &mut self,
        table: &Columns,
        pairs: &[(usize, usize)],
        answers: &[Result<Estimate, EstimateError>],
    ) -> Result<Vec<Option<f64>>, EstimateError> {
        let one = |(&(i, j), answer): (&(usize, usize), &Result<Estimate, EstimateError>)| match answer {
            Ok(answer) => self.p_value(&table.select(&[i]), &table.select(&[j]), answer),
            Err(_) => Ok(None),
        };
        pairs.iter().zip(answers).map(one).collect()
    }
}

/// Whether a side is one column of numbers that all differ.
fn is_plain(side: &Columns) -> bool {
    if side.dim() != 1 || side.is_category(0) {
        return false;
    }
    let mut values = side.column(0).to_vec();
    values.sort_unstable_by(f64::total_cmp);
    values.windows(2).all(|w| w[0] != w[1])
}
