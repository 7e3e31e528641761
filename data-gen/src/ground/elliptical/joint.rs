//! Multivariate normal and Student-t distributions over a [`Scatter`].

use nalgebra::DMatrix;
use rand::Rng;
use rand_distr::{ChiSquared, Distribution};
use statrs::function::gamma::{digamma, ln_gamma};

use super::{columns::columns, pointwise::pointwise_mi, scatter::Scatter};
use crate::ground::{domain::Domain, error::ParameterError, joint::Joint, sample::Sample};

/// A multivariate normal, or a multivariate Student-t with ν degrees of freedom.
///
/// Student: (X, Y) = √(ν/χ²_ν) (X₀, Y₀) with (X₀, Y₀) normal and one χ² a row, shared by both sides.
/// So X and Y depend on each other even where every correlation is zero.
///
/// I_t = I_normal + h(d_x, ν) + h(d_y, ν) − h(d_x + d_y, ν), with [`student_entropy_nats`] as h.
///
/// # Domain
/// ν in [`Elliptical::NU`]. The variance is infinite for ν ≤ 2, the MI finite for every ν.
///
/// # Source
/// Arellano-Valle, Contreras-Reyes and Genton, "Shannon entropy and mutual information for
/// multivariate skew-elliptical distributions", Scandinavian Journal of Statistics 40, 2013; the
/// decomposition also in Czyż et al., "Beyond Normal" (NeurIPS 2023).
#[derive(Debug, Clone, PartialEq)]
pub struct Elliptical {
    scatter: Scatter,
    nu: Option<f64>,
}

impl Elliptical {
    /// Domain of ν.
    pub const NU: Domain = Domain::POSITIVE;

    /// The multivariate normal.
    #[must_use]
    pub fn normal(scatter: impl Into<Scatter>) -> Self {
        Self { scatter: scatter.into(), nu: None }
    }

    /// The multivariate Student-t with `nu` degrees of freedom.
    ///
    /// # Errors
    /// `nu` is outside its domain.
    pub fn student(scatter: impl Into<Scatter>, nu: f64) -> Result<Self, ParameterError> {
        Self::NU.check("nu", nu)?;
        Ok(Self { scatter: scatter.into(), nu: Some(nu) })
    }

    /// The matrix and its structure.
    #[must_use]
    pub fn scatter(&self) -> &Scatter {
        &self.scatter
    }

    /// Degrees of freedom; `None` for the normal.
    #[must_use]
    pub fn nu(&self) -> Option<f64> {
        self.nu
    }
}

impl Joint for Elliptical {
    fn dims(&self) -> (usize, usize) {
        self.scatter.dims()
    }

    fn mi_nats(&self) -> f64 {
        let normal = self.scatter.normal_mi_nats();
        let (dim_x, dim_y) = self.dims();
        match self.nu {
            None => normal,
            Some(nu) => {
                normal + student_entropy_nats(dim_x, nu) + student_entropy_nats(dim_y, nu)
                    - student_entropy_nats(dim_x + dim_y, nu)
            }
        }
    }

    fn sample<R: Rng + ?Sized>(&self, n: usize, rng: &mut R) -> Sample {
        let (dim_x, dim_y) = self.dims();
        let (mut x, mut y) = self.scatter.normals(n, rng);
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

    fn pointwise_mi(&self, sample: &Sample) -> Vec<f64> {
        pointwise_mi(&self.scatter, self.nu, &sample.x, &sample.y)
    }
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
