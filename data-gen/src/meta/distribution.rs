//! A meta-distribution: a distribution over tasks, drawn from by index.

use std::{path::Path, sync::Arc};

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::{
    config::{Config, IntLaw, IntLawKind, NLaw, Variant},
    task::Task,
};
use crate::ground::{
    error::ConfigError,
    hex,
    joint::Joint,
    sample::{Sample, Side},
    seeds::{Seeds, Split},
};

/// The embedded configurations.
const NAMED: [(&str, &str); 25] = [
    ("m_train", include_str!("../../configs/m_train.toml")),
    ("m_test_imd", include_str!("../../configs/m_test_imd.toml")),
    ("m_test_oomd", include_str!("../../configs/m_test_oomd.toml")),
    ("bmi", include_str!("../../configs/bmi.toml")),
    ("independence", include_str!("../../configs/independence.toml")),
    ("mist_1", include_str!("../../configs/mist_1.toml")),
    ("mist_2", include_str!("../../configs/mist_2.toml")),
    ("mist_3", include_str!("../../configs/mist_3.toml")),
    ("mist_4", include_str!("../../configs/mist_4.toml")),
    ("mist_5", include_str!("../../configs/mist_5.toml")),
    ("mist_6", include_str!("../../configs/mist_6.toml")),
    ("mist_7", include_str!("../../configs/mist_7.toml")),
    ("mist_8", include_str!("../../configs/mist_8.toml")),
    ("mist_9", include_str!("../../configs/mist_9.toml")),
    ("mist_10", include_str!("../../configs/mist_10.toml")),
    ("mist_11", include_str!("../../configs/mist_11.toml")),
    ("mist_12", include_str!("../../configs/mist_12.toml")),
    ("mist_13", include_str!("../../configs/mist_13.toml")),
    ("mist_14", include_str!("../../configs/mist_14.toml")),
    ("mist_15", include_str!("../../configs/mist_15.toml")),
    ("mist_16", include_str!("../../configs/mist_16.toml")),
    ("mist_17", include_str!("../../configs/mist_17.toml")),
    ("mist_18", include_str!("../../configs/mist_18.toml")),
    ("held_out", include_str!("../../configs/held_out.toml")),
    ("discrete", include_str!("../../configs/discrete.toml")),
];

/// A distribution over tasks.
///
/// A draw is a pure function of (configuration, root seed, split, index), bit for bit on any number of
/// threads of one machine. Across machines the last bits may differ: `sin`, `exp` and matrix products
/// are the platform's.
#[derive(Debug, Clone)]
pub struct MetaDistribution {
    config: Config,
    variants: Vec<Variant>,
    /// Shared by the tasks drawn, which then own no copy of their name.
    names: Vec<Arc<str>>,
}

/// A task and the number of rows to draw from it, before the drawing.
#[derive(Debug, Clone)]
pub struct DrawnTask {
    /// The index it was drawn for.
    pub index: u64,
    /// The joint distribution.
    pub task: Task,
    /// Number of rows.
    pub n: usize,
    /// The stream, where the sample begins.
    pub rng: ChaCha8Rng,
}

impl DrawnTask {
    /// Draws the rows.
    #[must_use]
    pub fn sample(mut self) -> Draw {
        let sample = self.task.sample(self.n, &mut self.rng);
        self.into_draw(sample, None)
    }

    /// Draws the rows, and says the pointwise MI of each.
    #[must_use]
    pub fn sample_pointwise(mut self) -> Draw {
        let (sample, pointwise) = self.task.sample_pointwise(self.n, &mut self.rng);
        self.into_draw(sample, Some(pointwise))
    }

    fn into_draw(self, sample: Sample, pointwise_mi: Option<Vec<f64>>) -> Draw {
        Draw {
            index: self.index,
            family: self.task.family().to_owned(),
            n: self.n,
            mi_nats: self.task.mi_nats(),
            mi_standard_error: self.task.mi_standard_error(),
            sample,
            pointwise_mi,
        }
    }
}

