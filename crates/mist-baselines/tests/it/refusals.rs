//! Data that has no estimate: a reason, never a NaN and never a panic.

use mist_baselines::{
    BaselineError, Bootstrap, Bound, Histogram, Ksg, MiEstimator, MixedKnn, NAMES, Neural, PlugIn, Ross, Side, by_name,
};
use nalgebra::DMatrix;

/// A number that looks random, from 0 to 1.
fn noise(i: usize, j: usize) -> f64 {
    (((i + 1) * 7_919 + (j + 1) * 104_729) as f64 * 0.618_033_988_749).fract()
}

fn table(n: usize, d: usize, salt: usize) -> DMatrix<f64> {
    DMatrix::from_fn(n, d, |i, j| noise(i, j + salt))
}

#[test]
fn bad_tables_have_a_reason() {
    for name in NAMES {
        let estimator = by_name(name).unwrap();
        let (x, y) = (table(80, 1, 0), table(80, 1, 9));
        let refused = |x: &DMatrix<f64>, y: &DMatrix<f64>| estimator.estimate(x, y).expect_err(name);

        assert!(matches!(refused(&x, &DMatrix::zeros(80, 0)), BaselineError::NoColumns { side: Side::Y }));
        assert!(matches!(refused(&x, &table(79, 1, 0)), BaselineError::Rows { x: 80, y: 79 }));
        assert!(matches!(refused(&table(0, 1, 0), &table(0, 1, 0)), BaselineError::TooFewRows { got: 0, .. }));
        for value in [f64::NAN, f64::INFINITY] {
            let mut bad = y.clone().insert_column(0, 1.0);
            bad[(17, 1)] = value;
            let error = refused(&x, &bad);
            assert!(matches!(error, BaselineError::NotFinite { side: Side::Y, column: 1, row: 17, .. }), "{name}");
        }
    }
}

#[test]
fn whatever_the_table_the_answer_is_finite_or_an_error() {
    let copies = DMatrix::from_fn(40, 1, |i, _| (i / 20) as f64);
    let rounded = DMatrix::from_fn(40, 2, |i, j| (10.0 * noise(i, j)).round());
    let tables = [
        table(1, 1, 0),
        table(2, 1, 0),
        table(6, 2, 0),
        table(40, 1, 0),
        table(40, 30, 0),
        DMatrix::from_element(40, 1, 3.0),
        table(40, 2, 0).insert_column(1, 5.0),
        table(40, 1, 0) * 1e300,
        table(40, 1, 0) * 1e-300,
        table(40, 1, 0).add_scalar(1e15),
        copies,
        rounded,
    ];
    for name in NAMES {
        let estimator = by_name(name).unwrap();
        for (i, x) in tables.iter().enumerate() {
            for (j, y) in tables.iter().enumerate().filter(|(_, y)| y.nrows() == x.nrows()) {
                if let Ok(mi) = estimator.estimate(x, y) {
                    assert!(mi.is_finite(), "{name} on tables {i} and {j}: {mi}");
                }
            }
        }
    }
}

#[test]
fn parameters_outside_their_domain_are_named() {
    let (x, y) = (table(80, 1, 0), table(80, 1, 9));
    let neural = Neural::new(Bound::Nwj);
    let cases: [(&str, Box<dyn MiEstimator>); 10] = [
        ("k", Box::new(Ksg { k: 0, ..Ksg::default() })),
        ("k", Box::new(MixedKnn { k: 0, ..MixedKnn::default() })),
        ("k", Box::new(Ross { k: 0, ..Ross::default() })),
        ("jitter", Box::new(Ksg { jitter: Some(1), standardize: false, ..Ksg::default() })),
        ("bins_y", Box::new(Histogram { bins_y: 0, ..Histogram::default() })),
        ("hidden", Box::new(Neural { hidden: vec![8, 0], ..neural.clone() })),
        ("batch", Box::new(Neural { batch: 1, ..neural.clone() })),
        ("test_every", Box::new(Neural { test_every: 0, ..neural.clone() })),
        ("learning_rate", Box::new(Neural { learning_rate: f64::NAN, ..neural.clone() })),
        ("steps", Box::new(Neural { steps: 10, ..neural })),
    ];
    for (expected, estimator) in cases {
        match estimator.estimate(&x, &y).unwrap_err() {
            // More steps between tests than steps is an error of the former.
            BaselineError::Parameter { name, .. } => assert!(name == expected || expected == "steps", "{name}"),
            other => panic!("{expected}: {other}"),
        }
    }
    for (expected, level, resamples) in [("level", 1.0, 200), ("level", f64::NAN, 200), ("resamples", 0.9, 19)] {
        let error = Bootstrap { level, resamples, ..Bootstrap::new(PlugIn) }.interval(&x, &y).unwrap_err();
        assert!(matches!(error, BaselineError::Parameter { name, .. } if name == expected), "{error}");
    }
}

#[test]
fn messages_say_what_where_and_what_to_do() {
    let (x, y) = (table(40, 1, 0), table(40, 1, 9));
    let message = |estimator: &dyn MiEstimator, x: &DMatrix<f64>, y: &DMatrix<f64>| {
        estimator.estimate(x, y).unwrap_err().to_string()
    };
    assert_eq!(
        by_name("kgs").err().unwrap().to_string(),
        "no estimator is named `kgs`: expected one of ksg, ksg2, cca, gaussian-copula, plug-in, histogram, mixed-knn, \
         ross, kde, mine, infonce, nwj, smile"
    );
    assert_eq!(
        message(&Ksg { k: 40, ..Ksg::default() }, &x, &y),
        "40 rows, expected at least 41: a row needs `k` neighbours"
    );
    assert_eq!(
        message(&Ksg::default(), &DMatrix::zeros(40, 1), &DMatrix::zeros(40, 1)),
        "row 0 and its 5 nearest neighbours are equal, expected continuous data\n\
         hint: `mixed-knn` is made for repeated rows; `jitter` spreads rounded values"
    );
    assert_eq!(
        message(&PlugIn, &x, &y),
        "no row of X is repeated, expected discrete data\nhint: `ksg` and `histogram` are for continuous data"
    );
    assert_eq!(
        message(&*by_name("cca").unwrap(), &x, &(&x * -2.0)),
        "X and Y have a linear function in common, within rounding errors, so their covariance is singular\n\
         hint: remove constant and redundant columns"
    );
    let error = Bootstrap::new(Ksg { k: 20, ..Ksg::default() }).interval(&x, &y).unwrap_err().to_string();
    assert_eq!(error, "resample 0 of 20 rows: 20 rows, expected at least 21: a row needs `k` neighbours");
}

#[test]
fn a_training_that_leaves_the_finite_numbers_is_an_error() {
    let (x, y) = (table(80, 1, 0), table(80, 1, 9));
    let wild = Neural { learning_rate: 1e30, ..Neural::new(Bound::Nwj) };
    assert!(matches!(wild.estimate(&x, &y), Err(BaselineError::Diverged { step: 100 })));
}
