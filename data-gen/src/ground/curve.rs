//! Functions of one variable, which join columns.

use rand::Rng;
use serde::{Deserialize, Serialize};

use super::{
    domain::Domain,
    error::ParameterError,
    quadrature::{Source, mean_and_sd},
};

/// Most levels of [`Curve::Steps`].
pub const MOST_LEVELS: usize = 6;

/// Highest degree of [`Curve::Polynomial`].
pub const HIGHEST_DEGREE: usize = 5;

/// The function before scaling, of an X with zero mean and unit variance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Curve {
    /// x.
    Linear,
    /// x³.
    Cubic,
    /// tanh(s x).
    Tanh {
        /// s in [`Curve::SLOPE`].
        slope: f64,
    },
    /// (x − c)²: not monotone; without linear correlation at c = 0.
    Quadratic {
        /// c in [`Curve::CENTER`].
        center: f64,
    },
    /// sin(ω x + φ).
    Periodic {
        /// ω in [`Curve::OMEGA`], in radians per standard deviation of X.
        omega: f64,
        /// φ in radians.
        phase: f64,
    },
    /// 1 if x > t, else 0: I ≤ ln 2.
    Threshold {
        /// t in [`Curve::THRESHOLD`].
        at: f64,
    },
    /// A zigzag between −1 and 1 of the period and phase of sin(ω x + φ): several linear branches.
    Zigzag {
        /// ω in [`Curve::OMEGA`].
        omega: f64,
        /// φ in radians.
        phase: f64,
    },
    /// 2r − 1 with r the fractional part of (ω x + φ)/2π: increasing branches with jumps between them.
    Sawtooth {
        /// ω in [`Curve::OMEGA`].
        omega: f64,
        /// φ in radians.
        phase: f64,
    },
    /// Σ a_k T_k(u), k ≤ 5, with the Chebyshev polynomials T_k, of u = x/√(2 + x²), which keeps a normal X from the
    /// steep ends.
    Polynomial {
        /// a_1, …, a_5.
        coefficients: [f64; HIGHEST_DEGREE],
    },
    /// Constant between thresholds: I ≤ the logarithm of the number of values.
    Steps {
        /// Number of pieces L in [`Curve::LEVELS`].
        levels: usize,
        /// The thresholds t_1 < … < t_{L−1}; what follows is not used.
        at: [f64; MOST_LEVELS - 1],
        /// The values between them, not in order and possibly equal; what follows the first L is not used.
        values: [f64; MOST_LEVELS],
    },
    /// The whole part of (ω x + φ)/2π: equal steps upwards, as of what was rounded before the noise came to it.
    Staircase {
        /// ω in [`Curve::STAIRS`], 2π over the width of a step.
        omega: f64,
        /// φ in radians.
        phase: f64,
    },
}

/// The kinds of [`Curve`], for configurations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CurveKind {
    /// [`Curve::Linear`].
    Linear,
    /// [`Curve::Cubic`].
    Cubic,
    /// [`Curve::Tanh`].
    Tanh,
    /// [`Curve::Quadratic`].
    Quadratic,
    /// [`Curve::Periodic`].
    Periodic,
    /// [`Curve::Threshold`].
    Threshold,
    /// [`Curve::Zigzag`].
    Zigzag,
    /// [`Curve::Sawtooth`].
    Sawtooth,
    /// [`Curve::Polynomial`].
    Polynomial,
    /// [`Curve::Steps`].
    Steps,
    /// [`Curve::Staircase`].
    Staircase,
}

impl CurveKind {
    /// All kinds.
    pub const ALL: [Self; 11] = [
        Self::Linear,
        Self::Cubic,
        Self::Tanh,
        Self::Quadratic,
        Self::Periodic,
        Self::Threshold,
        Self::Zigzag,
        Self::Sawtooth,
        Self::Polynomial,
        Self::Steps,
        Self::Staircase,
    ];

