//! The network as a whole: gradients of every parameter, padding, and what comes out.

use super::Axial;
use crate::scores::{PAIR_TERMS, PairTerms};
use crate::{AxialConfig, Batch, Column, LocalConfig, Parameters, Scores, pinball};
use candle_core::{DType, Device, Result, Tensor, Var};
use candle_nn::VarBuilder;
use rand::{Rng, SeedableRng, rngs::StdRng};
use std::collections::{BTreeMap, HashMap};

const ORDERS: [usize; 4] = [1, 3, 8, 24];

fn tiny() -> AxialConfig {
    AxialConfig {
        local: LocalConfig { neighbours: ORDERS.to_vec(), pairs: true, fits: true, critic_channels: 5, head_width: 6 },
        channels: 7,
        cell_width: 5,
        mix_width: 6,
        pair_channels: 6,
        pair_blocks: 2,
        row_width: 5,
        row_blocks: 2,
        inducing: 3,
        readout_width: 9,
        taus: vec![0.1, 0.5, 0.9],
    }
}

fn default_with_pairs() -> AxialConfig {
    let mut config = AxialConfig::default();
    (config.local.pairs, config.local.fits) = (true, true);
    config
}

/// A network whose weights for what pairs and regressions say are away from the 0 that they start at.
fn with_pairs(seed: u64) -> Axial {
    let (net, parameters) = Parameters::init(seed, &Device::Cpu, |vb| Axial::new(&default_with_pairs(), vb)).unwrap();
    for (name, var) in parameters.iter().filter(|(name, _)| {
        [".more", ".fits", ".gain", ".beside"].iter().any(|end| name.ends_with(end))
            || (name.contains("gate") && name.contains("out"))
    }) {
        let start = Tensor::randn(0f32, 0.2, var.shape(), &Device::Cpu).unwrap();
        var.set(&start).unwrap_or_else(|e| panic!("{name}: {e}"));
    }
    net
}

fn task(n: usize, dim_x: usize, dim_y: usize, seed: u64) -> Scores {
    let mut rng = StdRng::seed_from_u64(seed);
    let common: Vec<f64> = (0..n).map(|_| rng.random_range(-1.0..1.0)).collect();
    let mut columns = |d: usize| -> Vec<Vec<f64>> {
        (0..d).map(|_| common.iter().map(|c| c + rng.random_range(-1.0..1.0)).collect()).collect()
    };
    let (x, mut y) = (columns(dim_x), columns(dim_y));
    // One column with ties, and on wide sides a category of three values.
    y[0].iter_mut().for_each(|v| *v = (*v * 2.0).round());
    let codes: Vec<u32> = common.iter().map(|c| ((c + 1.0) * 1.5) as u32).collect();
    let mut x: Vec<Column> = x.iter().map(|c| Column::Number(c)).collect();
    let y: Vec<Column> = y.iter().map(|c| Column::Number(c)).collect();
    if dim_x > 2 {
        x[1] = Column::Category(&codes);
    }
    let mut scores = Scores::of(&x, &y).unwrap().with_neighbours(&ORDERS).with_pairs(&ORDERS, true);
    // So few rows predict nothing.
    let fits = (0..n * 3 * ORDERS.len()).map(|_| rng.random_range(-1.0..3.0)).collect();
    scores.pairs.as_mut().unwrap().fits = Some(fits);
    scores
}

fn quantiles(net: &Axial, batch: &Batch) -> Vec<Vec<f32>> {
    net.forward(batch).unwrap().quantiles.to_dtype(DType::F32).unwrap().to_vec2().unwrap()
}

