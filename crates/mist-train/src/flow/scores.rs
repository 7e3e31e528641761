//! Normal scores in double precision, with ties broken at random: what a flow is fitted to.

use rand::Rng;
use statrs::distribution::{ContinuousCDF, Normal};

/// Φ⁻¹((rank − ½)/n) of each value. Equal values get ranks in random order, so that a column of counts becomes one without
/// ties, as a density needs it.
pub fn normal_scores(values: &[f64], rng: &mut impl Rng) -> Vec<f64> {
    let n = values.len();
    let mut order: Vec<(f64, u64, usize)> = values.iter().enumerate().map(|(i, v)| (*v, rng.random(), i)).collect();
    order.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let normal = Normal::standard();
    let mut scores = vec![0.0; n];
    for (rank, (_, _, i)) in order.into_iter().enumerate() {
        scores[i] = normal.inverse_cdf((rank as f64 + 0.5) / n as f64);
    }
    scores
}

/// Share of the values that another row has, too.
pub fn tied_share(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let groups = sorted.chunk_by(|a, b| a == b);
    groups.filter(|group| group.len() > 1).map(<[f64]>::len).sum::<usize>() as f64 / values.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{SeedableRng, rngs::StdRng};

    #[test]
    fn scores_keep_the_order_and_break_ties() {
        let mut rng = StdRng::seed_from_u64(1);
        let scores = normal_scores(&[3.0, -1.0, 10.0], &mut rng);
        let want = [0.0, -0.967_421_566, 0.967_421_566];
        assert!(scores.iter().zip(want).all(|(a, b)| (a - b).abs() < 1e-8), "{scores:?}");
        let mut tied = normal_scores(&[1.0; 50], &mut rng);
        assert!(!tied.is_sorted());
        tied.sort_unstable_by(f64::total_cmp);
        assert!(tied.windows(2).all(|pair| pair[0] < pair[1]));
        assert!((tied_share(&[1.0, 2.0, 1.0, 3.0]) - 0.5).abs() < 1e-12);
    }
}
