//! Random numbers, matrices and tables.

use crate::Outcome;
use mist_infer::candle_core::{Device, Result, Tensor, Var};
use nalgebra::DMatrix;
use rand::Rng;
use rand::seq::index;
use rand_chacha::ChaCha8Rng;
use statrs::distribution::{ContinuousCDF, Normal};
use std::path::Path;

/// Standard normal numbers.
pub fn normal(rng: &mut ChaCha8Rng, rows: usize, columns: usize) -> DMatrix<f64> {
    let normal = Normal::standard();
    DMatrix::from_fn(rows, columns, |_, _| normal.inverse_cdf(rng.random_range(1e-12..1.0)))
}

/// A matrix as a tensor in single precision.
pub fn tensor(m: &DMatrix<f64>) -> Result<Tensor> {
    let values: Vec<f32> = m.transpose().iter().map(|v| *v as f32).collect();
    Tensor::from_vec(values, (m.nrows(), m.ncols()), &Device::Cpu)
}

/// A matrix as a variable.
pub fn variable(m: &DMatrix<f64>) -> Result<Var> {
    Var::from_tensor(&tensor(m)?)
}

/// A tensor as a matrix.
pub fn matrix(t: &Tensor) -> Result<DMatrix<f64>> {
    let rows = t.to_vec2::<f32>()?;
    Ok(DMatrix::from_fn(rows.len(), rows[0].len(), |r, c| f64::from(rows[r][c])))
}

/// Some rows at random, the same of each table.
pub fn batch<const K: usize>(rng: &mut ChaCha8Rng, tables: [&Tensor; K], rows: usize) -> Result<[Tensor; K]> {
    let n = tables[0].dim(0)?;
    let rows: Vec<u32> = index::sample(rng, n, rows.min(n)).iter().map(|r| r as u32).collect();
    let rows = Tensor::new(rows, &Device::Cpu)?;
    let picked = tables.iter().map(|t| t.index_select(&rows, 0)).collect::<Result<Vec<_>>>()?;
    Ok(picked.try_into().expect("as many as tables"))
}

/// A CSV file of numbers without a heading.
pub fn read(path: &Path) -> Outcome<DMatrix<f64>> {
    let text = std::fs::read_to_string(path)
        .map_err(|e| format!("cannot read `{}`: {e}\nhint: `scripts/mi-as-a-loss` writes it", path.display()))?;
    let mut values = Vec::new();
    for line in text.lines() {
        let row: std::result::Result<Vec<f64>, _> = line.split(',').map(str::parse).collect();
        values.push(row?);
    }
    Ok(DMatrix::from_fn(values.len(), values[0].len(), |r, c| values[r][c]))
}
