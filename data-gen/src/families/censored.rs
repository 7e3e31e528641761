//! Bivariate normal pairs with X cut off at one or both ends.

use rand::Rng;

use crate::ground::{
    domain::Domain,
    draw::uniform,
    error::{ConfigError, ParameterError},
    keys::{Keys, Range, Written},
    normal::{normal_cdf, normal_density, normal_quantile},
    normal_pair::{NormalPair, REACH},
    pairs::{Pair, Pairs, draw_count},
    prior::{Prior, drawn},
};

/// X′ = min(max(X, a), b) and Y, with (X, Y) normal of correlation ρ.
///
/// The part of the MI that comes from values between a and b has a closed form; the part of the two ends is an integral
/// over y:
///
/// I(X′; Y) = −½ ln(1 − ρ²) P(a < X < b) + ½ ρ² (a φ(a) − b φ(b)) + Σ ∫ φ(y) P(end|y) ln(P(end|y)/P(end)) dy.
///
/// # Domain
/// That of [`NormalPair`] for ρ; a < b, each in [`Censored::ENDS`], with ±8.5 for an end that is not cut off.
///
/// # Source
/// Tobin, "Estimation of relationships for limited dependent variables", Econometrica 26 (1958): the censored normal.
///
/// # Limits
/// Within 1e-8 nats (held by a test against a quadrature four times as fine).
///
/// ```
/// use mist_data_gen::families::{censored::Censored, pairs::Pair};
///
/// let whole = Censored::new(0.75, -8.5, 8.5)?;
/// assert!((whole.mi_nats() - 0.413_339_286_592_233_96).abs() < 1e-12);
/// # Ok::<(), mist_data_gen::ParameterError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Censored {
    normal: NormalPair,
    low: f64,
    high: f64,
    mi_nats: f64,
}

impl Censored {
    /// Domain of a and b.
    pub const ENDS: Domain = Domain::closed(-REACH, REACH);

    /// With correlation `rho`, cut off at `low` and `high`.
    ///
    /// # Errors
    /// A parameter outside its domain.
    pub fn new(rho: f64, low: f64, high: f64) -> Result<Self, ParameterError> {
        Self::ENDS.check("low", low)?;
        Self::ENDS.check("high", high)?;
        if low >= high {
            return Err(ParameterError::new("ends", "low < high", format!("[{low}, {high}]")));
        }
        let mut pair = Self { normal: NormalPair::new(rho)?, low, high, mi_nats: 0.0 };
        pair.mi_nats = pair.mi_by_quadrature(1.0);
        Ok(pair)
    }

    /// The MI in nats with the quadrature's step divided by `refine`.
    #[must_use]
    pub fn mi_by_quadrature(&self, refine: f64) -> f64 {
        let Self { normal, low, high, .. } = *self;
        let between = if low > 0.0 { normal_cdf(-low) - normal_cdf(-high) } else { normal_cdf(high) - normal_cdf(low) };
        let slope = 0.5 * normal.rho() * normal.rho() * (low * normal_density(low) - high * normal_density(high));
        normal.mi_nats() * between + slope + normal.information_on_cells(&[low, high], |cell| cell != 1, refine)
    }

    /// ρ.
    #[must_use]
    pub fn rho(&self) -> f64 {
        self.normal.rho()
    }

    /// a and b.
    #[must_use]
    pub fn ends(&self) -> (f64, f64) {
        (self.low, self.high)
    }
}

impl Pair for Censored {
    fn mi_nats(&self) -> f64 {
        self.mi_nats
    }

    fn draw<R: Rng + ?Sized>(&self, rng: &mut R) -> (f64, f64) {
        let (x, y) = self.normal.draw(rng);
        (x.clamp(self.low, self.high), y)
    }

    fn pointwise_mi(&self) -> impl FnMut(f64, f64) -> f64 {
        let Self { normal, low, high, .. } = *self;
        let (ln_below, ln_above) = (normal_cdf(low).ln(), normal_cdf(-high).ln());
        let inside = normal.pointwise_mi();
        move |x, y| {
            if x == low {
                normal_cdf(normal.scaled(low, y)).ln() - ln_below
            } else if x == high {
                normal_cdf(-normal.scaled(high, y)).ln() - ln_above
            } else {
                inside(x, y)
            }
        }
    }
}

/// The prior of censored pairs, K ~ U{1..min dim}.
#[derive(Debug, Clone, PartialEq)]
pub struct CensoredPrior {
    /// Range of the MI of an uncensored pair.
    pub mi: Range,
    /// Range of the probability that X is cut off, at both ends together.
    pub share: Range,
    /// Probability that both ends are; the share is then divided uniformly between them.
    pub two_sided: f64,
}

impl Prior for CensoredPrior {
    type Joint = Pairs<Censored>;

    const KIND: &'static str = "censored";

    const SWAP: f64 = 0.5;

    fn read(keys: &mut Keys) -> Result<Self, ConfigError> {
        Ok(Self {
            mi: NormalPair::read_mi(keys)?,
            share: keys.range("share", [0.1, 0.9], const { Domain::PROBABILITY.within(0.0, 0.99) })?,
            two_sided: keys.probability("two_sided", 0.5)?,
        })
    }

    fn write(&self, keys: &mut Written) {
        keys.set("mi", self.mi).set("share", self.share).set("two_sided", self.two_sided);
    }

    fn has_ties(&self) -> bool {
        true
    }

    fn draw<R: Rng + ?Sized>(&self, dims: (usize, usize), rng: &mut R) -> Self::Joint {
        let pairs = draw_count(dims, rng);
        let rho = NormalPair::with_mi_of(&self.mi, pairs, rng).rho();
        let share = uniform(&self.share, rng);
        let below = if rng.random_bool(self.two_sided) { share * rng.random::<f64>() } else { share };
        let low = normal_quantile(below).max(-REACH);
        let high = (-normal_quantile(share - below)).min(REACH);
        drawn(Pairs::new(drawn(Censored::new(rho, low, high)), pairs, dims))
    }
}
