//! Many tests at once.

/// The q-values of a family of p-values: the smallest false discovery rate at which each is a discovery.
///
/// q₍ᵢ₎ = min over j ≥ i of m p₍ⱼ₎ / j, for p-values in increasing order (Benjamini and Hochberg 1995). Valid for independent
/// tests, and for those that are positively dependent.
///
/// ```
/// let q = mist_infer::benjamini_hochberg(&[0.01, 0.5, 0.02, 0.03]);
/// assert!(q.iter().zip([0.04, 0.5, 0.04, 0.04]).all(|(q, want)| (q - want).abs() < 1e-12));
/// ```
pub fn benjamini_hochberg(p_values: &[f64]) -> Vec<f64> {
    let m = p_values.len();
    let mut order: Vec<usize> = (0..m).collect();
    order.sort_by(|a, b| p_values[*a].total_cmp(&p_values[*b]));
    let mut q_values = vec![1.0; m];
    let mut least = 1.0f64;
    for (rank, i) in order.into_iter().enumerate().rev() {
        least = least.min(p_values[i] * m as f64 / (rank + 1) as f64);
        q_values[i] = least;
    }
    q_values
}
