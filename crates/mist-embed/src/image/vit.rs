//! ViT (also the first DINO) and DINOv2, by candle's ViT; the embedding is the first token behind the last norm.
//!
//! DINOv2 is ViT with other names, whose branches are scaled before they are added: the scales are multiplied into the
//! weights in front of them. Candle's own DINOv2 takes the tanh approximation of GELU where PyTorch takes the exact one.

use super::positions::resample;
use super::{Opened, Tower, sizes};
use crate::EmbedError;
use crate::folder::Folder;
use candle_core::{DType, Device, IndexOp, Module, Result, Tensor};
use candle_nn::{Activation, LayerNorm, VarBuilder, layer_norm};
use candle_transformers::models::vit::{Config, Embeddings, Encoder};
use serde::Deserialize;
use std::collections::HashMap;

const CONFIG: &str = "config.json";
const POSITIONS: &str = "embeddings.position_embeddings";

struct Vit {
    embeddings: Embeddings,
    encoder: Encoder,
    norm: LayerNorm,
}

impl Tower for Vit {
    fn forward(&self, pixels: &Tensor) -> Result<Tensor> {
        let hidden = self.encoder.forward(&self.embeddings.forward(pixels, None, false)?)?;
        self.norm.forward(&hidden.i((.., 0, ..))?.contiguous()?)
    }
}

#[derive(Deserialize)]
struct Raw {
    hidden_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    /// Of ViT.
    intermediate_size: Option<usize>,
    /// Of DINOv2: the intermediate size in units of the hidden one.
    mlp_ratio: Option<usize>,
    hidden_act: Activation,
    layer_norm_eps: f64,
    image_size: usize,
    patch_size: usize,
    #[serde(default = "three")]
    num_channels: usize,
    #[serde(default = "yes")]
    qkv_bias: bool,
    #[serde(default)]
    use_swiglu_ffn: bool,
}

fn three() -> usize {
    3
}

fn yes() -> bool {
    true
}

impl Raw {
    fn read(folder: &Folder, side: usize) -> std::result::Result<Self, EmbedError> {
        let raw: Self = folder.json(CONFIG)?;
        sizes(raw.hidden_size, raw.num_attention_heads, raw.patch_size, raw.image_size.min(side))
            .map_err(|what| folder.error(CONFIG, what))?;
        if raw.num_channels != 3 || raw.use_swiglu_ffn {
            return Err(folder
                .error(CONFIG, "is for images of other than 3 channels, or has `use_swiglu_ffn`, which is not known"));
        }
        Ok(raw)
    }

    /// The network for images of this size.
    fn network(&self, intermediate_size: usize, side: usize) -> Config {
        Config {
            hidden_size: self.hidden_size,
            num_hidden_layers: self.num_hidden_layers,
            num_attention_heads: self.num_attention_heads,
            intermediate_size,
            hidden_act: self.hidden_act,
            layer_norm_eps: self.layer_norm_eps,
            image_size: side,
            patch_size: self.patch_size,
            num_channels: 3,
            qkv_bias: self.qkv_bias,
        }
    }
}

pub(super) fn vit(folder: &Folder, side: usize, device: &Device) -> std::result::Result<Opened, EmbedError> {
    let raw = Raw::read(folder, side)?;
    if raw.image_size != side {
        let what = format!("is for images of {} pixels, `preprocessor_config.json` makes {side}", raw.image_size);
        return Err(folder.error(CONFIG, what));
    }
    let Some(intermediate) = raw.intermediate_size else {
        return Err(folder.error(CONFIG, "has no `intermediate_size`"));
    };
    let weights = folder.weights(device, |name| used(name.strip_prefix("vit.").unwrap_or(name).to_owned()))?;
    opened(folder, weights, &raw.network(intermediate, side), device)
}

pub(super) fn dinov2(folder: &Folder, side: usize, device: &Device) -> std::result::Result<Opened, EmbedError> {
    let raw = Raw::read(folder, side)?;
    let mut weights = folder.weights(device, |name| {
        let name = name.strip_prefix("dinov2.").unwrap_or(name);
        used(name.replace(".norm1.", ".layernorm_before.").replace(".norm2.", ".layernorm_after."))
    })?;
    scale_branches(&mut weights, raw.num_hidden_layers).map_err(|e| folder.misfit(&e))?;
    let (from, to) = (raw.image_size / raw.patch_size, side / raw.patch_size);
    if from != to
        && let Some(positions) = weights.remove(POSITIONS)
    {
        let resampled = resample(&positions, from, to, device).map_err(|e| folder.misfit(&e))?;
        weights.insert(POSITIONS.to_owned(), resampled);
    }
    let intermediate = raw.hidden_size * raw.mlp_ratio.unwrap_or(4);
    opened(folder, weights, &raw.network(intermediate, side), device)
}

/// The name of a parameter of the encoder, none of what is on top of it.
fn used(name: String) -> Option<String> {
    ["embeddings.", "encoder.", "layernorm."].iter().any(|start| name.starts_with(start)).then_some(name)
}

fn opened(
    folder: &Folder,
    weights: HashMap<String, Tensor>,
    config: &Config,
    device: &Device,
) -> std::result::Result<Opened, EmbedError> {
    let weights = VarBuilder::from_tensors(weights, DType::F32, device);
    let network = || -> Result<Vit> {
        Ok(Vit {
            embeddings: Embeddings::new(config, false, weights.pp("embeddings"))?,
            encoder: Encoder::new(config, weights.pp("encoder"))?,
            norm: layer_norm(config.hidden_size, config.layer_norm_eps, weights.pp("layernorm"))?,
        })
    };
    Ok(Opened { tower: Box::new(network().map_err(|e| folder.misfit(&e))?), columns: config.hidden_size })
}

/// Multiplies the scale of each branch into its last layer, and gives the layers the names of ViT.
fn scale_branches(weights: &mut HashMap<String, Tensor>, layers: usize) -> Result<()> {
    for layer in 0..layers {
        let name = |part: &str| format!("encoder.layer.{layer}.{part}");
        let renamed = [("mlp.fc1", "intermediate.dense"), ("mlp.fc2", "output.dense")];
        for (old, new) in renamed
            .iter()
            .flat_map(|(old, new)| ["weight", "bias"].map(|end| (format!("{old}.{end}"), format!("{new}.{end}"))))
        {
            if let Some(tensor) = weights.remove(&name(&old)) {
                weights.insert(name(&new), tensor);
            }
        }
        for (scale, last) in [("layer_scale1", "attention.output.dense"), ("layer_scale2", "output.dense")] {
            let scale = name(&format!("{scale}.lambda1"));
            let Some(scale) = weights.remove(&scale) else {
                return Err(candle_core::Error::CannotFindTensor { path: scale });
            };
            for end in ["weight", "bias"] {
                let key = name(&format!("{last}.{end}"));
                if let Some(tensor) = weights.remove(&key) {
                    // A row of the weight for each output.
                    let factor = if end == "weight" { scale.unsqueeze(1)? } else { scale.clone() };
                    weights.insert(key, tensor.broadcast_mul(&factor)?);
                }
            }
        }
    }
    Ok(())
}
