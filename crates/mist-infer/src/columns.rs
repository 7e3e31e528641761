//! A random vector as data: columns of numbers, with names where there are any.

use std::collections::BTreeSet;
use std::fmt;

/// One of the two random vectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The first.
    X,
    /// The second.
    Y,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Self::X => "X",
            Self::Y => "Y",
        })
    }
}

/// The observations of one random vector.
///
/// Made from one column (a slice or a vector of numbers) or from several (a slice or a vector of columns); with the feature
/// `ndarray` also from an array of one axis (one column) or of two (rows, columns), by reference or as a view.
///
/// ```
/// use mist_infer::Columns;
///
/// let columns = Columns::from([[1.0, 3.0, 5.0], [2.0, 4.0, 6.0]].map(Vec::from).to_vec());
/// assert_eq!((columns.n(), columns.dim()), (3, 2));
/// assert_eq!(columns.named(["height", "width"]).label(1), "column `width`");
/// assert_eq!(Columns::from(&[1.0, 3.0, 5.0][..]).dim(), 1);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Columns {
    values: Vec<Vec<f64>>,
    names: Vec<String>,
    /// Which columns are categories, by index.
    categories: BTreeSet<usize>,
}

impl Columns {
    /// From whole columns.
    pub fn new(columns: Vec<Vec<f64>>) -> Self {
        Self { values: columns, names: Vec::new(), categories: BTreeSet::new() }
    }

    /// Takes these columns (by index from 0) as categories: codes of which only equality counts. The answer is the same
    /// for every coding.
    ///
    /// ```
    /// use mist_infer::{Columns, Estimator};
    ///
    /// let noise = |r: usize| (r as f64 * 0.7).sin();
    /// let code = |species: [f64; 3]| (0..90).map(|r| species[r % 3]).collect::<Vec<_>>();
    /// let size: Vec<f64> = (0..90).map(|r| [3.0, 1.0, 2.0][r % 3] + 0.3 * noise(r)).collect();
    /// let estimator = Estimator::embedded()?;
    /// let answer = |species: [f64; 3]| {
    ///     let x = Columns::new(vec![code(species)]).categorical([0]);
    ///     estimator.estimate(x, vec![size.clone()]).map(|e| e.mi_nats())
    /// };
    /// assert!((answer([0.0, 1.0, 2.0])? - answer([1.0, 0.0, 2.0])?).abs() < 1e-4);
    /// # Ok::<(), mist_infer::EstimateError>(())
    /// ```
    ///
    /// # Panics
    /// If there is no such column.
    #[must_use]
    pub fn categorical(mut self, columns: impl IntoIterator<Item = usize>) -> Self {
        self.categories.extend(columns);
        assert!(self.categories.last().is_none_or(|last| *last < self.dim()), "a category must be one of the columns");
        self
    }

    /// Whether a column is a category.
    pub fn is_category(&self, column: usize) -> bool {
        self.categories.contains(&column)
    }

    /// Gives the columns names, by which errors and warnings call them.
    ///
    /// # Panics
    /// If there is not one name for each column.
    #[must_use]
    pub fn named<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.names = names.into_iter().map(Into::into).collect();
        assert_eq!(self.names.len(), self.values.len(), "one name for each column");
        self
    }

    /// Rows of the first column; 0 if there is none.
    pub fn n(&self) -> usize {
        self.values.first().map_or(0, Vec::len)
    }

    /// Number of columns.
    pub fn dim(&self) -> usize {
        self.values.len()
    }

    /// The columns.
    pub fn iter(&self) -> impl Iterator<Item = &[f64]> {
        self.values.iter().map(Vec::as_slice)
    }

    /// One of the columns.
    ///
    /// # Panics
    /// If there is no such column.
    pub fn column(&self, column: usize) -> &[f64] {
        &self.values[column]
    }

    /// The name of a column, if the columns have names.
    pub fn name(&self, column: usize) -> Option<&str> {
        self.names.get(column).map(String::as_str)
    }

    /// Some of the columns, by index from 0, in this order.
    ///
    /// # Panics
    /// If there is no such column.
    #[must_use]
    pub fn select(&self, columns: &[usize]) -> Self {
        let place = |(new, old): (usize, &usize)| self.is_category(*old).then_some(new);
        Self {
            values: columns.iter().map(|j| self.values[*j].clone()).collect(),
            names: columns.iter().filter_map(|j| self.names.get(*j).cloned()).collect(),
            categories: columns.iter().enumerate().filter_map(place).collect(),
        }
    }

    /// Some of the rows, by index from 0, in this order.
    ///
    /// # Panics
    /// If there is no such row.
    #[must_use]
    pub fn rows(&self, rows: &[usize]) -> Self {
        let of = |column: &Vec<f64>| rows.iter().map(|r| column[*r]).collect();
        Self { values: self.values.iter().map(of).collect(), ..self.clone_without_values() }
    }

    /// These columns, then those of `other`. Names stay where both have them.
    #[must_use]
    pub fn beside(mut self, other: &Self) -> Self {
        let dim = self.dim();
        if self.names.len() == dim && other.names.len() == other.dim() {
            self.names.extend_from_slice(&other.names);
        } else {
            self.names.clear();
        }
        self.categories.extend(other.categories.iter().map(|j| j + dim));
        self.values.extend_from_slice(&other.values);
        self
    }

    fn clone_without_values(&self) -> Self {
        Self { values: Vec::new(), names: self.names.clone(), categories: self.categories.clone() }
    }

    /// What to call a column: by its name, or else by its index from 0.
    pub fn label(&self, column: usize) -> String {
        match self.names.get(column) {
            Some(name) => format!("column `{name}`"),
            None => format!("column {column}"),
        }
    }
}

impl From<Vec<Vec<f64>>> for Columns {
    fn from(columns: Vec<Vec<f64>>) -> Self {
        Self::new(columns)
    }
}

impl From<&[Vec<f64>]> for Columns {
    fn from(columns: &[Vec<f64>]) -> Self {
        Self::new(columns.to_vec())
    }
}

impl From<&Vec<Vec<f64>>> for Columns {
    fn from(columns: &Vec<Vec<f64>>) -> Self {
        Self::new(columns.clone())
    }
}

impl From<&[&[f64]]> for Columns {
    fn from(columns: &[&[f64]]) -> Self {
        Self::new(columns.iter().map(|c| c.to_vec()).collect())
    }
}

impl From<Vec<f64>> for Columns {
    fn from(column: Vec<f64>) -> Self {
        Self::new(vec![column])
    }
}

impl From<&Vec<f64>> for Columns {
    fn from(column: &Vec<f64>) -> Self {
        Self::new(vec![column.clone()])
    }
}

impl From<&[f64]> for Columns {
    fn from(column: &[f64]) -> Self {
        Self::new(vec![column.to_vec()])
    }
}

impl<const N: usize> From<&[f64; N]> for Columns {
    fn from(column: &[f64; N]) -> Self {
        Self::new(vec![column.to_vec()])
    }
}

impl From<&Self> for Columns {
    fn from(columns: &Self) -> Self {
        columns.clone()
    }
}
