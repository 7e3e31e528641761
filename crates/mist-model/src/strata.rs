//! Quantiles of a statistic by the shape of the data: what it is on tables of known truth.

use crate::TaskShape;
use crate::calibration::{COLUMNS, FEWEST, ROWS, bins};
use serde::{Deserialize, Serialize};

/// Probability that a table gives for a statistic beyond its outermost levels, at least.
const LEAST_P: f64 = 1e-9;

/// Any number of rows or columns.
const WHOLE: (usize, usize) = (0, usize::MAX);

/// Tables of one shape.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShapeStratum {
    /// First and last number of rows.
    pub n: (usize, usize),
    /// First and last number of columns of both sides together.
    pub columns: (usize, usize),
    /// Whether there are ties; `None` where that makes no difference.
    pub ties: Option<bool>,
    /// Tables it was made from.
    pub tables: usize,
    /// The quantiles of the statistic at [`ShapeTable::levels`].
    pub quantiles: Vec<f64>,
}

/// The distribution of a statistic over tables of known truth, by their shape.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShapeTable {
    /// What the tables were drawn from.
    pub source: String,
    /// Their root seed.
    pub seed: u64,
    /// Levels of the quantiles, increasing.
    pub levels: Vec<f64>,
    /// From narrow to wide: the first that fits a table is the one that counts, and the last fits every table.
    pub strata: Vec<ShapeStratum>,
}

impl ShapeTable {
    /// The table of these values of the statistic. A stratum has at least 400 of them, but for the last, which holds all.
    /// Where tables of a shape are too few, those of any number of columns go together first, then those of any number of rows.
    /// Tables with ties and without stay apart, since for either statistic that makes the largest difference.
    ///
    /// # Panics
    /// Without any value, or with fewer than two levels.
    pub fn fit(source: &str, seed: u64, levels: &[f64], observed: &[(TaskShape, f64)]) -> Self {
        assert!(!observed.is_empty() && levels.len() > 1, "quantiles of nothing, or too few of them");
        let all = vec![WHOLE];
        let (rows, columns) = (bins(&ROWS), bins(&COLUMNS));
        let apart = [Some(false), Some(true)];
        let mut strata = Vec::new();
        for (rows, columns, ties) in
            [(&rows, &columns, &apart[..]), (&rows, &all, &apart), (&all, &all, &apart), (&all, &all, &[None])]
        {
            for &n in rows {
                for &columns in columns {
                    for &ties in ties {
                        let empty = ShapeStratum { n, columns, ties, tables: 0, quantiles: Vec::new() };
                        strata.extend(empty.filled(levels, observed));
                    }
                }
            }
        }
        if strata.last().is_none_or(|s| (s.n, s.ties) != (WHOLE, None)) {
            let last = ShapeStratum {
                n: WHOLE,
                columns: WHOLE,
                ties: None,
                tables: observed.len(),
                quantiles: quantiles(levels, observed.iter().map(|(_, v)| *v).collect()),
            };
            strata.push(last);
        }
        Self { source: source.into(), seed, levels: levels.to_vec(), strata }
    }

    /// Checks what was read from a file.
    ///
    /// # Errors
    /// The first thing that is wrong, in words.
    pub fn validate(&self) -> Result<(), String> {
        let inside = self.levels.iter().all(|l| 0.0 < *l && *l < 1.0);
        if self.levels.len() < 2 || !inside || !self.levels.is_sorted_by(|a, b| a < b) {
            return Err("the levels of a table must be two or more, between 0 and 1, increasing".into());
        }
        for (place, stratum) in self.strata.iter().enumerate() {
            let quantiles = &stratum.quantiles;
            let sound = quantiles.iter().all(|q| q.is_finite()) && quantiles.is_sorted();
            if quantiles.len() != self.levels.len() || !sound {
                return Err(format!("stratum {place} of a table must have a quantile for each level, not decreasing"));
            }
        }
        match self.strata.last() {
            Some(last) if last.holds(TaskShape { n: usize::MAX, columns: usize::MAX, ties: false }) => Ok(()),
            _ => Err("the last stratum of a table must hold tables of every shape".into()),
        }
    }

    /// The quantiles of the statistic on tables of this shape.
    pub fn quantiles(&self, shape: TaskShape) -> &[f64] {
        let fits = self.strata.iter().find(|s| s.holds(shape)).or(self.strata.last());
        fits.map_or(&[], |s| &s.quantiles)
    }

    /// The probability that the statistic is at least `value` on tables of this shape. Its logarithm is linear between the
    /// levels, and goes on beyond the last with the slope there: an exponential tail.
    pub fn p_value(&self, shape: TaskShape, value: f64) -> f64 {
        let (quantiles, levels) = (self.quantiles(shape), &self.levels);
        let ln_p = |i: usize| (1.0 - levels[i]).ln();
        let last = quantiles.len() - 1;
        let right = quantiles.partition_point(|q| *q < value);
        if right == 0 {
            return 1.0;
        }
        let (a, b) = (right.min(last) - 1, right.min(last));
        // Beyond the last level the step has to have a length; where it has none, nothing is known of the tail.
        let step = quantiles[b] - quantiles[a];
        if step <= 0.0 {
            return 1.0 - levels[a];
        }
        let slope = (ln_p(b) - ln_p(a)) / step;
        (ln_p(a) + slope * (value - quantiles[a])).exp().clamp(LEAST_P, 1.0)
    }
}

