//! From pairs and rows to quantiles.

use super::local::Local;
use super::rows::Told;
use super::{Linear, RESIDUAL_GAIN, asinh, sum_rows};
use crate::quantile::{centred, softplus};
use crate::{AxialConfig, Batch};
use candle_core::{D, Result, Tensor};
use candle_nn::VarBuilder;

/// Pooled views of the pair representation that the read-out sees.
const VIEWS: usize = 8;
/// Scalars about the shape of the data that it sees.
const SHAPE_FEATURES: usize = 5;

/// Width of what [`pool`] gives.
pub(super) fn pooled_width(c: &AxialConfig) -> usize {
    VIEWS * c.pair_channels + SHAPE_FEATURES
}

/// Sums and maxima of the pair representation, and the shape of the data.
///
/// # Shapes
/// `e` (B, D, D, E) → (B, 8E + 5).
pub(super) fn pool(e: &Tensor, batch: &Batch) -> Result<Tensor> {
    let (b, d, _, channels) = e.dims4()?;
    let e = e.reshape((b, d * d, channels))?;
    let across = batch.across()?.reshape((b, 1, d * d))?;
    let eye = Tensor::eye(d, e.dtype(), e.device())?.reshape((1, 1, d * d))?.broadcast_as((b, 1, d * d))?;
    // Padding pairs hold 0, so only the sums across sides need a mask; `across` counts each pair once.
    let within = batch.within()?.reshape((b, 1, d * d))?;
    let sums = Tensor::cat(&[&across, &within, &eye.contiguous()?], 1)?.matmul(&e)?;
    let sum = |i: usize| sums.narrow(1, i, 1)?.squeeze(1);
    let (xy, within, diag) = (sum(0)?, sum(1)?, sum(2)?);
    let not_across = across.affine(1e9, -1e9)?.reshape((b, d * d, 1))?;
    let top = e.broadcast_add(&not_across)?.max(1)?;

    let col = |t: Tensor| t.reshape((b, 1));
    let n = col(batch.n.clone())?;
    let (dim_x, dim_y) = (col(batch.dim_x.clone())?, col(batch.dim_y.clone())?);
    let size = (&dim_x * &dim_y)?; // squared geometric mean of the dimensions
    let log_n = n.log()?;
    let ratio = ((dim_x.log()? - dim_y.log()?)?.abs()? * 0.5)?;
    let root = size.sqrt()?;
    let squash = |t: &Tensor| asinh(t)?.affine(0.5, 0.0);
    let features = [
        xy.broadcast_div(&size)?,
        squash(&xy)?,
        squash(&within)?,
        within.broadcast_div(&size)?,
        diag.broadcast_div(&root)?,
        squash(&diag)?,
        top,
        squash(&xy)?.broadcast_mul(&(&log_n * 0.2)?)?,
        log_n.affine(1.0 / 3.0, -1.5)?,
        (root.log()? * 0.5)?,
        (&root / &n)?.sqrt()?,
        n.ones_like()?,
        ratio,
    ];
    Tensor::cat(&features, D::Minus1)
}

#[derive(Clone, Debug)]
pub(super) struct Readout {
    hidden1: Linear,
    hidden2: Linear,
    quantiles: Linear,
    /// The learned part of the scale.
    rest: Linear,
    /// Index of the level 0.5.
    median: usize,
}

impl Readout {
    pub(super) fn new(c: &AxialConfig, vb: VarBuilder) -> Result<Self> {
        let w = c.readout_width;
        let (local, more) = Local::features(&c.local);
        let inputs = pooled_width(c) + 2 * c.row_width + local;
        Ok(Self {
            hidden1: Linear::with_more(inputs, &more, w, 1.0, vb.pp("hidden1"))?,
            hidden2: Linear::new(w, w, 1.0, vb.pp("hidden2"))?,
            quantiles: Linear::new(w, c.taus.len(), RESIDUAL_GAIN, vb.pp("quantiles"))?,
            rest: Linear::new(w, 1, 0.1, vb.pp("rest"))?,
            median: c.taus.iter().position(|t| *t == 0.5).unwrap_or(0),
        })
    }

    /// # Shapes
    /// `pooled` (B, 8E + 5) → (B, T).
    pub(super) fn forward(&self, pooled: &Tensor, rows: &Told, batch: &Batch) -> Result<Tensor> {
        let n = batch.n.unsqueeze(1)?;
        let r = &rows.tokens;
        let p = &rows.pointwise;
        let (mean, square) = (sum_rows(r)?.broadcast_div(&n)?, sum_rows(&r.sqr()?)?.broadcast_div(&n)?);
        let features = [pooled, &mean, &(square + 1e-6)?.sqrt()?, &p.features];
        let u = self.hidden1.gelu(&Tensor::cat(&features, D::Minus1)?)?;
        let u = (&u + self.hidden2.gelu(&u)?)?;
        let raw = self.quantiles.forward(&u)?;
        // The best attainable standard error is that of the mean of the pointwise MI, sd/√n; the rest is what the
        // network does not know. On the scale ln(1 + MI) both shrink by 1 + MI.
        let rest = (softplus(&(self.rest.forward(&u)? - 1.5)?)? * (&p.mean + 0.3)?)?;
        let one_plus = (&p.mean + 1.0)?;
        let scale = ((&p.squared_error + rest.sqr()?)?.sqrt()? / &one_plus)?;
        centred(&raw, self.median, &one_plus.log()?, &scale)
    }
}