    /// The name, as in configurations.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Linear => "linear",
            Self::Cubic => "cubic",
            Self::Tanh => "tanh",
            Self::Quadratic => "quadratic",
            Self::Periodic => "periodic",
            Self::Threshold => "threshold",
            Self::Zigzag => "zigzag",
            Self::Sawtooth => "sawtooth",
            Self::Polynomial => "polynomial",
            Self::Steps => "steps",
            Self::Staircase => "staircase",
        }
    }

    /// Draws the parameters: s ~ U(1, 4), c ~ U(−0.5, 0.5), ω ~ U(1, 8), φ ~ U(0, 2π), t ~ U(−1, 1).
    ///
    /// Of a polynomial: its degree D ~ U{2..5}, a_D = 1, the lower ones U(−1, 1). Of steps: L ~ U{2..6}, the thresholds
    /// U(−1.2, 1.2), the first value −1, the last 1, the others U(−1, 1). Of a staircase: ω ~ U(3, 12).
    pub fn draw<R: Rng + ?Sized>(self, rng: &mut R) -> Curve {
        let mut wave = || (rng.random_range(1.0..8.0), rng.random_range(0.0..std::f64::consts::TAU));
        match self {
            Self::Linear => Curve::Linear,
            Self::Cubic => Curve::Cubic,
            Self::Tanh => Curve::Tanh { slope: rng.random_range(1.0..4.0) },
            Self::Quadratic => Curve::Quadratic { center: rng.random_range(-0.5..0.5) },
            Self::Periodic => {
                let (omega, phase) = wave();
                Curve::Periodic { omega, phase }
            }
            Self::Threshold => Curve::Threshold { at: rng.random_range(-1.0..1.0) },
            Self::Zigzag => {
                let (omega, phase) = wave();
                Curve::Zigzag { omega, phase }
            }
            Self::Sawtooth => {
                let (omega, phase) = wave();
                Curve::Sawtooth { omega, phase }
            }
            Self::Polynomial => {
                let degree = rng.random_range(2..=HIGHEST_DEGREE);
                let mut coefficients = [0.0; HIGHEST_DEGREE];
                coefficients[..degree - 1].fill_with(|| rng.random_range(-1.0..1.0));
                coefficients[degree - 1] = 1.0;
                Curve::Polynomial { coefficients }
            }
            Self::Steps => {
                let levels = rng.random_range(2..=MOST_LEVELS);
                let mut at = [0.0; MOST_LEVELS - 1];
                at[..levels - 1].fill_with(|| rng.random_range(-1.2..1.2));
                at[..levels - 1].sort_by(f64::total_cmp);
                let mut values = [0.0; MOST_LEVELS];
                values[..levels].fill_with(|| rng.random_range(-1.0..1.0));
                (values[0], values[levels - 1]) = (-1.0, 1.0);
                Curve::Steps { levels, at, values }
            }
            Self::Staircase => Curve::Staircase {
                omega: rng.random_range(3.0..12.0),
                phase: rng.random_range(0.0..std::f64::consts::TAU),
            },
        }
    }
}

impl Curve {
    /// Domain of the slope of [`Curve::Tanh`].
    pub const SLOPE: Domain = Domain::closed(0.01, 50.0);

    /// Domain of the centre of [`Curve::Quadratic`].
    pub const CENTER: Domain = Domain::closed(-5.0, 5.0);

    /// Domain of angular frequencies; phases are finite.
    pub const OMEGA: Domain = Domain::closed(0.01, 20.0);

    /// Domain of ω of a staircase: one of its steps lies within 1.3 of 0.
    pub const STAIRS: Domain = Domain::closed(2.5, 20.0);

    /// Domain of thresholds: inside of where a uniform X lies.
    pub const THRESHOLD: Domain = Domain::between(-1.7, 1.7);

    /// Domain of coefficients and of the values of [`Curve::Steps`].
    pub const VALUES: Domain = Domain::closed(-100.0, 100.0);

    /// Domain of the number of pieces of [`Curve::Steps`].
    pub const LEVELS: Domain = Domain::whole(2, MOST_LEVELS);

