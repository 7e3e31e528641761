//! From texts to numbers of tokens.

use crate::EmbedError;
use crate::folder::Folder;
use rayon::prelude::*;
use tokenizers::{Tokenizer, TruncationParams};

const TOKENIZER: &str = "tokenizer.json";

/// The tokens of a text.
pub(crate) struct Tokens {
    pub ids: Vec<u32>,
    /// Whether there were more.
    pub truncated: bool,
}

/// A tokenizer.
pub(crate) struct Words {
    tokenizer: Tokenizer,
    max_tokens: usize,
    /// Tokens that the model knows.
    vocabulary: usize,
}

impl Words {
    /// The tokenizer of a folder. What it says itself about length and padding is left aside: `max_tokens` and the batch do.
    pub fn open(folder: &Folder, max_tokens: usize, vocabulary: usize) -> Result<Self, EmbedError> {
        let wrong = |what: String| folder.error(TOKENIZER, what);
        // As text: reading bytes would compile all of the tokenizers' parsing a second time.
        let text = String::from_utf8(folder.read(TOKENIZER)?).map_err(|e| wrong(format!("is no text: {e}")))?;
        let tokenizer: Result<Tokenizer, _> = text.parse();
        let mut tokenizer = tokenizer.map_err(|e| wrong(format!("is no sound description of a tokenizer: {e}")))?;
        let special = tokenizer.get_post_processor().map_or(0, |p| tokenizers::PostProcessor::added_tokens(p, false));
        if max_tokens <= special {
            return Err(wrong(format!("adds {special} tokens to each text, of which {max_tokens} are read")));
        }
        let truncation = TruncationParams { max_length: max_tokens, ..TruncationParams::default() };
        tokenizer.with_truncation(Some(truncation)).map_err(|e| wrong(e.to_string()))?;
        tokenizer.with_padding(None);
        Ok(Self { tokenizer, max_tokens, vocabulary })
    }

    pub fn max_tokens(&self) -> usize {
        self.max_tokens
    }

    /// The tokens of each text, with those that the tokenizer adds.
    pub fn tokens(&self, texts: &[&str]) -> Result<Vec<Tokens>, EmbedError> {
        // The first error, whichever thread meets one first.
        let all: Vec<_> = texts.par_iter().map(|text| self.one(text)).collect();
        let named =
            |(index, found): (usize, Result<Tokens, String>)| found.map_err(|what| EmbedError::Item { index, what });
        all.into_iter().enumerate().map(named).collect()
    }

    fn one(&self, text: &str) -> Result<Tokens, String> {
        let encoding = self.tokenizer.encode_fast(text, true).map_err(|e| e.to_string())?;
        let ids = encoding.get_ids().to_vec();
        if ids.is_empty() {
            return Err("the tokenizer finds no token in the text".into());
        }
        if let Some(id) = ids.iter().find(|id| **id as usize >= self.vocabulary) {
            return Err(format!(
                "the tokenizer gives token {id}, but the model knows {} tokens\n\
                 hint: `{TOKENIZER}` belongs to another model",
                self.vocabulary
            ));
        }
        Ok(Tokens { ids, truncated: !encoding.get_overflowing().is_empty() })
    }
}
