//! The interface of a family: a joint distribution with known MI.

use rand::Rng;

use super::sample::Sample;

/// A joint distribution of (X, Y) with known MI.
pub trait Joint {
    /// Columns of X and of Y.
    fn dims(&self) -> (usize, usize);

    /// The mutual information in nats.
    fn mi_nats(&self) -> f64;

    /// The standard error of [`Joint::mi_nats`] where that is a Monte-Carlo mean; else 0.
    fn mi_standard_error(&self) -> f64 {
        0.0
    }

    /// Which columns of X, and which of Y, are categories: codes of which only equality counts.
    fn categories(&self) -> (Vec<bool>, Vec<bool>) {
        let (dim_x, dim_y) = self.dims();
        (vec![false; dim_x], vec![false; dim_y])
    }

    /// n rows.
    fn sample<R: Rng + ?Sized>(&self, n: usize, rng: &mut R) -> Sample;

    /// The pointwise mutual information ln p(x, y) − ln p(x) − ln p(y) of every row of a sample that this distribution
    /// drew, in nats; the densities are taken with respect to the product of the measures that the sides have, so that
    /// it is a log-ratio of probabilities where both are discrete. Its expectation is [`Joint::mi_nats`].
    fn pointwise_mi(&self, sample: &Sample) -> Vec<f64>;
}
