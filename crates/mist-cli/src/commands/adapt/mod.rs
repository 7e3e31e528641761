//! `mist adapt`: a checkpoint for one kind of data.

mod folder;
mod measure;
mod report;
mod sides;

use super::options::Threads;
use super::train::stop_on_signals;
use super::weights::{Chosen, Weights};
use crate::console::{note, out, progress, warning};
use crate::encoders::{EncoderArgs, Encoders};
use crate::error::Interrupted;
use crate::input::TableArgs;
use anyhow::{Context, Result, bail};
use folder::Folder;
use mist_data_gen::MetaDistribution;
use mist_infer::{Device, Estimator};
use mist_model::{Checkpoint, NetworkConfig};
use mist_train::adapt::{Laws, Outcome, Point, TuneConfig, TuneRun, tune};
use report::Report;
use sides::SideOfData;
use std::io::Write;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  mist adapt patches.csv --x 'left_*' --y 'right_*' --out runs/patches
  mist adapt X.npy Y.npy --out runs/patches --max-minutes 20
  mist estimate new.csv --x 'left_*' --y 'right_*' --checkpoint runs/patches/adapted.safetensors

The folder gets the flows of both sides, the checkpoint with its own calibration and coverage card, and REPORT.md: errors
before and after on fresh tasks that look like the data, on general ones, and on families that no training saw. The same
command goes on where it was stopped. Whether it is worth it, REPORT.md says; docs/adapt.md says when.";

/// Arguments of `mist adapt`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// One table with X and Y: CSV, TSV, Parquet, Arrow, .npy or .npz; or two tables of as many rows, X and Y.
    #[arg(value_name = "FILE", num_args = 1..=2, required = true)]
    files: Vec<PathBuf>,
    /// Columns that are X, comma-separated; may be repeated. By name, number from 1, range or pattern.
    #[arg(long, value_name = "COLUMNS")]
    x: Vec<String>,
    /// Columns that are Y, likewise.
    #[arg(long, value_name = "COLUMNS")]
    y: Vec<String>,
    /// Folder of the flows, the state, the checkpoint and the report.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Name of the checkpoint.
    #[arg(long, default_value = "adapted")]
    name: String,
    /// Time for fine-tuning in this run; the flows and the measurements come on top.
    #[arg(long, value_name = "MINUTES", default_value_t = 30.0, allow_negative_numbers = true)]
    max_minutes: f64,
    /// Steps of fine-tuning at most.
    #[arg(long, value_name = "COUNT", default_value_t = 150, value_parser = clap::value_parser!(u64).range(1..1_000_000))]
    steps: u64,
    /// Steps between two measurements on held-out tasks.
    #[arg(long, value_name = "COUNT", default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..1_000_000))]
    every: u64,
    /// Share of the tasks that look like the data; the others are of the general mix, against forgetting.
    #[arg(long, value_name = "SHARE", default_value_t = 0.3)]
    share: f64,
    /// Share of the adapted weights in the average with those that it began with, against forgetting; 1 is the adapted ones alone.
    /// Half of it is tried where held-out general tasks become worse by more than 2 %.
    #[arg(long, value_name = "SHARE", default_value_t = 0.5)]
    blend: f64,
    /// Leave the flows out: tasks of as many columns as the data, that look like nothing in particular. Shows what the
    /// flows bring.
    #[arg(long)]
    without_flows: bool,
    /// The general mix: a built-in configuration [default: the one that the checkpoint was trained on].
    #[arg(long, value_name = "NAME")]
    general: Option<String>,
    /// Held-out tasks of each kind that decide when to stop.
    #[arg(long, value_name = "COUNT", default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..1_000_000))]
    held_out: u64,
    /// Tasks that the intervals are calibrated on; fewer than 400 leave the intervals as trained.
    #[arg(long, value_name = "COUNT", default_value_t = 6_000, value_parser = clap::value_parser!(u64).range(1..10_000_000))]
    calibration: u64,
    /// Fresh tasks of each kind for the report, and for the coverage card.
    #[arg(long, value_name = "COUNT", default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(1..10_000_000))]
    check: u64,
    /// Work in one batch of training, see `[batch]` of `mist train`.
    #[arg(long, value_name = "CELLS", default_value_t = 24_000, hide = true)]
    batch_cells: usize,
    /// Root seed of the flows and of the tasks.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    threads: Threads,
    #[command(flatten)]
    weights: Weights,
    #[command(flatten)]
    encoders: EncoderArgs,
    #[command(flatten)]
    table: TableArgs,
}

