//! Parts of networks whose parameters are drawn from a seed.

use candle_core::{Result, Tensor};
use candle_nn::{AdamW, Init, Linear, Optimizer, ParamsAdamW, VarBuilder};
use mist_model::Parameters;

/// A linear layer: weights of variance 1 / `inputs`, no bias at first.
pub fn linear(inputs: usize, outputs: usize, vb: &VarBuilder) -> Result<Linear> {
    let stdev = (inputs as f64).sqrt().recip();
    let weight = vb.get_with_hints((outputs, inputs), "weight", Init::Randn { mean: 0.0, stdev })?;
    let bias = vb.get_with_hints(outputs, "bias", Init::Const(0.0))?;
    Ok(Linear::new(weight, Some(bias)))
}

/// AdamW over all parameters.
pub fn adam(parameters: &Parameters, lr: f64, weight_decay: f64) -> Result<AdamW> {
    let vars = parameters.iter().map(|(_, var)| var.clone()).collect();
    AdamW::new(vars, ParamsAdamW { lr, weight_decay, ..ParamsAdamW::default() })
}

/// The columns of a matrix of (rows, columns).
pub fn by_column(matrix: &Tensor) -> Result<Vec<Vec<f64>>> {
    let columns = matrix.t()?.to_vec2::<f32>()?;
    Ok(columns.into_iter().map(|column| column.into_iter().map(f64::from).collect()).collect())
}
