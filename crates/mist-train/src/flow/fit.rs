//! Maximum likelihood with early stopping.

use super::couplings::Couplings;
use super::scores::normal_scores;
use crate::TrainError;
use candle_core::{Device, Tensor};
use candle_nn::{AdamW, Optimizer, ParamsAdamW};
use mist_data_gen::fitted::FittedFlow;
use mist_data_gen::{Seeds, Split};
use nalgebra::{Cholesky, DMatrix};
use rand::Rng;
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

/// Share of the identity in a covariance, so that columns that are sums of others leave it with an inverse.
const SHRINKAGE: f64 = 1e-3;
/// Fewest rows of any side.
const FEWEST_ROWS: usize = 200;
/// Fewest rows for each column.
const ROWS_PER_COLUMN: usize = 25;

/// Rows that a flow of so many columns needs at least: 25 a column, and 200 in all.
pub fn fewest_rows(dim: usize) -> usize {
    FEWEST_ROWS.max(ROWS_PER_COLUMN * dim)
}

/// Size of a flow, and how it is fitted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FlowConfig {
    /// Coupling layers.
    pub layers: usize,
    /// Hidden units of a layer.
    pub hidden: usize,
    /// Largest logarithm of a factor in one layer.
    pub most_log_scale: f64,
    /// Rows of a step.
    pub batch: usize,
    /// Learning rate at the beginning; halved whenever a third of the patience is used up.
    pub learning_rate: f64,
    /// Decay of the weights.
    pub weight_decay: f64,
    /// Passes over the rows at most.
    pub epochs: usize,
    /// Passes without a better likelihood of the held-out rows after which it ends.
    pub patience: usize,
    /// Share of the rows that are held out.
    pub held_out: f64,
}

impl Default for FlowConfig {
    fn default() -> Self {
        Self {
            layers: 6,
            hidden: 48,
            most_log_scale: 1.5,
            batch: 256,
            learning_rate: 3e-3,
            weight_decay: 1e-3,
            epochs: 150,
            patience: 15,
            held_out: 0.2,
        }
    }
}

/// A flow, and how well it describes rows that it was not fitted to.
#[derive(Clone, Debug, PartialEq)]
pub struct FlowFit {
    /// The flow; without layers where none was better than a normal distribution.
    pub flow: FittedFlow,
    /// What is known of it.
    pub report: FlowReport,
}

/// Mean log-densities of the held-out rows, in nats a row; larger is better.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlowReport {
    /// Columns.
    pub dim: usize,
    /// Rows it was fitted to.
    pub rows: usize,
    /// Rows held out.
    pub held_out: usize,
    /// Of independent columns.
    pub independent: f64,
    /// Of a normal distribution with the covariance of the fitted rows.
    pub normal: f64,
    /// Of the flow.
    pub flow: f64,
    /// Passes over the rows until the best weights.
    pub epochs: usize,
}

