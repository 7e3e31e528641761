//! Several readings of one number: what a population of neurons counts of a stimulus, or sensors show of a state.

use libm::exp;
use nalgebra::DMatrix;
use rand::Rng;
use rand_distr::{Bernoulli, Distribution, Poisson, StandardNormal};
use serde::{Deserialize, Serialize};

use crate::ground::{
    domain::Domain,
    draw::{log_uniform, uniform},
    error::{ConfigError, ParameterError},
    joint::Joint,
    keys::{Keys, Written},
    prior::Prior,
    sample::Sample,
};

/// Points that stand for the distribution of X.
const NODES: usize = 256;
/// Most columns that the prior has read X.
const MOST_READ: usize = 12;
/// Draws that the MI is a mean over.
const DRAWS: usize = 8_192;

/// How much a reading responds to x in (0, 1), from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Tuning {
    /// exp(κ (cos 2π(x − c) − 1)): x is an angle.
    Round {
        /// c.
        centre: f64,
        /// κ.
        sharpness: f64,
    },
    /// exp(−κ (2π(x − c))²/2): as sharp at its centre.
    Bump {
        /// c.
        centre: f64,
        /// κ.
        sharpness: f64,
    },
    /// 1/(1 + exp(−s (x − c))).
    Slope {
        /// c.
        centre: f64,
        /// s, negative where it falls.
        steepness: f64,
    },
}

impl Tuning {
    fn at(self, x: f64) -> f64 {
        let turn = std::f64::consts::TAU;
        match self {
            Self::Round { centre, sharpness } => exp(sharpness * ((turn * (x - centre)).cos() - 1.0)),
            Self::Bump { centre, sharpness } => exp(-0.5 * sharpness * (turn * (x - centre)).powi(2)),
            Self::Slope { centre, steepness } => 1.0 / (1.0 + exp(-steepness * (x - centre))),
        }
    }
}

/// What is read where the tuning is t.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Reading {
    /// A count, Poisson(b + g t).
    Count {
        /// b > 0.
        base: f64,
        /// g ≥ 0.
        gain: f64,
    },
    /// A number, N(g t, 1).
    Number {
        /// g.
        gain: f64,
    },
    /// 1 with probability l + (h − l) t, else 0.
    Bit {
        /// l in (0, 1).
        low: f64,
        /// h in (0, 1).
        high: f64,
    },
}

impl Reading {
    fn check(self) -> Result<(), ParameterError> {
        match self {
            Self::Count { base, gain } => {
                Domain::closed(1e-6, 1e4).check("base", base)?;
                Domain::closed(0.0, 1e4).check("gain", gain).map(drop)
            }
            Self::Number { gain } => Domain::closed(-1e3, 1e3).check("gain", gain).map(drop),
            Self::Bit { low, high } => {
                Domain::between(0.0, 1.0).check("low", low)?;
                Domain::between(0.0, 1.0).check("high", high).map(drop)
            }
        }
    }

    fn draw<R: Rng + ?Sized>(self, t: f64, rng: &mut R) -> f64 {
        match self {
            Self::Count { base, gain } => Poisson::new(base + gain * t).expect("rates are > 0").sample(rng),
            Self::Number { gain } => gain * t + rng.sample::<f64, _>(StandardNormal),
            Self::Bit { low, high } => {
                f64::from(u8::from(Bernoulli::new(low + (high - low) * t).expect("a probability").sample(rng)))
            }
        }
    }

    /// ln p(y | t), less what does not depend on t, as a y + b: (a, b).
    fn ln_density(self, t: f64) -> (f64, f64) {
        match self {
            Self::Count { base, gain } => {
                let rate = base + gain * t;
                (rate.ln(), -rate)
            }
            Self::Number { gain } => (gain * t, -0.5 * (gain * t).powi(2)),
            Self::Bit { low, high } => {
                let p = low + (high - low) * t;
                (p.ln() - (-p).ln_1p(), (-p).ln_1p())
            }
        }
    }
}

