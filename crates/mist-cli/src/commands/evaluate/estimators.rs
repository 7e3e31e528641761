//! The estimators by name, and what they say of a data set.

use super::data::DataSet;
use anyhow::{Result, bail};
use cpu_time::ThreadTime;
use mist_baselines::{Bootstrap, MiEstimator};
use mist_infer::Estimator;
use mist_train::metrics::LEVELS;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

/// Name of the learned estimator.
pub const MIST: &str = "mist";

/// An estimator of mutual information with its name.
pub struct Named {
    /// Its name.
    pub name: String,
    method: Method,
}

enum Method {
    Learned(Box<Estimator>),
    Point(Box<dyn MiEstimator>),
    Resampled(Bootstrap<Box<dyn MiEstimator>>),
}

/// What an estimator says of one data set, in nats.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The point estimate.
    pub estimate: f64,
    /// Mean of the predicted distribution, where one is predicted.
    pub mean: Option<f64>,
    /// The central 90 % interval, where there is one.
    pub interval: Option<(f64, f64)>,
    /// Quantiles at [`LEVELS`], where a distribution is predicted.
    pub quantiles: Option<[f64; 10]>,
}

/// An answer, or why there is none or no interval; and how long that took.
pub struct Outcome {
    /// The answer, if there is one.
    pub answer: Option<Answer>,
    /// What failed; empty if nothing did.
    pub error: String,
    /// Time that passed.
    pub wall_seconds: f64,
    /// Time of this thread, which does all of the work.
    pub cpu_seconds: f64,
}

/// Checks the names.
pub fn check(names: &[String]) -> Result<()> {
    for (i, name) in names.iter().enumerate() {
        if name != MIST && !mist_baselines::NAMES.contains(&name.as_str()) {
            let known = mist_baselines::NAMES.join(", ");
            bail!("no estimator is named `{name}`: expected some of {MIST}, {known}");
        }
        if names[..i].contains(name) {
            bail!("`--estimators` lists `{name}` twice");
        }
    }
    Ok(())
}

impl Named {
    /// The estimator of a name; `learned` is asked for what `mist` is.
    pub fn new(name: &str, resamples: Option<usize>, learned: impl FnOnce() -> Result<Estimator>) -> Result<Self> {
        let method = if name == MIST {
            Method::Learned(Box::new(learned()?))
        } else {
            let estimator = mist_baselines::by_name(name)?;
            match resamples {
                Some(resamples) => Method::Resampled(Bootstrap { resamples, ..Bootstrap::new(estimator) }),
                None => Method::Point(estimator),
            }
        };
        Ok(Self { name: name.to_owned(), method })
    }

    /// The learned estimator, if this is it.
    pub fn learned(&self) -> Option<&Estimator> {
        match &self.method {
            Method::Learned(estimator) => Some(estimator),
            _ => None,
        }
    }

    /// Asks the estimator, on this thread alone if the caller is the only thread of its pool. Nothing that goes wrong
    /// goes further than the outcome.
    pub fn outcome(&self, data: &DataSet) -> Outcome {
        let (x, y) = data.columns();
        let (wall, cpu) = (Instant::now(), ThreadTime::now());
        let result = catch_unwind(AssertUnwindSafe(|| match &self.method {
            Method::Learned(estimator) => {
                let estimate = estimator.estimate(x, y).map_err(|e| e.to_string())?;
                // A network of the mean alone predicts no distribution.
                let quantiles = estimate.has_interval().then(|| LEVELS.map(|tau| estimate.quantile(tau)));
                let interval = quantiles.map(|q| (q[0], q[9]));
                let mean = quantiles.map(|_| estimate.mean_nats());
                Ok((Answer { estimate: estimate.mi_nats(), mean, interval, quantiles }, String::new()))
            }
            Method::Point(estimator) => point(estimator, data).map(|answer| (answer, String::new())),
            Method::Resampled(bootstrap) => match bootstrap.interval(&data.x, &data.y) {
                Ok(i) => {
                    let interval = Some((i.lower, i.upper));
                    Ok((Answer { estimate: i.estimate, mean: None, interval, quantiles: None }, String::new()))
                }
                Err(e) => {
                    point(&bootstrap.estimator, data).map(|answer| (answer, format!("no interval: {}", one_line(&e))))
                }
            },
        }));
        let (wall_seconds, cpu_seconds) = (wall.elapsed().as_secs_f64(), cpu.elapsed().as_secs_f64());
        let (answer, error) = match result.unwrap_or_else(|panic| Err(format!("panicked: {}", words(&*panic)))) {
            Ok((answer, error)) if answer.estimate.is_finite() => (Some(answer), error),
            Ok((answer, _)) => (None, format!("the estimate is {}", answer.estimate)),
            Err(error) => (None, one_line(&error)),
        };
        Outcome { answer, error, wall_seconds, cpu_seconds }
    }
}

fn point(estimator: &dyn MiEstimator, data: &DataSet) -> Result<Answer, String> {
    let estimate = estimator.estimate(&data.x, &data.y).map_err(|e| e.to_string())?;
    Ok(Answer { estimate, mean: None, interval: None, quantiles: None })
}

/// The message without its hints, on one line.
fn one_line(error: &impl ToString) -> String {
    let text = error.to_string();
    text.lines().filter(|line| !line.starts_with("hint: ")).collect::<Vec<_>>().join(" ")
}

fn words(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no reason given")
}

#[cfg(test)]
mod tests {
    use super::*;
    use mist_baselines::BaselineError;
    use nalgebra::DMatrix;

    struct Odd(f64);

    impl MiEstimator for Odd {
        fn name(&self) -> &'static str {
            "odd"
        }

        fn estimate(&self, x: &DMatrix<f64>, _: &DMatrix<f64>) -> Result<f64, BaselineError> {
            assert!(x.nrows() > 3, "too few\nrows");
            Ok(self.0)
        }
    }

    fn outcome(value: f64, rows: usize) -> Outcome {
        let named = Named { name: "odd".into(), method: Method::Point(Box::new(Odd(value))) };
        let side = DMatrix::zeros(rows, 1);
        named.outcome(&DataSet { family: "a".into(), mi_nats: 0.0, x: side.clone(), y: side })
    }

    #[test]
    fn whatever_goes_wrong_is_a_reason() {
        let sound = outcome(0.5, 4);
        assert_eq!((sound.answer.map(|a| a.estimate), sound.error.as_str()), (Some(0.5), ""));
        for (value, rows, error) in [
            (f64::NAN, 4, "the estimate is NaN"),
            (f64::INFINITY, 4, "the estimate is inf"),
            (0.5, 3, "panicked: too few rows"),
        ] {
            let failed = outcome(value, rows);
            assert_eq!((failed.answer, failed.error.as_str()), (None, error));
        }
    }
}
