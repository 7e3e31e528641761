//! A checkpoint ready to answer.

use crate::blocks::{BlockAnswer, MOST_BLOCKS, combine, rows_at_once, split};
use crate::bound::Entropy;
use crate::chain::{Chain, Part};
use crate::estimate::check_level;
use crate::normalised::share_of;
use crate::screen::{Kept, Rows, Screened, check, screen};
use crate::second_look::SecondLook;
use crate::wide::{self, Wide};
use crate::{CheckpointId, Columns, Estimate, EstimateError, HubCommit, Side, Warning, domain, published};
use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;
use mist_model::{
    Batch, Checkpoint, CheckpointError, Column, Description, MAX_INDICATORS, Network, Parameters, QuantileFunction,
    Scores, TaskShape,
};
use rayon::prelude::*;
use statrs::distribution::{ContinuousCDF, Normal};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

/// Fewest rows that get an answer.
pub const MIN_ROWS: usize = 10;

/// Cells of one forward pass over several tasks on a device; a single task may have more. Bounds the memory, which is
/// about a thousand bytes a cell.
const CELLS_PER_PASS: usize = 1 << 18;
/// The same on the CPU: about what its caches hold. Larger passes take up to three times as long a task.
const CELLS_IN_CACHE: usize = 1 << 11;
/// Column pairs of one forward pass over several tasks.
const PAIRS_PER_PASS: usize = 1 << 16;

/// Orientations of the columns that are averaged where the data leaves the choice open, and the sets of columns that
/// have so many.
pub(crate) const ORIENTATIONS: usize = 1 << MOST_FREE;
const MOST_FREE: usize = 5;

/// What a pass may take at most, and what a core of an ordinary processor does.
pub(crate) const MOST_SECONDS: f64 = 20.0;
pub(crate) const FLOPS_PER_SECOND: f64 = 2e10;

/// No table can show so many nats.
const MOST_NATS: f64 = 200.0;

/// The released checkpoint: links into `checkpoints/`, which a package has as files.
const EMBEDDED_WEIGHTS: &[u8] = include_bytes!("../checkpoint/released.safetensors");
const EMBEDDED_JSON: &[u8] = include_bytes!("../checkpoint/released.json");

/// An estimator of mutual information.
#[derive(Clone, Debug)]
pub struct Estimator {
    pub(crate) network: Network,
    description: Description,
    pub(crate) device: Device,
    /// Precision that passes are computed in.
    pub(crate) dtype: DType,
    /// Standard normal quantiles of the levels.
    normal: Vec<f64>,
    /// Number of scalars.
    parameters: usize,
    /// Whether tables of any size get the pointwise MI of every row.
    every_row: bool,
    /// Where on the hub the checkpoint was, if it comes from there.
    pub(crate) hub: Option<HubCommit>,
}

impl Estimator {
    /// The released checkpoint, which is part of the library, on the CPU.
    ///
    /// # Errors
    /// None in a sound build.
    pub fn embedded() -> Result<Self, EstimateError> {
        Self::embedded_on(&Device::Cpu)
    }

    /// The released checkpoint on another device.
    ///
    /// # Errors
    /// A device that failed.
    pub fn embedded_on(device: &Device) -> Result<Self, EstimateError> {
        Self::from_parts(released(device)?)
    }

    /// The files of the released checkpoint: its weights, and the JSON beside them.
    #[must_use]
    pub fn embedded_files() -> (&'static [u8], &'static [u8]) {
        (EMBEDDED_WEIGHTS, EMBEDDED_JSON)
    }

    /// The checkpoint at `path` (`….safetensors`, with its JSON beside it).
    ///
    /// # Errors
    /// A checkpoint that cannot be read, is damaged, or does not fit its description; a device that cannot be used.
    pub fn from_checkpoint(path: &Path, device: &Device) -> Result<Self, EstimateError> {
        Self::from_parts(Checkpoint::read(path, device)?)
    }

