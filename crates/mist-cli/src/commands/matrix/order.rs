//! An order of the columns that puts those together that say much about each other.

use kodama::{Method, linkage};

/// The order of `d` columns by average linkage of the distances 1 − value, for values from 0 to 1 of the pairs i < j in
/// lexicographic order. Of two clusters that join, the one with the earlier column comes first.
pub fn clustered(d: usize, values: &[f64]) -> Vec<usize> {
    let mut distances: Vec<f64> = values.iter().map(|v| 1.0 - v).collect();
    let tree = linkage(&mut distances, d, Method::Average);
    let mut clusters: Vec<Vec<usize>> = (0..d).map(|j| vec![j]).collect();
    for step in tree.steps() {
        let (mut a, mut b) =
            (std::mem::take(&mut clusters[step.cluster1]), std::mem::take(&mut clusters[step.cluster2]));
        if a.iter().min() > b.iter().min() {
            std::mem::swap(&mut a, &mut b);
        }
        a.append(&mut b);
        clusters.push(a);
    }
    clusters.pop().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_that_belong_together_are_together() {
        // 0 with 2 and 4, 1 with 3.
        let value = |i: usize, j: usize| if i % 2 == j % 2 { 0.9 - 0.01 * (i + j) as f64 } else { 0.1 };
        let values: Vec<f64> = (0..5).flat_map(|i| (i + 1..5).map(move |j| value(i, j))).collect();
        let order = clustered(5, &values);
        assert_eq!(order.len(), 5);
        assert!(order[..3].iter().all(|j| j % 2 == 0) && order[3..].iter().all(|j| j % 2 == 1), "{order:?}");
        assert_eq!(clustered(2, &[0.3]), [0, 1]);
    }
}
