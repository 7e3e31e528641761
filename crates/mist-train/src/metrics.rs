//! Sums up predictions of tasks whose MI is known.

use crate::Prediction;
use serde::Serialize;

/// Figures over a set of predictions.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Summary {
    /// Predictions.
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
    /// Share of tasks whose MI lies inside the central 90 % interval.
    pub coverage_90: f64,
    /// Mean width of that interval, nats.
    pub width_90: f64,
    /// Mean pinball loss over the levels 0.05, 0.15 … 0.95, nats.
    pub pinball: f64,
}

/// Slack in coverage: a task at exactly 0 nats is covered by an interval that begins there.
const SLACK: f64 = 1e-9;

impl Summary {
    /// Over any predictions; all figures are 0 when there are none.
    pub fn of<'a>(predictions: impl IntoIterator<Item = &'a Prediction>) -> Self {
        let mut s = Self::default();
        let mut fourth = 0.0;
        for p in predictions {
            let (q, mi) = (&p.quantiles, p.mi_nats);
            let error = q.median() - mi;
            let (lower, upper) = (q.at(0.05), q.at(0.95));
            s.count += 1;
            s.mse += error * error;
            fourth += error.powi(4);
            s.mae += error.abs();
            s.bias += error;
            s.mse_of_mean += (q.mean() - mi).powi(2);
            s.coverage_90 += f64::from(u8::from(lower - SLACK <= mi && mi <= upper + SLACK));
            s.width_90 += upper - lower;
            s.pinball += (0..10)
                .map(|i| {
                    let tau = 0.05 + 0.1 * f64::from(i);
                    let d = mi - q.at(tau);
                    (tau * d).max((tau - 1.0) * d) / 10.0
                })
                .sum::<f64>();
        }
        if s.count > 0 {
            let n = s.count as f64;
            for v in [
                &mut s.mse,
                &mut s.mae,
                &mut s.bias,
                &mut s.mse_of_mean,
                &mut s.coverage_90,
                &mut s.width_90,
                &mut s.pinball,
            ] {
                *v /= n;
            }
            s.mse_se = ((fourth / n - s.mse * s.mse).max(0.0) / n).sqrt();
        }
        s
    }
}

/// The n-bins of the published tables (MIST, arXiv 2511.18945): 10 to 100, above 100 to 300, above 300.
pub const N_BINS: [(&str, usize, usize); 3] =
    [("n ≤ 100", 0, 100), ("n 101–300", 101, 300), ("n > 300", 301, usize::MAX)];

/// The bin of `n` in [`N_BINS`].
pub fn n_bin(n: usize) -> usize {
    N_BINS.iter().position(|(_, low, high)| (*low..=*high).contains(&n)).expect("the bins cover every n")
}

/// A Markdown table: all predictions, then each bin of n, then each family.
pub fn table(predictions: &[Prediction]) -> String {
    let mut text = String::from(
        "| | tasks | MSE (se) | MSE of the mean | MAE | bias | 90 % covers | width | pinball |\n\
         |---|---|---|---|---|---|---|---|---|\n",
    );
    let mut row = |name: &str, members: Vec<&Prediction>| {
        if members.is_empty() {
            return;
        }
        let s = Summary::of(members);
        text += &format!(
            "| {name} | {} | {:.3} ({:.3}) | {:.3} | {:.4} | {:+.4} | {:.3} | {:.3} | {:.4} |\n",
            s.count, s.mse, s.mse_se, s.mse_of_mean, s.mae, s.bias, s.coverage_90, s.width_90, s.pinball
        );
    };
    row("all", predictions.iter().collect());
    for (i, (name, _, _)) in N_BINS.iter().enumerate() {
        row(name, predictions.iter().filter(|p| n_bin(p.n) == i).collect());
    }
    let families: std::collections::BTreeSet<&str> = predictions.iter().map(|p| p.family.as_str()).collect();
    for family in families {
        row(family, predictions.iter().filter(|p| p.family == family).collect());
    }
    text
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

    #[test]
    fn figures_match_their_definitions() {
        let set = [
            prediction(50, 1.0, 0.5, 1.5, 2.0),
            prediction(100, 0.0, 0.0, 0.0, 0.3),
            prediction(101, 3.0, 1.0, 2.0, 2.5),
        ];
        let s = Summary::of(&set);
        let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-9, "{a} {b}");
        near(s.mse, (0.25 + 0.0 + 1.0) / 3.0);
        near(s.mae, 0.5);
        near(s.bias, -0.5 / 3.0);
        near(s.coverage_90, 2.0 / 3.0);
        near(s.width_90, (1.5 + 0.3 + 1.5) / 3.0);
        assert_eq!([50, 100, 101, 300, 301].map(n_bin), [0, 0, 1, 1, 2]);
        assert_eq!(Summary::of(&[]), Summary::default());
        let table = table(&set);
        assert!(table.contains("| all | 3 |") && table.contains("| n ≤ 100 | 2 |") && table.contains("| a | 3 |"));
    }
}
