//! Heat maps with their numbers.

use crate::PlotError;
use crate::picture::{Area, FONT, Picture, drawn};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// A panel of coloured cells: red above what is expected of the column, blue below, white where it is met.
pub struct Heat {
    /// Above the cells.
    pub title: String,
    /// Name of a column, and what its values are expected to be.
    pub columns: Vec<(String, f64)>,
    /// Name of a row, and its values.
    pub rows: Vec<(String, Vec<f64>)>,
    /// The difference from what is expected that has the full colour.
    pub full: f64,
}

const CELL: (i32, i32) = (56, 20);
const TITLE: i32 = 34;
const HEAD: i32 = 22;
const MARGIN: i32 = 16;
const ABOVE: RGBColor = RGBColor(213, 94, 0);
const BELOW: RGBColor = RGBColor(0, 114, 178);

impl Heat {
    fn labels(&self) -> i32 {
        let longest = self.rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
        MARGIN + 8 + 7 * longest as i32
    }
}

impl Picture for Heat {
    fn size(&self) -> (u32, u32) {
        let width = self.labels() + CELL.0 * self.columns.len() as i32 + MARGIN;
        let height = TITLE + HEAD + CELL.1 * self.rows.len() as i32 + MARGIN;
        (width as u32, height as u32)
    }

    fn draw<B: DrawingBackend>(&self, area: &Area<B>) -> Result<(), PlotError> {
        let anchored = |size: i32, h: HPos| (FONT, size).into_text_style(area).pos(Pos::new(h, VPos::Center));
        drawn(area.draw_text(&self.title, &anchored(16, HPos::Left), (MARGIN, TITLE / 2)))?;
        let (left, top) = (self.labels(), TITLE + HEAD);
        let centre = |column: usize| left + CELL.0 * column as i32 + CELL.0 / 2;
        for (c, (name, _)) in self.columns.iter().enumerate() {
            drawn(area.draw_text(name, &anchored(12, HPos::Center), (centre(c), TITLE + HEAD / 2)))?;
        }
        for (r, (name, values)) in self.rows.iter().enumerate() {
            let y = top + CELL.1 * r as i32;
            drawn(area.draw_text(name, &anchored(12, HPos::Right), (left - 6, y + CELL.1 / 2)))?;
            for (c, (value, (_, expected))) in values.iter().zip(&self.columns).enumerate() {
                let x = left + CELL.0 * c as i32;
                let strength = ((value - expected).abs() / self.full).min(1.0);
                let colour = if value > expected { ABOVE } else { BELOW };
                let cell = [(x + 1, y + 1), (x + CELL.0 - 1, y + CELL.1 - 1)];
                drawn(area.draw(&Rectangle::new(cell, colour.mix(0.8 * strength).filled())))?;
                let text = format!("{value:.2}");
                drawn(area.draw_text(&text, &anchored(12, HPos::Center), (centre(c), y + CELL.1 / 2)))?;
            }
        }
        Ok(())
    }
}
