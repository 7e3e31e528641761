//! Sizes of statistics, compared exactly.

use std::cmp::Ordering;

/// The size of a rank correlation: |a·b|/(|a||b|). Two are equal only if they are equal as numbers, not if they look so
/// in floats.
#[derive(Clone, Copy, Debug)]
pub(super) struct Strength {
    dot: u64,
    norms: [u64; 2],
    /// The square of the correlation.
    approx: f64,
}

impl Strength {
    /// From |a·b| and the positive |a|² and |b|².
    pub(super) fn new(dot: u64, norms: [u64; 2]) -> Self {
        Self { dot, norms, approx: (dot as f64).powi(2) / (norms[0] as f64 * norms[1] as f64) }
    }

    /// The square of the correlation as a fraction.
    fn fraction(&self) -> (u128, u128) {
        let [a, b] = self.norms.map(u128::from);
        (u128::from(self.dot).pow(2), a * b)
    }
}

impl Ord for Strength {
    fn cmp(&self, other: &Self) -> Ordering {
        // The quotients are good to a few roundings, so that a gap this wide is real.
        if (self.approx - other.approx).abs() > 1e-12 * self.approx.max(other.approx) {
            return self.approx.total_cmp(&other.approx);
        }
        let (one, two) = (self.fraction(), other.fraction());
        if one.1 == two.1 { one.0.cmp(&two.0) } else { compare(one, two) }
    }
}

impl PartialOrd for Strength {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Strength {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Strength {}

/// a/b against c/d by their continued fractions: cross products would not fit 128 bits.
fn compare((mut a, mut b): (u128, u128), (mut c, mut d): (u128, u128)) -> Ordering {
    loop {
        let whole = (a / b).cmp(&(c / d));
        let (rest_a, rest_c) = (a % b, c % d);
        if whole.is_ne() || rest_a == 0 || rest_c == 0 {
            return whole.then(rest_a.min(1).cmp(&rest_c.min(1)));
        }
        // rest_a/b < rest_c/d exactly if d/rest_c < b/rest_a.
        (a, b, c, d) = (d, rest_c, b, rest_a);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_compare_exactly() {
        let big = 1u128 << 126;
        let cases = [
            ((1, 3), (2, 6), Ordering::Equal),
            ((0, 5), (0, 7), Ordering::Equal),
            ((0, 5), (1, 1 << 100), Ordering::Less),
            ((big, big + 1), (big + 1, big + 2), Ordering::Less),
            ((big - 1, big), (big - 2, big - 1), Ordering::Greater),
            ((7, 2), (3, 1), Ordering::Greater),
        ];
        for ((a, b), (c, d), want) in cases {
            assert_eq!(compare((a, b), (c, d)), want, "{a}/{b} against {c}/{d}");
            assert_eq!(compare((c, d), (a, b)), want.reverse(), "{c}/{d} against {a}/{b}");
        }
    }

    #[test]
    fn correlations_compare_exactly() {
        let n = 3_037_000_500u64;
        assert_eq!(Strength::new(6, [4, 18]), Strength::new(1, [2, 1]));
        assert!(Strength::new(n, [n + 1, n]) > Strength::new(n - 1, [n, n - 1]));
        assert!(Strength::new(u64::MAX, [u64::MAX, u64::MAX]) > Strength::new(u64::MAX - 1, [u64::MAX, u64::MAX]));
    }
}
