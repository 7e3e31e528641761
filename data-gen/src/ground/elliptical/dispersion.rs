//! Correlation matrices of (X, Y) with a factor structure, and the MI of the normal that has them.

use nalgebra::{Cholesky, DMatrix, DMatrixView};
use rand::Rng;

use super::columns::{columns, normals};
use crate::ground::{domain::Domain, error::ParameterError};

/// A correlation matrix given by a linear latent variable model.
///
/// With independent standard normals G (shared by all), S^X and S^Y (shared by a side), P_i (shared by
/// the pair X_i, Y_i) and own noise, before scaling to unit variance
///
/// X_i = σ Z_i + α G + β S^X + (λ P_i if i ≤ K else η Z'_i), and the same for Y_i with S^Y. Hence
///
/// - cov = α² between any two coordinates, + β² if both are on one side, + λ² for (X_i, Y_i), i ≤ K;
/// - variance = σ² + α² + β² + (λ² if i ≤ K else η²).
///
/// # Domain
/// σ > 0; α, β, λ, η in [`Dispersion::WEIGHT`]; 0 ≤ K ≤ min(`dim_x`, `dim_y`). The sides may differ in size: coordinates
/// beyond K carry η² instead of λ² on either side.
///
/// # Source
/// Czyż et al., "Beyond Normal" (NeurIPS 2023), appendix on parametrised covariance matrices, where
/// σ = 1. `dense` is the same model with α² = ρ, σ² = 1 − ρ and nothing else.
///
/// ```
/// use mist_data_gen::families::elliptical::dispersion::Dispersion;
///
/// // One pair with cov = λ² = 1 and variance 2: correlation ½, I = −½ ln(1 − ¼).
/// let sparse = Dispersion::sparse(3, 2, 1, 1.0)?;
/// assert!((sparse.normal_mi_nats() - 0.143_841_036_225_890_1).abs() < 1e-14);
/// # Ok::<(), mist_data_gen::ParameterError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Dispersion {
    dim_x: usize,
    dim_y: usize,
    /// K: interacting pairs.
    pairs: usize,
    /// σ: own noise.
    noise: f64,
    /// α: shared by all coordinates.
    global: f64,
    /// β: shared by the coordinates of a side.
    side: f64,
    /// λ: shared by a pair.
    pair: f64,
    /// η: further own noise of the coordinates without a partner.
    unpaired: f64,
}

/// The parameters α, β, λ, η of [`Dispersion::lvm`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LvmParameters {
    /// Weight of what all coordinates share.
    pub alpha: f64,
    /// Weight of what the coordinates of a side share.
    pub beta: f64,
    /// Weight of what a pair shares.
    pub lambda: f64,
    /// Weight of the further noise of coordinates without a partner.
    pub eta: f64,
}

impl Dispersion {
    /// Domain of ρ in [`Dispersion::dense`].
    pub const RHO: Domain = Domain::below(0.0, 1.0);

    /// Domain of α, β, λ and η.
    pub const WEIGHT: Domain = Domain::NON_NEGATIVE;

    /// All off-diagonal correlations equal to `rho`, ρ in [`Dispersion::RHO`].
    ///
    /// # Errors
    /// A parameter outside its domain.
    pub fn dense(dim_x: usize, dim_y: usize, rho: f64) -> Result<Self, ParameterError> {
        Self::RHO.check("rho", rho)?;
        Self {
            dim_x,
            dim_y,
            pairs: 0,
            noise: (1.0 - rho).sqrt(),
            global: rho.sqrt(),
            side: 0.0,
            pair: 0.0,
            unpaired: 0.0,
        }
        .checked()
    }

    /// `pairs` interacting pairs and nothing else: α = β = 0, λ = η.
    ///
    /// # Errors
    /// A parameter outside its domain.
    pub fn sparse(dim_x: usize, dim_y: usize, pairs: usize, lambda: f64) -> Result<Self, ParameterError> {
        let parameters = LvmParameters { alpha: 0.0, beta: 0.0, lambda, eta: lambda };
        Self::lvm(dim_x, dim_y, pairs, parameters)
    }

