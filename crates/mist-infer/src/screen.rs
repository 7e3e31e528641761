//! A look at the data before the network sees it.

use crate::dependent::dependent;
use crate::{Columns, EstimateError, MIN_ROWS, Side, TiedColumn};
use mist_model::Column;
use mist_model::scores::{Ranks, each_column, ranks};
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

/// One side: what the network gets of it, and what it does not.
#[derive(Debug)]
pub(crate) struct Screened<'a> {
    /// Columns that vary.
    pub kept: Vec<Kept<'a>>,
    /// Labels of the columns that do not.
    pub constant: Vec<String>,
    /// Labels of the columns that order the rows as an earlier one does, forwards or backwards.
    pub repeated: Vec<String>,
    /// Labels of the columns that are weighted sums of others.
    pub sums: Vec<String>,
    /// Columns among the kept ones with equal values.
    pub tied: Vec<TiedColumn>,
}

/// A column that varies.
#[derive(Debug)]
pub(crate) enum Kept<'a> {
    Number(&'a [f64]),
    /// Codes of a category, from 0.
    Category(Vec<u32>),
}

impl<'a> Kept<'a> {
    /// Its values, if it is no category.
    fn number(&self) -> Option<&'a [f64]> {
        match self {
            Self::Number(values) => Some(values),
            Self::Category(_) => None,
        }
    }

    /// As the network takes it.
    pub(crate) fn column(&self) -> Column<'_> {
        match self {
            Self::Number(values) => Column::Number(values),
            Self::Category(codes) => Column::Category(codes),
        }
    }

    /// Some of its rows.
    pub(crate) fn rows(&self, rows: &[usize]) -> Rows {
        match self {
            Self::Number(values) => Rows::Number(rows.iter().map(|r| values[*r]).collect()),
            Self::Category(codes) => Rows::Category(rows.iter().map(|r| codes[*r]).collect()),
        }
    }
}

/// Some rows of a column.
pub(crate) enum Rows {
    Number(Vec<f64>),
    Category(Vec<u32>),
}

impl Rows {
    /// As the network takes it.
    pub(crate) fn column(&self) -> Column<'_> {
        match self {
            Self::Number(values) => Column::Number(values),
            Self::Category(codes) => Column::Category(codes),
        }
    }
}

/// Codes from 0 of the values, in their order.
fn codes(values: &[f64]) -> Vec<u32> {
    let mut different = values.to_vec();
    different.sort_unstable_by(f64::total_cmp);
    different.dedup();
    let code = |v: &f64| different.partition_point(|d| d < v) as u32;
    values.iter().map(code).collect()
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

/// Sorts the columns of a side into those that tell something, and those that do not.
pub(crate) fn screen(side: Side, columns: &Columns) -> Screened<'_> {
    let (mut kept, mut constant, mut repeated) = (Vec::new(), Vec::new(), Vec::new());
    let mut seen = HashSet::new();
    // A column alone repeats no other: many small tables are spared the hash.
    let compared = columns.dim() > 1;
    let look = |j| Look::at(columns.column(j), columns.is_category(j), compared);
    let looks: Vec<Look> = each_column(columns.n(), columns.dim(), look);
    let mut shares = vec![0.0; columns.dim()];
    for (j, look) in looks.into_iter().enumerate() {
        match look {
            Look::Constant => constant.push(columns.label(j)),
            Look::Category(codes) => kept.push((j, Kept::Category(codes))),
            Look::Number { order: Some(order), .. } if !seen.insert(order) => repeated.push(columns.label(j)),
            Look::Number { tied_share, .. } => {
                shares[j] = tied_share;
                kept.push((j, Kept::Number(columns.column(j))));
            }
        }
    }
    let numbers: Vec<(usize, &[f64])> = kept.iter().filter_map(|(j, k)| Some((*j, k.number()?))).collect();
    let summed: HashSet<usize> =
        dependent(&numbers.iter().map(|(_, v)| *v).collect::<Vec<_>>()).into_iter().map(|i| numbers[i].0).collect();
    let (sums, kept): (Vec<_>, Vec<_>) = kept.into_iter().partition(|(j, _)| summed.contains(j));
    let tied = kept.iter().filter(|(j, _)| shares[*j] > 0.0).map(|(j, _)| TiedColumn {
        side,
        label: columns.label(*j),
        share: shares[*j],
    });
    Screened {
        constant,
        repeated,
        sums: sums.iter().map(|(j, _)| columns.label(*j)).collect(),
        tied: tied.collect(),
        kept: kept.into_iter().map(|(_, k)| k).collect(),
    }
}

/// What is seen of one column alone.
enum Look {
    Constant,
    /// Codes of a category.
    Category(Vec<u32>),
    Number {
        /// [`order`], where there are others to compare it with.
        order: Option<[u64; 2]>,
        tied_share: f64,
    },
}

impl Look {
    fn at(values: &[f64], category: bool, compared: bool) -> Self {
        if values.iter().all(|v| *v == values[0]) {
            return Self::Constant;
        }
        if category {
            return Self::Category(codes(values));
        }
        let ranks = ranks(values);
        Self::Number { order: compared.then(|| order(&ranks)), tied_share: tied_share(&ranks) }
    }
}

/// What the ranks of a column hash to, whichever end is the first.
fn order(ranks: &Ranks) -> [u64; 2] {
    let hash = |sign: f64| {
        let mut hasher = DefaultHasher::new();
        ranks.centred.iter().for_each(|r| (r * sign + 0.0).to_bits().hash(&mut hasher));
        hasher.finish()
    };
    let mut both = [hash(1.0), hash(-1.0)];
    both.sort_unstable();
    both
}

/// Probability that two different rows hold the same value.
fn tied_share(ranks: &Ranks) -> f64 {
    let n = ranks.group.len() as f64;
    let others: u64 = ranks.group.iter().map(|size| u64::from(size - 1)).sum();
    others as f64 / (n * (n - 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_of_ties() {
        let of = |values: &[f64]| tied_share(&ranks(values));
        assert_eq!(of(&[3.0, 1.0, 2.0]), 0.0);
        assert_eq!(of(&[3.0, 1.0, 3.0, 2.0]), 1.0 / 6.0);
        assert_eq!(of(&[0.0, -0.0]), 1.0);
    }

    #[test]
    fn repeated_columns_are_left_out() {
        let first = vec![1.0, 2.0, 2.0, 7.0, 5.0];
        let map = |f: fn(f64) -> f64| first.iter().map(|v| f(*v)).collect::<Vec<_>>();
        let columns =
            Columns::new(vec![map(|v| -v), first.clone(), map(f64::ln), vec![1.0, 2.0, 2.5, 7.0, 5.0], map(|v| v * v)]);
        let screened = screen(Side::X, &columns);
        assert_eq!(screened.repeated, ["column 1", "column 2", "column 4"]);
        assert_eq!(screened.kept.len(), 2);
    }

    #[test]
    fn codes_of_categories() {
        assert_eq!(codes(&[7.0, -1.0, 7.0, 0.0, -0.0]), [2, 0, 2, 1, 1]);
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
