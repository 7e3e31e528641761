//! Texts and images as columns of numbers: encoders of the BERT family, CLIP, ViT and DINOv2, by `candle-transformers`.
//!
//! [`Encoder::open`] reads a model's folder as the hub has it (`config.json`, `model.safetensors`, and `tokenizer.json` or
//! `preprocessor_config.json`), [`Encoder::encode`] turns texts or image files into [`Embeddings`], and [`Reduction`] makes
//! few columns of many.
//!
//! ```no_run
//! use candle_core::Device;
//! use mist_embed::{Encoder, Reduction, model_folder};
//!
//! let encoder = Encoder::open(&model_folder("all-MiniLM-L6-v2")?, &Device::Cpu)?;
//! let texts = ["a good phone", "the battery died", "cheap, but it works"];
//! let encoded = encoder.encode(&texts, 32, &|_| ())?;
//! let reduced = Reduction::Pca { columns: 2 }.reduce(&encoded.embeddings)?;
//! println!("{} columns keep {:.0} % of the variance", reduced.columns.len(), 100.0 * reduced.variance_kept);
//! # Ok::<(), mist_embed::EmbedError>(())
//! ```
//!
//! # What an embedding loses
//! An embedding f(X) is a function of X alone, so I(f(X); Y) ≤ I(X; Y) (data processing inequality): what is measured
//! through an encoder, and through a reduction of its output, is a lower bound for what the texts or images themselves say.

mod embeddings;
mod encoder;
mod error;
mod folder;
mod image;
mod reduce;
mod text;

pub use embeddings::Embeddings;
pub use encoder::{Encoded, Encoder, Kind};
pub use error::EmbedError;
pub use folder::model_folder;
pub use image::{Picture, Preparation};
pub use reduce::{Reduced, Reduction};
