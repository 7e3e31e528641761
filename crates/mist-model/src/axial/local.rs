//! What works on single rows: neighbour terms and a critic into the row tokens, the pointwise MI out of them.

use super::{Linear, RESIDUAL_GAIN, sum_rows};
use crate::ops::quadratic;
use crate::scores::TERMS;
use crate::{AxialConfig, Batch, LocalConfig};
use candle_core::{D, Result, Tensor};
use candle_nn::VarBuilder;
use candle_nn::ops::softmax;

/// Names of the weights of what groups of variables say, of what regressions say, of what more rows add to that, and of how much more they say than canonical
/// directions.
pub(super) const PAIRS: &str = "more";
const FITS: &str = "fits";
const GAIN: &str = "gain";
const BESIDE: &str = "beside";

/// Variance of the pointwise MI below which its root counts as flat: a floor *inside* the root, since the gradient of a
/// root at 0 is not a number.
const VARIANCE_FLOOR: f64 = 1e-4;

#[derive(Clone, Debug)]
pub(super) struct Local {
    neighbours: Linear,
    context: Linear,
    /// Features of a cell to the critic's channels, pairs to its matrices.
    critic_cells: Linear,
    critic_pairs: Linear,
    critic_in: Linear,
    critic_out: Linear,
    head1: Linear,
    head2: Linear,
    /// One for groups and one for regressions, as far as they are wanted.
    gates: Vec<Gate>,
}

/// How far the pointwise MI of a table is what groups of variables say, or regressions. That is all of it where a few columns are linked one
/// to one among many that are not: the neighbours in all columns see nothing of it, and to copy a sum is what layers learn slowly.
#[derive(Clone, Debug)]
struct Gate {
    hidden: Linear,
    out: Linear,
}

/// What the neighbours say of each row.
#[derive(Clone, Debug)]
pub(super) struct Terms<'a> {
    /// Neighbours in all columns (B, N, 3·|orders|).
    pub of_all: &'a Tensor,
    /// Neighbours in the groups that stand out, in what regressions predict, and how much less a third of the rows predict: (B, N, |orders|)
    /// each, as far as the network wants them.
    pub more: Vec<Tensor>,
}

/// What the rows say beside their tokens.
#[derive(Clone, Debug)]
pub(super) struct Pointwise {
    /// The pointwise MI of each row in nats (B, N), 0 in padding.
    pub values: Tensor,
    /// For the read-out: means over rows (B, ·).
    pub features: Tensor,
    /// Mean over rows, not below 0 (B, 1).
    pub mean: Tensor,
    /// Variance over rows, over the number of rows (B, 1).
    pub squared_error: Tensor,
}

