//! What a picture is, and the files that it becomes.

use crate::PlotError;
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::register_font;
use std::sync::Once;

/// Where a picture is drawn.
pub type Area<B> = DrawingArea<B, Shift>;

pub(crate) const FONT: &str = "sans-serif";
/// Of a heading over a picture: a title, and a caption in smaller type.
pub(crate) const HEADING: u32 = 56;

/// Colours that stay apart for colour-blind readers (Okabe and Ito, "Color universal design", 2008).
pub const COLOURS: [RGBColor; 7] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    RGBColor(90, 90, 90),
];

/// Something that can be drawn.
pub trait Picture {
    /// Width and height in pixels.
    fn size(&self) -> (u32, u32);

    /// Draws it on an area of that size.
    ///
    /// # Errors
    /// What the backend says.
    fn draw<B: DrawingBackend>(&self, area: &Area<B>) -> Result<(), PlotError>;

    /// The names of its lines and their colours, which stand once beside all panels.
    fn legend(&self) -> Vec<(String, RGBColor)> {
        Vec::new()
    }
}

/// As an SVG file. The viewer chooses the font.
///
/// # Errors
/// What the backend says; none in a sound build.
pub fn svg(picture: &impl Picture) -> Result<String, PlotError> {
    load_font();
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, picture.size()).into_drawing_area();
        drawn(root.fill(&WHITE))?;
        picture.draw(&root)?;
        drawn(root.present())?;
    }
    Ok(svg)
}

/// As a PNG file.
///
/// # Errors
/// What the backend says; none in a sound build.
pub fn png(picture: &impl Picture) -> Result<Vec<u8>, PlotError> {
    load_font();
    let (width, height) = picture.size();
    let mut pixels = vec![0; 3 * width as usize * height as usize];
    {
        let root = BitMapBackend::with_buffer(&mut pixels, (width, height)).into_drawing_area();
        drawn(root.fill(&WHITE))?;
        picture.draw(&root)?;
        drawn(root.present())?;
    }
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.write_header()?.write_image_data(&pixels)?;
    Ok(file)
}

pub(crate) fn heading<B: DrawingBackend>(area: &Area<B>, title: &str, caption: &str) -> Result<(), PlotError> {
    for (text, size, y) in [(title, 20, 10), (caption, 14, 36)] {
        drawn(area.draw_text(text, &(FONT, size).into_text_style(area), (16, y)))?;
    }
    Ok(())
}

/// The font that bitmaps are drawn with, and text is measured with: no machine needs to have one.
fn load_font() {
    static LOADED: Once = Once::new();
    LOADED.call_once(|| {
        let bytes = include_bytes!("../fonts/DejaVuSans-subset.ttf");
        let sound = register_font(FONT, FontStyle::Normal, bytes).is_ok();
        assert!(sound, "the font that is part of the binary is sound");
    });
}

/// Plotters' errors borrow from what is drawn on.
pub(crate) fn drawn<T, E: std::fmt::Display>(result: Result<T, E>) -> Result<T, PlotError> {
    result.map_err(|e| PlotError::Draw(e.to_string()))
}
