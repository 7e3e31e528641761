//! The differentiable answer: its value, its gradient, and what it refuses.

use crate::support::ESTIMATOR;
use candle_core::{DType, Device, Result, Tensor, Var};
use mist_infer::soft::{Fixed, Options, mutual_information, pointwise};
use mist_infer::{Columns, Estimate, Estimator, candle_core};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;
use std::sync::LazyLock;

static DOUBLE: LazyLock<Estimator> = LazyLock::new(|| Estimator::embedded_in_double().unwrap());

/// Relative difference of a gradient and finite differences.
const SINGLE: f64 = 1e-2;
const DOUBLE_PRECISION: f64 = 1e-4;
/// Of finite differences.
const STEP: f64 = 1e-8;
/// Difference of the anchored value and the answer, in nats over 1 + MI.
const SAME: f64 = 1e-4;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Linear,
    Bent,
    HeavyTails,
    Independent,
    /// All columns of X take four values.
    Rounded,
    /// X is a bit.
    Bits,
    /// Both sides are bits.
    TwoBits,
    /// Half of X is 0.
    ZeroInflated,
    /// Every row twice.
    Repeated,
    /// A constant column beside the others.
    ConstantColumn,
}

/// Rows, columns of X and of Y.
const TABLES: [(Kind, usize, usize, usize); 20] = [
    (Kind::Linear, 40, 1, 1),
    (Kind::Linear, 60, 2, 2),
    (Kind::Linear, 50, 4, 3),
    (Kind::Bent, 60, 1, 1),
    (Kind::Bent, 50, 2, 1),
    (Kind::Bent, 40, 1, 3),
    (Kind::HeavyTails, 60, 1, 1),
    (Kind::HeavyTails, 50, 2, 2),
    (Kind::Independent, 60, 1, 1),
    (Kind::Independent, 40, 3, 2),
    (Kind::Rounded, 60, 1, 1),
    (Kind::Rounded, 50, 1, 2),
    (Kind::Bits, 60, 1, 1),
    (Kind::Bits, 40, 1, 2),
    (Kind::TwoBits, 50, 1, 1),
    (Kind::ZeroInflated, 60, 1, 1),
    (Kind::ZeroInflated, 50, 1, 2),
    (Kind::Repeated, 40, 1, 1),
    (Kind::Repeated, 60, 2, 1),
    (Kind::ConstantColumn, 50, 2, 1),
];

/// Columns of X and of Y.
fn table((kind, n, dim_x, dim_y): (Kind, usize, usize, usize)) -> [Vec<Vec<f64>>; 2] {
    let rng = &mut ChaCha8Rng::seed_from_u64(n as u64 * 100 + dim_x as u64 * 10 + dim_y as u64);
    let mut normal =
        |n: usize| -> Vec<f64> { (0..n).map(|_| (0..12).map(|_| rng.random::<f64>()).sum::<f64>() - 6.0).collect() };
    let mut x: Vec<Vec<f64>> = (0..dim_x).map(|_| normal(n)).collect();
    match kind {
        Kind::HeavyTails => x.iter_mut().flatten().for_each(|v| *v = v.powi(5)),
        Kind::Rounded => x.iter_mut().flatten().for_each(|v| *v = v.clamp(-1.4, 1.4).round()),
        Kind::Bits | Kind::TwoBits => x.iter_mut().flatten().for_each(|v| *v = f64::from(*v > 0.0)),
        Kind::ZeroInflated => x.iter_mut().flatten().for_each(|v| *v = v.max(0.0)),
        _ => {}
    }
    let mut y: Vec<Vec<f64>> = (0..dim_y)
        .map(|j| {
            let noise = normal(n);
            let of = |v: f64| match kind {
                Kind::Bent => v * v,
                Kind::HeavyTails => v.cbrt(),
                Kind::Independent => 0.0,
                _ => v,
            };
            (0..n).map(|r| of(x[j % dim_x][r]) + 0.6 * noise[r]).collect()
        })
        .collect();
    match kind {
        Kind::TwoBits => y.iter_mut().flatten().for_each(|v| *v = f64::from(*v > 0.5)),
        Kind::Repeated => x.iter_mut().chain(&mut y).for_each(|c| (0..n / 2).for_each(|r| c[2 * r + 1] = c[2 * r])),
        Kind::ConstantColumn => x[1].fill(2.5),
        _ => {}
    }
    [x, y]
}

fn tensor(columns: &[Vec<f64>], dtype: DType) -> Result<Tensor> {
    let (n, d) = (columns[0].len(), columns.len());
    let values: Vec<f64> = (0..n).flat_map(|r| columns.iter().map(move |c| c[r])).collect();
    Tensor::from_vec(values, (n, d), &Device::Cpu)?.to_dtype(dtype)
}

