//! The coverage card: how often the intervals of a checkpoint hold, by family, rows and columns.

use crate::{QuantileFunction, TaskShape};
use serde::{Deserialize, Serialize};
use statrs::distribution::{Beta, ContinuousCDF};
use std::collections::BTreeMap;

/// Level of the intervals.
const LEVEL: f64 = 0.9;
/// Last n of each bin, but for the last bin, which has no end.
const ROWS: [usize; 2] = [100, 500];
/// Last number of columns of both sides together, likewise.
const COLUMNS: [usize; 2] = [2, 10];

/// How often intervals hold, on tasks that neither training nor calibration has seen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Coverage {
    /// Level of the intervals.
    pub level: f64,
    /// Root seed of the tasks.
    pub seed: u64,
    /// By family, rows and columns.
    pub cells: Vec<CoverageCell>,
}

/// Tasks of one kind.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CoverageCell {
    /// Whether no training task is of this family.
    pub held_out: bool,
    /// Family of the distribution.
    pub family: String,
    /// First and last number of rows.
    pub n: (usize, usize),
    /// First and last number of columns of both sides together.
    pub columns: (usize, usize),
    /// Tasks seen.
    pub tasks: usize,
    /// Of them, those whose interval holds the truth.
    pub covered: usize,
}

/// A task, and what a checkpoint says of it.
#[derive(Clone, Debug)]
pub struct Answered {
    /// Whether no training task is of this family.
    pub held_out: bool,
    /// Family of the distribution.
    pub family: String,
    /// Rows and columns.
    pub shape: TaskShape,
    /// The prediction.
    pub quantiles: QuantileFunction,
    /// The truth.
    pub mi_nats: f64,
}

fn bin(ends: &[usize], value: usize) -> (usize, usize) {
    let at = ends.partition_point(|end| *end < value);
    let first = at.checked_sub(1).map_or(0, |before| ends[before] + 1);
    (first, ends.get(at).copied().unwrap_or(usize::MAX))
}

impl Coverage {
    /// Counts.
    pub fn of(seed: u64, tasks: &[Answered]) -> Self {
        let mut cells: BTreeMap<_, (usize, usize)> = BTreeMap::new();
        for task in tasks {
            let key = (task.held_out, &task.family, bin(&ROWS, task.shape.n), bin(&COLUMNS, task.shape.columns));
            let (lower, upper) = (task.quantiles.at(0.5 - 0.5 * LEVEL), task.quantiles.at(0.5 + 0.5 * LEVEL));
            let (count, covered) = cells.entry(key).or_default();
            *count += 1;
            *covered += usize::from((lower..=upper).contains(&task.mi_nats));
        }
        let cell = |((held_out, family, n, columns), (tasks, covered)): ((bool, &String, _, _), _)| CoverageCell {
            held_out,
            family: family.clone(),
            n,
            columns,
            tasks,
            covered,
        };
        Self { level: LEVEL, seed, cells: cells.into_iter().map(cell).collect() }
    }

    /// The sum over cells that `of` maps to the same, in their order.
    pub fn by<K: Ord>(&self, of: impl Fn(&CoverageCell) -> K) -> BTreeMap<K, Share> {
        let mut out: BTreeMap<K, Share> = BTreeMap::new();
        for cell in &self.cells {
            let share = out.entry(of(cell)).or_default();
            share.tasks += cell.tasks;
            share.covered += cell.covered;
        }
        out
    }
}

/// Covered tasks out of all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// All.
    pub tasks: usize,
    /// Covered.
    pub covered: usize,
}

impl Share {
    /// The share itself; not a number without tasks.
    pub fn value(self) -> f64 {
        self.covered as f64 / self.tasks as f64
    }

    /// The 95 % band of the coverage behind it.
    ///
    /// # Source
    /// Clopper and Pearson 1934.
    pub fn band(self) -> (f64, f64) {
        let (k, n) = (self.covered as f64, self.tasks as f64);
        let quantile = |a: f64, b: f64, p: f64| Beta::new(a, b).map_or(f64::NAN, |beta| beta.inverse_cdf(p));
        let lower = if self.covered == 0 { 0.0 } else { quantile(k, n - k + 1.0, 0.025) };
        let upper = if self.covered == self.tasks { 1.0 } else { quantile(k + 1.0, n - k, 0.975) };
        (lower, upper)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_are_counted_by_family_rows_and_columns() {
        let task = |family: &str, n, mi_nats| Answered {
            held_out: false,
            family: family.into(),
            shape: TaskShape { n, columns: 2, ties: false },
            quantiles: QuantileFunction::new(&[0.05, 0.5, 0.95], &[0.1, 0.2, 0.3]),
            mi_nats,
        };
        let card =
            Coverage::of(1, &[task("b", 100, 0.2), task("a", 101, 0.2), task("a", 500, 0.5), task("a", 501, 0.2)]);
        let got: Vec<_> = card.cells.iter().map(|c| (c.family.as_str(), c.n, c.tasks, c.covered)).collect();
        let last = (501, usize::MAX);
        assert_eq!(got, [("a", (101, 500), 2, 1), ("a", last, 1, 1), ("b", (0, 100), 1, 1)]);
        assert!(card.cells.iter().all(|c| c.columns == (0, 2)));
        assert_eq!(card.by(|c| c.family.clone())["a"], Share { tasks: 3, covered: 2 });
    }

    #[test]
    fn bands_of_clopper_and_pearson() {
        // R: binom.test(45, 50)$conf.int; binom.test(10, 10)$conf.int
        let (lower, upper) = Share { tasks: 50, covered: 45 }.band();
        assert!((lower - 0.781_863).abs() < 1e-4 && (upper - 0.966_696).abs() < 1e-4, "{lower} {upper}");
        let (lower, upper) = Share { tasks: 10, covered: 10 }.band();
        assert!((lower - 0.691_502).abs() < 1e-4 && upper == 1.0, "{lower} {upper}");
    }
}
