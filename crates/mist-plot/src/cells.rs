//! A square of coloured cells.

use crate::PlotError;
use crate::picture::{Area, FONT, Picture, drawn};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// Values from 0 to 1 of pairs of columns, `None` for those that have none.
pub struct Cells {
    /// Above the square.
    pub title: String,
    /// The columns of the table, on both sides of the square.
    pub names: Vec<String>,
    /// A row of values for each name.
    pub values: Vec<Vec<Option<f64>>>,
}

const MARGIN: i32 = 16;
const TITLE: i32 = 36;
/// Width and height of the bar of colours, with its numbers, on the right.
const BAR: (i32, i32) = (70, 160);
/// Pixels of a letter.
const LETTER: i32 = 6;
/// Letters of a name that are shown.
const LETTERS: usize = 24;
/// Pixels of the cells of a side, about.
const SIDE: i32 = 720;
/// Pixels of a cell from which on it has a name.
const NAMED: i32 = 9;
const NOTHING: RGBColor = RGBColor(225, 225, 225);

impl Cells {
    fn cell(&self) -> i32 {
        (SIDE / self.names.len().max(1) as i32).clamp(2, 36)
    }

    fn label(&self, name: &str) -> String {
        let mut shown: String = name.chars().take(LETTERS).collect();
        if name.chars().count() > LETTERS {
            shown.push('…');
        }
        shown
    }

    /// Pixels for the names, on the left and on top.
    fn labels(&self) -> i32 {
        let longest = self.names.iter().map(|name| self.label(name).chars().count()).max().unwrap_or(0);
        if self.cell() >= NAMED { 8 + LETTER * longest as i32 } else { 0 }
    }
}

/// From white over blue to nearly black: darker is more, also without colours.
fn colour(value: f64) -> RGBColor {
    const STOPS: [(f64, [f64; 3]); 4] = [
        (0.0, [255.0, 255.0, 255.0]),
        (0.35, [158.0, 202.0, 225.0]),
        (0.7, [33.0, 113.0, 181.0]),
        (1.0, [8.0, 30.0, 70.0]),
    ];
    let value = value.clamp(0.0, 1.0);
    let i = (1..STOPS.len() - 1).find(|i| value <= STOPS[*i].0).unwrap_or(STOPS.len() - 1);
    let ((from, a), (to, b)) = (STOPS[i - 1], STOPS[i]);
    let w = (value - from) / (to - from);
    let [r, g, b] = [0, 1, 2].map(|c| (a[c] + w * (b[c] - a[c])).round() as u8);
    RGBColor(r, g, b)
}

impl Picture for Cells {
    fn size(&self) -> (u32, u32) {
        let side = self.labels() + self.cell() * self.names.len() as i32;
        let width = (2 * MARGIN + side + BAR.0).max(2 * MARGIN + 9 * self.title.chars().count() as i32);
        (width as u32, (TITLE + side.max(BAR.1 + 20) + MARGIN) as u32)
    }

    fn draw<B: DrawingBackend>(&self, area: &Area<B>) -> Result<(), PlotError> {
        let style = |size: i32, h: HPos| (FONT, size).into_text_style(area).pos(Pos::new(h, VPos::Center));
        drawn(area.draw_text(&self.title, &style(16, HPos::Left), (MARGIN, TITLE / 2)))?;
        let (cell, labels) = (self.cell(), self.labels());
        let (left, top) = (MARGIN + labels, TITLE + labels);
        if labels > 0 {
            let size = (cell - 1).clamp(8, 12);
            for (i, name) in self.names.iter().enumerate() {
                let middle = cell * i as i32 + cell / 2;
                let label = self.label(name);
                drawn(area.draw_text(&label, &style(size, HPos::Right), (left - 4, top + middle)))?;
                let upwards = style(size, HPos::Left).transform(FontTransform::Rotate270);
                drawn(area.draw_text(&label, &upwards, (left + middle, top - 4)))?;
            }
        }
        for (i, row) in self.values.iter().enumerate() {
            for (j, value) in row.iter().enumerate() {
                let (x, y) = (left + cell * j as i32, top + cell * i as i32);
                let colour = value.map_or(NOTHING, colour);
                drawn(area.draw(&Rectangle::new([(x, y), (x + cell, y + cell)], colour.filled())))?;
            }
        }
        let right = left + cell * self.names.len() as i32 + 16;
        for step in 0..BAR.1 {
            let value = 1.0 - f64::from(step) / f64::from(BAR.1 - 1);
            let y = top + step;
            drawn(area.draw(&Rectangle::new([(right, y), (right + 14, y + 1)], colour(value).filled())))?;
        }
        for tick in 0..=4 {
            let y = top + BAR.1 * (4 - tick) / 4;
            drawn(area.draw_text(&format!("{}", f64::from(tick) / 4.0), &style(12, HPos::Left), (right + 20, y)))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn darker_is_more() {
        let light = |v: f64| {
            let RGBColor(r, g, b) = colour(v);
            u32::from(r) + u32::from(g) + u32::from(b)
        };
        let steps: Vec<u32> = (0..=50).map(|i| light(f64::from(i) / 50.0)).collect();
        assert!(steps.windows(2).all(|w| w[0] > w[1]), "{steps:?}");
        assert_eq!((colour(0.0), colour(1.0)), (RGBColor(255, 255, 255), RGBColor(8, 30, 70)));
    }
}
