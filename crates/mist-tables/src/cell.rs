//! What the text of a cell means.

use crate::number::Number;
use crate::{Options, shown};
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime};
use std::collections::HashSet;

/// Integers up to here are f64 exactly.
const EXACT: f64 = (1u64 << 53) as f64;
/// The longest date with a time and a zone, with all digits of a second.
const LONGEST_TIME: usize = 40;

/// Words for a missing value, whatever the case of their letters.
const WORDS: [&str; 14] =
    ["na", "n/a", "nan", "null", "none", "nil", "nat", "<na>", "#na", "#n/a", "?", ".", "-", "--"];

/// What a cell holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Cell {
    Missing,
    Number(Number),
    /// Nanoseconds since 1970, or since midnight.
    Time(Number),
    /// An infinity, or a number too large or too small for 64 bits.
    Beyond,
    Text,
}

/// What the user says about missing values.
#[derive(Clone, Debug, Default)]
pub(crate) struct Na {
    words: HashSet<Vec<u8>>,
    numbers: Vec<f64>,
}

impl Na {
    pub fn new(options: &Options) -> Self {
        let words = options.na.iter().map(|word| word.trim().as_bytes().to_vec()).collect();
        let numbers = options.na.iter().filter_map(|word| word.trim().parse().ok()).filter(|v: &f64| !v.is_nan());
        Self { words, numbers: numbers.collect() }
    }

    /// Whether a text stands for a missing value.
    pub fn is_word(&self, text: &[u8]) -> bool {
        !self.words.is_empty() && self.words.contains(text)
    }

    /// Whether a number stands for a missing value.
    pub fn is_number(&self, value: f64) -> bool {
        self.numbers.contains(&value)
    }
}

/// What the text of a cell means, blanks around it removed.
pub(crate) fn cell(bytes: &[u8], na: &Na) -> Cell {
    if bytes.is_empty() || na.is_word(bytes) {
        return Cell::Missing;
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Cell::Text;
    };
    match text.parse::<f64>() {
        Ok(v) if v.is_nan() || na.is_number(v) => Cell::Missing,
        Ok(v) if v.is_infinite() => Cell::Beyond,
        Ok(0.0) if !is_zero(text) => Cell::Beyond,
        Ok(v) if v.abs() < EXACT => Cell::Number(v.into()),
        Ok(v) => Cell::Number(whole(text).map_or(v.into(), Number::whole)),
        Err(_) if WORDS.iter().any(|word| text.eq_ignore_ascii_case(word)) => Cell::Missing,
        Err(_) => time(text).map_or(Cell::Text, |nanoseconds| Cell::Time(Number::whole(nanoseconds))),
    }
}

/// Whether a number that f64 takes for 0 is 0.
fn is_zero(number: &str) -> bool {
    !number.bytes().take_while(|b| !b"eE".contains(b)).any(|b| b.is_ascii_digit() && b != b'0')
}

/// The integer that a number is, also one with zeros behind its point.
fn whole(number: &str) -> Option<i128> {
    let (integer, fraction) = number.split_once('.').unwrap_or((number, ""));
    if fraction.bytes().all(|b| b == b'0') { integer.parse().ok() } else { None }
}

/// Why a number is [beyond](Cell::Beyond) what can be read.
pub(crate) fn beyond(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes).map(str::parse::<f64>) {
        Ok(Ok(0.0)) => format!(
            "`{}` is closer to 0 than a 64-bit number can be\nhint: multiply the column, which changes no answer",
            shown(bytes)
        ),
        _ => format!("`{}` is not a finite number", shown(bytes)),
    }
}

/// Nanoseconds since 1970, in UTC unless there is an offset, or since midnight, of a text as ISO 8601 has them.
fn time(text: &str) -> Option<i128> {
    if text.len() > LONGEST_TIME || !text.as_bytes()[0].is_ascii_digit() || !text.contains(['-', ':']) {
        return None;
    }
    let of_utc = |t: NaiveDateTime| since_1970(t.and_utc());
    if let Ok(date) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        return Some(of_utc(date.and_time(NaiveTime::MIN)));
    }
    // Year and month.
    if text.len() == 7
        && let Ok(date) = NaiveDate::parse_from_str(&format!("{text}-01"), "%Y-%m-%d")
    {
        return Some(of_utc(date.and_time(NaiveTime::MIN)));
    }
    for format in ["%H:%M:%S%.f", "%H:%M"] {
        if let Ok(time) = NaiveTime::parse_from_str(text, format) {
            return Some((time - NaiveTime::MIN).num_nanoseconds()?.into());
        }
    }
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(since_1970(time.to_utc()));
    }
    let with_t = text.replacen(' ', "T", 1);
    let formats = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M"];
    formats.into_iter().find_map(|format| NaiveDateTime::parse_from_str(&with_t, format).ok()).map(of_utc)
}

