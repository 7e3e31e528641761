//! Inputs of every form, warnings, and errors.

use crate::support::{ESTIMATOR, ORDER_OF_SUMS, assert_close, data};
use mist_infer::{Columns, Device, DeviceKind, EstimateError, Estimator, Side, Warning};
use mist_model::Checkpoint;
use ndarray::{Array2, Axis, array};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::path::{Path, PathBuf};

#[test]
fn arrays_of_every_form() {
    let (x, y) = data(30, 1, 1);
    let (x, y) = (x.mapv(|v| v as f32), y.mapv(|v| v as f32));
    let base = ESTIMATOR.estimate(&x, &y).unwrap();
    let (x1, y1) = (x.column(0), y.column(0));
    let others = [
        ESTIMATOR.estimate(x.view(), y.view()),
        ESTIMATOR.estimate(x1, y1),
        ESTIMATOR.estimate(&x1.to_owned(), y1),
        ESTIMATOR.estimate(&x.mapv(f64::from), y1),
        ESTIMATOR.estimate(vec![x1.iter().map(|v| f64::from(*v)).collect::<Vec<_>>()], y1),
    ];
    for other in others {
        assert_eq!(other.unwrap(), base);
    }
}

#[test]
fn a_batch_agrees_with_single_answers() {
    let shapes = [(20, 1, 2), (300, 2, 3), (20, 2, 1), (20, 1, 2), (64, 9, 4)];
    let mut tasks: Vec<(Columns, Columns)> = Vec::new();
    for (i, (n, dx, dy)) in shapes.into_iter().enumerate() {
        let (x, y) = data(n + i, dx, dy);
        let rows: Vec<usize> = (i..n + i).collect();
        tasks.push((Columns::from(&x.select(Axis(0), &rows)), Columns::from(&y.select(Axis(0), &rows))));
    }
    let together = ESTIMATOR.estimate_batch(&tasks).unwrap();
    assert_eq!(together.len(), tasks.len());
    for (estimate, (x, y)) in together.iter().zip(tasks) {
        let single = ESTIMATOR.estimate(x, y).unwrap();
        assert_eq!((estimate.n, estimate.dim_x, estimate.dim_y), (single.n, single.dim_x, single.dim_y));
        assert_close(estimate, &single, ORDER_OF_SUMS);
    }
    assert!(ESTIMATOR.estimate_batch(&[]).unwrap().is_empty());
}

#[test]
fn a_constant_side_tells_nothing() {
    let (x, _) = data(30, 2, 1);
    let y = Array2::from_elem((30, 2), -1.0);
    let estimate = ESTIMATOR.estimate(&x, &y).unwrap();
    assert_eq!((estimate.mi_nats(), estimate.mean_nats(), estimate.quantile(0.99)), (0.0, 0.0, 0.0));
    assert_eq!(estimate.warnings, [Warning::ConstantSide { side: Side::Y }]);
}

/// The weights that are embedded.
fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("checkpoint/released.safetensors")
}

pub fn released() -> Checkpoint {
    Checkpoint::read(&path(), &Device::Cpu).unwrap()
}

#[test]
fn warnings_name_their_reason() {
    let (x, y) = data(30, 2, 1);
    assert_eq!(ESTIMATOR.estimate(&x, &y).unwrap().warnings, []);

    let (dims, n) = (ESTIMATOR.description().trained.dims, ESTIMATOR.description().trained.n);
    let (wide, _) = data(30, dims.1 + 1, 1);
    let warnings = ESTIMATOR.estimate(&wide, &y).unwrap().warnings;
    assert_eq!(warnings, [Warning::Reduced { side: Side::X, dim: dims.1 + 1, trained: dims.1, columns: 8, sums: 4 }]);
    let (long_x, long_y) = data(n.1 + 1, 1, 1);
    let warnings = ESTIMATOR.estimate(&long_x, &long_y).unwrap().warnings;
    assert_eq!(warnings, [Warning::Blocks { n: n.1 + 1, blocks: 3, used: n.1 + 1 }]);

    let mut tied = x.clone();
    tied.column_mut(1).mapv_inplace(|v| (v * 3.0).round());
    let columns = || Columns::from(&tied).named(["plain", "rounded"]);
    assert_eq!(ESTIMATOR.estimate(columns(), &y).unwrap().warnings, []);
    let mut checkpoint = released();
    checkpoint.description.trained.ties = false;
    let continuous = Estimator::from_parts(checkpoint).unwrap();
    let warnings = continuous.estimate(columns(), &y).unwrap().warnings;
    assert!(matches!(&warnings[..], [Warning::Ties { columns }] if columns.len() == 1));
    let text = warnings[0].to_string();
    assert!(
        text.starts_with("few different values in column `rounded` of X (about ") && text.contains("continuous"),
        "{text}"
    );

    tied.column_mut(0).fill(2.0);
    let warnings = ESTIMATOR.estimate(&tied, &y).unwrap().warnings;
    assert_eq!(warnings[0], Warning::ConstantColumns { side: Side::X, labels: vec!["column 0".into()] });
}