/// A sample with what it was drawn from.
#[derive(Debug, Clone, PartialEq)]
pub struct Draw {
    /// The index it was drawn for.
    pub index: u64,
    /// Name of the family.
    pub family: String,
    /// Number of rows.
    pub n: usize,
    /// I(X; Y) of the joint distribution, in nats.
    pub mi_nats: f64,
    /// Standard error of `mi_nats`, in nats: 0 where that is closed or by quadrature.
    pub mi_standard_error: f64,
    /// The rows.
    pub sample: Sample,
    /// The pointwise MI of each row in nats, where it was asked for. A data set on disk has it in single precision.
    pub pointwise_mi: Option<Vec<f64>>,
}

impl MetaDistribution {
    /// From the text of a configuration; see [`crate::config`] for its grammar.
    ///
    /// # Errors
    /// The text is not TOML, has unknown keys, or a value is outside its domain.
    pub fn from_toml(text: &str) -> Result<Self, ConfigError> {
        Ok(Self::new(Config::from_toml(text)?))
    }

    /// From the text of a file of `folder`, from where files that it names are looked for.
    ///
    /// # Errors
    /// As [`MetaDistribution::from_toml`]; a file that cannot be used.
    pub fn from_toml_in(text: &str, folder: &Path) -> Result<Self, ConfigError> {
        Ok(Self::new(Config::from_toml_in(text, folder)?))
    }

    /// One of the embedded configurations, [`MetaDistribution::names`].
    ///
    /// # Errors
    /// There is none of this name.
    pub fn named(name: &str) -> Result<Self, ConfigError> {
        match NAMED.iter().find(|(known, _)| *known == name) {
            Some((_, text)) => Self::from_toml(text),
            None => {
                Err(ConfigError::UnknownName { name: name.to_owned(), known: NAMED.map(|(known, _)| known).join(", ") })
            }
        }
    }

