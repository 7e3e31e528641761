//! A checkpoint ready to answer.

use crate::estimate::check_level;
use crate::screen::{Screened, check, screen};
use crate::{CheckpointId, Columns, Estimate, EstimateError, Side, Warning, domain};
use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;
use mist_model::{Axial, Batch, Checkpoint, Description, Parameters, QuantileFunction, Scores};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

/// Fewest rows that get an answer.
pub const MIN_ROWS: usize = 10;

/// Cells of one forward pass over several tasks; a single task may have more. Bounds the memory, which is about a
/// thousand bytes a cell.
const CELLS_PER_PASS: usize = 1 << 18;
/// Column pairs of one forward pass over several tasks.
const PAIRS_PER_PASS: usize = 1 << 16;

const EMBEDDED_NAME: &str = "mist-2026-11b.safetensors";
const EMBEDDED_WEIGHTS: &[u8] = include_bytes!("../../../checkpoints/mist-2026-11b.safetensors");
const EMBEDDED_JSON: &[u8] = include_bytes!("../../../checkpoints/mist-2026-11b.json");

/// An estimator of mutual information.
#[derive(Clone, Debug)]
pub struct Estimator {
    network: Axial,
    description: Description,
    device: Device,
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
        Ok(Self { network, description, device })
    }

    /// What is known of the checkpoint.
    pub fn description(&self) -> &Description {
        &self.description
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
    /// Takes arrays of one axis (one column) or two (rows, columns), or [`Columns`] with names.
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
        let mut shapes: BTreeMap<(usize, usize), Vec<usize>> = BTreeMap::new();
        for (i, task) in tasks.iter().enumerate() {
            if let Some(s) = &task.scores {
                shapes.entry((s.n, s.dim_x + s.dim_y)).or_default().push(i);
            }
        }
        let taus = &self.description.network.taus;
        let zero = QuantileFunction::new(taus, &vec![0.0; taus.len()]);
        let mut quantiles = vec![zero; tasks.len()];
        for ((n, d), members) in shapes {
            let at_once = (CELLS_PER_PASS / (n * d)).min(PAIRS_PER_PASS / (d * d)).max(1);
            for chunk in members.chunks(at_once) {
                let scores: Vec<&Scores> = chunk.iter().filter_map(|i| tasks[*i].scores.as_ref()).collect();
                for (i, q) in chunk.iter().zip(self.forward(&scores)?) {
                    quantiles[*i] = q;
                }
            }
        }
        let checkpoint = CheckpointId { name: self.description.name.clone(), sha256: self.description.sha256.clone() };
        let estimate = |(task, quantiles): (&Prepared, _)| Estimate {
            n: task.n,
            dim_x: task.dim_x,
            dim_y: task.dim_y,
            quantiles,
            warnings: task.warnings.clone(),
            checkpoint: checkpoint.clone(),
        };
        Ok(tasks.iter().zip(quantiles).map(estimate).collect())
    }

    fn forward(&self, tasks: &[&Scores]) -> Result<Vec<QuantileFunction>, EstimateError> {
        let output = self.network.forward(&Batch::new(tasks, &self.device)?)?.quantiles;
        let rows = output.to_dtype(DType::F64)?.to_vec2::<f64>()?;
        if rows.iter().flatten().any(|v| !v.is_finite()) {
            return Err(candle_core::Error::msg("an output is not a finite number").into());
        }
        Ok(rows.iter().map(|row| QuantileFunction::new(&self.description.network.taus, row)).collect())
    }
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
    /// `None` where a side is constant: the answer is 0.
    scores: Option<Scores>,
    warnings: Vec<Warning>,
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
    let scores = if sx.kept.is_empty() || sy.kept.is_empty() {
        None
    } else {
        warnings.extend(domain::gate(n, &sx, &sy, &description.trained));
        let scores = Scores::new(&sx.kept, &sy.kept).expect("the data has been checked");
        Some(scores.with_neighbours(description.network.neighbours()))
    };
    Ok(Prepared { n, dim_x: x.dim(), dim_y: y.dim(), scores, warnings })
}
