//! The pointwise MI of mixtures, from densities written down here.

use mist_data_gen::{
    Sample,
    families::mixture::{Column, Mixture},
};

fn ln_normal(v: f64, mean: f64, variance: f64) -> f64 {
    -0.5 * ((2.0 * std::f64::consts::PI * variance).ln() + (v - mean).powi(2) / variance)
}

fn ln_sum_exp(values: &[f64]) -> f64 {
    let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    most + values.iter().map(|v| (v - most).exp()).sum::<f64>().ln()
}

/// The joint density of a pair as p(x) p(y | x).
pub fn mixture(base: &Mixture, sample: &Sample) -> Vec<f64> {
    let of_side = |values: &[f64], columns: &[Column]| -> f64 {
        values.iter().zip(columns).map(|(&v, c)| ln_normal(v, c.mean, c.sd * c.sd)).sum()
    };
    (0..sample.x.nrows())
        .map(|row| {
            let x: Vec<f64> = sample.x.row(row).iter().copied().collect();
            let y: Vec<f64> = sample.y.row(row).iter().copied().collect();
            let (mut of_x, mut of_y, mut both) = (Vec::new(), Vec::new(), Vec::new());
            for component in base.components() {
                let ln_weight = component.weight.ln();
                of_x.push(ln_weight + of_side(&x, &component.x));
                of_y.push(ln_weight + of_side(&y, &component.y));
                let given_x = component.y.iter().enumerate().map(|(i, of_y)| match component.rho.get(i) {
                    Some(rho) => {
                        let of_x = component.x[i];
                        let mean = of_y.mean + rho * of_y.sd / of_x.sd * (x[i] - of_x.mean);
                        ln_normal(y[i], mean, of_y.sd * of_y.sd * (1.0 - rho * rho))
                    }
                    None => ln_normal(y[i], of_y.mean, of_y.sd * of_y.sd),
                });
                both.push(ln_weight + of_side(&x, &component.x) + given_x.sum::<f64>());
            }
            ln_sum_exp(&both) - ln_sum_exp(&of_x) - ln_sum_exp(&of_y)
        })
        .collect()
}
