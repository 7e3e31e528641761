//! AdamW and the moving average of the weights, over one flat buffer.

use crate::{OptimizerConfig, TrainError};
use candle_core::Tensor;
use mist_model::Parameters;

/// Optimizer state: all parameters and their moments, flat, in the order of the parameters' names.
#[derive(Clone, Debug, PartialEq)]
pub struct AdamW {
    /// Weights.
    pub weights: Vec<f32>,
    /// First moments.
    pub first: Vec<f32>,
    /// Second moments.
    pub second: Vec<f32>,
    /// Moving average of the weights.
    pub ema: Vec<f32>,
    /// Steps taken.
    pub steps: u64,
    decays: Vec<bool>,
}

impl AdamW {
    /// Fresh state for these parameters.
    ///
    /// # Errors
    /// A device that failed.
    pub fn new(parameters: &Parameters) -> Result<Self, TrainError> {
        let mut weights = Vec::with_capacity(parameters.count());
        let mut decays = Vec::with_capacity(parameters.count());
        for (_, var) in parameters.iter() {
            weights.extend(var.flatten_all()?.to_vec1::<f32>()?);
            // Matrices decay; biases and gains do not.
            decays.resize(weights.len(), var.rank() > 1);
        }
        let zeros = vec![0.0; weights.len()];
        Ok(Self { ema: weights.clone(), weights, first: zeros.clone(), second: zeros, steps: 0, decays })
    }

    /// One step along a gradient; returns the norm of the gradient before clipping.
    pub fn step(&mut self, gradient: &[f32], learning_rate: f64, c: &OptimizerConfig) -> f64 {
        let norm = gradient.iter().map(|g| f64::from(*g).powi(2)).sum::<f64>().sqrt();
        let clip = if norm > c.clip { (c.clip / norm) as f32 } else { 1.0 };
        self.steps += 1;
        let t = self.steps as i32;
        let correct1 = (1.0 / (1.0 - c.beta1.powi(t))) as f32;
        let correct2 = (1.0 / (1.0 - c.beta2.powi(t))) as f32;
        let (b1, b2, lr) = (c.beta1 as f32, c.beta2 as f32, learning_rate as f32);
        let decay = (learning_rate * c.weight_decay) as f32;
        // The average forgets faster while it is young, so that the initial weights do not linger.
        let ema = c.ema.min(self.steps as f64 / (self.steps as f64 + 10.0)) as f32;
        for (i, g) in gradient.iter().enumerate() {
            let g = g * clip;
            let m = b1 * self.first[i] + (1.0 - b1) * g;
            let v = b2 * self.second[i] + (1.0 - b2) * g * g;
            (self.first[i], self.second[i]) = (m, v);
            let mut w = self.weights[i];
            if self.decays[i] {
                w -= decay * w;
            }
            w -= lr * (m * correct1) / ((v * correct2).sqrt() + 1e-8);
            self.weights[i] = w;
            self.ema[i] = ema * self.ema[i] + (1.0 - ema) * w;
        }
        norm
    }

    /// Writes flat values (the weights, or their average) into the parameters.
    ///
    /// # Errors
    /// A device that failed.
    pub fn write(values: &[f32], parameters: &Parameters) -> Result<(), TrainError> {
        let mut at = 0;
        for (_, var) in parameters.iter() {
            let count = var.elem_count();
            var.set(&Tensor::from_slice(&values[at..at + count], var.shape(), var.device())?)?;
            at += count;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Device;
    use std::collections::HashMap;

    #[test]
    fn one_step_matches_the_definition() {
        let dev = Device::Cpu;
        let tensors = HashMap::from([
            ("a".to_string(), Tensor::new(&[[1f32, -2.0]], &dev).unwrap()),
            ("b".to_string(), Tensor::new(&[0.5f32], &dev).unwrap()),
        ]);
        let build = |vb: candle_nn::VarBuilder| Ok((vb.get((1, 2), "a")?, vb.get(1, "b")?));
        let (_, parameters) = Parameters::load(tensors, &dev, build).unwrap();
        let mut adam = AdamW::new(&parameters).unwrap();
        let c = OptimizerConfig { weight_decay: 0.1, clip: 1e9, ..OptimizerConfig::default() };
        let norm = adam.step(&[3.0, -4.0, 12.0], 0.01, &c);
        assert!((norm - 13.0).abs() < 1e-12);
        // After one step the corrected moments are g and g², so each weight moves by the learning rate.
        let want = [1.0 - 0.001 - 0.01, -2.0 + 0.002 + 0.01, 0.5 - 0.01];
        for (w, want) in adam.weights.iter().zip(want) {
            assert!((w - want).abs() < 1e-6, "{w} {want}");
        }
        AdamW::write(&adam.weights, &parameters).unwrap();
        assert_eq!(parameters.get("b").unwrap().to_vec1::<f32>().unwrap(), [adam.weights[2]]);
        let (mut a, mut b) = (adam.clone(), adam);
        let g = [3.0f32, -4.0, 12.0];
        a.step(&g, 0.01, &OptimizerConfig { clip: 1.3, ..c.clone() });
        b.step(&g.map(|g| g * 0.1), 0.01, &c);
        assert_eq!(a.weights, b.weights);
    }
}