#[test]
fn every_parameter_gradient_by_differences() -> Result<()> {
    let (dev, config) = (Device::Cpu, &tiny());
    let (_, parameters) = Parameters::init(3, &dev, |vb| Axial::new(config, vb))?;
    // Away from 0, where the gradients of ties and biases would be untested.
    let mut rng = StdRng::seed_from_u64(1);
    let mut vars: BTreeMap<String, Var> = BTreeMap::new();
    for (name, var) in parameters.iter() {
        let noise: Vec<f64> = (0..var.elem_count()).map(|_| rng.random_range(-0.2..0.2)).collect();
        let t = (var.to_dtype(DType::F64)? + Tensor::from_vec(noise, var.shape(), &dev)?)?;
        vars.insert(name.to_string(), Var::from_tensor(&t)?);
    }
    // Two padded tasks of unequal sides, so that every mask is on the path.
    let tasks = [task(11, 3, 1, 1), task(9, 1, 3, 2)];
    let batch = Batch::padded(&[&tasks[0], &tasks[1]], 12, 7, &dev)?.to_dtype(DType::F64)?;
    let mi = Tensor::new(&[0.4f64, 2.0], &dev)?;
    let loss = || {
        let map: HashMap<String, Tensor> = vars.iter().map(|(k, v)| (k.clone(), v.as_tensor().clone())).collect();
        let net = Axial::new(config, VarBuilder::from_tensors(map, DType::F64, &dev))?;
        let out = net.forward(&batch)?;
        let loss = pinball(&out.quantiles, &mi, &config.taus, 0.1)?.mean_all()?;
        // The values of padding rows are constants, and those of real rows are on the path by more than their mean.
        loss + (out.pointwise.sqr()?.mean_all()? * 0.1)?
    };
    let grads = loss()?.backward()?;
    for (name, var) in &vars {
        let grad = grads.get(var.as_tensor()).unwrap_or_else(|| panic!("no gradient reaches {name}"));
        let grad = grad.flatten_all()?.to_vec1::<f64>()?;
        let base = var.flatten_all()?.to_vec1::<f64>()?;
        let scale = grad.iter().fold(1e-6f64, |m, g| m.max(g.abs()));
        for _ in 0..2 {
            let (k, h) = (rng.random_range(0..base.len()), 1e-6);
            let at = |delta: f64| -> Result<f64> {
                let mut moved = base.clone();
                moved[k] += delta;
                var.set(&Tensor::from_vec(moved, var.shape(), &dev)?)?;
                loss()?.to_scalar()
            };
            let slope = (at(h)? - at(-h)?) / (2.0 * h);
            var.set(&Tensor::from_vec(base.clone(), var.shape(), &dev)?)?;
            assert!((slope - grad[k]).abs() < 1e-3 * scale + 1e-9, "{name}[{k}]: {} against {slope}", grad[k]);
        }
    }
    Ok(())
}

#[test]
fn padding_changes_no_answer() {
    let dev = Device::Cpu;
    let net = with_pairs(1);
    let tasks = [task(40, 3, 2, 5), task(23, 1, 1, 6), task(31, 2, 6, 7)];
    let refs: Vec<&Scores> = tasks.iter().collect();
    let together = quantiles(&net, &Batch::new(&refs, &dev).unwrap());
    let wide = quantiles(&net, &Batch::padded(&refs, 57, 13, &dev).unwrap());
    for (i, t) in tasks.iter().enumerate() {
        let alone = &quantiles(&net, &Batch::new(&[t], &dev).unwrap())[0];
        for (padded, what) in [(&together[i], "together"), (&wide[i], "wide")] {
            for (a, b) in alone.iter().zip(padded) {
                assert!((a - b).abs() < 2e-5 * (1.0 + a.abs()), "task {i} {what}: {a} against {b}");
            }
        }
    }
}

#[test]
fn padding_columns_change_no_answer_and_no_gradient() -> Result<()> {
    // Padding of columns alone takes the fused path.
    let dev = Device::Cpu;
    let config = tiny();
    let (net, parameters) = Parameters::init(5, &dev, |vb| Axial::new(&config, vb))?;
    let (a, b) = (task(30, 1, 1, 3), task(30, 3, 2, 4));
    let run = |batch: &Batch| -> Result<(Tensor, Vec<f32>)> {
        let q = net.forward(batch)?.quantiles;
        let grads = q.narrow(0, 0, 1)?.sum_all()?.backward()?;
        let all: Vec<Tensor> =
            parameters.iter().map(|(_, v)| grads.get(v.as_tensor()).unwrap().flatten_all()).collect::<Result<_>>()?;
        Ok((q, Tensor::cat(&all, 0)?.to_vec1()?))
    };
    let (alone, grads) = run(&Batch::new(&[&a], &dev)?)?;
    let (beside, others) = run(&Batch::new(&[&a, &b], &dev)?)?;
    let difference = (alone.get(0)? - beside.get(0)?)?.abs()?.max_all()?.to_scalar::<f32>()?;
    assert!(difference < 2e-5, "{difference}");
    let largest = grads.iter().fold(0f32, |m, g| m.max(g.abs()));
    for (a, b) in grads.iter().zip(&others) {
        assert!((a - b).abs() < 1e-4 * largest, "{a} against {b}");
    }
    Ok(())
}

