//! A mixture of normals with any covariances.

use nalgebra::DMatrix;
use rand::Rng;
use rand_distr::StandardNormal;

use super::component::{Component, LnDensities};
use crate::ground::{error::ParameterError, joint::Joint, sample::Sample};

/// Rows that the variance is estimated from.
const PILOT: usize = 300;

/// Rows at most.
const MOST: usize = 2_000;

/// The standard error wanted, in nats.
const WANTED: f64 = 0.015;

/// (X, Y) ~ Σ w_k N(μ_k, Σ_k); columns beyond those of the components are N(0, 1), independent of all else.
///
/// The MI has no closed form. It is the mean of ln p(x, y) − ln p(x) − ln p(y) over rows of p(x, y), with the control
/// variate Σ r_k (i_k − I_k), of mean zero: r_k is the probability of component k given the row, i_k the pointwise MI
/// within it and I_k = ½ ln (det `Σ_X` det `Σ_Y` / det Σ) its mean. The number of rows follows the variance, between 300 and
/// 2,000, for a standard error of 0.015 nats; it is larger than that only where 2,000 rows do not suffice. A mean below
/// zero is stated as zero.
///
/// # Domain
/// At least one component; all with the same columns, at most `dims`.
///
/// # Source
/// Czyż et al., "On the Properties and Estimation of Pointwise Mutual Information Profiles" (2023): MI of fine
/// distributions by Monte Carlo. Glasserman, "Monte Carlo Methods in Financial Engineering" (2003), section 4.1.
///
/// ```
/// use mist_data_gen::{Seeds, Split};
/// use mist_data_gen::families::{Joint, normal_mixture::{Component, NormalMixture}};
/// use nalgebra::{DMatrix, DVector};
///
/// // One component: the MI of the normal, without an error.
/// let covariance = DMatrix::from_row_slice(2, 2, &[1.0, 0.6, 0.6, 1.0]);
/// let normal = Component::new(1.0, DVector::zeros(2), covariance, 1)?;
/// let mut rng = Seeds { root: 0 }.rng(Split::Scratch, 0);
/// let mixture = NormalMixture::new(vec![normal], (1, 1), &mut rng)?;
/// assert!((mixture.mi_nats() - -(0.8_f64.ln())).abs() < 1e-9);
/// # Ok::<(), mist_data_gen::ParameterError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct NormalMixture {
    components: Vec<Component>,
    dims: (usize, usize),
    mi_nats: f64,
    mi_standard_error: f64,
}

impl NormalMixture {
    /// The mixture of these components; computes its MI with rows drawn from `rng`.
    ///
    /// # Errors
    /// No component, or components of different columns or of more than `dims`.
    pub fn new<R: Rng + ?Sized>(
        mut components: Vec<Component>,
        dims: (usize, usize),
        rng: &mut R,
    ) -> Result<Self, ParameterError> {
        let Some(first) = components.first() else {
            return Err(ParameterError::new("components", "at least one", "none"));
        };
        let (in_x, in_y) = first.dims();
        if in_x > dims.0 || in_y > dims.1 || components.iter().any(|c| c.dims() != (in_x, in_y)) {
            let expected = format!("the same columns in every component, at most {dims:?}");
            return Err(ParameterError::new("components", &expected, format!("{in_x} and {in_y} in the first")));
        }
        let whole: f64 = components.iter().map(|c| c.weight).sum();
        components.iter_mut().for_each(|c| c.weight /= whole);
        let mut mixture = Self { components, dims, mi_nats: 0.0, mi_standard_error: 0.0 };
        let mut values = mixture.controlled(&mixture.rows(PILOT, rng));
        let (_, error) = mean_and_error(&values);
        let wanted = (PILOT as f64 * (error / WANTED).powi(2)).ceil() as usize;
        let more = wanted.min(MOST).saturating_sub(PILOT);
        if more > 0 {
            values.extend(mixture.controlled(&mixture.rows(more, rng)));
        }
        let (mean, error) = mean_and_error(&values);
        (mixture.mi_nats, mixture.mi_standard_error) = (mean.max(0.0), error);
        Ok(mixture)
    }

    /// The components; their weights sum to 1.
    #[must_use]
    pub fn components(&self) -> &[Component] {
        &self.components
    }

