//! The axial network: equivariant in rows and in columns, linear in the number of rows.
//!
//! Cells → cross-moments between columns (attention tied over rows) → pair representation with triangle updates;
//! beside it, attention between rows; then a read-out that sums over both, and a monotone quantile head.

mod cells;
mod pairs;
mod readout;
mod rows;
#[cfg(test)]
mod tests;

pub use cells::BASIS;

use crate::ops::{Activation, dense};
use crate::{AxialConfig, Batch};
use candle_core::{Result, Tensor};
use candle_nn::{Init, VarBuilder};
use cells::Cells;
use pairs::Pairs;
use readout::Readout;
use rows::Rows;

/// Residual branches start small, so that a deep stack starts near the identity.
const RESIDUAL_GAIN: f64 = 0.3;

/// An affine map with its weight (in, out) and bias (out).
#[derive(Clone, Debug)]
struct Linear {
    weight: Tensor,
    bias: Tensor,
}

impl Linear {
    fn new(inputs: usize, outputs: usize, gain: f64, vb: VarBuilder) -> Result<Self> {
        Ok(Self {
            weight: weight(inputs, outputs, gain, "weight", &vb)?,
            bias: vb.get_with_hints(outputs, "bias", Init::Const(0.))?,
        })
    }

    fn parts(&self) -> (&Tensor, &Tensor) {
        (&self.weight, &self.bias)
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        dense(x, &self.weight, &self.bias, Activation::Identity)
    }

    fn gelu(&self, x: &Tensor) -> Result<Tensor> {
        dense(x, &self.weight, &self.bias, Activation::Gelu)
    }
}

fn weight(inputs: usize, outputs: usize, gain: f64, name: &str, vb: &VarBuilder) -> Result<Tensor> {
    let stdev = gain / (inputs as f64).sqrt();
    vb.get_with_hints((inputs, outputs), name, Init::Randn { mean: 0., stdev })
}

/// The network. Cheap to clone: clones share their weights.
#[derive(Clone, Debug)]
pub struct Axial {
    cells: Cells,
    pairs: Pairs,
    rows: Rows,
    readout: Readout,
}

impl Axial {
    /// Builds the network from named parameters.
    ///
    /// # Errors
    /// A parameter that is missing or has another shape.
    pub fn new(config: &AxialConfig, vb: VarBuilder) -> Result<Self> {
        Ok(Self {
            cells: Cells::new(config, vb.pp("cells"))?,
            pairs: Pairs::new(config, vb.pp("pairs"))?,
            rows: Rows::new(config, vb.pp("rows"))?,
            readout: Readout::new(config, vb.pp("readout"))?,
        })
    }

    /// Quantiles of `ln(1 + MI in nats)`, increasing along the last axis.
    ///
    /// # Shapes
    /// A batch of B tasks → (B, T), T levels.
    ///
    /// # Errors
    /// Tensor errors: out of memory, a device that failed.
    pub fn forward(&self, batch: &Batch) -> Result<Tensor> {
        let phi = self.cells.forward(batch)?;
        let pairs = self.pairs.forward(&phi, batch)?;
        let rows = self.rows.forward(&phi, batch)?;
        self.readout.forward(&pairs, &rows, batch)
    }
}
