//! The pointwise MI of mixtures, from densities written down here.

use mist_data_gen::{
    Sample,
    families::{
        mixture::{Column, Mixture},
        normal_mixture::NormalMixture,
    },
};
use nalgebra::{DMatrix, DVector};

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

/// Every density by the inverse and the determinant of its own block of the covariance.
pub fn normal_mixture(base: &NormalMixture, sample: &Sample) -> Vec<f64> {
    let dim = base.components()[0].mean().len();
    let rows = DMatrix::from_fn(sample.x.nrows(), sample.x.ncols() + sample.y.ncols(), |row, column| {
        match column.checked_sub(sample.x.ncols()) {
            None => sample.x[(row, column)],
            Some(of_y) => sample.y[(row, of_y)],
        }
    });
    // Columns beyond those of the components cancel.
    let in_x = base.components()[0].dims().0;
    let place = |i: usize| if i < in_x { i } else { sample.x.ncols() + i - in_x };
    let ln_density = |columns: std::ops::Range<usize>| -> Vec<f64> {
        let mut terms = vec![Vec::new(); rows.nrows()];
        for component in base.components() {
            let block = component.covariance().view_range(columns.clone(), columns.clone()).into_owned();
            let (inverse, determinant) = (block.clone().try_inverse().unwrap(), block.determinant());
            for (row, terms) in terms.iter_mut().enumerate() {
                let off = DVector::from_iterator(
                    columns.len(),
                    columns.clone().map(|i| rows[(row, place(i))] - component.mean()[i]),
                );
                let distance = (off.transpose() * &inverse * &off)[(0, 0)];
                let scale = columns.len() as f64 * (2.0 * std::f64::consts::PI).ln() + determinant.ln();
                terms.push(component.weight().ln() - 0.5 * (distance + scale));
            }
        }
        terms.iter().map(|terms| ln_sum_exp(terms)).collect()
    };
    let (x, y, both) = (ln_density(0..in_x), ln_density(in_x..dim), ln_density(0..dim));
    (0..rows.nrows()).map(|row| both[row] - x[row] - y[row]).collect()
}
