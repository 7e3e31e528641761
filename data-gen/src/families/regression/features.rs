//! The columns that a response depends on, or does not.

use crate::ground::normal::{normal_cdf, normal_quantile};

/// A column of X. Of standard normals e_1, e_2, …, independent, z_1 = e_1 and z_j = r_j z_(j−1) + √(1 − r_j²) e_j: neighbours correlate.
#[derive(Debug, Clone, PartialEq)]
pub struct Feature {
    /// r_j in [−1, 1]; that of the first column is not used.
    pub follows: f64,
    /// Increasing cuts of z_j; a column without any is z_j itself. What has k cuts takes the values 0 to k.
    pub cuts: Vec<f64>,
    /// Whether the values are categories: a signal then sees another number for each, in no order.
    pub effects: Option<Vec<f64>>,
}

impl Feature {
    /// A column that is z_j itself.
    #[must_use]
    pub fn number(follows: f64) -> Self {
        Self { follows, cuts: Vec::new(), effects: None }
    }

    /// What a signal sees: nothing in place of a number, else a number for each value; of levels, which have an order, the
    /// normal quantile in the middle of the level's probability.
    fn seen(&self) -> Vec<f64> {
        let k = self.cuts.len();
        match &self.effects {
            _ if k == 0 => Vec::new(),
            Some(effects) => effects.clone(),
            None => {
                let mut ends = vec![0.0];
                ends.extend(self.cuts.iter().map(|&cut| normal_cdf(cut)));
                ends.push(1.0);
                ends.windows(2).map(|ends| normal_quantile(0.5 * (ends[0] + ends[1]))).collect()
            }
        }
    }
}

/// Columns of X as functions of independent normals.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Features {
    /// r_j and √(1 − r_j²).
    chain: Vec<(f64, f64)>,
    cuts: Vec<Vec<f64>>,
    seen: Vec<Vec<f64>>,
}

impl Features {
    pub(super) fn new(features: &[Feature]) -> Self {
        let first = std::iter::once((0.0, 1.0));
        let others = features.iter().skip(1).map(|feature| (feature.follows, (1.0 - feature.follows.powi(2)).sqrt()));
        Self {
            chain: first.chain(others).collect(),
            cuts: features.iter().map(|feature| feature.cuts.clone()).collect(),
            seen: features.iter().map(Feature::seen).collect(),
        }
    }

    /// The first `normals.len()` columns of a row, from their normals.
    pub(super) fn row(&self, normals: &[f64], row: &mut [f64]) {
        let mut last = 0.0;
        for (j, e) in normals.iter().enumerate() {
            let (r, rest) = self.chain[j];
            last = r * last + rest * e;
            let cuts = &self.cuts[j];
            row[j] = if cuts.is_empty() { last } else { cuts.partition_point(|&cut| cut < last) as f64 };
        }
    }

    /// What a signal sees of the value of column j.
    pub(super) fn seen(&self, j: usize, value: f64) -> f64 {
        self.seen[j].get(value as usize).copied().unwrap_or(value)
    }
}
