//! Rankings, matrices, tests, conditional answers: what holds whatever the weights are.

use crate::support::{ESTIMATOR, ORDER_OF_SUMS, assert_close, data};
use mist_infer::{
    Columns, EstimateError, Estimator, Matrix, PValues, PermutationTest, Scale, informational_correlation,
};
use mist_model::{ShapeTable, TaskShape};
use ndarray::Array2;

/// Columns of a table that depend on each other, the last but one less.
fn table(n: usize, d: usize) -> Columns {
    let (x, y) = data(n, d, 1);
    let names = (0..=d).map(|j| format!("c{j}"));
    Columns::from(&x).beside(&Columns::from(&y)).named(names)
}

#[test]
fn an_estimator_can_be_shared_between_threads() {
    fn shared<T: Send + Sync + Clone>(_: &T) {}
    shared(&*ESTIMATOR);
    fn sent<T: Send + Sync>() {}
    sent::<mist_infer::Estimate>();
    sent::<EstimateError>();
    sent::<Matrix>();
}

#[test]
fn slices_vectors_and_arrays_are_the_same_data() {
    let (x, y) = data(60, 1, 1);
    let (vx, vy): (Vec<f64>, Vec<f64>) = (x.iter().copied().collect(), y.iter().copied().collect());
    let base = ESTIMATOR.estimate(&x, &y).unwrap();
    let columns = [vec![vx.clone()], vec![vy.clone()]];
    let others = [
        ESTIMATOR.estimate(&vx, &vy),
        ESTIMATOR.estimate(vx.as_slice(), vy.as_slice()),
        ESTIMATOR.estimate(vx.clone(), columns[1].as_slice()),
        ESTIMATOR.estimate(&columns[0], &[vy.as_slice()][..]),
    ];
    for other in others {
        assert_eq!(other.unwrap(), base);
    }
}

#[test]
fn pairs_of_a_table_are_answered_as_each_pair_alone() {
    let table = table(70, 3);
    let matrix = ESTIMATOR.matrix(&table, PValues::None).unwrap();
    assert_eq!(matrix.names, ["c0", "c1", "c2", "c3"]);
    assert_eq!(matrix.pairs.iter().map(|p| (p.x, p.y)).collect::<Vec<_>>(), Matrix::all_pairs(4).collect::<Vec<_>>());
    for pair in &matrix.pairs {
        let alone = ESTIMATOR.estimate(table.select(&[pair.x]), table.select(&[pair.y])).unwrap();
        assert_close(pair.answer.as_ref().unwrap(), &alone, ORDER_OF_SUMS);
        let place = Matrix::place(pair.x, pair.y, 4);
        assert_eq!((matrix.pairs[place].x, matrix.pairs[place].y), (pair.x, pair.y));
    }
    let ranked = ESTIMATOR.rank(&table, 3, PValues::None).unwrap();
    let nats: Vec<f64> = ranked.iter().map(|r| r.answer.as_ref().unwrap().mi_nats()).collect();
    assert!(nats.is_sorted_by(|a, b| a >= b), "{nats:?}");
    let mut columns: Vec<usize> = ranked.iter().map(|r| r.column).collect();
    columns.sort_unstable();
    assert_eq!(columns, [0, 1, 2]);
}

#[test]
fn what_fails_loses_nothing_else() {
    let (x, y) = data(40, 1, 1);
    let (short, _) = data(39, 1, 1);
    let pair = |y: &Array2<f64>| (Columns::from(&x), Columns::from(y));
    let answers = ESTIMATOR.estimate_each(&[pair(&y), pair(&short), pair(&x)]);
    assert_close(answers[0].as_ref().unwrap(), &ESTIMATOR.estimate(&x, &y).unwrap(), ORDER_OF_SUMS);
    assert_eq!(
        answers[1].as_ref().unwrap_err().to_string(),
        "column 0 of Y has 39 rows, expected 40 as in the first column of X"
    );
    assert!(answers[2].is_ok());
}

#[test]
fn a_constant_column_has_mi_0_and_a_p_value_of_1() {
    let (x, _) = data(40, 2, 1);
    let table = Columns::from(&x).beside(&Columns::from(vec![7.0; 40]));
    let test = PermutationTest { permutations: 9, alpha: 0.5, seed: 1 };
    let ranked = ESTIMATOR.rank(&table, 0, PValues::Permutation(test)).unwrap();
    assert_eq!((ranked[0].column, ranked[1].column), (1, 2));
    assert_eq!(ranked[1].answer.as_ref().unwrap().mi_nats(), 0.0);
    assert_eq!(ranked[1].p_value, Some(1.0));
}

