//! Data like the data, whose MI is known: a mixture of normals, one for each label.

use crate::answers::matrix;
use anyhow::{Context, Result, ensure};
use nalgebra::{Cholesky, DMatrix, DVector, Dyn};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal, weighted::WeightedIndex};
use std::f64::consts::TAU;

/// Draws by which the MI is found.
const DRAWS: usize = 5_000;

/// As many rows as the data has, and the MI of the distribution that they are drawn from.
pub struct Twin {
    pub x: Vec<Vec<f64>>,
    pub y: Vec<Vec<f64>>,
    pub mi_nats: f64,
    /// Standard error of `mi_nats`.
    pub error: f64,
}

/// The normal distribution of one label, in all columns or in those of one side.
struct Normal {
    mean: DVector<f64>,
    factor: Cholesky<f64, Dyn>,
    /// ln of its weight and of its normalising constant.
    constant: f64,
}

impl Normal {
    fn new(mean: DVector<f64>, covariance: DMatrix<f64>, weight: f64) -> Option<Self> {
        let factor = covariance.cholesky()?;
        let log_det: f64 = factor.l_dirty().diagonal().iter().map(|v| 2.0 * v.ln()).sum();
        let constant = weight.ln() - 0.5 * (log_det + mean.len() as f64 * TAU.ln());
        Some(Self { mean, factor, constant })
    }

    fn log_density(&self, at: &DVector<f64>) -> f64 {
        let mut z = at - &self.mean;
        // The upper half of the factor is not looked at.
        self.factor.l_dirty().solve_lower_triangular_mut(&mut z);
        self.constant - 0.5 * z.norm_squared()
    }
}

/// The mixture, and its mixtures of X and of Y alone.
struct Mixture {
    weights: Vec<f64>,
    both: Vec<Normal>,
    x: Vec<Normal>,
    y: Vec<Normal>,
}

/// A twin of columns X and Y: each label has the mean, the covariance and the share of rows that it has in the data.
///
/// Its MI is the mean of ln p(x, y) − ln p(x) − ln p(y) over fresh draws.
pub fn twin(x: &[Vec<f64>], y: &[Vec<f64>], labels: &[f64], seed: u64) -> Result<Twin> {
    let mixture = Mixture::fit(&matrix(&[x, y].concat()), x.len(), labels)?;
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let rows = mixture.draw(labels.len(), &mut rng)?;
    let column = |j: usize| rows.iter().map(|row| row[j]).collect();
    let values: Vec<f64> = mixture.draw(DRAWS, &mut rng)?.iter().map(|row| mixture.pointwise(row, x.len())).collect();
    let mi_nats = values.iter().sum::<f64>() / DRAWS as f64;
    let variance = values.iter().map(|v| (v - mi_nats).powi(2)).sum::<f64>() / DRAWS as f64;
    Ok(Twin {
        x: (0..x.len()).map(column).collect(),
        y: (x.len()..x.len() + y.len()).map(column).collect(),
        mi_nats,
        error: (variance / DRAWS as f64).sqrt(),
    })
}

impl Mixture {
    fn fit(rows: &DMatrix<f64>, dim_x: usize, labels: &[f64]) -> Result<Self> {
        let mut kinds = labels.to_vec();
        kinds.sort_unstable_by(f64::total_cmp);
        kinds.dedup();
        let mut mixture = Self { weights: Vec::new(), both: Vec::new(), x: Vec::new(), y: Vec::new() };
        let dim = rows.ncols();
        for kind in kinds {
            let own: Vec<usize> = (0..labels.len()).filter(|row| labels[*row] == kind).collect();
            ensure!(
                own.len() > dim,
                "label {kind} has {} images, expected more than {dim} for so many columns",
                own.len()
            );
            let mut centred = rows.select_rows(&own);
            let mean = centred.row_mean();
            centred.row_iter_mut().for_each(|mut row| row -= &mean);
            let (mean, covariance) = (mean.transpose(), centred.tr_mul(&centred) / own.len() as f64);
            let weight = own.len() as f64 / labels.len() as f64;
            let part = |from: usize, len: usize| {
                let block = covariance.view((from, from), (len, len)).into_owned();
                let normal = Normal::new(mean.rows(from, len).into_owned(), block, weight);
                normal.with_context(|| format!("components of label {kind} are linear functions of each other"))
            };
            mixture.weights.push(weight);
            mixture.both.push(part(0, dim)?);
            mixture.x.push(part(0, dim_x)?);
            mixture.y.push(part(dim_x, dim - dim_x)?);
        }
        Ok(mixture)
    }

