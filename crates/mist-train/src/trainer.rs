//! The training loop, from top to bottom.

use crate::config::STATE_NAME;
use crate::metrics::Summary as Metrics;
use crate::progress::{Line, Progress};
use crate::{BatchSource, Engine, Origin, State, TrainConfig, TrainError, evaluate};
use candle_core::{Device, Tensor};
use indicatif::ProgressBar;
use mist_data_gen::{MetaDistribution, Split};
use mist_model::{Checkpoint, Description, Network, Parameters, Trained, hex_sha256, write_atomic, write_checkpoint};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Steps between two lines of the log.
const LOG_EVERY: u64 = 50;

/// How to run, as opposed to what: none of it changes a number.
#[derive(Clone, Debug)]
pub struct Options {
    /// Folder of the state, the log and the checkpoint.
    pub out: PathBuf,
    /// Go on from the state in `out`.
    pub resume: bool,
    /// Stop after this much time; the state is saved.
    pub max_time: Option<Duration>,
    /// Stop after this many steps of the schedule; the state is saved.
    pub max_steps: Option<u64>,
    /// Stop after the step during which this becomes true; the state is saved.
    pub stop: Option<Arc<AtomicBool>>,
    /// Time between two saved states.
    pub save_every: Duration,
    /// Worker threads.
    pub threads: usize,
    /// Where the network runs.
    pub device: Device,
    /// No progress bar.
    pub quiet: bool,
    /// A bar that shows the steps in place of the trainer's own, which is then left out.
    pub bar: Option<ProgressBar>,
}

/// How a run ended.
#[derive(Clone, Debug)]
pub struct Summary {
    /// Steps taken, over all parts of the run.
    pub steps: u64,
    /// Tasks seen, likewise.
    pub tasks: u64,
    /// Seconds spent, likewise.
    pub seconds: f64,
    /// Whether the whole schedule is done.
    pub complete: bool,
    /// The checkpoint written.
    pub checkpoint: Description,
    /// Validation of its weights.
    pub validation: Metrics,
}

/// Trains until the schedule ends or the time is up; the state and the checkpoint are on disk when it returns.
///
/// # Errors
/// A folder that cannot be written, a state that does not fit, a loss that is not finite.
pub fn train(config: &TrainConfig, options: &Options) -> Result<Summary, TrainError> {
    let started = Instant::now();
    let meta = config.meta()?;
    let config_text = config.to_toml();
    let state_path = options.out.join(STATE_NAME).with_added_extension("safetensors");
    let exists = state_path.exists();
    if exists && !options.resume {
        let what = "it exists; resume it, or choose another folder".into();
        return Err(TrainError::State { path: state_path, what });
    }
    if !exists && options.resume {
        return Err(TrainError::State { path: state_path, what: "there is no such file".into() });
    }
    let device = &options.device;
    let (network, parameters, before) = initial(config, device, &options.out)?;
    let origin = Origin {
        config_sha256: hex_sha256(config_text.as_bytes()),
        meta_sha256: meta.sha256(),
        init_sha256: before.as_ref().map(|d| d.sha256.clone()),
    };
    let mut state = match options.resume {
        true => State::load(&state_path, &origin, &parameters)?,
        false => State::new(&parameters)?,
    };
    // Nothing has been written so far: a run that is refused leaves the folder as it was.
    prepare(&options.out, &config_text)?;
    state.optimizer.write_weights(&parameters)?;

    let run = Run { config, options, meta: &meta, network: &network, parameters: &parameters, before };
    let source = BatchSource::new(meta.clone(), config);
    let first = state.optimizer.steps * config.batch.per_step as u64;
    let mut engine = Engine::new(source, options.threads, device, first)?;
    let mut progress = Progress::open(&options.out.join("log.jsonl"), state.optimizer.steps, config.steps, options)?;
    let mut recent = Recent::new(&state);
    let mut saved = Instant::now();
    let last = options.max_steps.unwrap_or(u64::MAX).min(config.steps);
    let earlier = state.seconds;

    while state.optimizer.steps < last {
        let stop = options.stop.as_ref().is_some_and(|stop| stop.load(Ordering::Relaxed));
        if stop || options.max_time.is_some_and(|t| started.elapsed() >= t) {
            break;
        }
        let step = state.optimizer.steps;
        let result = engine.step(&network, &parameters, config, step)?;
        let learning_rate = config.optimizer.learning_rate_at(step, config.steps);
        let norm = state.optimizer.step(&result.gradient, learning_rate, &config.optimizer)?;
        state.optimizer.write_weights(&parameters)?;
        state.tasks += result.tasks;
        state.seconds = earlier + started.elapsed().as_secs_f64();
        recent.add(&result.loss, &norm)?;

        let step = state.optimizer.steps;
        let validate = step % config.validation.every == 0 && step < last;
        progress.tick(step);
        if step % LOG_EVERY == 0 || validate {
            let mut line = recent.line(&state, learning_rate, &mut engine)?;
            if validate {
                line.validation = Some(run.validate(&state)?);
            }
            progress.line(&line)?;
            recent = Recent::new(&state);
        }
        if saved.elapsed() >= options.save_every {
            recent.means(&state)?;
            state.save(&state_path, &origin)?;
            saved = Instant::now();
        }
    }

    let learning_rate = config.optimizer.learning_rate_at(state.optimizer.steps, config.steps);
    let mut line = recent.line(&state, learning_rate, &mut engine)?;
    state.save(&state_path, &origin)?;
    let validation = run.validate(&state)?;
    line.validation = Some(validation.clone());
    progress.line(&line)?;
    progress.finish();
    let checkpoint = run.release(&state, &options.out)?;
    let State { optimizer, tasks, seconds } = state;
    let complete = optimizer.steps == config.steps;
    Ok(Summary { steps: optimizer.steps, tasks, seconds, complete, checkpoint, validation })
}

