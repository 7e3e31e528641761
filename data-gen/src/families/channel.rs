//! Binary inputs through noisy channels.

use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::ground::{
    domain::Domain,
    draw::uniform,
    error::{ConfigError, ParameterError},
    keys::{Keys, Range, Written},
    pairs::{Pair, Pairs, draw_count},
    prior::{Prior, drawn},
};

/// The kinds of channels, by their effect on a bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChannelKind {
    /// Binary symmetric: flips it with probability e.
    Bsc,
    /// Binary erasure: replaces it by 2 with probability e.
    Bec,
    /// Z: flips a 1 to 0 with probability e.
    Z,
}

impl ChannelKind {
    /// All channels.
    pub const ALL: [Self; 3] = [Self::Bsc, Self::Bec, Self::Z];

    /// Those that may be trained on: all but the Z channel.
    pub const TRAINED: [Self; 2] = [Self::Bsc, Self::Bec];

    /// The name, as in configurations.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bsc => "bsc",
            Self::Bec => "bec",
            Self::Z => "z",
        }
    }
}

/// X = 1 with probability p, else 0; Y is what a channel makes of it.
///
/// With h the binary entropy: h(p + e − 2pe) − h(e) for the symmetric channel, (1 − e) h(p) for the erasure channel,
/// h(p (1 − e)) − p h(e) for the Z channel.
///
/// # Domain
/// p in [`Channel::P`], e in [`Channel::E`].
///
/// # Source
/// Cover and Thomas, "Elements of Information Theory" (2006), sections 7.1.4 and 7.1.5, and exercise 7.8.
///
/// ```
/// use mist_data_gen::families::{channel::{Channel, ChannelKind}, pairs::Pair};
///
/// let half_erased = Channel::new(ChannelKind::Bec, 0.5, 0.5)?;
/// assert!((half_erased.mi_nats() - 0.5 * 2.0_f64.ln()).abs() < 1e-15);
/// # Ok::<(), mist_data_gen::ParameterError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Channel {
    kind: ChannelKind,
    p: f64,
    e: f64,
}

impl Channel {
    /// Domain of P(X = 1).
    pub const P: Domain = Domain::between(0.0, 1.0);

    /// Domain of the probability of a flip or an erasure.
    pub const E: Domain = Domain::PROBABILITY;

    /// With P(X = 1) = `p` and the channel's `e`.
    ///
    /// # Errors
    /// A parameter outside its domain.
    pub fn new(kind: ChannelKind, p: f64, e: f64) -> Result<Self, ParameterError> {
        Ok(Self { kind, p: Self::P.check("p", p)?, e: Self::E.check("e", e)? })
    }

    /// The kind of the channel.
    #[must_use]
    pub fn kind(&self) -> ChannelKind {
        self.kind
    }

    /// P(X = 1).
    #[must_use]
    pub fn p(&self) -> f64 {
        self.p
    }

    /// The probability of a flip or an erasure.
    #[must_use]
    pub fn e(&self) -> f64 {
        self.e
    }
}

impl Pair for Channel {
    fn mi_nats(&self) -> f64 {
        let Self { kind, p, e } = *self;
        let mi = match kind {
            ChannelKind::Bsc => binary_entropy(p + e - 2.0 * p * e) - binary_entropy(e),
            ChannelKind::Bec => (1.0 - e) * binary_entropy(p),
            ChannelKind::Z => binary_entropy(p * (1.0 - e)) - p * binary_entropy(e),
        };
        // At e = ½ of the symmetric channel, rounding may be of either sign.
        mi.max(0.0)
    }

    fn draw<R: Rng + ?Sized>(&self, rng: &mut R) -> (f64, f64) {
        let bit = rng.random_bool(self.p);
        let noise = rng.random_bool(self.e);
        let y = match self.kind {
            ChannelKind::Bsc => f64::from(bit != noise),
            ChannelKind::Bec if noise => 2.0,
            ChannelKind::Bec => f64::from(bit),
            ChannelKind::Z => f64::from(bit && !noise),
        };
        (f64::from(bit), y)
    }

    fn pointwise_mi(&self) -> impl FnMut(f64, f64) -> f64 {
        let Self { kind, p, e } = *self;
        // P(Y = y | X = x); what cannot happen is never drawn.
        let given: [[f64; 3]; 2] = match kind {
            ChannelKind::Bsc => [[1.0 - e, e, 0.0], [e, 1.0 - e, 0.0]],
            ChannelKind::Bec => [[1.0 - e, 0.0, e], [0.0, 1.0 - e, e]],
            ChannelKind::Z => [[1.0, 0.0, 0.0], [e, 1.0 - e, 0.0]],
        };
        let of_y: [f64; 3] = std::array::from_fn(|y| (1.0 - p) * given[0][y] + p * given[1][y]);
        let ratios = given.map(|row| std::array::from_fn::<f64, 3, _>(|y| (row[y] / of_y[y]).ln()));
        move |x, y| ratios[x as usize][y as usize]
    }
}

/// −p ln p − (1 − p) ln(1 − p), 0 at both ends.
fn binary_entropy(p: f64) -> f64 {
    let term = |p: f64| if p > 0.0 { -p * p.ln() } else { 0.0 };
    term(p) + term(1.0 - p)
}

/// The prior of channels, K ~ U{1..min dim} uses of one channel.
#[derive(Debug, Clone, PartialEq)]
pub struct ChannelPrior {
    /// The channels, equally likely.
    pub shapes: Vec<ChannelKind>,
    /// Range of P(X = 1).
    pub p: Range,
    /// Range of the probability of a flip or an erasure.
    pub e: Range,
}

impl Prior for ChannelPrior {
    type Joint = Pairs<Channel>;

    const KIND: &'static str = "channel";

    const SWAP: f64 = 0.5;

    fn read(keys: &mut Keys) -> Result<Self, ConfigError> {
        Ok(Self {
            shapes: keys.some_of("shapes", "shape", &ChannelKind::ALL, ChannelKind::TRAINED.to_vec())?,
            p: keys.range("p", [0.05, 0.95], const { Channel::P.within(1e-3, 0.999) })?,
            e: keys.range("e", [0.0, 1.0], Channel::E)?,
        })
    }

    fn write(&self, keys: &mut Written) {
        keys.set("shapes", &self.shapes).set("p", self.p).set("e", self.e);
    }

    fn shapes(&self) -> Vec<&'static str> {
        self.shapes.iter().map(|shape| shape.as_str()).collect()
    }

    fn has_ties(&self) -> bool {
        true
    }

    fn draw<R: Rng + ?Sized>(&self, dims: (usize, usize), rng: &mut R) -> Self::Joint {
        let kind = self.shapes[rng.random_range(0..self.shapes.len())];
        let channel = drawn(Channel::new(kind, uniform(&self.p, rng), uniform(&self.e, rng)));
        drawn(Pairs::new(channel, draw_count(dims, rng), dims))
    }
}
