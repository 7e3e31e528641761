//! Mutual information on a scale from 0 to 1.

use crate::bound::Entropy;
use crate::{Estimate, EstimateError, Interval};
use serde::Serialize;

/// Which scale from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    /// The informational coefficient of correlation √(1 − e^(−2 I)) (Linfoot 1957): of a normal pair it is the absolute
    /// correlation. For continuous sides.
    InformationalCorrelation,
    /// I / H, where H is the entropy of the discrete side, the smaller one if both are: the share of what can be known of
    /// it. 1 if one side determines the other. A side counts as discrete if its entropy is below that of 20 equally frequent
    /// values: what has more is numbers that were rounded, whose entropy says how finely.
    EntropyShare,
}

impl Scale {
    /// Its name in output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InformationalCorrelation => "informational_correlation",
            Self::EntropyShare => "entropy_share",
        }
    }
}

/// An answer on a scale from 0 to 1, with its interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Normalised {
    /// Which scale.
    pub scale: Scale,
    /// The point estimate.
    pub value: f64,
    /// Lower end of the interval.
    pub lower: f64,
    /// Upper end of the interval.
    pub upper: f64,
}

/// Equally frequent values from whose entropy on a side no longer counts as discrete, but as numbers that were rounded.
const DISCRETE: f64 = 20.0;

/// The entropy that answers are shares of: the smallest of those of discrete sides.
pub(crate) fn share_of(entropies: &[Entropy]) -> Option<f64> {
    let discrete = |e: &&Entropy| e.categories || e.at(0.0) < DISCRETE.ln();
    entropies.iter().filter(discrete).map(|e| e.at(0.0)).reduce(f64::min)
}

/// √(1 − e^(−2 I)) of I in nats.
///
/// ```
/// let rho: f64 = 0.6;
/// let mi_nats = -0.5 * (1.0 - rho * rho).ln();
/// assert!((mist_infer::informational_correlation(mi_nats) - rho).abs() < 1e-12);
/// ```
pub fn informational_correlation(mi_nats: f64) -> f64 {
    (-(-2.0 * mi_nats).exp_m1()).max(0.0).sqrt()
}

impl Estimate {
    /// The answer on a scale from 0 to 1, with the central interval of probability `level`: the share of the entropy if a side
    /// is discrete, the informational coefficient of correlation otherwise.
    ///
    /// The entropy is itself an estimate, of which the upper end of the interval may lie above; a share is at most 1.
    ///
    /// # Errors
    /// As [`Estimate::interval`].
    pub fn normalised(&self, level: f64) -> Result<Normalised, EstimateError> {
        let Interval { lower, upper, .. } = self.interval(level)?;
        let on_scale = |mi: f64| match self.entropy_nats {
            Some(entropy) => (mi / entropy).min(1.0),
            None => informational_correlation(mi),
        };
        let discrete = self.entropy_nats.is_some();
        let scale = if discrete { Scale::EntropyShare } else { Scale::InformationalCorrelation };
        Ok(Normalised { scale, value: on_scale(self.mi_nats()), lower: on_scale(lower), upper: on_scale(upper) })
    }
}
