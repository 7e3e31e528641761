//! Conformal adjustment of predicted quantiles, by strata of the data's shape.
//!
//! On tasks of known MI that training never saw, each level's quantile is moved until the share of truths below it is the
//! level but for one standard error of that share (split-conformal, one level at a time, as in Romano, Patterson and Candès 2019
//! for two): what a few hundred tasks show by chance moves nothing. It is moved in units of the predicted spread, so that what is
//! certain stays certain, and by a table that depends on n, columns, ties and spread.

use serde::{Deserialize, Serialize};

/// Fewest calibration tasks of a stratum.
pub(crate) const FEWEST: usize = 400;
/// Last n of each bin, but for the last bin, which has no end.
pub(crate) const ROWS: [usize; 5] = [30, 100, 300, 1_000, 2_500];
/// Last number of columns of both sides together, likewise.
pub(crate) const COLUMNS: [usize; 4] = [2, 5, 12, 30];
/// Levels between which the spread is taken.
const SPREAD: (f64, f64) = (0.1, 0.9);

/// What is known of a task beside its quantiles.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TaskShape {
    /// Rows.
    pub n: usize,
    /// Columns of both sides together.
    pub columns: usize,
    /// Whether any two rows share a value of a column.
    pub ties: bool,
}

/// Tasks that are adjusted alike.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stratum {
    /// First and last number of rows.
    pub n: (usize, usize),
    /// First and last number of columns of both sides together.
    pub columns: (usize, usize),
    /// Whether there are ties; `None` where that makes no difference.
    pub ties: Option<bool>,
    /// Smallest and largest predicted spread on the scale ln(1 + MI).
    pub spread: (f64, f64),
    /// Calibration tasks in it.
    pub tasks: usize,
    /// What is added to the quantile of each level, in units of the spread.
    pub shifts: Vec<f64>,
}

/// The adjustment of a checkpoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    /// Name of the meta-distribution of the calibration tasks.
    pub meta: String,
    /// Their root seed.
    pub seed: u64,
    /// From narrow to wide: the first that fits a task is the one that adjusts it, and the last fits every task.
    pub strata: Vec<Stratum>,
}

/// A calibration task: its shape, its predicted quantiles of ln(1 + MI), not cut at 0, and its MI in nats.
#[derive(Clone, Debug)]
pub struct Observed {
    /// Its shape.
    pub shape: TaskShape,
    /// Predicted quantiles.
    pub log1p: Vec<f64>,
    /// The truth.
    pub mi_nats: f64,
}

fn spread(taus: &[f64], log1p: &[f64]) -> f64 {
    let (low, high) = Calibration::spread_levels(taus);
    (log1p[high] - log1p[low]).max(1e-6)
}

impl Stratum {
    fn holds(&self, shape: TaskShape, spread: f64) -> bool {
        let within = |v: usize, (low, high): (usize, usize)| (low..=high).contains(&v);
        within(shape.n, self.n)
            && within(shape.columns, self.columns)
            && self.ties.is_none_or(|ties| ties == shape.ties)
            && (self.spread.0..=self.spread.1).contains(&spread)
    }

    /// With the shifts that these tasks call for; `None` if they are too few.
    fn fitted(mut self, taus: &[f64], tasks: &[(&Observed, f64)]) -> Option<Self> {
        let inside: Vec<_> = tasks.iter().filter(|(t, spread)| self.holds(t.shape, *spread)).collect();
        if inside.len() < FEWEST {
            return None;
        }
        self.tasks = inside.len();
        self.shifts = taus
            .iter()
            .enumerate()
            .map(|(level, tau)| {
                let mut off: Vec<f64> = inside
                    .iter()
                    .map(|(t, spread)| match (t.mi_nats, t.log1p[level]) {
                        // A quantile below 0 says 0, which is the truth.
                        (mi, q) if mi <= 0.0 && q <= 0.0 => 0.0,
                        (mi, q) => (mi.ln_1p() - q) / spread,
                    })
                    .collect();
                off.sort_unstable_by(f64::total_cmp);
                // Any shift between these two leaves a share below that is the level within one standard error.
                let count = off.len() as f64;
                let error = (tau * (1.0 - tau) / count).sqrt();
                let at = |share: f64| off[((share * (count + 1.0)).ceil() as usize).clamp(1, off.len()) - 1];
                0.0_f64.clamp(at(tau - error), at(tau + error))
            })
            .collect();
        Some(self)
    }
}

/// First and last of each bin.
pub(crate) fn bins(ends: &[usize]) -> Vec<(usize, usize)> {
    let first = std::iter::once(0).chain(ends.iter().map(|e| e + 1));
    first.zip(ends.iter().copied().chain(std::iter::once(usize::MAX))).collect()
}

