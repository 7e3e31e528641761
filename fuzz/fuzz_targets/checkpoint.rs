//! Descriptions and weights of checkpoints: the JSON, a zero byte, the weights.
#![no_main]

use mist_model::Checkpoint;
use std::path::Path;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let at = bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len());
    let (json, weights) = (&bytes[..at], bytes.get(at + 1..).unwrap_or_default());
    let _ = Checkpoint::from_bytes(weights, json, Path::new("w.safetensors"), &candle_core::Device::Cpu);
});
