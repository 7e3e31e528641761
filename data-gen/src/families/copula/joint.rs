//! Pairs of columns coupled by an Archimedean copula.

use nalgebra::DMatrix;
use rand::Rng;
use rand_distr::Exp1;

use super::{
    density::LnDensity,
    generator::{Generator, open, pair_mi_nats},
};
use crate::ground::{error::ParameterError, joint::Joint, pairs::check_count, sample::Sample};

/// (X_i, Y_i), i ≤ K, each with the same copula and uniform marginals, independent of each other; further columns
/// are U(0, 1), independent of all else.
///
/// I(X; Y) = K E[ln c(U, V)], c = ψ″(φ(u) + φ(v)) φ′(u) φ′(v). With T = C(U, V), whose density is φ φ″/φ′², and
/// ψ″(φ(t)) = −φ″(t)/φ′(t)³,
///
/// E[ln c] = ∫ (φ φ″/φ′²) (ln φ″ − 3 ln(−φ′)) dt + 2 ∫ ln(−φ′) dt,
///
/// two integrals over (0, 1) in place of one over the square. For Clayton's they give ln(1 + θ) − θ/(1 + θ).
///
/// # Domain
/// θ in [`Generator::domain`]; 1 ≤ K ≤ min(`dim_x`, `dim_y`).
///
/// # Source
/// Nelsen, "An Introduction to Copulas" (2006), table 4.1 and theorem 4.3.4.
///
/// ```
/// use mist_data_gen::families::{Joint, copula::{Copulas, Generator}};
///
/// let clayton = Copulas::new(Generator::Clayton, 2.0, 1, (1, 1))?;
/// assert!((clayton.mi_nats() - (3.0_f64.ln() - 2.0 / 3.0)).abs() < 1e-12);
/// # Ok::<(), mist_data_gen::ParameterError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Copulas {
    generator: Generator,
    theta: f64,
    pairs: usize,
    dims: (usize, usize),
    pair_mi_nats: f64,
}

impl Copulas {
    /// `pairs` coupled pairs among `dims` columns.
    ///
    /// # Errors
    /// A parameter outside its domain.
    pub fn new(generator: Generator, theta: f64, pairs: usize, dims: (usize, usize)) -> Result<Self, ParameterError> {
        generator.domain().check("theta", theta)?;
        check_count(pairs, dims)?;
        Ok(Self { generator, theta, pairs, dims, pair_mi_nats: pair_mi_nats(generator, theta) })
    }

    /// The family.
    #[must_use]
    pub fn generator(&self) -> Generator {
        self.generator
    }

    /// θ.
    #[must_use]
    pub fn theta(&self) -> f64 {
        self.theta
    }

    /// K, the number of coupled pairs.
    #[must_use]
    pub fn pairs(&self) -> usize {
        self.pairs
    }
}

impl Joint for Copulas {
    fn dims(&self) -> (usize, usize) {
        self.dims
    }

    fn mi_nats(&self) -> f64 {
        self.pairs as f64 * self.pair_mi_nats
    }

    fn sample<R: Rng + ?Sized>(&self, n: usize, rng: &mut R) -> Sample {
        let (mut x, mut y) = (DMatrix::zeros(n, self.dims.0), DMatrix::zeros(n, self.dims.1));
        for pair in 0..self.pairs {
            for row in 0..n {
                let frailty = self.generator.frailty(self.theta, rng);
                let mut coupled = || {
                    let e: f64 = rng.sample(Exp1);
                    self.generator.inverse(self.theta, e / frailty)
                };
                (x[(row, pair)], y[(row, pair)]) = (coupled(), coupled());
            }
        }
        for side in [&mut x, &mut y] {
            for mut column in side.column_iter_mut().skip(self.pairs) {
                column.iter_mut().for_each(|v| *v = open(rng));
            }
        }
        Sample { x, y }
    }

    fn pointwise_mi(&self, sample: &Sample) -> Vec<f64> {
        let mut values = vec![0.0; sample.x.nrows()];
        let ln_density = LnDensity::new(self.generator, self.theta);
        for (of_x, of_y) in sample.x.column_iter().zip(sample.y.column_iter()).take(self.pairs) {
            for ((value, &u), &v) in values.iter_mut().zip(of_x.iter()).zip(of_y.iter()) {
                *value += ln_density.at(u, v);
            }
        }
        values
    }
}
