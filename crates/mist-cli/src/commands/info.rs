//! `mist info`: what is known of a checkpoint.

use crate::console::out;
use crate::output::Format;
use anyhow::Result;
use mist_infer::DeviceKind;
use mist_model::{Coverage, Description, NetworkConfig, ShapeTable, Share};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;

/// Arguments of `mist info`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Weights: a .safetensors file, its .json beside it [default: the embedded ones].
    #[arg(value_name = "PATH")]
    checkpoint: Option<PathBuf>,
    /// Form of the card; `json` is what lies beside the weights, on one line.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// Runs the command.
pub fn run(args: &Args) -> Result<()> {
    let estimator = super::estimator(args.checkpoint.as_deref(), DeviceKind::Cpu)?;
    let text = match args.format {
        Format::Json => serde_json::to_string(estimator.description())? + "\n",
        Format::Text => card(estimator.description(), estimator.parameter_count()),
    };
    Ok(out().write_all(text.as_bytes())?)
}

fn card(d: &Description, parameters: usize) -> String {
    let t = &d.trained;
    let mut text = format!("{}   sha256 {}\n\n", d.name, d.sha256);
    let yes = |b: bool| if b { "yes" } else { "no" };
    // Writing to a string cannot fail.
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
        let (lower, upper) = s.band();
        format!("{:>4.0} % ({:.0}–{:.0})", 100.0 * s.value(), 100.0 * lower, 100.0 * upper)
    };
    let total = coverage.by(|_| ())[&()].tasks;
    let _ = writeln!(
        text,
        "\n{:.0} % intervals hold, on {total} tasks that neither training nor calibration has seen (95 % band of each share):\n",
        100.0 * coverage.level
    );
    let range = |(first, last): (usize, usize)| match (first, last) {
        (0, last) => format!("≤ {last}"),
        (first, usize::MAX) => format!("≥ {first}"),
        (first, last) => format!("{first} to {last}"),
    };
    for held_out in [false, true] {
        let cells = CoverageTable::of(coverage, held_out);
        if cells.rows.is_empty() {
            continue;
        }
        let _ = write!(text, "{:<30}", if held_out { "families never trained on" } else { "families" });
        for bin in &cells.bins {
            let _ = write!(text, "{:<20}", format!("{} rows", range(*bin)));
        }
        text.push('\n');
        for (name, shares) in &cells.rows {
            let _ = write!(text, "{name:<30}");
            for bin in &cells.bins {
                let _ = write!(text, "{:<20}", shares.get(bin).map_or("–".to_owned(), share));
            }
            text.truncate(text.trim_end().len());
            text.push('\n');
        }
        let columns = coverage.by(|c| (c.held_out, c.columns));
        let by_columns: Vec<String> = columns
            .iter()
            .filter(|((held, _), _)| *held == held_out)
            .map(|((_, bin), s)| format!("{} columns {}", range(*bin), share(s).trim_start()))
            .collect();
        let _ = writeln!(text, "{}\n", by_columns.join(",  "));
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
}

/// Shares by family and rows.
struct CoverageTable {
    bins: BTreeSet<(usize, usize)>,
    rows: BTreeMap<String, BTreeMap<(usize, usize), Share>>,
}

impl CoverageTable {
    fn of(coverage: &Coverage, held_out: bool) -> Self {
        let mut table = Self { bins: BTreeSet::new(), rows: BTreeMap::new() };
        let cells = coverage.by(|c| (c.held_out, c.family.clone(), c.n));
        for ((_, family, n), share) in cells.into_iter().filter(|((held, _, _), _)| *held == held_out) {
            table.bins.insert(n);
            table.rows.entry(family).or_default().insert(n, share);
        }
        table
    }
}
