//! Properties of mutual information that hold exactly, or up to the order of sums.

use crate::support::{ESTIMATOR, ORDER_OF_SUMS, assert_close, data};
use ndarray::{Axis, concatenate};

/// Shapes from smallest to wide.
const SHAPES: [(usize, usize, usize); 4] = [(10, 1, 1), (64, 2, 1), (101, 3, 5), (40, 12, 20)];

#[test]
fn symmetric_in_x_and_y() {
    for (n, dx, dy) in SHAPES {
        let (x, y) = data(n, dx, dy);
        let (forth, back) = (ESTIMATOR.estimate(&x, &y).unwrap(), ESTIMATOR.estimate(&y, &x).unwrap());
        assert_close(&forth, &back, ORDER_OF_SUMS);
        assert_eq!((back.dim_x, back.dim_y), (dy, dx));
    }
}

#[test]
fn order_of_rows_and_columns_does_not_matter() {
    for (n, dx, dy) in SHAPES {
        let (x, y) = data(n, dx, dy);
        let base = ESTIMATOR.estimate(&x, &y).unwrap();
        let rows: Vec<usize> = (0..n).map(|r| (r * 7 + 3) % n).collect();
        assert_eq!(rows.iter().collect::<std::collections::HashSet<_>>().len(), n);
        let (px, py) = (x.select(Axis(0), &rows), y.select(Axis(0), &rows));
        assert_close(&base, &ESTIMATOR.estimate(&px, &py).unwrap(), ORDER_OF_SUMS);
        let columns = |d: usize| (0..d).rev().collect::<Vec<_>>();
        let (px, py) = (x.select(Axis(1), &columns(dx)), y.select(Axis(1), &columns(dy)));
        assert_close(&base, &ESTIMATOR.estimate(&px, &py).unwrap(), ORDER_OF_SUMS);
    }
}

#[test]
fn monotone_maps_of_columns_change_no_bit() {
    let maps: [fn(f64) -> f64; 6] = [|v| -v, |v| 1e6 * v - 3.0, f64::ln, |v| v.powi(3), |v| -v.exp(), f64::sqrt];
    for (n, dx, dy) in SHAPES {
        let (x, y) = data(n, dx, dy);
        let base = ESTIMATOR.estimate(&x, &y).unwrap();
        let (mut mx, mut my) = (x.clone(), y.clone());
        for (j, mut column) in mx.columns_mut().into_iter().chain(my.columns_mut()).enumerate() {
            column.mapv_inplace(maps[j % maps.len()]);
        }
        assert_eq!(ESTIMATOR.estimate(&mx, &my).unwrap().quantiles, base.quantiles);
    }
}

#[test]
fn quantiles_are_non_negative_and_never_cross() {
    for (n, dx, dy) in SHAPES {
        let (x, y) = data(n, dx, dy);
        let estimate = ESTIMATOR.estimate(&x, &y).unwrap();
        let values: Vec<f64> = (1..100).map(|i| estimate.quantile(f64::from(i) / 100.0)).collect();
        assert!(values.iter().all(|v| v.is_finite() && *v >= 0.0) && values.is_sorted(), "{values:?}");
        assert!(estimate.mean_nats() >= values[0] && estimate.mean_nats() <= values[98]);
        let (narrow, wide) = (estimate.interval(0.5).unwrap(), estimate.interval(0.98).unwrap());
        assert!(wide.lower <= narrow.lower && narrow.upper <= wide.upper);
        assert!(narrow.lower <= estimate.mi_nats() && estimate.mi_nats() <= narrow.upper);
    }
}

#[test]
fn constant_columns_change_nothing() {
    let (x, y) = data(50, 2, 2);
    let constant = ndarray::Array2::from_elem((50, 1), 4.5);
    let wide = concatenate![Axis(1), x, constant];
    let (base, with) = (ESTIMATOR.estimate(&x, &y).unwrap(), ESTIMATOR.estimate(&wide, &y).unwrap());
    assert_eq!(base.quantiles, with.quantiles);
    assert_eq!(with.dim_x, 3);
}