    /// A checkpoint in memory, on the device where its parameters are.
    ///
    /// # Errors
    /// Parameters that do not make up the network described.
    pub fn from_parts(checkpoint: Checkpoint) -> Result<Self, EstimateError> {
        Self::of(checkpoint, DType::F32)
    }

    /// The released checkpoint on the CPU in double precision: without fused operations, for checks of gradients such as those
    /// of [`soft`](crate::soft).
    ///
    /// # Errors
    /// None in a sound build.
    pub fn embedded_in_double() -> Result<Self, EstimateError> {
        Self::of(released(&Device::Cpu)?, DType::F64)
    }

    fn of(checkpoint: Checkpoint, dtype: DType) -> Result<Self, EstimateError> {
        let Checkpoint { parameters, description, .. } = checkpoint;
        let device = parameters.iter().next().map_or(Device::Cpu, |(_, v)| v.device().clone());
        let network = Network::new(&description.network, constants(&parameters, dtype, &device))?;
        let normal = description.network.taus().iter().map(|tau| Normal::standard().inverse_cdf(*tau)).collect();
        let parameters = parameters.count();
        Ok(Self { network, description, device, dtype, normal, parameters, every_row: false, hub: None })
    }

    /// The same, but with the pointwise MI of every row of any table. Of very large tables, see
    /// [`Estimate::pointwise`], that takes longer, since otherwise not every row goes into the answer.
    #[must_use]
    pub fn with_pointwise_of_every_row(mut self) -> Self {
        self.every_row = true;
        self
    }

    /// Number of scalars in the network.
    pub fn parameter_count(&self) -> usize {
        self.parameters
    }

    /// What is known of the checkpoint.
    pub fn description(&self) -> &Description {
        &self.description
    }

    /// The checkpoint as answers name it.
    pub fn checkpoint(&self) -> CheckpointId {
        let Description { name, sha256, .. } = &self.description;
        CheckpointId { name: name.clone(), sha256: sha256.clone(), hub: self.hub.clone() }
    }

    /// Where on the hub the checkpoint was, if it comes from there.
    pub fn hub(&self) -> Option<&HubCommit> {
        self.hub.as_ref()
    }

    /// Whether passes are computed on the CPU, several at a time.
    pub(crate) fn on_cpu(&self) -> bool {
        self.device.is_cpu()
    }

    /// Whether [`Estimate::p_value`] will answer, of data without ties.
    pub fn has_independence_table(&self) -> bool {
        self.description.independence.is_some()
    }

    /// Whether answers have intervals: not those of a network that predicts the mean alone.
    pub fn has_intervals(&self) -> bool {
        self.description.network.has_intervals()
    }

    pub(crate) fn no_independence_table(&self) -> EstimateError {
        EstimateError::NoIndependence { checkpoint: self.description.name.clone() }
    }

    /// Whether [`Estimate::interval`] will answer for this level.
    ///
    /// # Errors
    /// A level out of range; a checkpoint without intervals.
    pub fn check_level(&self, level: f64) -> Result<(), EstimateError> {
        if !self.has_intervals() {
            return Err(EstimateError::NoIntervals { checkpoint: self.description.name.clone() });
        }
        let taus = self.description.network.taus();
        check_level(level, (taus[0], taus[taus.len() - 1]))
    }

    /// The mutual information of X and Y.
    ///
    /// Takes slices and vectors of numbers (one column) or of columns, arrays with the feature `ndarray`, or [`Columns`]
    /// with names.
    ///
    /// # Errors
    /// Sides of unequal length or without columns, fewer than [`MIN_ROWS`] rows, values that are not finite.
    pub fn estimate(&self, x: impl Into<Columns>, y: impl Into<Columns>) -> Result<Estimate, EstimateError> {
        let (x, y) = (x.into(), y.into());
        let mut answers = match self.answer(&[self.prepare(&x, &y)?]) {
            Err(EstimateError::Absurd { .. }) if self.may_reduce(&x, &y) => {
                self.answer(&[self.prepare_within(&x, &y, wide::FEW)?])?
            }
            answers => answers?,
        };
        Ok(answers.remove(0))
    }

