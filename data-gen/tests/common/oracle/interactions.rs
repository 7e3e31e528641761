//! The pointwise MI of interactions, from densities and probabilities written down here.

use std::f64::consts::PI;

use mist_data_gen::{
    Joint, Sample,
    families::interaction::{Coupling, Interaction},
};
use nalgebra::{DMatrix, DVector};

fn ln_normal(v: f64, mean: f64, variance: f64) -> f64 {
    -0.5 * ((2.0 * PI * variance).ln() + (v - mean).powi(2) / variance)
}

pub fn interaction(base: &Interaction, sample: &Sample) -> Vec<f64> {
    let coupling = base.coupling();
    if let Coupling::Suppressor { rho, noise_sd, leak } = coupling {
        return normal(&suppressor_covariance(base.dims(), rho, noise_sd, leak), sample);
    }
    let (of_x, of_y) = coupling.columns(base.dims());
    let product = ProductDensity::of(coupling, of_x);
    let ln_i0 = if let Coupling::Angle { kappa, .. } = coupling { ln_bessel_i0(kappa) } else { 0.0 };
    (0..sample.x.nrows())
        .map(|row| {
            (0..base.couplings())
                .map(|k| {
                    let x: Vec<f64> = (0..of_x).map(|i| sample.x[(row, k * of_x + i)]).collect();
                    let y: Vec<f64> = (0..of_y).map(|i| sample.y[(row, k * of_y + i)]).collect();
                    match coupling {
                        Coupling::Sign { flip, .. } => {
                            let agree = x.iter().product::<f64>() * y[0] > 0.0;
                            (2.0 * if agree { 1.0 - flip } else { flip }).ln()
                        }
                        Coupling::Xor { flip, .. } => {
                            let bits: u32 = x.iter().chain(&y).map(|&v| u32::from(v == 1.0)).sum();
                            assert!(x.iter().chain(&y).all(|&v| v == 0.0 || v == 1.0));
                            (2.0 * if bits.is_multiple_of(2) { 1.0 - flip } else { flip }).ln()
                        }
                        Coupling::Product { .. } => product.pointwise(&x, y[0]),
                        // ln r is normal; directions tell nothing.
                        Coupling::Radial { rho, spread } => {
                            let norm = |side: &[f64]| side.iter().map(|v| v * v).sum::<f64>().sqrt().ln();
                            let (z, w) = (norm(&x) / spread.0, norm(&y) / spread.1);
                            ln_normal(w, rho * z, 1.0 - rho * rho) - ln_normal(w, 0.0, 1.0)
                        }
                        Coupling::Angle { harmonic, kappa } => {
                            let angle = |side: &[f64]| if let [v] = side { *v } else { side[1].atan2(side[0]) };
                            let d = angle(&y) - f64::from(harmonic) * angle(&x);
                            kappa * d.cos() - ln_i0
                        }
                        Coupling::Suppressor { .. } => unreachable!("returned above"),
                    }
                })
                .sum()
        })
        .collect()
}

/// The power series Σ (κ/2)^2k/k!², in logarithms.
fn ln_bessel_i0(kappa: f64) -> f64 {
    let (mut ln_term, mut sum) = (0.0, 0.0);
    for k in 1..4_000 {
        sum += f64::exp(ln_term - kappa);
        ln_term += 2.0 * (0.5 * kappa / f64::from(k)).ln();
    }
    sum.ln() + kappa
}

/// p(y) of the product coupling by a rule over X_1, its number of points set by the noise.
struct ProductDensity {
    noise_sd: f64,
    /// (mean, variance, mass) of Y for every point.
    given: Vec<(f64, f64, f64)>,
}

impl ProductDensity {
    fn of(coupling: Coupling, of_x: usize) -> Self {
        let Coupling::Product { noise_sd } = coupling else {
            return Self { noise_sd: 1.0, given: Vec::new() };
        };
        let points = 4 * (100.0 + 10.0 / noise_sd) as usize;
        let step = 8.0 / points as f64;
        // Boole's rule: half a normal starts with an edge, where a midpoint rule is of second order only.
        let given = (0..=points)
            .map(|i| {
                let a = step * i as f64;
                let weight = if i == 0 || i == points { 7.0 } else { [14.0, 32.0, 12.0, 32.0][i % 4] };
                let mass = 2.0 * step * weight * 4.0 / 90.0 * ln_normal(a, 0.0, 1.0).exp();
                let noise = noise_sd * noise_sd;
                if of_x == 1 { (a, noise, mass) } else { (0.0, a * a + noise, mass) }
            })
            .collect();
        Self { noise_sd, given }
    }

    fn pointwise(&self, x: &[f64], y: f64) -> f64 {
        let signal = if let [v] = x { v.abs() } else { x[0] * x[1] };
        let of_y: f64 =
            self.given.iter().map(|&(mean, variance, mass)| mass * ln_normal(y, mean, variance).exp()).sum();
        ln_normal(y, signal, self.noise_sd * self.noise_sd) - of_y.ln()
    }
}

/// The covariance of (X, Y) of a suppressor, as A Aᵀ with the matrix A that takes its independent normals (S, S″, then N_j
/// and E_j of every further column) to columns.
pub fn suppressor_covariance((dim_x, dim_y): (usize, usize), rho: f64, noise_sd: f64, leak: f64) -> DMatrix<f64> {
    let sources = 2 + 2 * (dim_x - 1) + 2 * (dim_y - 1);
    let mut a = DMatrix::zeros(dim_x + dim_y, sources);
    a[(0, 0)] = 1.0;
    a[(dim_x, 0)] = rho;
    a[(dim_x, 1)] = (1.0 - rho * rho).sqrt();
    let mut source = 2;
    for (first, dim) in [(0, dim_x), (dim_x, dim_y)] {
        for j in 1..dim {
            let each = noise_sd / ((dim - 1) as f64).sqrt();
            a[(first, source)] = each;
            a[(first + j, source)] = each / each.hypot(leak);
            a[(first + j, source + 1)] = leak / each.hypot(leak);
            source += 2;
        }
        if dim > 1 {
            let sd = 1.0_f64.hypot(noise_sd);
            a.row_mut(first).iter_mut().for_each(|v| *v /= sd);
        }
    }
    &a * a.transpose()
}

/// ln of the densities of a normal of mean zero, by LU.
fn normal(sigma: &DMatrix<f64>, sample: &Sample) -> Vec<f64> {
    let (dim_x, dim_y) = (sample.x.ncols(), sample.y.ncols());
    let part = |from: usize, dim: usize| {
        let lu = sigma.view((from, from), (dim, dim)).into_owned().lu();
        (lu.try_inverse().expect("positive definite"), lu.determinant().ln())
    };
    let parts = [part(0, dim_x + dim_y), part(0, dim_x), part(dim_x, dim_y)];
    (0..sample.x.nrows())
        .map(|row| {
            let x = sample.x.row(row).transpose();
            let y = sample.y.row(row).transpose();
            let both = DVector::from_iterator(dim_x + dim_y, x.iter().chain(y.iter()).copied());
            let [of_both, of_x, of_y] = [(&parts[0], &both), (&parts[1], &x), (&parts[2], &y)]
                .map(|((inverse, ln_det), v)| -0.5 * (ln_det + v.dot(&(inverse * v))));
            of_both - of_x - of_y
        })
        .collect()
}
