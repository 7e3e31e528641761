//! The pair representation: what each pair of columns says, refined by what all paths between them say.

use super::{Linear, RESIDUAL_GAIN, weight};
use crate::ops::{PairLayers, moments, pair_block};
use crate::scores::PAIR_TERMS;
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
            embed: Linear::with_more(
                2 * c.channels + 5,
                if c.local.pairs { &[(super::local::PAIRS, PAIR_TERMS)] } else { &[] },
                e,
                1.0,
                vb.pp("embed"),
            )?,
            blocks: (0..c.pair_blocks).map(|l| Block::new(e, vb.pp("blocks").pp(l))).collect::<Result<_>>()?,
        })
    }

    /// Whether it wants what pairs of variables say.
    pub(super) fn wanted(&self) -> bool {
        !self.embed.more.is_empty()
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
        let mut inputs =
            vec![moments(phi, &batch.n)?, same, full(eye)?, full(log_n)?, full(log_d)?, batch.same_block()?];
        if let (true, Some((of_columns, _))) = (self.wanted(), &batch.pairs) {
            inputs.push(of_columns.clone());
        }
        let mask = batch.pair_mask()?;
        let columns = batch.columns()?;
        let root = (batch.mean_dim()? * 2.0)?.sqrt()?;
        let e = self.embed.forward(&Tensor::cat(&inputs, D::Minus1)?)?;
        let mut e = match &mask {
            Some(m) => e.broadcast_mul(m)?,
            None => e,
        };
        for block in &self.blocks {
            e = pair_block(&e, &root, mask.as_ref().zip(columns.as_ref()), &block.layers())?;
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

    fn layers(&self) -> PairLayers<'_> {
        PairLayers {
            norm1: &self.norm1,
            left: self.left.parts(),
            right: self.right.parts(),
            gate: self.gate.parts(),
            out: self.out.parts(),
            norm2: &self.norm2,
            mlp1: self.mlp1.parts(),
            mlp1_row: &self.mlp1_row,
            mlp1_col: &self.mlp1_col,
            mlp2: self.mlp2.parts(),
        }
    }
}
