//! MI against the number of columns, a line for each encoder.

use super::Told;
use crate::answers::Answer;
use anyhow::Result;
use mist_infer::Estimator;
use mist_plot::{Axis, COLOURS, Grid, Mark, Points, Scale, Xy, svg};

/// The SVG.
pub fn draw(told: &[Told], answers: &[Answer], rows: usize, estimator: &Estimator) -> Result<String> {
    let mut series: Vec<Points> = Vec::new();
    for (told, answer) in told.iter().zip(answers) {
        let point = answer.point(told.components as f64);
        match series.iter_mut().find(|line| line.name == told.name) {
            Some(line) => line.points.push(point),
            None => series.push(Points {
                name: told.name.to_owned(),
                colour: COLOURS[series.len() % COLOURS.len()],
                mark: Mark::Line,
                points: vec![point],
            }),
        }
    }
    let ends = answers.iter().flat_map(|answer| [answer.low, answer.high]);
    let panel = Xy {
        title: String::new(),
        x: Axis::over("columns that stand for the text", Scale::Linear, told.iter().map(|t| t.components as f64)),
        y: Axis::over("nats", Scale::SignedLog, ends.chain([0.0])),
        diagonal: false,
        band: Vec::new(),
        series,
    };
    let grid = Grid {
        title: "What a short text tells about its rating".to_owned(),
        caption: format!("{rows} texts; 90 % intervals; checkpoint {}", estimator.checkpoint().name),
        columns: 1,
        panels: vec![panel],
    };
    Ok(svg(&grid)?)
}
