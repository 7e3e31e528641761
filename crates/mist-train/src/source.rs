//! Fresh tasks, scored and laid out as batches.

use crate::{BatchConfig, TrainError};
use candle_core::{Device, Tensor};
use mist_data_gen::{MetaDistribution, Sample, Seeds, Split};
use mist_model::{Batch, Scores};

/// Draws batch `k` of a training run: a function of the law, the seed and `k` alone.
#[derive(Clone, Debug)]
pub struct BatchSource {
    meta: MetaDistribution,
    seeds: Seeds,
    batch: BatchConfig,
}

impl BatchSource {
    /// Batches of the training split.
    pub fn new(meta: MetaDistribution, seed: u64, batch: BatchConfig) -> Self {
        Self { meta, seeds: Seeds { root: seed }, batch }
    }

    /// Work in batch `k`, in the units of [`BatchConfig::work`], without drawing it.
    pub fn work(&self, k: u64) -> f64 {
        let shape = self.meta.shape(&self.seeds, Split::Train, k);
        let count = self.batch.tasks(shape.n, shape.dim_x, shape.dim_y);
        count as f64 * self.batch.work(shape.n, shape.dim_x, shape.dim_y)
    }

    /// Batch `k` and the MI of its tasks in nats.
    ///
    /// # Shapes
    /// B tasks of one shape, no padding; MI (B).
    ///
    /// # Errors
    /// A device that failed.
    pub fn draw(&self, k: u64, device: &Device) -> Result<(Batch, Tensor), TrainError> {
        let shape = self.meta.shape(&self.seeds, Split::Train, k);
        let count = self.batch.tasks(shape.n, shape.dim_x, shape.dim_y);
        let mut scores = Vec::with_capacity(count);
        let mut mi = Vec::with_capacity(count);
        for item in 0..count as u64 {
            let task = self.meta.draw_shaped(&self.seeds, Split::Train, k, item, &shape);
            mi.push(task.task.mi_nats() as f32);
            scores.push(score(&task.sample().sample));
        }
        let batch = Batch::new(&scores.iter().collect::<Vec<_>>(), device)?;
        Ok((batch, Tensor::from_vec(mi, count, device)?))
    }
}

/// Normal scores of a generated sample.
///
/// # Panics
/// If the generator drew a value that is not finite, which is an error of the generator.
pub fn score(sample: &Sample) -> Scores {
    // The matrices are column-major: a chunk of `nrows` values is a column.
    let x: Vec<&[f64]> = sample.x.as_slice().chunks_exact(sample.x.nrows()).collect();
    let y: Vec<&[f64]> = sample.y.as_slice().chunks_exact(sample.y.nrows()).collect();
    Scores::new(&x, &y).expect("a generated sample is finite and rectangular")
}
