//! The prior of responses.

use rand::Rng;
use rand_distr::StandardNormal;
use serde::{Deserialize, Serialize};

use super::{
    features::Feature,
    joint::Regression,
    response::Response,
    signal::{Neuron, Signal},
};
use crate::ground::{
    curve::{Curve, CurveKind},
    domain::Domain,
    draw::{dirichlet, log_uniform},
    error::ConfigError,
    keys::{Keys, Range, Written},
    normal,
    prior::Prior,
};

/// Most columns that a grid of cells is on.
const MOST_CUT: usize = 3;

/// The kinds of [`Signal`], for configurations, with what is drawn for m columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignalKind {
    /// [`Signal::Additive`]: standard deviations of the terms log-normal with parameter 0.7, the curve a line in one third
    /// of them and else any of [`CurveKind::ALL`].
    Additive,
    /// [`Signal::Tree`] of depth 2 to 4, thresholds N(0, 0.7²), values N(0, 1).
    Tree,
    /// [`Signal::Neurons`]: 2 to 8 of them, weights N(0, g²/m) with g ~ U(0.7, 3) for all of them, offsets and heights N(0, 1).
    Neurons,
    /// [`Signal::Largest`]: |a| log-normal with parameter 0.5, either sign, b ~ N(0, 0.5²).
    Largest,
    /// [`Signal::Products`]: 1 to m products of columns, q ~ N(0, 1), slopes N(0, s²) with s ~ U(0, 1).
    Products,
    /// [`Signal::Cells`] on up to 3 columns, 2 to 4 parts of each with cuts N(0, 0.7²), values N(0, 1).
    Cells,
}

impl SignalKind {
    /// All kinds.
    pub const ALL: [Self; 6] = [Self::Additive, Self::Tree, Self::Neurons, Self::Largest, Self::Products, Self::Cells];
    /// How many of them a prior has that names none.
    const UNNAMED: usize = 5;

    /// The name, as in configurations.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Additive => "additive",
            Self::Tree => "tree",
            Self::Neurons => "neurons",
            Self::Largest => "largest",
            Self::Products => "products",
            Self::Cells => "cells",
        }
    }

    fn draw<R: Rng + ?Sized>(self, columns: usize, lines: f64, smooth: f64, rng: &mut R) -> Signal {
        let normal = |sd: f64, rng: &mut R| sd * rng.sample::<f64, _>(StandardNormal);
        match self {
            Self::Additive => {
                // What has none takes no draw for it.
                let curves = if lines > 0.0 && rng.random_bool(lines) {
                    Lines::All
                } else if smooth > 0.0 && rng.random_bool(smooth) {
                    if rng.random_range(0..3) == 0 { Lines::All } else { Lines::Half }
                } else {
                    Lines::Third
                };
                let term = |_| {
                    let curve = curves.draw(rng);
                    let size = normal(0.7, rng).exp();
                    Signal::term(if rng.random() { size } else { -size }, curve)
                };
                Signal::Additive((0..columns).map(term).collect())
            }
            Self::Tree => {
                let leaves = 1 << rng.random_range(2..=4);
                let splits = (1..leaves).map(|_| (rng.random_range(0..columns), normal(0.7, rng))).collect();
                Signal::Tree { columns, splits, values: (0..leaves).map(|_| normal(1.0, rng)).collect() }
            }
            Self::Neurons => {
                let sd = rng.random_range(0.7..3.0) / (columns as f64).sqrt();
                let count = rng.random_range(2..=8);
                let neuron = |_| Neuron {
                    weights: (0..columns).map(|_| normal(sd, rng)).collect(),
                    offset: normal(1.0, rng),
                    height: normal(1.0, rng),
                };
                Signal::Neurons((0..count).map(neuron).collect())
            }
            Self::Largest => Signal::Largest(
                (0..columns)
                    .map(|_| {
                        let size = normal(0.5, rng).exp();
                        (if rng.random() { size } else { -size }, normal(0.5, rng))
                    })
                    .collect(),
            ),
            Self::Products => {
                let sd = rng.random::<f64>();
                let slopes = (0..columns).map(|_| normal(sd, rng)).collect();
                let column = |rng: &mut R| rng.random_range(0..columns);
                let count = rng.random_range(1..=columns);
                let terms = (0..count).map(|_| (column(rng), column(rng), normal(1.0, rng))).collect();
                Signal::Products { slopes, terms }
            }
            Self::Cells => {
                let cuts: Vec<Vec<f64>> = (0..columns.min(MOST_CUT))
                    .map(|_| {
                        let mut cuts: Vec<f64> = (1..rng.random_range(2..=4)).map(|_| normal(0.7, rng)).collect();
                        cuts.sort_by(f64::total_cmp);
                        cuts
                    })
                    .collect();
                let cells = cuts.iter().map(|cuts| cuts.len() + 1).product();
                Signal::Cells { cuts, values: (0..cells).map(|_| normal(1.0, rng)).collect() }
            }
        }
    }
}

