//! Axes with round ticks.

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};
use std::ops::Range;

/// How values are laid out along an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// As they are.
    Linear,
    /// By their logarithm, for values above 0.
    Log,
    /// By sign(v) ln(1 + |v|): linear close to 0, logarithmic far from it.
    SignedLog,
}

/// Labels that an axis should have at least, and at most.
const ENOUGH: usize = 3;
const MOST: usize = 10;

/// An axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// What stands beside it.
    pub name: String,
    /// How its values are laid out.
    pub scale: Scale,
    /// Its smallest value.
    pub low: f64,
    /// Its largest value.
    pub high: f64,
}

impl Axis {
    /// From the smallest to the largest of some values and a little beyond; values that have no place on the scale do not
    /// count.
    pub fn over(name: &str, scale: Scale, values: impl IntoIterator<Item = f64>) -> Self {
        let fits = |v: &f64| v.is_finite() && (scale != Scale::Log || *v > 0.0);
        let places = values.into_iter().filter(fits).map(|v| scale.place(v));
        let (low, high) = places.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(v), b.max(v)));
        // Of no value, or of one alone, the axis still has a length.
        let (low, high) = if low <= high { (low, high) } else { (0.0, 0.0) };
        let room = if high > low { 0.04 * (high - low) } else { 0.5 };
        Self { name: name.to_owned(), scale, low: scale.value(low - room), high: scale.value(high + room) }
    }

    /// Where the labels are: three or more, about ten at most, as round as they can be.
    pub fn ticks(&self) -> Vec<f64> {
        let candidates: &[&[f64]] = match self.scale {
            Scale::Linear => &[],
            Scale::Log => &[&[1.0], &[1.0, 2.0, 5.0]],
            Scale::SignedLog => &[&[1.0], &[1.0, 3.0], &[1.0, 2.0, 5.0]],
        };
        let enough = |ticks: &Vec<f64>| (ENOUGH..=MOST).contains(&ticks.len());
        candidates.iter().map(|digits| self.decades(digits)).find(enough).unwrap_or_else(|| self.steps())
    }

    /// Multiples of a round number.
    fn steps(&self) -> Vec<f64> {
        let span = self.high - self.low;
        let power = 10_f64.powf((span / 6.0).log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].map(|m| m * power).into_iter().find(|step| span / step <= 8.0);
        let step = step.unwrap_or(span);
        let (first, last) = ((self.low / step).ceil() as i64, (self.high / step).floor() as i64);
        (first..=last).map(|i| i as f64 * step).collect()
    }

    /// These digits in every decade; of a signed scale on both sides of 0, which is linear closer to it than a third.
    fn decades(&self, digits: &[f64]) -> Vec<f64> {
        let inside = |v: &f64| (self.low..=self.high).contains(v);
        let over = |from: i32, to: i32| {
            (from..=to).flat_map(|e| digits.iter().map(move |d| d * 10_f64.powi(e))).collect::<Vec<_>>()
        };
        if self.scale == Scale::Log {
            let (from, to) = (self.low.log10().floor() as i32, self.high.log10().ceil() as i32);
            return over(from, to).into_iter().filter(inside).collect();
        }
        let positive: Vec<f64> = over(-1, 5).into_iter().filter(|v| *v > 0.25).collect();
        let negative = positive.iter().rev().map(|v| -v);
        negative.chain([0.0]).chain(positive.iter().copied()).filter(inside).collect()
    }
}

impl Scale {
    fn place(self, v: f64) -> f64 {
        match self {
            Self::Linear => v,
            Self::Log => v.max(f64::MIN_POSITIVE).ln(),
            Self::SignedLog => v.signum() * v.abs().ln_1p(),
        }
    }

    fn value(self, place: f64) -> f64 {
        match self {
            Self::Linear => place,
            Self::Log => place.exp(),
            Self::SignedLog => place.signum() * place.abs().exp_m1(),
        }
    }
}

impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        let [low, high, at] = [self.low, self.high, *value].map(|v| self.scale.place(v));
        limit.0 + ((at - low) / (high - low) * f64::from(limit.1 - limit.0)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        if hint.weight().allow_light_points() { Vec::new() } else { self.ticks() }
    }

    fn range(&self) -> Range<f64> {
        self.low..self.high
    }
}

impl ValueFormatter<f64> for Axis {
    fn format(value: &f64) -> String {
        // Nine digits hide that 3 × 0.1 is not quite 0.3.
        let rounded: f64 = format!("{value:.9}").parse().unwrap_or(*value);
        if rounded == 0.0 && *value != 0.0 { format!("{value:e}") } else { rounded.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_inside() {
        let axis = |scale, low, high| Axis { name: String::new(), scale, low, high };
        assert_eq!(axis(Scale::Linear, -0.1, 1.05).ticks().len(), 6);
        assert_eq!(axis(Scale::Log, 9.0, 600.0).ticks(), [10.0, 20.0, 50.0, 100.0, 200.0, 500.0]);
        assert_eq!(axis(Scale::Log, 1e-4, 10.0).ticks().len(), 6);
        assert_eq!(axis(Scale::Log, 3.2, 4.9).ticks(), [3.5, 4.0, 4.5]);
        assert_eq!(axis(Scale::SignedLog, -0.5, 4.0).ticks().len(), 5);
        assert_eq!(axis(Scale::SignedLog, 0.2, 2.4).ticks(), [0.5, 1.0, 2.0]);
        for scale in [Scale::Linear, Scale::Log, Scale::SignedLog] {
            for (low, high) in [(0.011, 0.012), (0.5, 0.6), (1.0, 1.5), (2.0, 900.0), (1e-3, 1e5)] {
                let count = axis(scale, low, high).ticks().len();
                assert!((3..=10).contains(&count), "{scale:?} {low} {high}: {count}");
            }
        }
        assert_eq!(Axis::format(&(3.0 * 0.1)), "0.3");
    }

    #[test]
    fn every_value_has_its_place() {
        for (scale, values) in
            [(Scale::Linear, [-2.0, 1.0, 4.0]), (Scale::Log, [1.0, 10.0, 100.0]), (Scale::SignedLog, [-3.0, 0.0, 3.0])]
        {
            let axis = Axis::over("v", scale, values);
            assert!(axis.low < values[0] && values[2] < axis.high, "{axis:?}");
            assert_eq!(axis.map(&values[1], (0, 1000)), 500, "{axis:?}");
        }
        let alone = Axis::over("v", Scale::Log, [f64::NAN, 0.0]);
        assert!(alone.low < alone.high && alone.low > 0.0);
    }
}
