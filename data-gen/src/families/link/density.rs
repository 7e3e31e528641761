//! ln p(y) of Y = f(X) + σ(X) noise, to ten digits.
//!
//! The quadratures of the MI do not do for a single value: they need a mean over Y only.

use statrs::function::gamma::ln_gamma;

use super::{Curve, Link, Noise, Source, Spread};
use crate::{families::quadrature::interpolated::at_points, maps::normal_cdf};

/// Half the support of a standard normal: X as far out is not drawn.
const NORMAL_REACH: f64 = 8.2;

/// The same where Y is as likely from everywhere: the mass beyond is 2e-11.
const NORMAL_REACH_OF_WAVES: f64 = 6.7;

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
pub(in crate::families) fn pointwise_mi(link: &Link, x: &[f64], y: &[f64]) -> Vec<f64> {
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

fn reach(link: &Link) -> f64 {
    match (link.source(), link.curve(), link.spread()) {
        (Source::Uniform, _, _) => root3(),
        (_, Curve::Periodic { .. } | Curve::Zigzag { .. } | Curve::Sawtooth { .. }, Spread::Constant) => {
            NORMAL_REACH_OF_WAVES
        }
        _ => NORMAL_REACH,
    }
}

fn source_density(source: Source, x: f64) -> f64 {
    match source {
        Source::Normal => (-0.5 * x * x).exp() / (2.0 * std::f64::consts::PI).sqrt(),
        Source::Uniform => 0.5 / root3(),
    }
}

/// The support of X cut where f or σ is not smooth: the ends, and between them increasing breaks.
fn smooth_pieces(link: &Link) -> Vec<f64> {
    let reach = reach(link);
    let mut ends = vec![-reach];
    ends.extend(link.curve().breaks(reach));
    if matches!(link.spread(), Spread::Growing { .. }) {
        ends.push(0.0);
    }
    ends.push(reach);
    ends.sort_by(f64::total_cmp);
    ends.dedup();
    ends
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
    fn new(link: &Link, left: f64, right: f64) -> Self {
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
                panel.masses[place] = half * weight * source_density(link.source(), x) * panel.rates[place];
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

/// e^v for v ≤ 0, to a few units in the last place: in a form that the compiler makes vector instructions of, which is
/// what most of the time goes to.
#[inline]
fn exp_of_negative(v: f64) -> f64 {
    /// Adding it rounds to a whole number, in the last bits.
    const ROUND: f64 = 6_755_399_441_055_744.0;
    const LN_2_HIGH: f64 = 6.931_471_803_691_238e-1;
    const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;
    let v = v.max(-700.0);
    let rounded = v * std::f64::consts::LOG2_E + ROUND;
    let k = rounded - ROUND;
    let r = v - k * LN_2_HIGH - k * LN_2_LOW;
    // The series to r¹³/13!, with |r| ≤ ½ ln 2.
    let mut p = 1.0 / 6_227_020_800.0;
    for c in [479_001_600.0, 39_916_800.0, 3_628_800.0, 362_880.0, 40_320.0, 5_040.0, 720.0, 120.0, 24.0, 6.0, 2.0] {
        p = p * r + 1.0 / c;
    }
    p = (p * r + 1.0) * r + 1.0;
    let power = rounded.to_bits().wrapping_add(1023) << 52;
    p * f64::from_bits(power)
}

/// ln(1 + v) for v ≥ 0, likewise, but where v is so small that 1 + v loses it: there the density is flat.
#[inline]
fn ln_1p_of_square(v: f64) -> f64 {
    let whole = 1.0 + v;
    // Into [√½, √2).
    let shifted = whole.to_bits().wrapping_sub(0x3fe6_a09e_667f_3bcd);
    // An exponent that is not negative, as a number.
    let k = f64::from_bits((shifted >> 52) | 0x4330_0000_0000_0000) - 4_503_599_627_370_496.0;
    let m = f64::from_bits(whole.to_bits().wrapping_sub(shifted & 0xfff0_0000_0000_0000));
    // 2 artanh((m − 1)/(m + 1))
    let t = (m - 1.0) / (m + 1.0);
    let square = t * t;
    let mut p = 1.0 / 21.0;
    for c in [19.0, 17.0, 15.0, 13.0, 11.0, 9.0, 7.0, 5.0, 3.0, 1.0] {
        p = p * square + 1.0 / c;
    }
    k * std::f64::consts::LN_2 + 2.0 * t * p
}

/// Panels, each with its halves as soon as they are needed: narrow where f is near some y, wide where it is far.
struct Tree<'a> {
    link: &'a Link,
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
        let pieces = monotone_pieces(link, 0.0);
        let panels: Vec<Panel> = pieces.iter().map(|piece| Panel::new(link, piece.from, piece.to)).collect();
        let roots = panels.len();
        let widest = 1.0 / link.curve().steepness().max(1.0);
        Self { link, panels, roots, widest, stack: Vec::new(), breaks: breaks(&pieces) }
    }

    /// p(y) over the noise's density at 0, for any but uniform noise.
    fn density(&mut self, y: f64) -> f64 {
        let noise = self.link.noise();
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
                    let middle = crossing(self.link, 0.0, (panel.left, panel.right), rises, y);
                    for (left, right) in [(panel.left, middle), (middle, panel.right)] {
                        sum += Panel::new(self.link, left, right).sum(noise, y);
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
                self.panels.push(Panel::new(self.link, left, middle));
                self.panels.push(Panel::new(self.link, middle, right));
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

fn monotone_pieces(link: &Link, shift: f64) -> Vec<Monotone> {
    /// Widest interval on which the slope is asked for only at both ends.
    const WIDTH: f64 = 1.0 / 16.0;
    let slope = |x: f64| link.slope(x) + shift * link.noise_sd() * link.spread().slope(x);
    let value = |x: f64| link.signal(x) + shift * link.noise_sd() * link.spread().at(x);
    let mut pieces = Vec::new();
    for ends in smooth_pieces(link).windows(2) {
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
        if (off < 0.0) == rises { low = x } else { high = x }
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
    link: &'a Link,
    ends: Vec<f64>,
    pieces: Vec<Monotone>,
}

impl<'a> Boxes<'a> {
    fn new(link: &'a Link) -> Self {
        let mut pieces = monotone_pieces(link, root3());
        pieces.extend(monotone_pieces(link, -root3()));
        Self { link, ends: smooth_pieces(link), pieces }
    }

    fn density(&self, y: f64) -> f64 {
        let link = self.link;
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
        let link = self.link;
        let height = 0.5 / (root3() * link.noise_sd());
        match (link.spread(), link.source()) {
            // From the nearer tail.
            (Spread::Constant, Source::Normal) if from > 0.0 => height * (normal_cdf(-from) - normal_cdf(-to)),
            (Spread::Constant, Source::Normal) => height * (normal_cdf(to) - normal_cdf(from)),
            (Spread::Constant, Source::Uniform) => height * source_density(Source::Uniform, 0.0) * (to - from),
            (spread, source) => {
                let count = ((to - from) / 0.5).ceil().max(1.0) as usize;
                let half = 0.5 * (to - from) / count as f64;
                let at = |x: f64| source_density(source, x) / spread.at(x);
                let panel = |k: usize| -> f64 {
                    let centre = from + half * (2 * k + 1) as f64;
                    GAUSS.iter().map(|(node, w)| w * (at(centre - half * node) + at(centre + half * node))).sum()
                };
                height * half * (0..count).map(panel).sum::<f64>()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elementary_functions() {
        for k in 0..200_000 {
            let v = 1e-4 * f64::from(k).powf(1.3);
            let (of_exp, of_ln) = (exp_of_negative(-v), ln_1p_of_square(v));
            assert!((of_exp / (-v).max(-700.0).exp() - 1.0).abs() < 1e-15 * 8.0, "{v}: {of_exp}");
            assert!((of_ln - v.ln_1p()).abs() <= 1e-15 * (1.0 + v.ln_1p()), "{v}: {of_ln}");
        }
    }
}
