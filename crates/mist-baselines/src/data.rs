//! What every estimator checks of its data, and columns of unit variance.

use crate::BaselineError;
use nalgebra::DMatrix;
use std::fmt;

/// One of the two sides of the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The first.
    X,
    /// The second.
    Y,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::X => "X",
            Self::Y => "Y",
        })
    }
}

/// The columns of one side, each contiguous.
pub(crate) type Columns = Vec<Vec<f64>>;

/// Refuses what no estimator can use: no columns, unequal lengths, fewer than `needed` rows, values that are not finite.
/// Returns the number of rows.
pub(crate) fn check(
    x: &DMatrix<f64>,
    y: &DMatrix<f64>,
    needed: usize,
    why: &'static str,
) -> Result<usize, BaselineError> {
    for (side, m) in [(Side::X, x), (Side::Y, y)] {
        if m.ncols() == 0 {
            return Err(BaselineError::NoColumns { side });
        }
    }
    let n = x.nrows();
    if y.nrows() != n {
        return Err(BaselineError::Rows { x: n, y: y.nrows() });
    }
    if n < needed {
        return Err(BaselineError::TooFewRows { got: n, needed, why });
    }
    for (side, m) in [(Side::X, x), (Side::Y, y)] {
        if let Some(at) = m.as_slice().iter().position(|v| !v.is_finite()) {
            return Err(BaselineError::NotFinite { side, column: at / n, row: at % n, value: m.as_slice()[at] });
        }
    }
    Ok(n)
}

/// The columns as they are.
pub(crate) fn columns(m: &DMatrix<f64>) -> Columns {
    m.column_iter().map(|c| c.iter().copied().collect()).collect()
}

/// The columns with mean 0 and variance 1 (sums divided by n). A constant column becomes zeros.
///
/// # Errors
/// A variance that overflows or underflows.
pub(crate) fn standardised(m: &DMatrix<f64>, side: Side) -> Result<Columns, BaselineError> {
    let mut out = columns(m);
    for (column, values) in out.iter_mut().enumerate() {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n;
        let constant = values.iter().all(|v| *v == values[0]);
        let scale = if constant { 0.0 } else { 1.0 / variance.sqrt() };
        if !variance.is_finite() || !scale.is_finite() {
            return Err(BaselineError::Range { side, column });
        }
        values.iter_mut().for_each(|v| *v = (*v - mean) * scale);
    }
    Ok(out)
}

/// Both sides, standardised or as they are.
pub(crate) fn sides(
    x: &DMatrix<f64>,
    y: &DMatrix<f64>,
    standardize: bool,
) -> Result<(Columns, Columns), BaselineError> {
    if standardize { Ok((standardised(x, Side::X)?, standardised(y, Side::Y)?)) } else { Ok((columns(x), columns(y))) }
}

/// Rows numbered by their content: equal rows, and only those, have equal numbers. Also returns how many differ.
pub(crate) fn symbols(columns: &[Vec<f64>]) -> (Vec<u32>, usize) {
    let n = columns[0].len();
    let compare = |a: usize, b: usize| {
        let mut differences = columns.iter().map(|c| c[a].partial_cmp(&c[b]).expect("values are finite"));
        differences.find(|o| o.is_ne()).unwrap_or(std::cmp::Ordering::Equal)
    };
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_unstable_by(|a, b| compare(*a, *b));
    let mut out = vec![0; n];
    let mut current = 0;
    for pair in order.windows(2) {
        current += u32::from(compare(pair[0], pair[1]).is_ne());
        out[pair[1]] = current;
    }
    (out, current as usize + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_follow_the_content_of_rows() {
        let columns = vec![vec![1.0, 0.0, 1.0, -0.0, 1.0], vec![2.0, 5.0, 2.0, 5.0, 3.0]];
        let (symbols, distinct) = symbols(&columns);
        assert_eq!(distinct, 3);
        assert_eq!(symbols, [1, 0, 1, 0, 2]);
    }

    #[test]
    fn standardised_columns_have_unit_variance() {
        let m = DMatrix::from_columns(&[
            nalgebra::DVector::from_vec(vec![1.0, 2.0, 3.0, 6.0]),
            nalgebra::DVector::from_element(4, 0.1),
        ]);
        let columns = standardised(&m, Side::X).unwrap();
        let square: f64 = columns[0].iter().map(|v| v * v).sum();
        assert!((square / 4.0 - 1.0).abs() < 1e-15 && columns[0].iter().sum::<f64>().abs() < 1e-15);
        assert_eq!(columns[1], [0.0; 4]);
    }

    #[test]
    fn variances_out_of_range_are_errors() {
        let m = DMatrix::from_vec(2, 1, vec![1e200, -1e200]);
        assert!(matches!(standardised(&m, Side::Y), Err(BaselineError::Range { side: Side::Y, column: 0 })));
        let m = DMatrix::from_vec(2, 1, vec![1e-200, -1e-200]);
        assert!(matches!(standardised(&m, Side::X), Err(BaselineError::Range { side: Side::X, column: 0 })));
    }
}