    /// The latent variable model in full, with σ = 1.
    ///
    /// # Errors
    /// A parameter outside its domain.
    pub fn lvm(dim_x: usize, dim_y: usize, pairs: usize, parameters: LvmParameters) -> Result<Self, ParameterError> {
        Self {
            dim_x,
            dim_y,
            pairs,
            noise: 1.0,
            global: parameters.alpha,
            side: parameters.beta,
            pair: parameters.lambda,
            unpaired: parameters.eta,
        }
        .checked()
    }

    fn checked(self) -> Result<Self, ParameterError> {
        if self.dim_x == 0 || self.dim_y == 0 {
            let got = format!("{} and {}", self.dim_x, self.dim_y);
            return Err(ParameterError::new("dim_x, dim_y", "at least 1 column", got));
        }
        if self.pairs > self.dim_x.min(self.dim_y) {
            return Err(ParameterError::new("pairs", "at most min(dim_x, dim_y)", self.pairs));
        }
        for (name, value) in
            [("alpha", self.global), ("beta", self.side), ("lambda", self.pair), ("eta", self.unpaired)]
        {
            Self::WEIGHT.check(name, value)?;
        }
        Ok(self)
    }

    /// Columns of X.
    #[must_use]
    pub fn dim_x(&self) -> usize {
        self.dim_x
    }

    /// Columns of Y.
    #[must_use]
    pub fn dim_y(&self) -> usize {
        self.dim_y
    }

    /// K, the number of interacting pairs.
    #[must_use]
    pub fn pairs(&self) -> usize {
        self.pairs
    }

    /// The variances that the parts have in a column before it is scaled: the squares of the weights.
    pub(super) fn variances(&self) -> Variances {
        Variances {
            own: self.noise * self.noise,
            global: self.global * self.global,
            side: self.side * self.side,
            pair: self.pair * self.pair,
            unpaired: self.unpaired * self.unpaired,
        }
    }

    /// The weights that a sampler needs, scaled to unit variance.
    fn loadings(&self) -> Loadings {
        let shared = self.global * self.global + self.side * self.side;
        let own = self.noise * self.noise;
        let paired = 1.0 / (own + shared + self.pair * self.pair).sqrt();
        let unpaired = 1.0 / (own + shared + self.unpaired * self.unpaired).sqrt();
        // A pair's noise and shared part form a bivariate normal: variance v, covariance λ². Its
        // Cholesky factor needs two normals where the model as written needs three.
        let variance = own + self.pair * self.pair;
        let covariance = self.pair * self.pair;
        let first = variance.sqrt();
        let second = covariance / first;
        Loadings {
            pair_first: first * paired,
            pair_second: second * paired,
            pair_rest: (variance - second * second).sqrt() * paired,
            pair_global: self.global * paired,
            pair_side: self.side * paired,
            own: (own + self.unpaired * self.unpaired).sqrt() * unpaired,
            own_global: self.global * unpaired,
            own_side: self.side * unpaired,
        }
    }

    /// The correlation matrix of (X, Y), (`dim_x` + `dim_y`) squared.
    #[must_use]
    pub fn correlation(&self) -> DMatrix<f64> {
        let global = self.global * self.global;
        let side = self.side * self.side;
        let pair = self.pair * self.pair;
        let own = self.noise * self.noise;
        let variance = |i: usize| {
            let last = if i < self.pairs { pair } else { self.unpaired * self.unpaired };
            own + global + side + last
        };
        // (is on the side of Y, position within the side)
        let place = |i: usize| (i >= self.dim_x, if i < self.dim_x { i } else { i - self.dim_x });
        let dim = self.dim_x + self.dim_y;
        DMatrix::from_fn(dim, dim, |row, column| {
            if row == column {
                return 1.0;
            }
            let ((row_side, i), (column_side, j)) = (place(row), place(column));
            let mut covariance = global;
            if row_side == column_side {
                covariance += side;
            } else if i == j && i < self.pairs {
                covariance += pair;
            }
            covariance / (variance(i) * variance(j)).sqrt()
        })
    }

    /// The MI in nats of the multivariate normal with this correlation matrix.
    #[must_use]
    pub fn normal_mi_nats(&self) -> f64 {
        normal_mi_nats(&self.correlation(), self.dim_x).expect("own noise makes the matrix positive definite")
    }

