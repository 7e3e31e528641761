//! Two noisy views of each digit: an encoder that makes their information large, and what a linear probe finds in its output.

use crate::Outcome;
use crate::data::{batch, normal, read, tensor, variable};
use crate::objective::{Information, adam};
use crate::run::{Plan, Results, train};
use candle_nn::Optimizer;
use mist_infer::Estimator;
use mist_infer::candle_core::{D, DType, Device, Tensor, Var};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

const BATCH: usize = 256;
const HIDDEN: usize = 128;
const WIDTH: usize = 8;
/// Share of the pixels that a view loses, and noise on the others.
const LOST: f64 = 0.5;
const NOISE: f64 = 0.2;
const RATE: f64 = 2e-3;
/// Digits that the probe is fitted to; the others test it.
const FITTED: usize = 1200;
const CLASSES: usize = 10;

struct Encoder {
    layers: [(Var, Var); 2],
}

impl Encoder {
    fn new(rng: &mut ChaCha8Rng, inputs: usize) -> Outcome<Self> {
        let mut layer = |i: usize, o: usize| -> Outcome<(Var, Var)> {
            let weights = variable(&(normal(rng, i, o) / (i as f64).sqrt()))?;
            Ok((weights, Var::zeros((1, o), DType::F32, &Device::Cpu)?))
        };
        Ok(Self { layers: [layer(inputs, HIDDEN)?, layer(HIDDEN, WIDTH)?] })
    }

    fn vars(&self) -> Vec<Var> {
        self.layers.iter().flat_map(|(w, b)| [w.clone(), b.clone()]).collect()
    }

    fn forward(&self, x: &Tensor) -> Outcome<Tensor> {
        let [(w1, b1), (w2, b2)] = &self.layers;
        Ok(x.matmul(w1)?.broadcast_add(b1)?.relu()?.matmul(w2)?.broadcast_add(b2)?)
    }
}

/// A view: some pixels gone, the others noisy.
fn view(rng: &mut ChaCha8Rng, digits: &Tensor) -> Outcome<Tensor> {
    let (n, d) = digits.dims2()?;
    let kept: Vec<f32> = (0..n * d).map(|_| f32::from(u8::from(rng.random_bool(1.0 - LOST)))).collect();
    let noise = (tensor(&normal(rng, n, d))? * NOISE)?;
    Ok(((digits + noise)? * Tensor::from_vec(kept, (n, d), &Device::Cpu)?)?)
}

/// Share of the test digits that a multinomial logistic regression on the standardised codes names.
fn probe(codes: &Tensor, labels: &Tensor) -> Outcome<f64> {
    let codes = codes.detach();
    let codes = codes.broadcast_sub(&codes.mean_keepdim(0)?)?;
    let codes = codes.broadcast_div(&(codes.sqr()?.mean_keepdim(0)? + 1e-12)?.sqrt()?)?;
    let weights = Var::zeros((WIDTH, CLASSES), DType::F32, &Device::Cpu)?;
    let bias = Var::zeros((1, CLASSES), DType::F32, &Device::Cpu)?;
    let mut fit = adam(vec![weights.clone(), bias.clone()], 0.1)?;
    let (n, _) = codes.dims2()?;
    let logits = |codes: &Tensor| codes.matmul(&weights)?.broadcast_add(&bias);
    let (train, known) = (codes.narrow(0, 0, FITTED)?, labels.narrow(0, 0, FITTED)?);
    for _ in 0..200 {
        fit.backward_step(&candle_nn::loss::cross_entropy(&logits(&train)?, &known)?)?;
    }
    let named = logits(&codes.narrow(0, FITTED, n - FITTED)?)?.argmax(D::Minus1)?.to_vec1::<u32>()?;
    let truth = labels.narrow(0, FITTED, n - FITTED)?.to_vec1::<u32>()?;
    Ok(named.iter().zip(&truth).filter(|(a, b)| a == b).count() as f64 / truth.len() as f64)
}

/// Runs the example.
pub fn run(estimator: &Estimator, plan: &Plan) -> Outcome<()> {
    let mut results = Results::new(plan)?;
    let choices = &plan.choices;
    let table = read(&plan.data.join("digits.csv"))?;
    let pixels = table.ncols() - 1;
    let digits = (tensor(&table.columns(0, pixels).into_owned())? / 16.0)?;
    let labels: Vec<u32> = table.column(pixels).iter().map(|v| *v as u32).collect();
    let labels = Tensor::new(labels, &Device::Cpu)?;
    let train_digits = digits.narrow(0, 0, FITTED)?;
    for seed in plan.seeds() {
        for &name in &choices.losses {
            let rng = &mut ChaCha8Rng::seed_from_u64(seed);
            let encoder = Encoder::new(rng, pixels)?;
            let mut information = Information::new(name, (estimator, choices), (WIDTH, WIDTH), seed)?;
            let mut weights = adam(encoder.vars(), choices.rate(name, RATE))?;
            let step = || {
                let [rows] = batch(rng, [&train_digits], choices.batch(name, BATCH))?;
                let (one, other) = (encoder.forward(&view(rng, &rows)?)?, encoder.forward(&view(rng, &rows)?)?);
                let grads = information.of(&one, &other)?.neg()?.backward()?;
                weights.step(&grads)?;
                information.follow(&grads)
            };
            let value = || probe(&encoder.forward(&digits)?, &labels);
            train(plan, &mut results, (name.as_str(), seed), "accuracy of a linear probe", step, value)?;
        }
    }
    Ok(())
}