#[test]
fn bad_data_is_refused() {
    let (x, y) = data(30, 2, 1);
    let refused = |x: &Array2<f64>, y: &Array2<f64>| ESTIMATOR.estimate(x, y).unwrap_err().to_string();
    let (short, _) = data(29, 1, 1);
    assert_eq!(refused(&x, &short), "column 0 of Y has 29 rows, expected 30 as in the first column of X");
    let (few, _) = data(9, 1, 1);
    assert_eq!(refused(&few, &few), "9 rows, expected at least 10");
    assert_eq!(refused(&Array2::zeros((30, 0)), &y), "X has no columns, expected at least one");
    let mut bad = x.clone();
    bad[[4, 1]] = f64::NAN;
    assert_eq!(refused(&bad, &y), "column 1 of X holds NaN at row 4, expected finite numbers");
    bad[[4, 1]] = f64::INFINITY;
    let named = Columns::from(&bad).named(["a", "b"]);
    let error = ESTIMATOR.estimate_batch(&[((&x).into(), (&y).into()), ((&y).into(), named)]).unwrap_err();
    assert_eq!(error.to_string(), "task 1: column `b` of Y holds an infinity at row 4, expected finite numbers");
}

#[test]
fn levels_outside_the_quantiles_are_refused() {
    let (x, y) = data(30, 2, 1);
    let estimate = ESTIMATOR.estimate(&x, &y).unwrap();
    for level in [0.0, -1.0, 0.981, 1.0, f64::NAN] {
        assert!(matches!(estimate.interval(level), Err(EstimateError::Level { max: 0.98, .. })), "{level}");
        assert!(ESTIMATOR.check_level(level).is_err());
    }
    for level in [1e-6, 0.5, 0.9, 0.98] {
        assert!(estimate.interval(level).is_ok() && ESTIMATOR.check_level(level).is_ok(), "{level}");
    }
}

#[test]
fn checkpoints_and_devices() {
    let (x, y) = (
        array![1.0, 4.0, 2.0, 8.0, 5.0, 7.0, 0.0, 3.0, 9.0, 6.0],
        array![0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0],
    );
    let on_disk = Estimator::from_checkpoint(&path(), &Device::Cpu).unwrap();
    assert_eq!(on_disk.estimate(&x, &y).unwrap(), ESTIMATOR.estimate(&x, &y).unwrap());
    let error = Estimator::from_checkpoint(Path::new("none.safetensors"), &Device::Cpu).unwrap_err();
    assert!(error.to_string().starts_with("cannot read `none.safetensors`: "));
    let error = "tpu".parse::<DeviceKind>().unwrap_err().to_string();
    assert_eq!(error, "unknown device `tpu`, expected one of `auto`, `cpu`, `cuda`, `metal`");
}