    /// Whether fewer columns may get an answer where all of them got none.
    fn may_reduce(&self, x: &Columns, y: &Columns) -> bool {
        let whole = self.description.network.takes_whole_tables();
        !whole && x.n() >= 2 * MIN_ROWS && x.dim().max(y.dim()) > wide::FEW
    }

    /// The mutual information of several pairs, in order; pairs of the same shape share a forward pass.
    ///
    /// # Errors
    /// As [`Estimator::estimate`], with the index of the first pair that is wrong.
    pub fn estimate_batch(&self, tasks: &[(Columns, Columns)]) -> Result<Vec<Estimate>, EstimateError> {
        let mut prepared = Vec::with_capacity(tasks.len());
        for (index, (x, y)) in tasks.iter().enumerate() {
            let task = self.prepare(x, y);
            prepared.push(task.map_err(|source| EstimateError::Task { index, source: Box::new(source) })?);
        }
        match self.answer(&prepared) {
            // One of them is unlike the others: each by itself.
            Err(EstimateError::Absurd { .. }) if tasks.iter().any(|(x, y)| self.may_reduce(x, y)) => {
                tasks.iter().map(|(x, y)| self.estimate(x, y)).collect()
            }
            answers => answers,
        }
    }

    fn answer(&self, tasks: &[Prepared]) -> Result<Vec<Estimate>, EstimateError> {
        let mut passes: Vec<&Scores> = Vec::new();
        let mut shapes: BTreeMap<(usize, usize), Vec<usize>> = BTreeMap::new();
        for scores in tasks.iter().filter_map(Prepared::table).flat_map(|block| &block.orientations) {
            shapes.entry((scores.n, scores.dim_x + scores.dim_y)).or_default().push(passes.len());
            passes.push(scores);
        }
        let cells = if self.on_cpu() { CELLS_IN_CACHE } else { CELLS_PER_PASS };
        let mut chunks: Vec<&[usize]> = Vec::new();
        for ((n, d), members) in &shapes {
            chunks.extend(members.chunks((cells / (n * d)).min(PAIRS_PER_PASS / (d * d)).max(1)));
        }
        let forward = |chunk: &&[usize]| self.forward(&chunk.iter().map(|i| passes[*i]).collect::<Vec<_>>());
        // A device does one pass at a time.
        let told: Vec<Vec<BlockAnswer>> = match self.device.is_cpu() {
            true => chunks.par_iter().map(forward).collect::<Result<_, _>>()?,
            false => chunks.iter().map(forward).collect::<Result<_, _>>()?,
        };
        let mut by_pass: Vec<Option<BlockAnswer>> = vec![None; passes.len()];
        for (i, answer) in chunks.into_iter().flatten().zip(told.into_iter().flatten()) {
            by_pass[*i] = Some(answer);
        }
        let mut answers = by_pass.into_iter().flatten();
        let told = |task: &Prepared| -> Result<(Vec<BlockAnswer>, Option<SecondLook>), EstimateError> {
            Ok(match &task.passes {
                Passes::None => (Vec::new(), None),
                Passes::Table(block) => (
                    vec![mean(&answers.by_ref().take(block.orientations.len()).collect::<Vec<_>>())],
                    block.second_look,
                ),
                Passes::Blocks(blocks) => self.in_blocks(blocks)?,
                Passes::Chain(chain) => (vec![self.in_parts(chain)?], None),
            })
        };
        tasks.iter().map(told).zip(tasks).map(|(told, task)| self.estimate_of(task, &told?)).collect()
    }

    /// The answer that the parts of a chain make up.
    fn in_parts(&self, chain: &Chain) -> Result<BlockAnswer, EstimateError> {
        let answer = |part: &Part| -> Result<BlockAnswer, EstimateError> {
            let estimate = self.estimate(&part.x, &part.y)?;
            Ok(BlockAnswer { log1p: estimate.log1p, pointwise: estimate.pointwise })
        };
        let answers: Vec<_> = match self.device.is_cpu() {
            true => chain.parts.par_iter().map(answer).collect::<Result<_, _>>()?,
            false => chain.parts.iter().map(answer).collect::<Result<_, _>>()?,
        };
        Ok(chain.combine(&answers, &self.normal))
    }

