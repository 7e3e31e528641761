//! Bins of rows and columns, for tables.

/// Bins of n end at 10, 20, 50, 100, 200, 500 …, inclusive.
pub fn row_bin(n: usize) -> (usize, usize) {
    let (mut low, mut high) = (1, 10);
    for factor in [(2, 1), (5, 2), (2, 1)].into_iter().cycle() {
        if n <= high {
            break;
        }
        (low, high) = (high + 1, high / factor.1 * factor.0);
    }
    (low, high)
}

/// Bins of columns end at powers of two, inclusive.
pub fn column_bin(columns: usize) -> (usize, usize) {
    let high = columns.next_power_of_two().max(2);
    (high / 2 + 1, high)
}

/// A bin in words.
pub fn name((low, high): (usize, usize)) -> String {
    if low == high { format!("{low}") } else { format!("{low}–{high}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_cover_everything_once() {
        let bins = |of: fn(usize) -> (usize, usize), up_to: usize| {
            let mut bins: Vec<_> = (1..=up_to).map(of).collect();
            bins.dedup();
            bins
        };
        let rows = [(1, 10), (11, 20), (21, 50), (51, 100), (101, 200), (201, 500), (501, 1000), (1001, 2000)];
        assert_eq!(bins(row_bin, 2000), rows);
        assert_eq!(row_bin(100_000), (50_001, 100_000));
        assert_eq!(bins(column_bin, 64), [(2, 2), (3, 4), (5, 8), (9, 16), (17, 32), (33, 64)]);
        assert_eq!((name((2, 2)), name((3, 4))), ("2".to_owned(), "3–4".to_owned()));
    }
}
