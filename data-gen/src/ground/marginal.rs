//! One-dimensional marginals, as increasing functions of a standard normal.

use rand::Rng;
use rand_distr::{ChiSquared, Distribution};

use super::normal::{normal_cdf, normal_quantile};

/// The distribution of one column.
///
/// A column starts as a standard normal w, so that columns can be made dependent before their
/// marginals are set, and becomes F⁻¹(Φ(w)). Both tails are computed from the nearer side of Φ, so none
/// is cut off. `Student` is the exception: w √(ν/χ²_ν) with a χ² of the column's own, which has the
/// exact marginal without an inverse of the incomplete beta function.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Marginal {
    /// N(0, 1).
    Normal,
    /// U(0, 1).
    Uniform,
    /// Exponential with rate 1: skewed.
    Exponential,
    /// Laplace with scale 1.
    Laplace,
    /// exp(σ w): skewed, heavy right tail.
    LogNormal {
        /// Standard deviation of the logarithm, > 0.
        sigma: f64,
    },
    /// Pareto on [1, ∞), P(V > v) = v^(−a): skewed, no moments from a on.
    Pareto {
        /// Tail exponent, > 0.
        alpha: f64,
    },
    /// Cauchy: no mean.
    Cauchy,
    /// Student-t.
    Student {
        /// Degrees of freedom, > 0.
        nu: f64,
    },
}

impl Marginal {
    /// Number of kinds that [`Marginal::draw`] chooses from.
    const KINDS: usize = 8;

    /// Draws a kind whose values are a function of the normal, so that it leaves the MI as it is.
    pub fn draw_function<R: Rng + ?Sized>(rng: &mut R) -> Self {
        loop {
            match Self::draw(rng) {
                Self::Student { .. } => {}
                function => return function,
            }
        }
    }

    /// Draws a kind uniformly and its parameter: σ ~ U(0.25, 1.5), a ~ U(1, 5), ν ~ U(1, 10).
    pub fn draw<R: Rng + ?Sized>(rng: &mut R) -> Self {
        match rng.random_range(0..Self::KINDS) {
            0 => Self::Normal,
            1 => Self::Uniform,
            2 => Self::Exponential,
            3 => Self::Laplace,
            4 => Self::LogNormal { sigma: rng.random_range(0.25..1.5) },
            5 => Self::Pareto { alpha: rng.random_range(1.0..5.0) },
            6 => Self::Cauchy,
            _ => Self::Student { nu: rng.random_range(1.0..10.0) },
        }
    }

    /// Turns standard normals into values of this marginal, in place.
    pub fn apply<R: Rng + ?Sized>(self, normals: &mut [f64], rng: &mut R) {
        let mut each = |f: &mut dyn FnMut(f64) -> f64| {
            for w in normals.iter_mut() {
                *w = f(*w);
            }
        };
        match self {
            Self::Normal => {}
            Self::Uniform => each(&mut normal_cdf),
            Self::Exponential => each(&mut |w| -normal_cdf(-w).ln()),
            Self::Laplace => each(&mut |w| (2.0 * normal_cdf(-w.abs())).ln().copysign(w)),
            Self::LogNormal { sigma } => each(&mut |w| (sigma * w).exp()),
            Self::Pareto { alpha } => each(&mut |w| normal_cdf(-w).powf(-1.0 / alpha)),
            Self::Cauchy => each(&mut |w| {
                let tail = normal_cdf(-w.abs());
                (1.0 / (std::f64::consts::PI * tail).tan()).copysign(w)
            }),
            Self::Student { nu } => {
                let chi_squared = ChiSquared::new(nu).expect("nu > 0 is in the documented domain");
                each(&mut |w| w * (nu / chi_squared.sample(rng)).sqrt());
            }
        }
    }
    /// Turns values of this marginal back into the standard normals that they were made of, in place.
    ///
    /// # Panics
    /// If this is [`Marginal::Student`], which is not a function of the normal.
    pub(crate) fn undo(self, values: &mut [f64]) {
        use std::f64::consts::{FRAC_1_PI, LN_2};

        /// The score with this probability below; rounding may have taken that to 0.
        fn lower(below: f64) -> f64 {
            normal_quantile(if below > 0.0 { below } else { 0.25 * f64::EPSILON })
        }
        /// The score with these probabilities below and above, from the smaller one.
        fn between(below: f64, above: f64) -> f64 {
            if below < above { lower(below) } else { -lower(above) }
        }
        let mut each = |f: &dyn Fn(f64) -> f64| {
            for v in values.iter_mut() {
                *v = f(*v);
            }
        };
        match self {
            Self::Normal => {}
            Self::Uniform => each(&|v| between(v, 1.0 - v)),
            Self::Exponential => each(&|v| if v < LN_2 { lower(-(-v).exp_m1()) } else { -lower((-v).exp()) }),
            Self::Laplace => each(&|v| lower(0.5 * (-v.abs()).exp()).abs().copysign(v)),
            Self::LogNormal { sigma } => each(&|v| v.ln() / sigma),
            Self::Pareto { alpha } => each(&|v| {
                let rate = alpha * v.ln();
                if rate < LN_2 { lower(-(-rate).exp_m1()) } else { -lower((-rate).exp()) }
            }),
            Self::Cauchy => each(&|v| lower(FRAC_1_PI * (1.0 / v.abs()).atan()).abs().copysign(v)),
            Self::Student { .. } => panic!("a Student's column is not a function of a normal"),
        }
    }
}