    /// That the parameters lie in their domains.
    ///
    /// # Errors
    /// One does not.
    pub(crate) fn check(&self) -> Result<(), ParameterError> {
        let refuse =
            |name, expected: &str, got: &dyn ToString| Err(ParameterError::new(name, expected, got.to_string()));
        match *self {
            Self::Tanh { slope } => Self::SLOPE.check("slope", slope).map(drop),
            Self::Quadratic { center } => Self::CENTER.check("center", center).map(drop),
            Self::Periodic { omega, phase } | Self::Zigzag { omega, phase } | Self::Sawtooth { omega, phase } => {
                Self::OMEGA.check("omega", omega)?;
                Domain::FINITE.check("phase", phase).map(drop)
            }
            Self::Staircase { omega, phase } => {
                Self::STAIRS.check("omega", omega)?;
                Domain::FINITE.check("phase", phase).map(drop)
            }
            Self::Threshold { at } => Self::THRESHOLD.check("at", at).map(drop),
            Self::Polynomial { coefficients }
                if !coefficients.iter().all(|&a| Self::VALUES.contains(a))
                    || coefficients.iter().all(|a| a.abs() < 0.01) =>
            {
                refuse(
                    "coefficients",
                    &format!("each {}, one of them at least 0.01", Self::VALUES),
                    &format!("{coefficients:?}"),
                )
            }
            Self::Steps { levels, .. } if !Self::LEVELS.contains(levels as f64) => {
                Self::LEVELS.check("levels", levels as f64).map(drop)
            }
            Self::Steps { levels, at, .. }
                if !at[..levels - 1].is_sorted() || !at[..levels - 1].iter().all(|&t| Self::THRESHOLD.contains(t)) =>
            {
                refuse("at", &format!("increasing, each {}", Self::THRESHOLD), &format!("{at:?}"))
            }
            Self::Steps { levels, values, .. }
                if !values[..levels].iter().all(|&v| Self::VALUES.contains(v)) || values[0] == values[levels - 1] =>
            {
                refuse("values", &format!("each {}, the last not the first", Self::VALUES), &format!("{values:?}"))
            }
            _ => Ok(()),
        }
    }

    /// The value at x.
    #[must_use]
    pub fn at(&self, x: f64) -> f64 {
        match *self {
            Self::Linear => x,
            Self::Cubic => x * x * x,
            Self::Tanh { slope } => (slope * x).tanh(),
            Self::Quadratic { center } => (x - center) * (x - center),
            Self::Periodic { omega, phase } => (omega * x + phase).sin(),
            Self::Threshold { at } => f64::from(x > at),
            Self::Zigzag { omega, phase } => {
                let turns = (omega * x + phase) / std::f64::consts::TAU - 0.25;
                1.0 - 4.0 * (turns - turns.round()).abs()
            }
            Self::Sawtooth { omega, phase } => {
                let turns = (omega * x + phase) / std::f64::consts::TAU;
                2.0 * (turns - turns.floor()) - 1.0
            }
            Self::Polynomial { coefficients } => {
                // Clenshaw's recurrence.
                let u = x / (2.0 + x * x).sqrt();
                let (mut next, mut after) = (0.0, 0.0);
                for a in coefficients.into_iter().rev() {
                    (next, after) = (a + 2.0 * u * next - after, next);
                }
                u * next - after
            }
            Self::Steps { levels, at, values } => values[at[..levels - 1].iter().filter(|&&t| x > t).count()],
            Self::Staircase { omega, phase } => ((omega * x + phase) / std::f64::consts::TAU).floor(),
        }
    }