/// `X_1` ~ U(0, 1), and each of the first columns of Y a [`Reading`] of it by a [`Tuning`] of its own, given `X_1` independent of the others.
/// Further columns of X are U(0, 1); further columns of Y are readings of a number of their own, independent of all else, tuned as the first is.
///
/// I(X; Y) = E[ln p(y | x) − ln p(y)], p(y) a mean over 256 points x, is a mean over 8,192 draws, one x from each of as many parts of (0, 1).
///
/// # Domain
/// At most [`Readings::MOST_NATS`]: where the readings tell more, 256 points are too few.
///
/// # Source
/// Dayan and Abbott, "Theoretical Neuroscience" (2001), chapters 1 and 3, for the tuning of neurons and what a population of them tells.
///
/// # Limits
/// The MI has the standard error that [`Joint::mi_standard_error`] says, some 0.01 nats.
///
/// ```
/// use mist_data_gen::{Joint, Seeds, Split, families::readings::{Reading, Readings, Tuning}};
///
/// let tuning = Tuning::Slope { centre: 0.5, steepness: 1e9 };
/// let sure = (tuning, Reading::Bit { low: 1e-9, high: 1.0 - 1e-9 });
/// let joint = Readings::new(vec![sure], (1, 1), &mut Seeds { root: 0 }.rng(Split::Scratch, 0))?;
/// assert!((joint.mi_nats() - 2.0_f64.ln()).abs() < 1e-6);
/// # Ok::<(), mist_data_gen::ParameterError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Readings {
    dims: (usize, usize),
    readings: Vec<(Tuning, Reading)>,
    /// For each reading, its [`Reading::ln_density`] at each point.
    nodes: Vec<Vec<(f64, f64)>>,
    mi_nats: f64,
    standard_error: f64,
}

impl Readings {
    /// The largest MI.
    pub const MOST_NATS: f64 = 3.5;

    /// With these columns of X and Y; `rng` is for the draws that the MI is a mean over.
    ///
    /// # Errors
    /// No reading, more than columns of Y, or a parameter outside its domain.
    pub fn new<R: Rng + ?Sized>(
        readings: Vec<(Tuning, Reading)>,
        dims: (usize, usize),
        rng: &mut R,
    ) -> Result<Self, ParameterError> {
        if dims.0 == 0 || readings.is_empty() || readings.len() > dims.1 {
            let got = format!("{} in {} + {} columns", readings.len(), dims.0, dims.1);
            return Err(ParameterError::new("readings", "at least one, a column of Y for each, and one of X", got));
        }
        for (tuning, reading) in &readings {
            let numbers = match *tuning {
                Tuning::Round { centre, sharpness } | Tuning::Bump { centre, sharpness } => {
                    Domain::closed(0.0, 1e6).check("sharpness", sharpness)?;
                    [centre, sharpness]
                }
                Tuning::Slope { centre, steepness } => [centre, steepness],
            };
            if numbers.iter().any(|v| !v.is_finite()) {
                return Err(ParameterError::new("tuning", "finite parameters", format!("{tuning:?}")));
            }
            reading.check()?;
        }
        let points = || (0..NODES).map(|k| (k as f64 + 0.5) / NODES as f64);
        let nodes =
            readings.iter().map(|(tuning, reading)| points().map(|x| reading.ln_density(tuning.at(x))).collect());
        let mut joint = Self { dims, nodes: nodes.collect(), readings, mi_nats: 0.0, standard_error: 0.0 };
        let mut row = vec![0.0; joint.readings.len()];
        let mut ln_masses = vec![0.0; NODES];
        let (mut sum, mut squares) = (0.0, 0.0);
        for part in 0..DRAWS {
            let x = (part as f64 + rng.random::<f64>()) / DRAWS as f64;
            joint.readings.iter().zip(&mut row).for_each(|((tuning, reading), y)| *y = reading.draw(tuning.at(x), rng));
            let told = joint.told(x, &row, &mut ln_masses);
            (sum, squares) = (sum + told, squares + told * told);
        }
        let mean = sum / DRAWS as f64;
        joint.mi_nats = mean.max(0.0);
        joint.standard_error = ((squares / DRAWS as f64 - mean * mean).max(0.0) / DRAWS as f64).sqrt();
        if joint.mi_nats > Self::MOST_NATS {
            return Err(ParameterError::new("mutual information", format!("at most {} nats", Self::MOST_NATS), mean));
        }
        Ok(joint)
    }

    /// The readings.
    #[must_use]
    pub fn readings(&self) -> &[(Tuning, Reading)] {
        &self.readings
    }

