//! What the encoder learns, and from what.

use super::letters::{Alphabet, Batch, HIDDEN, Letters, MISSING};
use crate::parameters::{adam, linear};
use crate::tables::Texts;
use anyhow::Result;
use candle_core::{D, DType, Device, Tensor};
use candle_nn::ops::log_softmax;
use candle_nn::{Linear, Module, Optimizer};
use mist_model::Parameters;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

const BATCH: usize = 64;
const LEARNING_RATE: f64 = 2e-3;
const WEIGHT_DECAY: f64 = 0.05;
/// Share of the letters that are to be filled in.
const SHARE: f64 = 0.25;
/// Parameters with this prefix belong to the task, not to the encoder.
const HEAD: &str = "head";

/// What an encoder learns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// Nothing: it stays as it is drawn.
    Nothing,
    /// A quarter of the letters, from the others.
    FillIn,
    /// The rating of the text.
    Rate,
}

/// An encoder of letters with its parameters by name, those of the task left out.
pub struct Trained {
    pub parameters: Vec<(String, Tensor)>,
}

/// Trains an encoder on texts.
pub fn train(alphabet: &Alphabet, data: &Texts, task: Task, epochs: usize, seed: u64) -> Result<Trained> {
    let outputs = if task == Task::Rate { 1 } else { alphabet.len() };
    let ((encoder, head), parameters) = Parameters::init(seed, &Device::Cpu, |vb| {
        Ok((Letters::new(alphabet.len(), &vb)?, linear(HIDDEN, outputs, &vb.pp(HEAD))?))
    })?;
    let numbers: Vec<Vec<u32>> = data.texts.iter().map(|text| alphabet.numbers(text)).collect();
    let mean = data.rating.iter().sum::<f64>() / data.rating.len() as f64;
    let mut optimizer = adam(&parameters, LEARNING_RATE, WEIGHT_DECAY)?;
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut order: Vec<usize> = (0..numbers.len()).collect();
    let epochs = if task == Task::Nothing { 0 } else { epochs };
    for epoch in 0..epochs {
        // To 0 along a line.
        optimizer.set_learning_rate(LEARNING_RATE * (1.0 - epoch as f64 / epochs as f64));
        order.shuffle(&mut rng);
        for rows in order.chunks(BATCH) {
            let texts: Vec<Vec<u32>> = rows.iter().map(|row| numbers[*row].clone()).collect();
            let loss = match task {
                Task::Rate => {
                    let rating: Vec<f32> = rows.iter().map(|row| (data.rating[*row] - mean) as f32).collect();
                    rated(&encoder, &head, &texts, rating)?
                }
                _ => filled_in(&encoder, &head, &texts, &mut rng)?,
            };
            optimizer.backward_step(&loss)?;
        }
    }
    let own = parameters.iter().filter(|(name, _)| !name.starts_with(HEAD));
    Ok(Trained { parameters: own.map(|(name, var)| (name.to_owned(), var.as_detached_tensor())).collect() })
}

/// The squared error of ratings told from the mean over the letters.
fn rated(encoder: &Letters, head: &Linear, texts: &[Vec<u32>], rating: Vec<f32>) -> candle_core::Result<Tensor> {
    let batch = Batch::new(texts)?;
    let told = head.forward(&batch.mean(&encoder.forward(&batch)?)?)?.squeeze(1)?;
    (told - Tensor::new(rating, &Device::Cpu)?)?.sqr()?.mean_all()
}

/// The cross entropy of letters that are missing, in nats a letter.
fn filled_in(
    encoder: &Letters,
    head: &Linear,
    texts: &[Vec<u32>],
    rng: &mut ChaCha8Rng,
) -> candle_core::Result<Tensor> {
    let whole = Batch::new(texts)?;
    let mut hole = |number: &u32| if rng.random_bool(SHARE) { MISSING } else { *number };
    let holes: Vec<Vec<u32>> = texts.iter().map(|text| text.iter().map(&mut hole).collect()).collect();
    let seen = Batch::new(&holes)?;
    let missing = seen.numbers.eq(MISSING)?.to_dtype(DType::F32)?;
    let told = log_softmax(&head.forward(&encoder.forward(&seen)?)?, D::Minus1)?;
    let right = told.gather(&whole.numbers.unsqueeze(2)?, 2)?.squeeze(2)?;
    let count = missing.sum_all()?.to_scalar::<f32>()?.max(1.0);
    (right * missing)?.sum_all()?.affine(-1.0 / f64::from(count), 0.0)
}
