//! The pointwise MI of a response to several columns: what the response is by itself, as a mean over the signals of rows
//! that are drawn for it.

use mist_data_gen::{
    Joint, Sample, Seeds, Split,
    families::regression::{Regression, Response},
};
use nalgebra::DMatrix;

/// Rows that stand for the distribution of X.
const ROWS: usize = 40_000;

/// Widths of the noise beyond which it is left out.
const REACH: f64 = 8.0;

fn signals(base: &Regression, x: &DMatrix<f64>) -> Vec<Vec<f64>> {
    x.row_iter().map(|row| base.signals(&row.iter().copied().collect::<Vec<_>>())).collect()
}

/// P(Y = c | t), as the difference of two logistic functions.
fn probability(cuts: &[f64], softness: f64, t: f64, class: usize) -> f64 {
    let at_most = |c: usize| cuts.get(c).map_or(1.0, |cut| 1.0 / (1.0 + ((t - cut) / softness).exp()));
    at_most(class) - if class == 0 { 0.0 } else { at_most(class - 1) }
}

pub fn regression(base: &Regression, sample: &Sample) -> Vec<f64> {
    let others = base.sample(ROWS, &mut Seeds { root: 77 }.rng(Split::Scratch, 1));
    let (all, own) = (signals(base, &others.x), signals(base, &sample.x));
    let of_y = sample.y.column(0);
    // Of categories that come with the probabilities `given`.
    let of_classes = |count: usize, given: &dyn Fn(&[f64], usize) -> f64| -> Vec<f64> {
        let whole: Vec<f64> =
            (0..count).map(|class| all.iter().map(|t| given(t, class)).sum::<f64>() / all.len() as f64).collect();
        own.iter().zip(of_y.iter()).map(|(t, &y)| (given(t, y as usize) / whole[y as usize]).ln()).collect()
    };
    match base.response() {
        Response::Number { noise_sd } => {
            // The rows themselves are draws, too, and keep p(y) above 0 wherever one is.
            let mut all: Vec<f64> = all.iter().chain(&own).map(|t| t[0]).collect();
            all.sort_by(f64::total_cmp);
            own.iter()
                .map(|t| t[0])
                .zip(of_y.iter())
                .map(|(t, y)| {
                    let shape = |t: f64| (-0.5 * ((y - t) / noise_sd).powi(2)).exp();
                    let from = all.partition_point(|t| *t < y - REACH * noise_sd);
                    let to = all.partition_point(|t| *t <= y + REACH * noise_sd);
                    let sum: f64 = all[from..to].iter().map(|&t| shape(t)).sum();
                    (shape(t) * all.len() as f64 / sum).ln()
                })
                .collect()
        }
        Response::Class { cuts, softness } => {
            of_classes(cuts.len() + 1, &|t, class| probability(cuts, *softness, t[0], class))
        }
        Response::Choice { offsets, softness } => {
            let weight = |t: &[f64], class: usize| ((t[class] + offsets[class]) / softness).exp();
            of_classes(offsets.len(), &|t, class| {
                weight(t, class) / (0..offsets.len()).map(|other| weight(t, other)).sum::<f64>()
            })
        }
    }
}
