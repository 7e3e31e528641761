//! What the folder of a text encoder says about it.

use crate::EmbedError;
use crate::folder::Folder;
use candle_transformers::models::bert::{Config, HiddenAct, PositionEmbeddingType};
use serde::Deserialize;

/// How the vectors of tokens become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pooling {
    /// Their mean.
    Mean,
    /// That of the first token.
    First,
}

/// A text encoder as candle's BERT.
pub(crate) struct TextConfig {
    pub network: Config,
    /// Rows of the table of positions that come before the first token's.
    pub before_first: usize,
    /// Tokens that are read at most.
    pub max_tokens: usize,
    pub pooling: Pooling,
}

/// `config.json`, with the names of BERT and RoBERTa or those of DistilBERT.
#[derive(Deserialize)]
struct Raw {
    vocab_size: usize,
    #[serde(alias = "dim")]
    hidden_size: usize,
    #[serde(alias = "n_layers")]
    num_hidden_layers: usize,
    #[serde(alias = "n_heads")]
    num_attention_heads: usize,
    #[serde(alias = "hidden_dim")]
    intermediate_size: usize,
    #[serde(alias = "activation")]
    hidden_act: String,
    max_position_embeddings: usize,
    /// DistilBERT has none.
    type_vocab_size: Option<usize>,
    layer_norm_eps: Option<f64>,
    pad_token_id: Option<usize>,
    position_embedding_type: Option<String>,
}

/// `sentence_bert_config.json` of sentence-transformers.
#[derive(Deserialize)]
struct Sentences {
    max_seq_length: Option<usize>,
}

/// `1_Pooling/config.json` of sentence-transformers: old versions say yes or no to each way, new ones name it.
#[derive(Deserialize)]
struct RawPooling {
    pooling_mode: Option<String>,
    #[serde(default)]
    pooling_mode_mean_tokens: bool,
    #[serde(default)]
    pooling_mode_cls_token: bool,
    #[serde(flatten)]
    others: serde_json::Map<String, serde_json::Value>,
}

const CONFIG: &str = "config.json";
const POOLING: &str = "1_Pooling/config.json";

impl TextConfig {
    pub fn read(folder: &Folder, name: &str) -> Result<Self, EmbedError> {
        let raw: Raw = folder.json(CONFIG)?;
        let wrong = |what: String| folder.error(CONFIG, what);
        if raw.num_attention_heads == 0
            || raw.hidden_size == 0
            || !raw.hidden_size.is_multiple_of(raw.num_attention_heads)
        {
            return Err(wrong(format!(
                "has {} attention heads for {} hidden columns, expected a divisor",
                raw.num_attention_heads, raw.hidden_size
            )));
        }
        if let Some(kind) = raw.position_embedding_type.filter(|kind| kind != "absolute") {
            return Err(wrong(format!("has `position_embedding_type` `{kind}`, expected `absolute`")));
        }
        let hidden_act = match raw.hidden_act.as_str() {
            "gelu" => HiddenAct::Gelu,
            "gelu_new" | "gelu_fast" | "gelu_pytorch_tanh" => HiddenAct::GeluApproximate,
            "relu" => HiddenAct::Relu,
            other => return Err(wrong(format!("has activation `{other}`, expected `gelu`, `gelu_new` or `relu`"))),
        };
        // RoBERTa counts positions from behind the padding token.
        let before_first = if name.ends_with("roberta") { raw.pad_token_id.unwrap_or(1) + 1 } else { 0 };
        let Some(positions) = raw.max_position_embeddings.checked_sub(before_first).filter(|p| *p > 0) else {
            return Err(wrong(format!("has `max_position_embeddings` {}, too few", raw.max_position_embeddings)));
        };
        let sentences: Option<Sentences> = folder.json_if_there("sentence_bert_config.json")?;
        let longest = sentences.and_then(|s| s.max_seq_length).unwrap_or(positions);
        let network = Config {
            vocab_size: raw.vocab_size,
            hidden_size: raw.hidden_size,
            num_hidden_layers: raw.num_hidden_layers,
            num_attention_heads: raw.num_attention_heads,
            intermediate_size: raw.intermediate_size,
            hidden_act,
            hidden_dropout_prob: 0.0,
            max_position_embeddings: positions,
            type_vocab_size: raw.type_vocab_size.unwrap_or(1),
            initializer_range: 0.0,
            layer_norm_eps: raw.layer_norm_eps.unwrap_or(1e-12),
            pad_token_id: raw.pad_token_id.unwrap_or(0),
            position_embedding_type: PositionEmbeddingType::Absolute,
            use_cache: false,
            classifier_dropout: None,
            // Names are made uniform on reading: candle has no other prefix to try.
            model_type: None,
        };
        Ok(Self { network, before_first, max_tokens: longest.min(positions), pooling: pooling(folder)? })
    }
}

/// Mean over the tokens, unless the folder says that it is the first one.
fn pooling(folder: &Folder) -> Result<Pooling, EmbedError> {
    let Some(raw) = folder.json_if_there::<RawPooling>(POOLING)? else { return Ok(Pooling::Mean) };
    let other_ways = raw.others.iter().filter(|(key, value)| key.starts_with("pooling_mode_") && **value == true);
    let others: Vec<&str> = other_ways.map(|(key, _)| key.as_str()).collect();
    let found = match (raw.pooling_mode.as_deref(), raw.pooling_mode_mean_tokens, raw.pooling_mode_cls_token) {
        (Some("mean"), false, false) | (None, true, false) if others.is_empty() => Some(Pooling::Mean),
        (Some("cls"), false, false) | (None, false, true) if others.is_empty() => Some(Pooling::First),
        _ => None,
    };
    found.ok_or_else(|| {
        folder
            .error(POOLING, "asks for another pooling than the mean of the tokens or the first one, which is not known")
    })
}
