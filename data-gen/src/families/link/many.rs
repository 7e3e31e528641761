//! Several pairs, each joined by a function with noise, among columns of noise.

use nalgebra::DMatrix;
use rand::Rng;
use rand_distr::StandardNormal;
use serde::{Deserialize, Serialize};

use super::{
    density,
    noise::{Noise, Spread},
    pair::Link,
};
use crate::ground::{
    curve::CurveKind,
    draw::{log_uniform, uniform},
    error::{ConfigError, ParameterError},
    joint::Joint,
    keys::{Keys, Range, Written},
    marginal::Marginal,
    prior::{Prior, drawn},
    quadrature::Source,
    sample::Sample,
};

/// Distinct parameter sets of one task: each costs a quadrature.
const MOST_SETS: usize = 3;

/// The marginals of columns without a partner.
const FURTHER: [Marginal; 4] = [Marginal::Normal, Marginal::Uniform, Marginal::Exponential, Marginal::Laplace];

/// `(X_i, Y_i)`, i ≤ K, independent pairs, each a [`Link`]; further columns are independent of all else.
///
/// I(X; Y) = Σ I(`X_i`; `Y_i`).
///
/// # Domain
/// 1 ≤ K ≤ min(`dim_x`, `dim_y`).
///
/// # Limits
/// Those of [`Link`], K times.
///
/// ```
/// use mist_data_gen::families::{
///     Joint,
///     link::{Curve, Link, Noise, Source},
///     links::Links,
/// };
///
/// let line = Link::new(Source::Normal, Curve::Linear, Noise::Normal, 1.0)?;
/// let links = Links::new(vec![line], vec![0, 0, 0], (vec![], vec![]))?;
/// assert_eq!(links.dims(), (3, 3));
/// assert!((links.mi_nats() - 1.5 * 2.0_f64.ln()).abs() < 1e-4);
/// # Ok::<(), mist_data_gen::ParameterError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Links {
    sets: Vec<Link>,
    set_of_pair: Vec<usize>,
    further: (Vec<Marginal>, Vec<Marginal>),
}

impl Links {
    /// One pair for each entry of `set_of_pair`, an index into `sets`; then the `further` columns of X and of Y.
    ///
    /// # Errors
    /// There is no pair, or one without its set.
    pub fn new(
        sets: Vec<Link>,
        set_of_pair: Vec<usize>,
        further: (Vec<Marginal>, Vec<Marginal>),
    ) -> Result<Self, ParameterError> {
        if set_of_pair.is_empty() || set_of_pair.iter().any(|&set| set >= sets.len()) {
            let got = format!("{set_of_pair:?} of {} sets", sets.len());
            return Err(ParameterError::new("set_of_pair", "at least one index, each of a set", got));
        }
        Ok(Self { sets, set_of_pair, further })
    }

    /// The coupled pairs.
    pub fn pairs(&self) -> impl ExactSizeIterator<Item = &Link> {
        self.set_of_pair.iter().map(|&set| &self.sets[set])
    }
}

impl Joint for Links {
    fn dims(&self) -> (usize, usize) {
        let pairs = self.set_of_pair.len();
        (pairs + self.further.0.len(), pairs + self.further.1.len())
    }

    fn mi_nats(&self) -> f64 {
        self.pairs().map(Link::mi_nats).sum()
    }

    fn sample<R: Rng + ?Sized>(&self, n: usize, rng: &mut R) -> Sample {
        let (dim_x, dim_y) = self.dims();
        let (mut x, mut y) = (DMatrix::zeros(n, dim_x), DMatrix::zeros(n, dim_y));
        for (i, pair) in self.pairs().enumerate() {
            let column = i * n..(i + 1) * n;
            pair.sample_into(&mut x.as_mut_slice()[column.clone()], &mut y.as_mut_slice()[column], rng);
        }
        for (side, further) in [(&mut x, &self.further.0), (&mut y, &self.further.1)] {
            for (mut column, marginal) in side.column_iter_mut().skip(self.set_of_pair.len()).zip(further) {
                column.iter_mut().for_each(|v| *v = rng.sample(StandardNormal));
                marginal.apply(column.as_mut_slice(), rng);
            }
        }
        Sample { x, y }
    }

    /// The pairs of a set share one density of Y.
    fn pointwise_mi(&self, sample: &Sample) -> Vec<f64> {
        let n = sample.x.nrows();
        let mut values = vec![0.0; n];
        for (set, link) in self.sets.iter().enumerate() {
            let (mut x, mut y) = (Vec::new(), Vec::new());
            for (i, _) in self.set_of_pair.iter().enumerate().filter(|(_, of)| **of == set) {
                x.extend_from_slice(&sample.x.as_slice()[i * n..(i + 1) * n]);
                y.extend_from_slice(&sample.y.as_slice()[i * n..(i + 1) * n]);
            }
            let of_pairs = density::pointwise_mi(link, &x, &y);
            for column in of_pairs.chunks_exact(n.max(1)) {
                values.iter_mut().zip(column).for_each(|(v, of_pair)| *v += of_pair);
            }
        }
        values
    }
}

/// The kinds of [`Noise`], for configurations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoiseKind {
    /// [`Noise::Normal`].
    Normal,
    /// [`Noise::Uniform`].
    Uniform,
    /// [`Noise::Student`].
    Student,
    /// [`Noise::Laplace`].
    Laplace,
}

impl NoiseKind {
    /// All kinds.
    pub const ALL: [Self; 4] = [Self::Normal, Self::Uniform, Self::Student, Self::Laplace];