/// Standard normals from uniform numbers, by Box and Muller.
fn normals(n: usize) -> Vec<[f64; 2]> {
    let (a, b) = data(n, 1, 1);
    let of = |(u, v): (f64, f64)| {
        [
            (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos(),
            (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).sin(),
        ]
    };
    let rank = |m: &Array2<f64>| -> Vec<f64> {
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by(|i, j| m[[*i, 0]].total_cmp(&m[[*j, 0]]));
        let mut u = vec![0.0; n];
        order.iter().enumerate().for_each(|(r, i)| u[*i] = (r as f64 + 0.5) / n as f64);
        u
    };
    // The two columns of `data` depend on each other; the second is taken from far away rows.
    let (u, v) = (rank(&a), rank(&b));
    (0..n).map(|i| of((u[i], v[(i + n / 2) % n]))).collect()
}

#[test]
fn many_rows_are_answered_in_blocks_whatever_their_order() {
    let n = 9_000;
    let rho: f64 = 0.6;
    let rows = normals(n);
    let x = Array2::from_shape_fn((n, 1), |(r, _)| rows[r][0]);
    let y = Array2::from_shape_fn((n, 1), |(r, _)| rho * rows[r][0] + (1.0 - rho * rho).sqrt() * rows[r][1]);
    let whole = ESTIMATOR.estimate(&x, &y).unwrap();
    let truth = -0.5 * (1.0 - rho * rho).ln();
    assert!((whole.mi_nats() - truth).abs() < 0.05, "{}", whole.mi_nats());
    assert!(matches!(whole.warnings[..], [Warning::Blocks { n: 9_000, .. }]), "{:?}", whole.warnings);
    let order: Vec<usize> = (0..n).map(|r| (r * 7_001) % n).collect();
    let (px, py) = (x.select(Axis(0), &order), y.select(Axis(0), &order));
    assert_close(&whole, &ESTIMATOR.estimate(&px, &py).unwrap(), ORDER_OF_SUMS);
    assert_close(&whole, &ESTIMATOR.estimate(&y, &x.mapv(|v| -v)).unwrap(), ORDER_OF_SUMS);
}

#[test]
fn no_answer_exceeds_the_entropy_of_a_discrete_side() {
    for values in [2, 4, 8] {
        let x = Array2::from_shape_fn((240, 1), |(r, _)| f64::from(r as u32 % values));
        let estimate = ESTIMATOR.estimate(&x, &x).unwrap();
        let entropy = f64::from(values).ln();
        assert!(estimate.quantile(0.99) <= entropy + 1e-9, "{values} values: {}", estimate.quantile(0.99));
        assert!(estimate.mi_nats() > 0.5 * entropy, "{values} values: {}", estimate.mi_nats());
    }
}

#[test]
fn a_function_of_the_other_side_has_a_lower_bound_only() {
    let (x, _) = data(300, 1, 1);
    let estimate = ESTIMATOR.estimate(&x, &x.mapv(|v| v.powi(3))).unwrap();
    assert!(estimate.is_lower_bound(), "{:?}", estimate.warnings);
    assert!(estimate.warnings[0].to_string().contains("infinite"));
    let (x, y) = data(300, 1, 1);
    assert!(!ESTIMATOR.estimate(&x, &y).unwrap().is_lower_bound());
}

#[test]
fn neighbours_that_disagree_are_heard() {
    // A wave, and a network whose rows and read-out are dead.
    let n = 2_000;
    let x = Array2::from_shape_fn((n, 1), |(r, _)| (r as f64 + 0.5) / n as f64);
    let (noise, _) = data(n, 1, 1);
    let y = Array2::from_shape_fn((n, 1), |(r, _)| (50.0 * x[[r, 0]]).sin() + 0.2 * noise[[(r * 7) % n, 0]]);
    let checkpoint = released();
    for (name, var) in checkpoint.parameters.iter() {
        let factor = if name.starts_with("readout.quantiles") || name.starts_with("rows.local") { 0.0 } else { 1.0 };
        var.set(&(var.as_tensor() * factor).unwrap()).unwrap();
    }
    let warnings = Estimator::from_parts(checkpoint).unwrap().estimate(&x, &y).unwrap().warnings;
    assert!(matches!(warnings[..], [Warning::Disagreement { .. }]), "{warnings:?}");
}

#[test]
fn absurd_weights_are_an_error() {
    let checkpoint = released();
    for (_, var) in checkpoint.parameters.iter() {
        var.set(&(var.as_tensor() * 1000.0).unwrap()).unwrap();
    }
    let (x, y) = data(40, 1, 1);
    let name = format!("`{}`", checkpoint.description.name);
    let error = Estimator::from_parts(checkpoint).unwrap().estimate(&x, &y).unwrap_err().to_string();
    assert!(error.contains(&name) && error.contains("no data can give"), "{error}");
}

#[test]
fn far_too_many_columns_are_refused_at_once() {
    // Too few rows for the rule for wide tables.
    let (wide, _) = data(19, 900, 1);
    let error = ESTIMATOR.estimate(&wide, &wide).unwrap_err();
    assert!(matches!(error, EstimateError::TooLarge { columns: 1800, .. }), "{error}");
    assert!(error.to_string().contains("hint: choose at most "), "{error}");
}

/// `dim` independent columns.
fn noise(n: usize, dim: usize, seed: u64) -> Vec<Vec<f64>> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    (0..dim).map(|_| (0..n).map(|_| rng.random()).collect()).collect()
}

