//! Laws of whole numbers: rows and columns.

use rand::Rng;
use serde::{Deserialize, Serialize};

/// The shape of a law of whole numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IntLawKind {
    /// Every number in [min, max] equally likely.
    Uniform,
    /// ⌊exp(U(ln min, ln(max + 1)))⌋: P(k) ∝ ln(1 + 1/k).
    LogUniform,
}

/// A law of whole numbers on [min, max], min ≥ 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IntLaw {
    /// The shape.
    pub kind: IntLawKind,
    /// Smallest value.
    pub min: usize,
    /// Largest value.
    pub max: usize,
}

impl IntLaw {
    /// Always this number.
    #[must_use]
    pub fn always(number: usize) -> Self {
        Self { kind: IntLawKind::Uniform, min: number, max: number }
    }

    /// One number.
    pub fn draw<R: Rng + ?Sized>(&self, rng: &mut R) -> usize {
        match self.kind {
            IntLawKind::Uniform => rng.random_range(self.min..=self.max),
            IntLawKind::LogUniform => {
                let (low, high) = ((self.min as f64).ln(), ((self.max + 1) as f64).ln());
                let real = (low + (high - low) * rng.random::<f64>()).exp();
                (real as usize).clamp(self.min, self.max)
            }
        }
    }
}

/// A law of (`dim_x`, `dim_y`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DimsLaw {
    /// The law of each.
    pub law: IntLaw,
    /// Whether the two are equal; else independent.
    pub equal: bool,
}

impl DimsLaw {
    /// One pair.
    pub fn draw<R: Rng + ?Sized>(&self, rng: &mut R) -> (usize, usize) {
        let dim_x = self.law.draw(rng);
        let dim_y = if self.equal { dim_x } else { self.law.draw(rng) };
        (dim_x, dim_y)
    }
}
