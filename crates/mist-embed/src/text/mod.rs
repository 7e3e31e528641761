//! Texts: the BERT family, by candle's BERT.

mod config;
mod names;
mod tokens;

use crate::EmbedError;
use crate::folder::Folder;
use candle_core::{Device, Tensor};
use candle_nn::VarBuilder;
use candle_transformers::models::bert::{BertModel, DTYPE};
use config::{Pooling, TextConfig};
use tokens::{Tokens, Words};

/// An encoder of texts.
pub(crate) struct TextEncoder {
    words: Words,
    model: BertModel,
    pooling: Pooling,
    columns: usize,
}

impl TextEncoder {
    pub fn open(folder: &Folder, name: &str, device: &Device) -> Result<Self, EmbedError> {
        let TextConfig { network, before_first, max_tokens, pooling } = TextConfig::read(folder, name)?;
        let words = Words::open(folder, max_tokens, network.vocab_size)?;
        let mut weights = folder.weights(device, |key| names::of_bert(name, key))?;
        names::complete(&mut weights, &network, before_first, device).map_err(|e| folder.misfit(&e))?;
        let columns = network.hidden_size;
        let weights = VarBuilder::from_tensors(weights, DTYPE, device);
        let model = BertModel::load(weights, &network).map_err(|e| folder.misfit(&e))?;
        Ok(Self { words, model, pooling, columns })
    }

    pub fn columns(&self) -> usize {
        self.columns
    }

    pub fn max_tokens(&self) -> usize {
        self.words.max_tokens()
    }

    /// The tokens of texts.
    pub fn tokens(&self, texts: &[&str]) -> Result<Vec<Tokens>, EmbedError> {
        self.words.tokens(texts)
    }

    /// Embeds texts given as tokens.
    ///
    /// # Shapes
    /// Each text has at least one token; the answer is `(texts, columns)`. Shorter texts are padded to the longest; in the mask 1 is
    /// a token, 0 padding.
    pub fn forward(&self, texts: &[&[u32]], device: &Device) -> candle_core::Result<Tensor> {
        let longest = texts.iter().map(|ids| ids.len()).max().unwrap_or(0);
        let padded = |ids: &&[u32]| ids.iter().copied().chain(std::iter::repeat_n(0, longest - ids.len())).collect();
        let mask = |ids: &&[u32]| (0..longest).map(|i| u8::from(i < ids.len()).into()).collect();
        let ids: Vec<Vec<u32>> = texts.iter().map(padded).collect();
        let mask: Vec<Vec<f32>> = texts.iter().map(mask).collect();
        let (ids, mask) = (Tensor::new(ids, device)?, Tensor::new(mask, device)?);
        let hidden = self.model.forward(&ids, &ids.zeros_like()?, Some(&mask))?;
        match self.pooling {
            Pooling::First => hidden.narrow(1, 0, 1)?.squeeze(1),
            Pooling::Mean => {
                let sum = hidden.broadcast_mul(&mask.unsqueeze(2)?)?.sum(1)?;
                sum.broadcast_div(&mask.sum_keepdim(1)?)
            }
        }
    }
}
