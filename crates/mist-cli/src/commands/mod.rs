//! The commands, one module each: its arguments, and what it does with them.

pub mod adapt;
pub mod bench;
mod bins;
pub mod calibrate;
pub mod card;
pub mod conditional;
mod coverage;
pub mod curve;
pub mod dataset;
pub mod embed;
pub mod estimate;
pub mod evaluate;
pub mod generate;
pub mod info;
pub mod matrix;
mod options;
mod pair_rows;
pub mod plot;
pub mod rank;
pub mod shell;
mod tests;
pub mod train;
mod weights;

pub use options::Threads;

use crate::console::note;
use anyhow::{Result, bail};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use mist_infer::{Device, DeviceError, DeviceKind};
use std::time::Duration;

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
        note(&format!("{e}; computing on the CPU"));
    }
    Ok(device)
}

/// The longest time that an option takes, a hundred years.
const MAX_SECONDS: f64 = 3.2e9;

/// The value of an option that is a time, in units of so many seconds.
fn duration(option: &str, value: f64, unit: f64) -> Result<Duration> {
    if !(0.0..=MAX_SECONDS / unit).contains(&value) {
        bail!("`{option}` must lie between 0 and {:.1e}, got {value}", MAX_SECONDS / unit);
    }
    Ok(Duration::from_secs_f64(value * unit))
}
