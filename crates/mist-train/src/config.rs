//! What a training run does, read from TOML.

use crate::{LossConfig, TrainError};
use mist_data_gen::{MetaDistribution, held_out};
use mist_model::NetworkConfig;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Name of the state that a run can resume from, without its ending.
pub(crate) const STATE_NAME: &str = "state";

/// A training run. Together with the number of steps taken it determines every bit of the weights on a CPU.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainConfig {
    /// Name of the checkpoint.
    pub name: String,
    /// The meta-distribution whose tasks the run sees: the name of an embedded one, or the path of a `.toml`. It may draw
    /// nothing that is [held out](mist_data_gen::held_out).
    pub meta: String,
    /// Root seed of the tasks and of the initial weights.
    pub seed: u64,
    /// Optimizer steps in the whole schedule.
    pub steps: u64,
    /// Checkpoint (`….safetensors`) to begin with, in place of weights drawn from the seed; relative to the folder
    /// that the command runs in. Its network must be of the same size. Choose another seed than it was trained with:
    /// the same seed draws the same tasks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub init: Option<PathBuf>,
    /// Weights of the parts of the loss.
    #[serde(default)]
    pub loss: LossConfig,
    /// Batches.
    #[serde(default)]
    pub batch: BatchConfig,
    /// Optimizer and schedule.
    #[serde(default)]
    pub optimizer: OptimizerConfig,
    /// Validation.
    #[serde(default)]
    pub validation: ValidationConfig,
    /// Which network, and its size: the axial one, or the published one with `kind = "reference"`.
    #[serde(default)]
    pub network: NetworkConfig,
}

/// How tasks are put together. All tasks of one batch share a shape, so nothing is padded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BatchConfig {
    /// Batches whose gradients one step averages.
    pub per_step: usize,
    /// Work in one batch, in cells of a wide table; small tasks come many to a batch, large ones few.
    pub cells: usize,
    /// Work on one row beside its cells, in cells.
    pub row_work: f64,
    /// Probability that the columns of a task that are codes of categories enter as categories, not as numbers.
    pub categories: f64,
    /// Fewest tasks in a batch.
    pub min_tasks: usize,
    /// Most tasks in a batch.
    pub max_tasks: usize,
}

impl Default for BatchConfig {
    fn default() -> Self {
        Self { per_step: 4, cells: 32_000, row_work: 0.0, categories: 0.0, min_tasks: 2, max_tasks: 32 }
    }
}

/// How the weights of a layer are moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MatrixRule {
    /// As everything else.
    #[default]
    AdamW,
    /// Along the orthogonal factor of the momentum (Jordan 2024), as far as AdamW would move them: 0.2 a weight in
    /// root mean square (Liu et al. 2025, "Muon is scalable for LLM training", equation 4).
    Muon,
}

/// AdamW (Loshchilov and Hutter 2019) with linear warm-up and cosine decay.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OptimizerConfig {
    /// Peak learning rate.
    pub learning_rate: f64,
    /// Learning rate at the end of the schedule.
    pub final_learning_rate: f64,
    /// Steps of linear warm-up.
    pub warmup_steps: u64,
    /// Decay of matrices, not of biases and gains.
    pub weight_decay: f64,
    /// Decay of the first moment.
    pub beta1: f64,
    /// Decay of the second moment.
    pub beta2: f64,
    /// Largest norm of a gradient.
    pub clip: f64,
    /// How the weights of layers are moved; biases, gains, inducing points and the last layer always go by AdamW.
    pub matrices: MatrixRule,
    /// Decay of the momentum of [`MatrixRule::Muon`].
    pub momentum: f64,
    /// Decay of the exponential moving average of the weights that is released.
    pub ema: f64,
}

impl Default for OptimizerConfig {
    fn default() -> Self {
        Self {
            learning_rate: 2.5e-3,
            final_learning_rate: 1e-5,
            warmup_steps: 200,
            weight_decay: 1e-4,
            beta1: 0.9,
            beta2: 0.99,
            clip: 1.0,
            ema: 0.998,
            matrices: MatrixRule::AdamW,
            momentum: 0.95,
        }
    }
}