impl ShapeStratum {
    fn holds(&self, shape: TaskShape) -> bool {
        let within = |v: usize, (low, high): (usize, usize)| (low..=high).contains(&v);
        within(shape.n, self.n)
            && within(shape.columns, self.columns)
            && self.ties.is_none_or(|ties| ties == shape.ties)
    }

    fn filled(mut self, levels: &[f64], observed: &[(TaskShape, f64)]) -> Option<Self> {
        let inside: Vec<f64> = observed.iter().filter(|(shape, _)| self.holds(*shape)).map(|(_, v)| *v).collect();
        if inside.len() < FEWEST {
            return None;
        }
        self.tables = inside.len();
        self.quantiles = quantiles(levels, inside);
        Some(self)
    }
}

/// Conformal quantiles: of m values, at level τ the one of rank ⌈τ (m + 1)⌉.
fn quantiles(levels: &[f64], mut values: Vec<f64>) -> Vec<f64> {
    values.sort_unstable_by(f64::total_cmp);
    let rank = |tau: &f64| (tau * (values.len() + 1) as f64).ceil() as usize;
    levels.iter().map(|tau| values[rank(tau).clamp(1, values.len()) - 1]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(n: usize) -> TaskShape {
        TaskShape { n, columns: 2, ties: false }
    }

    #[test]
    fn p_values_of_an_exponential_statistic() {
        let levels = [0.1, 0.5, 0.9, 0.99, 0.999];
        // Values whose upper tail is e^−t.
        let observed: Vec<_> = (0..20_000).map(|i| (shape(500), -((f64::from(i) + 0.5) / 20_000.0).ln())).collect();
        let table = ShapeTable::fit("a", 1, &levels, &observed);
        for t in [0.2, 1.0, 3.0, 6.0, 10.0] {
            let p = table.p_value(shape(500), t);
            assert!((p.ln() + t).abs() < 0.05 * t.max(1.0), "{t}: {p}");
        }
        assert_eq!(table.p_value(shape(500), 0.0), 1.0);
        assert!(table.p_value(shape(500), 1e6) >= LEAST_P);
    }

    #[test]
    fn what_no_fit_gives_is_refused() {
        let sound = ShapeTable::fit("a", 1, &[0.5, 0.9], &[(shape(50), 2.0), (shape(50), 3.0)]);
        assert_eq!(sound.validate(), Ok(()));
        let refused = |change: &dyn Fn(&mut ShapeTable)| {
            let mut table = sound.clone();
            change(&mut table);
            table.validate().unwrap_err()
        };
        assert!(refused(&|t| t.levels = vec![0.9, 0.5]).contains("increasing"));
        assert!(refused(&|t| t.levels = vec![0.5, 1.0]).contains("between 0 and 1"));
        assert!(refused(&|t| t.strata[0].quantiles = vec![1.0]).contains("stratum 0"));
        assert!(refused(&|t| t.strata[0].quantiles = vec![1.0, f64::NAN]).contains("stratum 0"));
        assert!(refused(&|t| t.strata[0].quantiles = vec![2.0, 1.0]).contains("not decreasing"));
        assert!(refused(&|t| t.strata.clear()).contains("last stratum"));
        assert!(refused(&|t| t.strata[0].n = (0, 99)).contains("last stratum"));
    }

    #[test]
    fn ties_stay_apart() {
        // 300 tables with ties in each of two bins of columns, and as many without: too few of each for a stratum of their own.
        let observed: Vec<_> = (0..1_200u32)
            .map(|i| {
                let ties = i % 2 == 0;
                let shape = TaskShape { n: 500, columns: if i % 4 < 2 { 3 } else { 8 }, ties };
                (shape, f64::from(i) / 1_200.0 + if ties { 100.0 } else { 0.0 })
            })
            .collect();
        let levels = [0.05, 0.5];
        let asked = |table: &ShapeTable, ties| table.quantiles(TaskShape { n: 500, columns: 3, ties })[0] > 50.0;
        let apart = ShapeTable::fit("a", 1, &levels, &observed);
        assert_eq!((asked(&apart, false), asked(&apart, true)), (false, true));
        // Of other rows too, of which there is no table at all.
        assert!(apart.quantiles(TaskShape { n: 50, columns: 3, ties: true })[0] > 50.0);
        assert_eq!(apart.validate(), Ok(()));
    }

    #[test]
    fn a_shape_of_few_tables_gets_the_quantiles_of_all() {
        let few = (0..50).map(|i| (shape(5_000), f64::from(i)));
        let many = (0..1_000).map(|i| (shape(50), f64::from(i) / 1_000.0));
        let table = ShapeTable::fit("a", 1, &[0.5, 0.9], &few.chain(many).collect::<Vec<_>>());
        let last = table.strata.last().unwrap();
        assert_eq!((last.tables, last.n), (1_050, (0, usize::MAX)));
        assert_eq!(table.quantiles(shape(5_000)), last.quantiles);
        assert!((table.quantiles(shape(50))[0] - 0.5).abs() < 0.01);
        let tiny = ShapeTable::fit("a", 1, &[0.5, 0.9], &[(shape(50), 2.0)]);
        assert_eq!(tiny.quantiles(shape(50)), [2.0, 2.0]);
        assert_eq!((tiny.p_value(shape(50), 2.0), tiny.p_value(shape(50), 2.1)), (1.0, 0.5));
    }
}
