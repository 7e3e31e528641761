//! The prior of mixtures of normals with any covariances.

use nalgebra::{DMatrix, DVector};
use rand::Rng;
use rand_distr::StandardNormal;

use super::{component::Component, joint::NormalMixture};
use crate::ground::{
    domain::Domain,
    draw::{log_uniform, uniform},
    error::ConfigError,
    keys::{Keys, Written},
    orthogonal::haar,
    prior::{Prior, drawn},
};

/// Columns of a side that carry structure, at most.
const MOST_COLUMNS: usize = 16;

/// The prior of a mixture of normals: 2 to `components` of them (log-uniform) with centres 0.5 to 12 apart in all and covariances of
/// their own, of which a part is shared, and of which a part does not reach from X to Y.
#[derive(Debug, Clone, PartialEq)]
pub struct NormalMixturePrior {
    /// Components at most.
    pub components: usize,
}

impl Prior for NormalMixturePrior {
    type Joint = NormalMixture;

    const KIND: &'static str = "normal_mixture";

    const SWAP: f64 = 0.5;

    fn read(keys: &mut Keys) -> Result<Self, ConfigError> {
        Ok(Self { components: keys.whole("components", 12, Domain::whole(2, 64))? })
    }

    fn write(&self, keys: &mut Written) {
        keys.set("components", self.components);
    }

    fn draw<R: Rng + ?Sized>(&self, dims: (usize, usize), rng: &mut R) -> NormalMixture {
        let (in_x, in_y) = (dims.0.min(MOST_COLUMNS), dims.1.min(MOST_COLUMNS));
        let dim = in_x + in_y;
        let count = log_uniform(&[2.0, self.components as f64 + 1.0], rng).floor() as usize;
        let apart = log_uniform(&[0.5, 12.0], rng) / (dim as f64).sqrt();
        let steepness = log_uniform(&[0.2, 4.0], rng);
        let (own, across) = (rng.random::<f64>(), rng.random::<f64>());
        let shared = covariance(dim, steepness, rng);
        let mut components: Vec<(f64, DVector<f64>, DMatrix<f64>)> = (0..count.min(self.components))
            .map(|_| {
                let mut matrix = covariance(dim, steepness, rng) * own + &shared * (1.0 - own);
                // A mean of the matrix and of its two blocks is positive definite as they are.
                matrix.view_range_mut(..in_x, in_x..).scale_mut(across);
                matrix.view_range_mut(in_x.., ..in_x).scale_mut(across);
                matrix *= log_uniform(&[0.3, 1.7], rng);
                let centre = DVector::from_fn(dim, |_, _| apart * rng.sample::<f64, _>(StandardNormal));
                (uniform(&[0.2, 1.0], rng), centre, matrix)
            })
            .collect();
        standardise(&mut components);
        let normals = components.into_iter().map(|(w, mean, matrix)| drawn(Component::new(w, mean, matrix, in_x)));
        drawn(NormalMixture::new(normals.collect(), dims, rng))
    }
}

/// Q diag(exp(−c u)) Qᵀ with Q from the Haar measure and every u ~ U(0, 1).
fn covariance<R: Rng + ?Sized>(dim: usize, steepness: f64, rng: &mut R) -> DMatrix<f64> {
    let directions = haar(dim, rng);
    let mut scaled = directions.clone();
    for mut column in scaled.column_iter_mut() {
        column *= (-steepness * rng.random::<f64>()).exp();
    }
    let matrix = scaled * directions.transpose();
    // Rounding would leave it a little asymmetric.
    (&matrix + matrix.transpose()) * 0.5
}

/// Shifts and scales every column to mean 0 and variance 1 over all components.
fn standardise(components: &mut [(f64, DVector<f64>, DMatrix<f64>)]) {
    let whole: f64 = components.iter().map(|(weight, ..)| weight).sum();
    let dim = components[0].1.len();
    let (mut means, mut squares) = (DVector::zeros(dim), DVector::zeros(dim));
    for (weight, mean, matrix) in components.iter() {
        means += mean * (weight / whole);
        squares += (mean.component_mul(mean) + matrix.diagonal()) * (weight / whole);
    }
    let sd = (squares - means.component_mul(&means)).map(f64::sqrt);
    for (_, mean, matrix) in components {
        *mean = (&*mean - &means).component_div(&sd);
        for (mut column, of_column) in matrix.column_iter_mut().zip(sd.iter()) {
            column.iter_mut().zip(sd.iter()).for_each(|(v, of_row)| *v /= of_row * of_column);
        }
    }
}
