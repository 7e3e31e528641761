//! A small BERT of letters that can be trained.
//!
//! Candle's own BERT computes its layer norms and softmax in one step each, which have no gradient; this one has the same parameters, by
//! the same names, in operations that have one.

use crate::parameters::linear;
use candle_core::{D, Device, Result, Tensor};
use candle_nn::ops::{layer_norm_slow, softmax};
use candle_nn::{Embedding, Init, Linear, Module, VarBuilder};
use std::collections::BTreeSet;

/// Columns of an embedding.
pub const HIDDEN: usize = 32;
/// Columns within a layer.
pub const INTERMEDIATE: usize = 64;
/// Layers.
pub const LAYERS: usize = 2;
/// Heads of attention.
pub const HEADS: usize = 4;
/// Letters that are read of a text.
pub const LONGEST: usize = 32;
/// Of layer norms.
pub const EPSILON: f32 = 1e-12;
/// Added to the scores of what is no letter.
const NOT_SEEN: f64 = -1e9;

/// The letters of texts, numbered behind three marks.
pub struct Alphabet {
    letters: Vec<char>,
}

/// Numbers of the marks.
pub const PADDING: u32 = 0;
/// Of letters that are not in the alphabet.
pub const UNKNOWN: u32 = 1;
/// Of a letter that is to be filled in.
pub const MISSING: u32 = 2;
/// What the marks are called.
pub const MARKS: [&str; 3] = ["[PAD]", "[UNK]", "[MASK]"];

impl Alphabet {
    /// All letters of these texts.
    pub fn of(texts: &[String]) -> Self {
        let letters: BTreeSet<char> = texts.iter().flat_map(|text| text.chars()).collect();
        Self { letters: letters.into_iter().collect() }
    }

    /// Marks and letters.
    pub fn len(&self) -> usize {
        MARKS.len() + self.letters.len()
    }

    /// Each mark and letter, by number.
    pub fn tokens(&self) -> impl Iterator<Item = String> {
        MARKS.iter().map(|mark| (*mark).to_owned()).chain(self.letters.iter().map(char::to_string))
    }

    /// The numbers of the letters of a text that are read.
    pub fn numbers(&self, text: &str) -> Vec<u32> {
        let number = |letter| self.letters.binary_search(&letter).map_or(UNKNOWN, |i| (MARKS.len() + i) as u32);
        text.chars().take(LONGEST).map(number).collect()
    }
}

/// Texts side by side.
pub struct Batch {
    /// `(texts, letters)`, numbers of letters, padded at the end.
    pub numbers: Tensor,
    /// `(texts, letters)`, 1 is a letter, 0 padding.
    pub mask: Tensor,
}

impl Batch {
    /// Pads texts to the longest.
    pub fn new(texts: &[Vec<u32>]) -> Result<Self> {
        let longest = texts.iter().map(Vec::len).max().unwrap_or(0);
        let at = |text: &Vec<u32>, i: usize| text.get(i).copied().unwrap_or(PADDING);
        let numbers: Vec<u32> = texts.iter().flat_map(|text| (0..longest).map(move |i| at(text, i))).collect();
        let mask: Vec<f32> =
            texts.iter().flat_map(|text| (0..longest).map(move |i| f32::from(u8::from(i < text.len())))).collect();
        let shape = (texts.len(), longest);
        Ok(Self {
            numbers: Tensor::from_vec(numbers, shape, &Device::Cpu)?,
            mask: Tensor::from_vec(mask, shape, &Device::Cpu)?,
        })
    }

    /// The mean over the letters of each text.
    ///
    /// # Shapes
    /// `(texts, letters, columns)` to `(texts, columns)`.
    pub fn mean(&self, hidden: &Tensor) -> Result<Tensor> {
        let sum = hidden.broadcast_mul(&self.mask.unsqueeze(2)?)?.sum(1)?;
        sum.broadcast_div(&self.mask.sum_keepdim(1)?)
    }
}

/// The encoder.
pub struct Letters {
    letters: Embedding,
    positions: Embedding,
    kinds: Embedding,
    norm: Norm,
    layers: Vec<Layer>,
}

struct Layer {
    query: Linear,
    key: Linear,
    value: Linear,
    output: Linear,
    after_attention: Norm,
    up: Linear,
    down: Linear,
    after: Norm,
}

