//! Counter-based seeds: (root seed, split, index) → an independent random stream.
//!
//! A stream is never *advanced to*: it is addressed. So neither the number of threads nor the way a
//! data set is cut into shards can change a byte of a draw, two splits can never share a stream, and
//! there are 2⁶⁴ streams a split rather than a few thousand seeds.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::error::ParameterError;

/// Version of the derivation below. A change of it changes every draw ("value-breaking").
const DERIVATION: &[u8; 16] = b"mist-data-gen/v1";

/// The purpose of a draw. Two splits never share a random stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Split {
    /// Fitting the weights.
    Train,
    /// Watching the fit; choosing between checkpoints and hyperparameters.
    Validation,
    /// The conformal adjustment of the intervals.
    Calibration,
    /// Measuring the coverage of the adjusted intervals.
    Coverage,
    /// The reported errors.
    Test,
    /// Anything else: demonstrations, unit tests, benches.
    Scratch,
}

impl Split {
    /// All splits.
    pub const ALL: [Self; 6] =
        [Self::Train, Self::Validation, Self::Calibration, Self::Coverage, Self::Test, Self::Scratch];

    /// The name, as in manifests and on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Validation => "validation",
            Self::Calibration => "calibration",
            Self::Coverage => "coverage",
            Self::Test => "test",
            Self::Scratch => "scratch",
        }
    }

    /// The number in the key. Fixed for good: renumbering would change every draw.
    fn tag(self) -> u64 {
        match self {
            Self::Train => 1,
            Self::Validation => 2,
            Self::Calibration => 3,
            Self::Coverage => 4,
            Self::Test => 5,
            Self::Scratch => 6,
        }
    }
}

impl std::fmt::Display for Split {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Split {
    type Err = ParameterError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|split| split.as_str() == name).ok_or_else(|| {
            ParameterError::new("split", "one of train, validation, calibration, coverage, test, scratch", name)
        })
    }
}

/// The root of all randomness of a run.
///
/// The stream of (split, index) is ChaCha8 with the 256-bit key (root seed, split, version of this
/// derivation) and the stream number `index`. ChaCha's streams under one key are disjoint by
/// construction, and each is 2⁶⁸ bytes long.
///
/// ```
/// use mist_data_gen::{Seeds, Split};
/// use rand::RngCore;
///
/// let seeds = Seeds { root: 7 };
/// let first = seeds.rng(Split::Train, 3).next_u64();
/// assert_eq!(first, seeds.rng(Split::Train, 3).next_u64());
/// assert_ne!(first, seeds.rng(Split::Train, 4).next_u64());
/// assert_ne!(first, seeds.rng(Split::Test, 3).next_u64());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Seeds {
    /// The root seed.
    pub root: u64,
}

impl Seeds {
    /// The random stream of one index of one split.
    #[must_use]
    pub fn rng(&self, split: Split, index: u64) -> ChaCha8Rng {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&self.root.to_le_bytes());
        key[8..16].copy_from_slice(&split.tag().to_le_bytes());
        key[16..].copy_from_slice(DERIVATION);
        let mut rng = ChaCha8Rng::from_seed(key);
        rng.set_stream(index);
        rng
    }
}
