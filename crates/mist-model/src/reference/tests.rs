//! The published network against its original in PyTorch, and what comes out where the original says nothing.
//!
//! `tests/reference/network.json` is written by `scripts/reference_network.py`, which has the same formulas of weights and
//! data.

use super::{Reference, ReferenceConfig, describe, own_names};
use crate::{Batch, Column, Parameters, ScoreError, Scores};
use candle_core::{DType, Device, Result, Tensor};
use rand::{Rng, SeedableRng, rngs::StdRng};
use serde::Deserialize;
use std::collections::HashMap;

const GOLDEN: &str = include_str!("../../../../tests/reference/network.json");
/// Of answers in nats.
const TOLERANCE: f64 = 1e-5;

#[derive(Deserialize)]
struct Golden {
    parameters: HashMap<String, usize>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    quantile: bool,
    n: usize,
    dim: usize,
    whole: bool,
    /// Rows that sum up to 0.
    padding: usize,
    nats: Vec<f64>,
}

/// Numbers in [−1, 1) on a grid of 2⁻²³, by a name: SplitMix64 on a stream keyed by its FNV-1a hash.
fn noise(name: &str, count: usize) -> Vec<f64> {
    let key = name.bytes().fold(0xcbf2_9ce4_8422_2325u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3));
    let value = |i: u64| {
        let v = i.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(key);
        let v = (v ^ (v >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let v = (v ^ (v >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((v ^ (v >> 31)) >> 40) as f64 / 8_388_608.0 - 1.0
    };
    (1..=count as u64).map(value).collect()
}

fn weight(name: &str, shape: &[usize]) -> Vec<f32> {
    let scale = 1.75 / (shape[shape.len() - 1] as f64).sqrt();
    let of = |u: f64| match shape.len() {
        1 if name.ends_with("weight") => 1.0 + 0.25 * u,
        1 => 0.1 * u,
        3 => u,
        _ => u * scale,
    };
    noise(name, shape.iter().product()).into_iter().map(|u| of(u) as f32).collect()
}

/// Columns of X and of Y.
fn data(n: usize, d: usize, whole: bool) -> Vec<Vec<f64>> {
    let mut columns: Vec<Vec<f64>> = Vec::new();
    for j in 0..2 * d {
        let u = noise(&format!("data {n} {d} {} {j}", u8::from(whole)), 3 * n);
        let mut values: Vec<f64> = (0..n).map(|r| u[r] + u[n + r] + u[2 * n + r]).collect();
        if j >= d {
            values.iter_mut().zip(&columns[j - d]).for_each(|(v, x)| *v = 0.75 * *v + 0.5 * x);
        }
        columns.push(values);
    }
    let finish = |(j, column): (usize, &Vec<f64>)| -> Vec<f64> {
        column.iter().map(|v| if whole { v.round_ties_even() } else { v * (1 + j % 4) as f64 }).collect()
    };
    columns.iter().enumerate().map(finish).collect()
}

fn scores(columns: &[Vec<f64>]) -> std::result::Result<Scores, ScoreError> {
    let columns: Vec<Column> = columns.iter().map(|c| Column::Number(c)).collect();
    let (x, y) = columns.split_at(columns.len() / 2);
    Scores::values(x, y)
}

fn of_size(quantile_conditioned: bool) -> ReferenceConfig {
    ReferenceConfig { quantile_conditioned, ..ReferenceConfig::default() }
}

/// The network of a size with the weights of the formula, under the names of the hub class.
fn tensors(config: &ReferenceConfig) -> HashMap<String, Tensor> {
    let (_, parameters) = Parameters::init(0, &Device::Cpu, |vb| Reference::new(config, vb)).unwrap();
    let of = |(name, var): (&str, &candle_core::Var)| {
        let t = Tensor::from_vec(weight(name, var.dims()), var.dims(), &Device::Cpu).unwrap();
        (format!("core.{name}"), t)
    };
    parameters.iter().map(of).collect()
}

fn nats(network: &Reference, scores: &[&Scores]) -> Vec<Vec<f64>> {
    let out = network.forward(&Batch::new(scores, &Device::Cpu).unwrap()).unwrap();
    out.to_dtype(DType::F64).unwrap().to_vec2().unwrap()
}

#[test]
fn agrees_with_the_original() {
    let golden: Golden = serde_json::from_str(GOLDEN).unwrap();
    for quantile in [false, true] {
        let config = of_size(quantile);
        let tensors = own_names(tensors(&config));
        let (network, parameters) = Parameters::load(tensors, &Device::Cpu, |vb| Reference::new(&config, vb)).unwrap();
        assert_eq!(parameters.count(), golden.parameters[if quantile { "quantile" } else { "mean" }]);
        for case in golden.cases.iter().filter(|c| c.quantile == quantile) {
            let scores = scores(&data(case.n, case.dim, case.whole)).unwrap();
            let zero = scores.z.chunks_exact(2 * case.dim).filter(|row| row.iter().sum::<f32>() == 0.0).count();
            assert_eq!(zero, case.padding, "the data is not that of the original");
            let got = nats(&network, &[&scores]).remove(0);
            assert_eq!(got.len(), case.nats.len());
            for (got, want) in got.iter().zip(&case.nats) {
                assert!((got - want).abs() < TOLERANCE, "n {} dim {}: {got}, original {want}", case.n, case.dim);
            }
        }
    }
}

#[test]
fn a_batch_answers_as_its_tasks_do_one_by_one() {
    let config = of_size(true);
    let (network, _) = Parameters::init(3, &Device::Cpu, |vb| Reference::new(&config, vb)).unwrap();
    let tasks = [(40, 3), (25, 3), (40, 2)].map(|(n, d)| scores(&data(n, d, false)).unwrap());
    let together = nats(&network, &[&tasks[0], &tasks[1], &tasks[2]]);
    for (task, got) in tasks.iter().zip(together) {
        let alone = nats(&network, &[task]).remove(0);
        for (a, b) in got.iter().zip(alone) {
            assert!((a - b).abs() < 1e-5, "{a} {b}");
        }
    }
}

#[test]
fn fused_and_composed_agree_and_gradients_are_those_by_differences() -> Result<()> {
    let dev = Device::Cpu;
    let config = ReferenceConfig {
        phi_hidden_dim: 8,
        n_phi_heads: 2,
        max_input_dim: 8,
        n_inds: 3,
        n_seeds: 2,
        phi_dim_forward: 7,
        rho_hidden_dim: 6,
        taus: vec![0.1, 0.5, 0.9],
        ..of_size(true)
    };
    let (single, parameters) = Parameters::init(5, &dev, |vb| Reference::new(&config, vb))?;
    let vars: HashMap<String, candle_core::Var> = parameters
        .iter()
        .map(|(name, v)| Ok((name.to_owned(), candle_core::Var::from_tensor(&v.to_dtype(DType::F64)?)?)))
        .collect::<Result<_>>()?;
    let tensors = vars.iter().map(|(name, v)| (name.clone(), v.as_tensor().clone())).collect();
    let double = Reference::new(&config, candle_nn::VarBuilder::from_tensors(tensors, DType::F64, &dev))?;
    let batch = Batch::new(&[&scores(&data(12, 2, true)).unwrap()], &dev)?;
    let loss = |net: &Reference, batch: &Batch| -> Result<Tensor> { net.forward(batch)?.sqr()?.sum_all() };
    let wide = batch.to_dtype(DType::F64)?;
    let grads = loss(&double, &wide)?.backward()?;
    let fused = loss(&single, &batch)?.backward()?;
    let mut rng = StdRng::seed_from_u64(2);
    let value = || loss(&double, &wide)?.to_scalar::<f64>();
    let list = |t: &Tensor| t.to_dtype(DType::F64)?.flatten_all()?.to_vec1::<f64>();
    for (name, var) in parameters.iter() {
        let wide = &vars[name];
        let (composed, fused) = (list(grads.get(wide).unwrap())?, list(fused.get(var).unwrap())?);
        let largest = composed.iter().fold(1e-3f64, |m, v| m.max(v.abs()));
        for (a, b) in composed.iter().zip(&fused) {
            assert!((a - b).abs() < 2e-4 * largest, "{name}: {a} fused {b}");
        }
        let (k, before) = (rng.random_range(0..composed.len()), list(wide)?);
        let at = |h: f64| -> Result<f64> {
            let mut moved = before.clone();
            moved[k] += h;
            wide.set(&Tensor::from_vec(moved, wide.shape(), &dev)?)?;
            let v = value();
            wide.set(&Tensor::from_vec(before.clone(), wide.shape(), &dev)?)?;
            v
        };
        let slope = (at(1e-5)? - at(-1e-5)?) / 2e-5;
        assert!((slope - composed[k]).abs() < 1e-4 * largest.max(0.1), "{name}[{k}]: {slope} {}", composed[k]);
    }
    Ok(())
}

#[test]
fn sizes_are_read_off_the_parameters() {
    let shapes = |config: &ReferenceConfig| -> HashMap<String, Vec<usize>> {
        let (_, parameters) = Parameters::init(0, &Device::Cpu, |vb| Reference::new(config, vb)).unwrap();
        parameters.iter().map(|(name, v)| (format!("core.{name}"), v.dims().to_vec())).collect()
    };
    for quantile in [false, true] {
        let config = of_size(quantile);
        assert_eq!(describe(&shapes(&config), None), Some(Ok(config)));
    }
    let other = ReferenceConfig {
        phi_hidden_dim: 12,
        n_phi_heads: 3,
        sab_stack_layers: 1,
        n_phi_layers: 3,
        n_inds: 5,
        phi_dim_forward: 20,
        n_seeds: 4,
        n_dec_layers: 2,
        n_rho_layers: 2,
        rho_hidden_dim: 9,
        max_input_dim: 20,
        ..of_size(true)
    };
    let error = describe(&shapes(&other), None).unwrap().unwrap_err();
    assert!(error.contains("config.json"), "{error}");
    let json = br#"{"n_phi_heads": 3, "phi_activation_fun": "gelu", "license": "mit"}"#;
    assert_eq!(describe(&shapes(&other), Some(json)), Some(Ok(other.clone())));
    let error = describe(&shapes(&other), Some(br#"{"n_phi_heads": 5}"#)).unwrap().unwrap_err();
    assert!(error.contains("n_phi_heads"), "{error}");
    let mut fewer = shapes(&other);
    fewer.remove("core.phi.encoder.0.i");
    assert_eq!(describe(&fewer, Some(json)), None);
}

#[test]
fn limits_are_refused() {
    let error = |x: usize, y: usize| of_size(false).check(x, y).unwrap_err().to_string();
    assert!(error(3, 2).contains("3 and 2 columns, expected 2 to 32 on each side and as many on both"));
    assert!(error(33, 33).contains("33 and 33") && error(1, 1).contains("1 and 1"));
    assert!([2, 32].iter().all(|d| of_size(false).check(*d, *d).is_ok()));
    let (up, down): (Vec<f64>, Vec<f64>) = (0..9).map(|i| (f64::from(i), -f64::from(i))).unzip();
    let of = |columns: &[&[f64]]| scores(&columns.iter().map(|c| c.to_vec()).collect::<Vec<_>>());
    assert_eq!(of(&[&up, &up, &down, &down]).unwrap_err(), ScoreError::Padding);
    assert!(of(&[&up, &up, &up, &down]).is_ok());
    let huge = vec![1e39; 9];
    assert!(of(&[&up, &huge, &up, &up]).unwrap_err().to_string().contains("column 1 of `x`"));
    let category = [Column::Category(&[0, 1, 2]), Column::Number(&[1.0, 2.0, 3.0])];
    assert_eq!(Scores::values(&category, &category).unwrap_err(), ScoreError::Category { side: 'x', column: 0 });
    // Normal scores are not what this network takes.
    let (network, _) = Parameters::init(3, &Device::Cpu, |vb| Reference::new(&of_size(false), vb)).unwrap();
    let scored = Scores::new(&[&up, &up], &[&up, &down]).unwrap();
    let error = network.forward(&Batch::new(&[&scored], &Device::Cpu).unwrap()).unwrap_err().to_string();
    assert!(error.contains("takes values as they are"), "{error}");
    let plain = of(&[&up, &up, &up, &down]).unwrap();
    assert!(Batch::new(&[&plain, &scored], &Device::Cpu).is_err());
}