/// Makes the folder ready: there, without what a killed run left behind, with the configuration.
fn prepare(out: &Path, config_text: &str) -> Result<(), TrainError> {
    let failed = |source| TrainError::Io { action: "cannot write", path: out.into(), source };
    std::fs::create_dir_all(out).map_err(failed)?;
    mist_files::clean(out).map_err(failed)?;
    Ok(write_atomic(&out.join("config.toml"), config_text.as_bytes())?)
}

/// The network before the first step, and the description of the checkpoint it comes from, if any.
fn initial(
    config: &TrainConfig,
    device: &Device,
    out: &Path,
) -> Result<(Network, Parameters, Option<Description>), TrainError> {
    let Some(path) = &config.init else {
        let (network, parameters) = Parameters::init(config.seed, device, |vb| Network::new(&config.network, vb))?;
        return Ok((network, parameters, None));
    };
    let Checkpoint { network, parameters, description } = Checkpoint::read(path, device)?;
    let (network, parameters) = match config.network.extends(&description.network) {
        true => extended(config, &parameters, device)?,
        false => (network, parameters),
    };
    let released = out.join(format!("{}.safetensors", config.name));
    if let (Ok(a), Ok(b)) = (path.canonicalize(), released.canonicalize())
        && a == b
    {
        let place = path.display();
        return Err(TrainError::Config(format!("`name`: the run would write over `{place}`, which it begins with")));
    }
    if description.network != config.network && !config.network.extends(&description.network) {
        let place = path.display();
        return Err(TrainError::Config(format!("`init`: the network of `{place}` is not of the size of `[network]`")));
    }
    if description.trained.seed == config.seed {
        let place = path.display();
        return Err(TrainError::Config(format!("`seed` is that of `{place}`: choose another, to see other tasks")));
    }
    Ok((network, parameters, Some(description)))
}

/// The network with what the weights it begins with do not have. It starts at 0 or feeds what starts at 0, so that it answers as they do.
fn extended(config: &TrainConfig, begun: &Parameters, device: &Device) -> Result<(Network, Parameters), TrainError> {
    let (network, parameters) = Parameters::init(config.seed, device, |vb| Network::new(&config.network, vb))?;
    for (name, var) in begun.iter() {
        let own = parameters.get(name).expect("a network that extends another has all of its parameters");
        own.set(var.as_tensor())?;
    }
    Ok((network, parameters))
}

