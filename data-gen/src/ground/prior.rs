//! What every family has: a prior that its parameters are drawn from.

use std::fmt::Debug;

use rand::Rng;

use super::{
    error::{ConfigError, ParameterError},
    joint::Joint,
    keys::{Keys, Written},
};

/// What the parameters of a family are drawn from: the keys of a `[[family]]` that are its own.
pub trait Prior: Clone + Debug + PartialEq + Sized {
    /// The family: what is drawn.
    type Joint: Joint;

    /// The value of the key `kind`.
    const KIND: &'static str;

    /// Reads the law's own keys.
    ///
    /// # Errors
    /// A key that is missing or outside its domain.
    fn read(keys: &mut Keys) -> Result<Self, ConfigError>;

    /// Writes every key that [`Prior::read`] reads, defaults included.
    fn write(&self, keys: &mut Written);

    /// The names of the structures that a draw may have, one of them each time; none where there is but one.
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

    /// What a message adds to the kind, for example ` with dispersion `dense``.
    fn detail(&self) -> String {
        String::new()
    }

    /// All that a draw may be made of, by name, for the list of what is [held out](crate::held_out).
    fn features(&self) -> Vec<String> {
        let shapes = self.shapes();
        if shapes.is_empty() {
            return vec![Self::KIND.to_owned()];
        }
        shapes.iter().map(|shape| format!("{}-{shape}", Self::KIND)).collect()
    }

    /// The dims that the family always has, if it takes none from the configuration.
    fn fixed_dims(&self) -> Option<(usize, usize)> {
        None
    }

    /// Whether maps, mixing and warps may follow: so for continuous columns, where they lead to something new.
    fn takes_transforms(&self) -> bool {
        !self.has_ties()
    }

    /// Whether rows of a draw may share values.
    fn has_ties(&self) -> bool {
        false
    }

    /// Whether Φ keeps the values apart in floating point: not in heavy tails.
    fn has_light_tails(&self) -> bool {
        true
    }

    /// Default of the key `swap`, the probability that X and Y are exchanged.
    const SWAP: f64 = 0.0;

    /// Draws the parameters, for dims of at least 1 (or the fixed ones).
    fn draw<R: Rng + ?Sized>(&self, dims: (usize, usize), rng: &mut R) -> Self::Joint;
}

/// What a prior drew: its ranges were read inside of the [`Domain`](super::domain::Domain) that the constructor checks by.
///
/// # Panics
/// If it is outside all the same, which ranges can only be that no configuration was the source of.
#[track_caller]
pub fn drawn<T>(result: Result<T, ParameterError>) -> T {
    result.unwrap_or_else(|error| panic!("a prior with ranges outside of the domain: {error}"))
}
