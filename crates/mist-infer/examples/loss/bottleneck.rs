//! An information bottleneck on normal data, whose optimum is known (Chechik, Globerson, Tishby and Weiss 2005).

use crate::Outcome;
use crate::data::{matrix, normal, tensor, variable};
use crate::objective::{Information, adam};
use crate::run::{Plan, Results, train};
use candle_nn::Optimizer;
use mist_infer::Estimator;
use nalgebra::DMatrix;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

const BATCH: usize = 256;
/// Correlations of the columns of Y with a column of X before that is rotated.
const CORRELATIONS: [f64; 3] = [0.9, 0.6, 0.0];
/// Columns of the bottleneck.
const WIDTH: usize = 2;
/// Weight of what Z says about Y.
const BETA: f64 = 6.0;
const RATE: f64 = 0.02;
const CRITIC_STEPS: usize = 3;

fn half_log_det(m: DMatrix<f64>) -> f64 {
    0.5 * m.determinant().ln()
}

/// I(Z; X) − β I(Z; Y) of Z = X wᵀ + noise of unit variance, where X has unit covariance and `left` given Y.
fn lagrangian(w: &DMatrix<f64>, left: &DMatrix<f64>) -> f64 {
    let noise = DMatrix::identity(w.nrows(), w.nrows());
    let of_x = half_log_det(&noise + w * w.transpose());
    let given_y = half_log_det(&noise + w * left * w.transpose());
    of_x - BETA * (of_x - given_y)
}

/// Its least value: each column of X that is worth it gets the gain s = (βρ² − 1) / (1 − ρ²).
fn least() -> f64 {
    let mut sum = 0.0;
    for rho in CORRELATIONS.into_iter().take(WIDTH) {
        let gain = ((BETA * rho * rho - 1.0) / (1.0 - rho * rho)).max(0.0);
        let of_x = 0.5 * gain.ln_1p();
        sum += of_x - BETA * (of_x - 0.5 * (gain * (1.0 - rho * rho)).ln_1p());
    }
    sum
}

/// Runs the example.
pub fn run(estimator: &Estimator, plan: &Plan) -> Outcome<()> {
    let mut results = Results::new(plan)?;
    let choices = &plan.choices;
    let dim = CORRELATIONS.len();
    let left = DMatrix::from_fn(dim, dim, |i, j| if i == j { 1.0 - CORRELATIONS[i].powi(2) } else { 0.0 });
    for seed in plan.seeds() {
        let rng = &mut ChaCha8Rng::seed_from_u64(seed);
        let turn = normal(rng, dim, dim).qr().q();
        let left = &turn * &left * turn.transpose();
        for &name in &choices.losses {
            let rng = &mut ChaCha8Rng::seed_from_u64(seed + 100);
            let w = variable(&normal(rng, WIDTH, dim))?;
            let mut with_x = Information::new(name, (estimator, choices), (WIDTH, dim), seed)?;
            let mut with_y = Information::new(name, (estimator, choices), (WIDTH, dim), seed + 10)?;
            let mut encoder = adam(vec![w.clone()], choices.rate(name, RATE))?;
            let step = || {
                let rows = choices.batch(name, BATCH);
                let u = normal(rng, rows, dim);
                let noise = normal(rng, rows, dim);
                let y = DMatrix::from_fn(rows, dim, |r, j| {
                    let rho = CORRELATIONS[j];
                    rho * u[(r, j)] + (1.0 - rho * rho).sqrt() * noise[(r, j)]
                });
                let (x, y) = (tensor(&(u * turn.transpose()))?, tensor(&y)?);
                let z = (x.matmul(&w.t()?)? + tensor(&normal(rng, rows, WIDTH))?)?;
                with_x.fit(&z, &x, CRITIC_STEPS)?;
                with_y.fit(&z, &y, CRITIC_STEPS)?;
                let loss = (with_x.of(&z, &x)? - (with_y.of(&z, &y)? * BETA)?)?;
                encoder.step(&loss.backward()?)?;
                Ok(())
            };
            let value = || Ok(lagrangian(&matrix(&w)?, &left) - least());
            train(plan, &mut results, (name.as_str(), seed), "nats above the optimum", step, value)?;
        }
    }
    Ok(())
}
