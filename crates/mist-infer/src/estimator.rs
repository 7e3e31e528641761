//! A checkpoint ready to answer.

use crate::blocks::{BLOCK_ROWS, BlockAnswer, combine, split};
use crate::bound::Entropy;
use crate::estimate::check_level;
use crate::normalised::share_of;
use crate::screen::{Kept, Rows, Screened, check, screen};
use crate::second_look::SecondLook;
use crate::{CheckpointId, Columns, Estimate, EstimateError, Side, Warning, domain};
use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;
use mist_model::{Axial, Batch, Checkpoint, Column, Description, Parameters, QuantileFunction, Scores, TaskShape};
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
const ORIENTATIONS: usize = 1 << MOST_FREE;
const MOST_FREE: usize = 5;

/// What a pass may take at most, and what a core of an ordinary processor does.
const MOST_SECONDS: f64 = 20.0;
const FLOPS_PER_SECOND: f64 = 2e10;

/// No table can show so many nats.
const MOST_NATS: f64 = 200.0;

/// Links into `checkpoints/`, which a package has as files.
const EMBEDDED_NAME: &str = "mist-2026-11b.safetensors";
const EMBEDDED_WEIGHTS: &[u8] = include_bytes!("../checkpoint/mist-2026-11b.safetensors");
const EMBEDDED_JSON: &[u8] = include_bytes!("../checkpoint/mist-2026-11b.json");