/// Fits a flow to the columns of one side: rows as they are, whatever the other side says.
///
/// `progress` is told each pass and says whether to go on. The same columns, configuration and seed give the same flow,
/// bit for bit, on one machine.
///
/// # Errors
/// Columns of unequal length, fewer than 2 or more than 32 of them, fewer rows than [`fewest_rows`], values that are not finite.
pub fn fit_flow(
    columns: &[&[f64]],
    config: &FlowConfig,
    seed: u64,
    progress: &mut dyn FnMut(usize) -> bool,
) -> Result<FlowFit, TrainError> {
    let (dim, n) = (columns.len(), columns.first().map_or(0, |column| column.len()));
    if !(2..=FittedFlow::MOST_COLUMNS).contains(&dim) {
        return Err(TrainError::Flow(format!("{dim} columns, expected 2 to {}", FittedFlow::MOST_COLUMNS)));
    }
    if n < fewest_rows(dim) {
        return Err(TrainError::Flow(format!(
            "{n} rows, expected at least {} for {dim} columns ({ROWS_PER_COLUMN} a column, and {FEWEST_ROWS} in all)",
            fewest_rows(dim)
        )));
    }
    if columns.iter().any(|column| column.len() != n || column.iter().any(|v| !v.is_finite())) {
        return Err(TrainError::Flow("columns of one length and of finite numbers are expected".into()));
    }
    let mut rng = Seeds { root: seed }.rng(Split::Scratch, 0);
    let scores: Vec<Vec<f64>> = columns.iter().map(|column| normal_scores(column, &mut rng)).collect();
    let mut order: Vec<usize> = (0..n).collect();
    order.shuffle(&mut rng);
    let cut = ((n as f64 * config.held_out) as usize).clamp(1, n - 1);
    let take = |rows: &[usize]| DMatrix::from_fn(rows.len(), dim, |i, j| scores[j][rows[i]]);
    let (held_out, fitted) = (take(&order[..cut]), take(&order[cut..]));

    let (mean, lower) = normal_part(&fitted)?;
    let linear =
        FittedFlow::new(mean.clone(), lower.clone(), Vec::new()).map_err(|e| TrainError::Flow(e.to_string()))?;
    let mean_of = |values: Vec<f64>| values.iter().sum::<f64>() / values.len() as f64;
    let independent = FittedFlow::new(vec![0.0; dim], DMatrix::identity(dim, dim), Vec::new()).expect("the identity");
    let mut report = FlowReport {
        dim,
        rows: n - cut,
        held_out: cut,
        independent: mean_of(independent.log_density(&held_out)),
        normal: mean_of(linear.log_density(&held_out)),
        flow: 0.0,
        epochs: 0,
    };
    let (layers, epochs) = bend(&linear, (&fitted, &held_out), config, &mut rng, progress)?;
    let flow = FittedFlow::new(mean, lower, layers).map_err(|e| TrainError::Flow(e.to_string()))?;
    (report.flow, report.epochs) = (mean_of(flow.log_density(&held_out)), epochs);
    Ok(FlowFit { flow, report })
}

/// Mean and Cholesky factor of the covariance of rows.
fn normal_part(rows: &DMatrix<f64>) -> Result<(Vec<f64>, DMatrix<f64>), TrainError> {
    let (n, dim) = rows.shape();
    let mean: Vec<f64> = rows.column_iter().map(|column| column.mean()).collect();
    let centred = DMatrix::from_fn(n, dim, |i, j| rows[(i, j)] - mean[j]);
    let covariance = centred.tr_mul(&centred) / n as f64;
    let shrunk = covariance * (1.0 - SHRINKAGE) + DMatrix::identity(dim, dim) * SHRINKAGE;
    let factor = Cholesky::new(shrunk).ok_or_else(|| TrainError::Flow("the columns have no covariance".into()))?;
    Ok((mean, factor.l()))
}

