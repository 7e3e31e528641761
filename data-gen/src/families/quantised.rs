//! Bivariate normal pairs of which one or both members are rounded or cut into levels.

use rand::Rng;
use rand_distr::StandardNormal;
use serde::{Deserialize, Serialize};

use crate::ground::{
    domain::Domain,
    draw::log_uniform,
    error::{ConfigError, ParameterError},
    information::cells_mi_nats,
    keys::{Keys, Range, Written},
    normal::{ln_mass, ln_masses, normal_quantile, with_infinities},
    normal_pair::{NormalPair, REACH},
    pairs::{Pair, Pairs, draw_count},
    prior::{Prior, drawn},
};

/// A step function of a standard normal: the value i between the edges i − 1 and i.
#[derive(Debug, Clone, PartialEq)]
pub struct Quantiser {
    edges: Vec<f64>,
    /// Value of the lowest cell, and how much every next one is above.
    first: f64,
    step: f64,
}

impl Quantiser {
    /// Domain of the step of a grid, in standard deviations.
    pub const STEP: Domain = Domain::closed(0.05, 10.0);

    /// Domain of edges.
    pub const EDGES: Domain = Domain::closed(-REACH, REACH);

    /// Rounding to the nearest `offset` + k `step`; the values beyond 8.5 standard deviations are cut off.
    ///
    /// # Errors
    /// `step` is outside [`Quantiser::STEP`], or `offset` outside [0, step].
    pub fn grid(step: f64, offset: f64) -> Result<Self, ParameterError> {
        Self::STEP.check("step", step)?;
        Domain::closed(0.0, step).check("offset", offset)?;
        // The lowest k whose upper edge is within reach.
        let lowest = ((-REACH - offset) / step - 0.5).ceil();
        let edges = (0..).map(|i| offset + step * (lowest + 0.5 + f64::from(i))).take_while(|edge| *edge <= REACH);
        Ok(Self { edges: edges.collect(), first: offset + step * lowest, step })
    }

    /// Levels 0, 1, … between increasing `edges`.
    ///
    /// # Errors
    /// No edge, one beyond ±8.5, or two that do not increase.
    pub fn levels(edges: Vec<f64>) -> Result<Self, ParameterError> {
        let increase = edges.windows(2).all(|pair| pair[0] < pair[1]);
        if edges.is_empty() || !increase || !edges.iter().all(|&edge| Self::EDGES.contains(edge)) {
            let expected = format!("at least one, each {} and larger than the last", Self::EDGES);
            return Err(ParameterError::new("edges", expected, format!("{edges:?}")));
        }
        Ok(Self { edges, first: 0.0, step: 1.0 })
    }

    /// Levels 0, …, `count` − 1 of equal probability.
    ///
    /// # Errors
    /// Fewer than two.
    pub fn quantiles(count: usize) -> Result<Self, ParameterError> {
        Self::levels((1..count).map(|i| normal_quantile(i as f64 / count as f64)).collect())
    }

    /// Where the value changes.
    #[must_use]
    pub fn edges(&self) -> &[f64] {
        &self.edges
    }

    /// The value of the i-th cell.
    #[must_use]
    pub fn value(&self, i: usize) -> f64 {
        self.first + self.step * i as f64
    }

    /// Which cell has this value.
    fn cell(&self, value: f64) -> usize {
        ((value - self.first) / self.step).round() as usize
    }

    fn apply(&self, x: f64) -> f64 {
        self.value(self.edges.partition_point(|edge| *edge < x))
    }
}

/// (Q(X), Y) or (Q(X), Q′(Y)) with (X, Y) normal of correlation ρ.
///
/// I(Q(X); Y) = ∫ φ(y) Σ_i P(i|y) ln(P(i|y)/P_i) dy by the trapezoid rule; I(Q(X); Q′(Y)) is that of the table of
/// rectangle probabilities, by the Gauss–Legendre rule.
///
/// # Domain
/// That of [`NormalPair`] and [`Quantiser`].
///
/// # Source
/// Sheppard, "On the application of the theory of error to cases of normal distribution and normal correlation",
/// Philosophical Transactions A 192 (1899): the probability that both signs agree. Cover and Thomas, "Elements of
/// Information Theory" (2006), section 8.3: quantised variables.
///
/// # Limits
/// Within 1e-8 nats (held by a test against quadratures four times as fine).
///
/// ```
/// use mist_data_gen::families::{pairs::Pair, quantised::{Quantised, Quantiser}};
///
/// // The signs of both agree with probability ½ + arcsin(ρ)/π = 2/3.
/// let signs = Quantised::new(0.5, Quantiser::quantiles(2)?, Some(Quantiser::quantiles(2)?))?;
/// let known = 2.0_f64.ln() - 3.0_f64.ln() + 2.0 / 3.0 * 2.0_f64.ln();
/// assert!((signs.mi_nats() - known).abs() < 1e-9);
/// # Ok::<(), mist_data_gen::ParameterError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Quantised {
    normal: NormalPair,
    x: Quantiser,
    y: Option<Quantiser>,
    mi_nats: f64,
}

impl Quantised {
    /// Of a pair with correlation `rho`; Y is continuous if there is no `y`.
    ///
    /// # Errors
    /// ρ is outside its domain.
    pub fn new(rho: f64, x: Quantiser, y: Option<Quantiser>) -> Result<Self, ParameterError> {
        let mut pair = Self { normal: NormalPair::new(rho)?, x, y, mi_nats: 0.0 };
        pair.mi_nats = pair.mi_by_quadrature(1.0);
        Ok(pair)
    }

