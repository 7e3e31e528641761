//! ln p(y) of Y = f(X) + σ(X) noise, to ten digits.
//!
//! The quadratures of the MI do not do for a single value: they need a mean over Y only.

use statrs::function::gamma::ln_gamma;

use super::{boxes::Boxes, monotone::breaks, noise::Noise, pair::Link, support::root3, tree::Tree};
use crate::ground::quadrature::interpolated::at_points;

/// ln p(y|x) − ln p(y) of every row.
pub(crate) fn pointwise_mi(link: &Link, x: &[f64], y: &[f64]) -> Vec<f64> {
    let ln_unit = ln_unit(link.noise());
    let of_y = match link.noise() {
        Noise::Uniform => {
            let boxes = Boxes::new(link);
            at_points(y, &breaks(&boxes.pieces), |y| boxes.density(y).max(f64::MIN_POSITIVE).ln())
        }
        Noise::Normal => {
            let mut tree = Tree::new(link);
            at_points(y, &[], |y| tree.density(y).max(f64::MIN_POSITIVE).ln() + ln_unit)
        }
        Noise::Student { .. } | Noise::Laplace => {
            let mut tree = Tree::new(link);
            at_points(y, &tree.breaks.clone(), |y| tree.density(y).max(f64::MIN_POSITIVE).ln() + ln_unit)
        }
    };
    let rows = x.iter().zip(y).zip(of_y);
    rows.map(|((&x, &y), of_y)| {
        let sigma = link.noise_sd() * link.spread().at(x);
        let z = (y - link.signal(x)) / sigma;
        let ln_shape = match link.noise() {
            // What was drawn is inside, if only up to rounding.
            Noise::Uniform => 0.0,
            noise => ln_shape(noise, z),
        };
        ln_unit + ln_shape - sigma.ln() - of_y
    })
    .collect()
}

/// ln of the noise's density at 0 for `noise_sd` = 1.
fn ln_unit(noise: Noise) -> f64 {
    match noise {
        Noise::Normal => -0.5 * (2.0 * std::f64::consts::PI).ln(),
        Noise::Uniform => -(2.0 * root3()).ln(),
        Noise::Laplace => -0.5 * 2.0_f64.ln(),
        Noise::Student { nu } => {
            ln_gamma(0.5 * (nu + 1.0)) - ln_gamma(0.5 * nu) - 0.5 * (nu * std::f64::consts::PI).ln()
        }
    }
}

/// ln of the noise's density at z over that at 0; not of the uniform.
#[inline]
fn ln_shape(noise: Noise, z: f64) -> f64 {
    match noise {
        Noise::Normal => -0.5 * z * z,
        Noise::Uniform => unreachable!("a box has no shape"),
        Noise::Laplace => -std::f64::consts::SQRT_2 * z.abs(),
        Noise::Student { nu } => -0.5 * (nu + 1.0) * (z * z / nu).ln_1p(),
    }
}