    /// The derivative at x, where there is one.
    pub(crate) fn slope(&self, x: f64) -> f64 {
        match *self {
            Self::Linear => 1.0,
            Self::Cubic => 3.0 * x * x,
            Self::Tanh { slope } => slope * (slope * x).cosh().powi(-2),
            Self::Quadratic { center } => 2.0 * (x - center),
            Self::Periodic { omega, phase } => omega * (omega * x + phase).cos(),
            Self::Zigzag { omega, phase } => {
                let turns = (omega * x + phase) / std::f64::consts::TAU - 0.25;
                -4.0 * omega / std::f64::consts::TAU * (turns - turns.round()).signum()
            }
            Self::Sawtooth { omega, .. } => 2.0 * omega / std::f64::consts::TAU,
            Self::Threshold { .. } | Self::Steps { .. } | Self::Staircase { .. } => 0.0,
            Self::Polynomial { coefficients } => {
                // T_k′ = k U_(k−1), U by Clenshaw's recurrence.
                let u = x / (2.0 + x * x).sqrt();
                let (mut next, mut after) = (0.0, 0.0);
                for (k, a) in coefficients.into_iter().enumerate().rev() {
                    (next, after) = ((k + 1) as f64 * a + 2.0 * u * next - after, next);
                }
                next * 2.0 * (2.0 + x * x).powf(-1.5)
            }
        }
    }

    /// About how many times as fast as x the curve bends: a polynomial fits it on intervals of one over this.
    pub(crate) fn steepness(&self) -> f64 {
        match *self {
            Self::Tanh { slope } => slope,
            Self::Periodic { omega, .. } => omega,
            _ => 1.0,
        }
    }

    /// Whether the curve is discontinuous.
    pub(crate) fn jumps(&self) -> bool {
        matches!(self, Self::Threshold { .. } | Self::Steps { .. } | Self::Sawtooth { .. } | Self::Staircase { .. })
    }

    /// Where the curve or its slope jumps, increasing, for |x| below `reach`.
    pub(crate) fn breaks(&self, reach: f64) -> Vec<f64> {
        match *self {
            Self::Threshold { at } => vec![at],
            Self::Steps { levels, at, .. } => at[..levels - 1].to_vec(),
            Self::Zigzag { omega, phase } => crossings(omega, phase, std::f64::consts::FRAC_PI_2, 0.5, reach),
            Self::Sawtooth { omega, phase } | Self::Staircase { omega, phase } => {
                crossings(omega, phase, 0.0, 1.0, reach)
            }
            _ => Vec::new(),
        }
    }

    /// The values of a [`Curve::Steps`] or [`Curve::Staircase`], each with its probability; none of another curve. Those
    /// of a staircase begin at 0.
    pub(crate) fn atoms(&self, source: Source) -> Vec<(f64, f64)> {
        let value = |k: usize| match *self {
            Self::Steps { values, .. } => values[k],
            _ => k as f64,
        };
        let at = match self {
            Self::Steps { .. } | Self::Staircase { .. } => self.breaks(source.reach()),
            _ => return Vec::new(),
        };
        let mut below = 0.0;
        let mut atoms = Vec::with_capacity(at.len() + 1);
        for k in 0..=at.len() {
            let up_to = at.get(k).map_or(1.0, |&at| source.cdf(at));
            atoms.push((value(k), up_to - below));
            below = up_to;
        }
        atoms
    }

    /// Standard deviation of f(X).
    pub(crate) fn sd(&self, source: Source) -> f64 {
        // The midpoint rule would not see where in its cell a step lies.
        match *self {
            Self::Threshold { at } => {
                let below = source.cdf(at);
                (below * (1.0 - below)).sqrt()
            }
            Self::Steps { .. } | Self::Staircase { .. } => {
                let (mut mean, mut square) = (0.0, 0.0);
                for (value, mass) in self.atoms(source) {
                    mean += mass * value;
                    square += mass * value * value;
                }
                (square - mean * mean).max(0.0).sqrt()
            }
            _ => mean_and_sd(source, |x| self.at(x)).1,
        }
    }
}

/// The x in (−reach, reach) with (ω x + φ − shift)/2π a multiple of `every`.
fn crossings(omega: f64, phase: f64, shift: f64, every: f64, reach: f64) -> Vec<f64> {
    let turns = |x: f64| (omega * x + phase - shift) / std::f64::consts::TAU / every;
    let (from, to) = (turns(-reach).floor() as i64 + 1, turns(reach).ceil() as i64 - 1);
    (from..=to).map(|k| (k as f64 * every * std::f64::consts::TAU + shift - phase) / omega).collect()
}
