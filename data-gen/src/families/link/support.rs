//! The values of X over which a density of Y is an integral, and the rule for it.

use super::{noise::Spread, pair::Link};
use crate::ground::{
    curve::Curve,
    normal::normal_cdf,
    quadrature::{Source, elementary::exp_of_negative},
};

/// Half the support of a standard normal: X as far out is not drawn.
const NORMAL_REACH: f64 = 8.2;

/// Positive nodes and weights of the 8-point Gauss–Legendre rule.
pub(super) const GAUSS: [(f64, f64); 4] = [
    (0.183_434_642_495_649_8, 0.362_683_783_378_362),
    (0.525_532_409_916_329, 0.313_706_645_877_887_3),
    (0.796_666_477_413_626_7, 0.222_381_034_453_374_47),
    (0.960_289_856_497_536_2, 0.101_228_536_290_376_26),
];

/// Half the width of the uniform noise of unit variance.
pub(super) fn root3() -> f64 {
    3.0_f64.sqrt()
}

/// Where X lies, with its density. Of a wave under noise of constant width it is X modulo the period that counts.
pub(super) struct Support<'a> {
    pub(super) link: &'a Link,
    pub(super) from: f64,
    pub(super) to: f64,
    /// The values of X that a place stands for are the place plus each of these.
    pub(super) shifts: Vec<f64>,
}

impl<'a> Support<'a> {
    pub(super) fn new(link: &'a Link) -> Self {
        let reach = match link.source() {
            Source::Uniform => root3(),
            Source::Normal => NORMAL_REACH,
        };
        if let (
            Curve::Periodic { omega, .. } | Curve::Zigzag { omega, .. } | Curve::Sawtooth { omega, .. },
            Spread::Constant,
        ) = (link.curve(), link.spread())
        {
            let period = std::f64::consts::TAU / omega;
            if period < reach {
                let most = (reach / period).ceil() as i32 + 1;
                let shifts = (-most..=most).map(|k| f64::from(k) * period).collect();
                return Self { link, from: 0.0, to: period, shifts };
            }
        }
        Self { link, from: -reach, to: reach, shifts: vec![0.0] }
    }

    pub(super) fn density(&self, x: f64) -> f64 {
        let each = self.shifts.iter().map(|shift| match self.link.source() {
            Source::Normal => exp_of_negative(-0.5 * (x + shift) * (x + shift)),
            Source::Uniform => f64::from((x + shift).abs() <= root3()),
        });
        let unit = match self.link.source() {
            Source::Normal => 1.0 / (2.0 * std::f64::consts::PI).sqrt(),
            Source::Uniform => 0.5 / root3(),
        };
        unit * each.sum::<f64>()
    }

    /// P(from < X ≤ to).
    pub(super) fn mass(&self, from: f64, to: f64) -> f64 {
        let each = self.shifts.iter().map(|shift| {
            let (from, to) = (from + shift, to + shift);
            match self.link.source() {
                Source::Normal if from > NORMAL_REACH || to < -NORMAL_REACH => 0.0,
                // From the nearer tail.
                Source::Normal if from > 0.0 => normal_cdf(-from) - normal_cdf(-to),
                Source::Normal => normal_cdf(to) - normal_cdf(from),
                Source::Uniform => 0.5 / root3() * (to.min(root3()) - from.max(-root3())).max(0.0),
            }
        });
        each.sum()
    }

    /// The ends, and between them where f, σ or the density is not smooth, increasing.
    pub(super) fn smooth_pieces(&self) -> Vec<f64> {
        let mut ends = self.link.curve().breaks(self.to.max(-self.from));
        if matches!(self.link.spread(), Spread::Growing { .. }) {
            ends.push(0.0);
        }
        if self.link.source() == Source::Uniform {
            ends.extend(self.shifts.iter().flat_map(|shift| [root3() - shift, -root3() - shift]));
        }
        ends.retain(|x| self.from < *x && *x < self.to);
        ends.extend([self.from, self.to]);
        ends.sort_by(f64::total_cmp);
        ends.dedup();
        ends
    }
}