/// A fixed meta-set, drawn from the training law on a stream of its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ValidationConfig {
    /// Tasks in the set.
    pub tasks: u64,
    /// Steps between two validations.
    pub every: u64,
}

impl Default for ValidationConfig {
    fn default() -> Self {
        Self { tasks: 400, every: 2000 }
    }
}

impl TrainConfig {
    /// Parses and checks a configuration.
    ///
    /// # Errors
    /// Unknown keys, values out of range, an unknown meta-distribution.
    pub fn from_toml(text: &str) -> Result<Self, TrainError> {
        let config: Self = toml::from_str(text).map_err(|e| TrainError::Config(e.to_string()))?;
        config.validate()?;
        Ok(config)
    }

    /// The configuration with every default written out.
    pub fn to_toml(&self) -> String {
        toml::to_string(self).expect("a configuration is plain data")
    }

    /// The law of the tasks.
    ///
    /// # Errors
    /// An unknown name, a file that cannot be read or is refused.
    pub fn meta(&self) -> Result<MetaDistribution, TrainError> {
        let path = std::path::Path::new(&self.meta);
        if path.extension().is_none_or(|extension| extension != "toml") {
            return Ok(MetaDistribution::named(&self.meta)?);
        }
        let text = mist_files::read_text(path).map_err(|source| TrainError::Io {
            action: "cannot read",
            path: path.to_owned(),
            source,
        })?;
        Ok(MetaDistribution::from_toml_in(&text, path.parent().unwrap_or(std::path::Path::new("")))?)
    }

    /// Whether the network takes all that the meta-distribution draws, and the loss is its own.
    fn check_fit(&self, meta: &MetaDistribution) -> Result<(), TrainError> {
        let NetworkConfig::Reference(network) = &self.network else {
            return Ok(());
        };
        if self.loss != LossConfig::default() {
            let what = "`loss` has no keys for the published network: it has the loss of its authors".into();
            return Err(TrainError::Config(what));
        }
        let config = meta.config();
        let mut sides: Vec<(usize, usize)> = config.families.iter().filter_map(|(_, f)| f.fixed_dims()).collect();
        for (_, dims) in &config.dims {
            // Dims that are drawn one by one may be any two.
            let (least, most) = (dims.law.min, dims.law.max);
            sides.extend([(least, least), (most, most), (least, if dims.equal { least } else { most })]);
        }
        match sides.into_iter().find(|(x, y)| network.check(*x, *y).is_err()) {
            Some((x, y)) => Err(TrainError::Config(format!(
                "`meta` = `{}` draws tables of {x} + {y} columns, expected 2 to {} on each side and as many on both: the published \
                 network takes no others",
                self.meta,
                network.max_dim()
            ))),
            None => Ok(()),
        }
    }

