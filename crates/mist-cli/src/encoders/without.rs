//! A build without encoders.

use super::{EncoderArgs, Expanded, Kind};
use crate::commands::Threads;
use anyhow::{Result, bail};
use mist_infer::DeviceKind;
use mist_tables::Column;
use std::marker::PhantomData;
use std::path::Path;

/// Stands for the encoders, and refuses what would need them.
#[derive(Debug)]
pub struct Encoders<'a>(PhantomData<&'a EncoderArgs>);

/// What to do about it.
pub const MISSING: &str = "this build has no encoders of texts and images\nhint: build `mist` with `--features embed`";

impl<'a> Encoders<'a> {
    pub fn new(args: &'a EncoderArgs, _: DeviceKind, _threads: Threads, _most: usize) -> Result<Self> {
        if args.text_model.is_some() || args.image_model.is_some() {
            bail!(MISSING);
        }
        Ok(Self(PhantomData))
    }

    /// The columns as they are.
    pub fn expand(
        &self,
        columns: Vec<Column>,
        kinds: &[Option<Kind>],
        _: &[usize],
        _: &Path,
        _: &str,
    ) -> Result<Expanded> {
        if kinds.iter().any(Option::is_some) {
            bail!(MISSING);
        }
        let mut expanded = Expanded::default();
        columns.into_iter().for_each(|column| expanded.push(column));
        Ok(expanded)
    }
}
