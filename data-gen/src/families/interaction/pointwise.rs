//! The pointwise MI of one coupling.

use std::f64::consts::PI;

use nalgebra::DMatrix;

use super::{
    coupling::Coupling,
    information::{STEP, product_scales},
    von_mises,
};
use crate::ground::{normal::normal_cdf, quadrature::interpolated::at_points};

/// ln p(y|x) − ln p(y) of a standard normal pair of correlation ρ.
fn normal_pair(rho: f64, x: f64, y: f64) -> f64 {
    let given = (1.0 - rho) * (1.0 + rho);
    let rest = y - rho * x;
    -0.5 * (given.ln() + rest * rest / given - y * y)
}

/// The columns of one coupling, each a slice.
struct Columns<'a> {
    x: Vec<&'a [f64]>,
    y: Vec<&'a [f64]>,
}

impl Coupling {
    /// The pointwise MI in nats of every row, the sum over `couplings`.
    pub(super) fn pointwise_mi(&self, couplings: usize, x: &DMatrix<f64>, y: &DMatrix<f64>) -> Vec<f64> {
        let n = x.nrows();
        let dims = (x.ncols(), y.ncols());
        let (of_x, of_y) = self.columns(dims);
        let part = |first: usize, count: usize| first * n..(first + count) * n;
        let columns = (0..couplings).map(|k| Columns {
            x: x.as_slice()[part(k * of_x, of_x)].chunks_exact(n.max(1)).collect(),
            y: y.as_slice()[part(k * of_y, of_y)].chunks_exact(n.max(1)).collect(),
        });
        if let Self::Product { noise_sd } = *self {
            return product(columns, n, noise_sd);
        }
        let mut values = vec![0.0; n];
        for columns in columns {
            self.add(&columns, &mut values);
        }
        values
    }

    fn add(&self, Columns { x, y }: &Columns<'_>, values: &mut [f64]) {
        match *self {
            Self::Sign { flip, .. } => add_coins(flip, x, y[0], values, |v| v < 0.0),
            Self::Xor { flip, .. } => add_coins(flip, x, y[0], values, |v| v == 1.0),
            Self::Product { .. } => unreachable!("all couplings share a density"),
            // ln r is normal; directions tell nothing.
            Self::Radial { rho, spread } => {
                let ln_lengths = |side: &[&[f64]]| {
                    let mut squares = vec![0.0; values.len()];
                    for column in side {
                        squares.iter_mut().zip(*column).for_each(|(square, v)| *square += v * v);
                    }
                    squares.iter_mut().for_each(|square| *square = 0.5 * square.ln());
                    squares
                };
                let (of_x, of_y) = (ln_lengths(x), ln_lengths(y));
                for ((value, a), b) in values.iter_mut().zip(of_x).zip(of_y) {
                    *value += normal_pair(rho, a / spread.0, b / spread.1);
                }
            }
            Self::Angle { harmonic, kappa } => {
                let ln_i0 = von_mises::ln_i0(kappa);
                let angle = |side: &[&[f64]], row: usize| match side {
                    [angles] => angles[row],
                    [first, second, ..] => second[row].atan2(first[row]),
                    [] => unreachable!("a side has a column"),
                };
                for (row, value) in values.iter_mut().enumerate() {
                    let d = angle(y, row) - f64::from(harmonic) * angle(x, row);
                    *value += kappa * d.cos() - ln_i0;
                }
            }
            // The best linear estimate of S from a side is all that the side tells of it, and the two are normal.
            Self::Suppressor { rho, noise_sd, leak } => {
                let (of_x, var_x) = estimate(x, noise_sd, leak);
                let (of_y, var_y) = estimate(y, noise_sd, leak);
                let (sd_x, sd_y) = (var_x.sqrt(), var_y.sqrt());
                let rho = rho / (sd_x * sd_y);
                for ((value, a), b) in values.iter_mut().zip(of_x).zip(of_y) {
                    *value += normal_pair(rho, a / sd_x, b / sd_y);
                }
            }
        }
    }
}

/// ln 2P of the coin that the row shows: whether Y's bit is the parity of X's.
fn add_coins(flip: f64, x: &[&[f64]], y: &[f64], values: &mut [f64], bit: impl Fn(f64) -> bool) {
    let ln_of = [(2.0 * (1.0 - flip)).ln(), (2.0 * flip).ln()];
    for (row, (value, &y)) in values.iter_mut().zip(y).enumerate() {
        let flipped = x.iter().fold(bit(y), |odd, column| odd != bit(column[row]));
        *value += ln_of[usize::from(flipped)];
    }
}

/// S and noise, from what a side shows of both; with the variance of the sum.
///
/// √(1 + b²) X_1 = S + Σ N_j, and E[N_j | X_j] = w X_j with w = Var N_j/√(Var N_j + l²); the rest of N_j has variance
/// Var N_j l²/(Var N_j + l²).
fn estimate(side: &[&[f64]], noise_sd: f64, leak: f64) -> (Vec<f64>, f64) {
    let [first, others @ ..] = side else { unreachable!("a side has a column") };
    if others.is_empty() {
        return (first.to_vec(), 1.0);
    }
    let each = noise_sd / (others.len() as f64).sqrt();
    let weight = each * each / each.hypot(leak);
    let scale = 1.0_f64.hypot(noise_sd);
    let mut estimates: Vec<f64> = first.iter().map(|v| scale * v).collect();
    for column in others {
        estimates.iter_mut().zip(*column).for_each(|(estimate, v)| *estimate -= weight * v);
    }
    let rest = (each * leak / each.hypot(leak)).powi(2);
    (estimates, 1.0 + others.len() as f64 * rest)
}

/// ln p(y|x) − ln p(y) summed over the couplings, which share the density of Y.
fn product<'a>(columns: impl Iterator<Item = Columns<'a>>, n: usize, sigma: f64) -> Vec<f64> {
    let ln_peak = -0.5 * (2.0 * PI).ln();
    let (mut given, mut places) = (Vec::new(), Vec::new());
    let mut single = false;
    for Columns { x, y } in columns {
        single = x.len() == 1;
        for (row, &y) in y[0].iter().enumerate() {
            let signal = if single { x[0][row].abs() } else { x[0][row] * x[1][row] };
            let z = (y - signal) / sigma;
            given.push(ln_peak - sigma.ln() - 0.5 * z * z);
            // In asinh the density changes as fast near zero as far out.
            places.push(if single { y } else { (y.abs() / sigma).asinh() });
        }
    }
    let of_y: Vec<f64> = if single {
        // Skew-normal, see `absolute`.
        let scale = 1.0_f64.hypot(sigma);
        places
            .iter()
            .map(|y| {
                let z = y / scale;
                ln_peak - 0.5 * z * z - scale.ln() + (2.0 * normal_cdf(z / sigma)).ln()
            })
            .collect()
    } else {
        let scales = product_scales(sigma, STEP);
        at_points(&places, &[], |place| {
            let y = sigma * place.sinh();
            // What is taken out keeps the sum from vanishing far out in the noise's tail.
            let least = scales.iter().fold(f64::INFINITY, |least, (rate, _)| least.min(*rate));
            let sum: f64 = scales.iter().map(|(rate, mass)| mass * (-(rate - least) * y * y).exp()).sum();
            sum.ln() - least * y * y
        })
    };
    let mut values = vec![0.0; n];
    for (k, (given, of_y)) in given.iter().zip(of_y).enumerate() {
        values[k % n] += given - of_y;
    }
    values
}