/// What the differentiable value is to approach.
fn answer(x: &[Vec<f64>], y: &[Vec<f64>]) -> Estimate {
    ESTIMATOR.estimate(Columns::new(x.to_vec()), Columns::new(y.to_vec())).unwrap()
}

/// A differentiable value as an answer: not below 0, nor above the entropy of a side as far as its rows show it.
fn cut(mi: f64, sides: [&Vec<Vec<f64>>; 2]) -> f64 {
    let entropy = |side: &Vec<Vec<f64>>| {
        let n = side[0].len();
        let mut counts: BTreeMap<Vec<u64>, usize> = BTreeMap::new();
        (0..n).for_each(|r| *counts.entry(side.iter().map(|c| c[r].to_bits()).collect()).or_default() += 1);
        counts.values().map(|c| *c as f64 / n as f64).map(|p| -p * p.ln()).sum::<f64>()
    };
    mi.clamp(0.0, sides.map(entropy).into_iter().fold(f64::INFINITY, f64::min))
}

fn scalar(t: &Tensor) -> f64 {
    t.to_dtype(DType::F64).unwrap().to_scalar().unwrap()
}

fn list(t: &Tensor) -> Vec<f64> {
    t.to_dtype(DType::F64).unwrap().flatten_all().unwrap().to_vec1().unwrap()
}

/// Gradients in X and in Y of the sum of both losses.
fn gradients(fixed: &Fixed, x: &Tensor, y: &Tensor) -> [Tensor; 2] {
    let (x, y) = (Var::from_tensor(x).unwrap(), Var::from_tensor(y).unwrap());
    let grads = loss(fixed, &x, &y).backward().unwrap();
    [&x, &y].map(|v| grads.get(v).expect("a gradient reaches both sides").clone())
}

fn loss(fixed: &Fixed, x: &Tensor, y: &Tensor) -> Tensor {
    let answer = fixed.answer(x, y).unwrap();
    (answer.mi_nats + answer.pointwise.mean_all().unwrap()).unwrap()
}

fn all_options() -> [Options; 4] {
    let options = Options { temperature: 0.15, ..Options::default() };
    [
        options.clone(),
        Options { anchored: false, ..options.clone() },
        Options { neighbours: false, ..options.clone() },
        Options { temperature: 0.5, ..options },
    ]
}

/// Values moved a little, equal ones by as much.
fn nudged(t: &Tensor) -> Tensor {
    (t + ((t * 3.0).unwrap().sin().unwrap() * 2e-2).unwrap()).unwrap()
}

/// Checks gradients against differences in double precision, along where each value goes by the sign of its gradient, and at
/// random; at the data, or close to it with everything that is fixed as at the data.
fn check_by_differences(estimator: &Estimator, dtype: DType, options: &[Options], tolerance: f64, close: bool) {
    let rng = &mut ChaCha8Rng::seed_from_u64(11);
    for (i, case) in TABLES.into_iter().enumerate() {
        // Values that single precision holds.
        let exact = table(case).map(|side| tensor(&side, DType::F32).unwrap());
        let [x, y] = exact.each_ref().map(|t| t.to_dtype(dtype).unwrap());
        let exact = exact.map(|t| t.to_dtype(DType::F64).unwrap());
        for options in options {
            let place = |t: &Tensor| if close { nudged(t) } else { t.clone() };
            let grads = gradients(&Fixed::at(estimator, &x, &y, options).unwrap(), &place(&x), &place(&y));
            let grads = grads.map(|g| list(&g));
            let size: f64 = grads.iter().flatten().map(|g| g.abs()).sum();
            assert!(size > 0.0 && size.is_finite(), "table {i}, {case:?}: the gradient is {size}");
            let fixed = Fixed::at(&DOUBLE, &exact[0], &exact[1], options).unwrap();
            let exact = exact.each_ref().map(place);
            for random in [false, true] {
                let along = grads.each_ref().map(|g| -> Vec<f64> {
                    g.iter()
                        .map(|g| match random {
                            true => rng.random_range(-1.0..1.0),
                            false if *g == 0.0 => 0.0,
                            false => g.signum(),
                        })
                        .collect()
                });
                let at = |h: f64| {
                    let moved = |t: &Tensor, along: &[f64]| {
                        let steps: Vec<f64> = along.iter().map(|a| a * h).collect();
                        (t + Tensor::from_vec(steps, t.shape(), &Device::Cpu).unwrap()).unwrap()
                    };
                    scalar(&loss(&fixed, &moved(&exact[0], &along[0]), &moved(&exact[1], &along[1])))
                };
                let slope = (at(STEP) - at(-STEP)) / (2.0 * STEP);
                let want: f64 = grads.iter().flatten().zip(along.iter().flatten()).map(|(g, a)| g * a).sum();
                // Relative to the steepest slope that values moved as far can have.
                assert!(
                    (slope - want).abs() < tolerance * size,
                    "table {i}, {case:?}, {options:?}: {want} by gradient, {slope} by differences, steepest {size}"
                );
            }
        }
    }
}

