//! Training in parts, each measured on tasks that are held out.

use super::blend::blend;
use super::laws::Laws;
use crate::metrics::Summary;
use crate::{BatchConfig, LossConfig, MatrixRule, OptimizerConfig, Options, TrainConfig, TrainError, ValidationConfig};
use crate::{evaluate, train};
use candle_core::Device;
use indicatif::ProgressBar;
use mist_data_gen::{MetaDistribution, Split};
use mist_model::{Checkpoint, write_atomic};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How much larger the pinball loss on general tasks may become.
const MOST_FORGOTTEN: f32 = 1.02;
/// The mix, as the trainer reads it.
const MIX: &str = "mix.toml";
/// Weights that it begins with, without their ending.
const START: &str = "start";
/// The average of the start and a part, as measured.
const CANDIDATE: &str = "candidate";
/// The best weights so far.
const BEST: &str = "best";
/// What was measured.
const POINTS: &str = "points.json";

/// What decides the numbers of an adaptation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TuneConfig {
    /// Root seed of the tasks.
    pub seed: u64,
    /// Optimizer steps of the schedule.
    pub steps: u64,
    /// Steps of a part.
    pub every: u64,
    /// Held-out tasks of each kind that a part is measured on.
    pub held_out: u64,
    /// Parts without a smaller loss on tasks that look like the data after which it ends.
    pub patience: usize,
    /// Peak learning rate.
    pub learning_rate: f64,
    /// Share of the tuned weights in the average with the start, in (0, 1]; half of it is tried where that forgets too much.
    pub blend: f64,
    /// Batches of a step.
    pub batch: BatchConfig,
}

impl TuneConfig {
    /// As released checkpoints were trained, at a smaller learning rate.
    pub fn new(seed: u64, steps: u64) -> Self {
        let batch =
            BatchConfig { per_step: 6, cells: 24_000, row_work: 15.0, categories: 0.5, min_tasks: 1, max_tasks: 48 };
        Self { seed, steps, every: 100, held_out: 300, patience: 4, learning_rate: 1e-4, blend: 0.5, batch }
    }
}

/// How to run, as opposed to what.
#[derive(Clone, Debug)]
pub struct TuneRun {
    /// Folder of the parts; `start.safetensors` and its JSON are there.
    pub dir: PathBuf,
    /// Time for training and measuring in this run.
    pub max_time: Option<Duration>,
    /// Stop soon after this becomes true; the state is saved.
    pub stop: Arc<AtomicBool>,
    /// Threads.
    pub threads: usize,
    /// Where the network runs.
    pub device: Device,
    /// Shows the steps.
    pub bar: ProgressBar,
}

/// Figures of the uncalibrated weights after so many steps. In single precision, which JSON gives back to the bit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Point {
    /// Steps.
    pub step: u64,
    /// Share of the tuned weights in the average with the start; 0 is the start.
    pub blend: f32,
    /// Mean pinball loss on held-out tasks that look like the data, in nats.
    pub like_the_data: f32,
    /// The same on general tasks.
    pub general: f32,
    /// Whether these are the best weights so far.
    pub best: bool,
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The schedule is done.
    Complete,
    /// Nothing had become better for a while.
    Stopped,
    /// The time was up.
    OutOfTime,
    /// It was asked to stop.
    Interrupted,
}

/// Goes on from the start, or from where the folder is, until the schedule is done, nothing becomes better, or the time is
/// up. What is measured is the average of the start and a part. `best.safetensors` is in the folder afterwards: the average with
/// the smallest loss on tasks that look like the data, among those whose loss on general tasks has grown by at most 2 %. That can
/// be the start.
///
/// `said` is told each part when it has been measured.
///
/// # Errors
/// A folder that cannot be written, or holds another run; a checkpoint that is not the axial network; a device that failed.
pub fn tune(
    laws: &Laws,
    config: &TuneConfig,
    run: &TuneRun,
    said: &mut dyn FnMut(&Point, &Point),
) -> Result<(Vec<Point>, Outcome), TrainError> {
    let started = Instant::now();
    let left = || run.max_time.map(|most| most.saturating_sub(started.elapsed()));
    let start = checkpoint(&run.dir, START);
    write_mix(laws, &run.dir)?;
    let network = Checkpoint::read(&start, &run.device)?.description.network;
    let trained = training(config, &run.dir, network);
    TrainConfig::from_toml(&trained.to_toml())?;
    let parts = run.dir.join("parts");
    let mut points = read_points(&run.dir)?;
    if points.is_empty() {
        let [like_the_data, general] = measure(laws, config, run, &start)?;
        keep(&start, &run.dir)?;
        points.push(Point { step: 0, blend: 0.0, like_the_data, general, best: true });
        write_points(&run.dir, &points)?;
        said(&points[0], &points[0]);
    }
    loop {
        let first = &points[0];
        let last = points.last().expect("the start was measured");
        let best = points.iter().rposition(|point| point.best).expect("the start was the best once");
        run.bar.set_position(last.step);
        if last.step >= config.steps {
            return Ok((points, Outcome::Complete));
        }
        if points.len() - 1 - lowest(&points).max(best) >= config.patience {
            return Ok((points, Outcome::Stopped));
        }
        if left().is_some_and(|time| time.is_zero()) {
            return Ok((points, Outcome::OutOfTime));
        }
        let step = (last.step + config.every).min(config.steps);
        let options = Options {
            out: parts.clone(),
            resume: parts.join("state.safetensors").exists(),
            max_time: left(),
            max_steps: Some(step),
            stop: Some(run.stop.clone()),
            save_every: Duration::from_secs(60),
            threads: run.threads,
            device: run.device.clone(),
            quiet: true,
            bar: Some(run.bar.clone()),
        };
        let summary = train(&trained, &options)?;
        if run.stop.load(Ordering::Relaxed) {
            return Ok((points, Outcome::Interrupted));
        }
        if summary.steps < step {
            return Ok((points, Outcome::OutOfTime));
        }
        let (path, candidate) = (checkpoint(&parts, &trained.name), checkpoint(&parts, CANDIDATE));
        let average = |share: f64| {
            blend(&start, &path, share, (&parts, CANDIDATE))?;
            let [like_the_data, general] = measure(laws, config, run, &candidate)?;
            Ok::<_, TrainError>(Point { step, blend: share as f32, like_the_data, general, best: false })
        };
        let kept = |point: &Point| point.general <= MOST_FORGOTTEN * first.general;
        let mut point = average(config.blend)?;
        if !kept(&point) {
            point = average(config.blend / 2.0)?;
        }
        point.best = kept(&point) && point.like_the_data < points[best].like_the_data;
        if point.best {
            keep(&candidate, &run.dir)?;
        }
        said(&point, first);
        points.push(point);
        write_points(&run.dir, &points)?;
    }
}

