//! Pictures as SVG and PNG.

mod axis;
mod cells;
mod cloud;
mod heat;
mod intervals;
mod xy;

pub use axis::{Axis, Scale};
pub use cells::Cells;
pub use cloud::Cloud;
pub use heat::Heat;
pub use intervals::{Interval, Panel, intervals};
pub use xy::{Mark, Points, Xy};

use anyhow::{Context, Result, anyhow};
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::register_font;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use std::sync::Once;

type Area<B> = DrawingArea<B, Shift>;

const FONT: &str = "sans-serif";
/// Of a heading over a picture: a title, and a caption in smaller type.
const HEADING: u32 = 56;

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
    fn draw<B: DrawingBackend>(&self, area: &Area<B>) -> Result<()>;

    /// The names of its lines and their colours, which stand once beside all panels.
    fn legend(&self) -> Vec<(String, RGBColor)> {
        Vec::new()
    }
}

/// As an SVG file. The viewer chooses the font.
pub fn svg(picture: &impl Picture) -> Result<String> {
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
pub fn png(picture: &impl Picture) -> Result<Vec<u8>> {
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
    encoder
        .write_header()
        .and_then(|mut writer| writer.write_image_data(&pixels))
        .context("cannot encode a picture")?;
    Ok(file)
}

/// Panels under a title and one legend, row by row. A column is as wide as its widest panel, a row as high as its highest.
pub struct Grid<P> {
    pub title: String,
    pub caption: String,
    pub columns: usize,
    pub panels: Vec<P>,
}

/// Of a legend under a heading.
const LEGEND: u32 = 26;

impl<P: Picture> Grid<P> {
    /// The widths of the columns and the heights of the rows.
    fn shape(&self) -> (Vec<u32>, Vec<u32>) {
        let columns = self.columns.min(self.panels.len()).max(1);
        let (mut widths, mut heights) = (vec![0; columns], vec![0; self.panels.len().div_ceil(columns)]);
        for (i, panel) in self.panels.iter().enumerate() {
            let ((width, height), (column, row)) = (panel.size(), (i % columns, i / columns));
            widths[column] = width.max(widths[column]);
            heights[row] = height.max(heights[row]);
        }
        (widths, heights)
    }

    /// The lines of all panels, each once.
    fn lines(&self) -> Vec<(String, RGBColor)> {
        let mut lines = Vec::new();
        for line in self.panels.iter().flat_map(Picture::legend) {
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
        lines
    }

    fn top(&self) -> u32 {
        if self.lines().is_empty() { HEADING } else { HEADING + LEGEND }
    }
}

/// Width of an entry of a legend.
fn entry(name: &str) -> u32 {
    44 + 7 * name.chars().count() as u32
}

impl<P: Picture> Picture for Grid<P> {
    fn size(&self) -> (u32, u32) {
        let (widths, heights) = self.shape();
        // Wide enough for the heading.
        let letters = self.title.chars().count().max(self.caption.chars().count()) as u32;
        let legend: u32 = self.lines().iter().map(|(name, _)| entry(name)).sum();
        let width = widths.iter().sum::<u32>().max(32 + 8 * letters).max(32 + legend);
        (width, self.top() + heights.iter().sum::<u32>())
    }

    fn draw<B: DrawingBackend>(&self, area: &Area<B>) -> Result<()> {
        heading(area, &self.title, &self.caption)?;
        let style = (FONT, 12).into_text_style(area).pos(Pos::new(HPos::Left, VPos::Center));
        let (mut x, y) = (16, HEADING as i32 + 10);
        for (name, colour) in self.lines() {
            drawn(area.draw(&PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(3))))?;
            drawn(area.draw_text(&name, &style, (x + 24, y)))?;
            x += entry(&name) as i32;
        }
        let (widths, heights) = self.shape();
        for (i, panel) in self.panels.iter().enumerate() {
            let (column, row) = (i % widths.len(), i / widths.len());
            let left: u32 = widths[..column].iter().sum();
            let top: u32 = self.top() + heights[..row].iter().sum::<u32>();
            panel.draw(&area.clone().shrink((left as i32, top as i32), panel.size()))?;
        }
        Ok(())
    }
}

fn heading<B: DrawingBackend>(area: &Area<B>, title: &str, caption: &str) -> Result<()> {
    for (text, size, y) in [(title, 20, 10), (caption, 14, 36)] {
        drawn(area.draw_text(text, &(FONT, size).into_text_style(area), (16, y)))?;
    }
    Ok(())
}

/// The font that bitmaps are drawn with, and text is measured with: no machine needs to have one.
fn load_font() {
    static LOADED: Once = Once::new();
    LOADED.call_once(|| {
        let bytes = include_bytes!("../../fonts/DejaVuSans-subset.ttf");
        let sound = register_font(FONT, FontStyle::Normal, bytes).is_ok();
        assert!(sound, "the font that is part of the binary is sound");
    });
}

/// Plotters' errors borrow from what is drawn on.
fn drawn<T, E: std::fmt::Display>(result: Result<T, E>) -> Result<T> {
    result.map_err(|e| anyhow!("cannot draw: {e}"))
}