    /// The answers of blocks of rows. Each thread has one block at a time in memory.
    fn in_blocks(&self, blocks: &Blocks) -> Result<(Vec<BlockAnswer>, Option<SecondLook>), EstimateError> {
        let answer = |index: usize| -> Result<(BlockAnswer, Option<SecondLook>), EstimateError> {
            let block = Block::new(blocks.scores(index), self.description.network.neighbours());
            let answers: Result<Vec<_>, _> = block.orientations.iter().map(|scores| self.forward(&[scores])).collect();
            Ok((mean(&answers?.concat()), block.second_look))
        };
        let told: Vec<_> = match self.device.is_cpu() {
            true => (0..blocks.rows.len()).into_par_iter().map(answer).collect::<Result<_, _>>()?,
            false => (0..blocks.rows.len()).map(answer).collect::<Result<_, _>>()?,
        };
        // Every block has the same law: the first speaks for all.
        let second_look = told.first().and_then(|(_, look)| *look);
        Ok((told.into_iter().map(|(answer, _)| answer).collect(), second_look))
    }

    /// Puts the answers to a task's passes together.
    fn estimate_of(
        &self,
        task: &Prepared,
        (blocks, second_look): &(Vec<BlockAnswer>, Option<SecondLook>),
    ) -> Result<Estimate, EstimateError> {
        let taus = self.description.network.taus();
        let mut warnings = task.warnings.clone();
        let mut log1p = vec![0.0; taus.len()];
        if !blocks.is_empty() {
            log1p = combine(blocks, &self.normal);
            for (value, z) in log1p.iter_mut().zip(&self.normal) {
                let bound = task.entropies.iter().map(|e| e.at(*z)).fold(f64::INFINITY, f64::min);
                *value = value.min(bound.ln_1p());
            }
        }
        let quantiles = QuantileFunction::new(taus, &log1p);
        let nats = quantiles.at(1.0);
        if !(nats.is_finite() && nats < MOST_NATS) {
            return Err(EstimateError::Absurd { checkpoint: self.description.name.clone(), nats });
        }
        warnings.extend(second_look.and_then(|look| look.warnings(&quantiles, !task.entropies.is_empty())));
        let mut estimate = Estimate {
            n: task.n,
            dim_x: task.dim_x,
            dim_y: task.dim_y,
            quantiles,
            pointwise: task.pointwise(blocks),
            log1p,
            shape: task.shape,
            entropy_nats: share_of(&task.entropies),
            p_value: None,
            warnings,
            checkpoint: self.checkpoint(),
        };
        // Of independent tables with ties, those of two bits look nothing like those of rounded numbers: no table serves both.
        estimate.p_value = match &self.description.independence {
            Some(_) if blocks.is_empty() => Some(1.0),
            Some(table) if !task.shape.ties => Some(table.p_value(task.shape, estimate.standing())),
            _ => None,
        };
        Ok(estimate)
    }

    fn forward(&self, tasks: &[&Scores]) -> Result<Vec<BlockAnswer>, EstimateError> {
        let answer = self.network.forward(&Batch::new(tasks, &self.device)?.to_dtype(self.dtype)?)?;
        let mut quantiles = answer.log1p()?;
        if let Some(calibration) = &self.description.calibration {
            for (q, task) in quantiles.iter_mut().zip(tasks) {
                calibration.apply(self.description.network.taus(), task.shape(), q);
            }
        }
        let pointwise = answer.pointwise()?;
        if quantiles.iter().chain(&pointwise).flatten().any(|v| !v.is_finite()) {
            return Err(EstimateError::Absurd { checkpoint: self.description.name.clone(), nats: f64::NAN });
        }
        Ok(quantiles.into_iter().zip(pointwise).map(|(log1p, pointwise)| BlockAnswer { log1p, pointwise }).collect())
    }
}

