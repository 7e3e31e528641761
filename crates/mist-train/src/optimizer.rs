//! AdamW and the moving average of the weights, over one flat buffer.

use crate::{OptimizerConfig, TrainError};
use candle_core::{CpuStorage, InplaceOp2, Layout, Result as TensorResult, Tensor};
use mist_model::Parameters;

/// Rows of the buffer.
const WEIGHTS: usize = 0;
const FIRST: usize = 1;
const SECOND: usize = 2;
const EMA: usize = 3;
const ROWS: usize = 4;

/// Keeps the quotient of the moments finite.
const EPS: f64 = 1e-8;

/// Optimizer state on the device of the network.
#[derive(Clone, Debug)]
pub struct AdamW {
    /// (4, P): the P weights in the order of the parameters' names, their first and second moments, their average.
    buffer: Tensor,
    /// (P): 1 for an element of a matrix, which decays; 0 for one of a bias or a gain, which does not.
    decays: Tensor,
    /// Steps taken.
    pub steps: u64,
}

impl AdamW {
    /// Fresh state for these parameters.
    ///
    /// # Errors
    /// A device that failed.
    pub fn new(parameters: &Parameters) -> Result<Self, TrainError> {
        let mut weights = Vec::new();
        let mut decays = Vec::new();
        for (_, var) in parameters.iter() {
            weights.push(var.flatten_all()?);
            let decay = if var.rank() > 1 { 1f32 } else { 0.0 };
            decays.push(Tensor::full(decay, var.elem_count(), var.device())?);
        }
        let weights = Tensor::cat(&weights, 0)?;
        let zeros = weights.zeros_like()?;
        let buffer = Tensor::stack(&[&weights, &zeros, &zeros, &weights], 0)?;
        Ok(Self { buffer, decays: Tensor::cat(&decays, 0)?, steps: 0 })
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
        };
        // min(1, clip / norm)
        let clip = (norm.maximum(c.clip)?.recip()? * c.clip)?;
        let gradient = gradient.broadcast_mul(&clip)?;
        if self.buffer.device().is_cpu() {
            self.buffer.inplace_op2(&Tensor::stack(&[&gradient, &self.decays], 0)?, &update)?;
        } else {
            self.buffer = update.composed(&self.buffer, &gradient, &self.decays)?;
        }
        Ok(norm)
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

    /// Puts back what [`AdamW::rows`] gave.
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
}

impl Update {
    /// The update out of tensor operations, for devices without the fused one.
    fn composed(&self, buffer: &Tensor, gradient: &Tensor, decays: &Tensor) -> TensorResult<Tensor> {
        let row = |i: usize| buffer.get(i);
        let first = ((row(FIRST)? * self.beta1)? + (gradient * (1.0 - self.beta1))?)?;
        let second = ((row(SECOND)? * self.beta2)? + (gradient.sqr()? * (1.0 - self.beta2))?)?;
        let decayed = (row(WEIGHTS)? * decays.affine(-self.decay, 1.0)?)?;
        let direction = ((&first * self.correct1)? / ((&second * self.correct2)?.sqrt()? + EPS)?)?;
        let weights = (decayed - (direction * self.learning_rate)?)?;
        let ema = ((row(EMA)? * self.ema)? + (&weights * (1.0 - self.ema))?)?;
        Tensor::stack(&[weights, first, second, ema], 0)
    }
}

impl InplaceOp2 for Update {
    fn name(&self) -> &'static str {
        "adamw"
    }

    /// One pass over the buffer (4, P), given the gradient and the mask of decay (2, P).
    fn cpu_fwd(&self, s1: &mut CpuStorage, l1: &Layout, s2: &CpuStorage, l2: &Layout) -> TensorResult<()> {
        let (Some((from, to)), Some((g_from, g_to))) = (l1.contiguous_offsets(), l2.contiguous_offsets()) else {
            candle_core::bail!("the optimizer's buffers must be contiguous");
        };
        let CpuStorage::F32(buffer) = s1 else {
            candle_core::bail!("the optimizer's buffer must hold f32");
        };
        let (gradient, decays) = s2.as_slice::<f32>()?[g_from..g_to].split_at((g_to - g_from) / 2);
        let buffer = &mut buffer[from..to];
        let p = gradient.len();
        let (weights, rest) = buffer.split_at_mut(p);
        let (first, rest) = rest.split_at_mut(p);
        let (second, ema) = rest.split_at_mut(p);
        let (b1, b2, c1, c2) = (self.beta1 as f32, self.beta2 as f32, self.correct1 as f32, self.correct2 as f32);
        let (lr, decay, keep) = (self.learning_rate as f32, self.decay as f32, self.ema as f32);
        for i in 0..p {
            let g = gradient[i];
            let m = b1 * first[i] + (1.0 - b1) * g;
            let v = b2 * second[i] + (1.0 - b2) * g * g;
            let w = weights[i] - decay * decays[i] * weights[i];
            let w = w - lr * (m * c1) / ((v * c2).sqrt() + EPS as f32);
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
        let mut adam = AdamW::new(&parameters).unwrap();
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
        let mut a = AdamW::new(&parameters()).unwrap();
        let mut b = AdamW::new(&parameters()).unwrap();
        a.step(&gradient([3.0, -4.0, 12.0]), 0.01, &OptimizerConfig { clip: 1.3, ..c.clone() }).unwrap();
        b.step(&gradient([0.3, -0.4, 1.2]), 0.01, &c).unwrap();
        let (a, b) = (a.buffer.to_vec2::<f32>().unwrap(), b.buffer.to_vec2::<f32>().unwrap());
        for (a, b) in a.iter().flatten().zip(b.iter().flatten()) {
            assert!((a - b).abs() < 1e-6, "{a} {b}");
        }
    }

    #[test]
    fn fused_and_composed_agree() {
        let mut adam = AdamW::new(&parameters()).unwrap();
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
        };
        let g = gradient([0.7, 0.1, -0.2]);
        let composed = update.composed(&adam.buffer, &g, &adam.decays).unwrap().to_vec2::<f32>().unwrap();
        adam.buffer.inplace_op2(&Tensor::stack(&[&g, &adam.decays], 0).unwrap(), &update).unwrap();
        let fused = adam.buffer.to_vec2::<f32>().unwrap();
        for (a, b) in fused.iter().flatten().zip(composed.iter().flatten()) {
            assert!((a - b).abs() <= 1e-6 * (1.0 + b.abs()), "{a} {b}");
        }
    }
}
