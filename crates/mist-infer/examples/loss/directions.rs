//! A linear encoder a side that maximises information finds the leading pair of canonical directions.

use crate::Outcome;
use crate::data::{batch, matrix, normal, tensor, variable};
use crate::objective::{Information, adam};
use crate::run::{Plan, Results, train};
use candle_nn::Optimizer;
use mist_infer::Estimator;
use nalgebra::DMatrix;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

const ROWS: usize = 1000;
const BATCH: usize = 256;
const DIM: usize = 8;
/// Canonical correlations; the others are 0.
const CORRELATIONS: [f64; 3] = [0.8, 0.5, 0.3];
const RATE: f64 = 0.02;

/// Whether the leading pair is linked by a line, or by a parabola, which no correlation shows.
#[derive(Clone, Copy)]
enum Link {
    Line,
    Parabola,
}

struct Table {
    x: DMatrix<f64>,
    y: DMatrix<f64>,
    mix_x: DMatrix<f64>,
    mix_y: DMatrix<f64>,
}

fn draw(link: Link, seed: u64) -> Table {
    let rng = &mut ChaCha8Rng::seed_from_u64(seed);
    let u = normal(rng, ROWS, DIM);
    let mut v = normal(rng, ROWS, DIM);
    for (j, rho) in CORRELATIONS.into_iter().enumerate() {
        for r in 0..ROWS {
            let from = match (link, j) {
                (Link::Parabola, 0) => (u[(r, 0)].powi(2) - 1.0) / 2f64.sqrt(),
                _ => u[(r, j)],
            };
            v[(r, j)] = rho * from + (1.0 - rho * rho).sqrt() * v[(r, j)];
        }
    }
    let mut mix = || DMatrix::identity(DIM, DIM) + normal(rng, DIM, DIM) * 0.25;
    let (mix_x, mix_y) = (mix(), mix());
    Table { x: u * mix_x.transpose(), y: v * mix_y.transpose(), mix_x, mix_y }
}

/// The angle in degrees between an encoder's output and the leading canonical variate, whose correlation in the population is
/// its cosine.
fn angle(mix: &DMatrix<f64>, weights: &DMatrix<f64>) -> f64 {
    let along = mix.transpose() * weights;
    (along[0].abs() / along.norm()).min(1.0).acos().to_degrees()
}

/// Leading canonical directions of the sample.
fn cca(x: &DMatrix<f64>, y: &DMatrix<f64>) -> Option<(DMatrix<f64>, DMatrix<f64>)> {
    let centre = |m: &DMatrix<f64>| DMatrix::from_fn(m.nrows(), m.ncols(), |r, c| m[(r, c)] - m.column(c).mean());
    let (x, y) = (centre(x), centre(y));
    let (lx, ly) = (x.tr_mul(&x).cholesky()?.l(), y.tr_mul(&y).cholesky()?.l());
    let half = lx.solve_lower_triangular(&x.tr_mul(&y))?;
    let whitened = ly.solve_lower_triangular(&half.transpose())?.transpose();
    let svd = whitened.svd(true, true);
    let (u, v) = (svd.u?.columns(0, 1).into_owned(), svd.v_t?.rows(0, 1).transpose());
    Some((lx.transpose().solve_upper_triangular(&u)?, ly.transpose().solve_upper_triangular(&v)?))
}

/// Runs the example.
pub fn run(estimator: &Estimator, plan: &Plan) -> Outcome<()> {
    let mut results = Results::new(plan)?;
    let choices = &plan.choices;
    for (link, measure) in [(Link::Line, "linear link"), (Link::Parabola, "parabola link")] {
        for seed in plan.seeds() {
            let table = draw(link, seed);
            let mean = |wx: &DMatrix<f64>, wy: &DMatrix<f64>| (angle(&table.mix_x, wx) + angle(&table.mix_y, wy)) / 2.0;
            let (wx, wy) = cca(&table.x, &table.y).ok_or("covariances without an inverse")?;
            results.add("cca", seed, (0.0, 0), (measure, mean(&wx, &wy)))?;
            let (x, y) = (tensor(&table.x)?, tensor(&table.y)?);
            for &name in &choices.losses {
                let rng = &mut ChaCha8Rng::seed_from_u64(seed + 100);
                let (wx, wy) = (variable(&normal(rng, DIM, 1))?, variable(&normal(rng, DIM, 1))?);
                let mut information = Information::new(name, (estimator, choices), (1, 1), seed)?;
                let mut encoders = adam(vec![wx.clone(), wy.clone()], choices.rate(name, RATE))?;
                let step = || {
                    let [x, y] = batch(rng, [&x, &y], choices.batch(name, BATCH))?;
                    let loss = information.of(&x.matmul(&wx)?, &y.matmul(&wy)?)?.neg()?;
                    let grads = loss.backward()?;
                    encoders.step(&grads)?;
                    information.follow(&grads)
                };
                let value = || Ok(mean(&matrix(&wx)?, &matrix(&wy)?));
                train(plan, &mut results, (name.as_str(), seed), measure, step, value)?;
            }
        }
    }
    Ok(())
}