#[test]
fn permutation_tests_tell_dependence_from_none() {
    let (x, y) = data(200, 1, 1);
    let test = PermutationTest { permutations: 59, alpha: 0.2, seed: 3 };
    let found = ESTIMATOR.test(&x, &y, &test).unwrap();
    assert_eq!((found.p_value, found.exceedances, found.stopped_early), (1.0 / 60.0, 0, false));
    // Rows in another order.
    let order: Vec<usize> = (0..200).map(|r| (r * 17 + 5) % 200).collect();
    let shuffled = y.select(ndarray::Axis(0), &order);
    let null = ESTIMATOR.test(&x, &shuffled, &test).unwrap();
    assert!(null.p_value > 0.02, "{null:?}");
    assert_eq!(ESTIMATOR.test(&x, &shuffled, &test).unwrap(), null);
    if null.stopped_early {
        assert!(null.permutations < 59 && null.exceedances == 12, "{null:?}");
        assert_eq!(null.p_value, 12.0 / null.permutations as f64);
    }
    for wrong in [PermutationTest { permutations: 0, ..test }, PermutationTest { alpha: 0.0, ..test }] {
        assert!(matches!(ESTIMATOR.test(&x, &y, &wrong), Err(EstimateError::Test { .. })));
    }
}

#[test]
fn tables_that_are_the_same_in_another_order_tie() {
    // Wherever the one row of Y comes to lie, it is with one half of X: the same table up to the sign of X.
    let x: Vec<f64> = (0..20).map(|r| f64::from(u8::from(r < 10))).collect();
    let y: Vec<f64> = (0..20).map(|r| f64::from(u8::from(r == 3))).collect();
    let test = PermutationTest { permutations: 99, alpha: 1.0, seed: 2 };
    assert_eq!(ESTIMATOR.test(&x, &y, &test).unwrap().p_value, 1.0);
}

#[test]
fn p_values_of_a_family() {
    let (x, y) = data(50, 2, 1);
    // A column with ties has permutations of its own.
    let table = Columns::from(&x.mapv(|v| (v * 8.0).round() / 8.0)).beside(&Columns::from(&y));
    let table = table.beside(&Columns::from(&x));
    let test = PermutationTest { permutations: 39, alpha: 0.5, seed: 0 };
    let matrix = ESTIMATOR.matrix(&table, PValues::Permutation(test)).unwrap();
    for pair in &matrix.pairs {
        let (p, q) = (pair.p_value.unwrap(), pair.q_value.unwrap());
        assert!((1.0 / 40.0..=1.0).contains(&p) && p <= q && q <= 1.0, "{p} {q}");
    }
    let strongest = matrix.get(0, 3).unwrap();
    assert_eq!(strongest.p_value, Some(1.0 / 40.0));
}

#[test]
fn amortised_p_values_need_their_table() {
    let (x, y) = data(60, 1, 1);
    let mut checkpoint = crate::answers::released();
    checkpoint.description.independence = None;
    let bare = Estimator::from_parts(checkpoint.clone()).unwrap();
    assert_eq!(bare.estimate(&x, &y).unwrap().p_value(), None);
    let error = bare.rank(&Columns::from(&x).beside(&Columns::from(&y)), 0, PValues::Amortised).unwrap_err();
    assert!(error.to_string().contains("hint: test by permutation"), "{error}");

    let shape = TaskShape { n: 60, columns: 2, ties: false };
    let standing = |i: i32| (shape, f64::from(i) / 500.0 - 1.0);
    checkpoint.description.independence =
        Some(ShapeTable::fit("a", 0, &[0.5, 0.9, 0.99], &(0..1000).map(standing).collect::<Vec<_>>()));
    let estimator = Estimator::from_parts(checkpoint).unwrap();
    let dependent = estimator.estimate(&x, &y).unwrap();
    assert!(dependent.standing() > 1.0 && dependent.p_value().unwrap() < 0.01, "{}", dependent.standing());
    let constant = estimator.estimate(&x, vec![1.0; 60]).unwrap();
    assert_eq!(constant.p_value(), Some(1.0));
    let ranked = estimator.rank(&Columns::from(&x).beside(&Columns::from(&y)), 0, PValues::default()).unwrap();
    assert_eq!(ranked[0].p_value, dependent.p_value());

    // Independent bits have answers that no table knows: permutations, or nothing.
    let bit = |rate: f64| (0..60).map(|r| f64::from((f64::from(r) * rate).sin() > 0.0)).collect::<Vec<_>>();
    let bits = Columns::new(vec![bit(0.7), bit(2.9)]);
    assert_eq!(estimator.estimate(bit(0.7), bit(2.9)).unwrap().p_value(), None);
    assert_eq!(estimator.rank(&bits, 0, PValues::Amortised).unwrap()[0].p_value, None);
    let test = PermutationTest { permutations: 19, ..PermutationTest::default() };
    let [auto, permuted] =
        [PValues::Auto(test), PValues::Permutation(test)].map(|how| estimator.rank(&bits, 0, how).unwrap()[0].p_value);
    assert!(auto.is_some() && auto == permuted, "{auto:?} {permuted:?}");
}