impl Local {
    /// Width of [`Pointwise::features`] without what groups and regressions say, and of that, which comes last.
    pub(super) fn features(c: &LocalConfig) -> (usize, Vec<(&'static str, usize)>) {
        let more = Self::more(c).into_iter().map(|(name, terms)| (name, 2 * terms)).collect();
        (c.neighbours.len() * (TERMS + 1) + 3, more)
    }

    /// How many terms there are of each of [`Terms::more`], by the name of their weights.
    fn more(c: &LocalConfig) -> Vec<(&'static str, usize)> {
        let wanted = [(PAIRS, c.pairs), (FITS, c.fits), (GAIN, c.fits), (BESIDE, c.fits)];
        wanted.into_iter().filter(|(_, wanted)| *wanted).map(|(name, _)| (name, c.neighbours.len())).collect()
    }

    /// Whether it wants what regressions say.
    pub(super) fn wants_fits(&self) -> bool {
        self.gates.len() > 1
    }

    /// [`Terms::more`] of a batch.
    pub(super) fn more_of(&self, batch: &Batch) -> Result<Vec<Tensor>> {
        let mut more = Vec::new();
        if let (Some((_, of_rows)), true) = (&batch.pairs, !self.gates.is_empty()) {
            more.push(of_rows.clone());
        }
        if let (Some(fits), true) = (&batch.fits, self.wants_fits()) {
            more.extend(fits.chunk(3, D::Minus1)?.iter().map(Tensor::contiguous).collect::<Result<Vec<_>>>()?);
        }
        Ok(more)
    }

    pub(super) fn new(c: &AxialConfig, pooled: usize, vb: VarBuilder) -> Result<Self> {
        let l = &c.local;
        let (w, q, k) = (c.row_width, l.critic_channels, TERMS * l.neighbours.len());
        let more = &Self::more(l);
        Ok(Self {
            neighbours: Linear::with_more(k, more, w, 0.5, vb.pp("neighbours"))?,
            context: Linear::new(pooled, w, 1.0, vb.pp("context"))?,
            critic_cells: Linear::new(c.channels, q, 1.0, vb.pp("critic_cells"))?,
            critic_pairs: Linear::new(c.pair_channels, q, 0.5, vb.pp("critic_pairs"))?,
            critic_in: Linear::new(q, w, 0.5, vb.pp("critic_in"))?,
            critic_out: Linear::new(q, 1, 0.1, vb.pp("critic_out"))?,
            head1: Linear::with_more(w + k, more, l.head_width, 1.0, vb.pp("head1"))?,
            head2: Linear::new(l.head_width, 1, RESIDUAL_GAIN, vb.pp("head2"))?,
            gates: (more.iter().zip(["gate", "gate_fits"]))
                .map(|(_, name)| Gate::new(pooled + k + 1, more, l.head_width, &vb.pp(name)))
                .collect::<Result<_>>()?,
        })
    }

    /// The critic: quadratic forms of each row's features, whose matrices the pairs write. For a normal distribution
    /// one such form is the pointwise MI.
    ///
    /// # Shapes
    /// `phi` (B, N, D, C), `e` (B, D, D, E) → (B, N, Q).
    pub(super) fn critic(&self, phi: &Tensor, e: &Tensor, batch: &Batch) -> Result<Tensor> {
        let mut matrices = self.critic_pairs.forward(e)?;
        if let Some(mask) = batch.pair_mask()? {
            matrices = matrices.broadcast_mul(&mask)?;
        }
        let forms = quadratic(&self.critic_cells.forward(phi)?, &matrices)?;
        forms.broadcast_div(&batch.mean_dim()?.reshape(((), 1, 1))?)
    }

    /// What is added to the row tokens at first (B, N, W).
    pub(super) fn tokens(&self, terms: &Terms, critic: &Tensor, pooled: &Tensor) -> Result<Tensor> {
        let own = (self.neighbours.forward(&terms.squashed()?)? + self.critic_in.forward(&super::asinh(critic)?)?)?;
        own.broadcast_add(&self.context.forward(pooled)?.unsqueeze(1)?)
    }

    /// The pointwise MI from the row tokens at last.
    pub(super) fn head(
        &self,
        r: &Tensor,
        terms: &Terms,
        critic: &Tensor,
        pooled: &Tensor,
        batch: &Batch,
    ) -> Result<Pointwise> {
        let terms_in = terms.squashed()?;
        let hidden = self.head1.gelu(&Tensor::cat(&[r, &terms_in], D::Minus1)?)?;
        let values = (self.head2.forward(&hidden)? + self.critic_out.forward(critic)?)?;
        let mut values = batch.mask_rows(values)?;
        let n = batch.n.unsqueeze(1)?;
        let of_mean = |t: &Tensor| sum_rows(t)?.broadcast_div(&n);
        let means = of_mean(&terms_in)?;
        let (b, rows, k) = terms.of_all.dims3()?;
        let orders = k / TERMS;
        for (gate, more) in self.gates.iter().zip(&terms.more) {
            let of_values = super::asinh(&of_mean(&values)?)?;
            // What was added last has its weights last.
            let (first, last) = (k + orders, means.dim(1)? - k - orders);
            let (first, last) = (means.narrow(1, 0, first)?, means.narrow(1, first, last)?);
            values = gate.blend(&values, more, &Tensor::cat(&[pooled, &first, &of_values, &last], 1)?)?;
        }
        let mean = of_mean(&values)?;
        let centred = batch.mask_rows(values.broadcast_sub(&mean.unsqueeze(1)?)?)?;
        let variance = (sum_rows(&centred.sqr()?)?.broadcast_div(&n)? + VARIANCE_FLOOR)?;
        // The first of each order's terms: their mean is the estimate of Kraskov et al.
        let first =
            of_mean(&terms.of_all.reshape((b, rows, orders, TERMS))?.narrow(3, 0, 1)?.squeeze(3)?.contiguous()?)?;
        let mut features = vec![
            (first.relu()? + 1.0)?.log()?,
            means.narrow(1, 0, k)?,
            (mean.relu()? + 1.0)?.log()?,
            super::asinh(&mean)?,
            (variance.sqrt()? + 1.0)?.log()?,
        ];
        for (at, more) in terms.more.iter().enumerate() {
            features.push((of_mean(more)?.relu()? + 1.0)?.log()?);
            features.push(means.narrow(1, k + at * orders, orders)?);
        }
        Ok(Pointwise {
            values: values.squeeze(2)?,
            features: Tensor::cat(&features, 1)?,
            squared_error: variance.broadcast_div(&n)?,
            mean: mean.relu()?,
        })
    }
}

impl Gate {
    /// `inputs` without the means of the terms `more`.
    fn new(inputs: usize, more: &[(&str, usize)], width: usize, vb: &VarBuilder) -> Result<Self> {
        let orders = more[0].1;
        // Closed at first: the weights of `out` are 0.
        let out = Linear::new(width, 1 + orders, 0.0, vb.pp("out"))?;
        Ok(Self { hidden: Linear::with_more(inputs + orders, &more[1..], width, 1.0, vb.pp("hidden"))?, out })
    }

