//! Class labels and the normal mixture that they choose from.

use nalgebra::DMatrix;
use rand::{
    Rng,
    distr::{Distribution, weighted::WeightedIndex},
};
use rand_distr::StandardNormal;

use crate::ground::{
    domain::Domain,
    draw::{dirichlet, log_uniform},
    error::{ConfigError, ParameterError},
    joint::Joint,
    keys::{Keys, Range, Written},
    prior::{Prior, drawn},
    sample::Sample,
};

/// Draws of the Monte-Carlo mean.
const DRAWS: usize = 2048;

/// A class: its probability, and the columns of Y given that class.
#[derive(Debug, Clone, PartialEq)]
pub struct Class {
    /// P(C = c), up to a factor that is common to all classes.
    pub weight: f64,
    /// Mean and standard deviation of every column of Y that depends on the class.
    pub columns: Vec<(f64, f64)>,
}

/// `X_1` = C, a class label 0, 1, …; the first columns of Y are independent normals given C, with means and standard
/// deviations of that class. The further columns of X are labels of the same distribution, those of Y standard normal, all
/// independent of all else.
///
/// I(X; Y) = H(C) − E[H(C|Y)] with the mean of −ln P(C|Y) over draws of (C, Y), in proportion to the classes. Its
/// standard error is kept.
///
/// # Domain
/// A number of classes in [`Labels::CLASSES`], with weights > 0, each with the same number of columns, from 1 to `dim_y`; standard deviations > 0.
///
/// # Source
/// Cover and Thomas, "Elements of Information Theory" (2006), theorem 2.4.1: I(X; Y) = H(X) − H(X|Y). Glasserman,
/// "Monte Carlo Methods in Financial Engineering" (2003), section 4.3: stratified sampling.
///
/// # Limits
/// The standard error is about 0.01 nats, at most 0.03 in draws of [`LabelsPrior`]'s defaults.
///
/// ```
/// use mist_data_gen::{Joint, Seeds, Split, families::labels::{Class, Labels}};
///
/// let class = |mean| Class { weight: 1.0, columns: vec![(mean, 1.0)] };
/// let mut rng = Seeds { root: 0 }.rng(Split::Scratch, 0);
/// let far_apart = Labels::new(vec![class(0.0), class(50.0)], (1, 1), &mut rng)?;
/// assert!((far_apart.mi_nats() - 2.0_f64.ln()).abs() < 1e-12);
/// # Ok::<(), mist_data_gen::ParameterError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Labels {
    classes: Vec<Class>,
    index: WeightedIndex<f64>,
    dims: (usize, usize),
    mi_nats: f64,
    standard_error: f64,
}

impl Labels {
    /// Domain of the number of classes.
    pub const CLASSES: Domain = Domain::whole(2, 64);

    /// With these classes, among `dims` columns; `rng` is for the Monte-Carlo mean.
    ///
    /// # Errors
    /// A parameter outside its domain.
    pub fn new<R: Rng + ?Sized>(
        mut classes: Vec<Class>,
        dims: (usize, usize),
        rng: &mut R,
    ) -> Result<Self, ParameterError> {
        Self::CLASSES.check("classes", classes.len() as f64)?;
        let informative = classes[0].columns.len();
        if informative == 0 || informative > dims.1 || classes.iter().any(|c| c.columns.len() != informative) {
            let got = format!("{:?} of {dims:?}", classes.iter().map(|c| c.columns.len()).collect::<Vec<_>>());
            return Err(ParameterError::new("columns", "the same number in every class, in [1, dim_y]", got));
        }
        if dims.0 == 0 {
            return Err(ParameterError::new("dim_x", "a whole number ≥ 1", dims.0));
        }
        for class in &classes {
            Domain::POSITIVE.check("weight", class.weight)?;
            for &(mean, sd) in &class.columns {
                Domain::FINITE.check("mean", mean)?;
                Domain::POSITIVE.check("sd", sd)?;
            }
        }
        let sum: f64 = classes.iter().map(|class| class.weight).sum();
        classes.iter_mut().for_each(|class| class.weight /= sum);
        let index = WeightedIndex::new(classes.iter().map(|class| class.weight)).expect("weights are > 0");
        let (mi_nats, standard_error) = information(&classes, rng);
        Ok(Self { classes, index, dims, mi_nats, standard_error })
    }

