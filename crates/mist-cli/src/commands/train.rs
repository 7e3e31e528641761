//! `mist train`: a network from fresh tasks.

use super::options::Threads;
use crate::console::{is_quiet, note, out};
use crate::error::{INTERRUPTED, Interrupted};
use anyhow::{Context, Result, bail};
use mist_infer::DeviceKind;
use mist_train::{Options, TrainConfig, train};
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

const EXAMPLES: &str = "\
Examples:
  mist train --config checkpoints/mist-2026-12aa.toml --out runs/a
  mist train --config checkpoints/mist-2026-12aa.toml --out runs/a --resume --max-minutes 30

The folder gets log.jsonl, state.safetensors (for --resume) and the checkpoint, NAME.safetensors with NAME.json. Ctrl-C
stops the run as --max-minutes does; the second time, at once.";

/// Arguments of `mist train`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// What to train, on what, for how long: a TOML file.
    #[arg(long, value_name = "PATH")]
    config: PathBuf,
    /// Folder of the state, the log and the checkpoint.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Go on from the state in the folder, to the same numbers as a run that never stopped.
    #[arg(long)]
    resume: bool,
    /// Stop after this many minutes; the state is saved.
    #[arg(long, value_name = "MINUTES", allow_negative_numbers = true)]
    max_minutes: Option<f64>,
    /// Stop at this step of the schedule; the state is saved.
    #[arg(long, value_name = "STEP")]
    max_steps: Option<u64>,
    /// Time between two saved states, which is what a killed run can lose.
    #[arg(long, value_name = "SECONDS", default_value_t = 120.0, allow_negative_numbers = true)]
    save_every: f64,
    #[command(flatten)]
    threads: Threads,
    /// Where to compute.
    #[arg(long, value_parser = super::device(), default_value = "auto")]
    device: DeviceKind,
}

/// Runs the command.
pub fn run(args: &Args) -> Result<()> {
    crate::memory::keep();
    let place = args.config.display();
    let text = mist_files::read_text(&args.config).with_context(|| format!("cannot read `{place}`"))?;
    let config = TrainConfig::from_toml(&text).with_context(|| format!("`{place}`"))?;
    let max_time = match args.max_minutes {
        Some(m) if m <= 0.0 => bail!("`--max-minutes` must be positive, got {m}"),
        m => m.map(|m| super::duration("--max-minutes", m, 60.0)).transpose()?,
    };
    let stop = stop_on_signals()?;
    let options = Options {
        out: args.out.clone(),
        resume: args.resume,
        max_time,
        max_steps: args.max_steps,
        stop: Some(stop.clone()),
        save_every: super::duration("--save-every", args.save_every, 1.0)?,
        threads: args.threads.count(),
        device: super::open(args.device)?,
        quiet: is_quiet(),
        bar: None,
    };
    let s = train(&config, &options)?;
    let v = &s.validation;
    let mut out = out();
    writeln!(out, "{} steps of {}, {} tasks, {:.1} minutes", s.steps, config.steps, s.tasks, s.seconds / 60.0)?;
    let covers = match v.intervals {
        0 => "no intervals".to_owned(),
        _ => format!("90 % interval covers {:.1} %", 100.0 * v.coverage_90),
    };
    writeln!(
        out,
        "validation over {} tasks: mean absolute error {:.3} nats, squared error {:.3} nats², {covers}",
        v.count, v.mae, v.mse
    )?;
    let name = format!("{}.safetensors", s.checkpoint.name);
    writeln!(out, "{}  sha256 {}", args.out.join(name).display(), s.checkpoint.sha256)?;
    if !s.complete {
        writeln!(out, "the schedule is not done: go on with `--resume`")?;
    }
    if stop.load(Ordering::Relaxed) && !s.complete { Err(Interrupted.into()) } else { Ok(()) }
}

/// What Ctrl-C, or the system's request to end, sets: training then ends after the step that it is at, and saves its
/// state. The second time, the process ends at once.
pub(super) fn stop_on_signals() -> Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    let seen = stop.clone();
    let handler = move || {
        if seen.swap(true, Ordering::Relaxed) {
            std::process::exit(i32::from(INTERRUPTED));
        }
        note("saving the state; once more, and it stops at once");
    };
    ctrlc::set_handler(handler).context("cannot wait for Ctrl-C")?;
    Ok(stop)
}
