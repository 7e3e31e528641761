//! A sheet rolled up: one coordinate that takes two columns to write down.

use nalgebra::DMatrix;
use rand::Rng;

use crate::ground::{
    draw::uniform,
    elliptical::{Elliptical, dispersion::Dispersion},
    error::{ConfigError, ParameterError},
    joint::Joint,
    keys::{Keys, Range, Written},
    normal::{normal_cdf, normal_quantile},
    prior::{Prior, drawn},
    sample::Sample,
};

/// (U, V) = (Φ(A), Φ(B)) with (A, B) normal of correlation ρ; X = (t cos t, t sin t)/21 with t = 3π/2 (1 + 2U), and
/// Y = V.
///
/// X is an injective function of U, so I(X; Y) = −½ ln(1 − ρ²).
///
/// # Domain
/// ρ in [`Dispersion::RHO`].
///
/// # Source
/// Czyż et al., "Beyond Normal" (NeurIPS 2023), the embedding `swissroll_x`.
///
/// ```
/// use mist_data_gen::families::{Joint, swissroll::SwissRoll};
///
/// let roll = SwissRoll::new(0.75)?;
/// assert_eq!(roll.dims(), (2, 1));
/// assert!((roll.mi_nats() - 0.413_339_286_592_233_96).abs() < 1e-15);
/// # Ok::<(), mist_data_gen::ParameterError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct SwissRoll {
    flat: Elliptical,
}

impl SwissRoll {
    /// With normal correlation `rho` between the unrolled coordinate and Y.
    ///
    /// # Errors
    /// ρ is outside its domain.
    pub fn new(rho: f64) -> Result<Self, ParameterError> {
        Ok(Self { flat: Elliptical::normal(Dispersion::dense(1, 1, rho)?) })
    }
}

impl Joint for SwissRoll {
    fn dims(&self) -> (usize, usize) {
        (2, 1)
    }

    fn mi_nats(&self) -> f64 {
        self.flat.mi_nats()
    }

    fn sample<R: Rng + ?Sized>(&self, n: usize, rng: &mut R) -> Sample {
        let Sample { x, mut y } = self.flat.sample(n, rng);
        y.apply(|v| *v = normal_cdf(*v));
        let x = DMatrix::from_fn(n, 2, |row, column| {
            let t = 1.5 * std::f64::consts::PI * (1.0 + 2.0 * normal_cdf(x[(row, 0)]));
            t * (if column == 0 { t.cos() } else { t.sin() }) / 21.0
        });
        Sample { x, y }
    }

    fn pointwise_mi(&self, sample: &Sample) -> Vec<f64> {
        // U of the distance from the middle of the roll; an end that rounding may reach would have no score.
        let score = |p: f64| normal_quantile(p.clamp(0.25 * f64::EPSILON, 1.0 - 0.5 * f64::EPSILON));
        let (first, second) = (sample.x.column(0), sample.x.column(1));
        let rows = first.iter().zip(second.iter());
        let of_x = rows.map(|(a, b)| score(0.5 * (21.0 * a.hypot(*b) / (1.5 * std::f64::consts::PI) - 1.0)));
        let x = DMatrix::from_iterator(sample.x.nrows(), 1, of_x);
        let y = sample.y.map(score);
        self.flat.pointwise_mi(&Sample { x, y })
    }
}

/// The prior of a swiss roll.
#[derive(Debug, Clone, PartialEq)]
pub struct SwissRollPrior {
    /// Range of ρ.
    pub rho: Range,
}

impl Prior for SwissRollPrior {
    type Joint = SwissRoll;

    const KIND: &'static str = "swissroll";

    fn read(keys: &mut Keys) -> Result<Self, ConfigError> {
        Ok(Self { rho: keys.range("rho", [0.0, 0.99], const { Dispersion::RHO.within(0.0, 0.9999) })? })
    }

    fn write(&self, keys: &mut Written) {
        keys.set("rho", self.rho);
    }

    fn fixed_dims(&self) -> Option<(usize, usize)> {
        Some((2, 1))
    }

    fn takes_transforms(&self) -> bool {
        false
    }

    fn draw<R: Rng + ?Sized>(&self, _: (usize, usize), rng: &mut R) -> Self::Joint {
        drawn(SwissRoll::new(uniform(&self.rho, rng)))
    }
}
