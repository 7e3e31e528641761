//! Numbers that stand for missing values, as −999 does in many tables of measurements.

use crate::Notice;
use crate::data::Column;

/// Rows that must hold such a number: a single one may be an outlier.
const REPEATED: usize = 2;

/// Says which numbers of a column look as if they stood for missing values: nines, or an end of an integer type, repeated,
/// and farther from all other values than these are from each other.
pub(crate) fn sentinels(column: &Column) -> Vec<Notice> {
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    let mut found: Vec<(f64, usize)> = Vec::new();
    for value in column.values.iter().copied().filter(|v| !v.is_nan()) {
        if !is_candidate(value) {
            (low, high) = (low.min(value), high.max(value));
        } else if let Some((_, rows)) = found.iter_mut().find(|(candidate, _)| *candidate == value) {
            *rows += 1;
        } else {
            found.push((value, 1));
        }
    }
    let far = |value: f64| low <= high && (low - value).max(value - high) > high - low;
    found.retain(|(value, rows)| *rows >= REPEATED && far(*value));
    let notice = |(value, rows)| Notice::Sentinel { column: column.name.clone(), value, rows };
    found.into_iter().map(notice).collect()
}

/// ±99, ±999 and so on, with or without nines behind the point, and the ends of integer types.
fn is_candidate(value: f64) -> bool {
    const NINES: [f64; 9] = [99.0, 999.0, 9999.0, 99999.0, 999_999.0, 9_999_999.0, 99.9, 999.9, 9999.9];
    const ENDS: [f64; 4] = [-32_768.0, 32_767.0, -2_147_483_648.0, 2_147_483_647.0];
    NINES.contains(&value.abs()) || ENDS.contains(&value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Kind;

    fn found(values: &[f64]) -> Vec<f64> {
        let column = Column { name: "t".into(), kind: Kind::Number, values: values.to_vec() };
        let value = |notice| match notice {
            Notice::Sentinel { value, rows: 2.., .. } => value,
            other => panic!("{other:?}"),
        };
        sentinels(&column).into_iter().map(value).collect()
    }

    #[test]
    fn repeated_nines_far_from_the_rest() {
        assert_eq!(found(&[12.5, -999.0, 3.0, f64::NAN, -999.0, -4.0]), [-999.0]);
        assert_eq!(found(&[12.5, -999.0, 9999.0, 3.0, -999.0, 9999.0]), [-999.0, 9999.0]);
        // Once is an outlier, 99 may be an age, 9999 metres a height, and a column of nines has no other values.
        assert!(found(&[12.5, -999.0, 3.0]).is_empty());
        assert!(found(&[99.0, 99.0, 98.0, 7.0]).is_empty());
        assert!(found(&[8848.0, 9999.0, 9999.0, 12.0]).is_empty());
        assert!(found(&[-999.0, -999.0]).is_empty());
        assert!(found(&[-998.0, -998.0, 1.0, 2.0]).is_empty());
    }
}
