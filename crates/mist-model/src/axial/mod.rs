//! The axial network: equivariant in rows and in columns, linear in the number of rows.
//!
//! Cells → cross-moments between columns (attention tied over rows) → pair representation with triangle updates;
//! beside it, attention between rows; then a read-out that sums over both, and increasing quantiles.

mod cells;
mod local;
mod pairs;
mod readout;
mod rows;
#[cfg(test)]
mod tests;

pub use cells::BASIS;

use crate::ops::{self, Activation, dense, lean};
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
    /// Weights of the inputs that come last.
    more: Vec<Tensor>,
}

impl Linear {
    fn new(inputs: usize, outputs: usize, gain: f64, vb: VarBuilder) -> Result<Self> {
        Ok(Self {
            weight: weight(inputs, outputs, gain, "weight", &vb)?,
            bias: vb.get_with_hints(outputs, "bias", Init::Const(0.))?,
            more: Vec::new(),
        })
    }

    /// The same with more inputs after the others, by the names of their weights, which start at 0, so that a network which was trained
    /// without them goes on from where it was.
    fn with_more(inputs: usize, more: &[(&str, usize)], outputs: usize, gain: f64, vb: VarBuilder) -> Result<Self> {
        let start = |(name, inputs): &(&str, usize)| vb.get_with_hints((*inputs, outputs), name, Init::Const(0.));
        Ok(Self {
            more: more.iter().map(start).collect::<Result<_>>()?,
            ..Self::new(inputs, outputs, gain, vb.clone())?
        })
    }

    fn whole(&self) -> Result<Tensor> {
        if self.more.is_empty() {
            return Ok(self.weight.clone());
        }
        let parts: Vec<&Tensor> = std::iter::once(&self.weight).chain(&self.more).collect();
        Tensor::cat(&parts, 0)
    }

    fn parts(&self) -> (&Tensor, &Tensor) {
        (&self.weight, &self.bias)
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        dense(x, &self.whole()?, &self.bias, Activation::Identity)
    }

    fn gelu(&self, x: &Tensor) -> Result<Tensor> {
        dense(x, &self.whole()?, &self.bias, Activation::Gelu)
    }
}

fn weight(inputs: usize, outputs: usize, gain: f64, name: &str, vb: &VarBuilder) -> Result<Tensor> {
    let stdev = gain / (inputs as f64).sqrt();
    vb.get_with_hints((inputs, outputs), name, Init::Randn { mean: 0., stdev })
}

/// What the network says of a batch.
#[derive(Clone, Debug)]
pub struct Output {
    /// Quantiles of `ln(1 + MI in nats)` (B, T), increasing along the last axis.
    pub quantiles: Tensor,
    /// The pointwise MI of each row in nats (B, N), 0 in padding.
    pub pointwise: Tensor,
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
            rows: Rows::new(config, readout::pooled_width(config), vb.pp("rows"))?,
            readout: Readout::new(config, vb.pp("readout"))?,
        })
    }

    /// # Shapes
    /// A batch of B tasks of N rows → quantiles (B, T), T levels, and pointwise values (B, N).
    ///
    /// # Errors
    /// Tensor errors: out of memory, a device that failed; a batch without the neighbour terms that the network wants.
    pub fn forward(&self, batch: &Batch) -> Result<Output> {
        if self.pairs.wanted() && batch.pairs.is_none() {
            candle_core::bail!("the network wants what pairs of variables say, and the batch has none");
        }
        if self.rows.wants_fits() && batch.fits.is_none() {
            candle_core::bail!("the network wants what regressions say, and the batch has none");
        }
        let phi = self.cells.forward(batch)?;
        let pairs = self.pairs.forward(&phi, batch)?;
        let pooled = readout::pool(&pairs, batch)?;
        let rows = self.rows.forward(&phi, &pairs, &pooled, batch)?;
        let quantiles = self.readout.forward(&pooled, &rows, batch)?;
        Ok(Output { quantiles, pointwise: rows.pointwise.values })
    }
}

/// Sums over rows, as a product: candle's sum over an axis that is not the last takes many times as long on a CPU.
///
/// # Shapes
/// (B, N, W) → (B, W).
fn sum_rows(x: &Tensor) -> Result<Tensor> {
    let (b, n, _) = x.dims3()?;
    Tensor::ones((b, 1, n), x.dtype(), x.device())?.matmul(x)?.squeeze(1)
}

/// Inverse hyperbolic sine, exact in sign and accurate for large negative arguments.
fn asinh(x: &Tensor) -> Result<Tensor> {
    if lean(x) {
        return ops::asinh(x);
    }
    let a = x.abs()?;
    x.sign()? * (&a + (a.sqr()? + 1.0)?.sqrt()?)?.log()?
}
