//! Attention between rows: what no pair of columns shows (interactions, clusters, low-dimensional geometry).

use super::local::{Local, Pointwise, Terms};
use super::{Linear, RESIDUAL_GAIN};
use crate::ops::{InducedLayers, attention, induced_block, lean, rms_norm, side_join, side_pool};
use crate::{AxialConfig, Batch};
use candle_core::{D, DType, Result, Tensor};
use candle_nn::{Init, VarBuilder};

/// Difference of two sides that is none, in double precision and in others.
const ROUNDING: (f64, f64) = (1e-12, 1e-5);

#[derive(Clone, Debug)]
pub(super) struct Rows {
    lift: Linear,
    join: Linear,
    inducing: Tensor,
    blocks: Vec<InducedAttention>,
    local: Box<Local>,
}

/// What the rows say.
#[derive(Clone, Debug)]
pub(super) struct Told {
    /// Tokens (B, N, W), 0 in padding.
    pub tokens: Tensor,
    /// The pointwise MI.
    pub pointwise: Pointwise,
}

/// Induced set attention (Lee et al. 2019, equation 9) with learned inducing points shared by all blocks.
#[derive(Clone, Debug)]
struct InducedAttention {
    norm1: Tensor,
    key: Linear,
    value: Linear,
    query: Linear,
    inducing_key: Linear,
    out: Linear,
    norm2: Tensor,
    mlp1: Linear,
    mlp2: Linear,
}

impl Rows {
    pub(super) fn new(c: &AxialConfig, pooled: usize, vb: VarBuilder) -> Result<Self> {
        let w = c.row_width;
        Ok(Self {
            local: Box::new(Local::new(c, pooled, vb.pp("local"))?),
            lift: Linear::new(c.channels, w, 1.0, vb.pp("lift"))?,
            join: Linear::new(2 * w, w, 1.0, vb.pp("join"))?,
            inducing: vb.get_with_hints((c.inducing, w), "inducing", Init::Randn { mean: 0., stdev: 0.3 })?,
            blocks: (0..c.row_blocks)
                .map(|i| InducedAttention::new(w, vb.pp("blocks").pp(i)))
                .collect::<Result<_>>()?,
        })
    }

    /// Whether it wants what regressions say.
    pub(super) fn wants_fits(&self) -> bool {
        self.local.wants_fits()
    }

    /// # Shapes
    /// `phi` (B, N, D, C), pairs `e` (B, D, D, E), what is pooled of them (B, ·) → tokens (B, N, W).
    pub(super) fn forward(&self, phi: &Tensor, e: &Tensor, pooled_pairs: &Tensor, batch: &Batch) -> Result<Told> {
        let both = sides(&self.lift.gelu(phi)?, batch)?;
        let Some(of_all) = &batch.neighbours else {
            candle_core::bail!("the network wants the neighbour terms of each row, and the batch has none");
        };
        let terms = &Terms { of_all, more: self.local.more_of(batch)? };
        let critic = self.local.critic(phi, e, batch)?;
        let own = self.local.tokens(terms, &critic, pooled_pairs)?;
        let mut r = batch.mask_rows((self.join.forward(&both)? + own)?)?;
        for block in &self.blocks {
            r = batch.mask_rows(block.forward(&r, &self.inducing, batch.row_mask.as_ref())?)?;
        }
        let pointwise = self.local.head(&r, terms, &critic, pooled_pairs, batch)?;
        Ok(Told { tokens: r, pointwise })
    }
}

