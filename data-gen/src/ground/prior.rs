//! The interface of a prior: a distribution that the parameters of a family are drawn from.

use std::fmt::Debug;

use rand::Rng;

use super::{
    error::{ConfigError, ParameterError},
    joint::Joint,
    keys::{Keys, Written},
};

/// A distribution over the parameters of a family, with the keys of a `[[family]]` that describe it.
pub trait Prior: Clone + Debug + PartialEq + Sized {
    /// The distributions that it draws.
    type Joint: Joint;

    /// The value of the key `kind`.
    const KIND: &'static str;

    /// Reads the prior's own keys.
    ///
    /// # Errors
    /// A key that is missing or outside its domain.
    fn read(keys: &mut Keys) -> Result<Self, ConfigError>;

    /// Writes every key that [`Prior::read`] reads, defaults included.
    fn write(&self, keys: &mut Written);

    /// The names of the variants that a draw can be of; empty if there is only one.
    fn shapes(&self) -> Vec<&'static str> {
        Vec::new()
    }

    /// Start of the names of the family's variants, for example `normal-dense`.
    fn label(&self) -> String {
        match self.shapes()[..] {
            [one] => format!("{}-{one}", Self::KIND),
            _ => Self::KIND.to_owned(),
        }
    }

    /// An addition to the kind in messages, for example ` with dispersion `dense``.
    fn detail(&self) -> String {
        String::new()
    }

    /// The names of everything a draw can be made of, which the list of [held-out](crate::held_out) parts refers to.
    fn features(&self) -> Vec<String> {
        let shapes = self.shapes();
        if shapes.is_empty() {
            return vec![Self::KIND.to_owned()];
        }
        shapes.iter().map(|shape| format!("{}-{shape}", Self::KIND)).collect()
    }

    /// The dims of every draw, if the family does not take them from the configuration.
    fn fixed_dims(&self) -> Option<(usize, usize)> {
        None
    }

    /// Whether maps, mixing and warps may be applied to a draw. For columns with ties they are not.
    fn takes_transforms(&self) -> bool {
        !self.has_ties()
    }

    /// Whether several rows of a draw can have the same value in a column.
    fn has_ties(&self) -> bool {
        false
    }

    /// Whether the tails are so light that Φ maps no two values to the same floating-point number.
    fn has_light_tails(&self) -> bool {
        true
    }

    /// Default of the key `swap`, the probability that X and Y are exchanged.
    const SWAP: f64 = 0.0;

    /// Draws the parameters. `dims` are at least 1 each, or the fixed ones.
    fn draw<R: Rng + ?Sized>(&self, dims: (usize, usize), rng: &mut R) -> Self::Joint;
}

/// Unwraps what a constructor makes of drawn parameters. They are in its domain, because [`Keys::range`] has checked the
/// ranges by the same [`Domain`](super::domain::Domain) that the constructor checks by.
///
/// # Panics
/// If they are not: only a prior that was built by hand, not read from a configuration, can have such ranges.
#[track_caller]
pub fn drawn<T>(result: Result<T, ParameterError>) -> T {
    result.unwrap_or_else(|error| panic!("a prior with ranges outside of the domain: {error}"))
}
