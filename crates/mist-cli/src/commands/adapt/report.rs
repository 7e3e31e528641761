//! What an adaptation did, in words and tables.

use super::measure::Figures;
use super::sides::{Fitted, SideOfData};
use mist_train::adapt::{Outcome, Point};
use std::fmt::Write as _;
use std::path::PathBuf;

/// All that REPORT.md says.
pub struct Report {
    title: String,
    /// The flows, a sentence each.
    pub flows: Vec<String>,
    tuning: String,
    /// Before and after.
    pub figures: Vec<Figures>,
}

/// Pinball losses of a point beside those of the start.
pub fn point(point: &Point, first: &Point) -> String {
    format!(
        "step {}: loss {:.4} nats on held-out tasks that look like the data ({:+.1} %), {:.4} on general ones ({:+.1} %)",
        point.step,
        point.like_the_data,
        100.0 * (point.like_the_data / first.like_the_data - 1.0),
        point.general,
        100.0 * (point.general / first.general - 1.0)
    )
}

fn flow(side: &SideOfData, fitted: &Fitted) -> String {
    let name = side.name();
    let Some(r) = &fitted.report else {
        if fitted.side.flow.is_some() {
            return format!("{name}: no flow, as asked for");
        }
        return format!(
            "{name} has one column: nothing to learn there, since the network sees ranks, in which every column looks alike"
        );
    };
    let bends = match r.epochs {
        0 => {
            "bends of its columns were not found: beyond correlations it is as normal as these rows can tell".to_owned()
        }
        epochs => format!("bends of its columns another {:.2} ({epochs} passes)", r.flow - r.normal),
    };
    let mut text = format!(
        "{name}: {} columns, {} rows and {} held out; correlations are worth {:.2} nats a held-out row, {bends}",
        r.dim,
        r.rows,
        r.held_out,
        r.normal - r.independent
    );
    if !side.tied.is_empty() {
        text += "; ties of its values are broken at random, and no task has them";
    }
    text
}

impl Report {
    /// Of the data and its flows.
    pub fn new(before: &str, files: &[PathBuf], sides: &[SideOfData; 2], fitted: &[Fitted; 2]) -> Self {
        let files: Vec<String> = files.iter().map(|file| format!("`{}`", file.display())).collect();
        let flows = sides.iter().zip(fitted).map(|(side, fitted)| flow(side, fitted)).collect();
        Self {
            title: format!("Adaptation of `{before}` to {}", files.join(" and ")),
            flows,
            tuning: String::new(),
            figures: Vec::new(),
        }
    }

    /// What fine-tuning did.
    pub fn tuning(&mut self, points: &[Point], outcome: Outcome) {
        let best = points.iter().rfind(|point| point.best).map_or(0, |point| point.step);
        let ended = match outcome {
            Outcome::Complete => "The schedule was done to its end",
            Outcome::Stopped => "It ended because held-out tasks were answered no better for a while",
            Outcome::OutOfTime => "It ended because the time was up; the same command goes on",
            Outcome::Interrupted => "It was interrupted",
        };
        let kept = match best {
            0 => "nothing was better than the weights that it began with, which are kept, calibrated anew".to_owned(),
            step => format!("the weights after step {step} are kept, averaged with those that it began with"),
        };
        self.tuning = format!(
            "{ended}: {kept}.\n\n| step | share of adapted weights | loss, like the data | loss, general | |\n|---|---|---|---|---|\n"
        );
        for point in points {
            let best = match point.step {
                0 => "the start",
                _ if point.best => "better",
                _ => "",
            };
            let _ = writeln!(
                self.tuning,
                "| {} | {} | {:.4} | {:.4} | {best} |",
                point.step, point.blend, point.like_the_data, point.general
            );
        }
    }

    /// Errors and intervals before and after.
    pub fn table(&self) -> String {
        let mut text =
            "| | tasks | mean absolute error, nats: before | after | 90 % interval covers: before | after | \
                        its width, nats: before | after |\n|---|---|---|---|---|---|---|---|\n"
                .to_owned();
        for Figures { what, before: b, after: a } in &self.figures {
            let _ = writeln!(
                text,
                "| {what} | {} | {:.3} | {:.3} ({:+.1} %) | {:.1} % | {:.1} % | {:.3} | {:.3} |",
                b.count,
                b.mae,
                a.mae,
                100.0 * (a.mae / b.mae - 1.0),
                100.0 * b.coverage_90,
                100.0 * a.coverage_90,
                b.width_90,
                a.width_90
            );
        }
        text
    }

    /// All of it.
    pub fn markdown(&self) -> String {
        let flows: String = self.flows.iter().map(|line| format!("- {line}.\n")).collect();
        format!(
            "# {}\n\n## Flows\n{flows}\nThe log-densities are of normal scores: what a column's own marginal is, no rank says.\n\n\
             ## Fine-tuning\n{}\nLosses are mean pinball losses in nats, without calibration, on the same held-out tasks each time.\n\n\
             ## Before and after\n{}\nFresh tasks, the same for both; each checkpoint has its own calibration.\n",
            self.title,
            self.tuning,
            self.table()
        )
    }
}
