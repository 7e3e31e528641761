//! Images: CLIP, ViT and DINOv2, by candle's CLIP and ViT.

mod clip;
mod decode;
mod positions;
mod prepare;
mod vit;

pub use decode::Picture;
pub use prepare::Preparation;

use crate::EmbedError;
use crate::folder::Folder;
use candle_core::{Device, Tensor};
use std::path::Path;

/// A network that takes `(images, 3, side, side)` and gives `(images, columns)`.
trait Tower: Send + Sync {
    fn forward(&self, pixels: &Tensor) -> candle_core::Result<Tensor>;
}

/// A network with what it asks of its images.
struct Opened {
    tower: Box<dyn Tower>,
    columns: usize,
}

/// An encoder of images.
pub(crate) struct ImageEncoder {
    preparation: Preparation,
    opened: Opened,
}

impl ImageEncoder {
    pub fn open(folder: &Folder, name: &str, device: &Device) -> Result<Self, EmbedError> {
        let preparation = Preparation::read(folder)?;
        let side = preparation.side();
        let opened = match name {
            "vit" => vit::vit(folder, side, device)?,
            "dinov2" => vit::dinov2(folder, side, device)?,
            _ => clip::clip(folder, side, device)?,
        };
        Ok(Self { preparation, opened })
    }

    pub fn columns(&self) -> usize {
        self.opened.columns
    }

    pub fn preparation(&self) -> &Preparation {
        &self.preparation
    }

    /// Embeds image files, each with its index in messages.
    pub fn forward(&self, paths: &[(usize, &Path)], device: &Device) -> Result<Tensor, EmbedError> {
        let side = self.preparation.side();
        let mut pixels = Vec::with_capacity(paths.len() * 3 * side * side);
        for (index, path) in paths {
            let one = Picture::read(path).and_then(|picture| self.preparation.pixels(&picture));
            pixels.extend(one.map_err(|what| EmbedError::Item { index: *index, what })?);
        }
        let pixels = Tensor::from_vec(pixels, (paths.len(), 3, side, side), device)?;
        Ok(self.opened.tower.forward(&pixels)?)
    }
}

/// Checks the sizes that any of these networks has; otherwise how they do not fit.
fn sizes(hidden: usize, heads: usize, patch: usize, side: usize) -> Result<(), String> {
    if heads == 0 || hidden == 0 || !hidden.is_multiple_of(heads) {
        return Err(format!("has {heads} attention heads for {hidden} hidden columns, expected a divisor"));
    }
    if patch == 0 || patch > side {
        return Err(format!("has patches of {patch} pixels for images of {side}"));
    }
    Ok(())
}
