//! The pointwise MI of several readings of one number, by the probabilities of what was read at 256 points.

use mist_data_gen::{
    Sample,
    families::readings::{Reading, Readings, Tuning},
};
use statrs::distribution::{Continuous, Discrete, Normal, Poisson};

const POINTS: usize = 256;

fn tuning(tuning: Tuning, x: f64) -> f64 {
    use std::f64::consts::PI;
    match tuning {
        // 1 − cos a = 2 sin² (a/2).
        Tuning::Round { centre, sharpness } => (-2.0 * sharpness * (PI * (x - centre)).sin().powi(2)).exp(),
        Tuning::Bump { centre, sharpness } => (-2.0 * sharpness * (PI * (x - centre)).powi(2)).exp(),
        Tuning::Slope { centre, steepness } => 0.5 * (1.0 + (0.5 * steepness * (x - centre)).tanh()),
    }
}

fn ln_probability(reading: Reading, t: f64, y: f64) -> f64 {
    match reading {
        Reading::Count { base, gain } => Poisson::new(base + gain * t).unwrap().ln_pmf(y as u64),
        Reading::Number { gain } => Normal::new(gain * t, 1.0).unwrap().ln_pdf(y),
        Reading::Bit { low, high } => {
            let p = low + (high - low) * t;
            if y == 1.0 { p } else { 1.0 - p }.ln()
        }
    }
}

pub fn readings(base: &Readings, sample: &Sample) -> Vec<f64> {
    (0..sample.x.nrows())
        .map(|i| {
            let at = |x: f64| -> f64 {
                let of = |(j, (of, reading)): (usize, &(Tuning, Reading))| {
                    ln_probability(*reading, tuning(*of, x), sample.y[(i, j)])
                };
                base.readings().iter().enumerate().map(of).sum()
            };
            let own = at(sample.x[(i, 0)]);
            let all = (0..POINTS).map(|k| (at((k as f64 + 0.5) / POINTS as f64) - own).exp()).sum::<f64>();
            (POINTS as f64 / all).ln()
        })
        .collect()
}
