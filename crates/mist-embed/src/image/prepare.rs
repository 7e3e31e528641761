//! From pixels to what a network takes: resized, cut out, centred and scaled, as `preprocessor_config.json` says.

use super::Picture;
use crate::EmbedError;
use crate::folder::Folder;
use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use serde::Deserialize;

const FILE: &str = "preprocessor_config.json";
/// Pixels of a side at most, resized or cut out.
const LONGEST: usize = 1 << 14;

/// How images are prepared.
#[derive(Clone, Debug, PartialEq)]
pub struct Preparation {
    resize: Option<(Size, ResizeAlg)>,
    /// Height and width of the middle that is cut out.
    crop: Option<(usize, usize)>,
    side: usize,
    factor: f32,
    mean: [f32; 3],
    std: [f32; 3],
}

/// A size as the file has it: one number is the shortest side, or, of a cut, both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
enum Size {
    One(usize),
    Shortest { shortest_edge: usize },
    Both { height: usize, width: usize },
}

#[derive(Deserialize)]
struct Raw {
    #[serde(default = "yes")]
    do_resize: bool,
    size: Option<Size>,
    /// Pillow's number of a filter: bicubic unless something else is said.
    #[serde(default = "bicubic")]
    resample: u8,
    #[serde(default)]
    do_center_crop: bool,
    crop_size: Option<Size>,
    #[serde(default = "yes")]
    do_rescale: bool,
    #[serde(default = "of_bytes")]
    rescale_factor: f64,
    #[serde(default = "yes")]
    do_normalize: bool,
    image_mean: Option<[f32; 3]>,
    image_std: Option<[f32; 3]>,
}

fn yes() -> bool {
    true
}

fn bicubic() -> u8 {
    3
}

fn of_bytes() -> f64 {
    1.0 / 255.0
}

impl Preparation {
    pub(crate) fn read(folder: &Folder) -> Result<Self, EmbedError> {
        let raw: Raw = folder.json(FILE)?;
        Self::from_raw(raw).map_err(|what| folder.error(FILE, what))
    }

    fn from_raw(raw: Raw) -> Result<Self, String> {
        let filter = |filter| Ok::<_, String>(ResizeAlg::Convolution(filter));
        let resize = match (raw.do_resize, raw.size) {
            (false, _) => None,
            (true, None) => return Err("has no `size`".into()),
            (true, Some(size)) => {
                let algorithm = match raw.resample {
                    0 => ResizeAlg::Nearest,
                    1 => filter(FilterType::Lanczos3)?,
                    2 => filter(FilterType::Bilinear)?,
                    3 => filter(FilterType::CatmullRom)?,
                    4 => filter(FilterType::Box)?,
                    5 => filter(FilterType::Hamming)?,
                    other => return Err(format!("has `resample` {other}, expected a filter of Pillow from 0 to 5")),
                };
                Some((size, algorithm))
            }
        };
        let both = |size: Size| match size {
            Size::One(side) | Size::Shortest { shortest_edge: side } => (side, side),
            Size::Both { height, width } => (height, width),
        };
        let crop = match (raw.do_center_crop, raw.crop_size) {
            (false, _) => None,
            (true, None) => return Err("has no `crop_size`".into()),
            (true, Some(size)) => Some(both(size)),
        };
        let (height, width) = match (crop, resize) {
            (Some(cut), _) => cut,
            (None, Some((Size::Both { height, width }, _))) => (height, width),
            _ => {
                return Err(
                    "leaves images of different sizes: expected `crop_size`, or `size` with height and width".into()
                );
            }
        };
        let sizes = [Some((height, width)), resize.map(|(size, _)| both(size))].into_iter().flatten();
        if sizes.flat_map(|(h, w)| [h, w]).any(|side| side == 0 || side > LONGEST) || height != width {
            return Err(format!("asks for {height} × {width} pixels, expected a square of 1 to {LONGEST}"));
        }
        let (mean, std) = match raw.do_normalize {
            false => ([0.0; 3], [1.0; 3]),
            true => match (raw.image_mean, raw.image_std) {
                (Some(mean), Some(std)) if std.iter().all(|s| *s > 0.0) => (mean, std),
                _ => return Err("has no `image_mean` or no `image_std` above 0".into()),
            },
        };
        let factor = if raw.do_rescale { raw.rescale_factor as f32 } else { 1.0 };
        Ok(Self { resize, crop, side: height, factor, mean, std })
    }