/// How many terms of a sum are lines.
#[derive(Debug, Clone, Copy)]
enum Lines {
    All,
    /// Every other one; the others are smooth or have one step.
    Half,
    /// Every third; the others are any curve.
    Third,
}

impl Lines {
    fn draw<R: Rng + ?Sized>(self, rng: &mut R) -> Curve {
        match self {
            Self::All => Curve::Linear,
            Self::Half if rng.random() => Curve::Linear,
            Self::Half => match rng.random_range(0..4) {
                0 => CurveKind::Quadratic.draw(rng),
                1 => CurveKind::Tanh.draw(rng),
                2 => CurveKind::Threshold.draw(rng),
                _ => Curve::Periodic {
                    omega: rng.random_range(0.5..2.5),
                    phase: rng.random_range(0.0..std::f64::consts::TAU),
                },
            },
            Self::Third => {
                let line = rng.random_range(0..3) == 0;
                let kind = CurveKind::ALL[rng.random_range(0..CurveKind::ALL.len())];
                if line { Curve::Linear } else { kind.draw(rng) }
            }
        }
    }
}

/// The kinds of [`Response`], for configurations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponseKind {
    /// [`Response::Number`].
    Number,
    /// [`Response::Class`].
    Class,
    /// [`Response::Choice`].
    Choice,
}

impl ResponseKind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Number, Self::Class, Self::Choice];

    /// The name, as in configurations.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Class => "class",
            Self::Choice => "choice",
        }
    }
}

/// The prior of a response to m ~ U{min(2, d) .. min(d, `columns`)} of the d columns of X.
///
/// Columns are independent in half of the tasks, and else follow one another with r ~ U(−0.95, 0.95).
#[derive(Debug, Clone, PartialEq)]
pub struct RegressionPrior {
    /// What is observed.
    pub response: ResponseKind,
    /// The signals, equally likely; one that is named twice is twice as likely.
    pub signals: Vec<SignalKind>,
    /// Probability that all terms of an additive signal are lines.
    pub lines: f64,
    /// Probability that those of another one are lines, all of them in one third of the cases, and every other one in the rest, where the
    /// others are a quadratic curve, a tanh, a threshold or a sine of at most 2.5 radians to a standard deviation.
    pub smooth: f64,
    /// The most columns that a signal depends on.
    pub columns: usize,
    /// Probability that a column of X has 2 to 6 values, of probabilities from a symmetric Dirichlet distribution with parameter 5:
    /// levels in one half of them, categories whose effects are N(0, 1) in the other.
    pub levels: f64,
    /// Probability that all columns of X have.
    pub all_levels: f64,
    /// Probability that noise or softness is the largest there is, so that the response tells less than 1e-4 nats.
    pub faint: f64,
    /// Range of the standard deviation of a number's noise, that of the signal being 1; log-uniform.
    pub noise: Range,
    /// Range of the number of classes. Offsets of classes without an order are N(0, 0.5²), their signals of one kind. The probabilities of ordered ones, if there were no softness, are a draw from a symmetric Dirichlet
    /// distribution with a parameter a, ln a ~ U(ln 2, ln 30).
    pub classes: [usize; 2],
    /// Range of the softness of classes; log-uniform.
    pub softness: Range,
}

impl RegressionPrior {
    fn draw_features<R: Rng + ?Sized>(&self, dim: usize, rng: &mut R) -> Vec<Feature> {
        let follow: bool = rng.random();
        let all = self.all_levels > 0.0 && rng.random_bool(self.all_levels);
        (0..dim)
            .map(|_| {
                let follows = if follow { rng.random_range(-0.95..0.95) } else { 0.0 };
                if !rng.random_bool(if all { 1.0 } else { self.levels }) {
                    return Feature::number(follows);
                }
                let count = rng.random_range(2..=6);
                let cuts = cuts(count, 5.0, rng);
                let category = !cuts.is_empty() && rng.random();
                let effects = category.then(|| (0..=cuts.len()).map(|_| rng.sample(StandardNormal)).collect());
                Feature { follows, cuts, effects }
            })
            .collect()
    }
}