    /// ln p(y | x) − ln p(y) of the readings of a row.
    fn told(&self, x: f64, row: &[f64], ln_masses: &mut [f64]) -> f64 {
        let mut own = 0.0;
        ln_masses.fill(0.0);
        for (((tuning, reading), nodes), y) in self.readings.iter().zip(&self.nodes).zip(row) {
            let (a, b) = reading.ln_density(tuning.at(x));
            own += a * y + b;
            ln_masses.iter_mut().zip(nodes).for_each(|(sum, (a, b))| *sum += a * y + b);
        }
        let most = ln_masses.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = ln_masses.iter().map(|v| exp(v - most)).sum();
        own - most - (sum / NODES as f64).ln()
    }
}

impl Joint for Readings {
    fn dims(&self) -> (usize, usize) {
        self.dims
    }

    fn mi_nats(&self) -> f64 {
        self.mi_nats
    }

    fn mi_standard_error(&self) -> f64 {
        self.standard_error
    }

    fn sample<R: Rng + ?Sized>(&self, n: usize, rng: &mut R) -> Sample {
        let x = DMatrix::from_fn(n, self.dims.0, |_, _| rng.random::<f64>());
        let y = DMatrix::from_fn(n, self.dims.1, |i, j| {
            let (tuning, reading) = self.readings[if j < self.readings.len() { j } else { 0 }];
            let of = if j < self.readings.len() { x[(i, 0)] } else { rng.random() };
            reading.draw(tuning.at(of), rng)
        });
        Sample { x, y }
    }

    fn pointwise_mi(&self, sample: &Sample) -> Vec<f64> {
        let mut ln_masses = vec![0.0; NODES];
        let mut row = vec![0.0; self.readings.len()];
        (0..sample.x.nrows())
            .map(|i| {
                row.iter_mut().enumerate().for_each(|(j, y)| *y = sample.y[(i, j)]);
                self.told(sample.x[(i, 0)], &row, &mut ln_masses)
            })
            .collect()
    }
}

/// The kinds of [`Reading`], for configurations, with what is drawn of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReadingKind {
    /// [`Reading::Count`]: b log-uniform in 0.05 to 3, g in 0.5 to 20.
    Count,
    /// [`Reading::Number`]: g log-uniform in 0.3 to 10.
    Number,
    /// [`Reading::Bit`]: l ~ U(0.01, 0.3), h ~ U(0.5, 0.99).
    Bit,
}

impl ReadingKind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Count, Self::Number, Self::Bit];

    fn draw<R: Rng + ?Sized>(self, rng: &mut R) -> Reading {
        match self {
            Self::Count => {
                Reading::Count { base: log_uniform(&[0.05, 3.0], rng), gain: log_uniform(&[0.5, 20.0], rng) }
            }
            Self::Number => Reading::Number { gain: log_uniform(&[0.3, 10.0], rng) },
            Self::Bit => Reading::Bit { low: uniform(&[0.01, 0.3], rng), high: uniform(&[0.5, 0.99], rng) },
        }
    }
}

/// The prior of readings, min(2, d) .. min(12, d) of the d columns of Y.
///
/// Tunings of a draw are of one kind: round ones or bumps, κ log-uniform in 0.3 to 8, or slopes, |s| log-uniform in 3 to 30 and either sign; c ~ U(0, 1). So are
/// the readings, in four draws of five.
#[derive(Debug, Clone, PartialEq)]
pub struct ReadingsPrior {
    /// The readings, equally likely; one that is named twice is twice as likely.
    pub readings: Vec<ReadingKind>,
}

impl Prior for ReadingsPrior {
    type Joint = Readings;

    const KIND: &'static str = "readings";

    const SWAP: f64 = 0.5;

    fn read(keys: &mut Keys) -> Result<Self, ConfigError> {
        Ok(Self { readings: keys.some_of("readings", "reading", &ReadingKind::ALL, ReadingKind::ALL.to_vec())? })
    }

    fn write(&self, keys: &mut Written) {
        keys.set("readings", &self.readings);
    }

    fn has_ties(&self) -> bool {
        self.readings.iter().any(|reading| *reading != ReadingKind::Number)
    }

