//! Sums up estimates of tasks whose MI is known.

use crate::Prediction;
use serde::Serialize;

/// The levels that the pinball loss is a mean over: the middles of ten equal parts of [0, 1]. The outermost two are the
/// ends of the central 90 % interval, the next two of that of 70 %, and so on.
pub const LEVELS: [f64; 10] = [0.05, 0.15, 0.25, 0.35, 0.45, 0.55, 0.65, 0.75, 0.85, 0.95];

/// Slack in coverage: a task at exactly 0 nats is covered by an interval that begins there.
const SLACK: f64 = 1e-9;

/// An estimate next to the truth, in nats: all that the figures are made of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scored {
    /// The true MI.
    pub mi_nats: f64,
    /// The point estimate.
    pub estimate: f64,
    /// Mean of the predicted distribution; the estimate where none is predicted.
    pub mean: f64,
    /// The central 90 % interval, where there is one.
    pub interval: Option<(f64, f64)>,
    /// Quantiles at [`LEVELS`], where a distribution is predicted.
    pub quantiles: Option<[f64; 10]>,
}

impl From<&Prediction> for Scored {
    fn from(p: &Prediction) -> Self {
        let (mi_nats, estimate, mean) = (p.mi_nats, p.quantiles.median(), p.quantiles.mean());
        if p.quantiles.is_point() {
            return Self { mi_nats, estimate, mean, interval: None, quantiles: None };
        }
        let q = LEVELS.map(|tau| p.quantiles.at(tau));
        Self { mi_nats, estimate, mean, interval: Some((q[0], q[9])), quantiles: Some(q) }
    }
}

impl Scored {
    /// Estimate minus truth.
    pub fn error(&self) -> f64 {
        self.estimate - self.mi_nats
    }

    /// Mean pinball loss max(τ(I − q_τ), (τ − 1)(I − q_τ)) over [`LEVELS`]; every quantile of a point estimate is the
    /// estimate itself, which gives half its absolute error.
    ///
    /// Twice this is the continuous ranked probability score, 2∫ pinball dτ, by the midpoint rule (Gneiting and Raftery,
    /// "Strictly proper scoring rules, prediction, and estimation", JASA 102, 2007).
    pub fn pinball(&self) -> f64 {
        let loss = |(tau, q): (f64, f64)| {
            let d = self.mi_nats - q;
            (tau * d).max((tau - 1.0) * d) / 10.0
        };
        LEVELS.into_iter().zip(self.quantiles.unwrap_or([self.estimate; 10])).map(loss).sum()
    }

    /// Whether the truth is in the 90 % interval.
    pub fn covers(&self) -> Option<bool> {
        self.interval.map(|interval| inside(self.mi_nats, interval))
    }

    /// Whether the truth is in the central interval of nominal level 0.1, 0.3, 0.5, 0.7 or 0.9, for `i` of 0 to 4.
    ///
    /// # Panics
    /// If `i` is above 4.
    pub fn covers_central(&self, i: usize) -> Option<bool> {
        self.quantiles.map(|q| inside(self.mi_nats, (q[4 - i], q[5 + i])))
    }

    /// Winkler's score of the 90 % interval: its width, and 2/0.1 times by how much it misses the truth (Winkler,
    /// "A decision-theoretic approach to interval estimation", JASA 67, 1972).
    pub fn winkler(&self) -> Option<f64> {
        let missed = |(lower, upper): (f64, f64)| (lower - self.mi_nats).max(self.mi_nats - upper).max(0.0);
        self.interval.map(|ends| ends.1 - ends.0 + 2.0 / 0.1 * missed(ends))
    }
}

fn inside(mi_nats: f64, (lower, upper): (f64, f64)) -> bool {
    lower - SLACK <= mi_nats && mi_nats <= upper + SLACK
}

/// Figures over a set of estimates.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Summary {
    /// Estimates.
    pub count: usize,
    /// Mean squared error of the point estimate, nats².
    pub mse: f64,
    /// Standard error of `mse`.
    pub mse_se: f64,
    /// Mean absolute error, nats.
    pub mae: f64,
    /// Mean error, nats.
    pub bias: f64,
    /// Mean squared error of the mean of the predicted distribution in place of its median, nats².
    pub mse_of_mean: f64,
    /// Estimates with an interval, which the next three figures are over.
    pub intervals: usize,
    /// Share of tasks whose MI lies inside the central 90 % interval.
    pub coverage_90: f64,
    /// Mean width of that interval, nats.
    pub width_90: f64,
    /// Mean of [`Scored::winkler`], nats.
    pub winkler_90: f64,
    /// Mean of [`Scored::pinball`], nats.
    pub pinball: f64,
}

