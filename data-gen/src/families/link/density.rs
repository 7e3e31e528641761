//! ln p(y) of Y = f(X) + σ(X) noise, to ten digits.
//!
//! The quadratures of the MI do not do for a single value: they need a mean over Y only.

use statrs::function::gamma::ln_gamma;

use super::{
    curve::Curve,
    noise::{Noise, Spread},
    pair::Link,
};
use crate::ground::{
    normal::normal_cdf,
    quadrature::{
        Source,
        elementary::{exp_of_negative, ln_1p_of_square},
        interpolated::at_points,
    },
};

/// Half the support of a standard normal: X as far out is not drawn.
const NORMAL_REACH: f64 = 8.2;

/// Normal noise further out is left out, in standard deviations: 3e-18 of the peak.
const NORMAL_NOISE_REACH: f64 = 9.0;

/// Laplace noise, likewise: 1e-17.
const LAPLACE_NOISE_REACH: f64 = 28.0;

/// Positive nodes and weights of the 8-point Gauss–Legendre rule.
const GAUSS: [(f64, f64); 4] = [
    (0.183_434_642_495_649_8, 0.362_683_783_378_362),
    (0.525_532_409_916_329, 0.313_706_645_877_887_3),
    (0.796_666_477_413_626_7, 0.222_381_034_453_374_47),
    (0.960_289_856_497_536_2, 0.101_228_536_290_376_26),
];

/// Half the width of the uniform noise of unit variance.
fn root3() -> f64 {
    3.0_f64.sqrt()
}

/// ln p(y|x) − ln p(y) of every row.
pub(crate) fn pointwise_mi(link: &Link, x: &[f64], y: &[f64]) -> Vec<f64> {
    let ln_unit = ln_unit(link.noise());
    let of_y = match link.noise() {
        Noise::Uniform => {
            let boxes = Boxes::new(link);
            at_points(y, &breaks(&boxes.pieces), |y| boxes.density(y).max(f64::MIN_POSITIVE).ln())
        }
        Noise::Normal => {
            let mut tree = Tree::new(link);
            at_points(y, &[], |y| tree.density(y).max(f64::MIN_POSITIVE).ln() + ln_unit)
        }
        Noise::Student { .. } | Noise::Laplace => {
            let mut tree = Tree::new(link);
            at_points(y, &tree.breaks.clone(), |y| tree.density(y).max(f64::MIN_POSITIVE).ln() + ln_unit)
        }
    };
    let rows = x.iter().zip(y).zip(of_y);
    rows.map(|((&x, &y), of_y)| {
        let sigma = link.noise_sd() * link.spread().at(x);
        let z = (y - link.signal(x)) / sigma;
        let ln_shape = match link.noise() {
            // What was drawn is inside, if only up to rounding.
            Noise::Uniform => 0.0,
            noise => ln_shape(noise, z),
        };
        ln_unit + ln_shape - sigma.ln() - of_y
    })
    .collect()
}

/// ln of the noise's density at 0 for `noise_sd` = 1.
fn ln_unit(noise: Noise) -> f64 {
    match noise {
        Noise::Normal => -0.5 * (2.0 * std::f64::consts::PI).ln(),
        Noise::Uniform => -(2.0 * root3()).ln(),
        Noise::Laplace => -0.5 * 2.0_f64.ln(),
        Noise::Student { nu } => {
            ln_gamma(0.5 * (nu + 1.0)) - ln_gamma(0.5 * nu) - 0.5 * (nu * std::f64::consts::PI).ln()
        }
    }
}

/// ln of the noise's density at z over that at 0; not of the uniform.
#[inline]
fn ln_shape(noise: Noise, z: f64) -> f64 {
    match noise {
        Noise::Normal => -0.5 * z * z,
        Noise::Uniform => unreachable!("a box has no shape"),
        Noise::Laplace => -std::f64::consts::SQRT_2 * z.abs(),
        Noise::Student { nu } => -0.5 * (nu + 1.0) * (z * z / nu).ln_1p(),
    }
}