    fn draw<R: Rng + ?Sized>(&self, dims: (usize, usize), rng: &mut R) -> Self::Joint {
        loop {
            let count = rng.random_range(dims.1.min(2)..=dims.1.min(MOST_READ));
            let shape = rng.random_range(0..3);
            let one_kind = rng.random_bool(0.8);
            let kind = |rng: &mut R| self.readings[rng.random_range(0..self.readings.len())];
            let of_all = kind(rng);
            let readings = (0..count)
                .map(|_| {
                    let (centre, sharpness) = (rng.random(), log_uniform(&[0.3, 8.0], rng));
                    let tuning = match shape {
                        0 => Tuning::Round { centre, sharpness },
                        1 => Tuning::Bump { centre, sharpness },
                        _ => {
                            let size = log_uniform(&[3.0, 30.0], rng);
                            Tuning::Slope { centre, steepness: if rng.random() { size } else { -size } }
                        }
                    };
                    (tuning, if one_kind { of_all } else { kind(rng) }.draw(rng))
                })
                .collect();
            // Where many tell too much: others.
            if let Ok(joint) = Readings::new(readings, dims, rng) {
                return joint;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Seeds, Split};

    fn rng(stream: u64) -> impl Rng {
        Seeds { root: 6 }.rng(Split::Scratch, stream)
    }

    #[test]
    fn one_bit_has_its_closed_form() {
        // A half of x, flipped one time in ten.
        let tuning = Tuning::Slope { centre: 0.5, steepness: 1e9 };
        let flips = (tuning, Reading::Bit { low: 0.1, high: 0.9 });
        let joint = Readings::new(vec![flips], (2, 3), &mut rng(1)).unwrap();
        let known = 2.0_f64.ln() + 0.1 * 0.1_f64.ln() + 0.9 * 0.9_f64.ln();
        assert!((joint.mi_nats() - known).abs() < 5.0 * joint.mi_standard_error().max(1e-4), "{}", joint.mi_nats());
    }

    #[test]
    fn what_says_nothing_and_too_much() {
        let flat = (Tuning::Bump { centre: 0.5, sharpness: 0.0 }, Reading::Count { base: 2.0, gain: 3.0 });
        let none = Readings::new(vec![flat; 3], (1, 3), &mut rng(2)).unwrap();
        assert!(none.mi_nats().abs() < 1e-9);
        let line = (Tuning::Slope { centre: 0.5, steepness: 4.0 }, Reading::Number { gain: 1e3 });
        assert!(Readings::new(vec![line], (1, 1), &mut rng(3)).is_err());
        assert!(Readings::new(vec![], (1, 1), &mut rng(3)).is_err());
        assert!(Readings::new(vec![flat; 2], (1, 1), &mut rng(3)).is_err());
        let no_rate = (Tuning::Bump { centre: 0.5, sharpness: 1.0 }, Reading::Count { base: 0.0, gain: 1.0 });
        assert!(Readings::new(vec![no_rate], (1, 1), &mut rng(3)).is_err());
    }

    /// Sixteen times as many points change nothing.
    #[test]
    fn points_are_enough() {
        let prior = ReadingsPrior { readings: ReadingKind::ALL.to_vec() };
        for stream in 0..60 {
            let joint = prior.draw((1, 1 + stream as usize % 8), &mut rng(100 + stream));
            let sample = joint.sample(300, &mut rng(200 + stream));
            let ours = joint.pointwise_mi(&sample).iter().sum::<f64>() / 300.0;
            let many = 16 * NODES;
            let theirs = (0..300)
                .map(|i| {
                    let ln_density = |x: f64| -> f64 {
                        let of = |(j, (tuning, reading)): (usize, &(Tuning, Reading))| {
                            let (a, b) = reading.ln_density(tuning.at(x));
                            a * sample.y[(i, j)] + b
                        };
                        joint.readings.iter().enumerate().map(of).sum()
                    };
                    let own = ln_density(sample.x[(i, 0)]);
                    let all = (0..many).map(|k| (ln_density((k as f64 + 0.5) / many as f64) - own).exp()).sum::<f64>();
                    -(all / many as f64).ln()
                })
                .sum::<f64>()
                / 300.0;
            assert!((ours - theirs).abs() < 2e-3, "{stream}: {ours} and {theirs}, {:?}", joint.readings);
        }
    }
}