    fn validate(&self) -> Result<(), TrainError> {
        let bad = |what: String| Err(TrainError::Config(what));
        self.network.validate().map_err(TrainError::Config)?;
        let meta = self.meta()?;
        self.check_fit(&meta)?;
        let held = held_out::drawn_by(&meta);
        if !held.is_empty() {
            let held = held.join("`, `");
            return bad(format!("`meta` = `{}` draws what is held out of training for good: `{held}`", self.meta));
        }
        let (b, o) = (&self.batch, &self.optimizer);
        check_name(&self.name).map_err(TrainError::Config)?;
        let counts = [
            ("steps", self.steps, 1_000_000_000_000),
            ("batch.per_step", b.per_step as u64, 1 << 16),
            ("batch.cells", b.cells as u64, 1 << 30),
            ("batch.min_tasks", b.min_tasks as u64, 1 << 16),
            ("validation.every", self.validation.every, u64::MAX),
            ("validation.tasks", self.validation.tasks, 10_000_000),
        ];
        if let Some((key, got, most)) = counts.iter().find(|(_, got, most)| !(1..=*most).contains(got)) {
            return bad(format!("`{key}` must lie in 1..={most}, got {got}"));
        }
        if !(0.0..=1.0).contains(&b.categories) {
            return bad(format!("`batch.categories` must lie in [0, 1], got {}", b.categories));
        }
        if !(0.0..=1e3).contains(&b.row_work) {
            return bad(format!("`batch.row_work` must lie in [0, 1000], got {}", b.row_work));
        }
        if b.max_tasks < b.min_tasks || b.max_tasks > 1 << 16 {
            return bad(format!("`batch.max_tasks` must lie in {}..=65536, got {}", b.min_tasks, b.max_tasks));
        }
        for (key, v) in [("beta1", o.beta1), ("beta2", o.beta2), ("momentum", o.momentum), ("ema", o.ema)] {
            if !(0.0..1.0).contains(&v) {
                return bad(format!("`optimizer.{key}` must lie in [0, 1), got {v}"));
            }
        }
        for (key, v) in [("nats", self.loss.nats), ("rows", self.loss.rows)] {
            if !(v >= 0.0 && v.is_finite()) {
                return bad(format!("`loss.{key}` must be a finite number ≥ 0, got {v}"));
            }
        }
        if !(0.0..=2.0).contains(&self.loss.by_spread) {
            return bad(format!("`loss.by_spread` must lie in [0, 2], got {}", self.loss.by_spread));
        }
        for (key, v) in [("weight_decay", o.weight_decay), ("final_learning_rate", o.final_learning_rate)] {
            if !(0.0..=1e3).contains(&v) {
                return bad(format!("`optimizer.{key}` must lie in [0, 1000], got {v}"));
            }
        }
        if !(o.learning_rate > 0.0 && o.learning_rate <= 1e3) {
            return bad(format!("`optimizer.learning_rate` must lie in (0, 1000], got {}", o.learning_rate));
        }
        if !(o.clip > 0.0 && o.clip.is_finite()) {
            return bad(format!("`optimizer.clip` must be positive, got {}", o.clip));
        }
        Ok(())
    }
}

/// Checks that a name can be that of a checkpoint: its files stand beside the state, and hold the name of no other file.
fn check_name(name: &str) -> Result<(), String> {
    let allowed = |c: char| c.is_alphanumeric() || "._- +".contains(c);
    if name.is_empty() || name.len() > 100 || name.starts_with(['.', ' ']) || !name.chars().all(allowed) {
        let name: String = name.chars().take(100).flat_map(char::escape_default).collect();
        return Err(format!("`name` must be at most 100 letters, digits, blanks, `.`, `_`, `-` and `+`, got `{name}`"));
    }
    // Some file systems do not tell capitals apart.
    if name.eq_ignore_ascii_case(STATE_NAME) {
        return Err(format!("`name` must not be `{name}`: the state of the run has that name"));
    }
    Ok(())
}

impl OptimizerConfig {
    /// Learning rate of step `step` (from 0) of `steps`.
    pub fn learning_rate_at(&self, step: u64, steps: u64) -> f64 {
        if step < self.warmup_steps {
            return self.learning_rate * (step + 1) as f64 / self.warmup_steps as f64;
        }
        let span = steps.saturating_sub(self.warmup_steps).max(1) as f64;
        let progress = ((step - self.warmup_steps) as f64 / span).min(1.0);
        let cosine = 0.5 * (1.0 + (std::f64::consts::PI * progress).cos());
        self.final_learning_rate + (self.learning_rate - self.final_learning_rate) * cosine
    }
}

impl BatchConfig {
    /// Tasks of this shape in one batch.
    pub fn tasks(&self, n: usize, dim_x: usize, dim_y: usize) -> usize {
        ((self.cells as f64 / self.work(n, dim_x, dim_y)) as usize).clamp(self.min_tasks, self.max_tasks)
    }

