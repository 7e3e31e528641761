//! Intervals below each other.

use crate::PlotError;
use crate::picture::{Area, FONT, HEADING, Picture, drawn, heading, svg};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// One row of a panel: a range, a line across it, and a dot.
#[derive(Debug)]
pub struct Interval {
    /// Its name, on the left.
    pub label: String,
    /// Where the range begins.
    pub low: f64,
    /// Where the line is.
    pub middle: f64,
    /// Where the range ends.
    pub high: f64,
    /// Where the dot is.
    pub dot: f64,
}

/// Intervals under a title, the first one on top.
#[derive(Debug)]
pub struct Panel {
    /// Above the panel.
    pub title: String,
    /// From top to bottom.
    pub rows: Vec<Interval>,
}

const WIDTH: u32 = 1200;
const ROW_HEIGHT: u32 = 20;
/// Of a panel: its title and its axis.
const MARGINS: u32 = 75;
const BAR: RGBColor = RGBColor(158, 188, 218);
const LINE: RGBColor = RGBColor(37, 52, 148);

/// The SVG of panels of intervals on one axis: one on the left, the others below each other on the right.
///
/// # Errors
/// What the backend says; none in a sound build.
pub fn intervals(title: &str, caption: &str, left: &Panel, right: &[Panel]) -> Result<String, PlotError> {
    svg(&Intervals { title, caption, left, right })
}

struct Intervals<'a> {
    title: &'a str,
    caption: &'a str,
    left: &'a Panel,
    right: &'a [Panel],
}

impl Panel {
    fn height(&self) -> u32 {
        self.rows.len() as u32 * ROW_HEIGHT + MARGINS
    }
}

impl Picture for Intervals<'_> {
    fn size(&self) -> (u32, u32) {
        (WIDTH, HEADING + self.left.height().max(self.right.iter().map(Panel::height).sum()))
    }

    fn draw<B: DrawingBackend>(&self, area: &Area<B>) -> Result<(), PlotError> {
        let rows = self.right.iter().chain([self.left]).flat_map(|p| &p.rows);
        let largest = rows.fold(0.0, |m: f64, row| m.max(row.high).max(row.dot));
        // Of data sets that are all at 0, the axis still has a length.
        let end = if largest > 0.0 { 1.05 * largest } else { 1.0 };
        heading(area, self.title, self.caption)?;
        let (_, body) = area.split_vertically(HEADING);
        let (first, mut rest) = body.split_horizontally(WIDTH / 2);
        draw(&first.split_vertically(self.left.height()).0, self.left, end)?;
        for panel in self.right {
            let (area, below) = rest.split_vertically(panel.height());
            draw(&area, panel, end)?;
            rest = below;
        }
        Ok(())
    }
}

fn draw<B: DrawingBackend>(area: &Area<B>, panel: &Panel, end: f64) -> Result<(), PlotError> {
    let rows = panel.rows.len();
    let longest = panel.rows.iter().map(|row| row.label.chars().count()).max().unwrap_or(0) as u32;
    let mut chart = drawn(
        ChartBuilder::on(area)
            .caption(&panel.title, (FONT, 16))
            .margin_right(16)
            .x_label_area_size(28)
            .y_label_area_size(24 + 7 * longest)
            .build_cartesian_2d(0.0..end, 0.0..rows as f64),
    )?;
    drawn(
        chart
            .configure_mesh()
            .disable_y_mesh()
            .disable_y_axis()
            .x_labels(8)
            .max_light_lines(0)
            .label_style((FONT, 12))
            .draw(),
    )?;
    let style = (FONT, 12).into_text_style(area).pos(Pos::new(HPos::Right, VPos::Center));
    for (i, row) in panel.rows.iter().enumerate() {
        let y = (rows - i) as f64 - 0.5;
        let (at, height) = (chart.backend_coord(&(0.0, y)), ROW_HEIGHT as i32 / 2);
        let corner = area.get_base_pixel();
        drawn(area.draw_text(&row.label, &style, (at.0 - corner.0 - 8, at.1 - corner.1)))?;
        let bar = Rectangle::new([(row.low, y - 0.35), (row.high, y + 0.35)], BAR.filled());
        let line = PathElement::new([(row.middle, y - 0.35), (row.middle, y + 0.35)], LINE.stroke_width(2));
        drawn(chart.draw_series([bar]))?;
        drawn(chart.draw_series([line]))?;
        drawn(chart.draw_series([Circle::new((row.dot, y), height / 3, LINE.filled())]))?;
    }
    Ok(())
}
