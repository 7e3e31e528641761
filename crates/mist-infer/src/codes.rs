//! Numbers that may be codes of categories: would the answer be another one if they were taken as such?
//!
//! What a column of classes 0, 1, 2, … says of the other side does not depend on how the classes are coded, so that both answers are
//! estimates of the same mutual information. The network finds less of it in codes, whose order means nothing.

use crate::{Columns, Estimate, Estimator, Side, Warning};
use mist_model::MAX_INDICATORS;

/// Columns that are looked at, at most: each becomes as many columns as it has values.
const MOST_COLUMNS: usize = 4;
/// Rows of a value, on average, at least.
const ROWS_OF_A_VALUE: usize = 5;
/// Rows that are asked, at most: enough to tell answers apart that differ much.
const MOST_ROWS: usize = 4_000;

impl Estimator {
    /// A warning where columns of few whole numbers, taken as categories, get an answer whose interval lies above `answer`: both are made from
    /// the same rows, whose chance moves them together.
    pub(crate) fn codes(&self, x: &Columns, y: &Columns, answer: &Estimate) -> Option<Warning> {
        if self.description.network.takes_whole_tables() {
            return None;
        }
        let found = [x, y].map(like_codes);
        if !(1..=MOST_COLUMNS).contains(&found.iter().map(Vec::len).sum()) {
            return None;
        }
        let rows: Vec<usize> = (0..answer.n).step_by(answer.n.div_ceil(MOST_ROWS)).collect();
        let [of_x, of_y] =
            [(x, &found[0]), (y, &found[1])].map(|(side, codes)| side.rows(&rows).categorical(codes.clone()));
        // Of a table that has no answer with categories there is nothing to say.
        let as_categories = self.answer(&[self.prepare(&of_x, &of_y).ok()?]).ok()?.remove(0);
        let interval = [0.05, 0.95].map(|tau| as_categories.quantiles.at(tau));
        let labels = |(side, columns, codes): (Side, &Columns, &Vec<usize>)| -> Vec<String> {
            codes.iter().map(|j| format!("{} of {side}", columns.label(*j))).collect()
        };
        let labels = [labels((Side::X, x, &found[0])), labels((Side::Y, y, &found[1]))].concat();
        (interval[0] > answer.mi_nats()).then(|| Warning::Codes {
            labels,
            mi_nats: as_categories.mi_nats(),
            interval: interval.into(),
        })
    }
}

/// The columns of numbers that hold few different whole numbers, by index.
fn like_codes(side: &Columns) -> Vec<usize> {
    (0..side.dim()).filter(|j| !side.is_category(*j) && few_whole_numbers(side.column(*j))).collect()
}

/// Whether there are three to [`MAX_INDICATORS`] values: two are the same to the network either way.
fn few_whole_numbers(column: &[f64]) -> bool {
    let most = MAX_INDICATORS.min(column.len() / ROWS_OF_A_VALUE);
    let mut seen: Vec<f64> = Vec::with_capacity(most);
    for value in column {
        if value.fract() != 0.0 {
            return false;
        }
        if !seen.contains(value) {
            if seen.len() == most {
                return false;
            }
            seen.push(*value);
        }
    }
    seen.len() > 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_three_to_sixteen_whole_numbers() {
        let of = |values: usize, n: usize| (0..n).map(|r| (r % values) as f64).collect::<Vec<_>>();
        assert!(few_whole_numbers(&of(3, 100)) && few_whole_numbers(&of(16, 100)));
        assert!(!few_whole_numbers(&of(2, 100)) && !few_whole_numbers(&of(17, 200)));
        assert!(!few_whole_numbers(&of(10, 40)), "too few rows of each");
        assert!(!few_whole_numbers(&of(3, 100).iter().map(|v| v / 2.0).collect::<Vec<_>>()));
    }
}