    /// Pixels of a side of what comes out.
    pub fn side(&self) -> usize {
        self.side
    }

    /// The picture resized and cut out.
    ///
    /// # Errors
    /// In words: a picture so long and thin that resizing it would take too many pixels.
    pub fn cut(&self, picture: &Picture) -> Result<Picture, String> {
        let resized;
        let picture = match self.resize {
            None => picture,
            Some((size, algorithm)) => {
                let (height, width) = match size {
                    Size::Both { height, width } => (height, width),
                    Size::One(short) | Size::Shortest { shortest_edge: short } => {
                        let (shorter, longer) = (picture.width.min(picture.height), picture.width.max(picture.height));
                        let long = short * longer / shorter;
                        if picture.width <= picture.height { (long, short) } else { (short, long) }
                    }
                };
                if height.max(width) > LONGEST {
                    return Err(format!("resized to {width} × {height} pixels, expected at most {LONGEST} a side"));
                }
                resized = resize(picture, width, height, algorithm)?;
                &resized
            }
        };
        let (height, width) = self.crop.unwrap_or((picture.height, picture.width));
        Ok(middle(picture, height, width))
    }

    /// What the network takes: red, then green, then blue, row by row.
    ///
    /// # Errors
    /// Those of [`Preparation::cut`].
    pub fn pixels(&self, picture: &Picture) -> Result<Vec<f32>, String> {
        let picture = self.cut(picture)?;
        let channel = |c: usize| {
            let levels = picture.rgb.iter().skip(c).step_by(3);
            levels.map(move |level| (f32::from(*level) * self.factor - self.mean[c]) / self.std[c])
        };
        Ok((0..3).flat_map(channel).collect())
    }
}

fn resize(picture: &Picture, width: usize, height: usize, algorithm: ResizeAlg) -> Result<Picture, String> {
    if (width, height) == (picture.width, picture.height) {
        return Ok(picture.clone());
    }
    let words = |e: &dyn std::error::Error| format!("cannot be resized: {e}");
    let (from_width, from_height) = (picture.width as u32, picture.height as u32);
    let from = ImageRef::new(from_width, from_height, &picture.rgb, PixelType::U8x3).map_err(|e| words(&e))?;
    let mut to = Image::new(width as u32, height as u32, PixelType::U8x3);
    let options = ResizeOptions::new().resize_alg(algorithm);
    Resizer::new().resize(&from, &mut to, &options).map_err(|e| words(&e))?;
    Ok(Picture { width, height, rgb: to.into_vec() })
}

/// The middle of a picture; what lies outside of it is black.
fn middle(picture: &Picture, height: usize, width: usize) -> Picture {
    if (height, width) == (picture.height, picture.width) {
        return picture.clone();
    }
    // As transformers does: of an odd rest the larger part is cut off behind, or added in front.
    let start = |whole: usize, part: usize| match whole >= part {
        true => (whole - part) as isize / 2,
        false => -((part - whole).div_ceil(2) as isize),
    };
    let (top, left) = (start(picture.height, height), start(picture.width, width));
    let mut rgb = vec![0; height * width * 3];
    for (row, line) in rgb.chunks_exact_mut(width * 3).enumerate() {
        for (column, pixel) in line.chunks_exact_mut(3).enumerate() {
            let (y, x) = (row as isize + top, column as isize + left);
            let inside = (0..picture.height as isize).contains(&y) && (0..picture.width as isize).contains(&x);
            if inside {
                let at = (y as usize * picture.width + x as usize) * 3;
                pixel.copy_from_slice(&picture.rgb[at..at + 3]);
            }
        }
    }
    Picture { width, height, rgb }
}
