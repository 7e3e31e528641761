//! Conditional mutual information by the chain rule.

use crate::{Columns, Estimate, EstimateError, Estimator, Interval};
use serde::Serialize;
use statrs::distribution::{ContinuousCDF, Normal};

/// Levels one standard deviation below and above the median of a normal distribution.
const ONE_SIGMA: (f64, f64) = (0.158_655_253_931_457_05, 0.841_344_746_068_543);

/// I(X;Y|Z), what X and Y say about each other once Z is known.
///
/// From four answers: the chain rule I(X;Y|Z) = I(X;Y,Z) − I(X;Z) holds with X and Y exchanged as well, and the mean of both
/// forms is the estimate. Errors of the four do not cancel: where Z says much more about X and Y than they add to each
/// other, the difference of large numbers is uncertain, and the interval says so.
#[derive(Clone, Debug, Serialize)]
pub struct Conditional {
    /// Rows.
    pub n: usize,
    /// I(X;Y,Z).
    pub x_yz: Estimate,
    /// I(X;Z).
    pub x_z: Estimate,
    /// I(Y;X,Z).
    pub y_xz: Estimate,
    /// I(Y;Z).
    pub y_z: Estimate,
    /// Errors in units of the spread, at the levels of a table; `None` without one.
    #[serde(skip)]
    pub(crate) errors: Option<(Vec<f64>, Vec<f64>)>,
}

impl Conditional {
    /// The mean of both differences in nats before it is cut at 0.
    pub fn difference(&self) -> f64 {
        let nats = |e: &Estimate| e.raw_nats(0.5);
        0.5 * (nats(&self.x_yz) - nats(&self.x_z) + nats(&self.y_xz) - nats(&self.y_z))
    }

    /// The predicted spread of the difference: the root of the mean, over both forms, of the sum of two squared half-widths of
    /// one predicted standard deviation. Errors of the four answers count as independent.
    pub fn spread(&self) -> f64 {
        let half = |e: &Estimate| 0.5 * (e.raw_nats(ONE_SIGMA.1) - e.raw_nats(ONE_SIGMA.0));
        let sum: f64 = [&self.x_yz, &self.x_z, &self.y_xz, &self.y_z].into_iter().map(|e| half(e).powi(2)).sum();
        (0.5 * sum).sqrt().max(1e-6)
    }

    /// The point estimate in nats. A difference below 0 means 0.
    pub fn mi_nats(&self) -> f64 {
        self.quantile(0.5)
    }

    /// Whether the interval was calibrated on tasks of known conditional MI.
    pub fn is_calibrated(&self) -> bool {
        self.errors.is_some()
    }

    /// The quantile at level `tau`, in nats.
    fn quantile(&self, tau: f64) -> f64 {
        let error = match &self.errors {
            Some((levels, errors)) => at(levels, errors, tau),
            None => Normal::standard().inverse_cdf(tau),
        };
        (self.difference() + error * self.spread()).max(0.0)
    }

    /// The central interval of probability `level`.
    ///
    /// # Errors
    /// As [`Estimate::interval`].
    pub fn interval(&self, level: f64) -> Result<Interval, EstimateError> {
        self.x_z.interval(level)?;
        let (lower, upper) = ((1.0 - level) / 2.0, (1.0 + level) / 2.0);
        Ok(Interval { level, lower: self.quantile(lower), upper: self.quantile(upper) })
    }

    /// What to keep in mind, each once.
    pub fn warnings(&self) -> Vec<String> {
        let mut out: Vec<String> = Vec::new();
        for (what, answer) in
            [("X; Y, Z", &self.x_yz), ("X; Z", &self.x_z), ("Y; X, Z", &self.y_xz), ("Y; Z", &self.y_z)]
        {
            out.extend(answer.warnings.iter().map(|w| format!("I({what}): {w}")));
        }
        if !self.is_calibrated() {
            out.push(
                "the interval is as the four answers have theirs: the checkpoint has no table of errors of their difference"
                    .into(),
            );
        }
        out
    }
}

/// Linear between the levels, flat beyond.
fn at(levels: &[f64], values: &[f64], tau: f64) -> f64 {
    let i = levels.partition_point(|l| *l < tau - 1e-12).clamp(1, levels.len() - 1);
    let w = ((tau - levels[i - 1]) / (levels[i] - levels[i - 1])).clamp(0.0, 1.0);
    values[i - 1] + w * (values[i] - values[i - 1])
}

impl Estimator {
    /// The conditional mutual information of X and Y given Z.
    ///
    /// # Errors
    /// As [`Estimator::estimate`]; Z is called Y where it is at fault.
    ///
    /// ```
    /// use mist_infer::Estimator;
    ///
    /// // X and Y have nothing in common but Z.
    /// let wave = |rate: f64| (0..200).map(|r| (f64::from(r) * rate).sin()).collect::<Vec<_>>();
    /// let z = wave(0.7);
    /// let noisy = |rate| z.iter().zip(wave(rate)).map(|(z, noise)| z + 0.5 * noise).collect::<Vec<_>>();
    /// let (x, y) = (noisy(2.9), noisy(5.3));
    /// let estimator = Estimator::embedded()?;
    /// assert!(estimator.conditional(&x, &y, &z)?.mi_nats() < estimator.estimate(&x, &y)?.mi_nats());
    /// # Ok::<(), mist_infer::EstimateError>(())
    /// ```
    pub fn conditional(
        &self,
        x: impl Into<Columns>,
        y: impl Into<Columns>,
        z: impl Into<Columns>,
    ) -> Result<Conditional, EstimateError> {
        let (x, y, z) = (x.into(), y.into(), z.into());
        for (x, y) in [(&x, &y), (&x, &z)] {
            crate::screen::check(x, y)?;
        }
        let (yz, xz) = (y.clone().beside(&z), x.clone().beside(&z));
        let mut answers = self.estimate_each(&[(x.clone(), yz), (x, z.clone()), (y.clone(), xz), (y, z)]).into_iter();
        let mut next = || answers.next().expect("four answers to four questions");
        let (x_yz, x_z, y_xz, y_z) = (next()?, next()?, next()?, next()?);
        let shape = x_yz.shape();
        let errors = self.description().conditional.as_ref();
        let errors = errors.map(|table| (table.levels.clone(), table.quantiles(shape).to_vec()));
        Ok(Conditional { n: x_yz.n, x_yz, x_z, y_xz, y_z, errors })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_between_levels() {
        let (levels, values) = ([0.1, 0.5, 0.9], [-2.0, 0.0, 4.0]);
        for (tau, want) in [(0.05, -2.0), (0.1, -2.0), (0.3, -1.0), (0.5, 0.0), (0.7, 2.0), (0.9, 4.0), (0.99, 4.0)] {
            assert!((at(&levels, &values, tau) - want).abs() < 1e-12, "{tau}");
        }
    }
}
