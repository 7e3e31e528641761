//! The forward passes over prepared tables, and what is made of them.

use crate::blocks::{BlockAnswer, combine, median_level};
use crate::chain::{Chain, Part};
use crate::normalised::share_of;
use crate::prepared::{Block, Blocks, Passes, Prepared};
use crate::second_look::SecondLook;
use crate::twin::{Twin, TwinAnswer};
use crate::{Estimate, EstimateError, Estimator};
use mist_model::{Batch, Column, QuantileFunction, Scores};
use rayon::prelude::*;
use std::collections::BTreeMap;

/// Cells of one forward pass over several tasks on a device; a single task may have more. Bounds the memory, which is
/// about a thousand bytes a cell.
const CELLS_PER_PASS: usize = 1 << 18;
/// The same on the CPU: about what its caches hold. Larger passes take up to three times as long a task.
const CELLS_IN_CACHE: usize = 1 << 11;
/// Column pairs of one forward pass over several tasks.
const PAIRS_PER_PASS: usize = 1 << 16;

/// No table can show so many nats.
const MOST_NATS: f64 = 200.0;
/// The level whose quantile must lie below that. Higher ones tell little of the rest: they say what the network cannot rule out.
const SURELY_BELOW: f64 = 0.95;

/// What the passes over a table say.
#[derive(Debug, Default)]
struct Told {
    blocks: Vec<BlockAnswer>,
    second_look: Option<SecondLook>,
    twin: Option<TwinAnswer>,
}

impl Estimator {
    /// The answers to prepared tables, in order; those of the same shape share passes.
    pub(crate) fn answer(&self, tasks: &[Prepared]) -> Result<Vec<Estimate>, EstimateError> {
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
        let told = |task: &Prepared| -> Result<Told, EstimateError> {
            Ok(match &task.passes {
                Passes::None => Told::default(),
                Passes::Table(block) => {
                    let answers: Vec<_> = answers.by_ref().take(block.orientations.len()).collect();
                    Told { blocks: vec![mean(&answers)], second_look: block.second_look, twin: None }
                }
                Passes::Blocks(blocks) => self.in_blocks(blocks)?,
                Passes::Chain(chain) => Told { blocks: vec![self.in_parts(chain)?], ..Told::default() },
            })
        };
        tasks.iter().map(told).zip(tasks).map(|(told, task)| self.estimate_of(task, told?)).collect()
    }

    /// The answer that the parts of a chain make up.
    fn in_parts(&self, chain: &Chain) -> Result<BlockAnswer, EstimateError> {
        let answer = |part: &Part| -> Result<BlockAnswer, EstimateError> {
            let estimate = self.estimate_as_given(&part.x, &part.y)?;
            Ok(BlockAnswer { log1p: estimate.log1p, pointwise: estimate.pointwise })
        };
        let answers: Vec<_> = match self.device.is_cpu() {
            true => chain.parts.par_iter().map(answer).collect::<Result<_, _>>()?,
            false => chain.parts.iter().map(answer).collect::<Result<_, _>>()?,
        };
        Ok(chain.combine(&answers, &self.normal))
    }

    /// The answers of blocks of rows. Each thread has one block at a time in memory.
    fn in_blocks(&self, blocks: &Blocks) -> Result<Told, EstimateError> {
        enum Part {
            Of(BlockAnswer, Option<SecondLook>),
            OfTwin(Option<f64>),
        }
        let of_table = blocks.rows.len();
        let answer = |index: usize| -> Result<Part, EstimateError> {
            if let (Some(twin), true) = (&blocks.twin, index >= of_table) {
                return Ok(Part::OfTwin(self.off_twin(twin, index - of_table)));
            }
            let block = Block::new(blocks.scores(index), &self.description.network);
            Ok(Part::Of(self.forward_each(&block)?, block.second_look))
        };
        let count = of_table + blocks.twin.as_ref().map_or(0, |twin| twin.blocks);
        let parts: Vec<_> = match self.device.is_cpu() {
            true => (0..count).into_par_iter().map(answer).collect::<Result<_, _>>()?,
            false => (0..count).map(answer).collect::<Result<_, _>>()?,
        };
        let mut told = Told::default();
        let mut off = Vec::new();
        for part in parts {
            match part {
                Part::Of(answer, second_look) => {
                    // Every block has the same law: the first speaks for all.
                    told.second_look = if told.blocks.is_empty() { second_look } else { told.second_look };
                    told.blocks.push(answer);
                }
                Part::OfTwin(nats) => off.push(nats),
            }
        }
        let off: Option<Vec<f64>> = off.into_iter().collect();
        told.twin = blocks.twin.as_ref().zip(off).map(|(twin, off)| TwinAnswer { nats: twin.nats, off });
        Ok(told)
    }

    /// How far above the truth the answer to a block of a twin is; `None` if it has none.
    fn off_twin(&self, twin: &Twin, index: usize) -> Option<f64> {
        let block = twin.block(index);
        let columns: Vec<Column> = block.columns.iter().map(|c| Column::Number(c)).collect();
        let (x, y) = columns.split_at(twin.dim_x());
        let scores = Scores::of(x, y).ok()?;
        let answer = self.forward_each(&Block::new(scores, &self.description.network)).ok()?;
        Some(answer.log1p[median_level(&self.normal)].exp_m1() - block.nats)
    }

    /// The mean answer over the orientations of a block.
    fn forward_each(&self, block: &Block) -> Result<BlockAnswer, EstimateError> {
        let answers: Result<Vec<_>, _> = block.orientations.iter().map(|scores| self.forward(&[scores])).collect();
        Ok(mean(&answers?.concat()))
    }

    /// Puts the answers to a task's passes together.
    fn estimate_of(
        &self,
        task: &Prepared,
        Told { mut blocks, second_look, twin }: Told,
    ) -> Result<Estimate, EstimateError> {
        let taus = self.description.network.taus();
        let mut warnings = task.warnings.clone();
        let mut log1p = vec![0.0; taus.len()];
        if !blocks.is_empty() {
            let whole = combine(&blocks, twin.as_ref(), &self.normal);
            blocks.iter_mut().flat_map(|block| &mut block.pointwise).for_each(|value| *value -= whole.excess);
            log1p = whole.log1p;
            for (value, z) in log1p.iter_mut().zip(&self.normal) {
                let bound = task.entropies.iter().map(|e| e.at(*z)).fold(f64::INFINITY, f64::min);
                *value = value.min(bound.ln_1p());
            }
        }
        let quantiles = QuantileFunction::new(taus, &log1p);
        let nats = quantiles.at(SURELY_BELOW);
        if !(quantiles.at(1.0).is_finite() && nats < MOST_NATS) {
            return Err(EstimateError::Absurd { checkpoint: self.description.name.clone(), nats });
        }
        warnings.extend(second_look.and_then(|look| look.warnings(&quantiles, !task.entropies.is_empty())));
        let mut estimate = Estimate {
            n: task.n,
            dim_x: task.dim_x,
            dim_y: task.dim_y,
            quantiles,
            pointwise: task.pointwise(&blocks),
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

/// The mean over orientations that tie.
fn mean(answers: &[BlockAnswer]) -> BlockAnswer {
    let count = answers.len() as f64;
    let mean = |of: &dyn Fn(&BlockAnswer) -> &Vec<f64>| -> Vec<f64> {
        (0..of(&answers[0]).len()).map(|i| answers.iter().map(|a| of(a)[i]).sum::<f64>() / count).collect()
    };
    BlockAnswer { log1p: mean(&|a| &a.log1p), pointwise: mean(&|a| &a.pointwise) }
}