struct Norm {
    weight: Tensor,
    bias: Tensor,
}

impl Norm {
    fn new(vb: &VarBuilder) -> Result<Self> {
        let get = |name, value| vb.get_with_hints(HIDDEN, name, Init::Const(value));
        Ok(Self { weight: get("weight", 1.0)?, bias: get("bias", 0.0)? })
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        layer_norm_slow(x, &self.weight, &self.bias, EPSILON)
    }
}

impl Letters {
    /// For an alphabet of so many letters and marks.
    pub fn new(letters: usize, vb: &VarBuilder) -> Result<Self> {
        let table = |rows: usize, name: &str| -> Result<Embedding> {
            let init = Init::Randn { mean: 0.0, stdev: 0.3 };
            Ok(Embedding::new(vb.pp("embeddings").pp(name).get_with_hints((rows, HIDDEN), "weight", init)?, HIDDEN))
        };
        let layer = |i: usize| Layer::new(&vb.pp(format!("encoder.layer.{i}")));
        Ok(Self {
            letters: table(letters, "word_embeddings")?,
            positions: table(LONGEST, "position_embeddings")?,
            kinds: table(1, "token_type_embeddings")?,
            norm: Norm::new(&vb.pp("embeddings.LayerNorm"))?,
            layers: (0..LAYERS).map(layer).collect::<Result<_>>()?,
        })
    }

    /// What stands for each letter within its text.
    ///
    /// # Shapes
    /// `(texts, letters)` to `(texts, letters, HIDDEN)`.
    pub fn forward(&self, batch: &Batch) -> Result<Tensor> {
        let (_, longest) = batch.numbers.dims2()?;
        let places = Tensor::arange(0, longest as u32, &Device::Cpu)?;
        let kinds = self.kinds.forward(&batch.numbers.zeros_like()?)?;
        let sum = self.letters.forward(&batch.numbers)?.broadcast_add(&self.positions.forward(&places)?)?;
        let mut x = self.norm.forward(&(sum + kinds)?)?;
        let unseen = ((batch.mask.ones_like()? - &batch.mask)? * NOT_SEEN)?.unsqueeze(1)?.unsqueeze(1)?;
        for layer in &self.layers {
            x = layer.forward(&x, &unseen)?;
        }
        Ok(x)
    }
}

impl Layer {
    fn new(vb: &VarBuilder) -> Result<Self> {
        let square = |name: &str| linear(HIDDEN, HIDDEN, &vb.pp(name));
        Ok(Self {
            query: square("attention.self.query")?,
            key: square("attention.self.key")?,
            value: square("attention.self.value")?,
            output: square("attention.output.dense")?,
            after_attention: Norm::new(&vb.pp("attention.output.LayerNorm"))?,
            up: linear(HIDDEN, INTERMEDIATE, &vb.pp("intermediate.dense"))?,
            down: linear(INTERMEDIATE, HIDDEN, &vb.pp("output.dense"))?,
            after: Norm::new(&vb.pp("output.LayerNorm"))?,
        })
    }

    /// `(texts, letters, HIDDEN)` to the same; `unseen` is `(texts, 1, 1, letters)`, 0 at letters.
    fn forward(&self, x: &Tensor, unseen: &Tensor) -> Result<Tensor> {
        let (texts, longest, _) = x.dims3()?;
        let head = HIDDEN / HEADS;
        let heads =
            |layer: &Linear| layer.forward(x)?.reshape((texts, longest, HEADS, head))?.transpose(1, 2)?.contiguous();
        let (query, key, value) = (heads(&self.query)?, heads(&self.key)?, heads(&self.value)?);
        let scores = (query.matmul(&key.t()?.contiguous()?)? / (head as f64).sqrt())?;
        let weights = softmax(&scores.broadcast_add(unseen)?, D::Minus1)?;
        let seen = weights.matmul(&value)?.transpose(1, 2)?.reshape((texts, longest, HIDDEN))?;
        let x = self.after_attention.forward(&(x + self.output.forward(&seen)?)?)?;
        let more = self.down.forward(&self.up.forward(&x)?.gelu_erf()?)?;
        self.after.forward(&(x + more)?)
    }
}
