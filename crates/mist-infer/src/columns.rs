//! A random vector as data: columns of numbers, with names where there are any.

use ndarray::{ArrayBase, ArrayView, Data, Ix1, Ix2};
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
/// Made from an array of one axis (one column) or of two (rows, columns), by reference or as a view, or from columns
/// one by one.
///
/// ```
/// use mist_infer::Columns;
/// use ndarray::array;
///
/// let columns = Columns::from(&array![[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]);
/// assert_eq!((columns.n(), columns.dim()), (3, 2));
/// assert_eq!(columns.named(["height", "width"]).label(1), "column `width`");
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

impl<A: Copy + Into<f64>, S: Data<Elem = A>> From<&ArrayBase<S, Ix1>> for Columns {
    fn from(array: &ArrayBase<S, Ix1>) -> Self {
        Self::new(vec![array.iter().map(|v| (*v).into()).collect()])
    }
}

impl<A: Copy + Into<f64>, S: Data<Elem = A>> From<&ArrayBase<S, Ix2>> for Columns {
    fn from(array: &ArrayBase<S, Ix2>) -> Self {
        Self::new(array.columns().into_iter().map(|c| c.iter().map(|v| (*v).into()).collect()).collect())
    }
}

impl<A: Copy + Into<f64>> From<ArrayView<'_, A, Ix1>> for Columns {
    fn from(view: ArrayView<A, Ix1>) -> Self {
        Self::from(&view)
    }
}

impl<A: Copy + Into<f64>> From<ArrayView<'_, A, Ix2>> for Columns {
    fn from(view: ArrayView<A, Ix2>) -> Self {
        Self::from(&view)
    }
}
