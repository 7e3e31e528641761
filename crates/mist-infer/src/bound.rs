//! What bounds an answer: the entropy of a discrete side, and what n rows can resolve.

use mist_model::Scores;
use std::collections::HashMap;

/// Share of rows that hold what no other row holds, above which a side is not seen as discrete: its values are too many
/// for their entropy to be known.
const MOST_SINGLES: f64 = 0.1;

/// The entropy of a discrete side in nats, as far as its rows tell. I(X;Y) is never above it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Entropy {
    /// Plug-in entropy with the correction of Miller and Madow, at most ln of the number of values.
    nats: f64,
    /// Its standard error.
    standard_error: f64,
    /// Whether all columns are categories, by what the caller says.
    pub categories: bool,
    /// ln of the number of values, those not seen included (Chao 1984).
    most: f64,
}

impl Entropy {
    /// Of the columns of one side; `None` if it is not discrete.
    pub(crate) fn of(scores: &Scores, columns: std::ops::Range<usize>) -> Option<Self> {
        let n = scores.n;
        let d = scores.dim_x + scores.dim_y;
        // Equal values have equal scores. A column without ties settles it at once.
        if columns.clone().any(|j| scores.ties.iter().skip(j).step_by(d).all(|t| *t == 0.0)) {
            return None;
        }
        // Of a category the code: it has values that share an indicator column.
        let held = |row: usize, j: usize| match scores.block[j] {
            0 => scores.z[row * d + j].to_bits(),
            block => scores.codes[block as usize - 1][row],
        };
        let first_of_block = |j: &usize| scores.block[*j] == 0 || *j == 0 || scores.block[*j - 1] != scores.block[*j];
        let columns: Vec<usize> = columns.filter(first_of_block).collect();
        let mut counts: HashMap<Vec<u32>, usize> = HashMap::new();
        for row in 0..n {
            *counts.entry(columns.iter().map(|j| held(row, *j)).collect()).or_default() += 1;
        }
        let categories = columns.iter().all(|j| scores.block[*j] > 0);
        Some(Self { categories, ..Self::of_counts(counts.into_values(), n)? })
    }

    fn of_counts(counts: impl Iterator<Item = usize>, n: usize) -> Option<Self> {
        let mut counts: Vec<usize> = counts.collect();
        // A fixed order of the sums.
        counts.sort_unstable();
        let total = n as f64;
        let singles = counts.iter().filter(|c| **c == 1).count() as f64;
        if singles / total > MOST_SINGLES {
            return None;
        }
        let twice = counts.iter().filter(|c| **c == 2).count() as f64;
        let values = counts.len() as f64;
        // Chao's lower bound for the number of values; its form without pairs.
        let unseen =
            if twice > 0.0 { singles * singles / (2.0 * twice) } else { singles * (singles - 1.0).max(0.0) / 2.0 };
        let most = (values + unseen).ln();
        let (mut plug_in, mut square) = (0.0, 0.0);
        for count in counts {
            let p = count as f64 / total;
            plug_in -= p * p.ln();
            square += p * p.ln().powi(2);
        }
        let standard_error = ((square - plug_in * plug_in).max(0.0) / total).sqrt();
        let nats = (plug_in + (values - 1.0) / (2.0 * total)).min(most);
        Some(Self { nats, standard_error, categories: false, most })
    }

    /// The bound of the quantile at a level whose standard normal quantile is `z`, in nats: the entropy itself for the
    /// point estimate and below, its own quantile above.
    pub(crate) fn at(&self, z: f64) -> f64 {
        (self.nats + z.max(0.0) * self.standard_error).min(self.most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mist_model::Column;

    #[test]
    fn equally_frequent_values_have_ln_k_at_every_level() {
        let values: Vec<f64> = (0..200).map(|i| f64::from(i % 4)).collect();
        let line: Vec<f64> = (0..200).map(f64::from).collect();
        let scores = Scores::new(&[&values], &[&line]).unwrap();
        let entropy = Entropy::of(&scores, 0..1).unwrap();
        for z in [-1.6, 0.0, 1.6] {
            assert!((entropy.at(z) - 4f64.ln()).abs() < 1e-9);
        }
        assert_eq!(Entropy::of(&scores, 1..2), None);
    }

    #[test]
    fn values_that_share_a_column_count() {
        let codes: Vec<u32> = (0..4000).map(|i| i % 40).collect();
        let bits: Vec<f64> = codes.iter().map(|c| f64::from(c % 2)).collect();
        let scores = Scores::of(&[Column::Category(&codes)], &[Column::Number(&bits)]).unwrap();
        let entropy = Entropy::of(&scores, 0..scores.dim_x).unwrap();
        assert!((entropy.at(0.0) - 40f64.ln()).abs() < 1e-9);
        let of_bits = Entropy::of(&scores, scores.dim_x..scores.dim_x + 1).unwrap();
        assert!((of_bits.at(0.0) - 2f64.ln()).abs() < 1e-9);
    }

    #[test]
    fn rare_values_leave_room_above() {
        let e = Entropy::of_counts([90, 10].into_iter(), 100).unwrap();
        let plug_in = -(0.9 * 0.9f64.ln() + 0.1 * 0.1f64.ln());
        assert!((e.at(0.0) - plug_in - 0.005).abs() < 1e-9 && e.at(1.6) > e.at(0.0) && e.at(9.0) == 2f64.ln());
        // Eleven values of which ten are seen once.
        assert_eq!(Entropy::of_counts([10, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1].into_iter(), 20), None);
    }
}
