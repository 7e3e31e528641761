//! Multivariate normal and Student-t distributions over a [`Dispersion`].

use nalgebra::DMatrix;
use rand::Rng;
use rand_distr::{ChiSquared, Distribution, StandardNormal};
use statrs::function::gamma::{digamma, ln_gamma};

use crate::{error::ParameterError, families::dispersion::Dispersion, task::Sample};

/// A multivariate normal, or a multivariate Student-t with ν degrees of freedom.
///
/// Student: (X, Y) = √(ν/χ²_ν) (X₀, Y₀) with (X₀, Y₀) normal and one χ² a row, shared by both sides.
/// So X and Y depend on each other even where every correlation is zero.
///
/// I_t = I_normal + h(d_x, ν) + h(d_y, ν) − h(d_x + d_y, ν), with [`student_entropy_nats`] as h.
///
/// # Domain
/// ν > 0. The variance is infinite for ν ≤ 2, the MI finite for every ν.
///
/// # Source
/// Arellano-Valle, Contreras-Reyes and Genton, "Shannon entropy and mutual information for
/// multivariate skew-elliptical distributions", Scandinavian Journal of Statistics 40, 2013; the
/// decomposition also in Czyż et al., "Beyond Normal" (NeurIPS 2023).
#[derive(Debug, Clone, PartialEq)]
pub struct Elliptical {
    dispersion: Dispersion,
    nu: Option<f64>,
}

impl Elliptical {
    /// The multivariate normal.
    #[must_use]
    pub fn normal(dispersion: Dispersion) -> Self {
        Self { dispersion, nu: None }
    }

    /// The multivariate Student-t with `nu` degrees of freedom.
    ///
    /// # Errors
    /// `nu` is not a finite positive number.
    pub fn student(dispersion: Dispersion, nu: f64) -> Result<Self, ParameterError> {
        if !(nu.is_finite() && nu > 0.0) {
            return Err(ParameterError::new("nu", "a finite number > 0", nu));
        }
        Ok(Self { dispersion, nu: Some(nu) })
    }

    /// The dispersion matrix and its structure.
    #[must_use]
    pub fn dispersion(&self) -> &Dispersion {
        &self.dispersion
    }

    /// Degrees of freedom; `None` for the normal.
    #[must_use]
    pub fn nu(&self) -> Option<f64> {
        self.nu
    }

    /// The MI in nats.
    #[must_use]
    pub fn mi_nats(&self) -> f64 {
        let normal = self.dispersion.normal_mi_nats();
        let (dim_x, dim_y) = (self.dispersion.dim_x(), self.dispersion.dim_y());
        match self.nu {
            None => normal,
            Some(nu) => {
                normal + student_entropy_nats(dim_x, nu) + student_entropy_nats(dim_y, nu)
                    - student_entropy_nats(dim_x + dim_y, nu)
            }
        }
    }

    /// n rows. Costs n (`dim_x` + `dim_y` + 3) normals: the factor structure of the dispersion stands
    /// in for a product with its Cholesky factor.
    pub fn sample<R: Rng + ?Sized>(&self, n: usize, rng: &mut R) -> Sample {
        let (dim_x, dim_y) = (self.dispersion.dim_x(), self.dispersion.dim_y());
        let weights = self.dispersion.loadings();
        let mut x = normals(n, dim_x, rng);
        let mut y = normals(n, dim_y, rng);

        for (of_x, of_y) in columns(&mut x, n).zip(columns(&mut y, n)).take(self.dispersion.pairs()) {
            for (a, b) in of_x.iter_mut().zip(of_y) {
                *b = weights.pair_second * *a + weights.pair_rest * *b;
                *a *= weights.pair_first;
            }
        }
        for side in [&mut x, &mut y] {
            for column in columns(side, n).skip(self.dispersion.pairs()) {
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

        if let Some(nu) = self.nu {
            let chi_squared = ChiSquared::new(nu).expect("nu > 0 by construction");
            let scales: Vec<f64> = (0..n).map(|_| (nu / chi_squared.sample(rng)).sqrt()).collect();
            for side in [&mut x, &mut y] {
                for column in columns(side, n) {
                    for (v, scale) in column.iter_mut().zip(&scales) {
                        *v *= scale;
                    }
                }
            }
        }
        Sample { x: DMatrix::from_vec(n, dim_x, x), y: DMatrix::from_vec(n, dim_y, y) }
    }

    /// Adds a shared normal to every column of a side: with one weight to the paired columns, with
    /// another to the rest.
    fn add_shared(&self, side: &mut [f64], shared: &[f64], paired: f64, unpaired: f64) {
        for (j, column) in columns(side, shared.len()).enumerate() {
            let weight = if j < self.dispersion.pairs() { paired } else { unpaired };
            for (v, s) in column.iter_mut().zip(shared) {
                *v += weight * s;
            }
        }
    }
}

/// `columns` columns of n standard normals, column-major.
fn normals<R: Rng + ?Sized>(n: usize, columns: usize, rng: &mut R) -> Vec<f64> {
    (0..n * columns).map(|_| rng.sample(StandardNormal)).collect()
}

/// The columns of a column-major buffer of n rows (at least one, for `n = 0`).
fn columns(side: &mut [f64], n: usize) -> impl Iterator<Item = &mut [f64]> {
    side.chunks_exact_mut(n.max(1))
}

/// The differential entropy in nats of a `dim`-variate Student-t with unit dispersion:
///
/// h(k, ν) = −ln Γ((ν+k)/2) + ln Γ(ν/2) + (k/2) ln(νπ) + ((ν+k)/2) (ψ((ν+k)/2) − ψ(ν/2)).
///
/// # Domain
/// k ≥ 1, ν > 0. As ν → ∞ it tends to that of the normal, (k/2) ln(2πe); above ν ≈ 1e8 the
/// differences of Γ and ψ cancel to fewer than six digits.
///
/// ```
/// use mist_data_gen::families::elliptical::student_entropy_nats;
///
/// // ν = 1 is Cauchy, with entropy ln(4π).
/// let cauchy = (4.0 * std::f64::consts::PI).ln();
/// assert!((student_entropy_nats(1, 1.0) - cauchy).abs() < 1e-12);
/// ```
#[must_use]
pub fn student_entropy_nats(dim: usize, nu: f64) -> f64 {
    let k = dim as f64;
    let half = 0.5 * (nu + k);
    ln_gamma(0.5 * nu) - ln_gamma(half)
        + 0.5 * k * (nu * std::f64::consts::PI).ln()
        + half * (digamma(half) - digamma(0.5 * nu))
}
