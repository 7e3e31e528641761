//! An encoder that is ready, and how many items go through it.

use crate::folder::Folder;
use crate::image::ImageEncoder;
use crate::text::TextEncoder;
use crate::{EmbedError, Embeddings, Preparation};
use candle_core::{Device, Tensor};
use rayon::prelude::*;
use serde::Deserialize;
use std::path::Path;

/// Tokens of a batch at most, unless one text has more: attention takes memory with their number and with their length.
const MOST_TOKENS: usize = 1 << 13;

/// What an encoder takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Texts.
    Text,
    /// Paths of image files, PNG or JPEG.
    Image,
}

impl Kind {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Image => "image",
        }
    }
}

/// A model that turns texts or images into rows of numbers.
pub struct Encoder {
    network: Network,
    device: Device,
}

enum Network {
    Text(Box<TextEncoder>),
    Image(Box<ImageEncoder>),
}

/// Rows of numbers for texts or images.
#[derive(Clone, Debug, PartialEq)]
pub struct Encoded {
    /// A row for each item, in their order.
    pub embeddings: Embeddings,
    /// Indices, from 0, of the texts that were too long: what lies behind their first tokens was not read.
    pub truncated: Vec<usize>,
}

/// What `config.json` says first of all.
#[derive(Deserialize)]
struct Head {
    model_type: Option<String>,
}

impl Encoder {
    /// Reads the model of a folder onto a device, in f32.
    ///
    /// Texts: BERT (MiniLM, BGE, GTE, E5 and others), DistilBERT, RoBERTa, XLM-RoBERTa. Images: the vision tower of CLIP with its
    /// projection, ViT and DINO, DINOv2.
    ///
    /// # Errors
    /// Files that are missing or damaged, an architecture that is not known, weights that do not fit their description.
    pub fn open(folder: &Path, device: &Device) -> Result<Self, EmbedError> {
        let folder = Folder::new(folder);
        let head: Head = folder.json("config.json")?;
        let name = head.model_type.unwrap_or_default();
        let network = match name.as_str() {
            "bert" | "distilbert" | "roberta" | "xlm-roberta" => {
                Network::Text(Box::new(TextEncoder::open(&folder, &name, device)?))
            }
            "clip" | "clip_vision_model" | "vit" | "dinov2" => {
                Network::Image(Box::new(ImageEncoder::open(&folder, &name, device)?))
            }
            _ => {
                let what = format!(
                    "has `model_type` `{name}`, expected one of `bert`, `distilbert`, `roberta`, `xlm-roberta` for texts, \
                     `clip`, `clip_vision_model`, `vit`, `dinov2` for images\n\
                     hint: choose a model of one of these architectures"
                );
                return Err(folder.error("config.json", what));
            }
        };
        Ok(Self { network, device: device.clone() })
    }

    /// What it takes.
    pub fn kind(&self) -> Kind {
        match &self.network {
            Network::Text(_) => Kind::Text,
            Network::Image(_) => Kind::Image,
        }
    }

    /// Number of columns that it gives.
    pub fn columns(&self) -> usize {
        match &self.network {
            Network::Text(text) => text.columns(),
            Network::Image(image) => image.columns(),
        }
    }

    /// Most tokens of a text that are read; `None` for images.
    pub fn max_tokens(&self) -> Option<usize> {
        match &self.network {
            Network::Text(text) => Some(text.max_tokens()),
            Network::Image(_) => None,
        }
    }

    /// How images are prepared; `None` for texts.
    pub fn preparation(&self) -> Option<&Preparation> {
        match &self.network {
            Network::Text(_) => None,
            Network::Image(image) => Some(image.preparation()),
        }
    }

    /// Encodes texts, or images by the paths of their files, so many at a time at most; texts of like length go together.
    /// `progress` is told how many more are done.
    ///
    /// On the CPU the threads of the rayon pool that it is called in take a batch each.
    ///
    /// # Errors
    /// [`EmbedError::Item`] of an image that cannot be read, or of a text without any token; a device that failed.
    pub fn encode(
        &self,
        items: &[&str],
        batch: usize,
        progress: &(dyn Fn(usize) + Sync),
    ) -> Result<Encoded, EmbedError> {
        let batch = batch.max(1);
        match &self.network {
            Network::Text(text) => {
                let tokens = text.tokens(items)?;
                let mut order: Vec<usize> = (0..items.len()).collect();
                // Longest first: a batch that does not fit into memory fails at once.
                order.sort_by_key(|i| std::cmp::Reverse(tokens[*i].ids.len()));
                let batch = |longest: &usize| batch.min(MOST_TOKENS / tokens[*longest].ids.len()).max(1);
                let embeddings = self.batches(&order, &batch, progress, &|chunk| {
                    let ids: Vec<&[u32]> = chunk.iter().map(|i| tokens[*i].ids.as_slice()).collect();
                    Ok(text.forward(&ids, &self.device)?)
                })?;
                let truncated = (0..items.len()).filter(|i| tokens[*i].truncated).collect();
                Ok(Encoded { embeddings, truncated })
            }
            Network::Image(image) => {
                let order: Vec<usize> = (0..items.len()).collect();
                let embeddings = self.batches(&order, &|_| batch, progress, &|chunk| {
                    let paths: Vec<(usize, &Path)> = chunk.iter().map(|i| (*i, Path::new(items[*i]))).collect();
                    image.forward(&paths, &self.device)
                })?;
                Ok(Encoded { embeddings, truncated: Vec::new() })
            }
        }
    }

    /// Encodes in batches of the given order, as large as `batch` says of their first item, and puts the rows back into
    /// their places.
    fn batches(
        &self,
        order: &[usize],
        batch: &dyn Fn(&usize) -> usize,
        progress: &(dyn Fn(usize) + Sync),
        forward: &(dyn Fn(&[usize]) -> Result<Tensor, EmbedError> + Sync),
    ) -> Result<Embeddings, EmbedError> {
        let one = |chunk: &[usize]| -> Result<Vec<Vec<f32>>, EmbedError> {
            let rows = forward(chunk)?.to_vec2::<f32>()?;
            progress(chunk.len());
            Ok(rows)
        };
        let (mut chunks, mut rest) = (Vec::new(), order);
        while let Some(first) = rest.first() {
            let (chunk, others) = rest.split_at(batch(first).min(rest.len()));
            chunks.push(chunk);
            rest = others;
        }
        // A device does one batch at a time.
        let done: Vec<Vec<Vec<f32>>> = match self.device.is_cpu() {
            true => chunks.into_par_iter().map(one).collect::<Result<_, _>>()?,
            false => chunks.into_iter().map(one).collect::<Result<_, _>>()?,
        };
        let columns = self.columns();
        let mut values = vec![0.0; order.len() * columns];
        for (i, row) in order.iter().zip(done.into_iter().flatten()) {
            values[i * columns..(i + 1) * columns].copy_from_slice(&row);
        }
        Ok(Embeddings::new(values, columns))
    }
}
