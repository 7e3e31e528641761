//! AdamW, Muon for matrices where it is asked for, and the moving average of the weights, over one flat buffer.

use crate::muon::orthogonal;
use crate::{MatrixRule, OptimizerConfig, TrainError};
use candle_core::{CpuStorage, InplaceOp2, Layout, Result as TensorResult, Tensor};
use mist_model::Parameters;
use rayon::prelude::*;

/// Rows of the buffer.
const WEIGHTS: usize = 0;
const FIRST: usize = 1;
const SECOND: usize = 2;
const EMA: usize = 3;
const ROWS: usize = 4;

/// Keeps the quotient of the moments finite.
const EPS: f64 = 1e-8;

/// A weight of a layer in the flat buffer.
#[derive(Clone, Copy, Debug)]
struct Matrix {
    at: usize,
    rows: usize,
    columns: usize,
}

/// Matrices narrower than this say more in single weights than in directions.
const NARROW: usize = 4;

/// Whether a parameter is a matrix between two layers: neither an input on its own nor the last layer.
fn is_hidden(name: &str, dims: &[usize]) -> bool {
    dims.len() == 2 && dims.iter().all(|d| *d >= NARROW) && !name.ends_with("inducing") && !name.contains("quantiles")
}

/// Optimizer state on the device of the network.
#[derive(Clone, Debug)]
pub struct Optimizer {
    /// (4, P): the P weights in the order of the parameters' names, their first and second moments, their average.
    buffer: Tensor,
    /// (P): 1 for an element of a matrix, which decays; 0 for one of a bias or a gain, which does not.
    decays: Tensor,
    /// The matrices that Muon may move, in the order of the buffer.
    matrices: Vec<Matrix>,
    /// Steps taken.
    pub steps: u64,
}

impl Optimizer {
    /// Fresh state for these parameters.
    ///
    /// # Errors
    /// A device that failed.
    pub fn new(parameters: &Parameters) -> Result<Self, TrainError> {
        let mut weights = Vec::new();
        let mut decays = Vec::new();
        let mut matrices = Vec::new();
        let mut at = 0;
        for (name, var) in parameters.iter() {
            if is_hidden(name, var.dims()) {
                matrices.push(Matrix { at, rows: var.dims()[0], columns: var.dims()[1] });
            }
            at += var.elem_count();
            weights.push(var.flatten_all()?);
            let decay = if var.rank() > 1 { 1f32 } else { 0.0 };
            decays.push(Tensor::full(decay, var.elem_count(), var.device())?);
        }
        let weights = Tensor::cat(&weights, 0)?;
        let zeros = weights.zeros_like()?;
        let buffer = Tensor::stack(&[&weights, &zeros, &zeros, &weights], 0)?;
        Ok(Self { buffer, decays: Tensor::cat(&decays, 0)?, matrices, steps: 0 })
    }

    /// One step along a gradient (P), given in the order of the parameters' names.
    ///
    /// Returns the norm of the gradient before clipping, a scalar on the device.
    ///
    /// # Errors
    /// A device that failed.
    pub fn step(&mut self, gradient: &Tensor, learning_rate: f64, c: &OptimizerConfig) -> Result<Tensor, TrainError> {
        self.steps += 1;
        let t = self.steps as i32;
        let norm = gradient.sqr()?.sum_all()?.sqrt()?;
        let update = Update {
            correct1: 1.0 / (1.0 - c.beta1.powi(t)),
            correct2: 1.0 / (1.0 - c.beta2.powi(t)),
            beta1: c.beta1,
            beta2: c.beta2,
            learning_rate,
            decay: learning_rate * c.weight_decay,
            // The average forgets faster while it is young, so that the initial weights do not linger.
            ema: c.ema.min(self.steps as f64 / (self.steps as f64 + 10.0)),
            momentum: c.momentum,
        };
        // min(1, clip / norm)
        let clip = (norm.maximum(c.clip)?.recip()? * c.clip)?;
        let gradient = gradient.broadcast_mul(&clip)?;
        let (direction, moved) = self.directions(&gradient, c)?;
        if self.buffer.device().is_cpu() {
            let inputs = Tensor::stack(&[&gradient, &self.decays, &direction, &moved], 0)?;
            self.buffer.inplace_op2(&inputs, &update)?;
        } else {
            self.buffer = update.composed(&self.buffer, &gradient, &self.decays, (&direction, &moved))?;
        }
        Ok(norm)
    }