/// Sum and absolute difference of the two sides of each row: all that is symmetric in them.
///
/// # Shapes
/// Lifted cells (B, N, D, W) → (B, N, 2W).
fn sides(lifted: &Tensor, batch: &Batch) -> Result<Tensor> {
    let scale = batch.mean_dim()?.sqrt()?;
    if lean(lifted) {
        return side_join(lifted, &batch.side, &scale);
    }
    let pooled = side_pool(lifted, &batch.side)?;
    let (x, y) = (pooled.narrow(2, 0, 1)?.squeeze(2)?, pooled.narrow(2, 1, 1)?.squeeze(2)?);
    let apart = (&x - &y)?;
    // Where the data has a gradient, rows with one rank on both sides sit on the kink of the absolute value.
    let apart = if batch.z.track_op() { kinked(&apart)? } else { apart.abs()? };
    Tensor::cat(&[(x + y)?, apart], D::Minus1)?.broadcast_div(&scale.reshape(((), 1, 1))?)
}

/// The absolute value, with a gradient of 0 where that is 0 but for rounding; candle's is ±1 there.
fn kinked(x: &Tensor) -> Result<Tensor> {
    let size = x.abs()?.detach();
    let rounding = if x.dtype() == DType::F64 { ROUNDING.0 } else { ROUNDING.1 };
    let sign = (x.detach().sign()? * size.gt(rounding)?.to_dtype(x.dtype())?)?;
    &size + ((x - x.detach())? * sign)?
}

impl InducedAttention {
    fn new(w: usize, vb: VarBuilder) -> Result<Self> {
        Ok(Self {
            norm1: vb.get_with_hints(w, "norm1", Init::Const(1.))?,
            key: Linear::new(w, w, 1.0, vb.pp("key"))?,
            value: Linear::new(w, w, 1.0, vb.pp("value"))?,
            query: Linear::new(w, w, 1.0, vb.pp("query"))?,
            inducing_key: Linear::new(w, w, 1.0, vb.pp("inducing_key"))?,
            out: Linear::new(w, w, RESIDUAL_GAIN, vb.pp("out"))?,
            norm2: vb.get_with_hints(w, "norm2", Init::Const(1.))?,
            mlp1: Linear::new(w, 2 * w, 1.0, vb.pp("mlp1"))?,
            mlp2: Linear::new(2 * w, w, RESIDUAL_GAIN, vb.pp("mlp2"))?,
        })
    }

    /// The maps of keys, values and answers act on the M inducing points and not on the N rows, which is the same: a point times a
    /// mapped row is a mapped point times the row, and the weighted mean of mapped rows is the map of their mean.
    ///
    /// # Shapes
    /// Tokens `r` (B, N, W), inducing points (M, W), `rows` (B, N) 1 for a row and 0 for padding → (B, N, W).
    fn forward(&self, r: &Tensor, inducing: &Tensor, rows: Option<&Tensor>) -> Result<Tensor> {
        if rows.is_none() && lean(r) {
            return induced_block(r, &self.layers(inducing));
        }
        let x = rms_norm(r, &self.norm1)?;
        // The bias of the keys adds the same to all rows, which a softmax does not see: times 0 it keeps its gradient, 0.
        let queries =
            inducing.matmul(&self.key.weight.t()?)?.broadcast_add(&(&self.key.bias * self.key.bias.zeros_like()?)?)?;
        let queries = queries.unsqueeze(0)?.repeat((x.dim(0)?, 1, 1))?;
        let points = self.value.forward(&attention(&queries, &x, &x, 1, rows)?)?;
        let answers = self.out.forward(&points)?;
        let r = (r + attention(&self.query.forward(&x)?, &self.inducing_key.forward(&points)?, &answers, 1, None)?)?;
        let x = rms_norm(&r, &self.norm2)?;
        r + self.mlp2.forward(&self.mlp1.gelu(&x)?)?
    }

    fn layers<'a>(&'a self, inducing: &'a Tensor) -> InducedLayers<'a> {
        InducedLayers {
            norm1: &self.norm1,
            inducing,
            key: &self.key.weight,
            value: self.value.parts(),
            query: self.query.parts(),
            inducing_key: self.inducing_key.parts(),
            out: self.out.parts(),
            norm2: &self.norm2,
            mlp1: self.mlp1.parts(),
            mlp2: self.mlp2.parts(),
        }
    }
}
