//! The normal and the t copula under arbitrary marginals.

use nalgebra::DMatrix;
use rand::Rng;
use statrs::distribution::{ContinuousCDF, StudentsT};

use super::prior::EllipticalPrior;
use crate::ground::{
    elliptical::Elliptical,
    error::{ConfigError, ParameterError},
    joint::Joint,
    keys::{Keys, Written},
    marginal::Marginal,
    normal::normal_quantile,
    prior::{Prior, drawn},
    sample::Sample,
};

/// An elliptical (X, Y) whose columns each got another marginal, by a strictly increasing map: the copula, and with it
/// the MI, stay.
///
/// A normal column is turned into the marginal as it is; of a Student's column the normal score Φ⁻¹(T_ν(v)) is, from a
/// table: strictly increasing, so that the MI is exact, and within 1e-5 of the true score, so that the marginal is what
/// its name says to that accuracy.
#[derive(Debug, Clone, PartialEq)]
pub struct EllipticalCopula {
    elliptical: Elliptical,
    marginals: (Vec<Marginal>, Vec<Marginal>),
    scores: Option<ScoreTable>,
}

impl EllipticalCopula {
    /// One marginal for each column of X, one for each column of Y.
    ///
    /// # Errors
    /// Their numbers are not the dims, or one is [`Marginal::Student`], which is not a function of the column.
    pub fn new(elliptical: Elliptical, of_x: Vec<Marginal>, of_y: Vec<Marginal>) -> Result<Self, ParameterError> {
        if (of_x.len(), of_y.len()) != elliptical.dims() {
            let got = format!("{} and {}", of_x.len(), of_y.len());
            return Err(ParameterError::new("marginals", "one for each column of the elliptical", got));
        }
        if of_x.iter().chain(&of_y).any(|m| matches!(m, Marginal::Student { .. })) {
            return Err(ParameterError::new("marginals", "marginals that are functions of a normal", "Student"));
        }
        let scores = elliptical.nu().map(ScoreTable::new);
        Ok(Self { elliptical, marginals: (of_x, of_y), scores })
    }

    /// The elliptical distribution that the copula is of.
    #[must_use]
    pub fn elliptical(&self) -> &Elliptical {
        &self.elliptical
    }

    /// The marginals of X and of Y.
    #[must_use]
    pub fn marginals(&self) -> (&[Marginal], &[Marginal]) {
        (&self.marginals.0, &self.marginals.1)
    }

    fn apply<R: Rng + ?Sized>(&self, side: &mut DMatrix<f64>, marginals: &[Marginal], rng: &mut R) {
        for (mut column, marginal) in side.column_iter_mut().zip(marginals) {
            if let Some(scores) = &self.scores {
                column.iter_mut().for_each(|v| *v = scores.at(*v));
            }
            marginal.apply(column.as_mut_slice(), rng);
        }
    }
}

impl EllipticalCopula {
    /// The columns of the elliptical that [`EllipticalCopula::apply`] turned into these.
    fn undo(&self, side: &DMatrix<f64>, marginals: &[Marginal]) -> DMatrix<f64> {
        let mut side = side.clone();
        for (mut column, marginal) in side.column_iter_mut().zip(marginals) {
            marginal.undo(column.as_mut_slice());
            if let Some(scores) = &self.scores {
                column.iter_mut().for_each(|score| *score = scores.inverse(*score));
            }
        }
        side
    }
}

impl Joint for EllipticalCopula {
    fn dims(&self) -> (usize, usize) {
        self.elliptical.dims()
    }

    fn mi_nats(&self) -> f64 {
        self.elliptical.mi_nats()
    }

    fn sample<R: Rng + ?Sized>(&self, n: usize, rng: &mut R) -> Sample {
        let Sample { mut x, mut y } = self.elliptical.sample(n, rng);
        self.apply(&mut x, &self.marginals.0, rng);
        self.apply(&mut y, &self.marginals.1, rng);
        Sample { x, y }
    }

