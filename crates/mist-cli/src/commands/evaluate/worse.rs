//! Where the learned estimator is worse than another, or than what is published.

use super::estimators::MIST;
use super::published;
use super::rows::Row;
use super::tables::{By, Evaluation, Group};
use mist_train::metrics::N_BINS;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// A group where another estimator has the smaller mean squared error.
struct Worse {
    part: String,
    group: String,
    data_sets: usize,
    ours: f64,
    other: String,
    theirs: f64,
    /// The difference in standard errors, where both were measured on the same data sets.
    standard_errors: Option<f64>,
}

impl Worse {
    fn ratio(&self) -> f64 {
        self.ours / self.theirs
    }
}

/// A table of those groups, by how many times larger the error is, or a sentence if there are none.
pub fn table(evaluation: &Evaluation) -> String {
    if !evaluation.estimators.iter().any(|name| name == MIST) {
        return format!("`{MIST}` is not among the estimators.\n");
    }
    let others: Vec<&String> = evaluation.estimators.iter().filter(|name| *name != MIST).collect();
    let mut found = Vec::new();
    let mut compared = 0;
    for part in &evaluation.parts {
        let rows = evaluation.part(part);
        let all = Group { name: "all".to_owned(), rows: rows.clone() };
        for group in By::ALL.into_iter().flat_map(|by| by.groups(&rows)).chain([all]) {
            let errors = errors(&group.rows, MIST);
            let mut against: Vec<Worse> =
                others.iter().filter_map(|other| on_the_same(part, &group, &errors, other)).collect();
            if let Some(bin) = N_BINS.iter().position(|(name, _, _)| *name == group.name)
                && !errors.is_empty()
            {
                against.extend(published::of(part).map(|published| Worse {
                    part: part.clone(),
                    group: group.name.clone(),
                    data_sets: errors.len(),
                    ours: errors.values().sum::<f64>() / errors.len() as f64,
                    other: format!("{} (published)", published.estimator),
                    theirs: published.mse[bin],
                    standard_errors: None,
                }));
            }
            compared += usize::from(!against.is_empty());
            against.retain(|worse| worse.ratio() > 1.0);
            found.extend(against.into_iter().max_by(|a, b| a.ratio().total_cmp(&b.ratio())));
        }
    }
    if compared == 0 {
        return "There is nothing to compare with.\n".to_owned();
    }
    if found.is_empty() {
        return format!("In none of the {compared} groups compared is the squared error of `{MIST}` the larger one.\n");
    }
    found.sort_by(|a, b| b.ratio().total_cmp(&a.ratio()));
    let mut text = format!(
        "In {} of the {compared} groups compared (bins of n and of columns, families, and all) the mean squared error of \
         `{MIST}` is above that of the best other, on the data sets that both have an answer for. The difference is in \
         standard errors of its own; published figures are of other draws, so there is none.\n\n\
         | suite | | data sets | {MIST} | best other | its MSE | times larger | difference |\n\
         |---|---|---|---|---|---|---|---|\n",
        found.len()
    );
    for w in &found {
        let difference = w.standard_errors.map_or("–".to_owned(), |z| format!("{z:.1}"));
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "| {} | {} | {} | {:.5} | {} | {:.5} | {:.2} | {difference} |",
            w.part,
            w.group,
            w.data_sets,
            w.ours,
            w.other,
            w.theirs,
            w.ratio()
        );
    }
    text
}

/// The squared errors of an estimator, by index of the data set.
fn errors(rows: &[&Row], estimator: &str) -> BTreeMap<u64, f64> {
    let of = rows.iter().filter(|row| row.estimator == estimator);
    of.filter_map(|row| Some((row.index, row.scored()?.error().powi(2)))).collect()
}

/// Both on the data sets that both have an answer for; `None` if there are none.
fn on_the_same(part: &str, group: &Group, ours: &BTreeMap<u64, f64>, other: &str) -> Option<Worse> {
    let theirs = errors(&group.rows, other);
    let pairs: Vec<(f64, f64)> = theirs.iter().filter_map(|(index, e)| Some((*ours.get(index)?, *e))).collect();
    let count = pairs.len() as f64;
    if pairs.is_empty() {
        return None;
    }
    let mean = |value: &dyn Fn(&(f64, f64)) -> f64| pairs.iter().map(value).sum::<f64>() / count;
    let (ours, theirs) = (mean(&|pair| pair.0), mean(&|pair| pair.1));
    let variance = mean(&|pair| (pair.0 - pair.1 - (ours - theirs)).powi(2)) * count / (count - 1.0);
    let standard_errors = (variance > 0.0).then(|| (ours - theirs) / (variance / count).sqrt());
    Some(Worse {
        part: part.to_owned(),
        group: group.name.clone(),
        data_sets: pairs.len(),
        ours,
        other: other.to_owned(),
        theirs,
        standard_errors,
    })
}