fn since_1970(time: DateTime<chrono::Utc>) -> i128 {
    i128::from(time.timestamp()) * 1_000_000_000 + i128::from(time.timestamp_subsec_nanos())
}

/// Why the text of a cell is no number.
pub(crate) fn no_number(bytes: &[u8], column: &str) -> String {
    let text = String::from_utf8_lossy(bytes);
    let (text, column) = (shown(text.as_bytes()), shown(column.as_bytes()));
    if text.replacen(',', ".", 1).parse::<f64>().is_ok() {
        return format!("`{text}` is not a number\nhint: write decimals with a point, as in `1.5`");
    }
    format!(
        "`{text}` is not a number\n\
         hint: if it stands for a missing value, `--na={text}`; if the column is a category, `--categorical {column}`"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> Cell {
        cell(text.as_bytes(), &Na::default())
    }

    #[test]
    fn numbers() {
        assert_eq!(plain("-1.5e3"), Cell::Number((-1500.0).into()));
        assert_eq!(plain("9007199254740993"), Cell::Number(Number::whole((1 << 53) + 1)));
        assert_ne!(plain("9007199254740993"), plain("9007199254740992"));
        assert_eq!(plain("-9007199254740992.0"), Cell::Number(Number::whole(-(1 << 53))));
        assert!(["inf", "-Infinity", "1e999"].iter().all(|text| plain(text) == Cell::Beyond));
        assert!(["1 2", "two", "3rd", "1,5", "-x"].iter().all(|text| plain(text) == Cell::Text));
        assert_eq!(cell(b"\xff", &Na::default()), Cell::Text);
        assert_eq!(plain("9007199254740993.00"), Cell::Number(Number::whole((1 << 53) + 1)));
        assert_eq!(plain("9007199254740993.5"), Cell::Number(9_007_199_254_740_993.5.into()));
        assert!(["0", "-0.0", "0e9", ".0E-999"].iter().all(|text| plain(text) == Cell::Number(0.0.into())));
        assert_eq!(plain("5e-324"), Cell::Number(f64::from_bits(1).into()));
        for text in ["1e-400", "-0.003E-999"] {
            assert_eq!(plain(text), Cell::Beyond);
            assert!(beyond(text.as_bytes()).contains("closer to 0"));
        }
    }

    #[test]
    fn missing_values() {
        let words = ["", "NA", "nan", "NaN", "-nan", "null", "NULL", "None", "N/A", "n/a", "#N/A", "?", "NaT", "<NA>"];
        assert!(words.iter().all(|text| plain(text) == Cell::Missing));
        let na = Na::new(&Options { na: vec!["-999".into(), "unknown".into()], ..Options::default() });
        assert!(
            ["-999", "-999.0", "-9.99e2", "unknown"].iter().all(|text| cell(text.as_bytes(), &na) == Cell::Missing)
        );
        assert!(["-998", "Unknown"].iter().all(|text| cell(text.as_bytes(), &na) != Cell::Missing));
    }

    #[test]
    fn times_in_nanoseconds() {
        let time = |text: &str| match plain(text) {
            Cell::Time(number) => number.value() / 1e9,
            other => panic!("{text}: {other:?}"),
        };
        // `date -u -d 2021-03-04 +%s`
        let day = 1_614_816_000.0;
        assert_eq!(time("2021-03-04"), day);
        assert_eq!(time("2021-03"), day - 3.0 * 86_400.0);
        for text in ["2021-03-04T12:30:00", "2021-03-04 12:30", "2021-03-04T14:30:00+02:00", "2021-03-04T12:30:00.000Z"]
        {
            assert_eq!(time(text), day + 12.5 * 3600.0, "{text}");
        }
        assert_eq!(time("00:01:00.5"), 60.5);
        assert_eq!(time("1969-12-31T23:59:59"), -1.0);
        assert!(
            ["2021-13-01", "2021-02-30", "12-25", "1-2 years", "18-25", "25:00", "2021-03-04T"]
                .iter()
                .all(|text| plain(text) == Cell::Text)
        );
    }
}
