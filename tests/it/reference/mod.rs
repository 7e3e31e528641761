//! The named suites against golden values of the reference implementations; `tests/reference/README.md` describes them.
//!
//! A task must have the reference's MI to [`MI_TOLERANCE`] and its distribution: of every statistic of a row,
//! our sample and the golden one are compared by the two-sample Kolmogorov–Smirnov test.

mod bmi;
mod m_test;

use mist_data_gen::{DrawnTask, Sample};
use rayon::prelude::*;
use safetensors::{Dtype, SafeTensors};
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};

/// Of |ours − theirs|: absolute up to 1 nat, relative above. Some of theirs are computed in single precision.
const MI_TOLERANCE: f64 = 1e-6;

/// Probability that a test refuses any of its comparisons although all distributions are equal. With fixed seeds
/// that happens always or never.
const FAMILY_WISE_ERROR: f64 = 1e-3;

/// Rows of our samples.
const ROWS: usize = 1 << 17;

/// So many columns of a side are looked at one by one, and in pairs.
const COLUMNS: usize = 3;

/// One task of a reference.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    dim_x: usize,
    dim_y: usize,
    mi_nats: f64,
    /// Name of the family in our configurations, where the name is not that of a task in a suite.
    #[serde(default)]
    family: String,
    /// The parameters in the words of our configurations.
    #[serde(default)]
    parameters: BTreeMap<String, f64>,
}

/// The golden values of one file.
struct Golden {
    cases: Vec<Case>,
    /// Rows of every golden sample, and tasks behind every golden distribution of MI.
    rows: usize,
    tasks: usize,
    /// By tensor and statistic: evenly spaced order statistics.
    quantiles: HashMap<String, Vec<Vec<f64>>>,
}

impl Golden {
    fn read(bytes: &[u8]) -> Self {
        let (_, header) = SafeTensors::read_metadata(bytes).unwrap();
        let metadata = header.metadata().as_ref().unwrap();
        let tensors = SafeTensors::deserialize(bytes).unwrap();
        let quantiles = tensors.iter().map(|(name, view)| {
            assert_eq!(view.dtype(), Dtype::F32);
            let value = |v: &[u8]| f64::from(f32::from_le_bytes(v.try_into().unwrap()));
            let values: Vec<f64> = view.data().chunks_exact(4).map(value).collect();
            (name.to_owned(), values.chunks_exact(view.shape()[1]).map(<[f64]>::to_vec).collect())
        });
        Self {
            cases: serde_json::from_str(&metadata["cases"]).unwrap(),
            rows: metadata["rows"].parse().unwrap(),
            tasks: metadata["tasks"].parse().unwrap(),
            quantiles: quantiles.collect(),
        }
    }

    /// What refuses a sample, given by its statistics, as one of this case: the first statistic beyond the limit.
    fn refusal(&self, case: &Case, statistics: &[(String, Vec<f64>)]) -> Option<String> {
        let golden = &self.quantiles[&case.name];
        assert_eq!(golden.len(), statistics.len(), "{}: statistics", case.name);
        let limit = ks_limit(self.cases.iter().map(|case| self.quantiles[&case.name].len()).sum());
        statistics.iter().zip(golden).find_map(|((name, values), quantiles)| {
            let distance = ks(values, quantiles, self.rows);
            (distance > limit).then(|| format!("{name}: √(nm/(n+m)) D = {distance}, limit {limit}"))
        })
    }

