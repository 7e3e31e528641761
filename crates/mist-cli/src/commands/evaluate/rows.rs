//! The rows of `estimates.csv`: a data set, an estimator, and what came of it.

use super::estimators::Answer;
use crate::store::Record;
use anyhow::{Context, Result, ensure};
use mist_train::metrics::{LEVELS, Scored};
use std::str::FromStr;

/// One estimate, or why there is none.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Title of the part that the data set belongs to.
    pub suite: String,
    /// Index of the data set in it.
    pub index: u64,
    /// Family of the distribution.
    pub family: String,
    /// Rows.
    pub n: usize,
    /// Columns of X.
    pub dim_x: usize,
    /// Columns of Y.
    pub dim_y: usize,
    /// True MI.
    pub mi_nats: f64,
    /// Name of the estimator.
    pub estimator: String,
    /// The answer, if there is one.
    pub answer: Option<Answer>,
    /// What failed; empty if nothing did.
    pub error: String,
    /// Time that passed.
    pub wall_seconds: f64,
    /// Time of the processor.
    pub cpu_seconds: f64,
}

/// The columns before the quantiles.
const COLUMNS: [&str; 15] = [
    "suite",
    "index",
    "family",
    "n",
    "dim_x",
    "dim_y",
    "mi_nats",
    "estimator",
    "estimate",
    "lower",
    "upper",
    "wall_seconds",
    "cpu_seconds",
    "error",
    "mean",
];

impl Row {
    /// The estimate next to the truth, if there is one.
    pub fn scored(&self) -> Option<Scored> {
        self.answer.as_ref().map(|a| Scored {
            mi_nats: self.mi_nats,
            estimate: a.estimate,
            mean: a.mean.unwrap_or(a.estimate),
            interval: a.interval,
            quantiles: a.quantiles,
        })
    }
}

impl Record for Row {
    const FILE: &str = "estimates.csv";

    fn header() -> Vec<String> {
        let quantiles = LEVELS.map(|tau| format!("q_{tau}"));
        COLUMNS.into_iter().map(String::from).chain(quantiles).collect()
    }

    fn to_record(&self) -> Result<Vec<String>> {
        let number = |v: Option<f64>| v.map_or_else(String::new, |v| v.to_string());
        let answer = self.answer.as_ref();
        let interval = answer.and_then(|a| a.interval);
        let mut cells = vec![
            self.suite.clone(),
            self.index.to_string(),
            self.family.clone(),
            self.n.to_string(),
            self.dim_x.to_string(),
            self.dim_y.to_string(),
            self.mi_nats.to_string(),
            self.estimator.clone(),
            number(answer.map(|a| a.estimate)),
            number(interval.map(|i| i.0)),
            number(interval.map(|i| i.1)),
            format!("{:.6}", self.wall_seconds),
            format!("{:.6}", self.cpu_seconds),
            self.error.clone(),
            number(answer.and_then(|a| a.mean)),
        ];
        let quantiles = answer.and_then(|a| a.quantiles);
        cells.extend((0..LEVELS.len()).map(|i| number(quantiles.map(|q| q[i]))));
        Ok(cells)
    }

    fn from_record(record: &csv::StringRecord) -> Result<Self> {
        fn cell<T: FromStr>(record: &csv::StringRecord, i: usize) -> Result<Option<T>> {
            let text = &record[i];
            let what = || format!("column `{}`: `{text}` is not a number", Row::header()[i]);
            if text.is_empty() { Ok(None) } else { text.parse().ok().with_context(what).map(Some) }
        }
        fn known<T: FromStr>(record: &csv::StringRecord, i: usize) -> Result<T> {
            cell(record, i)?.with_context(|| format!("column `{}` is empty", Row::header()[i]))
        }
        let columns = Self::header().len();
        ensure!(record.len() == columns, "{} cells, expected {columns}", record.len());
        let quantiles = (0..LEVELS.len()).map(|i| cell(record, COLUMNS.len() + i)).collect::<Result<Vec<_>>>()?;
        let quantiles = quantiles.into_iter().collect::<Option<Vec<f64>>>().and_then(|q| q.try_into().ok());
        let interval = cell(record, 9)?.zip(cell(record, 10)?);
        let mean = cell(record, 14)?;
        let answer = cell(record, 8)?.map(|estimate| Answer { estimate, mean, interval, quantiles });
        Ok(Self {
            suite: record[0].to_owned(),
            index: known(record, 1)?,
            family: record[2].to_owned(),
            n: known(record, 3)?,
            dim_x: known(record, 4)?,
            dim_y: known(record, 5)?,
            mi_nats: known(record, 6)?,
            estimator: record[7].to_owned(),
            answer,
            error: record[13].to_owned(),
            wall_seconds: known(record, 11)?,
            cpu_seconds: known(record, 12)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_survives_its_record() {
        let answer = Answer {
            estimate: 0.1 + 0.2,
            mean: Some(1e-300),
            interval: Some((-0.0, 1.0 / 3.0)),
            quantiles: Some(std::array::from_fn(|i| (i as f64).sqrt())),
        };
        let row = Row {
            suite: "a, \"b\"".into(),
            index: u64::MAX,
            family: String::new(),
            n: 10,
            dim_x: 1,
            dim_y: 2,
            mi_nats: 0.7,
            estimator: "mist".into(),
            answer: Some(answer.clone()),
            error: String::new(),
            wall_seconds: 0.25,
            cpu_seconds: 0.125,
        };
        let bare = Answer { mean: None, interval: None, quantiles: None, ..answer };
        let failed = Row { answer: None, error: "no, \"never\"".into(), ..row.clone() };
        for row in [Row { answer: Some(bare), ..row.clone() }, row, failed] {
            let record = csv::StringRecord::from(row.to_record().unwrap());
            assert_eq!(record.len(), Row::header().len());
            assert_eq!(Row::from_record(&record).unwrap(), row);
        }
    }

    #[test]
    fn cells_that_are_wrong_are_named() {
        let refusal = |cells: Vec<&str>| Row::from_record(&csv::StringRecord::from(cells)).unwrap_err().to_string();
        assert_eq!(refusal(vec!["a"]), "1 cells, expected 25");
        let mut cells = vec![""; 25];
        cells[8] = "x";
        assert_eq!(refusal(cells), "column `estimate`: `x` is not a number");
        assert_eq!(refusal(vec![""; 25]), "column `index` is empty");
    }
}
