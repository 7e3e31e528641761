//! Forward and backward of each hot operation: `cargo bench -p mist-model --bench ops`.
//!
//! Every operation is measured in its fused form (f32) at the shapes of one large task, the training's dearest.

use candle_core::{Device, Tensor, Var};
use divan::Bencher;
use mist_model::ops::{
    Activation, CellLayers, PairLayers, cell_network, dense, moments, pair_block, side_pool, standardise, triangle,
};
use mist_model::scores::neighbour_terms;

const N: usize = 320;
const D: usize = 64;
const C: usize = 12;
const E: usize = 32;
const W: usize = 48;

fn main() {
    divan::main();
}

fn random(shape: &[usize]) -> Var {
    Var::from_tensor(&Tensor::randn(0f32, 1.0, shape, &Device::Cpu).unwrap()).unwrap()
}

/// Forward, and backward from a gradient of ones.
fn both(bencher: Bencher, f: impl Fn() -> candle_core::Result<Tensor>) {
    bencher.bench_local(|| f().unwrap().sum_all().unwrap().backward().unwrap());
}

fn side() -> Tensor {
    let values: Vec<f32> = (0..D).map(|i| if i < D / 2 { 1.0 } else { -1.0 }).collect();
    Tensor::from_vec(values, (1, D), &Device::Cpu).unwrap()
}

#[divan::bench]
fn cells(bencher: Bencher) {
    let shapes = [(7, 24), (24, 24), (72, 48), (48, 48), (48, C)];
    let weights: Vec<(Var, Var)> = shapes.iter().map(|&(i, o)| (random(&[i, o]), random(&[o]))).collect();
    let x = random(&[1, N, D, 7]);
    let side = side();
    both(bencher, || {
        let l = |i: usize| (weights[i].0.as_tensor(), weights[i].1.as_tensor());
        let layers = CellLayers { expand: l(0), context: l(1), mix1: l(2), mix2: l(3), project: l(4) };
        cell_network(&x, &side, None, false, &layers, 6)
    });
}

#[divan::bench]
fn standardise_cells(bencher: Bencher) {
    let x = random(&[1, N, D * C]);
    both(bencher, || standardise(&x, None));
}

#[divan::bench]
fn moments_of_cells(bencher: Bencher) {
    let (x, n) = (random(&[1, N, D, C]), Tensor::new(&[N as f32], &Device::Cpu).unwrap());
    both(bencher, || moments(&x, &n));
}

#[divan::bench]
fn lift_and_pool(bencher: Bencher) {
    let (x, w, b, side) = (random(&[1, N, D, C]), random(&[C, W]), random(&[W]), side());
    both(bencher, || side_pool(&dense(&x, &w, &b, Activation::Gelu)?, &side));
}

#[divan::bench]
fn triangle_pairs(bencher: Bencher) {
    let (a, b) = (random(&[1, D, D, E]), random(&[1, D, D, E]));
    both(bencher, || triangle(&a, &b));
}

#[divan::bench]
fn block_over_pairs(bencher: Bencher) {
    let e = random(&[1, D, D, E]);
    let root = Tensor::new(&[8f32], &Device::Cpu).unwrap();
    let gain = random(&[E]);
    let weights: Vec<(Var, Var)> = [(E, E), (E, E), (E, E), (E, E), (E, 2 * E), (E, 2 * E), (E, 2 * E), (2 * E, E)]
        .iter()
        .map(|&(i, o)| (random(&[i, o]), random(&[o])))
        .collect();
    both(bencher, || {
        let l = |i: usize| (weights[i].0.as_tensor(), weights[i].1.as_tensor());
        let layers = PairLayers {
            norm1: &gain,
            left: l(0),
            right: l(1),
            gate: l(2),
            out: l(3),
            norm2: &gain,
            mlp1: l(4),
            mlp1_row: &weights[5].0,
            mlp1_col: &weights[6].0,
            mlp2: l(7),
        };
        pair_block(&e, &root, None, &layers)
    });
}

/// Neighbour terms of one task: rows, columns of a side.
#[divan::bench(args = [(100, 1), (500, 1), (500, 5), (500, 32), (2000, 1), (2000, 5), (8000, 1)])]
fn neighbours(bencher: Bencher, (n, dims): (usize, usize)) {
    let side = || -> Vec<Vec<f32>> { (0..dims).map(|_| random(&[n]).to_vec1().unwrap()).collect() };
    let (x, y) = (side(), side());
    bencher.bench_local(|| neighbour_terms(&x, &y, &[1, 3, 8, 24]));
}
