//! Gradients of one step, computed on several threads.

use crate::{BatchSource, TrainConfig, TrainError};
use candle_core::Device;
use mist_model::{Axial, Parameters, pinball};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Mean gradient of the batches of one step.
#[derive(Clone, Debug)]
pub struct StepGradient {
    /// Gradient of all parameters, in the order of their names.
    pub gradient: Vec<f32>,
    /// Mean loss of the batches.
    pub loss: f64,
    /// Tasks seen.
    pub tasks: u64,
}

/// One graph per thread: data parallelism over batches uses cores better than parallel operations do.
pub struct GradientPool {
    pools: Vec<rayon::ThreadPool>,
    device: Device,
}

impl GradientPool {
    /// `threads` workers on the CPU; one worker feeds an accelerator.
    ///
    /// # Errors
    /// The system gives no threads.
    pub fn new(threads: usize, device: &Device) -> Result<Self, TrainError> {
        let workers = if device.is_cpu() { threads.max(1) } else { 1 };
        let per_worker = if device.is_cpu() { 1 } else { threads.max(1) };
        let build = |_| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(per_worker).stack_size(16 << 20).build();
            pool.map_err(|e| TrainError::Config(format!("cannot start threads: {e}")))
        };
        Ok(Self { pools: (0..workers).map(build).collect::<Result<_, _>>()?, device: device.clone() })
    }

    /// Mean gradient of the pinball loss over the batches of step `step`.
    ///
    /// The gradients are added in the order of the batches, so the sum does not depend on the number of threads.
    ///
    /// # Errors
    /// The first error of any batch.
    pub fn step(
        &self,
        network: &Axial,
        parameters: &Parameters,
        config: &TrainConfig,
        source: &BatchSource,
        step: u64,
    ) -> Result<StepGradient, TrainError> {
        let count = config.batch.per_step;
        let first = step * count as u64;
        // Longest first: the workers finish closer together. The order of computing changes no number.
        let mut order: Vec<(f64, u64)> = (first..first + count as u64).map(|k| (source.work(k), k)).collect();
        order.sort_by(|a, b| b.0.total_cmp(&a.0));
        let next = AtomicUsize::new(0);
        let slots: Vec<Mutex<Option<Result<StepGradient, TrainError>>>> =
            (0..count).map(|_| Mutex::new(None)).collect();
        let work = || {
            loop {
                let i = next.fetch_add(1, Ordering::Relaxed);
                let Some(&(_, k)) = order.get(i) else {
                    break;
                };
                let result = one_batch(network, parameters, config, source, k, &self.device);
                *slots[(k - first) as usize].lock().expect("no worker panicked") = Some(result);
            }
        };
        std::thread::scope(|scope| {
            for pool in &self.pools {
                scope.spawn(|| pool.install(work));
            }
        });
        let mut total = StepGradient { gradient: vec![0.0; parameters.count()], loss: 0.0, tasks: 0 };
        let share = 1.0 / count as f32;
        for slot in slots {
            let part = slot.into_inner().expect("no worker panicked").expect("every batch was computed")?;
            for (sum, g) in total.gradient.iter_mut().zip(&part.gradient) {
                *sum += g * share;
            }
            total.loss += part.loss / count as f64;
            total.tasks += part.tasks;
        }
        Ok(total)
    }
}

fn one_batch(
    network: &Axial,
    parameters: &Parameters,
    config: &TrainConfig,
    source: &BatchSource,
    k: u64,
    device: &Device,
) -> Result<StepGradient, TrainError> {
    let (batch, mi) = source.draw(k, device)?;
    let loss = pinball(&network.forward(&batch)?, &mi, &config.network.taus, config.loss_nats)?;
    let grads = loss.backward()?;
    let mut gradient = Vec::with_capacity(parameters.count());
    for (name, var) in parameters.iter() {
        // Some operations of candle drop gradients without an error: a layer that never learns must not pass unseen.
        let Some(g) = grads.get(var.as_tensor()) else {
            return Err(TrainError::Config(format!("no gradient reaches the parameter `{name}`")));
        };
        gradient.extend(g.flatten_all()?.to_vec1::<f32>()?);
    }
    Ok(StepGradient { gradient, loss: f64::from(loss.to_scalar::<f32>()?), tasks: mi.dim(0)? as u64 })
}