    /// The names of the embedded configurations.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMED.iter().map(|(name, _)| *name)
    }

    /// From a validated configuration.
    #[must_use]
    pub fn new(config: Config) -> Self {
        let variants = config.variants();
        let names = variants.iter().map(|v| v.name.as_str().into()).collect();
        Self { config, variants, names }
    }

    /// The validated configuration.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.config.name
    }

    /// The resolved configuration: every default written out.
    #[must_use]
    pub fn to_toml(&self) -> String {
        self.config.to_toml()
    }

    /// SHA-256 of the resolved configuration, in hexadecimal. Files count by their names and hashes, not by where they lie.
    #[must_use]
    pub fn sha256(&self) -> String {
        hex::sha256(self.config.beside_its_files().to_toml().as_bytes())
    }

    /// The families with their weights, in the order of the configuration.
    #[must_use]
    pub fn variants(&self) -> &[Variant] {
        &self.variants
    }

    /// Number of data sets in the suite; `None` if the configuration draws without end.
    ///
    /// Indices from there on go through the same (family, n) again, with streams of their own.
    #[must_use]
    pub fn suite_len(&self) -> Option<u64> {
        match &self.config.n {
            NLaw::Mixture(_) => None,
            NLaw::Suite(suite) => Some((self.variants.len() * suite.values.len() * suite.repeats) as u64),
        }
    }

    /// Smallest and largest n, and smallest and largest dimension of a side, that can be drawn.
    #[must_use]
    pub fn reach(&self) -> ((usize, usize), (usize, usize)) {
        let n = match &self.config.n {
            NLaw::Mixture(laws) => span(laws.iter().map(|(_, law)| (law.min, law.max))),
            NLaw::Suite(suite) => span(suite.values.iter().map(|&n| (n, n))),
        };
        let drawn = self.config.dims.iter().map(|(_, d)| (d.law.min, d.law.max));
        let fixed = self.config.families.iter().filter_map(|(_, family)| family.fixed_dims());
        (n, span(drawn.chain(fixed.map(|(x, y)| (x.min(y), x.max(y))))))
    }

    /// Whether rows of a draw may share values: whether it reaches discrete data.
    #[must_use]
    pub fn has_ties(&self) -> bool {
        self.config.families.iter().any(|(_, family)| family.kind.has_ties())
    }

    /// The task of an index, and how many rows to draw from it.
    #[must_use]
    pub fn draw_task(&self, seeds: &Seeds, split: Split, index: u64) -> DrawnTask {
        let mut rng = seeds.rng(split, index);
        let (variant, suite_n) = match &self.config.n {
            NLaw::Mixture(_) => (self.choose_variant(&mut rng), None),
            NLaw::Suite(suite) => {
                let cell = (index / suite.repeats as u64) as usize;
                let variant = (cell / suite.values.len()) % self.variants.len();
                (variant, Some(suite.values[cell % suite.values.len()]))
            }
        };
        let dims = self.fixed_dims(variant).unwrap_or_else(|| choose(&self.config.dims, &mut rng).draw(&mut rng));
        let n = suite_n.unwrap_or_else(|| self.draw_n(dims, &mut rng));
        self.build(index, variant, dims, n, rng)
    }

    /// The shape of one batch, drawn like that of a single task.
    #[must_use]
    pub fn shape(&self, seeds: &Seeds, split: Split, batch: u64) -> Shape {
        // Batches share the split's streams with single tasks; the top bit keeps the two apart.
        let mut rng = seeds.rng(split, batch | 1 << 63);
        let fixed = self.fixed_dims(self.choose_variant(&mut rng));
        let dims = fixed.unwrap_or_else(|| choose(&self.config.dims, &mut rng).draw(&mut rng));
        let n = match &self.config.n {
            NLaw::Mixture(_) => self.draw_n(dims, &mut rng),
            NLaw::Suite(suite) => suite.values[rng.random_range(0..suite.values.len())],
        };
        Shape { n, dim_x: dims.0, dim_y: dims.1, fixed }
    }

    /// Task `item` of a batch, of the batch's shape.
    ///
    /// Its family is drawn among those that the shape was drawn for (all without fixed dimensions, or all with these),
    /// so that over batches the joint distribution of family, dimensions and n is that of [`MetaDistribution::draw_task`].
    ///
    /// # Panics
    /// If `item` is 65,536 or more.
    #[must_use]
    pub fn draw_shaped(&self, seeds: &Seeds, split: Split, batch: u64, item: u64, shape: &Shape) -> DrawnTask {
        assert!(item < 1 << 16, "a batch holds at most 65,536 tasks");
        let index = batch << 16 | item;
        let mut rng = seeds.rng(split, index | 1 << 62);
        let variant = loop {
            let variant = self.choose_variant(&mut rng);
            if self.fixed_dims(variant) == shape.fixed {
                break variant;
            }
        };
        self.build(index, variant, (shape.dim_x, shape.dim_y), shape.n, rng)
    }

    fn fixed_dims(&self, variant: usize) -> Option<(usize, usize)> {
        self.config.families[self.variants[variant].family].1.fixed_dims()
    }

    fn build(&self, index: u64, variant: usize, dims: (usize, usize), n: usize, mut rng: ChaCha8Rng) -> DrawnTask {
        let name = Arc::clone(&self.names[variant]);
        let variant = &self.variants[variant];
        let family = &self.config.families[variant.family].1;
        let derived = match family.fixed_dims() {
            None if self.config.derived > 0.0 => self.draw_derived(dims, &mut rng),
            _ => (0, 0),
        };
        let (mut base, mut swapped) = family.draw((dims.0 - derived.0, dims.1 - derived.1), &mut rng);
        let mut derived = if swapped { (derived.1, derived.0) } else { derived };
        let (of_x, of_y) = base.categories();
        if derived != (0, 0) && of_x.into_iter().chain(of_y).any(|category| category) {
            // No sums of codes.
            (base, swapped) = family.draw(dims, &mut rng);
            derived = (0, 0);
        }
        let mut task = Task::new(name, base).with_map(variant.map);
        task = task.with_mixing(variant.mixing, &mut rng);
        if let Some(warp) = variant.warp {
            task = task.with_warp(warp, &mut rng);
        }
        if let Some(flows) = &family.flows {
            let of = |side| flows.of(side).map(|file| Arc::clone(file.flow()));
            let (x, y) = (of(Side::X), of(Side::Y));
            task = task.with_flows(if swapped { (y, x) } else { (x, y) });
        }
        if derived != (0, 0) {
            task = task.with_derived(derived, &mut rng);
            if self.config.totals > 0.0 && rng.random_bool(self.config.totals) {
                task = task.with_totals();
            }
        }
        let task = task.with_layout(self.config.permute_columns, self.config.flip_signs, &mut rng).with_swap(swapped);
        DrawnTask { index, task, n, rng }
    }

    /// How many of the columns of X and Y are derived from the others.
    fn draw_derived<R: Rng + ?Sized>(&self, dims: (usize, usize), rng: &mut R) -> (usize, usize) {
        if !rng.random_bool(self.config.derived) {
            return (0, 0);
        }
        let sides = rng.random_range(0..3);
        let mut count = |dim: usize, asked: bool| match asked && dim > 1 {
            // What is not derived, log-uniform.
            true => dim - IntLaw { kind: IntLawKind::LogUniform, min: 1, max: dim - 1 }.draw(rng),
            false => 0,
        };
        (count(dims.0, sides != 1), count(dims.1, sides != 0))
    }

    /// The data set of an index.
    #[must_use]
    pub fn draw(&self, seeds: &Seeds, split: Split, index: u64) -> Draw {
        self.draw_task(seeds, split, index).sample()
    }

    fn choose_variant<R: Rng + ?Sized>(&self, rng: &mut R) -> usize {
        let mut left: f64 = rng.random();
        for (i, variant) in self.variants.iter().enumerate() {
            if left < variant.weight {
                return i;
            }
            left -= variant.weight;
        }
        // The weights sum to 1 up to rounding.
        self.variants.len() - 1
    }

    fn draw_n<R: Rng + ?Sized>(&self, (dim_x, dim_y): (usize, usize), rng: &mut R) -> usize {
        let NLaw::Mixture(laws) = &self.config.n else {
            unreachable!("a suite sets n itself");
        };
        let most = self.config.max_cells.unwrap_or(usize::MAX) / (dim_x + dim_y);
        // Validation makes sure that some n is small enough, so this ends.
        loop {
            let n = choose(laws, rng).draw(rng);
            if n <= most {
                return n;
            }
        }
    }
}

fn span(ranges: impl Iterator<Item = (usize, usize)>) -> (usize, usize) {
    ranges.fold((usize::MAX, 0), |(low, high), (min, max)| (low.min(min), high.max(max)))
}

/// The number of rows and the dims that all tasks of a batch share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Rows.
    pub n: usize,
    /// Columns of X.
    pub dim_x: usize,
    /// Columns of Y.
    pub dim_y: usize,
    fixed: Option<(usize, usize)>,
}

/// One element of a mixture, whose weights need not sum to 1.
fn choose<'a, T, R: Rng + ?Sized>(mixture: &'a [(f64, T)], rng: &mut R) -> &'a T {
    let total: f64 = mixture.iter().map(|(weight, _)| weight).sum();
    let mut left = total * rng.random::<f64>();
    let (last, rest) = mixture.split_last().expect("validation leaves no mixture empty");
    for (weight, item) in rest {
        if left < *weight {
            return item;
        }
        left -= weight;
    }
    &last.1
}