#[test]
fn wide_tables_are_answered_from_what_matters() {
    let x = noise(600, 90, 1);
    let own = noise(600, 1, 7).remove(0);
    let of = |columns: &[usize]| -> Vec<f64> {
        (0..600).map(|i| columns.iter().map(|j| x[*j][i]).sum::<f64>() + 0.5 * own[i]).collect()
    };
    let answer = |y: &[f64]| ESTIMATOR.estimate(&x, y).unwrap();
    let independent = answer(&own);
    assert!(
        independent.mi_nats() < 0.2 && independent.interval(0.9).unwrap().lower < 0.01,
        "{}",
        independent.mi_nats()
    );
    // One column, where the answer without the noise columns is known to be right, and many.
    let one = of(&[17]);
    let (alone, among) = (ESTIMATOR.estimate(&x[17], &one).unwrap().mi_nats(), answer(&one).mi_nats());
    assert!((among - alone).abs() < 0.25 * alone, "{among} among others, {alone} alone");
    let many = answer(&of(&(0..40).collect::<Vec<_>>())).mi_nats();
    assert!(many > 0.5, "{many}");
    // Neither the order of columns nor which side is called X matters.
    let turned: Vec<Vec<f64>> = x.iter().rev().cloned().collect();
    let again = ESTIMATOR.estimate(&one, &turned).unwrap();
    assert!((again.mi_nats() - among).abs() < 1e-4, "{} {among}", again.mi_nats());
}

#[test]
fn columns_that_are_nearly_the_same_get_an_answer_or_are_left_out_with_a_word() {
    let n = 100;
    let noise = noise(n, 66, 5);
    let side = |factor: &[f64], own: &[Vec<f64>]| -> Vec<Vec<f64>> {
        own.iter().map(|e| factor.iter().zip(e).map(|(f, e)| f + 0.1 * e).collect()).collect()
    };
    let shared: Vec<f64> = noise[64].iter().zip(&noise[65]).map(|(f, g)| 0.67 * f + 0.74 * g).collect();
    let (x, y) = (side(&noise[64], &noise[..32]), side(&shared, &noise[32..64]));
    let told = ESTIMATOR.estimate(&x, &y).unwrap();
    // 0.30 nats: what the factors share.
    let interval = told.interval(0.9).unwrap();
    assert!(interval.lower < 0.30 && told.mi_nats() < 1.5, "{} to {}", interval.lower, interval.upper);
    // In a batch too.
    let pairs = [(Columns::from(&x), Columns::from(&y)), (Columns::from(&noise[0]), Columns::from(&noise[1]))];
    let batch = ESTIMATOR.estimate_batch(&pairs).unwrap();
    assert!((batch[0].mi_nats() - told.mi_nats()).abs() < 1e-4);
    assert_eq!(batch[1].warnings, []);
}

#[test]
fn totals_are_not_counted_beside_their_parts() {
    let estimator = Estimator::embedded().unwrap();
    let (x, shared) = (noise(200, 3, 5), noise(200, 3, 6));
    let y: Vec<Vec<f64>> = x.iter().zip(&shared).map(|(a, b)| a.iter().zip(b).map(|(a, b)| a + b).collect()).collect();
    let with_total = |side: &[Vec<f64>]| {
        let total = (0..200).map(|r| side.iter().map(|c| c[r]).sum()).collect();
        Columns::new(side.iter().cloned().chain([total]).collect())
    };
    let plain = estimator.estimate(Columns::new(x.clone()), Columns::new(y.clone())).unwrap();
    let estimate = estimator.estimate(with_total(&x), with_total(&y)).unwrap();
    assert_eq!((estimate.mi_nats(), estimate.dim_x), (plain.mi_nats(), 4));
    let labels = vec!["column 3".to_owned()];
    let left_out = |side| Warning::SummedColumns { side, labels: labels.clone() };
    assert_eq!(estimate.warnings, [left_out(Side::X), left_out(Side::Y)]);
}

