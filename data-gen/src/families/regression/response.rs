//! What is observed of a signal.

use crate::ground::{
    domain::Domain,
    error::ParameterError,
    normal::{normal_cdf, normal_density},
    quadrature::{STEPS_PER_SD, normals::Normals},
};

/// Largest noise, and softness.
const MOST_NOISE: f64 = 100.0;

/// A response to a signal t of zero mean and unit variance, or to one for each of its values.
#[derive(Debug, Clone, PartialEq)]
pub enum Response {
    /// t + normal noise.
    Number {
        /// Its standard deviation in [`Response::NOISE_SD`].
        noise_sd: f64,
    },
    /// A category 0, 1, …: ordinal logistic regression, P(c or less) = 1/(1 + exp((t − b_c)/s)).
    Class {
        /// The b_c, increasing, one less than there are categories.
        cuts: Vec<f64>,
        /// s in [`Response::SOFTNESS`].
        softness: f64,
    },
    /// A category 0, 1, … without an order, each with a signal of its own: multinomial logistic regression, P(c) ∝ exp((t_c + b_c)/s).
    Choice {
        /// The b_c, one for each category, of which there are at least two.
        offsets: Vec<f64>,
        /// s in [`Response::SOFTNESS`].
        softness: f64,
    },
}

impl Response {
    /// Domain of the standard deviation of the noise.
    pub const NOISE_SD: Domain = Domain::closed(0.02, MOST_NOISE);

    /// Domain of the softness of classes.
    pub const SOFTNESS: Domain = Domain::closed(0.01, MOST_NOISE);

    /// The same with as much noise as there may be; of ordered categories that cut a normal signal, with their probabilities.
    pub(super) fn faint(self) -> Self {
        let logit = |cut: f64| normal_cdf(cut).ln() - normal_cdf(-cut).ln();
        let scaled = |of: fn(f64) -> f64, values: Vec<f64>| values.into_iter().map(|v| MOST_NOISE * of(v)).collect();
        match self {
            Self::Number { .. } => Self::Number { noise_sd: MOST_NOISE },
            Self::Class { cuts, .. } => Self::Class { cuts: scaled(logit, cuts), softness: MOST_NOISE },
            Self::Choice { offsets, .. } => Self::Choice { offsets: scaled(|b| b, offsets), softness: MOST_NOISE },
        }
    }

    pub(super) fn check(&self) -> Result<(), ParameterError> {
        match self {
            Self::Number { noise_sd } => Self::NOISE_SD.check("noise_sd", *noise_sd).map(drop),
            Self::Class { cuts, softness } => {
                Self::SOFTNESS.check("softness", *softness)?;
                let increasing = cuts.windows(2).all(|pair| pair[0] < pair[1]);
                if cuts.is_empty() || !increasing || cuts.iter().any(|cut| !cut.is_finite()) {
                    return Err(ParameterError::new(
                        "cuts",
                        "at least one, finite and increasing",
                        format!("{cuts:?}"),
                    ));
                }
                Ok(())
            }
            Self::Choice { offsets, softness } => {
                Self::SOFTNESS.check("softness", *softness)?;
                if offsets.len() < 2 || offsets.iter().any(|offset| !offset.is_finite()) {
                    return Err(ParameterError::new("offsets", "at least two, finite", format!("{offsets:?}")));
                }
                Ok(())
            }
        }
    }

    /// How many signals it is a response to.
    pub(super) fn signals(&self) -> usize {
        match self {
            Self::Number { .. } | Self::Class { .. } => 1,
            Self::Choice { offsets, .. } => offsets.len(),
        }
    }

    /// How many categories it has; 0 for a number.
    pub(super) fn categories(&self) -> usize {
        match self {
            Self::Number { .. } => 0,
            Self::Class { cuts, .. } => cuts.len() + 1,
            Self::Choice { offsets, .. } => offsets.len(),
        }
    }