    /// n rows of the components' columns.
    fn rows<R: Rng + ?Sized>(&self, n: usize, rng: &mut R) -> DMatrix<f64> {
        let (in_x, in_y) = self.components[0].dims();
        let mut rows = DMatrix::zeros(n, in_x + in_y);
        let mut row = vec![0.0; in_x + in_y];
        for mut out in rows.row_iter_mut() {
            let mut left: f64 = rng.random();
            let chosen = self.components.iter().find(|component| {
                left -= component.weight;
                left < 0.0
            });
            row.iter_mut().for_each(|v| *v = rng.sample(StandardNormal));
            // Rounding may leave a rest.
            chosen.unwrap_or(&self.components[self.components.len() - 1]).place(&mut row);
            out.iter_mut().zip(&row).for_each(|(v, drawn)| *v = *drawn);
        }
        rows
    }

    /// The pointwise MI of rows less the control variate.
    fn controlled(&self, rows: &DMatrix<f64>) -> Vec<f64> {
        let of_components = self.ln_densities(rows);
        (0..rows.nrows())
            .map(|row| {
                let [_, _, both] = self.ln_sums(&of_components, row);
                let control: f64 = (self.components.iter().zip(&of_components))
                    .map(|(component, at)| {
                        let share = component.weight * (at.both[row] - both).exp();
                        let within = at.both[row] - at.x[row] - at.y[row];
                        share * (within - component.mi_nats())
                    })
                    .sum();
                self.pointwise(&of_components, row) - control
            })
            .collect()
    }

    fn ln_densities(&self, rows: &DMatrix<f64>) -> Vec<LnDensities> {
        self.components.iter().map(|component| component.ln_densities(rows)).collect()
    }

    /// ln Σ w p(x), ln Σ w p(y) and ln Σ w p(x, y) of a row.
    fn ln_sums(&self, of_components: &[LnDensities], row: usize) -> [f64; 3] {
        let sum = |of: fn(&LnDensities) -> &Vec<f64>| {
            let most = of_components.iter().map(|at| of(at)[row]).fold(f64::NEG_INFINITY, f64::max);
            let terms = self.components.iter().zip(of_components);
            most + terms.map(|(c, at)| c.weight * (of(at)[row] - most).exp()).sum::<f64>().ln()
        };
        [sum(|at| &at.x), sum(|at| &at.y), sum(|at| &at.both)]
    }

    fn pointwise(&self, of_components: &[LnDensities], row: usize) -> f64 {
        let [x, y, both] = self.ln_sums(of_components, row);
        both - x - y
    }
}

fn mean_and_error(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0);
    (mean, (variance / n).sqrt())
}

impl Joint for NormalMixture {
    fn dims(&self) -> (usize, usize) {
        self.dims
    }

    fn mi_nats(&self) -> f64 {
        self.mi_nats
    }

    fn mi_standard_error(&self) -> f64 {
        self.mi_standard_error
    }

    fn sample<R: Rng + ?Sized>(&self, n: usize, rng: &mut R) -> Sample {
        let (in_x, in_y) = self.components[0].dims();
        let rows = self.rows(n, rng);
        let mut side = |columns: std::ops::Range<usize>, dim: usize| {
            let structured = columns.len();
            let mut side = rows.columns_range(columns).into_owned().resize_horizontally(dim, 0.0);
            for v in &mut side.as_mut_slice()[n * structured..] {
                *v = rng.sample(StandardNormal);
            }
            side
        };
        let x = side(0..in_x, self.dims.0);
        Sample { x, y: side(in_x..in_x + in_y, self.dims.1) }
    }

    fn pointwise_mi(&self, sample: &Sample) -> Vec<f64> {
        let (in_x, in_y) = self.components[0].dims();
        let mut rows = DMatrix::zeros(sample.x.nrows(), in_x + in_y);
        rows.columns_mut(0, in_x).copy_from(&sample.x.columns(0, in_x));
        rows.columns_mut(in_x, in_y).copy_from(&sample.y.columns(0, in_y));
        let of_components = self.ln_densities(&rows);
        (0..rows.nrows()).map(|row| self.pointwise(&of_components, row)).collect()
    }
}
