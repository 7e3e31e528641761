//! The published MIST network (arXiv 2511.18945): a set transformer over rows as they are.
//!
//! Sizes, names and shapes of the parameters are those of PyPI `mist-statinf` 0.1.1, so that the authors' weights load
//! unchanged. Row r is (x_r, y_r, 0, …, 0) → an embedding → attention between all rows → attention through inducing points
//! → pooling to a few vectors, and to one (φ) → a head (ρ), which one of the two variants gives a level as well. The values
//! enter as they are, neither ranked nor standardised.

mod config;
mod describe;
mod layers;
#[cfg(test)]
mod tests;

pub use config::ReferenceConfig;
pub(crate) use describe::{describe, own_names};

use crate::Batch;
use crate::ops::Rectifier;
use candle_core::{D, Result, Tensor};
use candle_nn::VarBuilder;
use layers::{LayerNorm, Linear, Mab, Seeds};

/// The network. Cheap to clone: clones share their weights.
#[derive(Clone, Debug)]
pub struct Reference {
    embedding: (Linear, LayerNorm, Linear, LayerNorm),
    interaction: Vec<(Mab, LayerNorm)>,
    encoder: Vec<(Seeds, Mab)>,
    pooling: Seeds,
    decoder: Vec<Mab>,
    last: Seeds,
    output: Linear,
    rho: Vec<Linear>,
    config: ReferenceConfig,
}

impl Reference {
    /// Builds the network from named parameters.
    ///
    /// # Errors
    /// A parameter that is missing or has another shape.
    pub fn new(config: &ReferenceConfig, vb: VarBuilder) -> Result<Self> {
        let (c, e) = (config, config.phi_hidden_dim);
        let phi = vb.pp("phi");
        let mlp = phi.pp("embedding_mlp");
        let (layers, encoder, decoder) =
            (phi.pp("feature_interaction_block.layers"), phi.pp("encoder"), phi.pp("decoder"));
        // Block, normalisation and dropout take a number each.
        let interaction =
            |i: usize| Ok((Mab::new(c, e, layers.pp(3 * i).pp("mab"))?, LayerNorm::new(e, layers.pp(3 * i + 1))?));
        let induced = |i: usize| {
            let vb = encoder.pp(i);
            let points = Seeds::new(c, c.n_inds, c.phi_dim_forward, ("i", "mab0"), vb.clone())?;
            Ok((points, Mab::new(c, c.phi_dim_forward, vb.pp("mab1"))?))
        };
        let wide = c.rho_hidden_dim;
        let inputs = e + usize::from(c.quantile_conditioned);
        let rho = |i: usize| {
            let inputs = if i == 0 { inputs } else { wide };
            let outputs = if i + 1 == c.n_rho_layers { 1 } else { wide };
            Linear::new(inputs, outputs, vb.pp("rho").pp(2 * i))
        };
        Ok(Self {
            embedding: (
                Linear::new(c.max_input_dim, 2 * e, mlp.pp(0))?,
                LayerNorm::new(2 * e, mlp.pp(2))?,
                Linear::new(2 * e, e, mlp.pp(4))?,
                LayerNorm::new(e, mlp.pp(6))?,
            ),
            interaction: (0..c.sab_stack_layers).map(interaction).collect::<Result<_>>()?,
            encoder: (0..c.n_phi_layers).map(induced).collect::<Result<_>>()?,
            pooling: Seeds::new(c, c.n_seeds, e, ("s", "mab"), phi.pp("pooling_pma"))?,
            decoder: (0..c.n_dec_layers).map(|i| Mab::new(c, e, decoder.pp(i).pp("mab"))).collect::<Result<_>>()?,
            last: Seeds::new(c, 1, e, ("s", "mab"), decoder.pp(c.n_dec_layers))?,
            output: Linear::new(e, e, phi.pp("output_layer"))?,
            rho: (0..c.n_rho_layers).map(rho).collect::<Result<_>>()?,
            config: config.clone(),
        })
    }

    /// What the network says in nats: quantiles at the levels of its configuration, not in order and not cut at 0; or the
    /// mean alone.
    ///
    /// # Shapes
    /// A batch of B tasks → (B, T), T levels.
    ///
    /// # Errors
    /// A batch of normal scores in place of values, or of more columns than the network takes; tensor errors.
    pub fn forward(&self, batch: &Batch) -> Result<Tensor> {
        let phi = self.phi(batch)?;
        let levels = self.config.levels();
        let mut x = phi.unsqueeze(1)?; // (B, 1, E)
        if self.config.quantile_conditioned {
            let (b, e) = phi.dims2()?;
            let taus = Tensor::new(levels, phi.device())?.to_dtype(phi.dtype())?.reshape((1, levels.len(), 1))?;
            let taus = taus.broadcast_as((b, levels.len(), 1))?;
            x = Tensor::cat(&[&x.broadcast_as((b, levels.len(), e))?.contiguous()?, &taus.contiguous()?], D::Minus1)?;
        }
        let (last, hidden) = self.rho.split_last().expect("the configuration has at least one layer");
        for layer in hidden {
            x = layer.then(&x, Rectifier::Relu)?;
        }
        last.forward(&x)?.squeeze(2)
    }

    /// The vector that stands for the whole data set (B, E).
    fn phi(&self, batch: &Batch) -> Result<Tensor> {
        let most = self.config.max_input_dim;
        let (_, _, d) = batch.z.dims3()?;
        if batch.scored {
            candle_core::bail!("the published network takes values as they are, got normal scores");
        }
        if d > most {
            candle_core::bail!("the published network takes at most {most} columns of both sides, got {d}");
        }
        let x = batch.z.pad_with_zeros(2, 0, most - d)?;
        // Where the published network looks for padding: rows whose sum is 0, whatever they hold.
        let filled = x.sum(D::Minus1)?.ne(0.0)?.to_dtype(x.dtype())?;
        let keys = batch.row_mask.as_ref();
        let (layer1, norm1, layer2, norm2) = &self.embedding;
        let h = norm1.forward(&layer1.then(&x, Rectifier::Gelu)?)?;
        let mut h = norm2.forward(&layer2.then(&h, Rectifier::Gelu)?)?;
        for (mab, norm) in &self.interaction {
            h = norm.forward(&mab.forward(&h, &h, Some(&filled))?)?;
        }
        for (points, mab) in &self.encoder {
            h = mab.forward(&h, &points.forward(&h, keys)?, None)?;
        }
        let mut h = self.pooling.forward(&h, keys)?;
        for mab in &self.decoder {
            h = mab.forward(&h, &h, None)?;
        }
        self.output.forward(&self.last.forward(&h, None)?.squeeze(1)?)
    }
}
