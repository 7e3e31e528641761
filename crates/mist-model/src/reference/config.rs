//! Sizes of the published network, and what data it takes.

use crate::ops::Rectifier;
use crate::{ScoreError, TAUS};
use serde::{Deserialize, Serialize};

/// Sizes of the published MIST network, under the names that its authors give them; `Default` is the network of the paper
/// (arXiv 2511.18945, PyPI `mist-statinf` 0.1.1, `configs/inference/quickstart.yaml`), trained on squared errors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReferenceConfig {
    /// Whether a level is an input, whose quantile is the output; the output is the mean otherwise.
    pub quantile_conditioned: bool,
    /// Most columns of X and Y together. Rows with fewer are filled up with 0.
    pub max_input_dim: usize,
    /// Width of a row's token.
    pub phi_hidden_dim: usize,
    /// Heads of every attention; the weights do not tell it.
    pub n_phi_heads: usize,
    /// Blocks of attention between all rows.
    pub sab_stack_layers: usize,
    /// Blocks of attention through inducing points.
    pub n_phi_layers: usize,
    /// Inducing points.
    pub n_inds: usize,
    /// Width of the layer inside a block with inducing points.
    pub phi_dim_forward: usize,
    /// What follows the first layer inside every block.
    pub phi_activation_fun: Rectifier,
    /// Vectors that the rows are pooled into.
    pub n_seeds: usize,
    /// Blocks of attention between these vectors.
    pub n_dec_layers: usize,
    /// Layers of the head.
    pub n_rho_layers: usize,
    /// Width of the head.
    pub rho_hidden_dim: usize,
    /// Levels at which a network with `quantile_conditioned` is asked, increasing, inside (0, 1).
    pub taus: Vec<f64>,
}

impl Default for ReferenceConfig {
    fn default() -> Self {
        Self {
            quantile_conditioned: false,
            max_input_dim: 64,
            phi_hidden_dim: 256,
            n_phi_heads: 16,
            sab_stack_layers: 2,
            n_phi_layers: 2,
            n_inds: 32,
            phi_dim_forward: 1024,
            phi_activation_fun: Rectifier::Gelu,
            n_seeds: 10,
            n_dec_layers: 1,
            n_rho_layers: 3,
            rho_hidden_dim: 256,
            taus: TAUS.to_vec(),
        }
    }
}

/// Fewest columns of a side.
const MIN_DIM: usize = 2;
/// The widest layer.
const MAX_WIDTH: usize = 8192;
/// Most layers of a kind.
const MAX_LAYERS: usize = 64;

impl ReferenceConfig {
    /// The levels that answers have: those of `taus`, or 0.5 alone for a network of the mean.
    pub fn levels(&self) -> &[f64] {
        if self.quantile_conditioned { &self.taus } else { &[0.5] }
    }

    /// Most columns of a side.
    pub fn max_dim(&self) -> usize {
        self.max_input_dim / 2
    }

    /// Whether the network takes data with so many columns: as many on both sides, and neither too few nor too many.
    ///
    /// # Errors
    /// What does not fit.
    pub fn check(&self, dim_x: usize, dim_y: usize) -> Result<(), ScoreError> {
        let (least, most) = (MIN_DIM, self.max_dim());
        if dim_x != dim_y || !(least..=most).contains(&dim_x) {
            return Err(ScoreError::Columns { dim_x, dim_y, least, most });
        }
        Ok(())
    }

    /// Floating-point operations of the matrix products in one forward pass over one task, two to a multiplication
    /// and addition. It grows with the square of n.
    pub fn forward_flops(&self, n: usize) -> f64 {
        let (e, f, inds, seeds) = (self.phi_hidden_dim, self.phi_dim_forward, self.n_inds, self.n_seeds);
        // Queries and their results, keys and values, products with the keys, the layers inside the block.
        let block = |queries: usize, keys: usize, inner: usize| {
            (2 * queries + 2 * keys) * e * e + 2 * queries * keys * e + 2 * queries * e * inner
        };
        let embedding = n * (self.max_input_dim * 2 * e + 2 * e * e);
        let rows = self.sab_stack_layers * block(n, n, e);
        let encoder = self.n_phi_layers * (block(inds, n, f) + block(n, inds, f));
        let decoder = block(seeds, n, e) + self.n_dec_layers * block(seeds, seeds, e) + block(1, seeds, e) + e * e;
        let r = self.rho_hidden_dim;
        let head = self.levels().len() * (e * r + self.n_rho_layers.saturating_sub(2) * r * r + r);
        2.0 * (embedding + rows + encoder + decoder + head) as f64
    }

    /// Checks that a network of this size can be built.
    ///
    /// # Errors
    /// The first field that is out of range, with what it must be.
    pub fn validate(&self) -> Result<(), String> {
        let sizes = [
            ("max_input_dim", self.max_input_dim, MAX_WIDTH),
            ("phi_hidden_dim", self.phi_hidden_dim, MAX_WIDTH),
            ("n_phi_heads", self.n_phi_heads, MAX_WIDTH),
            ("n_inds", self.n_inds, MAX_WIDTH),
            ("phi_dim_forward", self.phi_dim_forward, MAX_WIDTH),
            ("n_seeds", self.n_seeds, MAX_WIDTH),
            ("rho_hidden_dim", self.rho_hidden_dim, MAX_WIDTH),
            ("n_rho_layers", self.n_rho_layers, MAX_LAYERS),
        ];
        if let Some((name, got, most)) = sizes.iter().find(|(_, got, most)| !(1..=*most).contains(got)) {
            return Err(format!("`{name}` must lie in 1..={most}, got {got}"));
        }
        let layers = [
            ("sab_stack_layers", self.sab_stack_layers),
            ("n_phi_layers", self.n_phi_layers),
            ("n_dec_layers", self.n_dec_layers),
        ];
        if let Some((name, got)) = layers.iter().find(|(_, got)| *got > MAX_LAYERS) {
            return Err(format!("`{name}` must be at most {MAX_LAYERS}, got {got}"));
        }
        if self.max_input_dim < 2 * MIN_DIM {
            return Err(format!("`max_input_dim` must be at least {}, got {}", 2 * MIN_DIM, self.max_input_dim));
        }
        if !self.phi_hidden_dim.is_multiple_of(self.n_phi_heads) {
            let (width, heads) = (self.phi_hidden_dim, self.n_phi_heads);
            return Err(format!("`phi_hidden_dim` must be a multiple of `n_phi_heads`, got {width} and {heads}"));
        }
        crate::config::check_levels(&self.taus)
    }
}
