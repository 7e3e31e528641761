//! The rows in groups, and their figures as Markdown.

use super::rows::Row;
use crate::commands::bins;
use mist_train::metrics::{N_BINS, Summary, n_bin};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// All rows of a run, with the names in their order.
pub struct Evaluation {
    /// Titles of the parts.
    pub parts: Vec<String>,
    /// Names of the estimators.
    pub estimators: Vec<String>,
    /// By part, data set and estimator.
    pub rows: Vec<Row>,
}

impl Evaluation {
    /// The rows of a part.
    pub fn part(&self, part: &str) -> Vec<&Row> {
        self.rows.iter().filter(|row| row.suite == part).collect()
    }
}

/// Rows with something in common.
pub struct Group<'a> {
    /// What.
    pub name: String,
    /// The rows.
    pub rows: Vec<&'a Row>,
}

/// Ways to group rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    Rows,
    Columns,
    Family,
}

impl By {
    pub const ALL: [Self; 3] = [Self::Rows, Self::Columns, Self::Family];

    /// As a heading.
    pub fn title(self) -> &'static str {
        match self {
            Self::Rows => "By n",
            Self::Columns => "By columns of X and Y together",
            Self::Family => "By family",
        }
    }

    /// The groups, none of them empty.
    pub fn groups<'a>(self, rows: &[&'a Row]) -> Vec<Group<'a>> {
        // What sorts the groups, and their name.
        let key = |row: &Row| match self {
            Self::Rows => (n_bin(row.n), N_BINS[n_bin(row.n)].0.to_owned()),
            Self::Columns => {
                let bin = bins::column_bin(row.dim_x + row.dim_y);
                (bin.0, format!("columns {}", bins::name(bin)))
            }
            Self::Family => (0, row.family.clone()),
        };
        let mut groups = BTreeMap::<_, Vec<&Row>>::new();
        rows.iter().for_each(|row| groups.entry(key(row)).or_default().push(row));
        groups.into_iter().map(|((_, name), rows)| Group { name, rows }).collect()
    }
}

/// A table: every group, and in it every estimator.
pub fn table(groups: &[Group], estimators: &[String]) -> String {
    let mut text = String::from(
        "| | estimator | data sets | no answer | MSE (se) | RMSE | MSE of the mean | MAE | bias | pinball | CRPS | 90 % covers | width | Winkler |\n\
         |---|---|---|---|---|---|---|---|---|---|---|---|---|---|\n",
    );
    for group in groups {
        // Otherwise it would end the cell.
        let name = group.name.replace('|', "\\|");
        for estimator in estimators {
            let rows = group.rows.iter().filter(|row| row.estimator == *estimator);
            let asked = rows.clone().count();
            let s = Summary::of(rows.filter_map(|row| row.scored()));
            // Writing to a string cannot fail.
            let _ = write!(text, "| {} | {estimator} | {asked} | {} | ", name, asked - s.count);
            text += &figures(&s);
        }
    }
    text
}

fn figures(s: &Summary) -> String {
    let point = match s.count {
        0 => "– | – | – | – | – | – | –".to_owned(),
        _ => format!(
            "{:.3} ({:.3}) | {:.3} | {:.3} | {:.4} | {:+.4} | {:.4} | {:.4}",
            s.mse,
            s.mse_se,
            s.rmse(),
            s.mse_of_mean,
            s.mae,
            s.bias,
            s.pinball,
            s.crps()
        ),
    };
    let interval = match s.intervals {
        0 => "– | – | –".to_owned(),
        _ => format!("{:.3} | {:.3} | {:.3}", s.coverage_90, s.width_90, s.winkler_90),
    };
    format!("{point} | {interval} |\n")
}

/// A table of how often each estimator failed, and why. Numbers in reasons are left out, so that like is with like.
pub fn failures(rows: &[Row], estimators: &[String]) -> String {
    let mut counts = BTreeMap::<_, (usize, &str)>::new();
    for row in rows.iter().filter(|row| !row.error.is_empty()) {
        let estimator = estimators.iter().position(|name| *name == row.estimator);
        let kind: String = row.error.chars().filter(|c| !c.is_ascii_digit()).collect();
        let suite = row.suite.as_str();
        counts.entry((estimator, suite, kind)).or_insert((0, row.error.as_str())).0 += 1;
    }
    if counts.is_empty() {
        return "None.\n".to_owned();
    }
    let mut text = String::from("| estimator | suite | data sets | reason, of the first |\n|---|---|---|---|\n");
    for ((estimator, suite, _), (count, reason)) in counts {
        let name = estimator.map_or("", |i| &estimators[i]);
        let _ = writeln!(text, "| {name} | {suite} | {count} | {} |", reason.replace('|', "\\|"));
    }
    text
}

/// A table of the time that an estimate takes.
pub fn times(evaluation: &Evaluation) -> String {
    let mut text = String::from(
        "| suite | estimator | estimates | median | 90 % are below | all | all, CPU |\n|---|---|---|---|---|---|---|\n",
    );
    for part in &evaluation.parts {
        for estimator in &evaluation.estimators {
            let rows = evaluation.rows.iter().filter(|row| row.suite == *part && row.estimator == *estimator);
            let mut wall: Vec<f64> = rows.clone().map(|row| row.wall_seconds).collect();
            if wall.is_empty() {
                continue;
            }
            wall.sort_unstable_by(f64::total_cmp);
            let at = |share: f64| 1e3 * wall[(share * (wall.len() - 1) as f64).round() as usize];
            let (all, cpu): (f64, f64) = (wall.iter().sum(), rows.map(|row| row.cpu_seconds).sum());
            let _ = writeln!(
                text,
                "| {part} | {estimator} | {} | {:.1} ms | {:.1} ms | {all:.1} s | {cpu:.1} s |",
                wall.len(),
                at(0.5),
                at(0.9)
            );
        }
    }
    text
}
