//! The plane, and both of its axes over the epochs.

use super::{Point, WIDTHS};
use anyhow::Result;
use mist_infer::Estimator;
use mist_plot::{Axis, COLOURS, Grid, Mark, Points, Scale, Xy, svg};

/// The SVG.
pub fn draw(points: &[Point], classes: usize, rows: usize, noise: f64, estimator: &Estimator) -> Result<String> {
    let mut panels = vec![
        Xy {
            title: "The information plane".to_owned(),
            x: Axis::over(IMAGE, Scale::SignedLog, points.iter().map(|p| p.image.nats)),
            y: label_axis(points, classes),
            series: WIDTHS.map(|width| line(points, width, &|p| (p.image.nats, p.label.nats, None))).into(),
            ..empty(points)
        },
        Xy {
            title: "The digit".to_owned(),
            y: label_axis(points, classes),
            series: WIDTHS.map(|width| line(points, width, &|p| p.label.point(after(p)))).into(),
            ..empty(points)
        },
        Xy {
            title: "The digit, at least, by a linear classifier".to_owned(),
            y: label_axis(points, classes),
            series: WIDTHS.map(|width| line(points, width, &|p| (after(p), p.shown, None))).into(),
            ..empty(points)
        },
    ];
    for width in WIDTHS {
        let own: Vec<&Point> = points.iter().filter(|p| p.width == width).collect();
        let ends = own.iter().flat_map(|p| [p.image.low, p.image.high, p.bounds.0, p.bounds.1]);
        panels.push(Xy {
            title: format!("The image in {width} units; grey: where it lies"),
            y: Axis::over(IMAGE, Scale::Linear, ends.chain([0.0])),
            band: own.iter().map(|p| (after(p), p.bounds.0, p.bounds.1)).collect(),
            series: vec![line(points, width, &|p| p.image.point(after(p)))],
            ..empty(points)
        });
    }
    let grid = Grid {
        title: "What three layers know of the image and of the digit".to_owned(),
        caption: format!(
            "{rows} images that training never saw; 90 % intervals; noise of standard deviation {noise}; checkpoint {}",
            estimator.checkpoint().name
        ),
        columns: 3,
        panels,
    };
    Ok(svg(&grid)?)
}

const IMAGE: &str = "I(image; layer + noise), nats";

fn after(point: &Point) -> f64 {
    1.0 + point.epoch as f64
}

/// A panel over the epochs, with nothing in it.
fn empty(points: &[Point]) -> Xy {
    Xy {
        title: String::new(),
        x: Axis::over("1 + epochs", Scale::Log, points.iter().map(after)),
        y: Axis::over("", Scale::Linear, []),
        diagonal: false,
        band: Vec::new(),
        series: Vec::new(),
    }
}

fn label_axis(points: &[Point], classes: usize) -> Axis {
    let ends = points.iter().flat_map(|p| [p.label.low, p.shown]);
    Axis::over("I(layer; label), nats", Scale::Linear, ends.chain([0.0, (classes as f64).ln()]))
}

fn line(points: &[Point], width: usize, place: &dyn Fn(&Point) -> mist_plot::Point) -> Points {
    let colour = WIDTHS.iter().position(|other| *other == width).map_or(COLOURS[0], |i| COLOURS[i]);
    let points = points.iter().filter(|p| p.width == width).map(place).collect();
    Points { name: format!("{width} units"), colour, mark: Mark::Line, points }
}
