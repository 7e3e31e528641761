//! The pair representation: what each pair of columns says, refined by what all paths between them say.

use super::{Linear, RESIDUAL_GAIN, weight};
use crate::ops::{Activation, dense, moments, pair_gelu, rms_norm, sym_gate, symmetrise, triangle};
use crate::{AxialConfig, Batch};
use candle_core::{D, Result, Tensor};
use candle_nn::{Init, VarBuilder};

#[derive(Clone, Debug)]
pub(super) struct Pairs {
    embed: Linear,
    blocks: Vec<Block>,
}

#[derive(Clone, Debug)]
struct Block {
    norm1: Tensor,
    left: Linear,
    right: Linear,
    gate: Linear,
    out: Linear,
    norm2: Tensor,
    mlp1: Linear,
    mlp1_row: Tensor,
    mlp1_col: Tensor,
    mlp2: Linear,
}

impl Pairs {
    pub(super) fn new(c: &AxialConfig, vb: VarBuilder) -> Result<Self> {
        let e = c.pair_channels;
        Ok(Self {
            embed: Linear::new(2 * c.channels + 4, e, 1.0, vb.pp("embed"))?,
            blocks: (0..c.pair_blocks).map(|l| Block::new(e, vb.pp("blocks").pp(l))).collect::<Result<_>>()?,
        })
    }

    /// # Shapes
    /// `phi` (B, N, D, C) → (B, D, D, E), symmetric, 0 in padding.
    pub(super) fn forward(&self, phi: &Tensor, batch: &Batch) -> Result<Tensor> {
        let (b, d) = batch.side.dims2()?;
        let full = |t: Tensor| t.broadcast_as((b, d, d, 1));
        let same = batch.side.unsqueeze(2)?.broadcast_mul(&batch.side.unsqueeze(1)?)?.unsqueeze(3)?;
        let eye = Tensor::eye(d, phi.dtype(), phi.device())?.reshape((1, d, d, 1))?;
        let log_n = batch.n.log()?.affine(1.0 / 3.0, -1.5)?.reshape((b, 1, 1, 1))?;
        let log_d = (batch.mean_dim()?.log()? * 0.5)?.reshape((b, 1, 1, 1))?;
        let inputs = [moments(phi, &batch.n)?, same, full(eye)?, full(log_n)?, full(log_d)?];
        let mask = batch.pair_mask()?;
        let masked = |t: Tensor| match &mask {
            Some(m) => t.broadcast_mul(m),
            None => Ok(t),
        };
        let root = (batch.mean_dim()? * 2.0)?.sqrt()?;
        let mut e = masked(self.embed.forward(&Tensor::cat(&inputs, D::Minus1)?)?)?;
        for block in &self.blocks {
            e = block.forward(&e, &root, &masked)?;
        }
        Ok(e)
    }
}

impl Block {
    fn new(e: usize, vb: VarBuilder) -> Result<Self> {
        // The first layer of the MLP sees the pair and the means of its row and of its column: three weights in
        // place of one on their concatenation, since two of the products are then linear in D, not quadratic.
        let third = 1.0 / 3f64.sqrt();
        let mlp1 = vb.pp("mlp1");
        Ok(Self {
            norm1: vb.get_with_hints(e, "norm1", Init::Const(1.))?,
            left: Linear::new(e, e, 1.0, vb.pp("left"))?,
            right: Linear::new(e, e, 1.0, vb.pp("right"))?,
            gate: Linear::new(e, e, 1.0, vb.pp("gate"))?,
            out: Linear::new(e, e, RESIDUAL_GAIN, vb.pp("out"))?,
            norm2: vb.get_with_hints(e, "norm2", Init::Const(1.))?,
            mlp1_row: weight(e, 2 * e, third, "weight_row", &mlp1)?,
            mlp1_col: weight(e, 2 * e, third, "weight_col", &mlp1)?,
            mlp1: Linear::new(e, 2 * e, third, mlp1)?,
            mlp2: Linear::new(2 * e, e, RESIDUAL_GAIN, vb.pp("mlp2"))?,
        })
    }

    /// `root` (B): √(2·mean dimension), which keeps sums over columns of the order of one.
    fn forward(&self, e: &Tensor, root: &Tensor, masked: &dyn Fn(Tensor) -> Result<Tensor>) -> Result<Tensor> {
        let b = e.dim(0)?;
        let x = rms_norm(e, &self.norm1)?;
        let (left, right) = (masked(self.left.forward(&x)?)?, masked(self.right.forward(&x)?)?);
        let y = triangle(&left, &right)?.broadcast_div(&root.reshape((b, 1, 1, 1))?)?;
        let y = sym_gate(&y, &self.gate.forward(&x)?)?;
        let e = (e + masked(self.out.forward(&y)?)?)?;

        let x = rms_norm(&e, &self.norm2)?;
        let row = masked(x.clone())?.sum(2)?.broadcast_div(&root.reshape((b, 1, 1))?)?;
        let zero = self.mlp1.bias.zeros_like()?;
        let by_row = dense(&row, &self.mlp1_row, &zero, Activation::Identity)?;
        let by_col = dense(&row, &self.mlp1_col, &zero, Activation::Identity)?;
        let u = pair_gelu(&self.mlp1.forward(&x)?, &by_row, &by_col)?;
        e + masked(symmetrise(&self.mlp2.forward(&u)?)?)?
    }
}
