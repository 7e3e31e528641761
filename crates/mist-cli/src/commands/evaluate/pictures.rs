//! What the pictures of a report show.

use super::rows::Row;
use super::tables::{By, Evaluation};
use crate::commands::bins;
use crate::store::replace;
use anyhow::{Context, Result};
use mist_plot::{Axis, COLOURS, Grid, Heat, Mark, Picture, Points, Scale, Xy, png, svg};
use mist_train::metrics::{Scored, Summary};
use statrs::distribution::{Binomial, DiscreteCDF};
use std::collections::BTreeMap;
use std::path::Path;

/// Folder of the pictures, in that of the report.
const FOLDER: &str = "plots";
/// Points of one panel; more are thinned out evenly.
const POINTS: usize = 400;
/// Nominal levels of the central intervals, for [`Scored::covers_central`].
const NOMINAL: [f64; 5] = [0.1, 0.3, 0.5, 0.7, 0.9];
const TRUTH: &str = "true MI, nats";

/// Draws all pictures into `dir`, and gives the Markdown that shows them: of the accuracy, and of the time.
pub fn write(evaluation: &Evaluation, dir: &Path) -> Result<(String, String)> {
    let folder = dir.join(FOLDER);
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot write `{}`", folder.display()))?;
    let mut accuracy = show(&folder, "truth", "Estimates and truth", &truth(evaluation))?;
    accuracy += &show(&folder, "error", "Error and number of rows", &error(evaluation))?;
    let coverage = coverage(evaluation);
    if !coverage.panels.is_empty() {
        accuracy += &show(&folder, "coverage", "Coverage of the intervals", &coverage)?;
    }
    let calibration = calibration(evaluation);
    if !calibration.panels.is_empty() {
        accuracy += &show(&folder, "calibration", "Coverage by family", &calibration)?;
    }
    Ok((accuracy, show(&folder, "time", "Time and number of rows", &time(evaluation))?))
}

fn show(folder: &Path, name: &str, alt: &str, picture: &impl Picture) -> Result<String> {
    replace(&folder.join(format!("{name}.svg")), svg(picture)?.as_bytes())?;
    replace(&folder.join(format!("{name}.png")), &png(picture)?)?;
    Ok(format!("![{alt}]({FOLDER}/{name}.svg)\n\n"))
}

/// A panel for each part and estimator.
fn truth(evaluation: &Evaluation) -> Grid<Xy> {
    let mut panels = Vec::new();
    for part in &evaluation.parts {
        let rows = evaluation.part(part);
        let truths = rows.iter().map(|row| row.mi_nats);
        let x = Axis::over(TRUTH, Scale::SignedLog, truths.chain(most(&rows)));
        let y = Axis { name: "estimate, nats".to_owned(), ..x.clone() };
        for (i, name) in evaluation.estimators.iter().enumerate() {
            let scored = of(&rows, name);
            let points = scored.iter().step_by(scored.len().div_ceil(POINTS).max(1));
            let points = points.map(|s| (s.mi_nats, s.estimate, s.interval)).collect();
            panels.push(Xy {
                title: format!("{part}: {name}"),
                x: x.clone(),
                y: y.clone(),
                diagonal: true,
                band: Vec::new(),
                series: vec![Points {
                    name: name.clone(),
                    colour: COLOURS[i % COLOURS.len()],
                    mark: Mark::Dots,
                    points,
                }],
            });
        }
    }
    Grid {
        title: "Estimates and truth".to_owned(),
        caption: format!("with 90 % intervals; at most {POINTS} data sets a panel; what is far off lies at the edge"),
        columns: evaluation.estimators.len().min(5),
        panels,
    }
}

