//! Domains of parameters.

use std::fmt;

use super::error::ParameterError;

/// The numbers that a parameter may be. A family states it once, as a constant: its constructor checks by it, its prior
/// reads ranges inside of it, its documentation links to it, and errors print it.
///
/// ```
/// use mist_data_gen::ground::domain::Domain;
///
/// const RHO: Domain = Domain::below(0.0, 1.0);
/// assert_eq!(RHO.to_string(), "a number in [0, 1)");
/// assert!(RHO.check("rho", 1.0).is_err());
/// // What a prior may draw: checked when it is compiled.
/// const DRAWN: Domain = RHO.within(0.0, 0.9999);
/// assert_eq!(DRAWN.to_string(), "a number in [0, 0.9999]");
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Domain {
    least: f64,
    most: f64,
    /// Whether each end belongs to it.
    closed: (bool, bool),
    whole: bool,
}

impl Domain {
    /// (0, ∞).
    pub const POSITIVE: Self = Self::between(0.0, f64::INFINITY);

    /// [0, ∞).
    pub const NON_NEGATIVE: Self = Self::below(0.0, f64::INFINITY);

    /// (−∞, ∞).
    pub const FINITE: Self = Self::between(f64::NEG_INFINITY, f64::INFINITY);

    /// [0, 1].
    pub const PROBABILITY: Self = Self::closed(0.0, 1.0);

    /// [least, most].
    #[must_use]
    pub const fn closed(least: f64, most: f64) -> Self {
        Self { least, most, closed: (true, true), whole: false }
    }

    /// [least, most).
    #[must_use]
    pub const fn below(least: f64, most: f64) -> Self {
        Self { least, most, closed: (true, false), whole: false }
    }

    /// (least, most].
    #[must_use]
    pub const fn above(least: f64, most: f64) -> Self {
        Self { least, most, closed: (false, true), whole: false }
    }

    /// (least, most).
    #[must_use]
    pub const fn between(least: f64, most: f64) -> Self {
        Self { least, most, closed: (false, false), whole: false }
    }

    /// The whole numbers in [least, most].
    #[must_use]
    pub const fn whole(least: usize, most: usize) -> Self {
        Self { least: least as f64, most: most as f64, closed: (true, true), whole: true }
    }

    /// The whole numbers from `least` on.
    #[must_use]
    pub const fn whole_from(least: usize) -> Self {
        Self { least: least as f64, most: f64::INFINITY, closed: (true, false), whole: true }
    }

    /// The part in [least, most], which a prior may draw from.
    ///
    /// # Panics
    /// That is no part of the domain; in a constant, when it is compiled.
    #[must_use]
    pub const fn within(self, least: f64, most: f64) -> Self {
        assert!(least <= most && self.contains(least) && self.contains(most), "not a part of the domain");
        Self { least, most, closed: (true, true), whole: self.whole }
    }

    /// Whether a number belongs to it.
    #[must_use]
    pub const fn contains(&self, value: f64) -> bool {
        let above = value > self.least || (self.closed.0 && value == self.least);
        let below = value < self.most || (self.closed.1 && value == self.most);
        above && below && (!self.whole || value as u64 as f64 == value)
    }

    /// The value, if it belongs to the domain.
    ///
    /// # Errors
    /// It does not.
    pub fn check(&self, name: &'static str, value: f64) -> Result<f64, ParameterError> {
        if self.contains(value) { Ok(value) } else { Err(ParameterError::new(name, self, value)) }
    }

    /// Both ends.
    #[must_use]
    pub const fn ends(&self) -> (f64, f64) {
        (self.least, self.most)
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { least, most, closed: (from, to), whole } = *self;
        let what = if whole { "a whole number" } else { "a number" };
        match (least.is_finite(), most.is_finite()) {
            (true, true) => {
                write!(f, "{what} in {}{least}, {most}{}", if from { '[' } else { '(' }, if to { ']' } else { ')' })
            }
            (true, false) => {
                let what = if whole { what } else { "a finite number" };
                write!(f, "{what} {} {least}", if from { '≥' } else { '>' })
            }
            _ => f.write_str("a finite number"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_belong_to_it_or_not() {
        let ends = |domain: Domain| [-1.0, 0.0, 0.5, 1.0, f64::NAN, f64::INFINITY].map(|v| domain.contains(v));
        assert_eq!(ends(Domain::closed(0.0, 1.0)), [false, true, true, true, false, false]);
        assert_eq!(ends(Domain::below(0.0, 1.0)), [false, true, true, false, false, false]);
        assert_eq!(ends(Domain::above(0.0, 1.0)), [false, false, true, true, false, false]);
        assert_eq!(ends(Domain::POSITIVE), [false, false, true, true, false, false]);
        assert_eq!(ends(Domain::FINITE), [true, true, true, true, false, false]);
        assert_eq!(ends(Domain::whole(0, 3)), [false, true, false, true, false, false]);
    }

    #[test]
    fn messages() {
        for (domain, text) in [
            (Domain::between(-1.7, 1.7), "a number in (-1.7, 1.7)"),
            (Domain::NON_NEGATIVE, "a finite number ≥ 0"),
            (Domain::FINITE, "a finite number"),
            (Domain::whole(2, 6), "a whole number in [2, 6]"),
            (Domain::whole_from(1), "a whole number ≥ 1"),
        ] {
            assert_eq!(domain.to_string(), text);
        }
    }
}
