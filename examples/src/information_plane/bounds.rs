//! A layer seen through noise, and between what I(layer; layer + noise) lies.

use crate::answers::matrix;
use nalgebra::DMatrix;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Normal};

/// The columns with normal noise of this standard deviation, which is above 0.
pub fn noisy(columns: &[Vec<f64>], sd: f64, seed: u64) -> Vec<Vec<f64>> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let noise = Normal::new(0.0, sd).expect("a finite standard deviation");
    columns.iter().map(|column| column.iter().map(|v| v + noise.sample(&mut rng)).collect()).collect()
}

/// The least and the most that I(T; T + N) = h(T + N) − h(N) can be, in nats, from n rows of T and of T + N.
///
/// The density of T + N is a mixture of normals around the values of T. Estimated from all n rows, each row's own among them, its
/// entropy is too small in expectation, since entropy is concave (Goldfeld et al., "Estimating information flow in deep neural
/// networks", 2019, section 4). Without the own one it is a cross entropy, which is too large. Nor is I more than ½ ln det(1 + C / sd²),
/// the capacity of the normal channel, C the covariance of T.
///
/// Both hold in expectation: a few hundredths of a nat are chance.
pub fn bounds(layer: &[Vec<f64>], noisy: &[Vec<f64>], sd: f64) -> (f64, f64) {
    let (t, seen) = (matrix(layer).transpose(), matrix(noisy).transpose());
    let n = t.ncols();
    let (mut least, mut most) = (0.0, 0.0);
    for i in 0..n {
        let kernel = |j: usize| (-0.5 * (seen.column(i) - t.column(j)).norm_squared() / (sd * sd)).exp();
        let own = kernel(i);
        let others: f64 = (0..n).filter(|j| *j != i).map(kernel).sum();
        // Against h(N) of this very noise, whose mean is that of h(N): less chance than with the constant.
        least -= ((own + others) / n as f64).ln() - own.ln();
        most -= (others / (n - 1) as f64).ln() - own.ln();
    }
    let normal = capacity(&t, sd);
    (least / n as f64, (most / n as f64).min(normal))
}

fn capacity(t: &DMatrix<f64>, sd: f64) -> f64 {
    let mean = t.column_mean();
    let mut centred = t.clone();
    centred.column_iter_mut().for_each(|mut column| column -= &mean);
    let covariance = &centred * centred.transpose() / t.ncols() as f64;
    let scaled = covariance / (sd * sd) + DMatrix::identity(t.nrows(), t.nrows());
    0.5 * scaled.symmetric_eigenvalues().iter().map(|v| v.ln()).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bounds_hold_a_normal_layer_and_a_sign() {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let unit = Normal::new(0.0, 1.0).unwrap();
        let layer: Vec<Vec<f64>> = (0..2).map(|_| (0..800).map(|_| unit.sample(&mut rng)).collect()).collect();
        let (least, most) = bounds(&layer, &noisy(&layer, 0.5, 6), 0.5);
        let truth = 5.0_f64.ln();
        assert!(least < truth + 0.05 && truth < most + 0.05, "{least} {truth} {most}");
        assert!(most - least < 0.15, "{least} {most}");

        // ±1 through little noise: ln 2, where the normal channel could carry 1.2 nats.
        let sign = vec![(0..800).map(|r| if r % 2 == 0 { 1.0 } else { -1.0 }).collect::<Vec<f64>>()];
        let (least, most) = bounds(&sign, &noisy(&sign, 0.3, 7), 0.3);
        assert!((least - 2.0_f64.ln()).abs() < 0.01 && (most - 2.0_f64.ln()).abs() < 0.01, "{least} {most}");
    }
}