    /// Asserts that the tasks drawn for the cases have their MI and their distribution; and that the comparison has
    /// the power for that: it refuses each with X and Y made independent, and as any other case of the same dims.
    fn assert_tasks(&self, drawn: impl Fn(&Case) -> DrawnTask + Sync) {
        self.cases.par_iter().for_each(|case| {
            let name = &case.name;
            let DrawnTask { task, mut rng, .. } = drawn(case);
            assert_eq!((task.dim_x(), task.dim_y()), (case.dim_x, case.dim_y), "{name}");
            let (ours, theirs) = (task.mi_nats(), case.mi_nats);
            assert!((ours - theirs).abs() <= MI_TOLERANCE * theirs.max(1.0), "{name}: MI {ours}, reference {theirs}");

            let mut sample = task.sample(ROWS, &mut rng);
            let rows = statistics(&sample);
            assert_eq!(self.refusal(case, &rows), None, "{name}");
            for other in self.cases.iter().filter(|other| other.name != *name) {
                if (other.dim_x, other.dim_y) == (case.dim_x, case.dim_y) {
                    assert!(self.refusal(other, &rows).is_some(), "`{name}` passes for `{}`", other.name);
                }
            }
            sample.y.as_mut_slice().chunks_exact_mut(ROWS).for_each(|column| column.rotate_right(1));
            assert!(self.refusal(case, &statistics(&sample)).is_some(), "`{name}` passes with X and Y independent");
        });
    }
}

/// The two-sample Kolmogorov–Smirnov statistic √(n m/(n + m)) D, where D is the largest distance of the empirical
/// distribution functions *at the golden order statistics*: at most that over the whole line, so the test errs to the
/// side of acceptance.
fn ks(values: &[f64], golden: &[f64], golden_rows: usize) -> f64 {
    // How many values lie above one order statistic and not above the next.
    let mut counts = vec![0_usize; golden.len() + 1];
    for &value in values {
        counts[golden.partition_point(|&q| q < value)] += 1;
    }
    let (n, m) = (values.len() as f64, golden_rows as f64);
    let mut below = 0;
    let distance = (1..).zip(&counts[..golden.len()]).fold(0.0_f64, |worst, (level, count)| {
        below += count;
        worst.max((below as f64 / n - f64::from(level) / (golden.len() + 1) as f64).abs())
    });
    distance * (n * m / (n + m)).sqrt()
}

/// The limit c of so many comparisons: P(√(n m/(n + m)) D > c) → 2 Σ (−1)^{i−1} exp(−2 i² c²) ≤ 2 exp(−2 c²).
fn ks_limit(comparisons: usize) -> f64 {
    ((2.0 * comparisons as f64 / FAMILY_WISE_ERROR).ln() / 2.0).sqrt()
}

/// The statistics of every row, in the order of the golden values: with the first three columns of X and of Y
/// called c, all cᵢ, all cᵢcⱼ, all xᵢ − yᵢ, and the sums over all columns z of (X, Y) of cos(kj) zⱼ, k = 1 and 3.
fn statistics(Sample { x, y }: &Sample) -> Vec<(String, Vec<f64>)> {
    let n = x.nrows();
    let columns = |values: &[f64], side: &str| -> Vec<(String, Vec<f64>)> {
        values.chunks_exact(n).take(COLUMNS).enumerate().map(|(i, c)| (format!("{side}{i}"), c.to_vec())).collect()
    };
    let (first_x, first_y) = (columns(x.as_slice(), "x"), columns(y.as_slice(), "y"));
    let paired = |a: &[f64], b: &[f64], of: fn(f64, f64) -> f64| a.iter().zip(b).map(|(&a, &b)| of(a, b)).collect();
    let both = [first_x.as_slice(), &first_y].concat();
    let mut all = both.clone();
    for (i, (name_a, a)) in both.iter().enumerate() {
        for (name_b, b) in &both[i + 1..] {
            all.push((format!("{name_a} · {name_b}"), paired(a, b, |a, b| a * b)));
        }
    }
    for ((name_x, a), (name_y, b)) in first_x.iter().zip(&first_y) {
        all.push((format!("{name_x} − {name_y}"), paired(a, b, |a, b| a - b)));
    }
    for k in [1.0, 3.0] {
        let mut sums = vec![0.0; n];
        for (j, column) in x.column_iter().chain(y.column_iter()).enumerate() {
            let weight = (k * j as f64).cos();
            sums.iter_mut().zip(column.iter()).for_each(|(sum, value)| *sum += weight * value);
        }
        all.push((format!("projection {k}"), sums));
    }
    all
}