    /// Those that are not [held out](crate::held_out).
    pub const TRAINED: [Self; 3] = [Self::Normal, Self::Uniform, Self::Student];

    /// The name, as in configurations.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Uniform => "uniform",
            Self::Student => "student",
            Self::Laplace => "laplace",
        }
    }
}

/// The prior of pairs with noise: K ~ U{1..min dim}, with up to 3 parameter sets among them. X is normal or uniform,
/// equally likely; further columns are normal, uniform, exponential or Laplace.
#[derive(Debug, Clone, PartialEq)]
pub struct LinksPrior {
    /// The functions, equally likely; by default the first ten of [`CurveKind::ALL`].
    pub curves: Vec<CurveKind>,
    /// The kinds of noise, equally likely.
    pub noises: Vec<NoiseKind>,
    /// Range of the noise's standard deviation (of Student's t: its scale), log-uniform.
    pub noise: Range,
    /// Range of Student noise's ν.
    pub nu: Range,
    /// Probability that the width of the noise depends on X: as exp(b x), b ~ U(−0.7, 0.7), or as 1 + b |x|,
    /// b ~ U(0.2, 3). Laplace noise has none of it.
    pub heteroscedastic: f64,
}

impl LinksPrior {
    fn draw_link<R: Rng + ?Sized>(&self, rng: &mut R) -> Link {
        let source = if rng.random() { Source::Normal } else { Source::Uniform };
        let curve = self.curves[rng.random_range(0..self.curves.len())].draw(rng);
        let noise = match self.noises[rng.random_range(0..self.noises.len())] {
            NoiseKind::Normal => Noise::Normal,
            NoiseKind::Uniform => Noise::Uniform,
            NoiseKind::Laplace => Noise::Laplace,
            NoiseKind::Student => Noise::Student { nu: uniform(&self.nu, rng) },
        };
        let sd = log_uniform(&self.noise, rng);
        let spread = if noise == Noise::Laplace || !rng.random_bool(self.heteroscedastic) {
            Spread::Constant
        } else if rng.random() {
            Spread::Exponential { rate: rng.random_range(-0.7..0.7) }
        } else {
            Spread::Growing { slope: rng.random_range(0.2..3.0) }
        };
        drawn(Link::heteroscedastic(source, curve, noise, sd, spread))
    }
}

impl Prior for LinksPrior {
    type Joint = Links;

    const KIND: &'static str = "links";

    const SWAP: f64 = 0.5;

    fn read(keys: &mut Keys) -> Result<Self, ConfigError> {
        let noises = keys.some_of("noises", "noise", &NoiseKind::ALL, NoiseKind::TRAINED.to_vec())?;
        // The other noises have none: the keys would not apply.
        let nu =
            if noises.contains(&NoiseKind::Student) { keys.range("nu", [2.0, 10.0], Noise::NU)? } else { [2.0, 10.0] };
        let heteroscedastic =
            if noises == [NoiseKind::Laplace] { 0.0 } else { keys.probability("heteroscedastic", 0.25)? };
        Ok(Self {
            curves: keys.some_of("curves", "function", &CurveKind::ALL, CurveKind::ALL[..10].to_vec())?,
            noises,
            noise: keys.range("noise", [0.05, 5.0], Link::NOISE_SD)?,
            nu,
            heteroscedastic,
        })
    }

    fn write(&self, keys: &mut Written) {
        keys.set("curves", &self.curves).set("noises", &self.noises).set("noise", self.noise);
        if self.noises.contains(&NoiseKind::Student) {
            keys.set("nu", self.nu);
        }
        if self.noises != [NoiseKind::Laplace] {
            keys.set("heteroscedastic", self.heteroscedastic);
        }
    }

    fn label(&self) -> String {
        let mut label = Self::KIND.to_owned();
        if let [curve] = self.curves[..] {
            label = format!("{label}-{}", curve.as_str());
        }
        if let [noise] = self.noises[..] {
            label = format!("{label}-{}", noise.as_str());
        }
        label
    }

    fn detail(&self) -> String {
        let names: Vec<&str> = self.noises.iter().map(|noise| noise.as_str()).collect();
        format!(" with noises `{}`", names.join("`, `"))
    }

    fn features(&self) -> Vec<String> {
        let curves = self.curves.iter().map(|curve| format!("curve-{}", curve.as_str()));
        let noises = self.noises.iter().map(|noise| format!("noise-{}", noise.as_str()));
        let spread = (self.heteroscedastic > 0.0).then(|| "heteroscedastic".to_owned());
        curves.chain(noises).chain(spread).collect()
    }

    /// Wide noise and steep curves reach beyond where Φ rounds to 1.
    fn has_light_tails(&self) -> bool {
        false
    }

    fn draw<R: Rng + ?Sized>(&self, dims: (usize, usize), rng: &mut R) -> Self::Joint {
        let pairs = rng.random_range(1..=dims.0.min(dims.1));
        let sets: Vec<Link> = (0..rng.random_range(1..=pairs.min(MOST_SETS))).map(|_| self.draw_link(rng)).collect();
        // Every set has a pair.
        let set_of_pair =
            (0..pairs).map(|i| if i < sets.len() { i } else { rng.random_range(0..sets.len()) }).collect();
        let mut further =
            |dim: usize| (pairs..dim).map(|_| FURTHER[rng.random_range(0..FURTHER.len())]).collect::<Vec<_>>();
        let further = (further(dims.0), further(dims.1));
        Links::new(sets, set_of_pair, further).expect("every pair has a set")
    }
}
