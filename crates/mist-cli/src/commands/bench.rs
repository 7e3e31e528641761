//! `mist bench`: how fast this machine runs the network, and whether its accelerator computes what its CPU does.

use super::options::Threads;
use crate::console::out;
use crate::error::Failed;
use anyhow::{Result, bail};
use mist_infer::DeviceKind;
use mist_train::TrainConfig;
use mist_train::agreement::{BOUNDS, agreement};
use mist_train::bench::{GRID, Measured, Shape, measure};
use serde::Serialize;
use std::io::Write;

const EXAMPLES: &str = "\
Examples:
  mist bench train
  mist bench train --device cuda --batch-times 32 --format json

The figures are of one moment of one machine.";

/// Arguments of `mist bench`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Training steps: forward, backward and optimizer.
    Train(Train),
    /// Differences between a device and the CPU; fails where they are larger than rounding explains.
    Agreement(Compare),
}

#[derive(Debug, clap::Args)]
struct Compare {
    /// The device to compare with the CPU.
    #[arg(long, value_parser = super::device(), default_value = "auto")]
    device: DeviceKind,
    /// Steps of the training whose losses are compared.
    #[arg(long, default_value_t = 200)]
    steps: u64,
}

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
struct Train {
    /// Time for each shape.
    #[arg(long, value_name = "SECONDS", default_value_t = 3.0)]
    seconds: f64,
    /// Multiplies the tasks of every step; accelerators need more of them than CPUs.
    #[arg(long, value_name = "FACTOR", default_value_t = 1)]
    batch_times: usize,
    /// Measure only the shape of this number (from 1).
    #[arg(long, value_name = "NUMBER")]
    shape: Option<usize>,
    #[command(flatten)]
    threads: Threads,
    /// Where to compute.
    #[arg(long, value_parser = super::device(), default_value = "auto")]
    device: DeviceKind,
    /// Form of the result.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// A table.
    Text,
    /// One JSON document.
    Json,
}

#[derive(Serialize)]
struct Report {
    device: String,
    threads: usize,
    shapes: Vec<Measured>,
}

/// Runs the command.
pub fn run(args: &Args) -> Result<()> {
    match &args.what {
        What::Train(args) => train(args),
        What::Agreement(args) => compare(args),
    }
}

/// The default network; `batch` is TOML.
fn config(batch: &str) -> Result<TrainConfig> {
    Ok(TrainConfig::from_toml(&format!("name = \"bench\"\nmeta = \"m_train\"\nseed = 0\nsteps = 1\n{batch}"))?)
}

fn compare(args: &Compare) -> Result<()> {
    let device = super::open(args.device)?;
    // Small steps, so that the CPU's half takes a minute.
    let config = config("[batch]\ncells = 4000\nmin_tasks = 1\nmax_tasks = 8\n[optimizer]\nwarmup_steps = 20\n")?;
    let found = agreement(&config, &device, args.steps)?;
    let mut out = out();
    writeln!(out, "{} against cpu, largest difference (bound)", DeviceKind::of(&device))?;
    writeln!(out, "forward pass, quantiles of ln(1 + MI)  {:.1e}  ({:.0e})", found.forward, BOUNDS.forward)?;
    writeln!(out, "gradient, relative to its norm         {:.1e}  ({:.0e})", found.gradient, BOUNDS.gradient)?;
    writeln!(out, "loss over {:>4} steps, relative         {:.1e}  ({:.0e})", args.steps, found.loss, BOUNDS.loss)?;
    if !found.within(&BOUNDS) {
        return Err(Failed("the device does not compute what the CPU does".into()).into());
    }
    Ok(())
}

fn train(args: &Train) -> Result<()> {
    if args.seconds <= 0.0 {
        bail!("`--seconds` must be positive, got {}", args.seconds);
    }
    let time = super::duration("--seconds", args.seconds, 1.0)?;
    if !(1..=4096).contains(&args.batch_times) {
        bail!("`--batch-times` must lie in 1..=4096, got {}", args.batch_times);
    }
    let shapes = match args.shape {
        None => &GRID[..],
        Some(k) if (1..=GRID.len()).contains(&k) => &GRID[k - 1..k],
        Some(k) => bail!("`--shape` must lie in 1..={}, got {k}", GRID.len()),
    };
    let device = super::open(args.device)?;
    let threads = args.threads.count();
    let config = config("")?;
    let mut report = Report { device: DeviceKind::of(&device).to_string(), threads, shapes: Vec::new() };
    let mut out = out();
    if args.format == Format::Text {
        writeln!(out, "{}, {threads} threads\n", report.device)?;
        writeln!(
            out,
            "{:>6} {:>9} {:>7} {:>12} {:>10} {:>7}",
            "rows", "columns", "tasks", "tasks/s", "GFLOP/s", "steps"
        )?;
    }
    for shape in shapes {
        let shape = Shape { tasks: shape.tasks * args.batch_times, ..*shape };
        let m = measure(&config, shape, threads, &device, time)?;
        if args.format == Format::Text {
            let columns = format!("{} + {}", shape.dims, shape.dims);
            let (tasks, rate, gflops) = (m.shape.tasks, m.tasks_per_second, m.gflops);
            writeln!(out, "{:>6} {columns:>9} {tasks:>7} {rate:>12.1} {gflops:>10.1} {:>7}", shape.n, m.steps)?;
            out.flush()?;
        }
        report.shapes.push(m);
    }
    if args.format == Format::Json {
        serde_json::to_writer_pretty(&mut out, &report)?;
        writeln!(out)?;
    }
    Ok(())
}
