//! The commands, one module each: its arguments, and what it does with them.

pub mod estimate;
pub mod evaluate;
pub mod generate;
pub mod train;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use mist_infer::DeviceKind;

/// The value of `--device`.
fn device() -> impl TypedValueParser<Value = DeviceKind> {
    PossibleValuesParser::new(DeviceKind::ALL.map(DeviceKind::as_str)).try_map(|name| name.parse::<DeviceKind>())
}

/// The value of `--threads`: 0 means one per core.
fn threads(asked: usize) -> usize {
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    if asked == 0 { cores() } else { asked }
}
