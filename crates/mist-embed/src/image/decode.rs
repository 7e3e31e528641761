//! From the bytes of an image file to pixels.

use png::{ColorType, Transformations};
use std::io::Cursor;
use std::path::Path;
use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;

/// Pixels of an image at most: what one takes must not depend on what a file claims.
const MOST_PIXELS: u64 = 1 << 27;

/// Pixels of three colours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Pixels in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Red, green and blue from 0 to 255 of each pixel, row by row.
    pub rgb: Vec<u8>,
}

impl Picture {
    /// Reads a PNG or a JPEG file; an opacity is left aside, as Pillow's `convert("RGB")` does.
    ///
    /// # Errors
    /// In words: a file that is not there, of another format, damaged, or of more than 2²⁷ pixels.
    pub fn read(path: &Path) -> Result<Self, String> {
        let bytes = mist_files::read(path).map_err(|e| format!("cannot read `{}`: {e}", path.display()))?;
        let decoded = match bytes.as_slice() {
            [0x89, b'P', b'N', b'G', ..] => png(&bytes),
            [0xff, 0xd8, ..] => jpeg(&bytes),
            _ => Err("is neither PNG nor JPEG".into()),
        };
        decoded.map_err(|what| format!("`{}` {what}", path.display()))
    }
}

fn check(width: u64, height: u64) -> Result<(), String> {
    match width.saturating_mul(height) {
        0 => Err("has no pixels".into()),
        count if count > MOST_PIXELS => Err(format!("has {width} × {height} pixels, expected at most {MOST_PIXELS}")),
        _ => Ok(()),
    }
}

fn png(bytes: &[u8]) -> Result<Picture, String> {
    let damaged = |e: png::DecodingError| format!("is no sound PNG file: {e}");
    let mut decoder = png::Decoder::new(Cursor::new(bytes));
    decoder.set_transformations(Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().map_err(damaged)?;
    let (width, height) = (reader.info().width, reader.info().height);
    check(width.into(), height.into())?;
    let size = reader.output_buffer_size().ok_or("is too large")?;
    let mut pixels = vec![0; size];
    let frame = reader.next_frame(&mut pixels).map_err(damaged)?;
    pixels.truncate(frame.buffer_size());
    let rgb = match frame.color_type {
        ColorType::Rgb => pixels,
        ColorType::Rgba => pixels.chunks_exact(4).flat_map(|p| [p[0], p[1], p[2]]).collect(),
        ColorType::Grayscale => pixels.iter().flat_map(|p| [*p; 3]).collect(),
        ColorType::GrayscaleAlpha => pixels.chunks_exact(2).flat_map(|p| [p[0]; 3]).collect(),
        ColorType::Indexed => return Err("has a palette that was not resolved".into()),
    };
    Ok(Picture { width: width as usize, height: height as usize, rgb })
}

fn jpeg(bytes: &[u8]) -> Result<Picture, String> {
    let damaged = |e: zune_jpeg::errors::DecodeErrors| format!("is no sound JPEG file: {e}");
    let options = DecoderOptions::default().jpeg_set_out_colorspace(ColorSpace::RGB);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(damaged)?;
    let (width, height) = decoder.dimensions().ok_or("is no sound JPEG file: it has no size")?;
    check(width as u64, height as u64)?;
    let rgb = decoder.decode().map_err(damaged)?;
    match rgb.len() == width * height * 3 {
        true => Ok(Picture { width, height, rgb }),
        false => Err("has colours that cannot be taken as red, green and blue".into()),
    }
}