/// What the parts of the loop share.
struct Run<'a> {
    config: &'a TrainConfig,
    options: &'a Options,
    meta: &'a MetaDistribution,
    network: &'a Network,
    parameters: &'a Parameters,
    before: Option<Description>,
}

impl Run<'_> {
    /// Figures of the averaged weights on the fixed validation set.
    fn validate(&self, state: &State) -> Result<Metrics, TrainError> {
        state.optimizer.write_average(self.parameters)?;
        let network = &self.config.network;
        let tasks = 0..self.config.validation.tasks;
        let seed = (self.config.seed, Split::Validation);
        let run = || evaluate(self.network, network, self.meta, seed, tasks, &self.options.device, &|| ());
        let pool = rayon::ThreadPoolBuilder::new().num_threads(self.options.threads.max(1)).build();
        let pool = pool.map_err(|e| TrainError::Config(format!("cannot start threads: {e}")))?;
        let predictions = pool.install(run)?;
        state.optimizer.write_weights(self.parameters)?;
        Ok(Metrics::of(&predictions))
    }

    /// Writes the averaged weights as a checkpoint.
    fn release(&self, state: &State, dir: &Path) -> Result<Description, TrainError> {
        state.optimizer.write_average(self.parameters)?;
        let tensors: HashMap<String, Tensor> =
            self.parameters.iter().map(|(name, var)| (name.to_string(), var.as_tensor().clone())).collect();
        let (n, dims) = self.meta.reach();
        let (before_tasks, before_steps) = self.before.as_ref().map_or((0, 0), |d| (d.trained.tasks, d.trained.steps));
        let trained = Trained {
            meta: self.meta.name().into(),
            meta_sha256: self.meta.sha256(),
            seed: self.config.seed,
            tasks: before_tasks + state.tasks,
            steps: before_steps + state.optimizer.steps,
            continues: self.before.as_ref().map(|d| d.sha256.clone()),
            n,
            dims,
            cells: self.meta.config().max_cells,
            ties: self.meta.has_ties(),
        };
        Ok(write_checkpoint(dir, &self.config.name, &self.config.network, trained, &tensors)?)
    }
}

/// Running means since the last line of the log. The sums stay on the device: reading them would make it wait.
struct Recent {
    sums: Option<(Tensor, Tensor)>,
    from: u64,
    tasks: u64,
    seconds: f64,
}

impl Recent {
    fn new(state: &State) -> Self {
        Self { sums: None, from: state.optimizer.steps, tasks: state.tasks, seconds: state.seconds }
    }

    fn add(&mut self, loss: &Tensor, norm: &Tensor) -> Result<(), TrainError> {
        self.sums = Some(match self.sums.take() {
            None => (loss.clone(), norm.clone()),
            Some((losses, norms)) => ((losses + loss)?, (norms + norm)?),
        });
        Ok(())
    }

    /// Mean loss and mean norm of the gradient; an error if any of them was not finite.
    fn means(&self, state: &State) -> Result<(f64, f64), TrainError> {
        let Some((losses, norms)) = &self.sums else {
            return Ok((0.0, 0.0));
        };
        let steps = (state.optimizer.steps - self.from) as f64;
        let mean = |sum: &Tensor| Ok::<_, TrainError>(f64::from(sum.to_scalar::<f32>()?) / steps);
        let (loss, norm) = (mean(losses)?, mean(norms)?);
        if !loss.is_finite() || !norm.is_finite() {
            return Err(TrainError::Diverged { from: self.from, to: state.optimizer.steps });
        }
        Ok((loss, norm))
    }

    fn line(&self, state: &State, learning_rate: f64, engine: &mut Engine) -> Result<Line, TrainError> {
        let (loss, gradient_norm) = self.means(state)?;
        let seconds = (state.seconds - self.seconds).max(1e-9);
        let load = engine.load();
        Ok(Line {
            step: state.optimizer.steps,
            tasks: state.tasks,
            seconds: state.seconds,
            loss,
            learning_rate,
            gradient_norm,
            tasks_per_second: (state.tasks - self.tasks) as f64 / seconds,
            waited_seconds: load.map(|(waited, _)| waited),
            batches_ready: load.map(|(_, ready)| ready),
            validation: None,
        })
    }
}