/// Cuts of a standard normal into this number of levels, fewer where some have hardly any probability.
fn cuts<R: Rng + ?Sized>(levels: usize, concentration: f64, rng: &mut R) -> Vec<f64> {
    let mut cuts = normal::cuts(&dirichlet(levels, concentration, rng));
    cuts.dedup();
    cuts
}

impl Prior for RegressionPrior {
    type Joint = Regression;

    const KIND: &'static str = "regression";

    const SWAP: f64 = 0.5;

    fn read(keys: &mut Keys) -> Result<Self, ConfigError> {
        let response = keys.optional("response", "`number`, `class` or `choice`")?.unwrap_or(ResponseKind::Number);
        let of_class = response != ResponseKind::Number;
        Ok(Self {
            response,
            signals: keys.some_of(
                "signals",
                "signal",
                &SignalKind::ALL,
                SignalKind::ALL[..SignalKind::UNNAMED].to_vec(),
            )?,
            lines: keys.probability("lines", 0.0)?,
            smooth: keys.probability("smooth", 0.0)?,
            columns: keys.whole("columns", Regression::MOST_COLUMNS, Domain::whole(1, Regression::MOST_COLUMNS))?,
            levels: keys.probability("levels", 0.0)?,
            all_levels: keys.probability("all_levels", 0.0)?,
            faint: keys.probability("faint", 0.0)?,
            noise: if of_class { [0.05, 4.0] } else { keys.range("noise", [0.05, 4.0], Response::NOISE_SD)? },
            classes: if of_class { keys.whole_range("classes", [2, 6], Domain::whole(2, 64))? } else { [2, 6] },
            softness: if of_class { keys.range("softness", [0.03, 3.0], Response::SOFTNESS)? } else { [0.03, 3.0] },
        })
    }

    fn write(&self, keys: &mut Written) {
        keys.set("response", self.response).set("signals", &self.signals);
        keys.set("columns", self.columns).set("levels", self.levels);
        // What does not have them keeps its hash.
        for (key, value) in
            [("all_levels", self.all_levels), ("faint", self.faint), ("lines", self.lines), ("smooth", self.smooth)]
        {
            if value > 0.0 {
                keys.set(key, value);
            }
        }
        match self.response {
            ResponseKind::Number => keys.set("noise", self.noise),
            ResponseKind::Class | ResponseKind::Choice => {
                keys.set("classes", self.classes).set("softness", self.softness)
            }
        };
    }

    fn label(&self) -> String {
        format!("{}-{}", Self::KIND, self.response.as_str())
    }

    fn detail(&self) -> String {
        format!(" with response `{}`", self.response.as_str())
    }

    fn features(&self) -> Vec<String> {
        self.signals.iter().map(|signal| format!("{}-{}", Self::KIND, signal.as_str())).collect()
    }

    fn has_ties(&self) -> bool {
        self.response != ResponseKind::Number || self.levels > 0.0 || self.all_levels > 0.0
    }

    /// Products and steep curves reach beyond where Φ rounds to 1.
    fn has_light_tails(&self) -> bool {
        false
    }

    fn draw<R: Rng + ?Sized>(&self, dims: (usize, usize), rng: &mut R) -> Self::Joint {
        loop {
            let features = self.draw_features(dims.0, rng);
            let most = dims.0.min(self.columns);
            let columns = rng.random_range(most.min(2)..=most);
            let kind = self.signals[rng.random_range(0..self.signals.len())];
            let mut signals = vec![kind.draw(columns, self.lines, self.smooth, rng)];
            let response = match self.response {
                ResponseKind::Number => Response::Number { noise_sd: log_uniform(&self.noise, rng) },
                ResponseKind::Class => {
                    let count = rng.random_range(self.classes[0]..=self.classes[1]);
                    let concentration = log_uniform(&[2.0, 30.0], rng);
                    // The signal has unit variance; the cuts are those of a normal one.
                    let cuts = cuts(count, concentration, rng);
                    Response::Class { cuts, softness: log_uniform(&self.softness, rng) }
                }
                ResponseKind::Choice => {
                    let count = rng.random_range(self.classes[0]..=self.classes[1]);
                    signals.extend((1..count).map(|_| kind.draw(columns, self.lines, self.smooth, rng)));
                    let offsets = (0..count).map(|_| 0.5 * rng.sample::<f64, _>(StandardNormal)).collect();
                    Response::Choice { offsets, softness: log_uniform(&self.softness, rng) }
                }
            };
            let response = if self.faint > 0.0 && rng.random_bool(self.faint) { response.faint() } else { response };
            // A signal that is constant, as a tree of columns with few levels may be, says nothing: another one.
            if let Ok(joint) = Regression::new(&features, signals, response, dims.1, rng) {
                return joint;
            }
        }
    }
}