    /// The classes, with weights that sum to 1.
    #[must_use]
    pub fn classes(&self) -> &[Class] {
        &self.classes
    }
}

/// H(C) − E[−ln P(C|Y)] and its standard error: a stratified mean, with draws in proportion to the classes but at least
/// 16 of each.
fn information<R: Rng + ?Sized>(classes: &[Class], rng: &mut R) -> (f64, f64) {
    let columns = classes[0].columns.len();
    // ln weight − Σ ln sd, and the inverse sds: what the densities need at every draw.
    let constants: Vec<f64> = classes
        .iter()
        .map(|class| class.weight.ln() - class.columns.iter().map(|(_, sd)| sd.ln()).sum::<f64>())
        .collect();
    let inverse: Vec<f64> = classes.iter().flat_map(|class| class.columns.iter().map(|(_, sd)| 1.0 / sd)).collect();
    let (mut information, mut variance) = (0.0, 0.0);
    let mut y = vec![0.0; columns];
    let mut ln_joint = vec![0.0; classes.len()];
    for (own, class) in classes.iter().enumerate() {
        let draws = ((DRAWS as f64 * class.weight).ceil()).max(16.0);
        let (mut sum, mut squares) = (0.0, 0.0);
        for _ in 0..draws as usize {
            for (v, (mean, sd)) in y.iter_mut().zip(&class.columns) {
                *v = mean + sd * rng.sample::<f64, _>(StandardNormal);
            }
            for (c, ln_joint) in ln_joint.iter_mut().enumerate() {
                let inverse = &inverse[c * columns..][..columns];
                let square: f64 = y
                    .iter()
                    .zip(&classes[c].columns)
                    .zip(inverse)
                    .map(|((v, (mean, _)), inverse)| {
                        let z = (v - mean) * inverse;
                        z * z
                    })
                    .sum();
                *ln_joint = constants[c] - 0.5 * square;
            }
            let of_own = ln_joint[own];
            // −ln P(C|Y), without loss where P is near 1.
            let others: f64 =
                ln_joint.iter().enumerate().filter(|(c, _)| *c != own).map(|(_, l)| (l - of_own).exp()).sum();
            let surprise = others.ln_1p();
            sum += surprise;
            squares += surprise * surprise;
        }
        let mean = sum / draws;
        information += class.weight * (-class.weight.ln() - mean);
        variance += class.weight.powi(2) * ((squares - sum * mean) / (draws - 1.0)).max(0.0) / draws;
    }
    (information.max(0.0), variance.sqrt())
}

/// ln p(y|c) up to what all classes share.
struct LnDensity {
    /// −Σ ln sd.
    constant: f64,
    /// Mean and 1/sd of every column.
    columns: Vec<(f64, f64)>,
}

impl LnDensity {
    fn new(class: &Class) -> Self {
        let columns = class.columns.iter();
        Self {
            constant: -columns.clone().map(|(_, sd)| sd.ln()).sum::<f64>(),
            columns: columns.map(|(mean, sd)| (*mean, 1.0 / sd)).collect(),
        }
    }

    fn at(&self, y: &[f64]) -> f64 {
        let squares = y.iter().zip(&self.columns).map(|(v, (mean, inverse))| ((v - mean) * inverse).powi(2));
        self.constant - 0.5 * squares.sum::<f64>()
    }
}

impl Joint for Labels {
    fn categories(&self) -> (Vec<bool>, Vec<bool>) {
        (vec![true; self.dims.0], vec![false; self.dims.1])
    }

    fn dims(&self) -> (usize, usize) {
        self.dims
    }

    fn mi_nats(&self) -> f64 {
        self.mi_nats
    }

    fn mi_standard_error(&self) -> f64 {
        self.standard_error
    }