/// The released checkpoint.
fn released(device: &Device) -> Result<Checkpoint, CheckpointError> {
    Checkpoint::from_bytes(EMBEDDED_WEIGHTS, EMBEDDED_JSON, Path::new("released.safetensors"), device)
}

/// The mean over orientations that tie.
fn mean(answers: &[BlockAnswer]) -> BlockAnswer {
    let count = answers.len() as f64;
    let mean = |of: &dyn Fn(&BlockAnswer) -> &Vec<f64>| -> Vec<f64> {
        (0..of(&answers[0]).len()).map(|i| answers.iter().map(|a| of(a)[i]).sum::<f64>() / count).collect()
    };
    BlockAnswer { log1p: mean(&|a| &a.log1p), pointwise: mean(&|a| &a.pointwise) }
}

/// The parameters as constants: a graph for gradients would hold on to every intermediate value.
fn constants(parameters: &Parameters, dtype: DType, device: &Device) -> VarBuilder<'static> {
    let tensors: HashMap<String, Tensor> =
        parameters.iter().map(|(name, var)| (name.to_string(), var.as_detached_tensor())).collect();
    VarBuilder::from_tensors(tensors, dtype, device)
}

/// A task between the look at its data and the forward pass.
#[derive(Debug)]
struct Prepared<'a> {
    n: usize,
    dim_x: usize,
    dim_y: usize,
    /// As the network sees it, but for the blocks.
    shape: TaskShape,
    passes: Passes<'a>,
    /// Of the sides that are discrete.
    entropies: Vec<Entropy>,
    warnings: Vec<Warning>,
}

/// What the network is asked.
#[derive(Debug)]
enum Passes<'a> {
    /// Nothing, where a side is constant: the answer is 0.
    None,
    /// The table as a whole.
    Table(Block),
    /// Blocks of its rows.
    Blocks(Box<Blocks<'a>>),
    /// Groups of the values of a category.
    Chain(Chain),
}

/// Rows that are answered together.
#[derive(Debug)]
struct Block {
    /// Their scores, under each orientation of the columns that ties.
    orientations: Vec<Scores>,
    second_look: Option<SecondLook>,
}

/// A table whose rows are answered block by block.
#[derive(Debug)]
struct Blocks<'a> {
    x: Screened<'a>,
    y: Screened<'a>,
    /// Places in the table of the rows of each block.
    rows: Vec<Vec<usize>>,
    /// Where a side has more columns than the checkpoint was trained on.
    wide: Option<Wide>,
}

impl Block {
    fn new(scores: Scores, orders: &[usize]) -> Self {
        let orientations: Vec<Scores> = scores.with_neighbours(orders).alternatives(ORIENTATIONS).collect();
        Self { second_look: SecondLook::new(&orientations[0], orders), orientations }
    }
}

impl Blocks<'_> {
    /// The scores of a block.
    fn scores(&self, index: usize) -> Scores {
        let rows = &self.rows[index];
        // What is kept of a wide side comes from the rows of the next block.
        let found_in = &self.rows[(index + 1) % self.rows.len()];
        let kept = self.wide.as_ref().map_or([None, None], |wide| wide.reduce(found_in, rows));
        let [x, y] = [&self.x, &self.y];
        let of = |side: &Screened, kept: Option<wide::Kept>| -> Vec<Rows> {
            match kept {
                None => side.kept.iter().map(|k| k.rows(rows)).collect(),
                Some(kept) => {
                    let columns = kept.variables.iter().map(|v| side.kept[*v].rows(rows));
                    columns.chain(kept.sums.into_iter().map(Rows::Number)).collect()
                }
            }
        };
        let [of_x, of_y] = kept;
        let (x, y) = (of(x, of_x), of(y, of_y));
        let (x, y): (Vec<_>, Vec<_>) = (x.iter().map(Rows::column).collect(), y.iter().map(Rows::column).collect());
        Scores::of(&x, &y).expect("the data has been checked")
    }
}

