//! Mixed sources are told apart by making the information between the outputs small.

use crate::Outcome;
use crate::data::{batch, matrix, normal, read, tensor, variable};
use crate::objective::{Information, adam};
use crate::run::{Plan, Results, train};
use candle_nn::Optimizer;
use mist_infer::Estimator;
use mist_infer::candle_core::Var;
use nalgebra::DMatrix;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

const BATCH: usize = 400;
const RATE: f64 = 0.02;
/// Steps of a critic for each step of the unmixing.
const CRITIC_STEPS: usize = 5;

/// 0 where the product of unmixing and mixing is a permutation with scales, at most 1 (Amari, Cichocki and Yang 1996).
fn amari(product: &DMatrix<f64>) -> f64 {
    let size = product.abs();
    let excess = |sums: Vec<f64>, largest: Vec<f64>| sums.iter().zip(largest).map(|(s, m)| s / m - 1.0).sum::<f64>();
    let rows = excess(size.row_iter().map(|r| r.sum()).collect(), size.row_iter().map(|r| r.max()).collect());
    let columns = excess(size.column_iter().map(|c| c.sum()).collect(), size.column_iter().map(|c| c.max()).collect());
    let m = product.nrows() as f64;
    (rows + columns) / (2.0 * m * (m - 1.0))
}

/// The matrix that gives centred columns unit covariance, and those columns.
fn whiten(x: &DMatrix<f64>) -> (DMatrix<f64>, DMatrix<f64>) {
    let n = x.nrows();
    let centred = DMatrix::from_fn(n, x.ncols(), |r, c| x[(r, c)] - x.column(c).mean());
    let eigen = (centred.tr_mul(&centred) / n as f64).symmetric_eigen();
    let scale = DMatrix::from_diagonal(&eigen.eigenvalues.map(|v| 1.0 / v.sqrt()));
    let whitening = scale * eigen.eigenvectors.transpose();
    let white = &centred * whitening.transpose();
    (whitening, white)
}

/// The nearest matrix with orthonormal rows.
fn orthonormal(w: &Var) -> Outcome<()> {
    let svd = matrix(w)?.svd(true, true);
    let (u, v) = svd.u.zip(svd.v_t).ok_or("no singular vectors")?;
    Ok(w.set(&tensor(&(u * v))?)?)
}

/// Runs the example.
pub fn run(estimator: &Estimator, plan: &Plan) -> Outcome<()> {
    let mut results = Results::new(plan)?;
    let choices = &plan.choices;
    let measure = "Amari error";
    for seed in plan.seeds() {
        let file = |what: &str| plan.data.join(format!("{what}-{seed}.csv"));
        let (mixed, mixing) = (read(&file("mixed"))?, read(&file("mixing"))?);
        let fast = read(&file("fastica"))?;
        results.add("fastica", seed, (0.0, 0), (measure, amari(&(fast * &mixing))))?;
        let (whitening, white) = whiten(&mixed);
        let (white, dim) = (tensor(&white)?, mixed.ncols());
        for &name in &choices.losses {
            let rng = &mut ChaCha8Rng::seed_from_u64(seed + 100);
            let w = variable(&normal(rng, dim, dim))?;
            orthonormal(&w)?;
            // Total correlation by the chain rule: the first output against the others, and so on.
            let mut links = (1..dim)
                .map(|rest| Information::new(name, (estimator, choices), (1, dim - rest), seed + 10 * rest as u64))
                .collect::<Outcome<Vec<_>>>()?;
            let mut unmixing = adam(vec![w.clone()], choices.rate(name, RATE))?;
            let step = || {
                let [rows] = batch(rng, [&white], choices.batch(name, BATCH))?;
                let outputs = rows.matmul(&w.t()?)?;
                let mut total = None;
                for (i, link) in links.iter_mut().enumerate() {
                    let (x, y) = (outputs.narrow(1, i, 1)?, outputs.narrow(1, i + 1, dim - i - 1)?);
                    let (x, y) = (x.contiguous()?, y.contiguous()?);
                    link.fit(&x, &y, CRITIC_STEPS)?;
                    let nats = link.of(&x, &y)?;
                    total = Some(match total {
                        None => nats,
                        Some(sum) => (sum + nats)?,
                    });
                }
                unmixing.step(&total.ok_or("one source alone")?.backward()?)?;
                orthonormal(&w)
            };
            let value = || Ok(amari(&(matrix(&w)? * &whitening * &mixing)));
            train(plan, &mut results, (name.as_str(), seed), measure, step, value)?;
        }
    }
    Ok(())
}