    fn draw(&self, rows: usize, rng: &mut ChaCha8Rng) -> Result<Vec<DVector<f64>>> {
        let kinds = WeightedIndex::new(&self.weights).context("no label has a share")?;
        let factors: Vec<DMatrix<f64>> = self.both.iter().map(|normal| normal.factor.l()).collect();
        let mut row = || {
            let kind = kinds.sample(rng);
            let noise: DVector<f64> = DVector::from_fn(factors[kind].nrows(), |_, _| StandardNormal.sample(rng));
            &self.both[kind].mean + &factors[kind] * noise
        };
        Ok((0..rows).map(|_| row()).collect())
    }

    /// The pointwise MI of a row in nats.
    fn pointwise(&self, row: &DVector<f64>, dim_x: usize) -> f64 {
        let (x, y) = (row.rows(0, dim_x).into_owned(), row.rows(dim_x, row.len() - dim_x).into_owned());
        log_sum(&self.both, row) - log_sum(&self.x, &x) - log_sum(&self.y, &y)
    }
}

/// ln Σ weight · density.
fn log_sum(parts: &[Normal], at: &DVector<f64>) -> f64 {
    let logs: Vec<f64> = parts.iter().map(|normal| normal.log_density(at)).collect();
    let largest = logs.iter().fold(f64::NEG_INFINITY, |a, b| a.max(*b));
    largest + logs.iter().map(|v| (v - largest).exp()).sum::<f64>().ln()
}

#[cfg(test)]
mod tests {
    use super::*;
    use mist_baselines::{Cca, MiEstimator};

    fn wave(rate: f64) -> Vec<f64> {
        (0..2000).map(|r| (f64::from(r) * rate).sin()).collect()
    }

    fn sum(a: &[f64], b: &[f64], w: f64) -> Vec<f64> {
        a.iter().zip(b).map(|(a, b)| a + w * b).collect()
    }

    #[test]
    fn a_twin_of_one_label_is_normal() {
        let x = vec![wave(0.7), wave(1.9)];
        let y = vec![sum(&x[0], &wave(2.9), 0.5), wave(5.3)];
        let twin = twin(&x, &y, &[0.0; 2000], 1).unwrap();
        // The MI of a normal distribution, from the canonical correlations that it was given.
        let truth = Cca.estimate(&matrix(&x), &matrix(&y)).unwrap();
        assert!(truth > 0.7 && (twin.mi_nats - truth).abs() < 4.0 * twin.error, "{} {truth}", twin.mi_nats);
        let drawn = Cca.estimate(&matrix(&twin.x), &matrix(&twin.y)).unwrap();
        assert!((drawn - truth).abs() < 0.1, "{drawn} {truth}");
    }

    #[test]
    fn labels_far_apart_share_their_entropy() {
        // Within a label the sides are nearly independent: all they share is the label.
        let labels: Vec<f64> = (0..2000).map(|r| f64::from(r % 4)).collect();
        let twin = twin(&[sum(&wave(0.7), &labels, 50.0)], &[sum(&wave(1.9), &labels, 50.0)], &labels, 1).unwrap();
        assert!((twin.mi_nats - 4.0_f64.ln()).abs() < 0.02, "{}", twin.mi_nats);
    }
}
