//! The network that learns the digits.

use crate::parameters::{adam, by_column, linear};
use anyhow::Result;
use candle_core::{D, Device, Tensor};
use candle_nn::{Linear, Module, Optimizer, VarBuilder, loss::cross_entropy};
use mist_infer::Columns;
use mist_model::Parameters;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

const BATCH: usize = 32;
const LEARNING_RATE: f64 = 2e-3;

/// Images and their labels.
pub struct Split {
    /// `(images, pixels)`, from −1 to 1.
    pub pixels: Tensor,
    pub labels: Vec<u32>,
}

/// Labels as a category.
pub fn label_column(labels: &[u32]) -> Columns {
    Columns::new(vec![labels.iter().map(|label| f64::from(*label)).collect()]).categorical([0])
}

/// A network: hidden layers with tanh, then one output a class.
pub struct Network {
    layers: Vec<Linear>,
}

/// What the network makes of both halves after some epochs: the columns of each hidden layer.
pub struct Snapshot {
    pub epoch: usize,
    /// Share of the other images whose largest output is their label's.
    pub accuracy: f64,
    pub on_train: Vec<Vec<Vec<f64>>>,
    pub on_test: Vec<Vec<Vec<f64>>>,
}

impl Network {
    fn new(inputs: usize, widths: &[usize], classes: usize, vb: &VarBuilder) -> candle_core::Result<Self> {
        let sizes: Vec<usize> = [inputs].into_iter().chain(widths.iter().copied()).chain([classes]).collect();
        let layer = |(i, size): (usize, &[usize])| linear(size[0], size[1], &vb.pp(format!("layer.{i}")));
        Ok(Self { layers: sizes.windows(2).enumerate().map(layer).collect::<Result<_, _>>()? })
    }

    /// The hidden layers and the output.
    ///
    /// # Shapes
    /// `(images, pixels)` to `(images, units)` for each layer, and `(images, classes)`.
    fn forward(&self, pixels: &Tensor) -> candle_core::Result<(Vec<Tensor>, Tensor)> {
        let (last, hidden) = self.layers.split_last().expect("a network has an output");
        let mut layers = Vec::with_capacity(hidden.len());
        let mut x = pixels.clone();
        for layer in hidden {
            x = layer.forward(&x)?.tanh()?;
            layers.push(x.clone());
        }
        Ok((layers, last.forward(&x)?))
    }

    fn snapshot(&self, epoch: usize, train: &Split, test: &Split) -> Result<Snapshot> {
        let columns = |layers: Vec<Tensor>| -> candle_core::Result<Vec<_>> { layers.iter().map(by_column).collect() };
        let (layers, output) = self.forward(&test.pixels)?;
        let found = output.argmax(D::Minus1)?.to_vec1::<u32>()?;
        let right = found.iter().zip(&test.labels).filter(|(found, label)| found == label).count();
        Ok(Snapshot {
            epoch,
            accuracy: right as f64 / test.labels.len() as f64,
            on_train: columns(self.forward(&train.pixels)?.0)?,
            on_test: columns(layers)?,
        })
    }
}

/// Trains a network, and looks at it before the first epoch, after 1, 2, 4 … and after the last one.
pub fn train(
    train: &Split,
    test: &Split,
    widths: &[usize],
    classes: usize,
    epochs: usize,
    seed: u64,
) -> Result<Vec<Snapshot>> {
    let pixels = train.pixels.dim(1)?;
    let (network, parameters) = Parameters::init(seed, &Device::Cpu, |vb| Network::new(pixels, widths, classes, &vb))?;
    let mut optimizer = adam(&parameters, LEARNING_RATE, 0.0)?;
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut order: Vec<u32> = (0..train.labels.len() as u32).collect();
    let mut snapshots = vec![network.snapshot(0, train, test)?];
    for epoch in 1..=epochs {
        order.shuffle(&mut rng);
        for rows in order.chunks(BATCH) {
            let labels: Vec<u32> = rows.iter().map(|row| train.labels[*row as usize]).collect();
            let pixels = train.pixels.index_select(&Tensor::new(rows, &Device::Cpu)?, 0)?;
            let (_, output) = network.forward(&pixels)?;
            optimizer.backward_step(&cross_entropy(&output, &Tensor::new(labels, &Device::Cpu)?)?)?;
        }
        if epoch.is_power_of_two() || epoch == epochs {
            snapshots.push(network.snapshot(epoch, train, test)?);
        }
    }
    Ok(snapshots)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_network_learns_what_can_be_learnt() {
        // The label is the larger one of two pixels, among noise.
        let rows = 200_u32;
        let noise = |r: u32, c: u32| (f64::from(r * 7 + c * 13) * 12.9898).sin();
        let value = |i: u32| noise(i / 4, i % 4) as f32;
        let pixels: Vec<f32> = (0..rows * 4).map(value).collect();
        let labels = pixels.chunks(4).map(|row| u32::from(row[1] > row[2])).collect();
        let pixels = Tensor::from_vec(pixels, (rows as usize, 4), &Device::Cpu).unwrap();
        let split = Split { pixels, labels };
        let snapshots = train(&split, &split, &[6, 3], 2, 40, 3).unwrap();
        let epochs: Vec<usize> = snapshots.iter().map(|snapshot| snapshot.epoch).collect();
        assert_eq!(epochs, [0, 1, 2, 4, 8, 16, 32, 40]);
        assert!(snapshots[0].accuracy < 0.9 && snapshots[7].accuracy > 0.95, "{}", snapshots[7].accuracy);
        assert_eq!(snapshots[7].on_test.iter().map(Vec::len).collect::<Vec<_>>(), [6, 3]);
    }
}
