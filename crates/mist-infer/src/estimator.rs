//! A checkpoint ready to answer.

use crate::estimate::check_level;
use crate::{CheckpointId, Columns, Estimate, EstimateError, HubCommit, wide};
use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;
use mist_model::{Checkpoint, CheckpointError, Description, Network, Parameters};
use statrs::distribution::{ContinuousCDF, Normal};
use std::collections::HashMap;
use std::path::Path;

/// Fewest rows that get an answer.
pub const MIN_ROWS: usize = 10;

/// A 90 % interval as wide as this says that the network does not know such tables, as happens where many columns of a side are nearly the
/// same. No table of 20 rows or more in the report gets one.
const MOST_WIDTH_NATS: f64 = 20.0;

/// The released checkpoint: links into `checkpoints/`, which a package has as files.
const EMBEDDED_WEIGHTS: &[u8] = include_bytes!("../checkpoint/released.safetensors");
const EMBEDDED_JSON: &[u8] = include_bytes!("../checkpoint/released.json");

/// An estimator of mutual information.
#[derive(Clone, Debug)]
pub struct Estimator {
    pub(crate) network: Network,
    pub(crate) description: Description,
    pub(crate) device: Device,
    /// Precision that passes are computed in.
    pub(crate) dtype: DType,
    /// Standard normal quantiles of the levels.
    pub(crate) normal: Vec<f64>,
    /// Number of scalars.
    parameters: usize,
    /// Whether tables of any size get the pointwise MI of every row.
    pub(crate) every_row: bool,
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
    /// with names. Where up to four columns of few whole numbers would get a larger answer as categories, a warning says so
    /// ([`Warning::Codes`](crate::Warning::Codes)); the operations on many pairs do not look.
    ///
    /// # Errors
    /// Sides of unequal length or without columns, fewer than [`MIN_ROWS`] rows, values that are not finite.
    pub fn estimate(&self, x: impl Into<Columns>, y: impl Into<Columns>) -> Result<Estimate, EstimateError> {
        let (x, y) = (x.into(), y.into());
        let mut answer = self.estimate_as_given(&x, &y)?;
        answer.warnings.extend(self.codes(&x, &y, &answer));
        Ok(answer)
    }

    /// The same without a look at what numbers may stand for.
    pub(crate) fn estimate_as_given(&self, x: &Columns, y: &Columns) -> Result<Estimate, EstimateError> {
        let told = self.answer(&[self.prepare(x, y)?]).map(|mut answers| answers.remove(0));
        self.or_of_few(told, x, y)
    }

    /// An answer, or where it is absurd or says next to nothing that of fewer columns.
    fn or_of_few(
        &self,
        told: Result<Estimate, EstimateError>,
        x: &Columns,
        y: &Columns,
    ) -> Result<Estimate, EstimateError> {
        let lost = match &told {
            Ok(answer) => {
                let all_asked = x.dim().max(y.dim()) <= self.description.trained.dims.1;
                all_asked && answer.quantiles.at(0.95) - answer.quantiles.at(0.05) > MOST_WIDTH_NATS
            }
            Err(EstimateError::Absurd { .. }) => true,
            Err(_) => false,
        };
        if !lost || !self.may_reduce(x, y) {
            return told;
        }
        let of_few = self.prepare_within(x, y, wide::FEW).and_then(|task| self.answer(&[task]));
        match of_few {
            Ok(mut answers) => Ok(answers.remove(0)),
            Err(error) => told.or(Err(error)),
        }
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
                tasks.iter().map(|(x, y)| self.estimate_as_given(x, y)).collect()
            }
            answers => answers?.into_iter().zip(tasks).map(|(told, (x, y))| self.or_of_few(Ok(told), x, y)).collect(),
        }
    }
}

/// The released checkpoint.
fn released(device: &Device) -> Result<Checkpoint, CheckpointError> {
    Checkpoint::from_bytes(EMBEDDED_WEIGHTS, EMBEDDED_JSON, Path::new("released.safetensors"), device)
}

/// The parameters as constants: a graph for gradients would hold on to every intermediate value.
fn constants(parameters: &Parameters, dtype: DType, device: &Device) -> VarBuilder<'static> {
    let tensors: HashMap<String, Tensor> =
        parameters.iter().map(|(name, var)| (name.to_string(), var.as_detached_tensor())).collect();
    VarBuilder::from_tensors(tensors, dtype, device)
}
