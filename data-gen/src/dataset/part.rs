//! A part of a data set: what one of several jobs makes.

use std::{fmt, ops::Range, str::FromStr};

use super::error::DatasetError;
use crate::ground::error::ParameterError;

/// Part `number` of `of`, counted from 1, as in `3/8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    number: usize,
    of: usize,
}

impl Part {
    /// # Errors
    /// Not 1 ≤ number ≤ of.
    pub fn new(number: usize, of: usize) -> Result<Self, ParameterError> {
        if (1..=of).contains(&number) {
            Ok(Self { number, of })
        } else {
            Err(ParameterError::new("shard", "i/N with 1 <= i <= N", format!("{number}/{of}")))
        }
    }

    /// The numbers of its shards: a contiguous range of about one `of`-th, at least one shard.
    ///
    /// # Errors
    /// There are more parts than shards.
    pub fn shards(self, total: usize) -> Result<Range<usize>, DatasetError> {
        if self.of > total {
            return Err(DatasetError::Parts { parts: self.of, shards: total });
        }
        // In 128 bits no product overflows.
        let cut = |parts: usize| (parts as u128 * total as u128 / self.of as u128) as usize;
        Ok(cut(self.number - 1)..cut(self.number))
    }

    /// Name of its manifest.
    pub(crate) fn manifest_file(self) -> String {
        format!("{PREFIX}{:03}-of-{:03}{SUFFIX}", self.number, self.of)
    }
}

pub(super) const PREFIX: &str = "manifest.part-";
pub(super) const SUFFIX: &str = ".json";

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

impl FromStr for Part {
    type Err = ParameterError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let numbers = text.split_once('/').and_then(|(number, of)| Some((number.parse().ok()?, of.parse().ok()?)));
        match numbers {
            Some((number, of)) => Self::new(number, of),
            None => Err(ParameterError::new("shard", "i/N with 1 <= i <= N", text)),
        }
    }
}
