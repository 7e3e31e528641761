//! Panels in rows and columns.

use crate::PlotError;
use crate::picture::{Area, FONT, HEADING, Picture, drawn, heading};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// Panels under a title and one legend, row by row. A column is as wide as its widest panel, a row as high as its highest.
pub struct Grid<P> {
    /// In large type.
    pub title: String,
    /// Below it, in smaller type.
    pub caption: String,
    /// Panels beside each other, at most.
    pub columns: usize,
    /// The panels, row by row.
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

    fn draw<B: DrawingBackend>(&self, area: &Area<B>) -> Result<(), PlotError> {
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
