//! The layers that the published network is made of, with the names and the initial values that PyTorch gives them.

use super::ReferenceConfig;
use crate::ops::{self, Rectifier};
use candle_core::{Result, Shape, Tensor};
use candle_nn::{Init, VarBuilder};

/// Uniform in ±`bound`.
fn uniform(shape: impl Into<Shape>, name: &str, bound: f64, vb: &VarBuilder) -> Result<Tensor> {
    vb.get_with_hints(shape, name, Init::Uniform { lo: -bound, up: bound })
}

/// Bound of the uniform distribution of Glorot and Bengio (2010).
fn xavier(inputs: usize, outputs: usize) -> f64 {
    (6.0 / (inputs + outputs) as f64).sqrt()
}

/// An affine map with its weight (out, in) and bias (out).
#[derive(Clone, Debug)]
pub(super) struct Linear {
    weight: Tensor,
    bias: Tensor,
}

impl Linear {
    pub(super) fn new(inputs: usize, outputs: usize, vb: VarBuilder) -> Result<Self> {
        let bound = 1.0 / (inputs as f64).sqrt();
        Ok(Self {
            weight: uniform((outputs, inputs), "weight", bound, &vb)?,
            bias: uniform(outputs, "bias", bound, &vb)?,
        })
    }

    pub(super) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        self.then(x, Rectifier::Identity)
    }

    pub(super) fn then(&self, x: &Tensor, act: Rectifier) -> Result<Tensor> {
        ops::linear(x, &self.weight, &self.bias, act)
    }
}

/// Layer normalisation with gain and bias.
#[derive(Clone, Debug)]
pub(super) struct LayerNorm {
    weight: Tensor,
    bias: Tensor,
}

impl LayerNorm {
    pub(super) fn new(width: usize, vb: VarBuilder) -> Result<Self> {
        Ok(Self {
            weight: vb.get_with_hints(width, "weight", Init::Const(1.0))?,
            bias: vb.get_with_hints(width, "bias", Init::Const(0.0))?,
        })
    }

    pub(super) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        ops::layer_norm(x, &self.weight, &self.bias)
    }
}

/// Attention of queries to keys, then a layer of its own for each query, both added to what came in and normalised.
#[derive(Clone, Debug)]
pub(super) struct Mab {
    /// Maps of queries, keys and values, one below the other (3E, E) and (3E).
    in_weight: Tensor,
    in_bias: Tensor,
    out: Linear,
    norm1: LayerNorm,
    norm2: LayerNorm,
    linear1: Linear,
    linear2: Linear,
    heads: usize,
    act: Rectifier,
}

impl Mab {
    pub(super) fn new(c: &ReferenceConfig, inner: usize, vb: VarBuilder) -> Result<Self> {
        let e = c.phi_hidden_dim;
        let mha = vb.pp("mha");
        Ok(Self {
            in_weight: uniform((3 * e, e), "in_proj_weight", xavier(e, 3 * e), &mha)?,
            in_bias: mha.get_with_hints(3 * e, "in_proj_bias", Init::Const(0.0))?,
            out: Linear {
                weight: uniform((e, e), "out_proj.weight", 1.0 / (e as f64).sqrt(), &mha)?,
                bias: mha.get_with_hints(e, "out_proj.bias", Init::Const(0.0))?,
            },
            norm1: LayerNorm::new(e, vb.pp("norm1"))?,
            norm2: LayerNorm::new(e, vb.pp("norm2"))?,
            linear1: Linear::new(e, inner, vb.pp("linear1"))?,
            linear2: Linear::new(inner, e, vb.pp("linear2"))?,
            heads: c.n_phi_heads,
            act: c.phi_activation_fun,
        })
    }

    /// # Shapes
    /// `x` (B, M, E), the queries; `y` (B, N, E), keys and values; `keys` (B, N), 1 for a row that is attended to → (B, M, E).
    pub(super) fn forward(&self, x: &Tensor, y: &Tensor, keys: Option<&Tensor>) -> Result<Tensor> {
        let e = x.dim(2)?;
        let part = |of: &Tensor, i: usize| {
            let (w, b) = (self.in_weight.narrow(0, i * e, e)?, self.in_bias.narrow(0, i * e, e)?);
            ops::linear(of, &w, &b, Rectifier::Identity)
        };
        let attended = ops::attention(&part(x, 0)?, &part(y, 1)?, &part(y, 2)?, self.heads, keys)?;
        let h = self.norm1.forward(&(x + self.out.forward(&attended)?)?)?;
        let inner = self.linear2.forward(&self.linear1.then(&h, self.act)?)?;
        self.norm2.forward(&(h + inner)?)
    }
}

/// Vectors of the network's own that attend to the rows.
#[derive(Clone, Debug)]
pub(super) struct Seeds {
    vectors: Tensor,
    pub(super) mab: Mab,
}

impl Seeds {
    /// `name` is that of the vectors, `mab` that of the block in which they attend.
    pub(super) fn new(
        c: &ReferenceConfig,
        count: usize,
        inner: usize,
        (name, mab): (&str, &str),
        vb: VarBuilder,
    ) -> Result<Self> {
        let e = c.phi_hidden_dim;
        // PyTorch takes the leading 1 for a number of outputs, and the width for the size of a filter.
        let vectors = uniform((1, count, e), name, xavier(count * e, e), &vb)?;
        Ok(Self { vectors, mab: Mab::new(c, inner, vb.pp(mab))? })
    }

    /// # Shapes
    /// `x` (B, N, E) → (B, vectors, E); `keys` as in [`Mab::forward`].
    pub(super) fn forward(&self, x: &Tensor, keys: Option<&Tensor>) -> Result<Tensor> {
        let (_, count, e) = self.vectors.dims3()?;
        let vectors = self.vectors.broadcast_as((x.dim(0)?, count, e))?.contiguous()?;
        self.mab.forward(&vectors, x, keys)
    }
}