    /// Where Muon moves the matrices (P), 0 elsewhere, and a mask (P) of what it moves.
    fn directions(&self, gradient: &Tensor, c: &OptimizerConfig) -> Result<(Tensor, Tensor), TrainError> {
        let p = self.count();
        let zeros = gradient.zeros_like()?;
        if c.matrices == MatrixRule::AdamW {
            return Ok((zeros.clone(), zeros));
        }
        let fresh = (gradient * (1.0 - c.momentum))?;
        let momentum = ((self.buffer.get(FIRST)? * c.momentum)? + &fresh)?;
        // Nesterov: where the momentum will be.
        let ahead = ((momentum * c.momentum)? + fresh)?;
        let ones = gradient.ones_like()?;
        let orthogonal = |m: &Matrix| {
            orthogonal(&ahead.narrow(0, m.at, m.rows * m.columns)?.reshape((m.rows, m.columns))?)?.flatten_all()
        };
        // A device does one after the other.
        let turned: Vec<Tensor> = match gradient.device().is_cpu() {
            true => self.matrices.par_iter().map(orthogonal).collect::<TensorResult<_>>()?,
            false => self.matrices.iter().map(orthogonal).collect::<TensorResult<_>>()?,
        };
        let (mut direction, mut moved) = (Vec::new(), Vec::new());
        let mut at = 0;
        for (m, turned) in self.matrices.iter().zip(turned) {
            let size = m.rows * m.columns;
            for parts in [&mut direction, &mut moved] {
                parts.push(zeros.narrow(0, at, m.at - at)?);
            }
            direction.push(turned);
            moved.push(ones.narrow(0, m.at, size)?);
            at = m.at + size;
        }
        for parts in [&mut direction, &mut moved] {
            parts.push(zeros.narrow(0, at, p - at)?);
        }
        let join =
            |parts: Vec<Tensor>| Tensor::cat(&parts.into_iter().filter(|t| t.elem_count() > 0).collect::<Vec<_>>(), 0);
        Ok((join(direction)?, join(moved)?))
    }

    /// Writes the weights into the parameters.
    ///
    /// # Errors
    /// A device that failed.
    pub fn write_weights(&self, parameters: &Parameters) -> Result<(), TrainError> {
        write(&self.buffer.get(WEIGHTS)?, parameters)
    }

    /// Writes the average of the weights into the parameters.
    ///
    /// # Errors
    /// A device that failed.
    pub fn write_average(&self, parameters: &Parameters) -> Result<(), TrainError> {
        write(&self.buffer.get(EMA)?, parameters)
    }

    /// The rows of the buffer, with their names.
    pub(crate) fn rows(&self) -> Result<Vec<(&'static str, Vec<f32>)>, TrainError> {
        NAMES.iter().zip(self.buffer.to_vec2()?).map(|(name, row)| Ok((*name, row))).collect()
    }

    /// Puts back what [`Optimizer::rows`] gave.
    pub(crate) fn restore(&mut self, rows: &[Vec<f32>]) -> Result<(), TrainError> {
        let flat: Vec<f32> = rows.iter().flatten().copied().collect();
        self.buffer = Tensor::from_vec(flat, self.buffer.shape(), self.buffer.device())?;
        Ok(())
    }

    /// Number of weights.
    pub(crate) fn count(&self) -> usize {
        self.decays.elem_count()
    }
}

/// Names of the rows on disk.
pub(crate) const NAMES: [&str; ROWS] = ["weights", "first", "second", "ema"];

fn write(values: &Tensor, parameters: &Parameters) -> Result<(), TrainError> {
    let mut at = 0;
    for (_, var) in parameters.iter() {
        let count = var.elem_count();
        var.set(&values.narrow(0, at, count)?.reshape(var.shape())?)?;
        at += count;
    }
    Ok(())
}

/// The numbers of one step.
struct Update {
    beta1: f64,
    beta2: f64,
    /// Reciprocals of 1 − βᵗ.
    correct1: f64,
    correct2: f64,
    learning_rate: f64,
    decay: f64,
    ema: f64,
    /// Decay of the first moment of what Muon moves.
    momentum: f64,
}

