//! Pairs of categorical columns with a joint probability table.

use nalgebra::DMatrix;
use rand::{
    Rng,
    distr::{Distribution, weighted::WeightedIndex},
    seq::SliceRandom,
};
use serde::{Deserialize, Serialize};

use crate::ground::{
    domain::Domain,
    draw::{dirichlet, log_uniform},
    error::{ConfigError, ParameterError},
    information::cells_mi_nats,
    keys::{Keys, Range, Written},
    pairs::{Pair, Pairs, draw_count},
    prior::{Prior, drawn},
};

/// P(X = i, Y = j) = `cells[(i, j)]`, with i < r and j < c as the values of X and Y.
///
/// I(X; Y) = Σ p_ij ln(p_ij/(p_i p_j)), a finite sum.
///
/// # Domain
/// r and c in [`Table::LEVELS`], cells finite and ≥ 0 with a positive sum, which they are divided by.
///
/// ```
/// use mist_data_gen::families::{pairs::Pair, table::Table};
/// use nalgebra::DMatrix;
///
/// let coin_told = Table::new(DMatrix::identity(2, 2))?;
/// assert!((coin_told.mi_nats() - 2.0_f64.ln()).abs() < 1e-15);
/// # Ok::<(), mist_data_gen::ParameterError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    cells: DMatrix<f64>,
    /// Over the cells, column by column.
    index: WeightedIndex<f64>,
    mi_nats: f64,
}

impl Table {
    /// Domain of r and c.
    pub const LEVELS: Domain = Domain::whole(2, 32);

    /// With cells proportional to these.
    ///
    /// # Errors
    /// A shape or a cell outside its domain.
    pub fn new(mut cells: DMatrix<f64>) -> Result<Self, ParameterError> {
        Self::LEVELS.check("rows", cells.nrows() as f64)?;
        Self::LEVELS.check("columns", cells.ncols() as f64)?;
        let sum = cells.sum();
        if cells.iter().any(|&p| p.is_nan() || p < 0.0) || !(sum.is_finite() && sum > 0.0) {
            let got = format!("{:?}", cells.as_slice());
            return Err(ParameterError::new("cells", "finite numbers ≥ 0 with a positive sum", got));
        }
        cells /= sum;
        let index = WeightedIndex::new(cells.iter()).expect("weights are finite, ≥ 0, and not all 0");
        let mi_nats = cells_mi_nats(&cells);
        Ok(Self { cells, index, mi_nats })
    }

    /// The joint probabilities, X down, Y across.
    #[must_use]
    pub fn cells(&self) -> &DMatrix<f64> {
        &self.cells
    }
}

impl Pair for Table {
    const CATEGORIES: bool = true;

    fn mi_nats(&self) -> f64 {
        self.mi_nats
    }

    fn draw<R: Rng + ?Sized>(&self, rng: &mut R) -> (f64, f64) {
        let cell = self.index.sample(rng);
        ((cell % self.cells.nrows()) as f64, (cell / self.cells.nrows()) as f64)
    }

    fn pointwise_mi(&self) -> impl FnMut(f64, f64) -> f64 {
        let (of_x, of_y) = (self.cells.column_sum(), self.cells.row_sum());
        // Cells of probability 0 hold what is not a number, and are never drawn.
        let ratios = DMatrix::from_fn(self.cells.nrows(), self.cells.ncols(), |i, j| {
            (self.cells[(i, j)] / of_x[i] / of_y[j]).ln()
        });
        move |x, y| ratios[(x as usize, y as usize)]
    }
}

/// The ways to draw the cells. The sizes are r, c ~ U{`levels`}, the weights of X's values are a draw from a symmetric
/// Dirichlet distribution with parameter a, ln a ~ U(ln 1, ln 30).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Structure {
    /// The distribution of Y given X = i is a draw from a symmetric Dirichlet distribution, its parameter log-uniform over
    /// `concentration`: from nearly a function of X to nearly independent of it.
    Random,
    /// Y = π(i) with probability 1 − e, else uniform, e ~ U(0, 1); π takes every value of Y equally often, up to one.
    Permutation,
    /// P(Y = j | X = i) ∝ exp(−½ ((i/(r−1) − j/(c−1))/w)²), w log-uniform over `width`: two ordinal scales.
    Banded,
}

