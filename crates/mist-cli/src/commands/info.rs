//! `mist info`: what is known of a checkpoint.

use crate::console::out;
use crate::output::Format;
use anyhow::Result;
use mist_infer::DeviceKind;
use mist_model::{Description, ShapeTable};
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
    let local = d.network.local.is_some();
    // Writing to a string cannot fail.
    let _ = writeln!(text, "parameters            {parameters}");
    let _ = writeln!(text, "trained on            {} tasks of `{}`, {} steps", t.tasks, t.meta, t.steps);
    let _ = writeln!(text, "rows                  {} to {}; more are answered in blocks", t.n.0, t.n.1);
    let _ = writeln!(text, "columns of a side     {} to {}", t.dims.0, t.dims.1);
    let _ = writeln!(text, "discrete data         {}", yes(t.ties));
    let _ = writeln!(text, "pointwise MI of rows  {}", yes(local));
    let (low, high) = (d.network.taus[0], d.network.taus[d.network.taus.len() - 1]);
    let _ = writeln!(text, "intervals             up to {:.0} %", 100.0 * (high - low));
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
    text
}
