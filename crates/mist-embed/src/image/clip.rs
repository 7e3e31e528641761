//! The vision tower of CLIP.

use super::{Opened, Tower, sizes};
use crate::EmbedError;
use crate::folder::Folder;
use candle_core::{DType, Device, Module, Result, Tensor};
use candle_nn::{Linear, VarBuilder};
use candle_transformers::models::clip::text_model::Activation;
use candle_transformers::models::clip::vision_model::{ClipVisionConfig, ClipVisionTransformer};
use serde::Deserialize;

const CONFIG: &str = "config.json";
const PROJECTION: &str = "visual_projection.weight";

/// The tower with the projection into the space that texts share, if the weights have it.
struct Clip {
    tower: ClipVisionTransformer,
    projection: Option<Linear>,
}

impl Tower for Clip {
    fn forward(&self, pixels: &Tensor) -> Result<Tensor> {
        let pooled = self.tower.forward(pixels)?;
        match &self.projection {
            Some(projection) => projection.forward(&pooled),
            None => Ok(pooled),
        }
    }
}

/// `config.json` of CLIP, or of its vision tower alone.
#[derive(Deserialize)]
struct Outer {
    vision_config: Option<Raw>,
}

/// The tower; what the file does not say is as in the first model, ViT-B/32.
#[derive(Deserialize)]
#[serde(default)]
struct Raw {
    hidden_size: usize,
    intermediate_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    num_channels: usize,
    image_size: usize,
    patch_size: usize,
    hidden_act: String,
    layer_norm_eps: f64,
}

impl Default for Raw {
    fn default() -> Self {
        Self {
            hidden_size: 768,
            intermediate_size: 3072,
            num_hidden_layers: 12,
            num_attention_heads: 12,
            num_channels: 3,
            image_size: 224,
            patch_size: 32,
            hidden_act: "quick_gelu".into(),
            layer_norm_eps: 1e-5,
        }
    }
}

pub(super) fn clip(folder: &Folder, side: usize, device: &Device) -> std::result::Result<Opened, EmbedError> {
    let outer: Outer = folder.json(CONFIG)?;
    let raw = match outer.vision_config {
        Some(raw) => raw,
        None => folder.json(CONFIG)?,
    };
    let wrong = |what: String| folder.error(CONFIG, what);
    sizes(raw.hidden_size, raw.num_attention_heads, raw.patch_size, side).map_err(wrong)?;
    if raw.hidden_act != "quick_gelu" {
        return Err(wrong(format!("has activation `{}`, expected `quick_gelu`", raw.hidden_act)));
    }
    if raw.layer_norm_eps != 1e-5 || raw.num_channels != 3 {
        return Err(wrong("has another `layer_norm_eps` than 1e-5, or not 3 channels, which is not known".into()));
    }
    if raw.image_size != side {
        return Err(wrong(format!(
            "is for images of {} pixels, `preprocessor_config.json` makes {side}",
            raw.image_size
        )));
    }
    let config = ClipVisionConfig {
        embed_dim: raw.hidden_size,
        activation: Activation::QuickGelu,
        intermediate_size: raw.intermediate_size,
        num_hidden_layers: raw.num_hidden_layers,
        num_attention_heads: raw.num_attention_heads,
        projection_dim: 0,
        num_channels: 3,
        image_size: side,
        patch_size: raw.patch_size,
    };
    let tower = |name: &str| name.starts_with("vision_model.") && !name.ends_with("position_ids") || name == PROJECTION;
    let mut weights = folder.weights(device, |name| tower(name).then(|| name.to_owned()))?;
    let projection = weights.remove(PROJECTION);
    if let Some(shape) = projection.as_ref().map(Tensor::dims)
        && (shape.len() != 2 || shape[1] != raw.hidden_size)
    {
        return Err(wrong(format!("has {} hidden columns, which `{PROJECTION}` does not take", raw.hidden_size)));
    }
    // Candle would draw it at random.
    if !weights.contains_key("vision_model.embeddings.class_embedding") {
        return Err(folder.error(crate::folder::WEIGHTS, "has no `vision_model.embeddings.class_embedding`"));
    }
    let columns = projection.as_ref().map_or(raw.hidden_size, |p| p.dims()[0]);
    let weights = VarBuilder::from_tensors(weights, DType::F32, device);
    let tower = ClipVisionTransformer::new(weights.pp("vision_model"), &config).map_err(|e| folder.misfit(&e))?;
    let projection = projection.map(|weight| Linear::new(weight, None));
    Ok(Opened { tower: Box::new(Clip { tower, projection }), columns })
}