impl Structure {
    /// All structures.
    pub const ALL: [Self; 3] = [Self::Random, Self::Permutation, Self::Banded];

    /// The name, as in configurations.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Random => "random",
            Self::Permutation => "permutation",
            Self::Banded => "banded",
        }
    }
}

/// The prior of tables, K ~ U{1..min dim}, one table for all pairs.
#[derive(Debug, Clone, PartialEq)]
pub struct TablePrior {
    /// The structures, equally likely.
    pub shapes: Vec<Structure>,
    /// Range of r and c.
    pub levels: [usize; 2],
    /// Range of the Dirichlet parameter of [`Structure::Random`].
    pub concentration: Range,
    /// Range of the width of [`Structure::Banded`].
    pub width: Range,
}

impl Prior for TablePrior {
    type Joint = Pairs<Table>;

    const KIND: &'static str = "table";

    const SWAP: f64 = 0.5;

    fn read(keys: &mut Keys) -> Result<Self, ConfigError> {
        Ok(Self {
            shapes: keys.some_of("shapes", "shape", &Structure::ALL, Structure::ALL.to_vec())?,
            levels: keys.whole_range("levels", [2, 12], Table::LEVELS)?,
            concentration: keys.range("concentration", [0.02, 200.0], Domain::closed(0.01, 1e4))?,
            width: keys.range("width", [0.04, 3.0], Domain::closed(0.01, 100.0))?,
        })
    }

    fn write(&self, keys: &mut Written) {
        keys.set("shapes", &self.shapes).set("levels", self.levels);
        keys.set("concentration", self.concentration).set("width", self.width);
    }

    fn shapes(&self) -> Vec<&'static str> {
        self.shapes.iter().map(|shape| shape.as_str()).collect()
    }

    fn has_ties(&self) -> bool {
        true
    }

    fn draw<R: Rng + ?Sized>(&self, dims: (usize, usize), rng: &mut R) -> Self::Joint {
        let [least, most] = self.levels;
        let (r, c) = (rng.random_range(least..=most), rng.random_range(least..=most));
        let mut cells = match self.shapes[rng.random_range(0..self.shapes.len())] {
            Structure::Random => {
                let concentration = log_uniform(&self.concentration, rng);
                let rows: Vec<f64> = (0..r).flat_map(|_| dirichlet(c, concentration, rng)).collect();
                DMatrix::from_row_slice(r, c, &rows)
            }
            Structure::Permutation => {
                let mut images: Vec<usize> = (0..r.max(c)).map(|i| i % c).collect();
                images.shuffle(rng);
                let e: f64 = rng.random();
                DMatrix::from_fn(r, c, |i, j| e / c as f64 + if images[i] == j { 1.0 - e } else { 0.0 })
            }
            Structure::Banded => {
                let width = log_uniform(&self.width, rng);
                let place = |i: usize, of: usize| i as f64 / (of - 1) as f64;
                let mut cells = DMatrix::from_fn(r, c, |i, j| {
                    let z = (place(i, r) - place(j, c)) / width;
                    -0.5 * z * z
                });
                for mut row in cells.row_iter_mut() {
                    let largest = row.max();
                    row.apply(|v| *v = (*v - largest).exp());
                    let sum = row.sum();
                    row /= sum;
                }
                cells
            }
        };
        let concentration = log_uniform(&[1.0, 30.0], rng);
        for (mut row, weight) in cells.row_iter_mut().zip(dirichlet(r, concentration, rng)) {
            row *= weight;
        }
        drawn(Pairs::new(drawn(Table::new(cells)), draw_count(dims, rng), dims))
    }
}