    fn sample<R: Rng + ?Sized>(&self, n: usize, rng: &mut R) -> Sample {
        let x = DMatrix::from_fn(n, self.dims.0, |_, _| self.index.sample(rng) as f64);
        let mut y = DMatrix::from_fn(n, self.dims.1, |_, _| rng.sample(StandardNormal));
        for (j, mut column) in y.column_iter_mut().take(self.classes[0].columns.len()).enumerate() {
            for (v, label) in column.iter_mut().zip(x.column(0).iter()) {
                let (mean, sd) = self.classes[*label as usize].columns[j];
                *v = mean + sd * *v;
            }
        }
        Sample { x, y }
    }

    /// ln p(y|c) − ln Σ w p(y|c′), the sum over all classes c′.
    fn pointwise_mi(&self, sample: &Sample) -> Vec<f64> {
        let densities: Vec<LnDensity> = self.classes.iter().map(LnDensity::new).collect();
        let mut ln_given = vec![0.0; densities.len()];
        let mut of_row = vec![0.0; self.classes[0].columns.len()];
        let mut value = |row: usize| {
            of_row.iter_mut().enumerate().for_each(|(j, v)| *v = sample.y[(row, j)]);
            ln_given.iter_mut().zip(&densities).for_each(|(ln, density)| *ln = density.at(&of_row));
            let own = ln_given[sample.x[(row, 0)] as usize];
            // Another class is e^t times as likely as the own one in fewer than e^−t of all rows: nothing overflows.
            let relative = |(ln, class): (&f64, &Class)| class.weight * (ln - own).exp();
            -ln_given.iter().zip(&self.classes).map(relative).sum::<f64>().ln()
        };
        (0..sample.x.nrows()).map(&mut value).collect()
    }
}

/// The prior of labels. The weights are a draw from the symmetric Dirichlet distribution with a parameter a, ln a ~ U(ln 1, ln 30);
/// d ~ U{1..min(`dim_y`, `columns`)} columns of Y depend on the class. The means are normal with standard deviation
/// s/√d, so that s is the scale of the distance between two classes, and the logarithms of the standard deviations are
/// normal with standard deviation t ~ U(0, `spread`).
#[derive(Debug, Clone, PartialEq)]
pub struct LabelsPrior {
    /// Range of the number of classes.
    pub classes: [usize; 2],
    /// Range of s; log-uniform.
    pub separation: Range,
    /// Largest t.
    pub spread: f64,
    /// The most columns of Y that depend on the class.
    pub columns: usize,
}

impl Prior for LabelsPrior {
    type Joint = Labels;

    const KIND: &'static str = "labels";

    const SWAP: f64 = 0.5;

    fn read(keys: &mut Keys) -> Result<Self, ConfigError> {
        let classes = keys.whole_range("classes", [2, 10], Labels::CLASSES)?;
        let separation = keys.range("separation", [0.05, 20.0], Domain::closed(1e-3, 1e3))?;
        let spread = keys.number("spread", 0.5, Domain::closed(0.0, 2.0))?;
        let columns = keys.whole("columns", 6, Domain::whole(1, 64))?;
        Ok(Self { classes, separation, spread, columns })
    }

    fn write(&self, keys: &mut Written) {
        keys.set("classes", self.classes).set("separation", self.separation);
        keys.set("spread", self.spread).set("columns", self.columns);
    }

    fn has_ties(&self) -> bool {
        true
    }

    fn draw<R: Rng + ?Sized>(&self, dims: (usize, usize), rng: &mut R) -> Self::Joint {
        let count = rng.random_range(self.classes[0]..=self.classes[1]);
        let columns = rng.random_range(1..=dims.1.min(self.columns));
        let distance = log_uniform(&self.separation, rng) / (columns as f64).sqrt();
        let spread = self.spread * rng.random::<f64>();
        let concentration = log_uniform(&[1.0, 30.0], rng);
        let normal = |scale: f64, rng: &mut R| scale * rng.sample::<f64, _>(StandardNormal);
        let classes = dirichlet(count, concentration, rng)
            .into_iter()
            .map(|weight| Class {
                weight,
                columns: (0..columns).map(|_| (normal(distance, rng), normal(spread, rng).exp())).collect(),
            })
            .collect();
        drawn(Labels::new(classes, dims, rng))
    }
}
