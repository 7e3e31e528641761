//! Fresh tasks, scored and laid out as batches.

use crate::{BatchConfig, TaskBatch, TrainConfig, TrainError};
use candle_core::{Device, Tensor};
use mist_data_gen::{MetaDistribution, Sample, Seeds, Split};
use mist_model::scores::MAX_INDICATORS;
use mist_model::wide::{Kept, Wide};
use mist_model::{Batch, Column, NetworkConfig, ScoreError, Scores, WideRule};
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
        let (n, dim_x, dim_y) = seen((shape.n, shape.dim_x, shape.dim_y));
        self.batch.tasks(n, dim_x, dim_y) as f64 * self.batch.work(n, dim_x, dim_y)
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
        let (n, dim_x, dim_y) = seen((shape.n, shape.dim_x, shape.dim_y));
        let count = self.batch.tasks(n, dim_x, dim_y);
        let mut scores = Vec::with_capacity(count);
        let mut mi = Vec::with_capacity(count);
        let mut pointwise = Vec::with_capacity(count * n);
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
                Some(values) => pointwise.extend(values[shape.n - n..].iter().map(|v| *v as f32)),
                None => pointwise.extend(std::iter::repeat_n(0.0, n)),
            }
            scores.push(score_of(&draw.sample, categories, &self.network)?);
        }
        Ok(TaskBatch {
            batch: Batch::new(&scores.iter().collect::<Vec<_>>(), device)?,
            mi_nats: Tensor::from_vec(mi, count, device)?,
            pointwise: Tensor::from_vec(pointwise, (count, n), device)?,
        })
    }
}

/// Most columns of a side that the network sees, indicators of categories included. Of sides with more it sees what
/// [`WideRule::TRAINED`] keeps.
pub(crate) const MAX_COLUMNS: usize = 32;

fn is_wide(dim_x: usize, dim_y: usize) -> bool {
    dim_x.max(dim_y) > MAX_COLUMNS
}

/// Rows and columns that the network sees of a table.
fn seen((n, dim_x, dim_y): (usize, usize, usize)) -> (usize, usize, usize) {
    let kept = |dim: usize| if dim > MAX_COLUMNS { WideRule::TRAINED.few() } else { dim };
    // The rows before these show what to keep.
    let n = if is_wide(dim_x, dim_y) { n - n / 2 } else { n };
    (n, kept(dim_x), kept(dim_y))
}

/// Normal scores of a generated sample.
///
/// # Panics
/// If the generator drew a value that is not finite, which is an error of the generator.
pub fn score(sample: &Sample) -> Scores {
    of(sample, (false, false), Scores::of).expect("a generated sample is finite and rectangular")
}

/// A generated sample as a network takes it, with the terms of the neighbours that it wants to see; the columns of X, or of Y,
/// as categories, unless they would take more than 32 columns. Of a wide table the second half of the rows, with the columns and
/// sums that the first half says; all as numbers.
///
/// # Errors
/// A sample that the network does not take.
pub fn score_of(sample: &Sample, categories: (bool, bool), network: &NetworkConfig) -> Result<Scores, ScoreError> {
    let scores = if is_wide(sample.x.ncols(), sample.y.ncols()) && !network.takes_whole_tables() {
        reduced(sample)?
    } else {
        of(sample, categories, |x, y| network.scores(x, y))?
    };
    Ok(scores.with_neighbours(network.neighbours()))
}

/// A wide table as an answer to it sees it.
fn reduced(sample: &Sample) -> Result<Scores, ScoreError> {
    let n = sample.x.nrows();
    let (found_in, rows): (Vec<usize>, Vec<usize>) = ((0..n / 2).collect(), (n / 2..n).collect());
    let all = of(sample, (false, false), Scores::unoriented)?;
    let wide = Wide::new(all, MAX_COLUMNS, WideRule::TRAINED).expect("a side has more columns");
    let [kept_x, kept_y] = wide.reduce(&found_in, &rows);
    let side = |side: &DMatrix<f64>, kept: Option<Kept>| -> Vec<Vec<f64>> {
        let (variables, sums) = kept.map_or(((0..side.ncols()).collect(), Vec::new()), |k| (k.variables, k.sums));
        let variables = variables.into_iter().map(|v: usize| side.column(v).iter().skip(n / 2).copied().collect());
        variables.chain(sums).collect()
    };
    let (x, y) = (side(&sample.x, kept_x), side(&sample.y, kept_y));
    Scores::of(&columns(&x, &None), &columns(&y, &None))
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

#[cfg(test)]
mod tests {
    use super::*;

    /// One factor behind 40 columns of X and 50 of Y.
    const WIDE: &str = "name = \"wide\"\n[[n]]\nweight = 1.0\nlaw = \"uniform\"\nmin = 400\nmax = 400\n\
        [[dims]]\nweight = 1.0\nlaw = \"uniform\"\nmin = 40\nmax = 60\nequal = false\n\
        [[family]]\nweight = 1.0\nkind = \"normal\"\ndispersion = \"dense\"\n";

    #[test]
    fn of_wide_tables_the_network_sees_what_is_kept_of_half_of_the_rows() {
        let meta = MetaDistribution::from_toml(WIDE).unwrap();
        let config = TrainConfig::from_toml("name = \"a\"\nmeta = \"m_train\"\nseed = 1\nsteps = 5\n").unwrap();
        let source = BatchSource::new(meta.clone(), &config);
        let few = WideRule::TRAINED.few();
        let drawn = source.draw(0, &Device::Cpu).unwrap();
        let (tasks, rows) = drawn.pointwise.dims2().unwrap();
        assert_eq!(rows, 200);
        assert_eq!(tasks, config.batch.tasks(200, few, few));
        assert!(source.work(0) <= config.batch.work(200, few, few) * tasks as f64 + 1e-9);

        let draw = meta.draw(&Seeds { root: 2 }, Split::Train, 0);
        let scores = score_of(&draw.sample, (false, false), &config.network).unwrap();
        assert_eq!((scores.n, scores.dim_x, scores.dim_y), (200, few, few));
        // The rows of the second half: a column that is kept has their ranks.
        let kept: Vec<f32> = scores.z.iter().step_by(2 * few).copied().collect();
        let same = |j: usize| {
            let column: Vec<f64> = draw.sample.x.column(j).iter().skip(200).copied().collect();
            (0..200).all(|a| (a + 1..200).all(|b| (column[a] < column[b]) == (kept[a] < kept[b])))
                || (0..200).all(|a| (a + 1..200).all(|b| (column[a] < column[b]) == (kept[a] > kept[b])))
        };
        assert_eq!((0..draw.sample.x.ncols()).filter(|j| same(*j)).count(), 1);
    }
}
