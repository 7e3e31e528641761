//! The pointwise MI of rows of a mixture.

use nalgebra::DMatrix;

use super::component::{Column, Component};
use crate::ground::sample::Sample;

/// Rows that are worked on together, so that the loops over them are vectorised and what they fill stays in the cache.
const BLOCK: usize = 64;

/// One number for each row of a block.
type Rows = [f64; BLOCK];

/// ln Σ w p(x, y) − ln Σ w p(x) − ln Σ w p(y) of every row, the sums over the components.
///
/// Sums of exponentials are taken relative to their largest term, so that no row is too far out.
pub(super) fn pointwise_mi(components: &[Component], sample: &Sample) -> Vec<f64> {
    let mut values = vec![0.0; sample.x.nrows()];
    let mut of_x: Vec<Rows> = vec![[0.0; BLOCK]; components.len()];
    let (mut of_y, mut of_both) = (of_x.clone(), of_x.clone());
    for (block, values) in values.chunks_mut(BLOCK).enumerate() {
        let first = block * BLOCK;
        for (k, component) in components.iter().enumerate() {
            let (x, y, both) = (&mut of_x[k], &mut of_y[k], &mut of_both[k]);
            x.fill(component.weight.ln());
            y.fill(0.0);
            add_ln_densities(x, &component.x, &sample.x, first);
            add_ln_densities(y, &component.y, &sample.y, first);
            for (both, (x, y)) in both.iter_mut().zip(x.iter().zip(y.iter_mut())) {
                *both = x + *y;
                *y += component.weight.ln();
            }
            add_correlations(both, component, sample, first);
        }
        let (x, y, both) = (ln_sum_exp(&of_x), ln_sum_exp(&of_y), ln_sum_exp(&of_both));
        for (row, value) in values.iter_mut().enumerate() {
            *value = both[row] - x[row] - y[row];
        }
    }
    values
}

/// Adds ln p of the columns of one side, less ½ ln 2π each, which the two sides and both together share.
fn add_ln_densities(sums: &mut Rows, columns: &[Column], side: &DMatrix<f64>, first: usize) {
    for (column, values) in columns.iter().zip(side.column_iter()) {
        let (inverse, ln_sd) = (1.0 / column.sd, column.sd.ln());
        for (sum, v) in sums.iter_mut().zip(&values.as_slice()[first..]) {
            let z = (v - column.mean) * inverse;
            *sum -= 0.5 * z * z + ln_sd;
        }
    }
}

/// Adds ln p(x, y) − ln p(x) − ln p(y) of the correlated pairs, as ln p(y|x) − ln p(y).
fn add_correlations(sums: &mut Rows, component: &Component, sample: &Sample, first: usize) {
    for (i, &rho) in component.rho.iter().enumerate().filter(|(_, rho)| **rho != 0.0) {
        let rest = ((1.0 - rho) * (1.0 + rho)).sqrt();
        let (of_x, of_y) = (component.x[i], component.y[i]);
        let (inverse_x, inverse_y, inverse_rest, ln_rest) = (1.0 / of_x.sd, 1.0 / of_y.sd, 1.0 / rest, rest.ln());
        let (x, y) = (sample.x.column(i), sample.y.column(i));
        let rows = x.as_slice()[first..].iter().zip(&y.as_slice()[first..]);
        for (sum, (x, y)) in sums.iter_mut().zip(rows) {
            let (a, b) = ((x - of_x.mean) * inverse_x, (y - of_y.mean) * inverse_y);
            let z = (b - rho * a) * inverse_rest;
            *sum += 0.5 * (b * b - z * z) - ln_rest;
        }
    }
}

/// ln Σ exp over the components.
fn ln_sum_exp(of_components: &[Rows]) -> Rows {
    let mut largest = of_components[0];
    for terms in &of_components[1..] {
        largest.iter_mut().zip(terms).for_each(|(most, term)| *most = most.max(*term));
    }
    let mut sums = [0.0; BLOCK];
    for terms in of_components {
        for (sum, (term, most)) in sums.iter_mut().zip(terms.iter().zip(&largest)) {
            *sum += (term - most).exp();
        }
    }
    std::array::from_fn(|row| largest[row] + sums[row].ln())
}
