//! Fresh tasks, scored and laid out as batches.

use crate::{BatchConfig, TaskBatch, TrainConfig, TrainError};
use candle_core::{Device, Tensor};
use mist_data_gen::{MetaDistribution, Sample, Seeds, Split};
use mist_model::scores::MAX_INDICATORS;
use mist_model::{Batch, Column, NetworkConfig, ScoreError, Scores};
use nalgebra::DMatrix;
use rand::Rng;
use std::collections::{BTreeMap, BTreeSet};

/// Draws batch `k` of a training run: a function of the law, the seed and `k` alone.
#[derive(Clone, Debug)]
pub struct BatchSource {
    meta: MetaDistribution,
    seeds: Seeds,
    batch: BatchConfig,
    /// The network that they are for.
    network: NetworkConfig,
}

impl BatchSource {
    /// Batches of the training split, as a run sees them.
    pub fn new(meta: MetaDistribution, config: &TrainConfig) -> Self {
        let network = config.network.clone();
        Self { meta, seeds: Seeds { root: config.seed }, batch: config.batch.clone(), network }
    }

    /// The same with other batches.
    #[must_use]
    pub fn with_batches(mut self, batch: BatchConfig) -> Self {
        self.batch = batch;
        self
    }

    /// Work in batch `k`, in the units of [`BatchConfig::work`], without drawing it.
    pub fn work(&self, k: u64) -> f64 {
        let shape = self.meta.shape(&self.seeds, Split::Train, k);
        let count = self.batch.tasks(shape.n, shape.dim_x, shape.dim_y);
        count as f64 * self.batch.work(shape.n, shape.dim_x, shape.dim_y)
    }

    /// Batch `k` with its labels.
    ///
    /// # Shapes
    /// B tasks of one shape, but for categories, which may take more columns in some than in others.
    ///
    /// # Errors
    /// A device that failed, a task that the network does not take.
    pub fn draw(&self, k: u64, device: &Device) -> Result<TaskBatch, TrainError> {
        let shape = self.meta.shape(&self.seeds, Split::Train, k);
        let count = self.batch.tasks(shape.n, shape.dim_x, shape.dim_y);
        let mut scores = Vec::with_capacity(count);
        let mut mi = Vec::with_capacity(count);
        let mut pointwise = Vec::with_capacity(count * shape.n);
        for item in 0..count as u64 {
            let drawn = self.meta.draw_shaped(&self.seeds, Split::Train, k, item, &shape);
            let mut categories = drawn.task.categories();
            // The stream of the task goes on to its sample; this draw is from a copy of it.
            if categories != (false, false) && drawn.rng.clone().random::<f64>() >= self.batch.categories {
                categories = (false, false);
            }
            let draw = drawn.sample_pointwise();
            mi.push(draw.mi_nats as f32);
            match &draw.pointwise_mi {
                Some(values) => pointwise.extend(values.iter().map(|v| *v as f32)),
                None => pointwise.extend(std::iter::repeat_n(0.0, shape.n)),
            }
            scores.push(score_of(&draw.sample, categories, &self.network)?);
        }
        Ok(TaskBatch {
            batch: Batch::new(&scores.iter().collect::<Vec<_>>(), device)?,
            mi_nats: Tensor::from_vec(mi, count, device)?,
            pointwise: Tensor::from_vec(pointwise, (count, shape.n), device)?,
        })
    }
}

/// Most columns of a side of which categories become indicators, as in the widest tables of numbers.
const MAX_COLUMNS: usize = 32;

/// Normal scores of a generated sample.
///
/// # Panics
/// If the generator drew a value that is not finite, which is an error of the generator.
pub fn score(sample: &Sample) -> Scores {
    of(sample, (false, false), Scores::of).expect("a generated sample is finite and rectangular")
}

/// A generated sample as a network takes it, with the terms that it wants to see; the columns of X, or of Y,
/// as categories, unless they would take more than 32 columns.
///
/// # Errors
/// A sample that the network does not take.
pub fn score_of(sample: &Sample, categories: (bool, bool), network: &NetworkConfig) -> Result<Scores, ScoreError> {
    Ok(network.with_terms(of(sample, categories, |x, y| network.scores(x, y))?))
}

fn of(
    sample: &Sample,
    categories: (bool, bool),
    scores: impl FnOnce(&[Column], &[Column]) -> Result<Scores, ScoreError>,
) -> Result<Scores, ScoreError> {
    // The matrices are column-major: a chunk of `nrows` values is a column.
    let numbers = |side: &'_ DMatrix<f64>| -> Vec<Vec<f64>> {
        side.as_slice().chunks_exact(side.nrows()).map(<[f64]>::to_vec).collect()
    };
    let codes = |columns: &[Vec<f64>], wanted: bool| -> Option<Vec<Vec<u32>>> {
        let mut all = Vec::new();
        let mut width = 0;
        for column in columns.iter().take_while(|_| wanted) {
            let values: BTreeSet<i64> = column.iter().map(|v| *v as i64).collect();
            width += if values.len() > 2 { values.len().min(MAX_INDICATORS) } else { 1 };
            let code: BTreeMap<i64, u32> = values.into_iter().zip(0..).collect();
            all.push(column.iter().map(|v| code[&(*v as i64)]).collect());
        }
        (wanted && width <= MAX_COLUMNS).then_some(all)
    };
    let (x, y) = (numbers(&sample.x), numbers(&sample.y));
    let (codes_x, codes_y) = (codes(&x, categories.0), codes(&y, categories.1));
    scores(&columns(&x, &codes_x), &columns(&y, &codes_y))
}

fn columns<'a>(numbers: &'a [Vec<f64>], codes: &'a Option<Vec<Vec<u32>>>) -> Vec<Column<'a>> {
    match codes {
        Some(codes) => codes.iter().map(|c| Column::Category(c)).collect(),
        None => numbers.iter().map(|c| Column::Number(c)).collect(),
    }
}
