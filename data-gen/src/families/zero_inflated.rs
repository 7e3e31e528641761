//! Bivariate normal pairs with one and the same value in place of some values.

use rand::Rng;

use crate::ground::{
    domain::Domain,
    draw::uniform,
    error::{ConfigError, ParameterError},
    keys::{Keys, Range, Written},
    normal_pair::NormalPair,
    pairs::{Pair, Pairs, draw_count},
    prior::{Prior, drawn},
};

/// (M X, M′ Y) with (X, Y) normal of correlation ρ and masks M, M′ in {0, 1} that depend on each other, not on X and Y.
///
/// A value is zero where it is masked and nowhere else, so I = I(M; M′) + P(M = M′ = 1) I(X; Y): without dependence of
/// the masks a share of the normal's −½ ln(1 − ρ²). With [`ZeroInflated::as_least`] the masked values are below all
/// others, as the zeros of what is never negative: amounts of rain, counts of molecules. The MI is the same.
///
/// # Domain
/// That of [`NormalPair`] for ρ; P(M = 1) = p and P(M′ = 1) = p′ in [0, 1], and
/// max(0, p + p′ − 1) ≤ P(M = M′ = 1) ≤ min(p, p′).
///
/// # Source
/// Aitchison, "On the distribution of a positive random variable having a discrete probability mass at the origin",
/// Journal of the American Statistical Association 50 (1955); Gao, Kannan, Oh and Viswanath, "Estimating mutual
/// information for discrete-continuous mixtures" (NeurIPS 2017): zero-inflated tasks with known MI.
///
/// ```
/// use mist_data_gen::families::{zero_inflated::ZeroInflated, pairs::Pair};
///
/// let half_of_x = ZeroInflated::new(0.75, 0.5, 1.0, 0.5)?;
/// assert!((half_of_x.mi_nats() - 0.5 * 0.413_339_286_592_233_96).abs() < 1e-15);
/// # Ok::<(), mist_data_gen::ParameterError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ZeroInflated {
    normal: NormalPair,
    /// P(M = 1).
    shown_x: f64,
    /// P(M′ = 1).
    shown_y: f64,
    /// P(M = M′ = 1).
    shown_both: f64,
    /// What is in place of a masked value.
    masked: f64,
}

/// Below any normal number that is ever drawn.
const LEAST: f64 = -40.0;

impl ZeroInflated {
    /// With correlation `rho` and the probabilities that X, Y and both are shown.
    ///
    /// # Errors
    /// A parameter outside its domain.
    pub fn new(rho: f64, shown_x: f64, shown_y: f64, shown_both: f64) -> Result<Self, ParameterError> {
        for (name, p) in [("shown_x", shown_x), ("shown_y", shown_y)] {
            Domain::PROBABILITY.check(name, p)?;
        }
        if !Self::shown_both_between(shown_x, shown_y).contains(&shown_both) {
            let expected = "a number in [max(0, shown_x + shown_y − 1), min(shown_x, shown_y)]";
            return Err(ParameterError::new("shown_both", expected, shown_both));
        }
        Ok(Self { normal: NormalPair::new(rho)?, shown_x, shown_y, shown_both, masked: 0.0 })
    }

    /// With masked values that are less than all others, in place of zeros.
    #[must_use]
    pub fn as_least(self) -> Self {
        Self { masked: LEAST, ..self }
    }

    /// The least and the largest P(M = M′ = 1) (Fréchet 1951).
    fn shown_both_between(shown_x: f64, shown_y: f64) -> std::ops::RangeInclusive<f64> {
        let most = shown_x.min(shown_y);
        // Where one is 1, rounding may leave the lower bound above the upper.
        (shown_x + shown_y - 1.0).clamp(0.0, most)..=most
    }

    /// ρ.
    #[must_use]
    pub fn rho(&self) -> f64 {
        self.normal.rho()
    }

    /// P(M = m, M′ = m′).
    #[must_use]
    pub fn masks(&self) -> [[f64; 2]; 2] {
        let Self { shown_x, shown_y, shown_both, .. } = *self;
        // Rounding may leave less than nothing.
        let hidden = (1.0 - shown_x - shown_y + shown_both).max(0.0);
        [[hidden, shown_y - shown_both], [shown_x - shown_both, shown_both]]
    }
}

