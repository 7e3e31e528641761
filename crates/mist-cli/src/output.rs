//! Answers as text and as JSON.

use crate::encoders::Encoding;
use crate::input::Notes;
use mist_infer::{CheckpointId, Estimate, Interval, Normalised};
use serde::Serialize;
use serde_json::value::RawValue;

/// Version of the keys of an answer as JSON: another one has keys that are gone or mean something else, not only more.
pub const SCHEMA: u32 = 1;

/// Unit of information: natural logarithm, or logarithm to base 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    Nats,
    Bits,
}

impl Unit {
    /// So many nats in this unit.
    pub fn of_nats(self, nats: f64) -> f64 {
        match self {
            Self::Nats => nats,
            Self::Bits => nats / std::f64::consts::LN_2,
        }
    }

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Nats => "nats",
            Self::Bits => "bits",
        }
    }
}

/// Form of an answer: for people, or for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    Text,
    Json,
}

/// The answer for people, on one line.
pub fn answer_line(estimate: &Estimate, interval: Option<Interval>, unit: Unit) -> String {
    let Some(interval) = interval else {
        let (mi, unit) = (unit.of_nats(estimate.mi_nats()), unit.as_str());
        return format!("I(X;Y) = {mi:.3} {unit}   no interval: the checkpoint predicts a mean alone");
    };
    let [mi, lower, upper] = [estimate.mi_nats(), interval.lower, interval.upper].map(|v| unit.of_nats(v));
    let digits = match upper {
        u if u < 0.1 => 3,
        u if u < 10.0 => 2,
        _ => 1,
    };
    // Twelve digits are enough for any level, and hide that 0.29 × 100 is not quite 29.
    let percent = (interval.level * 1e14).round() / 1e12;
    let unit = unit.as_str();
    match estimate.is_lower_bound() {
        true => format!("I(X;Y) ≥ {lower:.digits$} {unit}   one side is a function of the other"),
        false => {
            format!("I(X;Y) = {mi:.digits$} {unit}   {percent} % interval {lower:.digits$} to {upper:.digits$}")
        }
    }
}

/// Two lines for people, one more for a test, and one for each column of texts or images.
pub fn text(
    notes: &Notes,
    estimate: &Estimate,
    interval: Option<Interval>,
    unit: Unit,
    p_value: Option<f64>,
) -> String {
    let answer = answer_line(estimate, interval, unit);
    let tested =
        p_value.map_or_else(String::new, |p| format!("p = {p:.2e} that X and Y are independent and look like this\n"));
    let encoded: String = notes.encodings.iter().map(Encoding::line).collect();
    format!("{answer}\n{tested}X: {}   Y: {}   n = {}\n{encoded}", notes.x.label, notes.y.label, estimate.n)
}

/// One line for programs.
pub fn json(
    id: Option<&RawValue>,
    notes: &Notes,
    estimate: &Estimate,
    interval: Option<Interval>,
    unit: Unit,
    p_value: Option<f64>,
    warnings: &[String],
) -> String {
    let report = Report {
        schema: SCHEMA,
        id,
        mi: unit.of_nats(estimate.mi_nats()),
        at_least: estimate.is_lower_bound(),
        unit,
        interval: interval.map(|interval| ReportInterval {
            level: interval.level,
            lower: unit.of_nats(interval.lower),
            upper: unit.of_nats(interval.upper),
        }),
        normalised: interval.map(|i| estimate.normalised(i.level).expect("the level is that of the interval")),
        p_value,
        n: estimate.n,
        dim_x: estimate.dim_x,
        dim_y: estimate.dim_y,
        x: &notes.x.columns,
        y: &notes.y.columns,
        encodings: &notes.encodings,
        warnings,
        checkpoint: &estimate.checkpoint,
    };
    serde_json::to_string(&report).expect("plain values have a JSON form") + "\n"
}

/// One line for programs in place of an answer.
pub fn json_error(id: Option<&RawValue>, error: &str) -> String {
    #[derive(Serialize)]
    struct Failure<'a> {
        schema: u32,
        id: Option<&'a RawValue>,
        error: &'a str,
    }
    serde_json::to_string(&Failure { schema: SCHEMA, id, error }).expect("plain values have a JSON form") + "\n"
}

#[derive(Serialize)]
struct Report<'a> {
    schema: u32,
    id: Option<&'a RawValue>,
    mi: f64,
    /// Whether the MI is at least the lower end of the interval, and perhaps infinite.
    at_least: bool,
    unit: Unit,
    /// `null` from a checkpoint that predicts the mean alone.
    interval: Option<ReportInterval>,
    /// Likewise.
    normalised: Option<Normalised>,
    /// Of the test of independence, if one was asked for.
    p_value: Option<f64>,
    n: usize,
    dim_x: usize,
    dim_y: usize,
    /// Names of the columns of X.
    x: &'a [String],
    /// Names of the columns of Y.
    y: &'a [String],
    /// What became of columns of texts and images: the MI is a lower bound for theirs.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    encodings: &'a [Encoding],
    warnings: &'a [String],
    checkpoint: &'a CheckpointId,
}

#[derive(Serialize)]
struct ReportInterval {
    level: f64,
    lower: f64,
    upper: f64,
}
