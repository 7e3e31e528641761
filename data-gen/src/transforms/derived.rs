//! Columns that say nothing new: made from the other columns of their side, or noise of their own.
//!
//! With Z = f(X, N), and N independent of everything, (X, Z) holds what X holds: I((X, Z); Y) = I(X; Y), and the
//! pointwise MI of each row stays. Real tables are full of such columns: totals, copies, a measurement taken twice,
//! columns that have nothing to do with the question.

use nalgebra::DMatrix;
use rand::{Rng, seq::index};
use rand_distr::StandardNormal;

/// Columns appended to a side.
#[derive(Debug, Clone, PartialEq)]
pub struct Derived {
    columns: Vec<DerivedColumn>,
}

/// One appended column: a weighted sum of columns of the side, or its size, plus noise.
#[derive(Debug, Clone, PartialEq)]
struct DerivedColumn {
    /// Columns of the side and their weights; none of them for noise alone.
    terms: Vec<(usize, f64)>,
    /// Whether the sum is replaced by its absolute value.
    size: bool,
    /// Standard deviation of the normal noise.
    noise: f64,
}

impl Derived {
    /// Draws `count` columns for a side of `dim` columns.
    ///
    /// # Panics
    /// If `dim` is 0.
    pub fn draw<R: Rng + ?Sized>(dim: usize, count: usize, rng: &mut R) -> Self {
        Self { columns: (0..count).map(|_| DerivedColumn::draw(dim, rng)).collect() }
    }

    /// With the sum of all `dim` columns, as it is, in place of the first.
    #[must_use]
    pub fn with_total(mut self, dim: usize) -> Self {
        if let Some(first) = self.columns.first_mut() {
            *first = DerivedColumn { terms: (0..dim).map(|of| (of, 1.0)).collect(), size: false, noise: 0.0 };
        }
        self
    }

    /// Number of columns appended.
    #[must_use]
    pub fn len(&self) -> usize {
        self.columns.len()
    }

    /// Whether no column is appended.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    /// The side with the columns appended; `rng` is the source of their noise.
    #[must_use]
    pub fn apply<R: Rng + ?Sized>(&self, side: DMatrix<f64>, rng: &mut R) -> DMatrix<f64> {
        let (n, dim) = side.shape();
        let mut out = side.resize_horizontally(dim + self.len(), 0.0);
        for (place, derived) in (dim..).zip(&self.columns) {
            let mut column = vec![0.0; n];
            for (of, weight) in &derived.terms {
                column.iter_mut().zip(&out.column(*of)).for_each(|(sum, v)| *sum += weight * v);
            }
            if derived.size {
                column.iter_mut().for_each(|v| *v = v.abs());
            }
            if derived.noise > 0.0 {
                column.iter_mut().for_each(|v| *v += derived.noise * rng.sample::<f64, _>(StandardNormal));
            }
            out.column_mut(place).copy_from_slice(&column);
        }
        out
    }
}

impl DerivedColumn {
    /// A quarter is noise, a quarter a copy, a tenth an absolute value, the rest sums of two columns or more. Half of what
    /// is not noise gets noise of a standard deviation from 0.01 to 3: a base has columns of about unit scale.
    fn draw<R: Rng + ?Sized>(dim: usize, rng: &mut R) -> Self {
        let kind: f64 = rng.random();
        if kind < 0.25 {
            return Self { terms: Vec::new(), size: false, noise: 1.0 };
        }
        let size = kind > 0.9;
        let terms = match () {
            () if kind < 0.5 || size || dim == 1 => 1,
            () if rng.random_bool(0.3) => dim,
            () => rng.random_range(2..=dim.min(5)),
        };
        // A total, or a weighted sum.
        let total = rng.random_bool(0.5);
        let weight = |rng: &mut R| if total { 1.0 } else { rng.sample(StandardNormal) };
        let terms = index::sample(rng, dim, terms).into_iter().map(|of| (of, weight(rng))).collect();
        let noise = if rng.random_bool(0.5) { 0.0 } else { (0.01_f64.ln() + rng.random::<f64>() * 300_f64.ln()).exp() };
        Self { terms, size, noise }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Seeds, Split};

    #[test]
    fn sums_sizes_and_noise() {
        let side = DMatrix::from_row_slice(2, 2, &[1.0, -3.0, 2.0, 5.0]);
        let column = |terms: &[(usize, f64)], size, noise| DerivedColumn { terms: terms.to_vec(), size, noise };
        let derived = Derived {
            columns: vec![
                column(&[(0, 1.0), (1, 1.0)], false, 0.0),
                column(&[(1, 2.0)], true, 0.0),
                column(&[], false, 1.0),
            ],
        };
        let out = derived.apply(side.clone(), &mut Seeds { root: 1 }.rng(Split::Scratch, 0));
        assert_eq!(out.columns(0, 2), side);
        assert_eq!(out.column(2).as_slice(), [-2.0, 7.0]);
        assert_eq!(out.column(3).as_slice(), [6.0, 10.0]);
        assert!(out.column(4).iter().all(|v| v.is_finite() && *v != 0.0));
    }

    #[test]
    fn draws_every_kind() {
        let mut rng = Seeds { root: 2 }.rng(Split::Scratch, 0);
        let drawn = Derived::draw(6, 400, &mut rng);
        let count = |of: &dyn Fn(&DerivedColumn) -> bool| drawn.columns.iter().filter(|c| of(c)).count();
        assert!((60..140).contains(&count(&|c| c.terms.is_empty())));
        assert!((20..70).contains(&count(&|c| c.size)));
        assert!(count(&|c| c.terms.len() == 6) > 10 && count(&|c| c.terms.len() == 3) > 5);
        assert!(count(&|c| c.noise == 0.0) > 100);
        let total = Derived::draw(3, 2, &mut rng).with_total(3);
        assert_eq!(total.columns[0].terms, [(0, 1.0), (1, 1.0), (2, 1.0)]);
        assert_eq!((total.len(), total.columns[0].noise), (2, 0.0));
        assert_eq!(Derived::draw(1, 50, &mut rng).columns.iter().map(|c| c.terms.len()).max(), Some(1));
    }
}