impl Calibration {
    /// The adjustment that calibration tasks call for.
    pub fn fit(meta: &str, seed: u64, taus: &[f64], tasks: &[Observed]) -> Self {
        let tasks: Vec<(&Observed, f64)> = tasks.iter().map(|t| (t, spread(taus, &t.log1p))).collect();
        let every = |n, columns, ties, spread| Stratum { n, columns, ties, spread, tasks: 0, shifts: Vec::new() };
        let all = (0, usize::MAX);
        let any = (0.0, f64::MAX);
        let mut strata = Vec::new();
        // Narrow strata first: by spread within shape and ties, by shape and ties, by shape, by rows, all.
        let mut wide = Vec::new();
        for n in bins(&ROWS) {
            for columns in bins(&COLUMNS) {
                for ties in [Some(false), Some(true)] {
                    let whole = every(n, columns, ties, any);
                    let mut spreads: Vec<f64> =
                        tasks.iter().filter(|(t, s)| whole.holds(t.shape, *s)).map(|(_, s)| *s).collect();
                    spreads.sort_unstable_by(f64::total_cmp);
                    if spreads.len() >= 3 * FEWEST {
                        let cut = |third: usize| spreads[third * spreads.len() / 3];
                        strata.extend(
                            [(0.0, cut(1)), (cut(1), cut(2)), (cut(2), f64::MAX)].map(|s| every(n, columns, ties, s)),
                        );
                    }
                    wide.push(whole);
                }
            }
        }
        strata.extend(wide);
        strata.extend(
            bins(&ROWS).into_iter().flat_map(|n| bins(&COLUMNS).into_iter().map(move |c| every(n, c, None, any))),
        );
        strata.extend(bins(&ROWS).into_iter().map(|n| every(n, all, None, any)));
        let mut strata: Vec<Stratum> = strata.into_iter().filter_map(|s| s.fitted(taus, &tasks)).collect();
        strata.push(
            every(all, all, None, any)
                .fitted(taus, &tasks)
                .unwrap_or_else(|| Stratum { shifts: vec![0.0; taus.len()], ..every(all, all, None, any) }),
        );
        Self { meta: meta.to_owned(), seed, strata }
    }

    /// For tables of so many columns, of both sides together, or up to a fifth more or fewer, the adjustment that those of the
    /// calibration tasks call for which have as many; for all others what is known already. Fewer than 400 tasks with as many change nothing.
    #[must_use]
    pub fn with(self, columns: usize, meta: &str, seed: u64, taus: &[f64], tasks: &[Observed]) -> Self {
        let near = (columns - columns / 5, columns + columns / 5);
        let inside = |shape: TaskShape| (near.0..=near.1).contains(&shape.columns);
        // As if of the same number of columns: no bin of columns cuts through them.
        let alike = |t: &Observed| Observed { shape: TaskShape { columns, ..t.shape }, ..t.clone() };
        let tasks: Vec<Observed> = tasks.iter().filter(|t| inside(t.shape)).map(alike).collect();
        if tasks.len() < FEWEST {
            return self;
        }
        let mut own = Self::fit(meta, seed, taus, &tasks);
        own.strata.iter_mut().for_each(|stratum| stratum.columns = near);
        own.strata.extend(self.strata);
        own
    }

    /// Adjusts predicted quantiles of ln(1 + MI) in place; they stay in order.
    ///
    /// # Panics
    /// If the levels are not those of the fit.
    pub fn apply(&self, taus: &[f64], shape: TaskShape, log1p: &mut [f64]) {
        let spread = spread(taus, log1p);
        let Some(stratum) = self.strata.iter().find(|s| s.holds(shape, spread)) else {
            return;
        };
        assert_eq!(stratum.shifts.len(), log1p.len(), "one shift for each level");
        for (q, shift) in log1p.iter_mut().zip(&stratum.shifts) {
            *q += shift * spread;
        }
        log1p.sort_unstable_by(f64::total_cmp);
    }

    /// Where the adjusted quantile of level `at` comes from: the level whose moved quantile takes that place, and by how many
    /// times the spread ([`Calibration::spread_levels`]) it was moved.
    ///
    /// # Panics
    /// If the levels are not those of the fit.
    pub fn source(&self, taus: &[f64], shape: TaskShape, log1p: &[f64], at: usize) -> (usize, f64) {
        let spread = spread(taus, log1p);
        let Some(stratum) = self.strata.iter().find(|s| s.holds(shape, spread)) else {
            return (at, 0.0);
        };
        let moved = |i: &usize| log1p[*i] + stratum.shifts[*i] * spread;
        let mut order: Vec<usize> = (0..log1p.len()).collect();
        order.sort_by(|a, b| moved(a).total_cmp(&moved(b)));
        (order[at], stratum.shifts[order[at]])
    }