/// An estimator of mutual information.
#[derive(Clone, Debug)]
pub struct Estimator {
    network: Axial,
    description: Description,
    device: Device,
    /// Standard normal quantiles of the levels.
    normal: Vec<f64>,
    /// Number of scalars.
    parameters: usize,
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
        let path = Path::new(EMBEDDED_NAME);
        Self::from_parts(Checkpoint::from_bytes(EMBEDDED_WEIGHTS, EMBEDDED_JSON, path, device)?)
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
        let Checkpoint { parameters, description, .. } = checkpoint;
        let device = parameters.iter().next().map_or(Device::Cpu, |(_, v)| v.device().clone());
        let network = Axial::new(&description.network, constants(&parameters, &device))?;
        let normal = description.network.taus.iter().map(|tau| Normal::standard().inverse_cdf(*tau)).collect();
        Ok(Self { network, description, device, normal, parameters: parameters.count() })
    }

    /// Number of scalars in the network.
    pub fn parameter_count(&self) -> usize {
        self.parameters
    }

    /// What is known of the checkpoint.
    pub fn description(&self) -> &Description {
        &self.description
    }

    /// Whether passes are computed on the CPU, several at a time.
    pub(crate) fn on_cpu(&self) -> bool {
        self.device.is_cpu()
    }

    /// Whether [`Estimate::p_value`] will answer.
    pub fn has_independence_table(&self) -> bool {
        self.description.independence.is_some()
    }

    pub(crate) fn no_independence_table(&self) -> EstimateError {
        EstimateError::NoIndependence { checkpoint: self.description.name.clone() }
    }

    /// Whether [`Estimate::interval`] will answer for this level.
    ///
    /// # Errors
    /// A level out of range.
    pub fn check_level(&self, level: f64) -> Result<(), EstimateError> {
        let taus = &self.description.network.taus;
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
        let mut answers = self.answer(&[prepare(&x.into(), &y.into(), &self.description)?])?;
        Ok(answers.remove(0))
    }

    /// The mutual information of several pairs, in order; pairs of the same shape share a forward pass.
    ///
    /// # Errors
    /// As [`Estimator::estimate`], with the index of the first pair that is wrong.
    pub fn estimate_batch(&self, tasks: &[(Columns, Columns)]) -> Result<Vec<Estimate>, EstimateError> {
        let each = |(index, (x, y)): (usize, &(Columns, Columns))| {
            prepare(x, y, &self.description).map_err(|source| EstimateError::Task { index, source: Box::new(source) })
        };
        let prepared: Result<Vec<_>, _> = tasks.iter().enumerate().map(each).collect();
        self.answer(&prepared?)
    }

    fn answer(&self, tasks: &[Prepared]) -> Result<Vec<Estimate>, EstimateError> {
        let mut passes: Vec<&Scores> = Vec::new();
        let mut shapes: BTreeMap<(usize, usize), Vec<usize>> = BTreeMap::new();
        for scores in tasks.iter().flat_map(|task| &task.blocks).flat_map(|block| &block.orientations) {
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
        tasks.iter().map(|task| self.estimate_of(task, &mut answers)).collect()
    }

    /// Puts the answers to a task's passes together.
    fn estimate_of(
        &self,
        task: &Prepared,
        answers: &mut impl Iterator<Item = BlockAnswer>,
    ) -> Result<Estimate, EstimateError> {
        let taus = &self.description.network.taus;
        let mut warnings = task.warnings.clone();
        let mut pointwise = Vec::new();
        let mut log1p = vec![0.0; taus.len()];
        if !task.blocks.is_empty() {
            let blocks: Vec<BlockAnswer> = task
                .blocks
                .iter()
                .map(|block| mean(&answers.take(block.orientations.len()).collect::<Vec<_>>()))
                .collect();
            log1p = combine(&blocks, &self.normal);
            if blocks.iter().all(|b| !b.pointwise.is_empty()) {
                pointwise = vec![0.0; task.n];
                for (block, answer) in task.blocks.iter().zip(&blocks) {
                    for (row, value) in block.rows.iter().zip(&answer.pointwise) {
                        pointwise[*row] = *value;
                    }
                }
            }
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
        warnings.extend(task.second_look.and_then(|look| look.warnings(&quantiles, !task.entropies.is_empty())));
        let mut estimate = Estimate {
            n: task.n,
            dim_x: task.dim_x,
            dim_y: task.dim_y,
            quantiles,
            pointwise,
            log1p,
            shape: task.shape,
            entropy_nats: share_of(&task.entropies),
            p_value: None,
            warnings,
            checkpoint: CheckpointId { name: self.description.name.clone(), sha256: self.description.sha256.clone() },
        };
        estimate.p_value = self.description.independence.as_ref().map(|table| match task.blocks.is_empty() {
            true => 1.0,
            false => table.p_value(task.shape, estimate.standing()),
        });
        Ok(estimate)
    }

    fn forward(&self, tasks: &[&Scores]) -> Result<Vec<BlockAnswer>, EstimateError> {
        let output = self.network.forward(&Batch::new(tasks, &self.device)?)?;
        let mut quantiles = output.quantiles.to_dtype(DType::F64)?.to_vec2::<f64>()?;
        if let Some(calibration) = &self.description.calibration {
            for (q, task) in quantiles.iter_mut().zip(tasks) {
                calibration.apply(&self.description.network.taus, task.shape(), q);
            }
        }
        let pointwise = match output.pointwise {
            Some(p) => p.to_dtype(DType::F64)?.to_vec2::<f64>()?,
            None => vec![Vec::new(); tasks.len()],
        };
        if quantiles.iter().chain(&pointwise).flatten().any(|v| !v.is_finite()) {
            return Err(EstimateError::Absurd { checkpoint: self.description.name.clone(), nats: f64::NAN });
        }
        Ok(quantiles.into_iter().zip(pointwise).map(|(log1p, pointwise)| BlockAnswer { log1p, pointwise }).collect())
    }
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
fn constants(parameters: &Parameters, device: &Device) -> VarBuilder<'static> {
    let tensors: HashMap<String, Tensor> =
        parameters.iter().map(|(name, var)| (name.to_string(), var.as_detached_tensor())).collect();
    VarBuilder::from_tensors(tensors, DType::F32, device)
}

/// A task between the look at its data and the forward pass.
#[derive(Debug)]
struct Prepared {
    n: usize,
    dim_x: usize,
    dim_y: usize,
    /// As the network sees it, but for the blocks.
    shape: TaskShape,
    /// None where a side is constant: the answer is 0.
    blocks: Vec<Block>,
    /// Of the sides that are discrete.
    entropies: Vec<Entropy>,
    second_look: Option<SecondLook>,
    warnings: Vec<Warning>,
}

/// Rows that are answered together.
#[derive(Debug)]
struct Block {
    /// Their places in the table.
    rows: Vec<usize>,
    /// Their scores, under each orientation of the columns that ties.
    orientations: Vec<Scores>,
}

impl Block {
    fn new(scores: Scores, rows: Vec<usize>, orders: &[usize]) -> Self {
        Self { rows, orientations: scores.with_neighbours(orders).alternatives(ORIENTATIONS).collect() }
    }
}

fn prepare(x: &Columns, y: &Columns, description: &Description) -> Result<Prepared, EstimateError> {
    let n = check(x, y)?;
    let sides = [(Side::X, screen(Side::X, x)), (Side::Y, screen(Side::Y, y))];
    let mut warnings = Vec::new();
    for (side, screened) in &sides {
        let Screened { kept, constant, .. } = screened;
        if kept.is_empty() {
            warnings.push(Warning::ConstantSide { side: *side });
        } else if !constant.is_empty() {
            warnings.push(Warning::ConstantColumns { side: *side, labels: constant.clone() });
        }
    }
    let [(_, sx), (_, sy)] = sides;
    let mut prepared = Prepared {
        n,
        dim_x: x.dim(),
        dim_y: y.dim(),
        shape: TaskShape { n, columns: x.dim() + y.dim(), ties: false },
        blocks: Vec::new(),
        entropies: Vec::new(),
        second_look: None,
        warnings,
    };
    if sx.kept.is_empty() || sy.kept.is_empty() {
        return Ok(prepared);
    }
    prepared.warnings.extend(domain::gate(n, &sx, &sy, &description.trained));
    check_size(n, sx.kept.len(), sy.kept.len(), description)?;
    let scores = Scores::of(&columns(&sx), &columns(&sy)).expect("the data has been checked");
    prepared.shape = scores.shape();
    let sides = [0..scores.dim_x, scores.dim_x..scores.dim_x + scores.dim_y];
    prepared.entropies = sides.into_iter().filter_map(|side| Entropy::of(&scores, side)).collect();
    if scores.free.len() > MOST_FREE {
        prepared.warnings.push(Warning::Balanced { free: scores.free.len() });
    }
    let orders = description.network.neighbours();
    if n <= description.trained.n.1 {
        prepared.blocks = vec![Block::new(scores, (0..n).collect(), orders)];
        prepared.second_look = SecondLook::new(&prepared.blocks[0].orientations[0], orders);
        return Ok(prepared);
    }
    let split = split(&scores, description.trained.n.1.min(BLOCK_ROWS));
    prepared.warnings.push(Warning::Blocks { n, blocks: split.len() });
    drop(scores);
    let of_rows = |side: &Screened, rows: &[usize]| -> Vec<Rows> { side.kept.iter().map(|k| k.rows(rows)).collect() };
    let block = |rows: Vec<usize>| {
        let (x, y) = (of_rows(&sx, &rows), of_rows(&sy, &rows));
        let (x, y): (Vec<_>, Vec<_>) = (x.iter().map(Rows::column).collect(), y.iter().map(Rows::column).collect());
        let scores = Scores::of(&x, &y).expect("the data has been checked");
        Block::new(scores, rows, orders)
    };
    prepared.blocks = split.into_par_iter().map(block).collect();
    // Every block has the same law: the first speaks for all.
    prepared.second_look = SecondLook::new(&prepared.blocks[0].orientations[0], orders);
    Ok(prepared)
}

fn columns<'a>(side: &'a Screened) -> Vec<Column<'a>> {
    side.kept.iter().map(Kept::column).collect()
}

/// Whether one pass over so many columns ends soon enough.
fn check_size(n: usize, dim_x: usize, dim_y: usize, description: &Description) -> Result<(), EstimateError> {
    let rows = n.min(description.trained.n.1);
    let cost = |dim_x, dim_y| description.network.forward_flops(rows, dim_x, dim_y) / FLOPS_PER_SECOND;
    let seconds = cost(dim_x, dim_y);
    if seconds <= MOST_SECONDS {
        return Ok(());
    }
    let columns = (1..dim_x + dim_y).rev().find(|d| cost(d.div_ceil(2), d / 2) <= MOST_SECONDS).unwrap_or(1);
    Err(EstimateError::TooLarge { columns: dim_x + dim_y, seconds, at_most: columns })
}
