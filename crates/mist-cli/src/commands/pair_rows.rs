//! Answers to pairs of columns as rows: for people, as CSV, as JSON.

use crate::output::Unit;
use crate::store::Record;
use anyhow::{Context, Result};
use mist_infer::{Estimate, EstimateError, HubCommit, q_values};
use serde::{Deserialize, Serialize};

/// Form of a table of answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Aligned, for people.
    Text,
    /// One object.
    Json,
    /// One line a row.
    Csv,
}

/// The answer to a pair of columns, or why there is none.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PairRow {
    /// The first column.
    pub x: String,
    /// The second.
    pub y: String,
    /// The estimate.
    pub mi: Option<f64>,
    /// Lower end of the interval.
    pub lower: Option<f64>,
    /// Upper end of the interval.
    pub upper: Option<f64>,
    /// Whether one is a function of the other, and `lower` is all that can be said.
    pub at_least: bool,
    /// The estimate on a scale from 0 to 1.
    pub normalised: Option<f64>,
    /// Its interval.
    pub normalised_lower: Option<f64>,
    /// Its interval.
    pub normalised_upper: Option<f64>,
    /// Which scale.
    pub scale: String,
    /// Of the test of independence.
    pub p_value: Option<f64>,
    /// The same in its family.
    pub q_value: Option<f64>,
    /// What to keep in mind, separated by `; `.
    pub warnings: String,
    /// What failed; empty if nothing did.
    pub error: String,
}

const COLUMNS: [&str; 14] = [
    "x",
    "y",
    "mi",
    "lower",
    "upper",
    "at_least",
    "normalised",
    "normalised_lower",
    "normalised_upper",
    "scale",
    "p_value",
    "q_value",
    "warnings",
    "error",
];

impl PairRow {
    /// The row of an answer.
    pub fn new(
        names: (&str, &str),
        answer: &Result<Estimate, EstimateError>,
        p_value: Option<f64>,
        level: f64,
        unit: Unit,
    ) -> Result<Self> {
        let (x, y) = (names.0.to_owned(), names.1.to_owned());
        let estimate = match answer {
            Ok(estimate) => estimate,
            Err(error) => return Ok(Self { x, y, error: error.to_string().replace('\n', "; "), ..Self::default() }),
        };
        let (interval, normalised) = (estimate.interval(level)?, estimate.normalised(level)?);
        let warnings: Vec<String> = estimate.warnings.iter().map(ToString::to_string).collect();
        Ok(Self {
            x,
            y,
            mi: Some(unit.of_nats(estimate.mi_nats())),
            lower: Some(unit.of_nats(interval.lower)),
            upper: Some(unit.of_nats(interval.upper)),
            at_least: estimate.is_lower_bound(),
            normalised: Some(normalised.value),
            normalised_lower: Some(normalised.lower),
            normalised_upper: Some(normalised.upper),
            scale: normalised.scale.as_str().to_owned(),
            p_value,
            q_value: None,
            warnings: warnings.join("; "),
            error: String::new(),
        })
    }

    /// Fills in the q-values of rows that are one family.
    pub fn family(rows: &mut [Self]) {
        let p_values: Vec<Option<f64>> = rows.iter().map(|row| row.p_value).collect();
        rows.iter_mut().zip(q_values(&p_values)).for_each(|(row, q)| row.q_value = q);
    }

    /// The cells for people, after the names.
    fn cells(&self, tested: bool) -> Vec<String> {
        if !self.error.is_empty() {
            return vec![format!("error: {}", self.error)];
        }
        let three = |v: Option<f64>| v.map_or_else(String::new, |v| format!("{v:.3}"));
        let mi = if self.at_least { format!("≥ {}", three(self.lower)) } else { three(self.mi) };
        let mut cells = vec![mi, format!("{} to {}", three(self.lower), three(self.upper)), three(self.normalised)];
        if tested {
            let p = |v: Option<f64>| {
                v.map_or_else(String::new, |v| if v < 1e-3 { format!("{v:.0e}") } else { three(Some(v)) })
            };
            cells.extend([p(self.p_value), p(self.q_value)]);
        }
        cells
    }
}

impl Record for PairRow {
    const FILE: &str = "pairs.csv";

