//! Speed of a training step: forward, backward and optimizer, on batches of one shape drawn beforehand.

use crate::gradient::Workers;
use crate::{BatchConfig, BatchSource, Optimizer, StepGradient, TaskBatch, TrainConfig, TrainError};
use candle_core::Device;
use mist_data_gen::MetaDistribution;
use mist_model::{Network, Parameters};
use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};

/// Shape of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shape {
    /// Rows of each task.
    pub n: usize,
    /// Columns of X, and columns of Y.
    pub dims: usize,
    /// Tasks in a step.
    pub tasks: usize,
}

/// Shapes over which the cost of training spreads: few and many rows, few and many columns.
pub const GRID: [Shape; 6] = [
    Shape { n: 100, dims: 1, tasks: 64 },
    Shape { n: 500, dims: 3, tasks: 32 },
    Shape { n: 2000, dims: 2, tasks: 16 },
    Shape { n: 90, dims: 8, tasks: 64 },
    Shape { n: 250, dims: 16, tasks: 16 },
    Shape { n: 320, dims: 32, tasks: 8 },
];

/// What a shape was measured to take.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// The shape, with the tasks that a step had.
    pub shape: Shape,
    /// Steps measured.
    pub steps: u64,
    /// Tasks trained on per second of wall time.
    pub tasks_per_second: f64,
    /// Floating-point operations of the network's matrix products per second, in units of 10⁹
    /// ([`mist_model::NetworkConfig::forward_flops`], times three).
    pub gflops: f64,
}

/// Steps on one shape until `time` is over, after one step to warm up.
///
/// On a CPU the tasks are shared out evenly between `threads`, rounded up to a multiple of them; an accelerator takes
/// them as one batch.
///
/// # Errors
/// A device that failed.
pub fn measure(
    config: &TrainConfig,
    shape: Shape,
    threads: usize,
    device: &Device,
    time: Duration,
) -> Result<Measured, TrainError> {
    let workers = Workers::new(threads)?;
    let parts = if device.is_cpu() { threads.max(1) } else { 1 };
    let shape = Shape { tasks: shape.tasks.next_multiple_of(parts), ..shape };
    let batches = draw(config, shape, shape.tasks / parts, parts, device)?;
    let (network, parameters) = Parameters::init(config.seed, device, |vb| Network::new(&config.network, vb))?;
    let mut optimizer = Optimizer::new(&parameters)?;
    let order: Vec<usize> = (0..parts).collect();
    let mut step = || -> Result<(), TrainError> {
        let one = |i: usize| StepGradient::of(&network, &parameters, config, &batches[i]);
        let mean = StepGradient::mean(workers.map(&order, one)?)?;
        optimizer.step(&mean.gradient, config.optimizer.learning_rate, &config.optimizer)?;
        optimizer.write_weights(&parameters)
    };
    step()?;
    device.synchronize()?;
    let start = Instant::now();
    let mut steps = 0;
    // The clock is read in rounds, so that an accelerator is asked to finish only now and then.
    let mut round = 1;
    while start.elapsed() < time {
        for _ in 0..round {
            step()?;
        }
        device.synchronize()?;
        steps += round;
        let left = time.as_secs_f64() - start.elapsed().as_secs_f64();
        let per_step = start.elapsed().as_secs_f64() / steps as f64;
        round = ((left / per_step) as u64).clamp(1, 2 * round);
    }
    let tasks_per_second = (steps * shape.tasks as u64) as f64 / start.elapsed().as_secs_f64();
    let flops = 3.0 * config.network.forward_flops(shape.n, shape.dims, shape.dims);
    Ok(Measured { shape, steps, tasks_per_second, gflops: tasks_per_second * flops / 1e9 })
}

/// Normal tasks of one shape.
fn draw(
    config: &TrainConfig,
    shape: Shape,
    tasks: usize,
    parts: usize,
    device: &Device,
) -> Result<Vec<TaskBatch>, TrainError> {
    let Shape { n, dims, .. } = shape;
    let law = format!(
        "name = \"bench\"\n\
         [[dims]]\nweight = 1.0\nlaw = \"uniform\"\nmin = {dims}\nmax = {dims}\nequal = true\n\
         [[n]]\nweight = 1.0\nlaw = \"uniform\"\nmin = {n}\nmax = {n}\n\
         [[family]]\nweight = 1.0\nkind = \"normal\"\ndispersion = \"sparse\"\n"
    );
    let batch = BatchConfig { min_tasks: tasks, max_tasks: tasks, ..BatchConfig::default() };
    let source = BatchSource::new(MetaDistribution::from_toml(&law)?, config).with_batches(batch);
    (0..parts as u64).map(|k| source.draw(k, device)).collect()
}
