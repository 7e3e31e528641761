//! Normal pairs among columns that hold nothing new: constants, and columns there already.

use nalgebra::DMatrix;
use rand::Rng;
use rand_distr::Exp1;

use crate::ground::{
    draw::uniform,
    elliptical::{Elliptical, scatter::Canonical},
    error::{ConfigError, ParameterError},
    joint::Joint,
    keys::{Keys, Range, Written},
    prior::{Prior, drawn},
    sample::Sample,
};

/// A column that is a function of the others of its side.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Filler {
    /// The same value in every row.
    Constant(f64),
    /// A column of the core, times a factor.
    Copy {
        /// Which column.
        column: usize,
        /// The factor, not 0.
        scale: f64,
    },
}

/// A core (X₀, Y₀), to whose sides columns are added that are functions of them.
///
/// X ↔ X₀ and Y ↔ Y₀ are bijections, so I(X; Y) = I(X₀; Y₀).
///
/// ```
/// use mist_data_gen::families::{Joint, degenerate::{Degenerate, Filler}};
/// use mist_data_gen::families::elliptical::{Elliptical, scatter::Canonical};
///
/// let core = Elliptical::normal(Canonical::new((1, 1), vec![0.75])?);
/// let doubled = Degenerate::new(core, vec![Filler::Copy { column: 0, scale: 2.0 }], vec![Filler::Constant(1.0)])?;
/// assert_eq!(doubled.dims(), (2, 2));
/// assert!((doubled.mi_nats() - 0.413_339_286_592_233_96).abs() < 1e-15);
/// # Ok::<(), mist_data_gen::ParameterError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Degenerate {
    core: Elliptical,
    x: Vec<Filler>,
    y: Vec<Filler>,
}

impl Degenerate {
    /// The core's columns followed by these.
    ///
    /// # Errors
    /// A copy of a column that the core lacks, or with a factor that is not finite or 0.
    pub fn new(core: Elliptical, x: Vec<Filler>, y: Vec<Filler>) -> Result<Self, ParameterError> {
        let dims = core.dims();
        for (fillers, dim) in [(&x, dims.0), (&y, dims.1)] {
            for filler in fillers {
                match *filler {
                    Filler::Copy { column, .. } if column >= dim => {
                        return Err(ParameterError::new("column", "the index of a column of the core", column));
                    }
                    Filler::Copy { scale, .. } if !scale.is_normal() => {
                        return Err(ParameterError::new("scale", "a finite number other than 0", scale));
                    }
                    Filler::Constant(value) if !value.is_finite() => {
                        return Err(ParameterError::new("constant", "a finite number", value));
                    }
                    _ => {}
                }
            }
        }
        Ok(Self { core, x, y })
    }

    /// (X₀, Y₀).
    #[must_use]
    pub fn core(&self) -> &Elliptical {
        &self.core
    }

    /// The columns added to X₀ and to Y₀.
    #[must_use]
    pub fn fillers(&self) -> (&[Filler], &[Filler]) {
        (&self.x, &self.y)
    }
}

impl Joint for Degenerate {
    fn dims(&self) -> (usize, usize) {
        let (dim_x, dim_y) = self.core.dims();
        (dim_x + self.x.len(), dim_y + self.y.len())
    }

    fn mi_nats(&self) -> f64 {
        self.core.mi_nats()
    }

    fn sample<R: Rng + ?Sized>(&self, n: usize, rng: &mut R) -> Sample {
        let Sample { x, y } = self.core.sample(n, rng);
        Sample { x: fill(&x, &self.x), y: fill(&y, &self.y) }
    }

    fn pointwise_mi(&self, sample: &Sample) -> Vec<f64> {
        let (dim_x, dim_y) = self.core.dims();
        let core = |side: &DMatrix<f64>, dim| side.columns(0, dim).into_owned();
        self.core.pointwise_mi(&Sample { x: core(&sample.x, dim_x), y: core(&sample.y, dim_y) })
    }
}

fn fill(core: &DMatrix<f64>, fillers: &[Filler]) -> DMatrix<f64> {
    let dim = core.ncols();
    DMatrix::from_fn(core.nrows(), dim + fillers.len(), |row, column| match column.checked_sub(dim) {
        None => core[(row, column)],
        Some(added) => match fillers[added] {
            Filler::Constant(value) => value,
            Filler::Copy { column, scale } => scale * core[(row, column)],
        },
    })
}

/// The prior of degenerate columns: a core as of the scatter `canonical`, with U{1..max(1, dim − 1)} columns on each side,
/// and the rest of the dims filled. A copy is exact, negated or scaled by 10^U(−3, 3), in equal parts; a constant is 0,
/// 1 or U(−10, 10).
#[derive(Debug, Clone, PartialEq)]
pub struct DegeneratePrior {
    /// Range of the MI: ln(1 + I) uniform.
    pub mi: Range,
    /// Probability that a column added is constant; else it is a copy.
    pub constant: f64,
}

impl DegeneratePrior {
    fn filler<R: Rng + ?Sized>(&self, of_core: usize, rng: &mut R) -> Filler {
        if rng.random_bool(self.constant) {
            return Filler::Constant([0.0, 1.0, rng.random_range(-10.0..10.0)][rng.random_range(0..3)]);
        }
        let scale = [1.0, -1.0, 10.0_f64.powf(rng.random_range(-3.0..3.0))][rng.random_range(0..3)];
        Filler::Copy { column: rng.random_range(0..of_core), scale }
    }
}

impl Prior for DegeneratePrior {
    type Joint = Degenerate;

    const KIND: &'static str = "degenerate";

    fn read(keys: &mut Keys) -> Result<Self, ConfigError> {
        Ok(Self { mi: keys.range("mi", [0.0, 8.0], Canonical::MI_NATS)?, constant: keys.probability("constant", 0.3)? })
    }

    fn write(&self, keys: &mut Written) {
        keys.set("mi", self.mi).set("constant", self.constant);
    }

    fn has_ties(&self) -> bool {
        true
    }

    fn draw<R: Rng + ?Sized>(&self, dims: (usize, usize), rng: &mut R) -> Self::Joint {
        let mut less = |dim: usize| rng.random_range(1..=(dim - 1).max(1));
        let core = (less(dims.0), less(dims.1));
        let pairs = rng.random_range(1..=core.0.min(core.1));
        let total = uniform(&self.mi.map(f64::ln_1p), rng).exp_m1();
        let power = rng.random_range(0.0..3.0);
        let shares: Vec<f64> = (0..pairs).map(|_| rng.sample::<f64, _>(Exp1).powf(power)).collect();
        let canonical = drawn(Canonical::with_mi(core, total, &shares));
        let mut fillers = |dim: usize, of_core: usize| (of_core..dim).map(|_| self.filler(of_core, rng)).collect();
        let (x, y) = (fillers(dims.0, core.0), fillers(dims.1, core.1));
        drawn(Degenerate::new(Elliptical::normal(canonical), x, y))
    }
}
