//! How well the gradient says what the information does: slopes along a turn of X, next to those of the answers themselves.

use crate::Outcome;
use crate::data::normal;
use crate::run::{Plan, Results};
use mist_infer::candle_core::{Device, Tensor, Var};
use mist_infer::soft::{self, Options};
use mist_infer::{Columns, Estimator};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

const ROWS: usize = 512;
/// Radians by which X is turned away from what Y depends on.
const TURN: f64 = 0.6;
/// Radians between the two answers whose difference is the slope.
const APART: f64 = 0.2;

/// How Y depends on A.
type Link = fn(f64) -> f64;

/// Kinds of dependence.
const FAMILIES: [(&str, Link); 3] =
    [("linear", |v| 1.5 * v), ("parabola", |v| 1.5 * v * v), ("wave", |v| 1.5 * (2.5 * v).sin())];

/// Runs the measurement: a line for each seed and kind of gradient, the slope in nats per radian.
pub fn run(estimator: &Estimator, plan: &Plan) -> Outcome<()> {
    let mut results = Results::new(plan)?;
    for (family, link) in FAMILIES {
        for seed in plan.seeds() {
            let rng = &mut ChaCha8Rng::seed_from_u64(seed);
            let draw = normal(rng, ROWS, 3);
            let column = |j: usize| draw.column(j).iter().copied().collect::<Vec<f64>>();
            let (a, b) = (column(0), column(1));
            let y: Vec<f64> = a.iter().zip(column(2)).map(|(a, e)| link(*a) + 0.5 * e).collect();
            let turned =
                |angle: f64| a.iter().zip(&b).map(|(a, b)| angle.cos() * a + angle.sin() * b).collect::<Vec<_>>();
            let nats = |angle: f64| -> Outcome<f64> {
                Ok(estimator.estimate(Columns::from(turned(angle)), Columns::from(y.clone()))?.mi_nats())
            };
            let slope = (nats(TURN + APART)? - nats(TURN - APART)?) / (2.0 * APART);
            results.add("answers", seed, (0.0, 0), (family, slope))?;

            let tensor =
                |v: &[f64]| Tensor::from_vec(v.iter().map(|v| *v as f32).collect::<Vec<_>>(), (ROWS, 1), &Device::Cpu);
            let (a, b, y) = (tensor(&a)?, tensor(&b)?, tensor(&y)?);
            for temperature in [0.01, 0.03, 0.1, 0.2, 0.5] {
                for (anchored, neighbours) in [(true, true), (true, false), (false, true), (false, false)] {
                    let angle = Var::new(&[[TURN as f32]], &Device::Cpu)?;
                    let x = (a.broadcast_mul(&angle.cos()?)? + b.broadcast_mul(&angle.sin()?)?)?;
                    let options = Options { temperature, anchored, neighbours };
                    let mi = soft::mutual_information(estimator, &x, &y, &options)?;
                    let grads = mi.backward()?;
                    let slope = grads.get(&angle).ok_or("no gradient")?.flatten_all()?.to_vec1::<f32>()?[0];
                    let of = |what: bool, yes: &'static str, no: &'static str| if what { yes } else { no };
                    let (anchored, neighbours) =
                        (of(anchored, "anchored", "smoothed"), of(neighbours, "counts vary", "counts fixed"));
                    let name = format!("{anchored} {neighbours} {temperature}");
                    results.add(&name, seed, (0.0, 0), (family, f64::from(slope)))?;
                }
            }
        }
    }
    Ok(())
}
