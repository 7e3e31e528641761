//! From numbers to an answer: the first byte is the number of columns of X, the rest are values of two bytes.
#![no_main]

use mist_infer::{Columns, Estimator};
use std::sync::LazyLock;

static ESTIMATOR: LazyLock<Estimator> = LazyLock::new(|| Estimator::embedded().unwrap());

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Some((first, rest)) = bytes.split_first() else { return };
    let dim_x = usize::from(first % 4) + 1;
    let values: Vec<f64> = rest.chunks_exact(2).map(|b| f64::from(i16::from_le_bytes([b[0], b[1]]))).collect();
    let n = (values.len() / (dim_x + 1)).min(200);
    if n == 0 {
        return;
    }
    let mut columns: Vec<Vec<f64>> = values.chunks_exact(n).take(dim_x + 1).map(<[f64]>::to_vec).collect();
    let y = columns.split_off(dim_x);
    if let Ok(estimate) = ESTIMATOR.estimate(Columns::new(columns), Columns::new(y)) {
        assert!(estimate.mi_nats() >= 0.0 && estimate.mi_nats().is_finite());
    }
});
