//! Numbers as they are read: every one by its order, whatever f64 can hold.

use std::fmt;

/// A number that has been read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Number {
    /// The nearest f64.
    value: f64,
    /// What the number is above `value`; 0 unless it is an integer that f64 does not hold.
    above: i128,
}

impl Number {
    /// An integer, exactly.
    pub fn whole(integer: i128) -> Self {
        let value = integer as f64;
        // At the end of the range `value` is 2¹²⁷ and its integer 2¹²⁷ − 1, the same one for all that are compared.
        Self { value, above: integer - value as i128 }
    }
}

impl Number {
    /// The nearest f64.
    pub fn value(self) -> f64 {
        self.value
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        if self.above == 0 { write!(f, "{}", self.value) } else { write!(f, "{}", self.value as i128 + self.above) }
    }
}

impl From<f64> for Number {
    fn from(value: f64) -> Self {
        Self { value, above: 0 }
    }
}

/// A column of numbers that grows.
#[derive(Clone, Debug, Default)]
pub struct Numbers {
    values: Vec<f64>,
    /// Rows of the integers that f64 does not hold, and what they are above their value.
    above: Vec<(usize, i128)>,
}

impl Numbers {
    /// Adds a row.
    pub fn push(&mut self, number: Number) {
        if number.above != 0 {
            self.above.push((self.values.len(), number.above));
        }
        self.values.push(number.value);
    }

    /// Adds a row without a value.
    pub fn push_missing(&mut self) {
        self.values.push(f64::NAN);
    }

    /// Rows so far.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// The values, NaN where there is none. If f64 does not hold them all, each is replaced by the number of different values below it: the
    /// order, which is all that counts, stays the same.
    pub fn into_values(self) -> Vec<f64> {
        let Self { mut values, above } = self;
        if above.is_empty() {
            return values;
        }
        let mut exact = vec![0; values.len()];
        above.into_iter().for_each(|(row, part)| exact[row] = part);
        let mut order: Vec<usize> = (0..values.len()).filter(|row| !values[*row].is_nan()).collect();
        // Rounding keeps the order, so what is rounded away decides only between equal values.
        order.sort_unstable_by(|a, b| values[*a].total_cmp(&values[*b]).then(exact[*a].cmp(&exact[*b])));
        let mut ranks = vec![f64::NAN; values.len()];
        let same = |a: &usize, b: &usize| values[*a] == values[*b] && exact[*a] == exact[*b];
        for (rank, rows) in order.chunk_by(same).enumerate() {
            rows.iter().for_each(|row| ranks[*row] = rank as f64);
        }
        values.copy_from_slice(&ranks);
        values
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(numbers: impl IntoIterator<Item = Number>) -> Vec<f64> {
        let mut column = Numbers::default();
        numbers.into_iter().for_each(|n| column.push(n));
        column.into_values()
    }

    #[test]
    fn what_f64_holds_stays_as_it_is() {
        assert_eq!(values([3, -1, 1 << 53, 1 << 60].map(Number::whole)), [3.0, -1.0, 2f64.powi(53), 2f64.powi(60)]);
        assert_eq!(values([0.5, -0.0].map(Number::from)), [0.5, -0.0]);
    }

    #[test]
    fn what_it_does_not_hold_is_ranked() {
        let big = 1i128 << 60;
        assert_eq!(values([big + 2, big + 1, big + 2, -big - 1, big].map(Number::whole)), [3.0, 2.0, 3.0, 0.0, 1.0]);
        // Both zeros are one value; fractions and integers compare.
        let mixed =
            [Number::from(0.5), Number::whole(big + 1), Number::from(-0.0), Number::from(0.0), Number::from(1e300)];
        assert_eq!(values(mixed), [1.0, 2.0, 0.0, 0.0, 3.0]);
        let mut gap = Numbers::default();
        [Some(big + 1), None, Some(big)].into_iter().for_each(|value| match value {
            Some(value) => gap.push(Number::whole(value)),
            None => gap.push_missing(),
        });
        let gap = gap.into_values();
        assert!(gap[0] == 1.0 && gap[1].is_nan() && gap[2] == 0.0);
        let ends = [i128::MAX, i128::MIN, i128::MAX - 1, i128::MIN + 1];
        assert_eq!(values(ends.map(Number::whole)), [3.0, 0.0, 2.0, 1.0]);
    }
}