#[test]
fn normalised_values() {
    let (x, y) = data(100, 1, 1);
    let estimate = ESTIMATOR.estimate(&x, &y).unwrap();
    let normalised = estimate.normalised(0.8).unwrap();
    assert_eq!(normalised.scale, Scale::InformationalCorrelation);
    assert_eq!(normalised.value, informational_correlation(estimate.mi_nats()));
    assert!(normalised.lower <= normalised.value && normalised.value <= normalised.upper && normalised.upper < 1.0);

    // Numbers to two decimals are rounded, not discrete.
    let rounded = ESTIMATOR.estimate(&x.mapv(|v| (v * 50.0).round()), &y.mapv(|v| (v * 50.0).round())).unwrap();
    assert_eq!(rounded.normalised(0.9).unwrap().scale, Scale::InformationalCorrelation);

    // Four values, each a quarter of the rows: the entropy is ln 4, of which a copy has all.
    let quarters = Array2::from_shape_fn((240, 1), |(r, _)| f64::from(r as u32 % 4));
    let estimate = ESTIMATOR.estimate(&quarters, &quarters).unwrap();
    assert!((estimate.entropy_nats().unwrap() - 4f64.ln()).abs() < 1e-9);
    let normalised = estimate.normalised(0.9).unwrap();
    assert_eq!(normalised.scale, Scale::EntropyShare);
    assert!((normalised.value - estimate.mi_nats() / 4f64.ln()).abs() < 1e-9 && normalised.upper <= 1.0);
}

#[test]
fn conditional_answers_follow_the_chain_rule() {
    let (x, y) = data(120, 2, 1);
    let column = |j: usize| -> Vec<f64> { x.column(j).to_vec() };
    let (a, b, y) = (column(0), column(1), y.column(0).to_vec());
    let mut checkpoint = crate::answers::released();
    checkpoint.description.conditional = None;
    let bare = Estimator::from_parts(checkpoint).unwrap();
    let got = bare.conditional(&a, &y, &b).unwrap();
    let nats = |x: Columns, y: Columns| ESTIMATOR.estimate(x, y).unwrap().mi_nats();
    let pair = |a: &Vec<f64>, b: &Vec<f64>| Columns::from(vec![a.clone(), b.clone()]);
    // All four answers are above 0, where nothing is cut.
    let want = 0.5
        * (nats((&a).into(), pair(&y, &b)) - nats((&a).into(), (&b).into()) + nats((&y).into(), pair(&a, &b))
            - nats((&y).into(), (&b).into()));
    assert!((got.difference() - want).abs() < 1e-3, "{} {want}", got.difference());
    let interval = got.interval(0.9).unwrap();
    assert!(0.0 <= interval.lower && interval.lower <= got.mi_nats() && got.mi_nats() <= interval.upper);
    assert!(!got.is_calibrated() && got.warnings().iter().any(|w| w.contains("no table of errors")));
    // X and Y exchanged: the same.
    let back = bare.conditional(&y, &a, &b).unwrap();
    assert!((back.difference() - got.difference()).abs() < 1e-3);
    let error = ESTIMATOR.conditional(&a, &y, &b[..100]).unwrap_err();
    assert!(matches!(error, EstimateError::Rows { got: 100, expected: 120, .. }), "{error}");
}

#[test]
fn answers_are_serialized_with_their_failures() {
    let table = table(30, 2);
    let ranked = ESTIMATOR.rank(&table, 0, PValues::None).unwrap();
    let json = serde_json::to_value(&ranked).unwrap();
    assert_eq!(json[0]["name"], table.name(ranked[0].column).unwrap());
    let answer = ranked[0].answer.as_ref().unwrap();
    assert_eq!(json[0]["answer"]["mi_nats"].as_f64(), Some(answer.mi_nats()));
    assert_eq!(json[0]["answer"]["quantiles_nats"][0][1].as_f64(), Some(answer.quantile(0.05)));
    assert_eq!(json[0]["p_value"], serde_json::Value::Null);
    assert_eq!(json[0]["answer"]["checkpoint"]["sha256"].as_str().unwrap().len(), 64);
}