    fn header() -> Vec<String> {
        COLUMNS.map(String::from).to_vec()
    }

    fn to_record(&self) -> Result<Vec<String>> {
        let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
        writer.serialize(self)?;
        let bytes = writer.into_inner().map_err(csv::IntoInnerError::into_error)?;
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(bytes.as_slice());
        let record = reader.records().next().context("a row has cells")??;
        Ok(record.iter().map(str::to_owned).collect())
    }

    fn from_record(record: &csv::StringRecord) -> Result<Self> {
        Ok(record.deserialize(None)?)
    }
}

/// Rows as CSV, with a header.
pub fn csv(rows: &[PairRow]) -> Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(COLUMNS)?;
    rows.iter().try_for_each(|row| writer.write_record(row.to_record()?).map_err(anyhow::Error::from))?;
    Ok(String::from_utf8(writer.into_inner()?)?)
}

/// What is true of all rows.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct About<'a> {
    /// Rows of the table.
    pub n: usize,
    /// Unit of the answers.
    pub unit: Unit,
    /// Probability of the intervals.
    pub level: f64,
    /// Name of the checkpoint.
    pub checkpoint: &'a str,
    /// SHA-256 of its weights.
    pub sha256: &'a str,
    /// Where on the hub it was, if it comes from there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hub: Option<&'a HubCommit>,
    /// What happened while reading.
    pub warnings: &'a [String],
}

/// Rows as one line of JSON.
pub fn json(about: About, rows: &[PairRow]) -> Result<String> {
    #[derive(Serialize)]
    struct Report<'a> {
        #[serde(flatten)]
        about: About<'a>,
        pairs: &'a [PairRow],
    }
    Ok(serde_json::to_string(&Report { about, pairs: rows })? + "\n")
}

/// Rows for people; the second name is left out where all rows have the same.
pub fn text(about: About, rows: &[PairRow], with_y: bool) -> String {
    let tested = rows.iter().any(|row| row.p_value.is_some());
    let mut lines = vec![vec!["x".to_owned()]];
    if with_y {
        lines[0].push("y".into());
    }
    let percent = (about.level * 1e14).round() / 1e12;
    let heads = [about.unit.as_str(), &format!("{percent} % interval"), "0 to 1", "p", "q"].map(String::from);
    lines[0].extend(heads.into_iter().take(if tested { 5 } else { 3 }));
    for row in rows {
        let names = [row.x.clone()].into_iter().chain(with_y.then(|| row.y.clone()));
        lines.push(names.chain(row.cells(tested)).collect());
    }
    let length = |cell: &String| cell.chars().count();
    // What an error says may be long; it is the last cell of its line, and aligns nothing.
    let names = 1 + usize::from(with_y);
    let aligns = |line: &&Vec<String>| line.len() == lines[0].len();
    let widths: Vec<usize> = (0..lines[0].len())
        .map(|c| {
            let cells = lines.iter().filter(|line| c < names || aligns(line)).map(|line| length(&line[c]));
            cells.max().unwrap_or(0)
        })
        .collect();
    let line = |cells: &Vec<String>| {
        let padded: Vec<String> = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        padded.join("   ").trim_end().to_owned() + "\n"
    };
    lines.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_survives_its_record() {
        let row = PairRow {
            x: "a, \"b\"".into(),
            y: "c".into(),
            mi: Some(0.1 + 0.2),
            lower: Some(1e-300),
            upper: Some(1.0 / 3.0),
            at_least: true,
            p_value: Some(1e-9),
            warnings: "one; two".into(),
            ..PairRow::default()
        };
        let failed = PairRow { x: "a".into(), error: "no, \"never\"".into(), ..PairRow::default() };
        for row in [row, failed] {
            let record = csv::StringRecord::from(row.to_record().unwrap());
            assert_eq!(record.len(), COLUMNS.len());
            assert_eq!(PairRow::from_record(&record).unwrap(), row);
        }
    }

    #[test]
    fn the_header_is_that_of_the_fields() {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.serialize(PairRow::default()).unwrap();
        let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
        assert_eq!(text.lines().next().unwrap(), COLUMNS.join(","));
    }
}