    /// # Shapes
    /// `values` (B, N, 1), `terms` (B, N, |orders|), both 0 in padding, `told` (B, ·) → (B, N, 1).
    fn blend(&self, values: &Tensor, terms: &Tensor, told: &Tensor) -> Result<Tensor> {
        let u = self.out.forward(&self.hidden.gelu(told)?)?;
        let orders = softmax(&u.narrow(1, 1, terms.dim(2)?)?, 1)?.unsqueeze(2)?;
        // Shut where nothing stands out.
        let any = terms.detach().abs()?.flatten_from(1)?.max_keepdim(1)?.gt(0.0)?.to_dtype(u.dtype())?;
        let open = (u.narrow(1, 0, 1)?.tanh()? * any)?.unsqueeze(2)?;
        values + (terms.contiguous()?.matmul(&orders)? - values)?.broadcast_mul(&open)?
    }
}

impl Terms<'_> {
    /// All of them, squashed (B, N, ·).
    fn squashed(&self) -> Result<Tensor> {
        let all: Vec<Tensor> = std::iter::once(self.of_all).chain(&self.more).map(squash).collect::<Result<_>>()?;
        Tensor::cat(&all, D::Minus1)
    }
}

/// The first term of each order reaches from −6 to 16; the others are of the order of one.
///
/// Many terms are exactly 0, where the gradient of [`asinh`](super::asinh) comes out as 0 in place of 1. Where the terms have
/// one, it is put right.
fn squash(terms: &Tensor) -> Result<Tensor> {
    let values = super::asinh(terms)?;
    if !terms.track_op() {
        return Ok(values);
    }
    let fixed = terms.detach();
    values.detach() + ((terms - &fixed)? / (fixed.sqr()? + 1.0)?.sqrt()?)?
}