#[test]
fn gradients_agree_with_differences_in_double_precision() {
    // Not at the data itself: distances between ranks are often equal, three of them at a time too, and there the largest of
    // them has a kink.
    check_by_differences(&DOUBLE, DType::F64, &all_options(), DOUBLE_PRECISION, true);
}

#[test]
fn gradients_agree_with_differences_in_single_precision() {
    check_by_differences(&ESTIMATOR, DType::F32, &all_options()[..1], SINGLE, false);
}

#[test]
fn fused_gradients_are_the_composed_ones() {
    for case in TABLES {
        // Values that single precision holds.
        let [x, y] = table(case).map(|side| tensor(&side, DType::F32).unwrap());
        let single = gradients(&Fixed::at(&ESTIMATOR, &x, &y, &Options::default()).unwrap(), &x, &y);
        let [x, y] = [x, y].map(|t| t.to_dtype(DType::F64).unwrap());
        let double = gradients(&Fixed::at(&DOUBLE, &x, &y, &Options::default()).unwrap(), &x, &y);
        for (a, b) in single.iter().zip(&double) {
            let (a, b) = (list(a), list(b));
            let size = b.iter().map(|v| v * v).sum::<f64>().sqrt();
            let apart = a.iter().zip(&b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
            assert!(apart < SINGLE * size, "{case:?}: {apart} of {size}");
        }
    }
}

#[test]
fn the_anchored_value_is_the_answer() {
    for case in TABLES {
        let [x, y] = table(case);
        let want = answer(&x, &y);
        let [tx, ty] = [&x, &y].map(|side| tensor(side, DType::F64).unwrap());
        for temperature in [0.01, 0.1, 1.0] {
            let options = Options { temperature, ..Options::default() };
            let got = scalar(&mutual_information(&ESTIMATOR, &tx, &ty, &options).unwrap());
            let close = (cut(got, [&x, &y]) - want.mi_nats()).abs() < SAME * (1.0 + want.mi_nats());
            assert!(close, "{case:?} at temperature {temperature}: {got}, not {}", want.mi_nats());
            let rows = list(&pointwise(&ESTIMATOR, &tx, &ty, &options).unwrap());
            for (got, want) in rows.iter().zip(want.pointwise().unwrap()) {
                assert!((got - want).abs() < 1e-3 * (1.0 + want.abs()), "{case:?}: pointwise {got}, not {want}");
            }
        }
    }
}

#[test]
fn the_smoothed_value_approaches_the_answer_as_the_temperature_falls() {
    // Of all tables, at each temperature. Where tails are heavy the values in the middle lie closer than the widths of the
    // kernels at 1e-6, so that the last one is far below.
    const LAST: f64 = 1e-8;
    let mut errors = Vec::new();
    for temperature in [0.3, 0.1, 0.03, 0.01, LAST] {
        let mut sum = 0.0;
        for case in TABLES {
            let [x, y] = table(case);
            let want = answer(&x, &y);
            let [tx, ty] = [&x, &y].map(|side| tensor(side, DType::F64).unwrap());
            let options = Options { temperature, anchored: false, ..Options::default() };
            let got = scalar(&mutual_information(&ESTIMATOR, &tx, &ty, &options).unwrap());
            let error = (cut(got, [&x, &y]) - want.mi_nats()).abs() / (1.0 + want.mi_nats());
            assert!(temperature > LAST || error < SAME, "{case:?}: {got}, not {}", want.mi_nats());
            sum += error;
        }
        errors.push(sum / TABLES.len() as f64);
    }
    assert!(errors.windows(2).all(|w| w[1] < w[0]), "{errors:?}");
    assert!(errors[1] > 10.0 * SAME, "{errors:?}");
}

#[test]
fn constant_sides_have_no_information_and_no_gradient() {
    let [x, _] = table(TABLES[0]).map(|side| tensor(&side, DType::F32).unwrap());
    let constant = Tensor::full(3f32, (40, 2), &Device::Cpu).unwrap();
    for (x, y) in [(&x, &constant), (&constant, &x), (&constant, &constant)] {
        let fixed = Fixed::at(&ESTIMATOR, x, y, &Options::default()).unwrap();
        let answer = fixed.answer(x, y).unwrap();
        assert_eq!((scalar(&answer.mi_nats), list(&answer.pointwise)), (0.0, vec![0.0; 40]));
        let grads = gradients(&fixed, x, y);
        assert!(grads.iter().flat_map(list).all(|g| g == 0.0));
    }
    // A constant column among others has a gradient of 0, the others one that is not.
    let [x, y] = table((Kind::ConstantColumn, 50, 2, 1)).map(|side| tensor(&side, DType::F32).unwrap());
    let [dx, _] = gradients(&Fixed::at(&ESTIMATOR, &x, &y, &Options::default()).unwrap(), &x, &y);
    let rows = dx.to_vec2::<f32>().unwrap();
    assert!(rows.iter().all(|r| r[1] == 0.0) && rows.iter().any(|r| r[0] != 0.0));
}

#[test]
fn steps_along_the_gradient_find_a_hidden_direction() {
    // Y depends on the first of three columns of X, by a curve that no correlation shows.
    let rng = &mut ChaCha8Rng::seed_from_u64(3);
    let n = 200;
    let rows: Vec<[f64; 4]> = (0..n)
        .map(|_| {
            let mut u = || rng.random_range(-1.7..1.7);
            let (a, b, c) = (u(), u(), u());
            [a, b, c, a * a + 0.3 * u()]
        })
        .collect();
    let take = |columns: std::ops::Range<usize>| {
        let d = columns.len();
        let values: Vec<f64> = rows.iter().flat_map(|r| r[columns.clone()].to_vec()).collect();
        Tensor::from_vec(values, (n, d), &Device::Cpu).unwrap().to_dtype(DType::F32).unwrap()
    };
    let (x, y) = (take(0..3), take(3..4));
    let weights = Var::new(&[[0.8f32], [0.5], [-0.3]], &Device::Cpu).unwrap();
    let mut values = Vec::new();
    for _ in 0..40 {
        let mi = mutual_information(&ESTIMATOR, &x.matmul(&weights).unwrap(), &y, &Options::default()).unwrap();
        values.push(scalar(&mi));
        let grads = mi.backward().unwrap();
        let g = grads.get(&weights).unwrap();
        let length = scalar(&g.sqr().unwrap().sum_all().unwrap()).sqrt();
        let stepped = (weights.as_tensor() + (g * (0.1 / length)).unwrap()).unwrap();
        let norm = scalar(&stepped.sqr().unwrap().sum_all().unwrap()).sqrt();
        weights.set(&(stepped / norm).unwrap().detach()).unwrap();
    }
    let cosine = list(&weights)[0].abs();
    assert!(cosine > 0.97, "cosine {cosine}, from {} to {} nats", values[0], values[39]);
}

#[test]
fn what_cannot_be_answered_is_named() {
    let [x, y] = table(TABLES[0]).map(|side| tensor(&side, DType::F32).unwrap());
    let error = |x: &Tensor, y: &Tensor, options: &Options| match mutual_information(&ESTIMATOR, x, y, options) {
        Ok(_) => panic!("an answer"),
        Err(e) => e.to_string(),
    };
    let options = Options::default();
    let flat = x.squeeze(1).unwrap();
    assert!(error(&flat, &y, &options).contains("X has shape [40], expected rows and columns"));
    assert!(error(&x, &y.narrow(0, 0, 30).unwrap(), &options).contains("30 rows, expected 40"));
    let nan = (&x / 0.0).unwrap();
    assert!(error(&nan, &y, &options).contains("holds an infinity at row 0"));
    let few = x.narrow(0, 0, 5).unwrap();
    assert!(error(&few, &few, &options).contains("5 rows, expected at least 10"));
    for temperature in [0.0, 1.5, f64::NAN] {
        let options = Options { temperature, ..Options::default() };
        assert!(error(&x, &y, &options).contains("is out of range, expected more than 0 and at most 1"));
    }
    let whole = x.to_dtype(DType::U32).unwrap();
    assert!(error(&whole, &y, &options).contains("expected F32 or F64"));
    let rng = &mut ChaCha8Rng::seed_from_u64(1);
    let mut normal = |n: usize, d: usize| {
        Tensor::from_vec((0..n * d).map(|_| rng.random::<f32>()).collect::<Vec<_>>(), (n, d), &Device::Cpu).unwrap()
    };
    assert!(error(&normal(40, 90), &y, &options).contains("90 columns on a side, expected at most"));
    let (x, y) = (normal(20_000, 1), normal(20_000, 1));
    assert!(error(&x, &y, &options).contains("20000 rows of 2 columns, expected at most"));
    let [x, y] = table(TABLES[0]).map(|side| tensor(&side, DType::F32).unwrap());
    let fixed = Fixed::at(&ESTIMATOR, &x, &y, &options).unwrap();
    assert!(fixed.answer(&y.narrow(0, 0, 20).unwrap(), &y).unwrap_err().to_string().contains("expected [40, 1]"));
}