impl Update {
    /// The update out of tensor operations, for devices without the fused one.
    fn composed(
        &self,
        buffer: &Tensor,
        gradient: &Tensor,
        decays: &Tensor,
        (by_muon, moved): (&Tensor, &Tensor),
    ) -> TensorResult<Tensor> {
        let row = |i: usize| buffer.get(i);
        let beta = moved.affine(self.momentum - self.beta1, self.beta1)?;
        let first = ((row(FIRST)? * &beta)? + (gradient * beta.affine(-1.0, 1.0)?)?)?;
        let second = ((row(SECOND)? * self.beta2)? + (gradient.sqr()? * (1.0 - self.beta2))?)?;
        let decayed = (row(WEIGHTS)? * decays.affine(-self.decay, 1.0)?)?;
        let direction = ((&first * self.correct1)? / ((&second * self.correct2)?.sqrt()? + EPS)?)?;
        let direction = ((direction * moved.affine(-1.0, 1.0)?)? + by_muon)?;
        let weights = (decayed - (direction * self.learning_rate)?)?;
        let ema = ((row(EMA)? * self.ema)? + (&weights * (1.0 - self.ema))?)?;
        Tensor::stack(&[weights, first, second, ema], 0)
    }
}

impl InplaceOp2 for Update {
    fn name(&self) -> &'static str {
        "adamw"
    }

    /// One pass over the buffer (4, P), given the gradient, the mask of decay, where Muon goes, and the mask of what it
    /// moves (4, P).
    fn cpu_fwd(&self, s1: &mut CpuStorage, l1: &Layout, s2: &CpuStorage, l2: &Layout) -> TensorResult<()> {
        let (Some((from, to)), Some((g_from, g_to))) = (l1.contiguous_offsets(), l2.contiguous_offsets()) else {
            candle_core::bail!("the optimizer's buffers must be contiguous");
        };
        let CpuStorage::F32(buffer) = s1 else {
            candle_core::bail!("the optimizer's buffer must hold f32");
        };
        let p = (g_to - g_from) / 4;
        let mut inputs = s2.as_slice::<f32>()?[g_from..g_to].chunks_exact(p);
        let mut input = || inputs.next().expect("four rows");
        let (gradient, decays, by_muon, moved) = (input(), input(), input(), input());
        let buffer = &mut buffer[from..to];
        let (weights, rest) = buffer.split_at_mut(p);
        let (first, rest) = rest.split_at_mut(p);
        let (second, ema) = rest.split_at_mut(p);
        let (b1, b2, c1, c2) = (self.beta1 as f32, self.beta2 as f32, self.correct1 as f32, self.correct2 as f32);
        let (lr, decay, keep) = (self.learning_rate as f32, self.decay as f32, self.ema as f32);
        let momentum = self.momentum as f32;
        for i in 0..p {
            let g = gradient[i];
            let muon = moved[i] > 0.0;
            let b = if muon { momentum } else { b1 };
            let m = b * first[i] + (1.0 - b) * g;
            let v = b2 * second[i] + (1.0 - b2) * g * g;
            let w = weights[i] - decay * decays[i] * weights[i];
            let w = w - lr * if muon { by_muon[i] } else { (m * c1) / ((v * c2).sqrt() + EPS as f32) };
            (first[i], second[i], weights[i]) = (m, v, w);
            ema[i] = keep * ema[i] + (1.0 - keep) * w;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Device;
    use std::collections::HashMap;

    fn parameters() -> Parameters {
        let dev = Device::Cpu;
        let tensors = HashMap::from([
            ("a".to_string(), Tensor::new(&[[1f32, -2.0]], &dev).unwrap()),
            ("b".to_string(), Tensor::new(&[0.5f32], &dev).unwrap()),
        ]);
        let build = |vb: candle_nn::VarBuilder| Ok((vb.get((1, 2), "a")?, vb.get(1, "b")?));
        Parameters::load(tensors, &dev, build).unwrap().1
    }

    fn gradient(values: [f32; 3]) -> Tensor {
        Tensor::new(&values, &Device::Cpu).unwrap()
    }

    #[test]
    fn one_step_matches_the_definition() {
        let parameters = parameters();
        let mut adam = Optimizer::new(&parameters).unwrap();
        let c = OptimizerConfig { weight_decay: 0.1, clip: 1e9, ..OptimizerConfig::default() };
        let norm = adam.step(&gradient([3.0, -4.0, 12.0]), 0.01, &c).unwrap();
        assert!((norm.to_scalar::<f32>().unwrap() - 13.0).abs() < 1e-5);
        // After one step the corrected moments are g and g², so each weight moves by the learning rate.
        let want = [1.0 - 0.001 - 0.01, -2.0 + 0.002 + 0.01, 0.5 - 0.01];
        let weights = adam.buffer.get(WEIGHTS).unwrap().to_vec1::<f32>().unwrap();
        for (w, want) in weights.iter().zip(want) {
            assert!((w - want).abs() < 1e-6, "{w} {want}");
        }
        adam.write_weights(&parameters).unwrap();
        assert_eq!(parameters.get("b").unwrap().to_vec1::<f32>().unwrap(), [weights[2]]);
    }

    #[test]
    fn clipping_scales_the_gradient() {
        let c = OptimizerConfig { clip: 1e9, ..OptimizerConfig::default() };
        let mut a = Optimizer::new(&parameters()).unwrap();
        let mut b = Optimizer::new(&parameters()).unwrap();
        a.step(&gradient([3.0, -4.0, 12.0]), 0.01, &OptimizerConfig { clip: 1.3, ..c.clone() }).unwrap();
        b.step(&gradient([0.3, -0.4, 1.2]), 0.01, &c).unwrap();
        let (a, b) = (a.buffer.to_vec2::<f32>().unwrap(), b.buffer.to_vec2::<f32>().unwrap());
        for (a, b) in a.iter().flatten().zip(b.iter().flatten()) {
            assert!((a - b).abs() < 1e-6, "{a} {b}");
        }
    }

    #[test]
    fn fused_and_composed_agree() {
        let mut adam = Optimizer::new(&parameters()).unwrap();
        let c = OptimizerConfig { weight_decay: 0.3, ..OptimizerConfig::default() };
        for values in [[0.3f32, -0.4, 0.2], [-0.1, 0.5, 0.0]] {
            adam.step(&gradient(values), 0.02, &c).unwrap();
        }
        let update = Update {
            beta1: 0.9,
            beta2: 0.99,
            correct1: 1.7,
            correct2: 2.3,
            learning_rate: 0.05,
            decay: 0.01,
            ema: 0.6,
            momentum: 0.95,
        };
        let g = gradient([0.7, 0.1, -0.2]);
        let (direction, moved) = (gradient([0.4, 0.0, 0.0]), gradient([1.0, 0.0, 0.0]));
        let composed = update.composed(&adam.buffer, &g, &adam.decays, (&direction, &moved)).unwrap();
        let composed = composed.to_vec2::<f32>().unwrap();
        let inputs = Tensor::stack(&[&g, &adam.decays, &direction, &moved], 0).unwrap();
        adam.buffer.inplace_op2(&inputs, &update).unwrap();
        let fused = adam.buffer.to_vec2::<f32>().unwrap();
        for (a, b) in fused.iter().flatten().zip(composed.iter().flatten()) {
            assert!((a - b).abs() <= 1e-6 * (1.0 + b.abs()), "{a} {b}");
        }
    }

    #[test]
    fn muon_moves_matrices_along_their_orthogonal_factor() {
        let dev = Device::Cpu;
        let start = Tensor::zeros((5, 4), candle_core::DType::F32, &dev).unwrap();
        let tensors =
            HashMap::from([("gain".to_string(), Tensor::new(&[0.5f32], &dev).unwrap()), ("layer".to_string(), start)]);
        let build = |vb: candle_nn::VarBuilder| Ok((vb.get(1, "gain")?, vb.get((5, 4), "layer")?));
        let parameters = Parameters::load(tensors, &dev, build).unwrap().1;
        let mut optimizer = Optimizer::new(&parameters).unwrap();
        let c = OptimizerConfig { matrices: MatrixRule::Muon, clip: 1e9, ..OptimizerConfig::default() };
        let mut g = vec![2.0f32];
        g.extend((0..20).map(|i| ((i * 7 + 3) % 11) as f32 - 4.0));
        optimizer.step(&Tensor::new(g, &dev).unwrap(), 0.01, &c).unwrap();
        optimizer.write_weights(&parameters).unwrap();
        let layer = parameters.get("layer").unwrap().as_tensor();
        // WᵀW of an orthogonal factor is the identity; Muon's is so up to a factor between 0.7 and 1.2 of each direction.
        let gram = layer.t().unwrap().matmul(layer).unwrap().to_vec2::<f32>().unwrap();
        let unit = (0.01 * 0.2 * 5f32.sqrt()).powi(2);
        for (i, row) in gram.iter().enumerate() {
            for (j, v) in row.iter().enumerate() {
                let v = v / unit;
                assert!(if i == j { (0.4..1.6).contains(&v) } else { v.abs() < 0.4 }, "{gram:?}");
            }
        }
        assert!((parameters.get("gain").unwrap().to_vec1::<f32>().unwrap()[0] - 0.49).abs() < 1e-6);
    }
}