    /// The levels whose quantiles lie one spread apart, by index.
    pub fn spread_levels(taus: &[f64]) -> (usize, usize) {
        let at = |tau: f64| taus.partition_point(|t| *t < tau - 1e-9).min(taus.len() - 1);
        (at(SPREAD.0), at(SPREAD.1))
    }

    /// Whether it can be applied to a network of so many levels.
    ///
    /// # Errors
    /// The first stratum that is wrong.
    pub fn validate(&self, levels: usize) -> Result<(), String> {
        let sound = |s: &Stratum| s.shifts.len() == levels && s.shifts.iter().all(|v| v.is_finite());
        match self.strata.iter().position(|s| !sound(s)) {
            Some(at) => Err(format!("`calibration.strata[{at}].shifts` must hold {levels} finite numbers")),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{Rng, SeedableRng, rngs::StdRng};

    const TAUS: [f64; 5] = [0.05, 0.1, 0.5, 0.9, 0.95];

    /// Truths from a law that the prediction has half as wide as it is, and too low in small tables.
    fn task(rng: &mut StdRng) -> Observed {
        let n = [50, 500][rng.random_range(0..2)];
        let shape = TaskShape { n, columns: 2, ties: false };
        let centre: f64 = rng.random_range(1.0..2.0);
        let quantile = |tau: f64| centre + 0.1 * (tau - 0.5);
        let bias = if n == 50 { 0.3 } else { 0.0 };
        let truth = centre + bias + 0.2 * (rng.random::<f64>() - 0.5);
        Observed { shape, log1p: TAUS.map(quantile).to_vec(), mi_nats: truth.exp_m1() }
    }

    #[test]
    fn adjusted_quantiles_hold_what_they_promise_in_every_stratum() {
        let mut rng = StdRng::seed_from_u64(2);
        let tasks: Vec<Observed> = (0..30_000).map(|_| task(&mut rng)).collect();
        let calibration = Calibration::fit("test", 0, &TAUS, &tasks);
        calibration.validate(TAUS.len()).unwrap();
        for n in [50, 500] {
            let mut below = [0usize; TAUS.len()];
            let fresh: Vec<Observed> = (0..8000).map(|_| task(&mut rng)).filter(|t| t.shape.n == n).collect();
            for t in &fresh {
                let mut q = t.log1p.clone();
                calibration.apply(&TAUS, t.shape, &mut q);
                assert!(q.is_sorted());
                for (count, q) in below.iter_mut().zip(&q) {
                    *count += usize::from(t.mi_nats.ln_1p() <= *q);
                }
            }
            for (count, tau) in below.into_iter().zip(TAUS) {
                let share = count as f64 / fresh.len() as f64;
                assert!((share - tau).abs() < 0.025, "n = {n}: {share} at level {tau}");
            }
        }
    }

    #[test]
    fn tasks_of_one_width_adjust_that_width_alone() {
        let mut rng = StdRng::seed_from_u64(4);
        let mut of = |columns: usize, count: usize| -> Vec<Observed> {
            (0..count)
                .map(|_| task(&mut rng))
                .map(|t| Observed { shape: TaskShape { columns, ..t.shape }, ..t })
                .collect()
        };
        let general = Calibration::fit("general", 0, &TAUS, &[of(2, 3000), of(20, 3000)].concat());
        // Biased by another nat.
        let other: Vec<Observed> =
            of(20, 3000).into_iter().map(|t| Observed { mi_nats: t.mi_nats + 1.0, ..t }).collect();
        let both = general.clone().with(22, "both", 1, &TAUS, &[other.clone(), of(4, 3000)].concat());
        let median = |calibration: &Calibration, columns| {
            let t = Observed { shape: TaskShape { columns, ..other[0].shape }, ..other[0].clone() };
            let mut q = t.log1p.clone();
            calibration.apply(&TAUS, t.shape, &mut q);
            q[2]
        };
        for columns in [2, 4, 17, 27] {
            assert_eq!(median(&both, columns), median(&general, columns), "{columns} columns");
        }
        for columns in [18, 20, 26] {
            assert!(median(&both, columns) > median(&general, columns) + 0.1, "{columns} columns");
        }
        assert_eq!(general.clone().with(20, "few", 1, &TAUS, &other[..300]), general);
    }

    #[test]
    fn few_tasks_leave_predictions_as_they_are() {
        let mut rng = StdRng::seed_from_u64(3);
        let tasks: Vec<Observed> = (0..50).map(|_| task(&mut rng)).collect();
        let calibration = Calibration::fit("test", 0, &TAUS, &tasks);
        let mut q = tasks[0].log1p.clone();
        calibration.apply(&TAUS, tasks[0].shape, &mut q);
        assert_eq!(q, tasks[0].log1p);
        assert!(calibration.validate(4).is_err());
    }
}
