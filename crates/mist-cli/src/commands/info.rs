//! `mist info`: what is known of a checkpoint.

use super::coverage::{CoverageTable, percent, range};
use super::weights::{self, Chosen, chosen};
use crate::console::out;
use crate::output::Format;
use anyhow::Result;
use mist_infer::{DeviceKind, Estimator};
use mist_model::{Coverage, NetworkConfig, ShapeTable, Share};
use std::fmt::Write as _;
use std::io::Write as _;

/// Arguments of `mist info`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Weights: a .safetensors file, its .json beside it; or `hf:OWNER/NAME[@REVISION]` [default: the embedded ones].
    #[arg(value_name = "CHECKPOINT", value_parser = chosen(), value_hint = clap::ValueHint::FilePath)]
    checkpoint: Option<Chosen>,
    /// Ask the hub where the revision is now. Without it a branch stays at the commit where it was when it was first
    /// fetched.
    #[arg(long)]
    refresh: bool,
    /// Form of the card; `json` is what lies beside the weights, on one line.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// Runs the command.
pub fn run(args: &Args) -> Result<()> {
    let estimator = weights::estimator(args.checkpoint.as_ref(), DeviceKind::Cpu, args.refresh)?;
    let text = match args.format {
        Format::Json => serde_json::to_string(estimator.description())? + "\n",
        Format::Text => card(&estimator),
    };
    Ok(out().write_all(text.as_bytes())?)
}

fn card(estimator: &Estimator) -> String {
    let (d, parameters) = (estimator.description(), estimator.parameter_count());
    let t = &d.trained;
    let mut text = format!("{}   sha256 {}\n\n", d.name, d.sha256);
    let yes = |b: bool| if b { "yes" } else { "no" };
    // Writing to a string cannot fail.
    if let Some(hub) = estimator.hub() {
        let _ = writeln!(text, "from the hub          {}@{}, commit {}", hub.repository, hub.revision, hub.commit);
    }
    let _ = writeln!(text, "parameters            {parameters}");
    let network = match &d.network {
        NetworkConfig::Axial(_) => "axial",
        NetworkConfig::Reference(_) => "reference, the published one; as many columns of X as of Y",
    };
    let _ = writeln!(text, "network               {network}");
    let _ = match t.tasks {
        0 => writeln!(text, "trained on            `{}`, as published; the file does not say", t.meta),
        tasks => writeln!(text, "trained on            {tasks} tasks of `{}`, {} steps", t.meta, t.steps),
    };
    let more = if d.network.takes_whole_tables() { "with a warning" } else { "in blocks" };
    let _ = writeln!(text, "rows                  {} to {}; more are answered {more}", t.n.0, t.n.1);
    let _ = writeln!(text, "columns of a side     {} to {}", t.dims.0, t.dims.1);
    let _ = writeln!(text, "discrete data         {}", yes(t.ties));
    let _ = match d.network.taus() {
        [_] => writeln!(text, "intervals             none: the network predicts the mean alone"),
        taus => writeln!(text, "intervals             up to {:.0} %", 100.0 * (taus[taus.len() - 1] - taus[0])),
    };
    let _ = match &d.calibration {
        None => writeln!(text, "calibrated            no: intervals are as trained"),
        Some(c) => {
            let last = c.strata.last().map_or(0, |s| s.tasks);
            writeln!(
                text,
                "calibrated            on {last} tasks of `{}`, seed {}, in {} strata",
                c.meta,
                c.seed,
                c.strata.len()
            )
        }
    };
    let tables = |table: &ShapeTable| table.strata.last().map_or(0, |s| s.tables);
    let _ = match &d.independence {
        None => writeln!(text, "p-values from quantiles  no: tests take permutations"),
        Some(t) => writeln!(text, "p-values from quantiles  by {} shuffled tasks, seed {}", tables(t), t.seed),
    };
    let _ = match &d.conditional {
        None => writeln!(text, "conditional intervals    not calibrated"),
        Some(t) => writeln!(text, "conditional intervals    calibrated on {} tasks, seed {}", tables(t), t.seed),
    };
    if let Some(coverage) = &d.coverage {
        covers(&mut text, coverage);
    }
    text
}

/// The coverage card as tables.
fn covers(text: &mut String, coverage: &Coverage) {
    let share = |s: &Share| {
        let text = percent(*s);
        let digits = text.find(' ').unwrap_or(0);
        format!("{}{text}", " ".repeat(4usize.saturating_sub(digits)))
    };
    let total = coverage.by(|_| ())[&()].tasks;
    let _ = writeln!(
        text,
        "\n{:.0} % intervals hold, on {total} tasks that neither training nor calibration has seen (95 % band of each share):\n",
        100.0 * coverage.level
    );
    for held_out in [false, true] {
        let Some(table) = CoverageTable::of(coverage, held_out) else { continue };
        let _ = write!(text, "{:<30}", if held_out { "families never trained on" } else { "families" });
        for bin in &table.bins {
            let _ = write!(text, "{:<20}", format!("{} rows", range(*bin)));
        }
        text.push('\n');
        for (name, shares) in &table.rows {
            let _ = write!(text, "{name:<30}");
            for bin in &table.bins {
                let _ = write!(text, "{:<20}", shares.get(bin).map_or("–".to_owned(), share));
            }
            text.truncate(text.trim_end().len());
            text.push('\n');
        }
        let by_columns: Vec<String> =
            table.columns.iter().map(|(bin, s)| format!("{} columns {}", range(*bin), percent(*s))).collect();
        let _ = writeln!(text, "{}\n", by_columns.join(",  "));
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
}