/// The form for answers alone, of constant weights, against plain operations in f64: the tasks are larger than a tile.
#[test]
fn answers_are_those_of_plain_operations() -> Result<()> {
    let (dev, config) = (Device::Cpu, default_with_pairs());
    let (_, parameters) = Parameters::init(6, &dev, |vb| Axial::new(&config, vb))?;
    let mut rng = StdRng::seed_from_u64(8);
    let mut values: HashMap<String, Tensor> = HashMap::new();
    for (name, var) in parameters.iter() {
        // Away from 0, as biases are at first.
        let noise: Vec<f32> = (0..var.elem_count()).map(|_| rng.random_range(-0.05..0.05)).collect();
        let value = (var.as_detached_tensor() + Tensor::from_vec(noise, var.shape(), &dev)?)?;
        values.insert(name.to_string(), value);
    }
    let net = |dtype| Axial::new(&config, VarBuilder::from_tensors(values.clone(), dtype, &dev));
    let (single, double) = (net(DType::F32)?, net(DType::F64)?);
    let tasks = |dim_x, dim_y| [task(300, dim_x, dim_y, 9), task(300, dim_x, dim_y, 10)];
    for tasks in [tasks(1, 1), tasks(3, 2)] {
        let batch = Batch::new(&[&tasks[0], &tasks[1]], &dev)?;
        let (got, want) = (single.forward(&batch)?, double.forward(&batch.to_dtype(DType::F64)?)?);
        assert!(!got.quantiles.track_op(), "nothing is kept for a gradient");
        for (got, want) in [(got.quantiles, want.quantiles), (got.pointwise, want.pointwise)] {
            let want = want.flatten_all()?.to_vec1::<f64>()?;
            for (got, want) in got.flatten_all()?.to_vec1::<f32>()?.into_iter().zip(want) {
                assert!((f64::from(got) - want).abs() < 1e-4 * (1.0 + want.abs()), "{got} against {want}");
            }
        }
    }
    Ok(())
}

#[test]
fn swapping_sides_and_permuting_columns_and_rows_changes_no_answer() {
    let dev = Device::Cpu;
    let net = with_pairs(2);
    let answer = |s: &Scores| quantiles(&net, &Batch::new(&[s], &dev).unwrap()).remove(0);
    let s = task(50, 4, 2, 8);
    let (d, k) = (s.dim_x + s.dim_y, 12);
    let pick = |rows: &dyn Fn(usize) -> usize, columns: &[usize], dim_x: usize| {
        let at = |v: &[f32]| -> Vec<f32> {
            (0..s.n).flat_map(|r| columns.iter().map(move |c| v[rows(r) * d + c])).collect()
        };
        let (terms, pairs) = (s.neighbours.as_ref().unwrap(), s.pairs.as_ref().unwrap());
        Scores {
            n: s.n,
            dim_x,
            dim_y: d - dim_x,
            z: at(&s.z),
            ties: at(&s.ties),
            block: columns.iter().map(|c| s.block[*c]).collect(),
            codes: s.codes.clone(),
            free: s.free.clone(),
            neighbours: Some((0..s.n).flat_map(|r| terms[rows(r) * k..][..k].to_vec()).collect()),
            pairs: Some(PairTerms {
                columns: (columns.iter())
                    .flat_map(|i| {
                        columns.iter().flat_map(move |j| &pairs.columns[(i * d + j) * PAIR_TERMS..][..PAIR_TERMS])
                    })
                    .copied()
                    .collect(),
                rows: (0..s.n).flat_map(|r| &pairs.rows[rows(r) * 4..][..4]).copied().collect(),
                groups: Vec::new(),
                fits: Some(
                    (0..s.n).flat_map(|r| &pairs.fits.as_ref().unwrap()[rows(r) * 12..][..12]).copied().collect(),
                ),
            }),
            scored: s.scored,
        }
    };
    assert_eq!(s.block, [0, 1, 1, 1, 0, 0, 0, 0]);
    let base = answer(&s);
    let same: Vec<usize> = (0..d).collect();
    for (what, other) in [
        ("sides", pick(&|r| r, &[6, 7, 0, 1, 2, 3, 4, 5], 2)),
        ("columns", pick(&|r| r, &[2, 0, 1, 5, 4, 3, 7, 6], 6)),
        ("rows", pick(&|r| (r * 7 + 3) % 50, &same, 6)),
    ] {
        for (a, b) in base.iter().zip(&answer(&other)) {
            assert!((a - b).abs() < 2e-5 * (1.0 + a.abs()), "{what}: {a} against {b}");
        }
    }
}

#[test]
fn quantiles_are_finite_and_ordered_on_extreme_data() {
    let dev = Device::Cpu;
    let config = AxialConfig::default();
    let (net, _) = Parameters::init(4, &dev, |vb| Axial::new(&config, vb)).unwrap();
    let line: Vec<f64> = (0..200).map(f64::from).collect();
    let flat = vec![1.0; 200];
    let two: Vec<f64> = line.iter().map(|v| v % 2.0).collect();
    for (x, y) in [(&line, &line), (&flat, &line), (&two, &two), (&flat, &flat), (&two, &line)] {
        let many: Vec<&[f64]> = vec![x; 20];
        for s in [Scores::new(&[x], &[y]).unwrap(), Scores::new(&many, &[y]).unwrap()] {
            let s = s.with_neighbours(&ORDERS);
            let q = &quantiles(&net, &Batch::new(&[&s], &dev).unwrap())[0];
            assert!(q.iter().all(|v| v.is_finite()) && q.windows(2).all(|w| w[0] <= w[1]), "{q:?}");
        }
    }
}