impl Pair for ZeroInflated {
    fn mi_nats(&self) -> f64 {
        let (of_x, of_y) = ([1.0 - self.shown_x, self.shown_x], [1.0 - self.shown_y, self.shown_y]);
        let mut of_masks = 0.0;
        for (row, of_x) in self.masks().iter().zip(of_x) {
            for (&p, of_y) in row.iter().zip(of_y) {
                if p > 0.0 && of_x > 0.0 && of_y > 0.0 {
                    of_masks += p * (p / of_x / of_y).ln();
                }
            }
        }
        of_masks.max(0.0) + self.shown_both * self.normal.mi_nats()
    }

    fn draw<R: Rng + ?Sized>(&self, rng: &mut R) -> (f64, f64) {
        let (x, y) = self.normal.draw(rng);
        let u: f64 = rng.random();
        // Both below P(M = M′ = 1), then X alone up to P(M = 1), then Y alone.
        let show_x = u < self.shown_x;
        let show_y = u < self.shown_both || (!show_x && u < self.shown_x + self.shown_y - self.shown_both);
        (if show_x { x } else { self.masked }, if show_y { y } else { self.masked })
    }

    fn pointwise_mi(&self) -> impl FnMut(f64, f64) -> f64 {
        let (of_x, of_y) = ([1.0 - self.shown_x, self.shown_x], [1.0 - self.shown_y, self.shown_y]);
        let masks = self.masks();
        let of_masks: [[f64; 2]; 2] = std::array::from_fn(|i| {
            // Rounding may leave nothing of what is drawn once in 1e16 rows.
            let floor = f64::MIN_POSITIVE;
            std::array::from_fn(|j| masks[i][j].max(floor).ln() - of_x[i].max(floor).ln() - of_y[j].max(floor).ln())
        });
        let normal = self.normal.pointwise_mi();
        let masked = self.masked;
        move |x, y| {
            let (i, j) = (usize::from(x != masked), usize::from(y != masked));
            of_masks[i][j] + if i + j == 2 { normal(x, y) } else { 0.0 }
        }
    }
}

/// The prior of zero-inflated pairs, K ~ U{1..min dim}.
#[derive(Debug, Clone, PartialEq)]
pub struct ZeroInflatedPrior {
    /// Range of the MI of an unmasked pair.
    pub mi: Range,
    /// Range of the probabilities that X and Y are shown.
    pub shown: Range,
    /// Probability that Y is always shown.
    pub one_sided: f64,
    /// Probability that the masks depend on each other: P(M = M′ = 1) then lies uniformly between independence and
    /// either of its bounds.
    pub dependent: f64,
    /// Probability that masked values are below all others.
    pub least: f64,
}

impl Prior for ZeroInflatedPrior {
    type Joint = Pairs<ZeroInflated>;

    const KIND: &'static str = "inflated";

    const SWAP: f64 = 0.5;

    fn read(keys: &mut Keys) -> Result<Self, ConfigError> {
        Ok(Self {
            mi: NormalPair::read_mi(keys)?,
            shown: keys.range("shown", [0.1, 1.0], Domain::PROBABILITY)?,
            one_sided: keys.probability("one_sided", 0.3)?,
            dependent: keys.probability("dependent", 0.5)?,
            least: keys.probability("least", 0.0)?,
        })
    }

    fn write(&self, keys: &mut Written) {
        keys.set("mi", self.mi).set("shown", self.shown);
        keys.set("one_sided", self.one_sided).set("dependent", self.dependent);
        // Mixes from before the key keep their hash, as they keep their draws.
        if self.least > 0.0 {
            keys.set("least", self.least);
        }
    }

    fn has_ties(&self) -> bool {
        true
    }

    fn draw<R: Rng + ?Sized>(&self, dims: (usize, usize), rng: &mut R) -> Self::Joint {
        let pairs = draw_count(dims, rng);
        let rho = NormalPair::with_mi_of(&self.mi, pairs, rng).rho();
        let shown_x = uniform(&self.shown, rng);
        let shown_y = if rng.random_bool(self.one_sided) { 1.0 } else { uniform(&self.shown, rng) };
        let (least, most) = ZeroInflated::shown_both_between(shown_x, shown_y).into_inner();
        let mut shown_both = shown_x * shown_y;
        if rng.random_bool(self.dependent) {
            let bound = if rng.random_bool(0.5) { least } else { most };
            shown_both += (bound - shown_both) * rng.random::<f64>();
        }
        // Rounding may lead out of the bounds.
        let shown_both = shown_both.clamp(least, most);
        let mut pair = drawn(ZeroInflated::new(rho, shown_x, shown_y, shown_both));
        // No number is taken where the answer is known: mixes without the key keep their draws.
        if self.least > 0.0 && rng.random_bool(self.least) {
            pair = pair.as_least();
        }
        drawn(Pairs::new(pair, pairs, dims))
    }
}