impl Summary {
    /// Over any estimates; all figures are 0 when there are none.
    pub fn of(estimates: impl IntoIterator<Item: Into<Scored>>) -> Self {
        let mut s = Self::default();
        let mut fourth = 0.0;
        for scored in estimates {
            let scored: Scored = scored.into();
            let error = scored.error();
            s.count += 1;
            s.mse += error * error;
            fourth += error.powi(4);
            s.mae += error.abs();
            s.bias += error;
            s.mse_of_mean += (scored.mean - scored.mi_nats).powi(2);
            s.pinball += scored.pinball();
            if let (Some((lower, upper)), Some(covers), Some(winkler)) =
                (scored.interval, scored.covers(), scored.winkler())
            {
                s.intervals += 1;
                s.coverage_90 += f64::from(u8::from(covers));
                s.width_90 += upper - lower;
                s.winkler_90 += winkler;
            }
        }
        let mean = |sums: &mut [&mut f64], count: usize| {
            sums.iter_mut().for_each(|sum| **sum /= count.max(1) as f64);
        };
        mean(&mut [&mut s.mse, &mut s.mae, &mut s.bias, &mut s.mse_of_mean, &mut s.pinball, &mut fourth], s.count);
        mean(&mut [&mut s.coverage_90, &mut s.width_90, &mut s.winkler_90], s.intervals);
        s.mse_se = ((fourth - s.mse * s.mse).max(0.0) / s.count.max(1) as f64).sqrt();
        s
    }

    /// Root of the mean squared error, nats.
    pub fn rmse(&self) -> f64 {
        self.mse.sqrt()
    }

    /// Mean continuous ranked probability score, nats: twice the pinball loss.
    pub fn crps(&self) -> f64 {
        2.0 * self.pinball
    }
}

/// The n-bins of the published tables (MIST, arXiv 2511.18945): 10 to 100, above 100 to 300, above 300.
pub const N_BINS: [(&str, usize, usize); 3] =
    [("n ≤ 100", 0, 100), ("n 101–300", 101, 300), ("n > 300", 301, usize::MAX)];

/// The bin of `n` in [`N_BINS`].
pub fn n_bin(n: usize) -> usize {
    N_BINS.iter().position(|(_, low, high)| (*low..=*high).contains(&n)).expect("the bins cover every n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use mist_model::QuantileFunction;

    fn prediction(n: usize, mi_nats: f64, low: f64, median: f64, high: f64) -> Prediction {
        let values = [low, median, high].map(f64::ln_1p);
        let quantiles = QuantileFunction::new(&[0.05, 0.5, 0.95], &values);
        Prediction { family: "a".into(), n, dim_x: 1, dim_y: 1, mi_nats, quantiles }
    }

    fn near(a: f64, b: f64) {
        assert!((a - b).abs() < 1e-9, "{a} {b}");
    }

    #[test]
    fn figures_match_their_definitions() {
        let set = [
            prediction(50, 1.0, 0.5, 1.5, 2.0),
            prediction(100, 0.0, 0.0, 0.0, 0.3),
            prediction(101, 3.0, 1.0, 2.0, 2.5),
        ];
        let s = Summary::of(&set);
        near(s.mse, (0.25 + 0.0 + 1.0) / 3.0);
        near(s.rmse(), (1.25_f64 / 3.0).sqrt());
        near(s.mae, 0.5);
        near(s.bias, -0.5 / 3.0);
        near(s.coverage_90, 2.0 / 3.0);
        near(s.width_90, (1.5 + 0.3 + 1.5) / 3.0);
        near(s.winkler_90, (1.5 + 0.3 + 1.5 + 20.0 * 0.5) / 3.0);
        assert_eq!((s.count, s.intervals), (3, 3));
        assert_eq!([50, 100, 101, 300, 301].map(n_bin), [0, 0, 1, 1, 2]);
        assert_eq!(Summary::of([] as [Scored; 0]), Summary::default());
    }

    #[test]
    fn a_point_estimate_has_no_interval_and_its_crps_is_its_error() {
        let points = [(1.0, 1.5), (2.0, 1.0)];
        let scored = points.map(|(mi_nats, estimate)| Scored {
            mi_nats,
            estimate,
            mean: estimate,
            interval: None,
            quantiles: None,
        });
        let s = Summary::of(scored);
        near(s.crps(), 0.75);
        assert_eq!((s.intervals, s.coverage_90, s.winkler_90), (0, 0.0, 0.0));
        assert_eq!((scored[0].covers(), scored[0].covers_central(4)), (None, None));
    }

    /// The CRPS of a standard normal distribution at z is z(2Φ(z) − 1) + 2φ(z) − 1/√π; ten levels come within 0.01 of it.
    #[test]
    fn ten_levels_approximate_the_crps() {
        let quantiles = [0.05, 0.15, 0.25, 0.35, 0.45].map(|tau: f64| match tau {
            0.05 => 1.644_853_627,
            0.15 => 1.036_433_389,
            0.25 => 0.674_489_750,
            0.35 => 0.385_320_466,
            _ => 0.125_661_347,
        });
        let [a, b, c, d, e] = quantiles;
        let quantiles = Some([-a, -b, -c, -d, -e, e, d, c, b, a]);
        for (z, crps) in [(0.0, 0.233_695), (1.0, 0.602_441)] {
            let scored = Scored { mi_nats: z, estimate: 0.0, mean: 0.0, interval: Some((-a, a)), quantiles };
            assert!((2.0 * scored.pinball() - crps).abs() < 0.01, "{}", 2.0 * scored.pinball());
            assert_eq!(
                [0, 1, 2, 3, 4].map(|i| scored.covers_central(i) == Some(true)),
                match z {
                    0.0 => [true; 5],
                    _ => [false, false, false, true, true],
                }
            );
        }
    }
}