/// Runs the command.
pub fn run(args: &Args) -> Result<()> {
    crate::memory::keep();
    if args.max_minutes <= 0.0 {
        bail!("`--max-minutes` must be positive, got {}", args.max_minutes);
    }
    if !(args.share > 0.0 && args.share < 1.0) {
        bail!("`--share` must lie between 0 and 1, got {}", args.share);
    }
    if !(args.blend > 0.0 && args.blend <= 1.0) {
        bail!("`--blend` must lie above 0 and be at most 1, got {}", args.blend);
    }
    let max_time = super::duration("--max-minutes", args.max_minutes, 60.0)?;
    if ["start", "best"].contains(&args.name.as_str()) {
        bail!("`--name` must not be `{}`: other weights of the folder are called so", args.name);
    }
    let device = super::open(args.weights.device)?;
    let (weights, json, source) = start(args)?;
    let before = Checkpoint::from_bytes(&weights, &json, &source, &device)?;
    let general = general(args, &before)?;
    let sides = read(args, &before)?;

    let folder = Folder::open(&args.out, &identity(args, &before, &general, &sides))?;
    folder.write("start.safetensors", &weights)?;
    folder.write("start.json", &json)?;
    let stop = stop_on_signals()?;
    let [x, y] = &sides;
    let fit = |side: &SideOfData| match args.without_flows {
        true => side.identity(&folder),
        false => side.fit(&folder, args.seed, &stop),
    };
    let fitted = [fit(x)?, fit(y)?];
    let mut report = Report::new(&before.description.name, &args.files, &sides, &fitted);
    report.flows.iter().for_each(|line| note(line));

    let laws = Laws::new(general, fitted.map(|fitted| fitted.side), args.share)?;
    let bar = progress(args.steps, "steps");
    let tuning = TuneRun {
        dir: folder.path().to_owned(),
        max_time: Some(max_time),
        stop: stop.clone(),
        threads: args.threads.count(),
        device: device.clone(),
        bar: bar.clone(),
    };
    let said = &mut |point: &Point, first: &Point| {
        let mark = if point.best && point.step > 0 { ", the best so far" } else { "" };
        bar.suspend(|| note(&(report::point(point, first) + mark)));
    };
    let (points, outcome) = tune(&laws, &config(args), &tuning, said)?;
    bar.finish_and_clear();
    if outcome == Outcome::Interrupted {
        return Err(Interrupted.into());
    }
    report.tuning(&points, outcome);

    let pool = args.threads.pool()?;
    let after = pool.install(|| measure::calibrated(&folder, &before, &laws, args, &device))?;
    report.figures = pool.install(|| measure::compare([&before, &after], &laws, (args.seed, args.check), &device))?;
    folder.write("REPORT.md", report.markdown().as_bytes())?;
    let mut out = out();
    write!(out, "{}", report.table())?;
    writeln!(out, "{}  sha256 {}", folder.weights(&args.name).display(), after.description.sha256)?;
    Ok(())
}

/// The bytes of the checkpoint to begin with, and what it is called in errors.
fn start(args: &Args) -> Result<(Vec<u8>, Vec<u8>, PathBuf)> {
    match &args.weights.checkpoint {
        None => {
            let (weights, json) = Estimator::embedded_files();
            Ok((weights.to_vec(), json.to_vec(), PathBuf::from("the embedded checkpoint")))
        }
        Some(Chosen::File(path)) => {
            let read =
                |path: &PathBuf| mist_files::read(path).with_context(|| format!("cannot read `{}`", path.display()));
            Ok((read(path)?, read(&path.with_extension("json"))?, path.clone()))
        }
        Some(Chosen::Hub(location)) => bail!(
            "a checkpoint of the hub cannot be adapted directly\n\
             hint: download the files of `{location}` and name the `.safetensors` among them"
        ),
    }
}

/// The law of the tasks that are not to be forgotten.
fn general(args: &Args, before: &Checkpoint) -> Result<MetaDistribution> {
    if matches!(before.description.network, NetworkConfig::Reference(_)) {
        bail!("`mist adapt` takes checkpoints of the axial network, not published ones");
    }
    let name = args.general.as_ref().unwrap_or(&before.description.trained.meta);
    MetaDistribution::named(name).context("hint: name the general mix with `--general`")
}

/// Both sides of the data, fit for flows.
fn read(args: &Args, before: &Checkpoint) -> Result<[SideOfData; 2]> {
    let dims = before.description.trained.dims.1;
    let encoders = Encoders::new(&args.encoders, args.weights.device, args.threads, dims)?;
    let ((x, y), notes) = match args.files.as_slice() {
        [x, y] => args.table.two_tables([x, y], &args.x, &args.y, &encoders)?,
        [file, ..] => args.table.sides(file, &args.x, &args.y, &encoders)?,
        [] => unreachable!("clap asks for one or two files"),
    };
    notes.warnings.iter().for_each(|text| warning(text));
    let sides = [SideOfData::new("X", &x)?, SideOfData::new("Y", &y)?];
    if sides.iter().all(|side| side.dim() == 1) {
        bail!(
            "X and Y have one column each, to which nothing can be adapted: the network sees ranks alone, in which every \
             column looks alike\nhint: use the checkpoint as it is"
        );
    }
    Ok(sides)
}

fn config(args: &Args) -> TuneConfig {
    let mut config = TuneConfig::new(args.seed, args.steps);
    (config.every, config.held_out, config.batch.cells) = (args.every, args.held_out, args.batch_cells);
    config.blend = args.blend;
    config
}

/// What has to agree for a run to go on.
fn identity(
    args: &Args,
    before: &Checkpoint,
    general: &MetaDistribution,
    sides: &[SideOfData; 2],
) -> serde_json::Value {
    serde_json::json!({
        "data_sha256": SideOfData::sha256(sides),
        "checkpoint_sha256": before.description.sha256,
        "general": general.name(),
        "general_sha256": general.sha256(),
        "share": args.share,
        "flow": (!args.without_flows).then(sides::flow_config),
        "tuning": config(args),
    })
}

/// Where a checkpoint is measured.
type On<'a> = &'a Device;
