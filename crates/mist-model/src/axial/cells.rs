//! From a normal score to the feature channels of its cell.

use super::Linear;
use crate::ops::{CellLayers, cell_inputs, cell_network, lean, standardise};
use crate::{AxialConfig, Batch};
use candle_core::{D, Result, Tensor};
use candle_nn::{Init, VarBuilder};

/// Fixed functions of a normal score that head the feature channels.
pub const BASIS: usize = 6;

/// Shared network φ on each cell and on the sum over its own side of the row.
#[derive(Clone, Debug)]
pub(super) struct Cells {
    expand: Linear,
    ties: Tensor,
    indicator: Tensor,
    context: Linear,
    mix1: Linear,
    mix2: Linear,
    project: Linear,
    channels: usize,
}

impl Cells {
    pub(super) fn new(c: &AxialConfig, vb: VarBuilder) -> Result<Self> {
        let (h, u) = (c.cell_width, c.mix_width);
        Ok(Self {
            expand: Linear::new(BASIS, h, (BASIS as f64 / (BASIS + 1) as f64).sqrt(), vb.pp("expand"))?,
            // Starts at 0 and stays there until training has ties in it, so that a network which never saw any reads
            // them as the mid-ranks that they are.
            ties: vb.get_with_hints((1, h), "ties", Init::Const(0.))?,
            indicator: vb.get_with_hints((1, h), "indicator", Init::Const(0.))?,
            context: Linear::new(h, h, 1.0, vb.pp("context"))?,
            mix1: Linear::new(3 * h, u, 1.0, vb.pp("mix1"))?,
            mix2: Linear::new(u, u, 1.0, vb.pp("mix2"))?,
            project: Linear::new(u, c.channels, 1.0, vb.pp("project"))?,
            channels: c.channels,
        })
    }

    /// Centred and scaled features, 0 in padding.
    ///
    /// # Shapes
    /// → (B, N, D, C).
    pub(super) fn forward(&self, batch: &Batch) -> Result<Tensor> {
        let (b, n, d) = batch.z.dims3()?;
        let mask = batch.cell_mask()?;
        let indicators = batch.indicators()?;
        let inputs = if lean(&batch.z) {
            cell_inputs(&batch.z, &batch.ties, &indicators.squeeze(2)?)?
        } else {
            let indicators = indicators.unsqueeze(1)?.broadcast_as((b, n, d, 1))?.contiguous()?;
            Tensor::cat(&[basis(&batch.z)?, batch.ties.unsqueeze(3)?, indicators], D::Minus1)?
        };
        let weight = Tensor::cat(&[&self.expand.weight, &self.ties, &self.indicator], 0)?;
        let layers = CellLayers {
            expand: (&weight, &self.expand.bias),
            context: self.context.parts(),
            mix1: self.mix1.parts(),
            mix2: self.mix2.parts(),
            project: self.project.parts(),
        };
        let phi = cell_network(&inputs, &batch.side, mask.as_ref(), batch.row_mask.is_some(), &layers, BASIS)?;
        let phi = standardise(&phi.reshape((b, n, d * self.channels))?, batch.row_mask.as_ref())?;
        phi.reshape((b, n, d, self.channels))
    }
}

/// `z`, the Hermite polynomials He₂ and He₃ scaled to about unit variance, and three bounded functions.
///
/// For a Gaussian copula `corr(He_k(x), He_k(y)) = ρ^k` (Mehler 1866), so that the moments of these channels carry
/// the expansion of the copula density.
fn basis(z: &Tensor) -> Result<Tensor> {
    let z = z.unsqueeze(3)?;
    let (z2, z3) = (z.sqr()?, (&z * 3.0)?);
    let he2 = z2.affine(1.0 / 1.4, -1.0 / 1.4)?;
    let he3 = (z2.affine(1.0 / 2.4, -3.0 / 2.4)? * &z)?;
    Tensor::cat(&[&z, &he2, &he3, &z3.tanh()?, &z3.cos()?, &z3.sin()?], D::Minus1)
}
