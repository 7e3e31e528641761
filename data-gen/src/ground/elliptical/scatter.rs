//! The matrices that an elliptical distribution is spread by.

use nalgebra::DMatrix;
use rand::{Rng, seq::SliceRandom};
use rand_distr::{Beta, Distribution, StandardNormal};

use super::{
    columns::{columns, normals},
    dispersion::{Dispersion, normal_mi_nats},
};
use crate::ground::{domain::Domain, error::ParameterError};

/// A correlation matrix of (X, Y), in the form that is fastest to draw from.
#[derive(Debug, Clone, PartialEq)]
pub enum Scatter {
    /// With a factor structure.
    Factors(Dispersion),
    /// Correlated pairs and nothing else.
    Canonical(Canonical),
    /// Any.
    Dense(Correlation),
}

impl From<Dispersion> for Scatter {
    fn from(dispersion: Dispersion) -> Self {
        Self::Factors(dispersion)
    }
}

impl From<Canonical> for Scatter {
    fn from(canonical: Canonical) -> Self {
        Self::Canonical(canonical)
    }
}

impl From<Correlation> for Scatter {
    fn from(correlation: Correlation) -> Self {
        Self::Dense(correlation)
    }
}

impl Scatter {
    /// Columns of X and of Y.
    #[must_use]
    pub fn dims(&self) -> (usize, usize) {
        match self {
            Self::Factors(dispersion) => (dispersion.dim_x(), dispersion.dim_y()),
            Self::Canonical(canonical) => canonical.dims,
            Self::Dense(correlation) => (correlation.dim_x, correlation.factor.nrows() - correlation.dim_x),
        }
    }

    /// The correlation matrix of (X, Y), (`dim_x` + `dim_y`) squared.
    #[must_use]
    pub fn correlation(&self) -> DMatrix<f64> {
        match self {
            Self::Factors(dispersion) => dispersion.correlation(),
            Self::Canonical(canonical) => canonical.correlation(),
            Self::Dense(correlation) => &correlation.factor * correlation.factor.transpose(),
        }
    }

    /// The MI in nats of the multivariate normal with this correlation matrix.
    #[must_use]
    pub fn normal_mi_nats(&self) -> f64 {
        match self {
            Self::Factors(dispersion) => dispersion.normal_mi_nats(),
            Self::Canonical(canonical) => canonical.normal_mi_nats(),
            Self::Dense(correlation) => correlation.mi_nats,
        }
    }

    /// n rows of (X, Y), normal with this correlation, each side column-major.
    pub(super) fn normals<R: Rng + ?Sized>(&self, n: usize, rng: &mut R) -> (Vec<f64>, Vec<f64>) {
        match self {
            Self::Factors(dispersion) => dispersion.normals(n, rng),
            Self::Canonical(canonical) => canonical.normals(n, rng),
            Self::Dense(correlation) => correlation.normals(n, rng),
        }
    }
}

/// (X_i, Y_i) with correlation ρ_i for i < K, all else independent: every normal (X, Y) is of this form after a linear
/// map of each side (Hotelling 1936), with the ρ_i as its canonical correlations.
///
/// I(X; Y) = −½ Σ ln(1 − ρ_i²) for the normal.
///
/// # Domain
/// ρ in [`Canonical::RHO`], K ≤ min(`dim_x`, `dim_y`).
#[derive(Debug, Clone, PartialEq)]
pub struct Canonical {
    dims: (usize, usize),
    rho: Vec<f64>,
}

impl Canonical {
    /// Domain of each ρ.
    pub const RHO: Domain = Domain::below(0.0, 1.0);

    /// Domain of the normal's MI: above, the ρ of a single pair would round to 1.
    pub const MI_NATS: Domain = Domain::closed(0.0, 18.0);

    /// These canonical correlations among `dims` columns.
    ///
    /// # Errors
    /// A parameter outside its domain.
    pub fn new(dims: (usize, usize), rho: Vec<f64>) -> Result<Self, ParameterError> {
        if rho.len() > dims.0.min(dims.1) || dims.0 == 0 || dims.1 == 0 {
            let got = format!("{} of {dims:?}", rho.len());
            return Err(ParameterError::new("pairs", "at most min(dim_x, dim_y), each at least 1", got));
        }
        for &rho in &rho {
            Self::RHO.check("rho", rho)?;
        }
        Ok(Self { dims, rho })
    }