/// The layers after the normal part that describe the held-out rows best, and the passes until then; none where the
/// normal part alone does.
fn bend(
    linear: &FittedFlow,
    (fitted, held_out): (&DMatrix<f64>, &DMatrix<f64>),
    config: &FlowConfig,
    rng: &mut impl Rng,
    progress: &mut dyn FnMut(usize) -> bool,
) -> Result<(Vec<mist_data_gen::fitted::Coupling>, usize), TrainError> {
    let dim = linear.dim();
    let whitened = |rows: &DMatrix<f64>| {
        let mut rows = rows.clone();
        linear.to_base(&mut rows);
        Tensor::from_vec(rows.transpose().as_slice().to_vec(), rows.shape(), &Device::Cpu)
    };
    let (rows, check) = (whitened(fitted)?, whitened(held_out)?);
    let couplings = Couplings::new(dim, (config.layers, config.hidden), config.most_log_scale, rng)?;
    let mut optimizer = AdamW::new(
        couplings.vars(),
        ParamsAdamW { lr: config.learning_rate, weight_decay: config.weight_decay, ..ParamsAdamW::default() },
    )?;
    let loss_of = |rows: &Tensor| couplings.loss(rows)?.to_scalar::<f64>();
    let (mut best, mut layers, mut at) = (loss_of(&check)?, Vec::new(), 0);
    let n = fitted.nrows();
    let mut order: Vec<u32> = (0..n as u32).collect();
    for epoch in 1..=config.epochs {
        if !progress(epoch) {
            break;
        }
        order.shuffle(rng);
        for batch in order.chunks(config.batch).filter(|batch| batch.len() > config.batch / 2 || n <= config.batch) {
            let rows = rows.index_select(&Tensor::new(batch, &Device::Cpu)?, 0)?;
            optimizer.backward_step(&couplings.loss(&rows)?)?;
        }
        let loss = loss_of(&check)?;
        if !loss.is_finite() {
            break;
        }
        if loss < best {
            (best, layers, at) = (loss, couplings.to_layers()?, epoch);
        } else if epoch - at >= config.patience {
            break;
        } else if (epoch - at) % config.patience.div_ceil(3) == 0 {
            optimizer.set_learning_rate(0.5 * optimizer.learning_rate());
        }
    }
    Ok((layers, at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_distr::StandardNormal;

    fn columns(n: usize, of: impl Fn([f64; 3]) -> Vec<f64>) -> Vec<Vec<f64>> {
        let mut rng = Seeds { root: 8 }.rng(Split::Scratch, 3);
        let rows: Vec<Vec<f64>> = (0..n).map(|_| of([0; 3].map(|_| rng.sample(StandardNormal)))).collect();
        (0..rows[0].len()).map(|j| rows.iter().map(|row| row[j]).collect()).collect()
    }

    fn fit(columns: &[Vec<f64>], config: &FlowConfig, seed: u64) -> Result<FlowFit, TrainError> {
        let columns: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
        fit_flow(&columns, config, seed, &mut |_| true)
    }

    fn small() -> FlowConfig {
        FlowConfig { layers: 3, hidden: 12, epochs: 30, patience: 6, ..FlowConfig::default() }
    }

    /// The spread of the second column depends on the first: a normal distribution cannot say that, a flow can.
    #[test]
    fn bends_raise_the_likelihood_of_rows_that_were_held_out() {
        let bent = columns(1200, |[a, b, c]| vec![a, (1.2 * a).exp() * b, 0.8 * a + 0.6 * c]);
        let first = fit(&bent, &small(), 1).unwrap();
        let FlowReport { independent, normal, flow, rows, held_out, .. } = first.report;
        assert_eq!((rows, held_out), (960, 240));
        // Columns 1 and 3 share −½ ln(1 − 0.8²) = 0.51 nats, of which the normal part finds most.
        assert!((normal - independent - 0.51).abs() < 0.15, "{normal} {independent}");
        assert!(flow > normal + 0.15, "{flow} {normal}");
        assert_eq!(fit(&bent, &small(), 1).unwrap(), first);
        assert_ne!(fit(&bent, &small(), 2).unwrap().flow, first.flow);

        // What comes out of the inverse has the covariance of the scores.
        let mut rng = Seeds { root: 9 }.rng(Split::Scratch, 4);
        let mut made = DMatrix::from_fn(4000, 3, |_, _| rng.sample(StandardNormal));
        first.flow.to_data(&mut made);
        let (_, lower) = normal_part(&made).unwrap();
        let correlation = (&lower * lower.transpose())[(0, 2)];
        assert!((correlation - 0.8).abs() < 0.1, "{correlation}");
    }

    #[test]
    fn normal_rows_need_no_bends() {
        let normal = columns(900, |[a, b, _]| vec![a, a + 0.5 * b]);
        let FlowFit { flow, report } = fit(&normal, &small(), 1).unwrap();
        assert!(report.flow >= report.normal && report.flow < report.normal + 0.03, "{report:?}");
        assert!(flow.layers().is_empty() || report.epochs > 0);
    }

    #[test]
    fn what_is_no_data_for_a_flow_is_refused() {
        let few = columns(150, |[a, b, c]| vec![a, b, c]);
        let error = fit(&few, &small(), 1).unwrap_err().to_string();
        assert!(error.contains("150 rows, expected at least 200 for 3 columns"), "{error}");
        let one = columns(300, |[a, _, _]| vec![a]);
        assert!(fit(&one, &small(), 1).unwrap_err().to_string().contains("1 columns, expected 2 to 32"));
        let mut broken = columns(300, |[a, b, _]| vec![a, b]);
        broken[1][7] = f64::NAN;
        assert!(fit(&broken, &small(), 1).unwrap_err().to_string().contains("finite"));
        assert_eq!([2, 8, 9, 32].map(fewest_rows), [200, 200, 225, 800]);
    }
}