    /// n rows of (X, Y) normal with this correlation, each side column-major. Costs n (`dim_x` + `dim_y` + 3) normals:
    /// the factor structure stands in for a product with the Cholesky factor.
    pub(super) fn normals<R: Rng + ?Sized>(&self, n: usize, rng: &mut R) -> (Vec<f64>, Vec<f64>) {
        let weights = self.loadings();
        let mut x = normals(n, self.dim_x, rng);
        let mut y = normals(n, self.dim_y, rng);

        for (of_x, of_y) in columns(&mut x, n).zip(columns(&mut y, n)).take(self.pairs) {
            for (a, b) in of_x.iter_mut().zip(of_y) {
                *b = weights.pair_second * *a + weights.pair_rest * *b;
                *a *= weights.pair_first;
            }
        }
        for side in [&mut x, &mut y] {
            for column in columns(side, n).skip(self.pairs) {
                column.iter_mut().for_each(|v| *v *= weights.own);
            }
        }

        if weights.own_global > 0.0 {
            let global = normals(n, 1, rng);
            for side in [&mut x, &mut y] {
                self.add_shared(side, &global, weights.pair_global, weights.own_global);
            }
        }
        if weights.own_side > 0.0 {
            for side in [&mut x, &mut y] {
                let shared = normals(n, 1, rng);
                self.add_shared(side, &shared, weights.pair_side, weights.own_side);
            }
        }
        (x, y)
    }

    /// Adds a shared normal to every column of a side: with one weight to the paired columns, with
    /// another to the rest.
    fn add_shared(&self, side: &mut [f64], shared: &[f64], paired: f64, unpaired: f64) {
        for (j, column) in columns(side, shared.len()).enumerate() {
            let weight = if j < self.pairs { paired } else { unpaired };
            for (v, s) in column.iter_mut().zip(shared) {
                *v += weight * s;
            }
        }
    }
}

/// The variances of the parts of a column before it is scaled.
#[derive(Debug, Clone, Copy)]
pub(super) struct Variances {
    /// σ².
    pub(super) own: f64,
    /// α².
    pub(super) global: f64,
    /// β².
    pub(super) side: f64,
    /// λ².
    pub(super) pair: f64,
    /// η².
    pub(super) unpaired: f64,
}

/// Weights of independent standard normals in a coordinate of unit variance.
#[derive(Debug, Clone, Copy)]
struct Loadings {
    pair_first: f64,
    pair_second: f64,
    pair_rest: f64,
    pair_global: f64,
    pair_side: f64,
    own: f64,
    own_global: f64,
    own_side: f64,
}

/// The MI of a multivariate normal, in nats:
///
/// I(X; Y) = ½ (ln det Σ_X + ln det Σ_Y − ln det Σ),
///
/// where Σ_X is the leading `dim_x` × `dim_x` block of Σ and Σ_Y the trailing one (Cover & Thomas,
/// "Elements of Information Theory", theorem 8.4.1). `None` if Σ is not positive definite.
///
/// # Limits
/// The result is never clamped: at independence it may be −1e-16 rather than 0. The error is about
/// machine precision times the condition number of Σ.
///
/// ```
/// use mist_data_gen::families::elliptical::dispersion::normal_mi_nats;
/// use nalgebra::DMatrix;
///
/// let mi = normal_mi_nats(&DMatrix::from_row_slice(2, 2, &[1.0, 0.6, 0.6, 1.0]), 1).unwrap();
/// assert!((mi - -(0.8_f64.ln())).abs() < 1e-15);
/// ```
#[must_use]
pub fn normal_mi_nats(covariance: &DMatrix<f64>, dim_x: usize) -> Option<f64> {
    let dim = covariance.nrows();
    let dim_y = dim - dim_x;
    // Half the log-determinant is the sum of the logarithms of the factor's diagonal.
    let whole = Cholesky::new(covariance.clone())?;
    let of_y = half_log_det(covariance.view((dim_x, dim_x), (dim_y, dim_y)))?;
    let mut rest_of_whole = 0.0;
    // The leading block of the factor is the factor of the leading block: Σ_X needs none of its own.
    for i in dim_x..dim {
        rest_of_whole += whole.l_dirty()[(i, i)].ln();
    }
    Some(of_y - rest_of_whole)
}

fn half_log_det(block: DMatrixView<'_, f64>) -> Option<f64> {
    let factor = Cholesky::new(block.into_owned())?;
    Some(factor.l_dirty().diagonal().iter().map(|v| v.ln()).sum())
}
