//! Widths of the kernels that smooth ranks.

/// For every value the distance over which its rank is smoothed: `share` of the rows, at the density of values around it.
///
/// The density is that between the values as many rows below and above, so that a strictly increasing map of the column
/// changes widths as it changes distances. Equal values have equal widths. Above 0.
///
/// # Panics
/// If all values are equal.
pub(super) fn widths(values: &[f64], share: f64) -> Vec<f64> {
    let n = values.len();
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_unstable_by(|a, b| values[*a].total_cmp(&values[*b]));
    let sorted: Vec<f64> = order.iter().map(|i| values[*i]).collect();
    assert!(sorted[0] < sorted[n - 1], "a constant column has no widths");
    let rows = share * n as f64;
    let reach = (rows.round() as usize).max(1);
    let mut out = vec![0.0; n];
    let mut first = 0_usize;
    for equal in sorted.chunk_by(|a, b| a == b) {
        let (low, high) = (first.saturating_sub(reach), (first + equal.len() - 1 + reach).min(n - 1));
        let width = (sorted[high] / (high - low) as f64 - sorted[low] / (high - low) as f64) * rows;
        order[first..first + equal.len()].iter().for_each(|row| out[*row] = width);
        first += equal.len();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_width_holds_its_share_of_rows() {
        let even: Vec<f64> = (0..100).map(|i| f64::from(i * 37 % 100)).collect();
        assert!(widths(&even, 0.1).iter().all(|w| (w - 10.0).abs() < 1e-9));
        let steep: Vec<f64> = even.iter().map(|v| v * 8.0).collect();
        assert!(widths(&steep, 0.1).iter().all(|w| (w - 80.0).abs() < 1e-9));
        let bits: Vec<f64> = (0..50).map(|i| f64::from(i % 2)).collect();
        assert!(widths(&bits, 0.02).iter().all(|w| *w > 0.0 && *w < 0.1));
    }
}