/// The ends of the range that holds nine of ten estimates; what lies farther off is drawn at the edge.
fn most(rows: &[&Row]) -> Vec<f64> {
    let mut estimates: Vec<f64> = rows.iter().filter_map(|row| row.scored()).map(|scored| scored.estimate).collect();
    estimates.sort_unstable_by(f64::total_cmp);
    let at = |share: f64| estimates.get((share * estimates.len() as f64) as usize).copied();
    [at(0.05), at(0.95)].into_iter().flatten().collect()
}

/// A panel for each part: the root of the mean squared error by bins of n.
fn error(evaluation: &Evaluation) -> Grid<Xy> {
    let rmse = |rows: &[&Row]| {
        let summary = Summary::of(rows.iter().filter_map(|row| row.scored()));
        (summary.count > 0).then(|| summary.rmse())
    };
    Grid {
        title: "Error and number of rows".to_owned(),
        caption: "root of the mean squared error over the data sets with an answer".to_owned(),
        columns: 3,
        panels: evaluation.parts.iter().map(|part| by_n(evaluation, part, "RMSE, nats", rmse)).collect(),
    }
}

/// A panel for each part: the median time by bins of n.
fn time(evaluation: &Evaluation) -> Grid<Xy> {
    let median = |rows: &[&Row]| {
        let mut times: Vec<f64> = rows.iter().map(|row| 1e3 * row.wall_seconds).collect();
        times.sort_unstable_by(f64::total_cmp);
        // The clock may show nothing for the fastest.
        Some(times[times.len() / 2].max(1e-3))
    };
    Grid {
        title: "Time and number of rows".to_owned(),
        caption: "median over the data sets, one thread".to_owned(),
        columns: 3,
        panels: evaluation.parts.iter().map(|part| by_n(evaluation, part, "ms", median)).collect(),
    }
}

/// A line for each estimator: a value of each bin of n, over the mean n there.
fn by_n(evaluation: &Evaluation, part: &str, name: &str, value: impl Fn(&[&Row]) -> Option<f64>) -> Xy {
    let rows = evaluation.part(part);
    let series = evaluation.estimators.iter().enumerate().map(|(i, estimator)| {
        let mut groups = BTreeMap::<_, Vec<&Row>>::new();
        for row in rows.iter().filter(|row| row.estimator == *estimator) {
            groups.entry(bins::row_bin(row.n)).or_default().push(row);
        }
        let point = |rows: &Vec<&Row>| {
            let mean = rows.iter().map(|row| row.n as f64).sum::<f64>() / rows.len() as f64;
            value(rows).map(|v| (mean, v, None))
        };
        let points = groups.values().filter_map(point).collect();
        Points { name: estimator.clone(), colour: COLOURS[i % COLOURS.len()], mark: Mark::Line, points }
    });
    let series: Vec<Points> = series.collect();
    let points = || series.iter().flat_map(|s| &s.points);
    Xy {
        title: part.to_owned(),
        x: Axis::over("n", Scale::Log, points().map(|p| p.0)),
        y: Axis::over(name, Scale::Log, points().map(|p| p.1)),
        diagonal: false,
        band: Vec::new(),
        series,
    }
}

