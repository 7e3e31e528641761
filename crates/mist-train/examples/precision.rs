//! What a checkpoint loses when it computes in bf16: `cargo run -p mist-train --example precision -- CHECKPOINT`.
//!
//! The same tasks of M_test in f32 and in bf16, both in composed operations on the CPU, the weights and every
//! intermediate value rounded.

use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;
use mist_data_gen::{MetaDistribution, Seeds, Split};
use mist_model::{Batch, Checkpoint, Network, QuantileFunction};
use mist_train::score_of;
use std::collections::HashMap;
use std::error::Error;
use std::path::Path;

const EVERY: usize = 18;

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("which checkpoint? give its path")?;
    let checkpoint = Checkpoint::read(Path::new(&path), &Device::Cpu)?;
    let config = &checkpoint.description.network;
    println!("| | tasks | largest change, nats | mean change, nats | MSE, nats² | failed |\n|---|---|---|---|---|---|");
    let mut reference = Vec::new();
    for dtype in [DType::F32, DType::BF16] {
        let weights: HashMap<String, Tensor> = checkpoint
            .parameters
            .iter()
            .map(|(name, var)| Ok((name.to_string(), var.to_dtype(dtype)?)))
            .collect::<candle_core::Result<_>>()?;
        let network = Network::new(config, VarBuilder::from_tensors(weights, dtype, &Device::Cpu))?;
        let mut medians = Vec::new();
        for suite in ["m_test_imd", "m_test_oomd"] {
            let meta = MetaDistribution::named(suite)?;
            for index in (0..meta.suite_len().unwrap_or(0)).step_by(EVERY) {
                let draw = meta.draw(&Seeds { root: 1 }, Split::Test, index);
                let scores = score_of(&draw.sample, None, config)?;
                let answer = network.forward(&Batch::new(&[&scores], &Device::Cpu)?.to_dtype(dtype)?)?;
                medians.push((draw.mi_nats, QuantileFunction::new(config.taus(), &answer.log1p()?[0]).median()));
            }
        }
        if dtype == DType::F32 {
            reference.clone_from(&medians);
        }
        let sound: Vec<_> = medians.iter().zip(&reference).filter(|(m, _)| m.1.is_finite()).collect();
        let count = sound.len() as f64;
        let change = sound.iter().map(|(m, r)| (m.1 - r.1).abs()).sum::<f64>() / count;
        let square = sound.iter().map(|(m, _)| (m.1 - m.0).powi(2)).sum::<f64>() / count;
        let largest = sound.iter().map(|(m, r)| (m.1 - r.1).abs()).fold(0.0, f64::max);
        println!(
            "| {dtype:?} | {} | {largest:.4} | {change:.4} | {square:.3} | {} |",
            medians.len(),
            medians.len() - sound.len(),
        );
    }
    Ok(())
}
