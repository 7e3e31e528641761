//! A look at the data before the network sees it.

use crate::{Columns, EstimateError, MIN_ROWS, Side, TiedColumn};

/// One side: what the network gets of it, and what it does not.
#[derive(Debug)]
pub(crate) struct Screened<'a> {
    /// Columns that vary.
    pub kept: Vec<&'a [f64]>,
    /// Labels of the columns that do not.
    pub constant: Vec<String>,
    /// Columns among the kept ones with equal values.
    pub tied: Vec<TiedColumn>,
}

/// Rows of a task, if its columns are all as long and hold finite numbers.
pub(crate) fn check(x: &Columns, y: &Columns) -> Result<usize, EstimateError> {
    let expected = x.n();
    for (side, columns) in [(Side::X, x), (Side::Y, y)] {
        if columns.dim() == 0 {
            return Err(EstimateError::NoColumns { side });
        }
        for (j, values) in columns.iter().enumerate() {
            let got = values.len();
            if got != expected {
                return Err(EstimateError::Rows { side, label: columns.label(j), got, expected });
            }
            if let Some(row) = values.iter().position(|v| !v.is_finite()) {
                let what = if values[row].is_nan() { "NaN" } else { "an infinity" };
                return Err(EstimateError::NotFinite { side, label: columns.label(j), row, what });
            }
        }
    }
    if expected < MIN_ROWS {
        return Err(EstimateError::TooFewRows { got: expected });
    }
    Ok(expected)
}

/// Sorts the columns of a side into constant, tied, and plain ones.
pub(crate) fn screen(side: Side, columns: &Columns) -> Screened<'_> {
    let mut out = Screened { kept: Vec::new(), constant: Vec::new(), tied: Vec::new() };
    for (j, values) in columns.iter().enumerate() {
        let share = tied_share(values);
        if values.iter().all(|v| *v == values[0]) {
            out.constant.push(columns.label(j));
            continue;
        }
        out.kept.push(values);
        if share > 0.0 {
            out.tied.push(TiedColumn { side, label: columns.label(j), share });
        }
    }
    out
}

/// Probability that two different rows hold the same value.
fn tied_share(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let pairs = |n: usize| n as f64 * (n as f64 - 1.0);
    let tied: f64 = sorted.chunk_by(|a, b| a == b).map(|group| pairs(group.len())).sum();
    tied / pairs(values.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_of_ties() {
        assert_eq!(tied_share(&[3.0, 1.0, 2.0]), 0.0);
        assert_eq!(tied_share(&[3.0, 1.0, 3.0, 2.0]), 1.0 / 6.0);
        assert_eq!(tied_share(&[0.0, -0.0]), 1.0);
    }

    #[test]
    fn constant_columns_are_left_out() {
        let columns = Columns::new(vec![vec![1.0, 2.0, 2.0, 1.0], vec![7.0; 4], vec![1.0, 2.0, 3.0, 4.0]]);
        let screened = screen(Side::X, &columns);
        assert_eq!(screened.constant, ["column 1"]);
        assert_eq!(screened.kept.len(), 2);
        assert_eq!(screened.tied, [TiedColumn { side: Side::X, label: "column 0".into(), share: 1.0 / 3.0 }]);
    }
}
