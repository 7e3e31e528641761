//! The commands, one module each: its arguments, and what it does with them.

pub mod bench;
mod bins;
pub mod dataset;
pub mod estimate;
pub mod evaluate;
pub mod generate;
pub mod train;

use crate::console::say;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use mist_infer::{Device, DeviceError, DeviceKind, EstimateError, Estimator};
use std::path::Path;

/// The value of `--device`.
fn device() -> impl TypedValueParser<Value = DeviceKind> {
    PossibleValuesParser::new(DeviceKind::ALL.map(DeviceKind::as_str)).try_map(|name| name.parse::<DeviceKind>())
}

/// Opens the device; where `auto` falls back to the CPU although an accelerator was built in, says so.
fn open(kind: DeviceKind) -> Result<Device, DeviceError> {
    if kind != DeviceKind::Auto {
        return kind.resolve();
    }
    let (device, unusable) = DeviceKind::first_usable();
    if let Some(e) = unusable {
        say(&format!("note: {e}; computing on the CPU"));
    }
    Ok(device)
}

/// The checkpoint at `path`, or the embedded one.
fn estimator(path: Option<&Path>, kind: DeviceKind) -> Result<Estimator, EstimateError> {
    let device = open(kind)?;
    match path {
        Some(path) => Estimator::from_checkpoint(path, &device),
        None => Estimator::embedded_on(&device),
    }
}

/// The value of `--threads`: 0 means one per core.
fn threads(asked: usize) -> usize {
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    if asked == 0 { cores() } else { asked }
}