    /// The probabilities of the categories for the signals of a row, in the order of their codes; none of a number.
    pub(super) fn probabilities(&self, signals: &[f64], into: &mut Vec<f64>) {
        into.clear();
        match self {
            Self::Number { .. } => {}
            Self::Class { cuts, softness } => ordered(cuts, *softness, signals[0], into),
            Self::Choice { offsets, softness } => {
                into.extend(signals.iter().zip(offsets).map(|(t, offset)| (t + offset) / softness));
                let most = into.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                into.iter_mut().for_each(|p| *p = (*p - most).exp());
                let sum: f64 = into.iter().sum();
                into.iter_mut().for_each(|p| *p /= sum);
            }
        }
    }
}

/// The probabilities of ordered categories.
fn ordered(cuts: &[f64], softness: f64, t: f64, into: &mut Vec<f64>) {
    // P(at most c) and P(more than c), each without loss where it is small.
    let (mut last, mut last_above) = (0.0, 1.0);
    for cut in cuts {
        let z = (t - cut) / softness;
        let e = (-z.abs()).exp();
        let (small, large) = (e / (1.0 + e), 1.0 / (1.0 + e));
        let (below, above) = if z > 0.0 { (small, large) } else { (large, small) };
        // Of cuts that are nearly the same, rounding may leave less than nothing.
        into.push(if below < 0.5 { below - last } else { last_above - above }.max(0.0));
        (last, last_above) = (below, above);
    }
    into.push(last_above);
}

/// What the signals that a response can have make of it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Observed {
    pub(super) mi_nats: f64,
    /// The probabilities of the categories; none of a number.
    pub(super) classes: Vec<f64>,
}

impl Observed {
    /// Over rows that are equally likely, with the signals of each.
    pub(super) fn new(response: &Response, signals: &[f64]) -> Self {
        match response {
            Response::Number { noise_sd } => {
                let of_y = density(signals, *noise_sd, STEPS_PER_SD).entropy();
                let of_noise = 0.5 * (2.0 * std::f64::consts::PI * std::f64::consts::E).ln() + noise_sd.ln();
                Self { mi_nats: (of_y - of_noise).max(0.0), classes: Vec::new() }
            }
            Response::Class { .. } | Response::Choice { .. } => {
                let rows = signals.chunks_exact(response.signals());
                let share = 1.0 / rows.len() as f64;
                let mut classes = vec![0.0; response.categories()];
                let mut given = Vec::with_capacity(classes.len());
                let mut known = 0.0;
                for row in rows {
                    response.probabilities(row, &mut given);
                    classes.iter_mut().zip(&given).for_each(|(whole, p)| *whole += share * p);
                    known += share * entropy(&given);
                }
                Self { mi_nats: (entropy(&classes) - known).max(0.0), classes }
            }
        }
    }
}

/// −Σ p ln p.
fn entropy(probabilities: &[f64]) -> f64 {
    -probabilities.iter().filter(|p| **p > 0.0).map(|p| p * p.ln()).sum::<f64>()
}

fn density(signals: &[f64], noise_sd: f64, steps_per_sd: f64) -> Normals {
    let mass = 1.0 / signals.len() as f64;
    let nodes: Vec<(f64, f64)> = signals.iter().map(|&t| (t, mass)).collect();
    Normals::new(&nodes, noise_sd, steps_per_sd)
}

/// ln p(y | t) − ln p(y) of a number, as a function of t and y.
///
/// p(y) is a mean over the signals and an N(0, 9 (1 + σ²)) that counts as much as one of them, so that a row whose signal lies
/// outside of all others has a finite value.
pub(super) fn pointwise_of_number(signals: &[f64], noise_sd: f64) -> impl Fn(f64, f64) -> f64 {
    let width = 3.0 * (1.0 + noise_sd * noise_sd).sqrt();
    let of_y = density(signals, noise_sd, 2.0 * STEPS_PER_SD)
        .ln_density(1.0 / signals.len() as f64, move |y| normal_density(y / width) / width);
    let ln_unit = -(noise_sd.ln() + 0.5 * (2.0 * std::f64::consts::PI).ln());
    move |t: f64, y: f64| {
        let z = (y - t) / noise_sd;
        ln_unit - 0.5 * z * z - of_y(y)
    }
}
