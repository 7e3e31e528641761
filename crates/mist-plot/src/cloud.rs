//! Points coloured by a value.

use crate::picture::{Area, FONT, Picture, drawn, heading};
use crate::{Axis, PlotError};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// A cloud of points under a title and a caption.
pub struct Cloud {
    /// In large type.
    pub title: String,
    /// Below it, in smaller type.
    pub caption: String,
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
    /// Places, and values that give the colour.
    pub points: Vec<(f64, f64, Option<f64>)>,
    /// What the colour shows.
    pub legend: String,
}

const SIZE: (u32, u32) = (640, 560);
const LEGEND: i32 = 84;
const HEAD: i32 = 56;
const BAR: i32 = 180;
const BELOW: [f64; 3] = [33.0, 102.0, 172.0];
const MIDDLE: [f64; 3] = [222.0, 222.0, 222.0];
const ABOVE: [f64; 3] = [178.0, 24.0, 43.0];
const PLAIN: RGBColor = RGBColor(0, 114, 178);

/// Blue below 0, grey at 0, red above, full at −1 and 1.
fn colour(share: f64) -> RGBColor {
    let end = if share < 0.0 { BELOW } else { ABOVE };
    let w = share.abs().min(1.0);
    let [r, g, b] = [0, 1, 2].map(|c| (MIDDLE[c] + w * (end[c] - MIDDLE[c])).round() as u8);
    RGBColor(r, g, b)
}

impl Cloud {
    /// The value of the full colour: what all but one point in fifty stay below.
    fn full(&self) -> Option<f64> {
        let mut sizes: Vec<f64> = self.points.iter().filter_map(|p| p.2).map(f64::abs).collect();
        sizes.sort_unstable_by(f64::total_cmp);
        let at = sizes.len().checked_sub(1)? * 49 / 50;
        Some(sizes[at].max(f64::MIN_POSITIVE))
    }
}

impl Picture for Cloud {
    fn size(&self) -> (u32, u32) {
        let letters = self.title.chars().count().max(self.caption.chars().count()) as u32;
        (SIZE.0.max(32 + 8 * letters), SIZE.1)
    }

    fn draw<B: DrawingBackend>(&self, area: &Area<B>) -> Result<(), PlotError> {
        heading(area, &self.title, &self.caption)?;
        let full = self.full();
        let legend = if full.is_some() { LEGEND } else { 0 };
        let below = area.margin(HEAD, 0, 0, 0);
        let mut chart = drawn(
            ChartBuilder::on(&below)
                .margin(8)
                .margin_right(16 + legend)
                .x_label_area_size(38)
                .y_label_area_size(62)
                .build_cartesian_2d(self.x.clone(), self.y.clone()),
        )?;
        let mut mesh = chart.configure_mesh();
        mesh.max_light_lines(0).bold_line_style(RGBColor(205, 205, 205).mix(0.5));
        mesh.label_style((FONT, 12)).axis_desc_style((FONT, 13));
        drawn(mesh.x_desc(&self.x.name).y_desc(&self.y.name).draw())?;
        let dot = |(x, y, value): &(f64, f64, Option<f64>)| {
            let colour = value.zip(full).map_or(PLAIN, |(v, full)| colour(v / full));
            Circle::new((*x, *y), 3, colour.mix(0.8).filled())
        };
        drawn(chart.draw_series(self.points.iter().map(dot)))?;
        let Some(full) = full else { return Ok(()) };
        let style = (FONT, 12).into_text_style(area).pos(Pos::new(HPos::Left, VPos::Center));
        let (left, top) = (self.size().0 as i32 - LEGEND, HEAD + 34);
        drawn(area.draw_text(&self.legend, &style, (left, top - 16)))?;
        for step in 0..BAR {
            let share = 1.0 - 2.0 * f64::from(step) / f64::from(BAR - 1);
            drawn(
                area.draw(&Rectangle::new([(left, top + step), (left + 14, top + step + 1)], colour(share).filled())),
            )?;
        }
        for (share, y) in [(1.0, top), (0.0, top + BAR / 2), (-1.0, top + BAR)] {
            drawn(area.draw_text(&format!("{:.1}", share * full), &style, (left + 20, y)))?;
        }
        Ok(())
    }
}
