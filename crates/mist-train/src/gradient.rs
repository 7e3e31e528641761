//! Gradients of one step: on the CPU by several threads, on an accelerator from batches made ahead of time.

use crate::feed::Feed;
use crate::{BatchSource, TaskBatch, TrainConfig, TrainError};
use candle_core::{Device, Tensor};
use mist_model::{Network, Parameters};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Batches kept ready for an accelerator, beyond those that the threads are at.
const AHEAD: usize = 8;

/// Mean gradient of the batches of one step.
#[derive(Clone, Debug)]
pub struct StepGradient {
    /// Gradient (P) of all parameters, in the order of their names, on the device.
    pub gradient: Tensor,
    /// Mean loss of the batches, a scalar on the device.
    pub loss: Tensor,
    /// Tasks seen.
    pub tasks: u64,
}

impl StepGradient {
    /// Mean loss and gradient of one batch.
    ///
    /// # Errors
    /// A device that failed, or a parameter that no gradient reaches.
    pub fn of(
        network: &Network,
        parameters: &Parameters,
        config: &TrainConfig,
        batch: &TaskBatch,
    ) -> Result<Self, TrainError> {
        let loss = config.loss.of(&network.forward(&batch.batch)?, batch, config.network.taus())?;
        let grads = loss.backward()?;
        let mut gradient = Vec::with_capacity(parameters.count());
        for (name, var) in parameters.iter() {
            // Some operations of candle drop gradients without an error: a layer that never learns must not pass
            // unseen.
            let Some(g) = grads.get(var.as_tensor()) else {
                return Err(TrainError::Config(format!("no gradient reaches the parameter `{name}`")));
            };
            gradient.push(g.flatten_all()?);
        }
        Ok(Self { gradient: Tensor::cat(&gradient, 0)?, loss: loss.detach(), tasks: batch.tasks() as u64 })
    }

    /// Mean over batches, added in their order.
    ///
    /// # Errors
    /// A device that failed.
    ///
    /// # Panics
    /// Without any batch.
    pub fn mean(parts: Vec<Self>) -> Result<Self, TrainError> {
        let share = 1.0 / parts.len() as f64;
        let parts = parts.into_iter().map(|part| part.scaled(share));
        parts.reduce(|a, b| a?.plus(b?)).expect("a step has at least one batch")
    }

    fn scaled(self, factor: f64) -> Result<Self, TrainError> {
        Ok(Self { gradient: (self.gradient * factor)?, loss: (self.loss * factor)?, tasks: self.tasks })
    }

    fn plus(self, other: Self) -> Result<Self, TrainError> {
        let gradient = (self.gradient + other.gradient)?;
        Ok(Self { gradient, loss: (self.loss + other.loss)?, tasks: self.tasks + other.tasks })
    }
}

/// Computes gradients: one graph per thread of a CPU, which uses cores better than parallel operations do, or one
/// graph on an accelerator, fed by all threads.
pub struct Engine {
    source: BatchSource,
    kind: Kind,
}

enum Kind {
    Cpu(Workers),
    Accelerator { feed: Box<Feed>, device: Device },
}

impl Engine {
    /// An engine for the batches of `source` from number `first` on.
    ///
    /// # Errors
    /// The system gives no threads.
    pub fn new(source: BatchSource, threads: usize, device: &Device, first: u64) -> Result<Self, TrainError> {
        let kind = if device.is_cpu() {
            Kind::Cpu(Workers::new(threads)?)
        } else {
            let feed = Feed::new(&source, threads, threads + AHEAD, first);
            Kind::Accelerator { feed: Box::new(feed), device: device.clone() }
        };
        Ok(Self { source, kind })
    }

    /// Mean gradient of the pinball loss over the batches of step `step`. On an accelerator the steps must come in
    /// order.
    ///
    /// The gradients are added in the order of the batches, so the sum does not depend on the number of threads.
    ///
    /// # Errors
    /// The first error of any batch.
    pub fn step(
        &mut self,
        network: &Network,
        parameters: &Parameters,
        config: &TrainConfig,
        step: u64,
    ) -> Result<StepGradient, TrainError> {
        let count = config.batch.per_step;
        let first = step * count as u64;
        let parts = match &mut self.kind {
            Kind::Cpu(workers) => {
                let source = &self.source;
                // Longest first: the workers finish closer together. The order of computing changes no number.
                let mut order: Vec<(f64, usize)> = (0..count).map(|i| (source.work(first + i as u64), i)).collect();
                order.sort_by(|a, b| b.0.total_cmp(&a.0));
                let order: Vec<usize> = order.into_iter().map(|(_, i)| i).collect();
                workers.map(&order, |i| {
                    let batch = source.draw(first + i as u64, &Device::Cpu)?;
                    StepGradient::of(network, parameters, config, &batch)
                })?
            }
            Kind::Accelerator { feed, device } => {
                let one = |_| {
                    let batch = feed.take()?.to_device(device)?;
                    StepGradient::of(network, parameters, config, &batch)
                };
                (0..count).map(one).collect::<Result<_, _>>()?
            }
        };
        StepGradient::mean(parts)
    }

    /// Since the last call: seconds that the accelerator waited for batches, and the mean number of batches that were
    /// ready when it asked. `None` on a CPU, whose threads draw their own.
    pub fn load(&mut self) -> Option<(f64, f64)> {
        match &mut self.kind {
            Kind::Cpu(_) => None,
            Kind::Accelerator { feed, .. } => {
                let (waited, ready) = feed.load();
                Some((waited.as_secs_f64(), ready))
            }
        }
    }
}

/// Threads of a CPU, each with a pool of one for the operations that it runs.
pub(crate) struct Workers {
    pools: Vec<rayon::ThreadPool>,
}

impl Workers {
    pub(crate) fn new(threads: usize) -> Result<Self, TrainError> {
        let build = |_| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(1).stack_size(16 << 20).build();
            pool.map_err(|e| TrainError::Config(format!("cannot start threads: {e}")))
        };
        Ok(Self { pools: (0..threads.max(1)).map(build).collect::<Result<_, _>>()? })
    }

    /// `f` of each of `0..order.len()`, begun in the order given and returned by index.
    pub(crate) fn map<T: Send>(
        &self,
        order: &[usize],
        f: impl Fn(usize) -> Result<T, TrainError> + Sync,
    ) -> Result<Vec<T>, TrainError> {
        let next = AtomicUsize::new(0);
        let slots: Vec<Mutex<Option<Result<T, TrainError>>>> = order.iter().map(|_| Mutex::new(None)).collect();
        let work = || {
            while let Some(&i) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
                let result = f(i);
                *slots[i].lock().expect("no worker panicked") = Some(result);
            }
        };
        std::thread::scope(|scope| {
            for pool in &self.pools {
                scope.spawn(|| pool.install(work));
            }
        });
        slots
            .into_iter()
            .map(|s| s.into_inner().expect("no worker panicked").expect("every item was computed"))
            .collect()
    }
}
