//! Points and lines over two axes.

use crate::picture::{Area, FONT, Picture, drawn};
use crate::{Axis, PlotError};
use plotters::prelude::*;

/// A panel of points and lines.
pub struct Xy {
    /// Above the panel.
    pub title: String,
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
    /// Whether to draw y = x: on a square, for which both axes must have one range.
    pub diagonal: bool,
    /// Grey ranges of y behind everything: (x, low, high), joined to a band.
    pub band: Vec<(f64, f64, f64)>,
    /// What is drawn on top, in this order.
    pub series: Vec<Points>,
}

/// Points of one kind.
pub struct Points {
    /// What the legend calls them.
    pub name: String,
    /// Their colour, as one of [`COLOURS`](crate::COLOURS).
    pub colour: RGBColor,
    /// How they are shown.
    pub mark: Mark,
    /// Where they are.
    pub points: Vec<Point>,
}

/// x, y, and the range of y around it.
pub type Point = (f64, f64, Option<(f64, f64)>);

/// How points are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Many faint dots.
    Dots,
    /// Dots joined by a line, which the legend names.
    Line,
}

const SIZE: (u32, u32) = (400, 340);
/// Height of a panel whose axes are as long as each other: what its title and labels take more in width than in height.
const SQUARE: u32 = 396;
const BAND: RGBColor = RGBColor(205, 205, 205);

impl Picture for Xy {
    fn size(&self) -> (u32, u32) {
        (SIZE.0, if self.diagonal { SQUARE } else { SIZE.1 })
    }

    fn legend(&self) -> Vec<(String, RGBColor)> {
        let lines = self.series.iter().filter(|series| series.mark == Mark::Line);
        lines.map(|series| (series.name.clone(), series.colour)).collect()
    }

    fn draw<B: DrawingBackend>(&self, area: &Area<B>) -> Result<(), PlotError> {
        let mut chart = drawn(
            ChartBuilder::on(area)
                .caption(&self.title, (FONT, 16))
                .margin(8)
                .margin_right(16)
                .x_label_area_size(38)
                .y_label_area_size(56)
                .build_cartesian_2d(self.x.clone(), self.y.clone()),
        )?;
        let mut mesh = chart.configure_mesh();
        mesh.max_light_lines(0).bold_line_style(BAND.mix(0.5)).label_style((FONT, 12)).axis_desc_style((FONT, 13));
        drawn(mesh.x_desc(&self.x.name).y_desc(&self.y.name).draw())?;

        let inside = |v: f64| v.clamp(self.y.low, self.y.high);
        if !self.band.is_empty() {
            let there = self.band.iter().map(|(x, low, _)| (*x, inside(*low)));
            let back = self.band.iter().rev().map(|(x, _, high)| (*x, inside(*high)));
            drawn(chart.draw_series([Polygon::new(there.chain(back).collect::<Vec<_>>(), BAND.filled())]))?;
        }
        if self.diagonal {
            let ends = [self.x.low, self.x.high].map(|v| (v, v));
            drawn(chart.draw_series([PathElement::new(ends, BLACK.mix(0.6))]))?;
        }
        for series in &self.series {
            let faint = series.colour.mix(0.35);
            let ranges = series.points.iter().filter_map(|(x, _, range)| range.map(|(low, high)| (*x, low, high)));
            let ranges = ranges.map(|(x, low, high)| PathElement::new([(x, inside(low)), (x, inside(high))], faint));
            drawn(chart.draw_series(ranges))?;
            let places: Vec<(f64, f64)> = series.points.iter().map(|(x, y, _)| (*x, inside(*y))).collect();
            match series.mark {
                Mark::Dots => {
                    let dots = places.into_iter().map(|at| Circle::new(at, 2, series.colour.mix(0.6).filled()));
                    drawn(chart.draw_series(dots))?;
                }
                Mark::Line => {
                    let colour = series.colour;
                    let dots = places.iter().map(|at| Circle::new(*at, 3, colour.filled()));
                    drawn(chart.draw_series(dots))?;
                    drawn(chart.draw_series([PathElement::new(places.clone(), colour.stroke_width(2))]))?;
                }
            }
        }
        Ok(())
    }
}