    /// The MI in nats with panels and steps divided by `refine`.
    #[must_use]
    pub fn mi_by_quadrature(&self, refine: f64) -> f64 {
        match &self.y {
            None => self.normal.information_on_cells(&self.x.edges, |_| true, refine),
            Some(y) => cells_mi_nats(&self.normal.rectangles(&self.x.edges, &y.edges, refine)),
        }
    }

    /// ρ.
    #[must_use]
    pub fn rho(&self) -> f64 {
        self.normal.rho()
    }

    /// The quantisers of X and of Y; Y is continuous without one.
    #[must_use]
    pub fn quantisers(&self) -> (&Quantiser, Option<&Quantiser>) {
        (&self.x, self.y.as_ref())
    }
}

impl Pair for Quantised {
    fn mi_nats(&self) -> f64 {
        self.mi_nats
    }

    fn draw<R: Rng + ?Sized>(&self, rng: &mut R) -> (f64, f64) {
        let (x, y) = self.normal.draw(rng);
        (self.x.apply(x), self.y.as_ref().map_or(y, |quantiser| quantiser.apply(y)))
    }

    fn pointwise_mi(&self) -> impl FnMut(f64, f64) -> f64 {
        let of_x = ln_masses(&self.x.edges);
        let ends = with_infinities(&self.x.edges);
        let of_y = self.y.as_ref().map(|y| (y, ln_masses(&y.edges), with_infinities(&y.edges)));
        // Of the cells of a table, as far as they are met.
        let mut known = vec![None; of_x.len() * of_y.as_ref().map_or(0, |(_, of_y, _)| of_y.len())];
        move |x, y| {
            let i = self.x.cell(x);
            let (from, to) = (ends[i], ends[i + 1]);
            let Some((quantiser, of_y, ends_y)) = &of_y else {
                return ln_mass(self.normal.scaled(from, y), self.normal.scaled(to, y)) - of_x[i];
            };
            let j = quantiser.cell(y);
            *known[i * of_y.len() + j].get_or_insert_with(|| {
                self.normal.ln_rectangle((from, to), (ends_y[j], ends_y[j + 1])) - of_x[i] - of_y[j]
            })
        }
    }
}

/// The ways to quantise a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scheme {
    /// [`Quantiser::grid`], the step log-uniform over `step`, the offset uniform over one step.
    Grid,
    /// [`Quantiser::quantiles`], their number uniform over `levels`.
    Quantiles,
    /// [`Quantiser::levels`] with standard normal edges, their number uniform over `levels`.
    Cuts,
}

impl Scheme {
    /// All schemes.
    pub const ALL: [Self; 3] = [Self::Grid, Self::Quantiles, Self::Cuts];

    /// The name, as in configurations.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Grid => "grid",
            Self::Quantiles => "quantiles",
            Self::Cuts => "cuts",
        }
    }
}

/// The prior of quantised pairs, K ~ U{1..min dim}.
#[derive(Debug, Clone, PartialEq)]
pub struct QuantisedPrior {
    /// The schemes, equally likely.
    pub shapes: Vec<Scheme>,
    /// Range of the MI of an unquantised pair.
    pub mi: Range,
    /// Range of the grid's step, in standard deviations.
    pub step: Range,
    /// Range of the number of levels.
    pub levels: [usize; 2],
    /// Probability that Y is quantised, too.
    pub both: f64,
}

impl QuantisedPrior {
    fn quantiser<R: Rng + ?Sized>(&self, rng: &mut R) -> Quantiser {
        let levels = |rng: &mut R| rng.random_range(self.levels[0]..=self.levels[1]);
        drawn(match self.shapes[rng.random_range(0..self.shapes.len())] {
            Scheme::Grid => {
                let step = log_uniform(&self.step, rng);
                Quantiser::grid(step, step * rng.random::<f64>())
            }
            Scheme::Quantiles => Quantiser::quantiles(levels(rng)),
            Scheme::Cuts => {
                let mut edges: Vec<f64> = (1..levels(rng)).map(|_| rng.sample(StandardNormal)).collect();
                edges.sort_by(f64::total_cmp);
                edges.dedup();
                Quantiser::levels(edges)
            }
        })
    }
}

impl Prior for QuantisedPrior {
    type Joint = Pairs<Quantised>;

    const KIND: &'static str = "quantised";

    const SWAP: f64 = 0.5;

    fn read(keys: &mut Keys) -> Result<Self, ConfigError> {
        Ok(Self {
            shapes: keys.some_of("shapes", "shape", &Scheme::ALL, Scheme::ALL.to_vec())?,
            mi: NormalPair::read_mi(keys)?,
            step: keys.range("step", [0.1, 3.0], Quantiser::STEP)?,
            levels: keys.whole_range("levels", [2, 12], Domain::whole(2, 64))?,
            both: keys.probability("both", 0.5)?,
        })
    }

    fn write(&self, keys: &mut Written) {
        keys.set("shapes", &self.shapes).set("mi", self.mi).set("step", self.step);
        keys.set("levels", self.levels).set("both", self.both);
    }

    fn shapes(&self) -> Vec<&'static str> {
        self.shapes.iter().map(|shape| shape.as_str()).collect()
    }

    fn has_ties(&self) -> bool {
        true
    }

    fn draw<R: Rng + ?Sized>(&self, dims: (usize, usize), rng: &mut R) -> Self::Joint {
        let pairs = draw_count(dims, rng);
        let rho = NormalPair::with_mi_of(&self.mi, pairs, rng).rho();
        let x = self.quantiser(rng);
        let y = rng.random_bool(self.both).then(|| self.quantiser(rng));
        drawn(Pairs::new(drawn(Quantised::new(rho, x, y)), pairs, dims))
    }
}