/// A panel for each part: how often central intervals hold the truth, and within what that would be by chance.
fn coverage(evaluation: &Evaluation) -> Grid<Xy> {
    let mut panels = Vec::new();
    for part in &evaluation.parts {
        let rows = evaluation.part(part);
        let mut series = Vec::new();
        let mut most = 0;
        for (i, name) in evaluation.estimators.iter().enumerate() {
            let scored = of(&rows, name);
            let share = |covers: &dyn Fn(&Scored) -> Option<bool>| {
                let held: Vec<bool> = scored.iter().filter_map(covers).collect();
                let count = held.len();
                (count > 0).then(|| (count, held.into_iter().filter(|h| *h).count() as f64 / count as f64))
            };
            let central = NOMINAL.iter().enumerate();
            let mut points: Vec<_> = central
                .filter_map(|(i, level)| share(&|s| s.covers_central(i)).map(|(count, share)| (*level, share, count)))
                .collect();
            if points.is_empty() {
                // Resampling gives the one interval.
                points.extend(share(&Scored::covers).map(|(count, share)| (0.9, share, count)));
            }
            most = points.iter().map(|p| p.2).fold(most, usize::max);
            let points: Vec<_> = points.into_iter().map(|(level, share, _)| (level, share, None)).collect();
            if !points.is_empty() {
                series.push(Points {
                    name: name.clone(),
                    colour: COLOURS[i % COLOURS.len()],
                    mark: Mark::Line,
                    points,
                });
            }
        }
        if series.is_empty() {
            continue;
        }
        let axis = |name: &str| Axis { name: name.to_owned(), scale: Scale::Linear, low: 0.0, high: 1.0 };
        let (x, y) = (axis("nominal level"), axis("share of intervals that hold the truth"));
        panels.push(Xy { title: part.clone(), x, y, diagonal: true, band: chance(most), series });
    }
    Grid {
        title: "Coverage of the intervals".to_owned(),
        caption: "grey: 95 % of what chance gives for exact intervals and as many data sets".to_owned(),
        columns: 3,
        panels,
    }
}

/// Where the share of `count` trials lies with probability 95 %, over the probability of one.
fn chance(count: usize) -> Vec<(f64, f64, f64)> {
    let at = |level: f64| {
        let binomial = Binomial::new(level, count as u64).expect("levels are probabilities");
        // The library's own search for the quantile panics where the answer is 0 or close to it.
        let quantile = |p: f64| {
            let (mut low, mut high) = (0, count as u64);
            while low < high {
                let middle = low.midpoint(high);
                if binomial.cdf(middle) < p { low = middle + 1 } else { high = middle }
            }
            low as f64 / count as f64
        };
        (level, quantile(0.025), quantile(0.975))
    };
    (1..40).map(|i| at(f64::from(i) / 40.0)).collect()
}

/// A panel for each part with predicted distributions, and each estimator that gives them.
fn calibration(evaluation: &Evaluation) -> Grid<Heat> {
    let columns: Vec<(String, f64)> = NOMINAL.map(|level| (format!("{:.0} %", 100.0 * level), level)).to_vec();
    let mut panels = Vec::new();
    for part in &evaluation.parts {
        let rows = evaluation.part(part);
        for name in &evaluation.estimators {
            let families = By::Family.groups(&rows).into_iter().filter_map(|group| {
                let scored: Vec<Scored> =
                    of(&group.rows, name).into_iter().filter(|scored| scored.quantiles.is_some()).collect();
                let held = |i: usize| scored.iter().filter(|s| s.covers_central(i) == Some(true)).count();
                let shares = (0..NOMINAL.len()).map(|i| held(i) as f64 / scored.len() as f64).collect();
                (!scored.is_empty()).then_some((group.name, shares))
            });
            let rows: Vec<(String, Vec<f64>)> = families.collect();
            if !rows.is_empty() {
                panels.push(Heat { title: format!("{part}: {name}"), columns: columns.clone(), rows, full: 0.4 });
            }
        }
    }
    Grid {
        title: "Coverage by family".to_owned(),
        caption: "share of central intervals that hold the truth; red: more than their level, blue: fewer".to_owned(),
        columns: 3,
        panels,
    }
}

fn of(rows: &[&Row], estimator: &str) -> Vec<Scored> {
    rows.iter().filter(|row| row.estimator == estimator).filter_map(|row| row.scored()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of 100 fair coins, the number of heads is 40 to 60 with probability 96.5 %; 41 to 59 would be 94.3 %.
    #[test]
    fn chance_is_binomial() {
        let band = chance(100);
        assert_eq!(band[19], (0.5, 0.4, 0.6));
        for count in [30, 1000] {
            let band = chance(count);
            assert!(band.iter().all(|(level, low, high)| low <= level && level <= high), "{band:?}");
        }
    }
}
