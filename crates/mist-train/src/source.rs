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
            // The stream of the task goes on to its sample; this draw is from a copy of it.
            let as_categories = drawn.rng.clone().random::<f64>() < self.batch.categories;
            let categories = as_categories.then(|| drawn.task.categories());
            let draw = drawn.sample_pointwise();
            mi.push(draw.mi_nats as f32);
            match &draw.pointwise_mi {
                Some(values) => pointwise.extend(values.iter().map(|v| *v as f32)),
                None => pointwise.extend(std::iter::repeat_n(0.0, shape.n)),
            }
            scores.push(score_of(&draw.sample, categories.as_ref(), &self.network)?);
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
    of(sample, None, Scores::of).expect("a generated sample is finite and rectangular")
}

/// Which columns of X, and which of Y, are categories.
pub type Categories = (Vec<bool>, Vec<bool>);

/// A generated sample as a network takes it, with the terms that it wants to see; those columns as categories, if any are given, unless a
/// side would take more than 32 columns with its indicators.
///
/// # Errors
/// A sample that the network does not take.
pub fn score_of(
    sample: &Sample,
    categories: Option<&Categories>,
    network: &NetworkConfig,
) -> Result<Scores, ScoreError> {
    Ok(network.with_terms(of(sample, categories, |x, y| network.scores(x, y))?))
}

fn of(
    sample: &Sample,
    categories: Option<&Categories>,
    scores: impl FnOnce(&[Column], &[Column]) -> Result<Scores, ScoreError>,
) -> Result<Scores, ScoreError> {
    // The matrices are column-major: a chunk of `nrows` values is a column.
    let numbers = |side: &'_ DMatrix<f64>| -> Vec<Vec<f64>> {
        side.as_slice().chunks_exact(side.nrows()).map(<[f64]>::to_vec).collect()
    };
    // The codes of every column that is a category; of none where they would take too many columns.
    let codes = |columns: &[Vec<f64>], categories: Option<&Vec<bool>>| -> Vec<Option<Vec<u32>>> {
        let mut width = 0;
        let mut codes_of = |(column, category): (&Vec<f64>, &bool)| -> Option<Vec<u32>> {
            if !category {
                width += 1;
                return None;
            }
            let values: BTreeSet<i64> = column.iter().map(|v| *v as i64).collect();
            width += if values.len() > 2 { values.len().min(MAX_INDICATORS) } else { 1 };
            let code: BTreeMap<i64, u32> = values.into_iter().zip(0..).collect();
            Some(column.iter().map(|v| code[&(*v as i64)]).collect())
        };
        let all = categories.map(|categories| columns.iter().zip(categories).map(&mut codes_of).collect());
        all.filter(|_| width <= MAX_COLUMNS).unwrap_or_else(|| vec![None; columns.len()])
    };
    let (x, y) = (numbers(&sample.x), numbers(&sample.y));
    let codes_x = codes(&x, categories.map(|(x, _)| x));
    let codes_y = codes(&y, categories.map(|(_, y)| y));
    scores(&columns(&x, &codes_x), &columns(&y, &codes_y))
}

fn columns<'a>(numbers: &'a [Vec<f64>], codes: &'a [Option<Vec<u32>>]) -> Vec<Column<'a>> {
    let column = |(numbers, codes): (&'a Vec<f64>, &'a Option<Vec<u32>>)| match codes {
        Some(codes) => Column::Category(codes),
        None => Column::Number(numbers),
    };
    numbers.iter().zip(codes).map(column).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_columns_that_are_categories_become_indicators() {
        let rows = 40;
        let column = |step: usize, values: usize| (0..rows).map(move |i| (step * i % rows % values) as f64);
        let columns_of = |x: [usize; 3], categories: Option<[bool; 3]>| {
            let x = x.into_iter().flat_map(|values| column(7, values));
            let sample =
                Sample { x: DMatrix::from_iterator(rows, 3, x), y: DMatrix::from_iterator(rows, 1, column(11, rows)) };
            let categories = categories.map(|of_x| (of_x.to_vec(), vec![false]));
            let network =
                TrainConfig::from_toml("name = \"a\"\nmeta = \"m_train\"\nseed = 9\nsteps = 1\n").unwrap().network;
            score_of(&sample, categories.as_ref(), &network).unwrap().shape().columns
        };
        assert_eq!(columns_of([4, 40, 3], None), 4);
        assert_eq!(columns_of([4, 40, 3], Some([true, false, false])), 7);
        assert_eq!(columns_of([4, 40, 3], Some([true, false, true])), 9);
        // 16 + 16 + 3 indicators are too many for a side: all stay numbers.
        assert_eq!(columns_of([40, 40, 3], Some([true; 3])), 4);
    }
}
