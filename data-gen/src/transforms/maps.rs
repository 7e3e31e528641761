//! Coordinate-wise maps: strictly increasing, so that MI does not change.
//!
//! The maps of Czyż et al., "Beyond Normal: On the Evaluation of Mutual Information Estimators"
//! (NeurIPS 2023), section 3, as the learned-estimator literature uses them.

use serde::{Deserialize, Serialize};

use crate::ground::normal::normal_cdf;
pub use crate::ground::sample::Side;

/// A strictly increasing map applied to every coordinate.
///
/// For strictly monotone f and g, I(f(X); g(Y)) = I(X; Y).
///
/// # Limits
/// `NormalCdf` is injective on the reals but not in floating point: Φ(x) rounds to 1 from x ≈ 8.3 on.
/// It is meant for bases with light tails; a configuration that pairs it with a Student base is refused.
///
/// ```
/// use mist_data_gen::maps::{Map, Side};
///
/// let mut values = [-4.0, 0.0, 4.0];
/// Map::HalfCube.apply(Side::X, &mut values);
/// assert_eq!(values, [-8.0, 0.0, 8.0]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Map {
    /// x ↦ x.
    #[serde(rename = "base")]
    Identity,
    /// x ↦ sign(x) |x|^1.5: heavier tails.
    #[serde(rename = "halfcube")]
    HalfCube,
    /// x ↦ asinh(x): lighter tails.
    Asinh,
    /// x ↦ Φ(x): uniform marginals from normal ones.
    NormalCdf,
    /// A sum of x and three sines with other constants on each side; slope at least 0.16 on the side
    /// of X (1 − 0.4 − 0.34 − 0.099) and 0.53 on that of Y.
    Wiggly,
    /// x ↦ F⁻¹(Φ(x)): two modes from normal marginals. F is the mixture of N(0, 1) and N(5, 1) with weights 0.3 and 0.7
    /// on the side of X, of N(−1, 1) and N(3, 1) in equal parts on that of Y. The limits of `NormalCdf` apply.
    Bimodal,
}

impl Map {
    /// All maps.
    pub const ALL: [Self; 6] =
        [Self::Identity, Self::HalfCube, Self::Asinh, Self::NormalCdf, Self::Wiggly, Self::Bimodal];

    /// The name, as in family names and configurations.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Identity => "base",
            Self::HalfCube => "halfcube",
            Self::Asinh => "asinh",
            Self::NormalCdf => "normal_cdf",
            Self::Wiggly => "wiggly",
            Self::Bimodal => "bimodal",
        }
    }

    /// Applies the map in place to values of one side.
    pub fn apply(self, side: Side, values: &mut [f64]) {
        match (self, side) {
            (Self::Identity, _) => {}
            (Self::HalfCube, _) => each(values, |v| v * v.abs().sqrt()),
            (Self::Asinh, _) => each(values, f64::asinh),
            (Self::NormalCdf, _) => each(values, normal_cdf),
            (Self::Bimodal, Side::X) => each(values, |v| two_normals([(0.3, 0.0), (0.7, 5.0)], v)),
            (Self::Bimodal, Side::Y) => each(values, |v| two_normals([(0.5, -1.0), (0.5, 3.0)], v)),
            (Self::Wiggly, Side::X) => {
                each(values, |v| v + 0.4 * v.sin() + 0.2 * (1.7 * v + 1.0).sin() + 0.03 * (3.3 * v - 2.5).sin())
            }
            (Self::Wiggly, Side::Y) => each(values, |v| {
                v - 0.4 * (0.4 * v).sin() + 0.17 * (1.3 * v + 3.5).sin() + 0.02 * (4.3 * v - 2.5).sin()
            }),
        }
    }
}

fn each(values: &mut [f64], f: impl Fn(f64) -> f64) {
    for v in values {
        *v = f(*v);
    }
}

/// The x at which a mixture of two normals, given as (weight, mean), has Φ(z) below it: by bisection to the last place,
/// on the side of the smaller tail.
fn two_normals(parts: [(f64, f64); 2], z: f64) -> f64 {
    let beyond = |x: f64| {
        let sign = if z < 0.0 { 1.0 } else { -1.0 };
        parts.iter().map(|(weight, mean)| weight * normal_cdf(sign * (x - mean))).sum::<f64>()
    };
    let wanted = normal_cdf(-z.abs());
    // Every quantile of the mixture lies between those of its parts.
    let (mut low, mut high) = (z + parts[0].1.min(parts[1].1), z + parts[0].1.max(parts[1].1));
    loop {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            return middle;
        }
        if (beyond(middle) < wanted) == (z < 0.0) {
            low = middle;
        } else {
            high = middle;
        }
    }
}