impl Prepared<'_> {
    fn table(&self) -> Option<&Block> {
        match &self.passes {
            Passes::Table(block) => Some(block),
            _ => None,
        }
    }

    /// The pointwise MI in the order of the table's rows, if every row has one.
    fn pointwise(&self, answers: &[BlockAnswer]) -> Vec<f64> {
        match (&self.passes, answers) {
            (Passes::None, _) => vec![0.0; self.n],
            (Passes::Table(_) | Passes::Chain(_), [answer]) => answer.pointwise.clone(),
            (Passes::Blocks(blocks), _) if answers.iter().map(|a| a.pointwise.len()).sum::<usize>() == self.n => {
                let mut out = vec![0.0; self.n];
                for (rows, answer) in blocks.rows.iter().zip(answers) {
                    rows.iter().zip(&answer.pointwise).for_each(|(row, value)| out[*row] = *value);
                }
                out
            }
            _ => Vec::new(),
        }
    }
}

impl Estimator {
    fn prepare<'a>(&self, x: &'a Columns, y: &'a Columns) -> Result<Prepared<'a>, EstimateError> {
        self.prepare_within(x, y, self.description.trained.dims.1)
    }

    /// A table, answered by the rule for wide tables where a side has more than so many columns.
    fn prepare_within<'a>(
        &self,
        x: &'a Columns,
        y: &'a Columns,
        most_columns: usize,
    ) -> Result<Prepared<'a>, EstimateError> {
        let description = &self.description;
        let n = check(x, y)?;
        let sides = [(Side::X, screen(Side::X, x)), (Side::Y, screen(Side::Y, y))];
        let mut warnings = Vec::new();
        for (side, screened) in &sides {
            let Screened { kept, constant, repeated, .. } = screened;
            if !repeated.is_empty() {
                warnings.push(Warning::RepeatedColumns { side: *side, labels: repeated.clone() });
            }
            if kept.is_empty() {
                warnings.push(Warning::ConstantSide { side: *side });
            } else if !constant.is_empty() {
                warnings.push(Warning::ConstantColumns { side: *side, labels: constant.clone() });
            }
        }
        let [(_, sx), (_, sy)] = sides;
        let (dim_x, dim_y) = (x.dim(), y.dim());
        if sx.kept.is_empty() || sy.kept.is_empty() {
            let shape = TaskShape { n, columns: dim_x + dim_y, ties: false };
            return Ok(Prepared { n, dim_x, dim_y, shape, passes: Passes::None, entropies: Vec::new(), warnings });
        }
        if description.network.takes_whole_tables() {
            let warnings = domain::gate(n, &sx, &sy, &description.trained, false);
            return self.prepare_published(x, y, warnings);
        }
        // Each part of the rows must be enough for an answer.
        let wide = n >= 2 * MIN_ROWS && sx.kept.len().max(sy.kept.len()) > most_columns;
        warnings.extend(domain::gate(n, &sx, &sy, &description.trained, wide));
        for (side, screened) in [(Side::X, &sx), (Side::Y, &sy)] {
            let dim = screened.kept.len();
            if wide && dim > most_columns && dim <= description.trained.dims.1 {
                warnings.push(Warning::Alike { side, dim, columns: wide::COLUMNS, sums: wide::SUMS });
            }
        }
        let answered = |side: &Screened| match side.kept.len() {
            dim if wide && dim > most_columns => wide::MOST_COLUMNS,
            dim => dim,
        };
        let most_rows = rows_at_once(&description.trained, answered(&sx) + answered(&sy));
        check_size(n.min(most_rows), answered(&sx), answered(&sy), description)?;
        if wide {
            Wide::check_size(n, sx.kept.len(), sy.kept.len())?;
        }
        let scores = if wide { Scores::unoriented } else { Scores::of };
        let scores = scores(&columns(&sx), &columns(&sy)).expect("the data has been checked");
        let shape = scores.shape();
        let sides = [0..scores.dim_x, scores.dim_x..scores.dim_x + scores.dim_y];
        let entropies = sides.into_iter().filter_map(|side| Entropy::of(&scores, side)).collect();
        if scores.free.len() > MOST_FREE {
            warnings.push(Warning::Balanced { free: scores.free.len() });
        }
        let chain = Chain::of((x, &sx), (y, &sy));
        if chain.is_none() {
            warnings.extend(lumped(Side::X, x).chain(lumped(Side::Y, y)));
        }
        let passes = if let Some(chain) = chain {
            warnings.push(Warning::ManyValues { values: chain.values, rare: chain.rare });
            Passes::Chain(chain)
        } else if n <= most_rows && !wide {
            Passes::Table(Block::new(scores, description.network.neighbours()))
        } else {
            let mut rows = split(&scores, if wide { most_rows.min(n.div_ceil(2)) } else { most_rows });
            if !self.every_row {
                rows.truncate(MOST_BLOCKS);
            }
            let used = rows.iter().map(Vec::len).sum();
            if n > most_rows {
                warnings.push(Warning::Blocks { n, blocks: rows.len(), used });
            }
            let wide = if wide { Wide::new(scores, most_columns) } else { None };
            Passes::Blocks(Box::new(Blocks { x: sx, y: sy, rows, wide }))
        };
        Ok(Prepared { n, dim_x, dim_y, shape, passes, entropies, warnings })
    }
}