    /// With `mi_nats` in all for the normal, pair i having the share w_i of it: ρ_i = √(1 − exp(−2 I_i)).
    ///
    /// # Errors
    /// A parameter outside its domain.
    pub fn with_mi(dims: (usize, usize), mi_nats: f64, shares: &[f64]) -> Result<Self, ParameterError> {
        Self::MI_NATS.check("mi_nats", mi_nats)?;
        let total: f64 = shares.iter().sum();
        let rho = shares.iter().map(|share| (-(-2.0 * mi_nats * share / total).exp_m1()).sqrt()).collect();
        Self::new(dims, rho)
    }

    fn correlation(&self) -> DMatrix<f64> {
        let (dim_x, dim_y) = self.dims;
        let mut matrix = DMatrix::identity(dim_x + dim_y, dim_x + dim_y);
        for (i, &rho) in self.rho.iter().enumerate() {
            matrix[(i, dim_x + i)] = rho;
            matrix[(dim_x + i, i)] = rho;
        }
        matrix
    }

    /// The canonical correlations.
    pub(super) fn rho(&self) -> &[f64] {
        &self.rho
    }

    pub(super) fn normal_mi_nats(&self) -> f64 {
        -0.5 * self.rho.iter().map(|rho| (-rho * rho).ln_1p()).sum::<f64>()
    }

    fn normals<R: Rng + ?Sized>(&self, n: usize, rng: &mut R) -> (Vec<f64>, Vec<f64>) {
        let (mut x, mut y) = (normals(n, self.dims.0, rng), normals(n, self.dims.1, rng));
        for ((of_x, of_y), rho) in columns(&mut x, n).zip(columns(&mut y, n)).zip(&self.rho) {
            let rest = (1.0 - rho * rho).sqrt();
            for (a, b) in of_x.iter().zip(of_y) {
                *b = rho * a + rest * *b;
            }
        }
        (x, y)
    }
}

/// A correlation matrix by its Cholesky factor.
#[derive(Debug, Clone, PartialEq)]
pub struct Correlation {
    dim_x: usize,
    /// Lower triangular, rows of unit length.
    factor: DMatrix<f64>,
    mi_nats: f64,
}

impl Correlation {
    /// Domain of η in [`Correlation::lkj`].
    pub const ETA: Domain = Domain::below(1.0, f64::INFINITY);

    /// Domain of the standard deviation of loadings in [`Correlation::factor_model`].
    pub const LOADING: Domain = Domain::NON_NEGATIVE;

    /// The Cholesky factor, lower triangular.
    pub(super) fn factor(&self) -> &DMatrix<f64> {
        &self.factor
    }

    /// The MI in nats of the normal.
    pub(super) fn mi_nats(&self) -> f64 {
        self.mi_nats
    }

    /// Of (X, Y) with `dim_x` columns in X; the diagonal of `covariance` is scaled to 1.
    ///
    /// # Errors
    /// The matrix is not positive definite, or leaves a side without columns.
    pub fn new(covariance: &DMatrix<f64>, dim_x: usize) -> Result<Self, ParameterError> {
        let dim = covariance.nrows();
        if dim_x == 0 || dim_x >= dim {
            return Err(ParameterError::new("dim_x", "at least 1, and less than all columns", dim_x));
        }
        let scale = |i: usize| covariance[(i, i)].sqrt();
        let unit = DMatrix::from_fn(dim, dim, |i, j| covariance[(i, j)] / (scale(i) * scale(j)));
        let definite = || ParameterError::new("covariance", "a positive definite matrix", format!("{dim} × {dim}"));
        let mi_nats = normal_mi_nats(&unit, dim_x).ok_or_else(definite)?;
        let factor = unit.cholesky().ok_or_else(definite)?.unpack();
        Ok(Self { dim_x, factor, mi_nats })
    }