/// The point with the smallest loss on tasks that look like the data, whatever it is on general ones: that comes down again
/// with the learning rate, so that it is no reason to stop.
fn lowest(points: &[Point]) -> usize {
    (0..points.len()).min_by(|a, b| points[*a].like_the_data.total_cmp(&points[*b].like_the_data)).unwrap_or(0)
}

fn checkpoint(dir: &Path, name: &str) -> PathBuf {
    dir.join(format!("{name}.safetensors"))
}

/// The run of the trainer.
fn training(config: &TuneConfig, dir: &Path, network: mist_model::NetworkConfig) -> TrainConfig {
    TrainConfig {
        name: "part".into(),
        meta: dir.join(MIX).to_string_lossy().into_owned(),
        seed: config.seed,
        steps: config.steps,
        init: Some(checkpoint(dir, START)),
        loss: LossConfig { nats: 0.05, ..LossConfig::default() },
        batch: config.batch.clone(),
        optimizer: OptimizerConfig {
            learning_rate: config.learning_rate,
            final_learning_rate: 1e-5,
            warmup_steps: (config.steps / 20).max(1),
            clip: 2.0,
            matrices: MatrixRule::Muon,
            // Half of the average is of the last seventy steps.
            ema: 0.99,
            ..OptimizerConfig::default()
        },
        // Parts are measured here, on more tasks and on each kind by itself.
        validation: ValidationConfig { tasks: 1, every: config.steps.max(1) },
        network,
    }
}

/// Mean pinball losses on the held-out tasks of each kind.
fn measure(laws: &Laws, config: &TuneConfig, run: &TuneRun, path: &Path) -> Result<[f32; 2], TrainError> {
    let Checkpoint { network, description, .. } = Checkpoint::read(path, &run.device)?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(run.threads.max(1)).build();
    let pool = pool.map_err(|e| TrainError::Config(format!("cannot start threads: {e}")))?;
    let of = |law: &MetaDistribution| {
        let (seed, tasks) = ((config.seed, Split::Validation), 0..config.held_out);
        let predictions =
            pool.install(|| evaluate(&network, &description.network, law, seed, tasks, &run.device, &|| ()))?;
        Ok::<_, TrainError>(Summary::of(&predictions).pinball as f32)
    };
    Ok([of(&laws.like_the_data)?, of(&laws.general)?])
}

/// Makes a checkpoint the best one.
fn keep(path: &Path, dir: &Path) -> Result<(), TrainError> {
    let mut kept = Checkpoint::read(path, &Device::Cpu)?.description;
    kept.name = BEST.into();
    let to = checkpoint(dir, BEST);
    let bytes = mist_files::read(path).map_err(|source| io("cannot read", path, source))?;
    write_atomic(&to, &bytes)?;
    Ok(kept.write(&to)?)
}

fn write_mix(laws: &Laws, dir: &Path) -> Result<(), TrainError> {
    // Read from this folder, where the flows lie, it needs their names alone.
    let text = laws.mix.config().beside_its_files().to_toml();
    Ok(write_atomic(&dir.join(MIX), text.as_bytes())?)
}

fn read_points(dir: &Path) -> Result<Vec<Point>, TrainError> {
    let path = dir.join(POINTS);
    if !path.exists() {
        return Ok(Vec::new());
    }
    let text = mist_files::read_text(&path).map_err(|source| io("cannot read", &path, source))?;
    serde_json::from_str(&text).map_err(|e| TrainError::State { path, what: e.to_string() })
}

fn write_points(dir: &Path, points: &[Point]) -> Result<(), TrainError> {
    let text = serde_json::to_string_pretty(points).expect("points are plain data") + "\n";
    Ok(write_atomic(&dir.join(POINTS), text.as_bytes())?)
}

fn io(action: &'static str, path: &Path, source: std::io::Error) -> TrainError {
    TrainError::Io { action, path: path.into(), source }
}