    fn pointwise_mi(&self, sample: &Sample) -> Vec<f64> {
        let x = self.undo(&sample.x, &self.marginals.0);
        let y = self.undo(&sample.y, &self.marginals.1);
        self.elliptical.pointwise_mi(&Sample { x, y })
    }
}

/// v ↦ Φ⁻¹(T_ν(v)) between equally spaced values of asinh(v), linear there; beyond the last the slope goes on.
#[derive(Debug, Clone, PartialEq)]
struct ScoreTable {
    /// Scores at asinh(v) = 0, STEP, 2 STEP, …; the function is odd.
    scores: Vec<f64>,
}

impl ScoreTable {
    const STEP: f64 = 1.0 / 64.0;
    /// T_ν(v) is told from 1 up to a tail of about 1e-13 at ν = 10, and less far out of course for smaller ν.
    const LEAST_TAIL: f64 = 1e-13;

    fn new(nu: f64) -> Self {
        let student = StudentsT::new(0.0, 1.0, nu).expect("ν > 0 by construction");
        let mut scores = vec![0.0];
        loop {
            let v = (Self::STEP * scores.len() as f64).sinh();
            // The lower tail keeps its relative accuracy.
            let tail = student.cdf(-v);
            let score = -normal_quantile(tail);
            let last = scores[scores.len() - 1];
            if tail < Self::LEAST_TAIL || score <= last || scores.len() > 4096 {
                return Self { scores };
            }
            scores.push(score);
        }
    }

    fn at(&self, v: f64) -> f64 {
        let place = v.abs().asinh() / Self::STEP;
        let cell = (place as usize).min(self.scores.len() - 2);
        let (low, high) = (self.scores[cell], self.scores[cell + 1]);
        ((high - low).mul_add(place - cell as f64, low)).copysign(v)
    }

    /// The v with this score: exactly that of the table, as it is what was drawn.
    fn inverse(&self, score: f64) -> f64 {
        let size = score.abs();
        let cell = self.scores.partition_point(|s| *s <= size).saturating_sub(1).min(self.scores.len() - 2);
        let (low, high) = (self.scores[cell], self.scores[cell + 1]);
        let place = cell as f64 + (size - low) / (high - low);
        (Self::STEP * place).sinh().copysign(score)
    }
}

/// The prior of a normal or t copula: that of the elliptical, and marginals that are functions of a normal, each kind
/// equally likely.
#[derive(Debug, Clone, PartialEq)]
pub struct EllipticalCopulaPrior<const STUDENT: bool> {
    elliptical: EllipticalPrior<STUDENT>,
}

/// The prior of a normal copula.
pub type NormalCopulaPrior = EllipticalCopulaPrior<false>;

/// The prior of a t copula.
pub type StudentCopulaPrior = EllipticalCopulaPrior<true>;

impl<const STUDENT: bool> Prior for EllipticalCopulaPrior<STUDENT> {
    type Joint = EllipticalCopula;

    const KIND: &'static str = if STUDENT { "student_copula" } else { "normal_copula" };

    fn read(keys: &mut Keys) -> Result<Self, ConfigError> {
        let elliptical = EllipticalPrior::read_within(keys, const { Elliptical::NU.within(0.5, 1e3) })?;
        Ok(Self { elliptical })
    }

    fn write(&self, keys: &mut Written) {
        self.elliptical.write(keys);
    }

    fn shapes(&self) -> Vec<&'static str> {
        self.elliptical.shapes()
    }

    fn features(&self) -> Vec<String> {
        vec![self.label(), format!("scatter-{}", self.elliptical.structure())]
    }

    fn detail(&self) -> String {
        self.elliptical.detail()
    }

    fn has_light_tails(&self) -> bool {
        false
    }

    fn draw<R: Rng + ?Sized>(&self, dims: (usize, usize), rng: &mut R) -> Self::Joint {
        let elliptical = self.elliptical.draw(dims, rng);
        let mut marginals = |dim| (0..dim).map(|_| Marginal::draw_function(rng)).collect();
        let (of_x, of_y) = (marginals(dims.0), marginals(dims.1));
        drawn(EllipticalCopula::new(elliptical, of_x, of_y))
    }
}