    /// Drawn with density ∝ det(R)^(η − 1): uniform for η = 1, ever closer to the identity for larger η.
    ///
    /// The onion method: the next row of the Cholesky factor is a uniform direction times √y, then √(1 − y), with y of a
    /// Beta distribution (Lewandowski, Kurowicka and Joe, "Generating random correlation matrices based on vines and
    /// extended onion method", Journal of Multivariate Analysis 100, 2009, section 3.2).
    ///
    /// # Errors
    /// η outside its domain, or a side without columns.
    pub fn lkj<R: Rng + ?Sized>((dim_x, dim_y): (usize, usize), eta: f64, rng: &mut R) -> Result<Self, ParameterError> {
        Self::ETA.check("eta", eta)?;
        let dim = dim_x + dim_y;
        let mut factor = DMatrix::zeros(dim, dim);
        factor[(0, 0)] = 1.0;
        for row in 1..dim {
            let beta = eta + 0.5 * (dim - 1 - row) as f64;
            let y = Beta::new(0.5 * row as f64, beta).expect("both positive").sample(rng);
            let mut direction = vec![0.0; row];
            direction.iter_mut().for_each(|v| *v = rng.sample(StandardNormal));
            let length = direction.iter().map(|v: &f64| v * v).sum::<f64>().sqrt();
            for (j, v) in direction.iter().enumerate() {
                factor[(row, j)] = y.sqrt() * v / length;
            }
            factor[(row, row)] = (1.0 - y).sqrt();
        }
        Self::new(&(&factor * factor.transpose()), dim_x)
    }

    /// ΛΛᵀ + I with `factors` columns of Λ of normal entries with this standard deviation, scaled to unit diagonal.
    ///
    /// # Errors
    /// A standard deviation outside its domain, or a side without columns.
    pub fn factor_model<R: Rng + ?Sized>(
        (dim_x, dim_y): (usize, usize),
        factors: usize,
        loading: f64,
        rng: &mut R,
    ) -> Result<Self, ParameterError> {
        Self::LOADING.check("loading", loading)?;
        let dim = dim_x + dim_y;
        let loadings = DMatrix::from_fn(dim, factors, |_, _| loading * rng.sample::<f64, _>(StandardNormal));
        Self::new(&(&loadings * loadings.transpose() + DMatrix::identity(dim, dim)), dim_x)
    }

    /// Of totals: column i of a side is the sum of `sizes[side][i]` of the columns of `columns`, each of which goes into one of
    /// them, as drawn here.
    ///
    /// # Errors
    /// The sizes of a side, each at least 1, do not add up to its columns.
    pub fn totals<R: Rng + ?Sized>(
        columns: &Dispersion,
        sizes: &[Vec<usize>; 2],
        rng: &mut R,
    ) -> Result<Self, ParameterError> {
        let dims = [columns.dim_x(), columns.dim_y()];
        for (sizes, dim) in sizes.iter().zip(dims) {
            if sizes.contains(&0) || sizes.iter().sum::<usize>() != dim {
                let expected = format!("sizes from 1 on that add up to {dim}");
                return Err(ParameterError::new("sizes", &expected, format!("{sizes:?}")));
            }
        }
        // Which total each of the columns goes into.
        let mut first = 0;
        let mut into = Vec::with_capacity(dims[0] + dims[1]);
        for sizes in sizes {
            let mut side: Vec<usize> =
                sizes.iter().enumerate().flat_map(|(i, &size)| std::iter::repeat_n(first + i, size)).collect();
            side.shuffle(rng);
            into.append(&mut side);
            first += sizes.len();
        }
        let of_columns = columns.correlation();
        let mut covariance = DMatrix::zeros(first, first);
        for (column, &j) in of_columns.column_iter().zip(&into) {
            for (v, &i) in column.iter().zip(&into) {
                covariance[(i, j)] += v;
            }
        }
        Self::new(&covariance, sizes[0].len())
    }

    fn normals<R: Rng + ?Sized>(&self, n: usize, rng: &mut R) -> (Vec<f64>, Vec<f64>) {
        let dim = self.factor.nrows();
        let independent = DMatrix::from_vec(n, dim, normals(n, dim, rng));
        let mut both = (independent * self.factor.transpose()).data.as_vec().clone();
        let y = both.split_off(n * self.dim_x);
        (both, y)
    }
}
