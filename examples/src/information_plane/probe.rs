//! What a classifier shows of a layer: a lower bound for I(layer; label).

use crate::answers::matrix;
use crate::parameters::{adam, linear};
use anyhow::Result;
use candle_core::{D, Device, Tensor};
use candle_nn::{Module, Optimizer, loss::cross_entropy, ops::log_softmax};
use mist_model::Parameters;

const STEPS: usize = 200;
const LEARNING_RATE: f64 = 0.05;
const WEIGHT_DECAY: f64 = 0.01;

/// H(label) minus the cross entropy of a linear classifier in nats. Learnt from the first rows, measured on the others.
///
/// For any q(y|t), I(T; Y) = H(Y) − H(Y|T) ≥ H(Y) + E ln q(Y|T): Barber and Agakov, "The IM algorithm", 2003, equation 3. It holds of
/// the mean over all data; on n rows it may be off by a few hundredths of a nat. Negative where the classifier is worse than none.
pub fn bound(
    train: &[Vec<f64>],
    train_labels: &[u32],
    test: &[Vec<f64>],
    test_labels: &[u32],
    classes: usize,
) -> Result<f64> {
    let rows = |columns: &[Vec<f64>]| -> candle_core::Result<Tensor> {
        let matrix = matrix(columns);
        let values: Vec<f32> = matrix.transpose().iter().map(|v| *v as f32).collect();
        Tensor::from_vec(values, matrix.shape(), &Device::Cpu)
    };
    let (train, test) = (rows(train)?, rows(test)?);
    let units = train.dim(1)?;
    let (classifier, parameters) = Parameters::init(0, &Device::Cpu, |vb| linear(units, classes, &vb))?;
    let mut optimizer = adam(&parameters, LEARNING_RATE, WEIGHT_DECAY)?;
    let labels = Tensor::new(train_labels, &Device::Cpu)?;
    for _ in 0..STEPS {
        optimizer.backward_step(&cross_entropy(&classifier.forward(&train)?, &labels)?)?;
    }
    let labels = Tensor::new(test_labels, &Device::Cpu)?.unsqueeze(1)?;
    let told = log_softmax(&classifier.forward(&test)?, D::Minus1)?.gather(&labels, 1)?;
    Ok(entropy(test_labels, classes) + f64::from(told.mean_all()?.to_scalar::<f32>()?))
}

/// The entropy of labels in nats.
fn entropy(labels: &[u32], classes: usize) -> f64 {
    let share = |class: u32| labels.iter().filter(|label| **label == class).count() as f64 / labels.len() as f64;
    (0..classes as u32).map(share).filter(|p| *p > 0.0).map(|p| -p * p.ln()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clear_label_is_shown_and_a_random_one_is_not() {
        let labels: Vec<u32> = (0..400).map(|r| r % 2).collect();
        let clear = vec![labels.iter().map(|label| 20.0 * f64::from(*label) - 10.0).collect::<Vec<f64>>()];
        let shown = bound(&clear, &labels, &clear, &labels, 2).unwrap();
        assert!((shown - 2.0_f64.ln()).abs() < 0.02, "{shown}");
        let random = vec![(0..400).map(|r| (f64::from(r) * 12.9898).sin()).collect::<Vec<f64>>()];
        let shown = bound(&random, &labels, &random, &labels, 2).unwrap();
        assert!(shown.abs() < 0.02, "{shown}");
    }
}
