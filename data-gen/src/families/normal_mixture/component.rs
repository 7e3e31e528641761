//! A normal with any mean and covariance, and its densities.

use nalgebra::{Cholesky, DMatrix, DVector};

use crate::ground::{domain::Domain, error::ParameterError};

/// One component: a normal over all columns, those of X before those of Y.
#[derive(Debug, Clone, PartialEq)]
pub struct Component {
    pub(super) weight: f64,
    mean: DVector<f64>,
    dim_x: usize,
    /// L of Σ = L Lᵀ, transposed: rows of standard normals times this have covariance Σ.
    spread: DMatrix<f64>,
    /// L⁻¹, transposed: takes centred rows to standard normals; its leading block does so with those of X.
    whiten: DMatrix<f64>,
    /// The same of the columns of Y alone.
    whiten_y: DMatrix<f64>,
    /// ln det L of the columns of X, of those of Y, and of all.
    ln_det: [f64; 3],
}

/// ln p(x), ln p(y) and ln p(x, y) of rows, less the powers of 2π, which cancel.
pub(super) struct LnDensities {
    pub(super) x: Vec<f64>,
    pub(super) y: Vec<f64>,
    pub(super) both: Vec<f64>,
}

impl Component {
    /// N(`mean`, `covariance`) with this weight, up to a factor that all components share; the first `dim_x` columns are X.
    ///
    /// # Errors
    /// A weight that is not positive, shapes that do not fit, a side without columns, a covariance that is not positive
    /// definite.
    pub fn new(
        weight: f64,
        mean: DVector<f64>,
        covariance: DMatrix<f64>,
        dim_x: usize,
    ) -> Result<Self, ParameterError> {
        Domain::POSITIVE.check("weight", weight)?;
        let dim = mean.len();
        if covariance.shape() != (dim, dim) {
            let got = format!("{:?}", covariance.shape());
            return Err(ParameterError::new("covariance", "as many rows and columns as the mean has entries", got));
        }
        if dim_x == 0 || dim_x >= dim {
            return Err(ParameterError::new("dim_x", "at least 1, and less than all columns", dim_x));
        }
        let definite = || ParameterError::new("covariance", "a positive definite matrix", format!("{dim} × {dim}"));
        let of_y = covariance.view_range(dim_x.., dim_x..).into_owned();
        let factor = Cholesky::new(covariance).ok_or_else(definite)?.unpack();
        let factor_y = Cholesky::new(of_y).ok_or_else(definite)?.unpack();
        let inverse = |factor: &DMatrix<f64>| {
            let identity = DMatrix::identity(factor.nrows(), factor.nrows());
            factor.solve_lower_triangular(&identity).map(|inverse| inverse.transpose()).ok_or_else(definite)
        };
        let ln_det = |factor: &DMatrix<f64>, columns| factor.diagonal().iter().take(columns).map(|v| v.ln()).sum();
        Ok(Self {
            weight,
            dim_x,
            whiten: inverse(&factor)?,
            whiten_y: inverse(&factor_y)?,
            ln_det: [ln_det(&factor, dim_x), ln_det(&factor_y, dim), ln_det(&factor, dim)],
            spread: factor.transpose(),
            mean,
        })
    }

    /// Its probability; those of a mixture sum to 1.
    #[must_use]
    pub fn weight(&self) -> f64 {
        self.weight
    }

    /// The means of the columns, those of X before those of Y.
    #[must_use]
    pub fn mean(&self) -> &DVector<f64> {
        &self.mean
    }

    /// The covariance of the columns.
    #[must_use]
    pub fn covariance(&self) -> DMatrix<f64> {
        self.spread.transpose() * &self.spread
    }

    /// Columns of X and of Y.
    #[must_use]
    pub fn dims(&self) -> (usize, usize) {
        (self.dim_x, self.mean.len() - self.dim_x)
    }

    /// The MI within the component: ½ ln (det `Σ_X` det `Σ_Y` / det Σ).
    pub(super) fn mi_nats(&self) -> f64 {
        self.ln_det[0] + self.ln_det[1] - self.ln_det[2]
    }

    /// Takes a row of independent standard normals to one of the component, in place.
    pub(super) fn place(&self, normals: &mut [f64]) {
        // From the last column on: each needs only those before it.
        for j in (0..normals.len()).rev() {
            let weights = self.spread.column(j);
            normals[j] = self.mean[j] + normals[..=j].iter().zip(weights.iter()).map(|(z, w)| z * w).sum::<f64>();
        }
    }

    /// The densities of rows, a row of `both` each.
    pub(super) fn ln_densities(&self, both: &DMatrix<f64>) -> LnDensities {
        let mut centred = both.clone();
        for (mut column, mean) in centred.column_iter_mut().zip(self.mean.iter()) {
            column.add_scalar_mut(-mean);
        }
        let of_all = &centred * &self.whiten;
        let of_y = centred.columns_range(self.dim_x..) * &self.whiten_y;
        let squares = |z: &DMatrix<f64>, columns: usize| -> Vec<f64> {
            let mut sums = vec![0.0; z.nrows()];
            for column in z.column_iter().take(columns) {
                sums.iter_mut().zip(column.iter()).for_each(|(sum, v)| *sum += v * v);
            }
            sums
        };
        let ln = |squares: Vec<f64>, ln_det: f64| squares.into_iter().map(|s| -0.5 * s - ln_det).collect();
        LnDensities {
            x: ln(squares(&of_all, self.dim_x), self.ln_det[0]),
            y: ln(squares(&of_y, of_y.ncols()), self.ln_det[1]),
            both: ln(squares(&of_all, of_all.ncols()), self.ln_det[2]),
        }
    }
}