/// Where X lies, with its density. Of a wave under noise of constant width it is X modulo the period that counts.
struct Support<'a> {
    link: &'a Link,
    from: f64,
    to: f64,
    /// The values of X that a place stands for are the place plus each of these.
    shifts: Vec<f64>,
}

impl<'a> Support<'a> {
    fn new(link: &'a Link) -> Self {
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

    fn density(&self, x: f64) -> f64 {
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
    fn mass(&self, from: f64, to: f64) -> f64 {
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
    fn smooth_pieces(&self) -> Vec<f64> {
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

/// A part of X's support with the nodes of a Gauss–Legendre rule.
#[derive(Clone, Copy)]
struct Panel {
    left: f64,
    right: f64,
    /// At the nodes: f, 1/σ and mass over σ.
    signals: [f64; 8],
    rates: [f64; 8],
    masses: [f64; 8],
    /// f at both ends.
    ends: (f64, f64),
    /// Least and largest value of 1/σ.
    rate: (f64, f64),
    /// Where its two halves are among the panels; 0 if they are not there yet.
    halves: usize,
}

impl Panel {
    fn new(support: &Support<'_>, left: f64, right: f64) -> Self {
        let link = support.link;
        let (centre, half) = (0.5 * (left + right), 0.5 * (right - left));
        let rate = |x: f64| 1.0 / (link.noise_sd() * link.spread().at(x));
        let mut panel = Self {
            left,
            right,
            signals: [0.0; 8],
            rates: [0.0; 8],
            masses: [0.0; 8],
            ends: (link.signal(left), link.signal(right)),
            rate: (rate(left).min(rate(right)), rate(left).max(rate(right))),
            halves: 0,
        };
        for (i, (node, weight)) in GAUSS.iter().enumerate() {
            for (place, x) in [(2 * i, centre - half * node), (2 * i + 1, centre + half * node)] {
                panel.signals[place] = link.signal(x);
                panel.rates[place] = rate(x);
                panel.masses[place] = half * weight * support.density(x) * panel.rates[place];
            }
        }
        panel
    }

    /// Bounds of z = (y − f)/σ.
    fn z(&self, y: f64) -> (f64, f64) {
        let (low, high) = (y - self.ends.0.max(self.ends.1), y - self.ends.0.min(self.ends.1));
        let rate = |v: f64, outwards: bool| v * if outwards { self.rate.1 } else { self.rate.0 };
        (rate(low, low < 0.0), rate(high, high > 0.0))
    }

    #[inline]
    fn sum(&self, noise: Noise, y: f64) -> f64 {
        let z: [f64; 8] = std::array::from_fn(|k| (y - self.signals[k]) * self.rates[k]);
        let shapes = match noise {
            Noise::Student { nu } => {
                let power = -0.5 * (nu + 1.0);
                z.map(|z| z * z / nu).map(|v| power * ln_1p_of_square(v)).map(exp_of_negative)
            }
            Noise::Laplace => z.map(|z| exp_of_negative(-std::f64::consts::SQRT_2 * z.abs())),
            _ => z.map(|z| exp_of_negative(-0.5 * z * z)),
        };
        shapes.iter().zip(&self.masses).map(|(shape, mass)| shape * mass).sum()
    }
}

/// Panels, each with its halves as soon as they are needed: narrow where f is near some y, wide where it is far.
struct Tree<'a> {
    support: Support<'a>,
    panels: Vec<Panel>,
    /// The first panels are those that cover the support; f is monotone on each.
    roots: usize,
    /// Widest panel that the curve is smooth enough on.
    widest: f64,
    stack: Vec<usize>,
    /// Where Y's density is not smooth, or less so than elsewhere: the values that f turns or ends at.
    breaks: Vec<f64>,
}

impl<'a> Tree<'a> {
    fn new(link: &'a Link) -> Self {
        let support = Support::new(link);
        let pieces = monotone_pieces(&support, 0.0);
        let panels: Vec<Panel> = pieces.iter().map(|piece| Panel::new(&support, piece.from, piece.to)).collect();
        let roots = panels.len();
        let widest = 1.0 / link.curve().steepness().max(1.0);
        Self { support, panels, roots, widest, stack: Vec::new(), breaks: breaks(&pieces) }
    }

    /// p(y) over the noise's density at 0, for any but uniform noise.
    fn density(&mut self, y: f64) -> f64 {
        let noise = self.support.link.noise();
        let mut sum = 0.0;
        self.stack.extend(0..self.roots);
        while let Some(at) = self.stack.pop() {
            let panel = &self.panels[at];
            let (low, high) = panel.z(y);
            let nearest = low.max(-high).max(0.0);
            let half = 0.5 * (high - low);
            let smooth = match noise {
                Noise::Student { nu } => {
                    // The density has poles at ±i √ν, and its logarithm this slope at most.
                    let slope = if nearest * nearest < nu {
                        0.5 * (nu + 1.0) / nu.sqrt()
                    } else {
                        (nu + 1.0) * nearest / (nu + nearest * nearest)
                    };
                    (nearest + half).powi(2) + nu >= (3.0 * half).powi(2) && half * slope <= 1.5
                }
                Noise::Laplace if nearest > LAPLACE_NOISE_REACH => continue,
                Noise::Laplace => half <= 0.75,
                _ if nearest > NORMAL_NOISE_REACH => continue,
                _ => half <= 0.6,
            };
            let width = panel.right - panel.left;
            // The second is where f is steeper than numbers are dense.
            if smooth && width <= self.widest || width < 1e-10 {
                if noise == Noise::Laplace && low < 0.0 && high > 0.0 {
                    let rises = panel.ends.1 > panel.ends.0;
                    let middle = crossing(self.support.link, 0.0, (panel.left, panel.right), rises, y);
                    for (left, right) in [(panel.left, middle), (middle, panel.right)] {
                        sum += Panel::new(&self.support, left, right).sum(noise, y);
                    }
                } else {
                    sum += panel.sum(noise, y);
                }
                continue;
            }
            let mut halves = panel.halves;
            if halves == 0 {
                let (left, right) = (panel.left, panel.right);
                let middle = 0.5 * (left + right);
                halves = self.panels.len();
                self.panels[at].halves = halves;
                self.panels.push(Panel::new(&self.support, left, middle));
                self.panels.push(Panel::new(&self.support, middle, right));
            }
            self.stack.extend([halves, halves + 1]);
        }
        sum
    }
}

/// A part of X's support on which g = f + shift σ is monotone.
struct Monotone {
    /// In units of `noise_sd`.
    shift: f64,
    from: f64,
    to: f64,
    /// g at both ends, just inside.
    at: (f64, f64),
}

fn monotone_pieces(support: &Support<'_>, shift: f64) -> Vec<Monotone> {
    /// Widest interval on which the slope is asked for only at both ends.
    const WIDTH: f64 = 1.0 / 16.0;
    let link = support.link;
    let slope = |x: f64| link.slope(x) + shift * link.noise_sd() * link.spread().slope(x);
    let value = |x: f64| link.signal(x) + shift * link.noise_sd() * link.spread().at(x);
    let mut pieces = Vec::new();
    for ends in support.smooth_pieces().windows(2) {
        let inside = 1e-13 * (1.0 + ends[0].abs().max(ends[1].abs()));
        let (first, last) = (ends[0] + inside, ends[1] - inside);
        if first >= last {
            continue;
        }
        let count = ((last - first) / WIDTH * link.curve().steepness().max(1.0)).ceil().max(1.0) as usize;
        let at = |k: usize| first + (last - first) * k as f64 / count as f64;
        let mut from = first;
        let mut turn = |to: f64| {
            pieces.push(Monotone { shift, from, to, at: (value(from), value(to)) });
            from = to;
        };
        for k in 0..count {
            let (mut low, mut high) = (at(k), at(k + 1));
            let rises = slope(low) > 0.0;
            if rises == (slope(high) > 0.0) {
                continue;
            }
            for _ in 0..60 {
                let middle = 0.5 * (low + high);
                if (slope(middle) > 0.0) == rises { low = middle } else { high = middle }
            }
            turn(low);
        }
        turn(last);
    }
    pieces
}

/// The x in an interval on which g = f + shift σ is monotone where it is y, by Newton's method inside what is left of
/// the interval.
fn crossing(link: &Link, shift: f64, (mut low, mut high): (f64, f64), rises: bool, y: f64) -> f64 {
    let shift = shift * link.noise_sd();
    let excess = |x: f64| link.signal(x) + shift * link.spread().at(x) - y;
    let mut x = 0.5 * (low + high);
    for _ in 0..200 {
        let off = excess(x);
        if off == 0.0 {
            break;
        }
        if (off < 0.0) == rises {
            low = x
        } else {
            high = x
        }
        let step = off / (link.slope(x) + shift * link.spread().slope(x));
        let newton = x - step;
        if low < newton && newton < high {
            x = newton;
            // What is left is of the order of the square, as a share of the distance to the next turn.
            if step.abs() <= 1e-9 * (high - low) || step.abs() < 1e-15 {
                break;
            }
        } else {
            let middle = 0.5 * (low + high);
            if middle <= low || middle >= high {
                break;
            }
            x = middle;
        }
    }
    x
}

/// The values at the ends of the pieces, once each.
fn breaks(pieces: &[Monotone]) -> Vec<f64> {
    let mut breaks: Vec<f64> = pieces.iter().flat_map(|piece| [piece.at.0, piece.at.1]).collect();
    breaks.sort_by(f64::total_cmp);
    breaks.dedup_by(|next, kept| *next - *kept < 1e-9);
    breaks
}

/// Uniform noise: p(y) = ∫ p(x)/(2√3 σ(x)) over the x with |y − f(x)| ≤ √3 σ(x), whose ends are found for every y.
struct Boxes<'a> {
    support: Support<'a>,
    ends: Vec<f64>,
    pieces: Vec<Monotone>,
}

impl<'a> Boxes<'a> {
    fn new(link: &'a Link) -> Self {
        let support = Support::new(link);
        let mut pieces = monotone_pieces(&support, root3());
        pieces.extend(monotone_pieces(&support, -root3()));
        Self { ends: support.smooth_pieces(), support, pieces }
    }

    fn density(&self, y: f64) -> f64 {
        let link = self.support.link;
        let mut cuts = self.ends.clone();
        for piece in &self.pieces {
            let (from, to) = piece.at;
            if (from < y) != (to < y) {
                cuts.push(crossing(link, piece.shift, (piece.from, piece.to), to > from, y));
            }
        }
        cuts.sort_by(f64::total_cmp);
        let inside = |x: f64| (y - link.signal(x)).abs() <= root3() * link.noise_sd() * link.spread().at(x);
        let parts = cuts.windows(2).filter(|ends| ends[0] < ends[1] && inside(0.5 * (ends[0] + ends[1])));
        parts.map(|ends| self.mass(ends[0], ends[1])).sum()
    }

    /// ∫ p(x)/(2√3 σ(x)) dx.
    fn mass(&self, from: f64, to: f64) -> f64 {
        let link = self.support.link;
        let height = 0.5 / (root3() * link.noise_sd());
        if link.spread() == Spread::Constant {
            return height * self.support.mass(from, to);
        }
        let count = ((to - from) / 0.5).ceil().max(1.0) as usize;
        let half = 0.5 * (to - from) / count as f64;
        let at = |x: f64| self.support.density(x) / link.spread().at(x);
        let panel = |k: usize| -> f64 {
            let centre = from + half * (2 * k + 1) as f64;
            GAUSS.iter().map(|(node, w)| w * (at(centre - half * node) + at(centre + half * node))).sum()
        };
        height * half * (0..count).map(panel).sum::<f64>()
    }
}