    /// Work in one task, in units of a cell of a wide table.
    ///
    /// It is that of its n rows, of its n·D cells (their moments cost D more each) and of its D² pairs (a triangle update
    /// costs D more each); the weights are ratios of multiplications in the released network.
    pub fn work(&self, n: usize, dim_x: usize, dim_y: usize) -> f64 {
        let (n, d) = (n as f64, (dim_x + dim_y) as f64);
        n * (self.row_work + d * (1.0 + d / 290.0)) + d * d * (4.7 + d / 55.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedule_warms_up_peaks_and_decays() {
        let o = OptimizerConfig { warmup_steps: 10, ..OptimizerConfig::default() };
        assert!(o.learning_rate_at(0, 100) < o.learning_rate_at(8, 100));
        assert!((o.learning_rate_at(10, 100) - o.learning_rate).abs() < 1e-12);
        assert!((o.learning_rate_at(100, 100) - o.final_learning_rate).abs() < 1e-12);
        assert!((o.learning_rate_at(900, 100) - o.final_learning_rate).abs() < 1e-12);
    }

    #[test]
    fn bad_configurations_name_the_key() {
        let base = "name = \"a\"\nmeta = \"m_train\"\nseed = 1\nsteps = 5\n";
        let config = TrainConfig::from_toml(base).unwrap();
        assert_eq!(TrainConfig::from_toml(&config.to_toml()).unwrap(), config);
        for (extra, key) in [
            ("colour = 3\n", "colour"),
            ("[batch]\nper_step = 0\n", "batch.per_step"),
            ("[batch]\nper_step = 1000000000000\n", "batch.per_step"),
            ("[batch]\ncells = 1000000000000\n", "batch.cells"),
            ("[validation]\ntasks = 9000000000000000000\n", "validation.tasks"),
            ("[optimizer]\nweight_decay = inf\n", "optimizer.weight_decay"),
            ("[optimizer]\nweight_decay = nan\n", "optimizer.weight_decay"),
            ("[optimizer]\nweight_decay = -1.0\n", "optimizer.weight_decay"),
            ("[optimizer]\nfinal_learning_rate = inf\n", "optimizer.final_learning_rate"),
            ("[network]\npair_channels = 1000000000\n", "pair_channels"),
            ("[network]\nchannels = 1000000000\n", "channels"),
            ("[network]\nrow_blocks = 1000000000\n", "row_blocks"),
            ("[network]\npair_channels = 4096\npair_blocks = 256\n", "weights"),
            ("[loss]\nnats = -1.0\n", "loss.nats"),
            ("[loss]\nby_spread = -1.0\n", "loss.by_spread"),
            ("[optimizer]\nema = 1.0\n", "optimizer.ema"),
            ("[network]\nchannels = 2\n", "channels"),
            ("[network]\nkind = \"mist\"\n", "expected `axial` or `reference`"),
            ("[network]\nkind = \"reference\"\nchannels = 16\n", "unknown field `channels`"),
            ("[network]\nkind = \"reference\"\nn_phi_heads = 7\n", "n_phi_heads"),
            ("[network]\nkind = \"reference\"\nmax_input_dim = 40\n", "tables of 32 + 32 columns, expected 2 to 20"),
            ("[loss]\nnats = 0.1\n[network]\nkind = \"reference\"\n", "`loss` has no keys"),
        ] {
            let error = TrainConfig::from_toml(&format!("{base}{extra}")).unwrap_err().to_string();
            assert!(error.contains(key), "{error}");
        }
        let reference = format!("{base}[network]\nkind = \"reference\"\nquantile_conditioned = true\n");
        let config = TrainConfig::from_toml(&reference).unwrap();
        assert_eq!(TrainConfig::from_toml(&config.to_toml()).unwrap(), config);
        let error = TrainConfig::from_toml(&reference.replace("m_train", "mist_4")).unwrap_err().to_string();
        assert!(error.contains("`mist_4` draws tables of ") && error.contains("as many on both"), "{error}");
        for name in ["state", "State", "", "a/b", "a\\\\b", "a\\n", "..", ".a", &"a".repeat(101)] {
            let error = TrainConfig::from_toml(&base.replace("\"a\"", &format!("\"{name}\""))).unwrap_err().to_string();
            assert!(error.contains("`name` must"), "{error}");
        }
        let error = TrainConfig::from_toml(&base.replace("m_train", "m_rain")).unwrap_err().to_string();
        assert!(error.contains("m_rain"), "{error}");
        let error = TrainConfig::from_toml(&base.replace("m_train", "held_out")).unwrap_err().to_string();
        assert!(error.contains("held out of training for good: `copula-joe`"), "{error}");
        let error = TrainConfig::from_toml(&base.replace("m_train", "none.toml")).unwrap_err().to_string();
        assert!(error.starts_with("cannot read `none.toml`"), "{error}");
    }
}
