//! The parameters of the BERT family by the names that candle's BERT has for them.
//!
//! DistilBERT is BERT with other names and without token types, RoBERTa is BERT with other positions. Candle's own
//! DistilBERT takes the tanh approximation of GELU where PyTorch takes the exact one.

use candle_core::{DType, Device, Result, Tensor};
use candle_transformers::models::bert::Config;
use std::collections::HashMap;

const POSITIONS: &str = "embeddings.position_embeddings.weight";
const TOKEN_TYPES: &str = "embeddings.token_type_embeddings.weight";

/// DistilBERT's names of what a layer has, and BERT's.
const DISTILBERT: [(&str, &str); 8] = [
    ("attention.q_lin", "attention.self.query"),
    ("attention.k_lin", "attention.self.key"),
    ("attention.v_lin", "attention.self.value"),
    ("attention.out_lin", "attention.output.dense"),
    ("sa_layer_norm", "attention.output.LayerNorm"),
    ("ffn.lin1", "intermediate.dense"),
    ("ffn.lin2", "output.dense"),
    ("output_layer_norm", "output.LayerNorm"),
];

/// BERT's name of a parameter of this architecture; `None` if the encoder does not have it.
pub(crate) fn of_bert(architecture: &str, name: &str) -> Option<String> {
    let prefix = if architecture == "xlm-roberta" { "roberta." } else { &format!("{architecture}.") };
    let name = name.strip_prefix(prefix).unwrap_or(name);
    if name.ends_with("position_ids") {
        return None;
    }
    // As the first checkpoints have it.
    let name = name.replace("LayerNorm.gamma", "LayerNorm.weight").replace("LayerNorm.beta", "LayerNorm.bias");
    if let Some(rest) = name.strip_prefix("transformer.layer.") {
        let (layer, rest) = rest.split_once('.')?;
        let (part, end) = rest.rsplit_once('.')?;
        let (_, new) = DISTILBERT.iter().find(|(old, _)| *old == part)?;
        return Some(format!("encoder.layer.{layer}.{new}.{end}"));
    }
    ["embeddings.", "encoder."].iter().any(|start| name.starts_with(start)).then_some(name)
}

/// Puts the first token's position first, and adds token types that change nothing where there are none.
pub(crate) fn complete(
    weights: &mut HashMap<String, Tensor>,
    config: &Config,
    before_first: usize,
    device: &Device,
) -> Result<()> {
    if before_first > 0
        && let Some(positions) = weights.remove(POSITIONS)
    {
        let kept = positions.narrow(0, before_first, config.max_position_embeddings)?.contiguous()?;
        weights.insert(POSITIONS.to_owned(), kept);
    }
    if !weights.contains_key(TOKEN_TYPES) && config.type_vocab_size == 1 {
        weights.insert(TOKEN_TYPES.to_owned(), Tensor::zeros((1, config.hidden_size), DType::F32, device)?);
    }
    Ok(())
}