#[test]
fn codes_of_categories_are_suspected() {
    // Five classes, each with a centre of its own in ten columns.
    let n = 1000;
    let classes: Vec<usize> = (0..n).map(|i| i * 7 % 5).collect();
    let centres = noise(5, 10, 8);
    let spread = |mut column: Vec<f64>, centre: &[f64]| {
        column.iter_mut().zip(&classes).for_each(|(v, class)| *v += centre[*class]);
        column
    };
    let x: Vec<Vec<f64>> = noise(n, 10, 9).into_iter().zip(&centres).map(|(v, centre)| spread(v, centre)).collect();
    let x = Columns::new(x);
    let codes: Vec<f64> = classes.iter().map(|class| [3.0, 1.0, 4.0, 0.0, 2.0][*class]).collect();
    let label = Columns::from(&codes).named(["label"]);
    let suspected = ESTIMATOR.estimate(&x, &label).unwrap();
    let stated = ESTIMATOR.estimate(&x, label.clone().categorical([0])).unwrap();
    let [Warning::Codes { labels, mi_nats, .. }] = &suspected.warnings[..] else { panic!("{:?}", suspected.warnings) };
    assert_eq!((&labels[..], *mi_nats), (&["column `label` of Y".to_owned()][..], stated.mi_nats()));
    assert!(stated.warnings.is_empty() && stated.mi_nats() > 1.2 * suspected.mi_nats());
    // Codes that tell nothing of the other side are no matter.
    assert!(ESTIMATOR.estimate(Columns::new(noise(n, 10, 10)), &label).unwrap().warnings.is_empty());
}

#[test]
fn a_category_of_many_values_has_all_of_its_entropy() {
    let codes: Vec<f64> = (0..2000).map(|i| f64::from(i * 7 % 40)).collect();
    let y: Vec<f64> = codes.iter().zip(&noise(2000, 1, 3)[0]).map(|(c, e)| c + 0.1 * e).collect();
    let answer = |codes: &[f64], y: &[f64]| ESTIMATOR.estimate(Columns::from(codes).categorical([0]), y).unwrap();
    let estimate = answer(&codes, &y);
    assert!((estimate.mi_nats() / 40f64.ln() - 1.0).abs() < 0.08, "{}", estimate.mi_nats());
    assert!(matches!(estimate.warnings[..], [Warning::ManyValues { values: 40, rare: 0 }]), "{}", estimate.mi_nats());
    assert_eq!(estimate.pointwise().unwrap().len(), 2000);
    assert!((estimate.entropy_nats().unwrap() - 40f64.ln()).abs() < 1e-9);
    let recoded: Vec<f64> = codes.iter().map(|c| -(c * 11.0 % 40.0)).collect();
    assert!((answer(&recoded, &y).mi_nats() - estimate.mi_nats()).abs() < 1e-4);
    let independent = answer(&codes, &noise(2000, 1, 4)[0]);
    assert!(
        independent.mi_nats() < 0.1 && independent.interval(0.9).unwrap().lower < 0.02,
        "{}",
        independent.mi_nats()
    );
}

#[test]
fn a_category_has_the_same_answer_under_every_coding() {
    let (x, y) = data(120, 1, 1);
    let answer = |code: &dyn Fn(u32) -> f64| {
        let values = x.iter().map(|v| code((v * 3.5) as u32)).collect();
        ESTIMATOR.estimate(Columns::new(vec![values]).categorical([0]), &y).unwrap()
    };
    let base = answer(&f64::from);
    for code in
        [|c: u32| [2.0, 0.0, 3.0, 1.0, 4.0][c as usize], |c: u32| -7.0 * f64::from(c), |c| 1.0 / f64::from(c + 1)]
    {
        assert_close(&base, &answer(&code), ORDER_OF_SUMS);
    }
}