impl Estimator {
    /// A table as the published network takes it: every column as it is, those that say nothing new too.
    fn prepare_published<'a>(
        &self,
        x: &'a Columns,
        y: &'a Columns,
        mut warnings: Vec<Warning>,
    ) -> Result<Prepared<'a>, EstimateError> {
        warnings.extend(published::check(x, y, &self.description)?);
        let numbers = |side: &'a Columns| -> Vec<Column<'a>> { side.iter().map(Column::Number).collect() };
        let scores = self.description.network.scores(&numbers(x), &numbers(y))?;
        let (n, dim_x, dim_y, shape) = (scores.n, scores.dim_x, scores.dim_y, scores.shape());
        // Neither signs to choose nor neighbours to compare with: those are of normal scores.
        let passes = Passes::Table(Block { orientations: vec![scores], second_look: None });
        Ok(Prepared { n, dim_x, dim_y, shape, passes, entropies: Vec::new(), warnings })
    }
}

/// The categories of a side that have more values than a pass tells apart.
fn lumped(side: Side, columns: &Columns) -> impl Iterator<Item = Warning> {
    (0..columns.dim()).filter(|j| columns.is_category(*j)).filter_map(move |j| {
        let mut different: Vec<u64> = columns.column(j).iter().map(|v| (v + 0.0).to_bits()).collect();
        different.sort_unstable();
        different.dedup();
        let values = different.len();
        let warning = Warning::Lumped { side, label: columns.label(j), values, most: MAX_INDICATORS - 1 };
        (values > MAX_INDICATORS).then_some(warning)
    })
}

fn columns<'a>(side: &'a Screened) -> Vec<Column<'a>> {
    side.kept.iter().map(Kept::column).collect()
}

/// Whether one pass over so many columns ends soon enough.
fn check_size(rows: usize, dim_x: usize, dim_y: usize, description: &Description) -> Result<(), EstimateError> {
    let cost = |dim_x, dim_y| description.network.forward_flops(rows, dim_x, dim_y) / FLOPS_PER_SECOND;
    let seconds = cost(dim_x, dim_y);
    if seconds <= MOST_SECONDS {
        return Ok(());
    }
    let columns = (1..dim_x + dim_y).rev().find(|d| cost(d.div_ceil(2), d / 2) <= MOST_SECONDS).unwrap_or(1);
    Err(EstimateError::TooLarge { columns: dim_x + dim_y, seconds, at_most: columns })
}
