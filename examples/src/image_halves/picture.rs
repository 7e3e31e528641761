//! MI against the number of components, of the digits and of their twins.

use super::Kept;
use crate::answers::Answer;
use anyhow::Result;
use mist_infer::Estimator;
use mist_plot::{Axis, COLOURS, Grid, Mark, Points, Scale, Xy, svg};

/// The SVG.
pub fn draw(found: &[Kept], rows: usize, estimator: &Estimator) -> Result<String> {
    let line = |name: &str, colour: usize, of: &dyn Fn(&Kept) -> Answer, ranges: bool| {
        let point = |kept: &Kept| {
            let (at, nats, range) = of(kept).point(kept.components as f64);
            (at, nats, range.filter(|_| ranges))
        };
        let points = found.iter().map(point).collect();
        Points { name: name.to_owned(), colour: COLOURS[colour], mark: Mark::Line, points }
    };
    let ends = |kept: &Kept| [kept.mist, kept.ksg, kept.cca, kept.twin_mist].map(|a| [a.low, a.high]).concat();
    let truth = |kept: &Kept| Answer { nats: kept.truth.0, low: kept.truth.0, high: kept.truth.0 };
    let panel = |title: &str, series: Vec<Points>| Xy {
        title: title.to_owned(),
        x: Axis::over("components kept of each half", Scale::Linear, found.iter().map(|kept| kept.components as f64)),
        y: Axis::over("nats", Scale::SignedLog, found.iter().flat_map(ends).chain([0.0])),
        diagonal: false,
        band: Vec::new(),
        series,
    };
    let grid = Grid {
        title: "What the left half of a digit tells about the right half".to_owned(),
        caption: format!("{rows} images; 90 % intervals; checkpoint {}", estimator.checkpoint().name),
        columns: 2,
        panels: vec![
            panel(
                "Digits",
                vec![
                    line("mist", 0, &|kept| kept.mist, true),
                    line("KSG", 1, &|kept| kept.ksg, true),
                    line("CCA", 2, &|kept| kept.cca, true),
                ],
            ),
            panel(
                "Twins, whose MI is known",
                vec![
                    line("truth of the twins", 6, &truth, false),
                    line("mist", 0, &|kept| kept.twin_mist, true),
                    line("KSG", 1, &|kept| kept.twin_ksg, true),
                ],
            ),
        ],
    };
    Ok(svg(&grid)?)
}
