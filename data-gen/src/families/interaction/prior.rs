//! The prior of interactions.

use rand::Rng;
use serde::{Deserialize, Serialize};

use super::{coupling::Coupling, joint::Interaction};
use crate::ground::{
    domain::Domain,
    draw::{even_mi, log_uniform, uniform},
    error::ConfigError,
    information::correlation_of,
    keys::{Keys, Range, Written},
    prior::{Prior, drawn},
};

/// The kinds of [`Coupling`], for configurations. With ρ = √(1 − exp(−2s/K)) of a strength s nats and K couplings:
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// [`Coupling::Sign`], e = (1 − ρ)/2, m ~ U{2..4} as far as X has columns (m = 1 if it has one).
    Sign,
    /// [`Coupling::Xor`], likewise.
    Xor,
    /// [`Coupling::Product`], σ = √(ρ⁻² − 1).
    Product,
    /// [`Coupling::Radial`], s and t ~ U(0.2, 1), K = 1.
    Radial,
    /// [`Coupling::Angle`], κ = ρ²/(1 − ρ²) up to 1000, m ~ U{1..3}. Held out of training.
    Angle,
    /// [`Coupling::Suppressor`], b log-uniform in [1, 10], l = 0 or log-uniform in [0.05, 0.5], equally likely, K = 1.
    #[serde(rename = "rotor")]
    Suppressor,
}

impl Shape {
    /// All shapes.
    pub const ALL: [Self; 6] = [Self::Sign, Self::Xor, Self::Product, Self::Radial, Self::Angle, Self::Suppressor];

    /// All but the one [held out](crate::held_out).
    pub const TRAINED: [Self; 5] = [Self::Sign, Self::Xor, Self::Product, Self::Radial, Self::Suppressor];

    /// The name, as in configurations.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sign => "sign",
            Self::Xor => "xor",
            Self::Product => "product",
            Self::Radial => "radial",
            Self::Angle => "angle",
            Self::Suppressor => "rotor",
        }
    }

    /// Draws K ~ U{1 .. as many as fit} and the parameters.
    fn draw<R: Rng + ?Sized>(self, strength: f64, dims: (usize, usize), rng: &mut R) -> (Coupling, usize) {
        let factors = rng.random_range(2.min(dims.0)..=4.min(dims.0));
        let couplings = match self {
            Self::Sign | Self::Xor => rng.random_range(1..=dims.1.min(dims.0 / factors)),
            Self::Product => rng.random_range(1..=dims.1.min((dims.0 / 2).max(1))),
            Self::Angle => rng.random_range(1..=(dims.0 / 2).min(dims.1 / 2).max(1)),
            Self::Radial | Self::Suppressor => 1,
        };
        let rho = correlation_of(strength / couplings as f64);
        let coupling = match self {
            Self::Sign => Coupling::Sign { factors, flip: 0.5 * (1.0 - rho) },
            Self::Xor => Coupling::Xor { factors, flip: 0.5 * (1.0 - rho) },
            Self::Product => Coupling::Product { noise_sd: (rho.powi(-2) - 1.0).sqrt().clamp(0.005, 100.0) },
            Self::Radial => Coupling::Radial { rho, spread: (uniform(&[0.2, 1.0], rng), uniform(&[0.2, 1.0], rng)) },
            Self::Angle => Coupling::Angle {
                harmonic: rng.random_range(1..=3),
                kappa: (rho * rho / (1.0 - rho * rho)).min(1000.0),
            },
            Self::Suppressor => {
                let leak = if rng.random() { 0.0 } else { log_uniform(&[0.05, 0.5], rng) };
                Coupling::Suppressor { rho, noise_sd: log_uniform(&[1.0, 10.0], rng), leak }
            }
        };
        (coupling, couplings)
    }
}

/// The prior of couplings that no pair of columns shows.
#[derive(Debug, Clone, PartialEq)]
pub struct InteractionPrior {
    /// The shapes, equally likely. With `xor` among them no transforms may follow.
    pub shapes: Vec<Shape>,
    /// Range of the strength in nats, ln(1 + s) uniform: the MI of radial couplings and of suppressors without leak, close
    /// to it for angles, less for products, and at most ln 2 a coupling for signs.
    pub strength: Range,
}

impl Prior for InteractionPrior {
    type Joint = Interaction;

    const KIND: &'static str = "interaction";

    const SWAP: f64 = 0.5;

    fn read(keys: &mut Keys) -> Result<Self, ConfigError> {
        Ok(Self {
            shapes: keys.some_of("shapes", "shape", &Shape::ALL, Shape::TRAINED.to_vec())?,
            strength: keys.range("strength", [0.01, 3.0], Domain::closed(0.001, 5.0))?,
        })
    }

    fn write(&self, keys: &mut Written) {
        keys.set("shapes", &self.shapes).set("strength", self.strength);
    }

    fn shapes(&self) -> Vec<&'static str> {
        self.shapes.iter().map(|shape| shape.as_str()).collect()
    }

    fn has_ties(&self) -> bool {
        self.shapes.contains(&Shape::Xor)
    }

    fn has_light_tails(&self) -> bool {
        !self.shapes.iter().any(|shape| matches!(shape, Shape::Product | Shape::Radial))
    }

    fn draw<R: Rng + ?Sized>(&self, dims: (usize, usize), rng: &mut R) -> Self::Joint {
        let strength = even_mi(&self.strength, rng);
        let shape = self.shapes[rng.random_range(0..self.shapes.len())];
        let (coupling, couplings) = shape.draw(strength, dims, rng);
        drawn(Interaction::new(coupling, couplings, dims))
    }
}
