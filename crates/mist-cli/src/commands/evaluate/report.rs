//! The report: what is worse first, then the tables.

use super::published::{self, INFO_ATLAS, PUBLISHED, SOURCE};
use super::tables::{By, Evaluation, Group, failures, table, times};
use super::{estimators::MIST, worse};
use mist_train::metrics::{N_BINS, Summary, n_bin};
use std::fmt::Write as _;

const FIGURES: &str = "\
Errors are estimate minus truth, in nats; squared errors in nats², with the standard error in brackets. The point estimate \
of a predicted distribution is its median. Pinball loss and CRPS are means over ten levels of the predicted quantiles; \
the CRPS of a point estimate is its absolute error. Covers, width and Winkler score are of 90 % intervals, where an \
estimator has them. Figures are over the data sets with an answer.
";

/// The report as Markdown. `about` says what ran; `pictures` are those of the accuracy and of the time, if there are any.
///
/// All but the last section is the same text for the same rows, times aside.
pub fn report(evaluation: &Evaluation, about: &str, pictures: Option<(&str, &str)>) -> String {
    let mut text = format!("# Evaluation of {}\n\n{about}\n{FIGURES}", evaluation.estimators.join(", "));
    // Writing to a string cannot fail.
    let _ = write!(text, "\n## Where {MIST} is worse\n\n{}", worse::table(evaluation));
    for part in &evaluation.parts {
        let rows = evaluation.part(part);
        let all = [Group { name: "all".to_owned(), rows: rows.clone() }];
        let _ = write!(text, "\n## {part}\n\n{}", table(&all, &evaluation.estimators));
        for by in By::ALL {
            let _ = write!(text, "\n### {}\n\n{}", by.title(), table(&by.groups(&rows), &evaluation.estimators));
        }
    }
    text += &published(evaluation);
    let _ = write!(text, "\n## No answer, or no interval\n\n{}", failures(&evaluation.rows, &evaluation.estimators));
    if let Some((accuracy, _)) = pictures {
        let _ = write!(text, "\n## Pictures\n\nPNG files lie beside the SVG files.\n\n{}", accuracy.trim_end());
        text.push('\n');
    }
    let _ = write!(
        text,
        "\n## Time\n\nOf one estimate on one thread, beside whatever else the machine did.\n\n{}",
        times(evaluation)
    );
    if let Some((_, time)) = pictures {
        let _ = write!(text, "\n{}\n", time.trim_end());
    }
    text
}

/// Mean squared errors next to the published ones.
fn published(evaluation: &Evaluation) -> String {
    let mut text = String::from("\n## Published figures\n\n");
    let parts = evaluation.parts.iter().filter(|part| published::of(part).next().is_some());
    let mut any = false;
    for part in parts {
        let theirs: Vec<_> = published::of(part).collect();
        let names =
            |prefix: &str, names: Vec<&str>| names.iter().map(|n| format!(" {n}{prefix} |")).collect::<String>();
        let ours: Vec<&str> = evaluation.estimators.iter().map(String::as_str).collect();
        let published = theirs.iter().map(|p| p.estimator).collect();
        let _ = writeln!(text, "| {part}, MSE |{}{}", names("", ours.clone()), names(" (published)", published));
        text += &format!("|{}\n", "---|".repeat(1 + ours.len() + theirs.len()));
        let rows = evaluation.part(part);
        for (bin, (name, _, _)) in N_BINS.iter().enumerate() {
            let _ = write!(text, "| {name} |");
            for estimator in &ours {
                let members = rows.iter().filter(|row| row.estimator == *estimator && n_bin(row.n) == bin);
                let summary = Summary::of(members.filter_map(|row| row.scored()));
                let _ = match summary.count {
                    0 => write!(text, " – |"),
                    _ => write!(text, " {:.3} |", summary.mse),
                };
            }
            theirs.iter().for_each(|p| text += &format!(" {} |", p.mse[bin]));
            text.push('\n');
        }
        text.push('\n');
        any = true;
    }
    if any {
        let _ = writeln!(text, "{SOURCE}.");
    } else {
        let parts: std::collections::BTreeSet<&str> = PUBLISHED.iter().map(|p| p.part).collect();
        let parts: Vec<&str> = parts.into_iter().collect();
        let _ = writeln!(text, "Of these suites none is kept here; there are some of {}.", parts.join(" and "));
    }
    let _ = writeln!(text, "{INFO_ATLAS}.");
    text
}
