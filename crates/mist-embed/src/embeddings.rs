//! What encoders make of rows.

/// A table of numbers: a row for each text or image, all of one length.
#[derive(Clone, Debug, PartialEq)]
pub struct Embeddings {
    values: Vec<f32>,
    columns: usize,
}

impl Embeddings {
    /// Rows of so many values, one after the other.
    ///
    /// # Panics
    /// If the values do not make up whole rows.
    pub fn new(values: Vec<f32>, columns: usize) -> Self {
        assert!(columns > 0 && values.len().is_multiple_of(columns), "whole rows");
        Self { values, columns }
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.values.len() / self.columns
    }

    /// Number of columns.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// A row.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn row(&self, row: usize) -> &[f32] {
        &self.values[row * self.columns..(row + 1) * self.columns]
    }

    /// The rows of these numbers, in their order; a row may be asked for several times.
    ///
    /// # Panics
    /// If there is no such row.
    #[must_use]
    pub fn select(&self, rows: impl IntoIterator<Item = usize>) -> Self {
        Self { values: rows.into_iter().flat_map(|row| self.row(row)).copied().collect(), columns: self.columns }
    }

    /// The values of each column.
    pub fn by_column(&self) -> Vec<Vec<f64>> {
        (0..self.columns)
            .map(|c| self.values[c..].iter().step_by(self.columns).map(|v| f64::from(*v)).collect())
            .collect()
    }
}
