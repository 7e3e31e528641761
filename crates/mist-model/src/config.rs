//! Size of the axial network.

use serde::{Deserialize, Serialize};

/// Levels of the quantile head: symmetric, dense enough that linear interpolation between them is smooth.
pub const TAUS: [f64; 19] =
    [0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.975, 0.99];

/// Sizes of the axial network; `Default` is the released model's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AxialConfig {
    /// Feature channels of a cell whose moments are taken (C).
    pub channels: usize,
    /// Width of the cell network before its own-side context (H).
    pub cell_width: usize,
    /// Width of the cell network after it.
    pub mix_width: usize,
    /// Channels of the pair representation (E).
    pub pair_channels: usize,
    /// Blocks over the pair representation.
    pub pair_blocks: usize,
    /// Width of a row token.
    pub row_width: usize,
    /// Induced attention blocks over rows.
    pub row_blocks: usize,
    /// Inducing points of those blocks.
    pub inducing: usize,
    /// Width of the read-out.
    pub readout_width: usize,
    /// Local information.
    pub local: LocalConfig,
    /// Levels of the quantile head, increasing, inside (0, 1).
    pub taus: Vec<f64>,
}

/// Sizes of what works on single rows and their neighbourhood: neighbour terms as inputs, a critic, a head for the
/// pointwise MI of each row, and a quantile head that is centred on its mean.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LocalConfig {
    /// Orders k of the nearest neighbours whose terms enter.
    pub neighbours: Vec<usize>,
    /// Whether what single pairs of variables say enters, see [`PairTerms`](crate::scores::PairTerms).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub pairs: bool,
    /// Whether what regressions on several columns predict enters; with `pairs` alone.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub fits: bool,
    /// Channels of the critic.
    pub critic_channels: usize,
    /// Width of the head for rows.
    pub head_width: usize,
}

impl Default for LocalConfig {
    fn default() -> Self {
        Self { neighbours: vec![1, 3, 8, 24], pairs: false, fits: false, critic_channels: 16, head_width: 64 }
    }
}

impl Default for AxialConfig {
    fn default() -> Self {
        Self {
            channels: 12,
            cell_width: 24,
            mix_width: 48,
            pair_channels: 32,
            pair_blocks: 4,
            row_width: 48,
            row_blocks: 2,
            inducing: 16,
            readout_width: 128,
            local: LocalConfig::default(),
            taus: TAUS.to_vec(),
        }
    }
}

/// The widest layer.
const MAX_WIDTH: usize = 4096;
/// Most blocks of a kind.
const MAX_BLOCKS: usize = 256;
/// Most weights, as far as they can be told from the number of multiplications.
const MAX_WEIGHTS: f64 = 1e9;

impl AxialConfig {
    /// Floating-point operations of the matrix products in one forward pass over one task, two to a multiplication
    /// and addition. A step of training takes three times as many: the backward has two products for each.
    pub fn forward_flops(&self, n: usize, dim_x: usize, dim_y: usize) -> f64 {
        let basis = crate::axial::BASIS + 1;
        let (h, u, c, e, w) = (self.cell_width, self.mix_width, self.channels, self.pair_channels, self.row_width);
        let d = dim_x + dim_y;
        let cells = n * d * (basis * h + h * h + 3 * h * u + u * u + u * c);
        let moments = n * d * d * 2 * c;
        let pair_block = d * d * (4 * e * e + d * e + 4 * e * e) + d * 4 * e * e;
        let gates = usize::from(self.local.pairs) + usize::from(self.local.fits);
        let (more, gate) = (gates + usize::from(self.local.fits), gates * self.local.head_width);
        let embed = 2 * c + 5 + if self.local.pairs { crate::scores::PAIR_TERMS } else { 0 };
        let pairs = d * d * embed * e + self.pair_blocks * pair_block;
        let attention = n * (8 * w * w + 4 * self.inducing * w) + self.inducing * w * w;
        let rows = n * (d * c * w + 2 * w * w) + self.row_blocks * attention;
        let r = self.readout_width;
        let readout = 3 * d * d * e + (8 * e + 2 * w + r + self.taus.len()) * r;
        let l = &self.local;
        let (q, k) = (l.critic_channels, (crate::scores::TERMS + more) * l.neighbours.len());
        let local = n * (k * w + d * (c + d) * q + q * w + (w + k + 1) * l.head_width)
            + d * d * e * q
            + (8 * e + 5) * (w + gate);
        2.0 * (cells + moments + pairs + rows + readout + local) as f64
    }

    /// Orders of the nearest neighbours that the network wants to see.
    pub fn neighbours(&self) -> &[usize] {
        &self.local.neighbours
    }

    /// Checks that a network of this size can be built.
    ///
    /// # Errors
    /// The first field that is out of range, with what it must be.
    pub fn validate(&self) -> Result<(), String> {
        if self.channels < crate::axial::BASIS {
            return Err(format!("`channels` must be at least {}, got {}", crate::axial::BASIS, self.channels));
        }
        let sizes = [
            ("cell_width", self.cell_width),
            ("mix_width", self.mix_width),
            ("pair_channels", self.pair_channels),
            ("row_width", self.row_width),
            ("inducing", self.inducing),
            ("readout_width", self.readout_width),
            ("local.critic_channels", self.local.critic_channels),
            ("local.head_width", self.local.head_width),
            ("local.neighbours", self.neighbours().iter().copied().min().unwrap_or(0)),
        ];
        if let Some((name, got)) = sizes.iter().find(|(_, v)| !(1..=MAX_WIDTH).contains(v)) {
            return Err(format!("`{name}` must lie in 1..={MAX_WIDTH}, got {got}"));
        }
        if self.channels > MAX_WIDTH {
            return Err(format!("`channels` must be at most {MAX_WIDTH}, got {}", self.channels));
        }
        for (name, got) in [("pair_blocks", self.pair_blocks), ("row_blocks", self.row_blocks)] {
            if got > MAX_BLOCKS {
                return Err(format!("`{name}` must be at most {MAX_BLOCKS}, got {got}"));
            }
        }
        if self.local.fits && !self.local.pairs {
            return Err("`local.fits` needs `local.pairs`: regressions are asked of groups of variables".into());
        }
        if self.neighbours().len() > MAX_WIDTH {
            let got = self.neighbours().len();
            return Err(format!("`local.neighbours` must hold at most {MAX_WIDTH} values, got {got}"));
        }
        if let Some(k) = self.neighbours().iter().find(|k| **k > MAX_WIDTH) {
            return Err(format!("`local.neighbours` must be at most {MAX_WIDTH}, got {k}"));
        }
        // One row and a column on each side: every weight is used once at least. Each size is in bounds by now, but not
        // the product of all.
        let weights = self.forward_flops(1, 1, 1) / 2.0;
        if weights > MAX_WEIGHTS {
            return Err(format!(
                "the network would have about {weights:.0e} weights, expected at most {MAX_WEIGHTS:.0e}"
            ));
        }
        check_levels(&self.taus)
    }
}

/// Checks the levels of a network.
pub(crate) fn check_levels(taus: &[f64]) -> Result<(), String> {
    let inside = taus.iter().all(|t| *t > 0.0 && *t < 1.0);
    let increasing = taus.windows(2).all(|w| w[0] < w[1]);
    if !(3..=MAX_WIDTH).contains(&taus.len()) || !inside || !increasing {
        return Err(format!("`taus` must hold 3 to {MAX_WIDTH} increasing levels strictly between 0 and 1"));
    }
    if !taus.contains(&0.5) {
        return Err("`taus` must hold the level 0.5, which the others are centred on".into());
    }
    Ok(())
}
