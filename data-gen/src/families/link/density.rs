//! ln p(y) of Y = f(X) + σ(X) noise, to ten digits.
//!
//! The quadratures of the MI do not do for a single value: they need a mean over Y only.

use statrs::function::gamma::ln_gamma;

use super::{Link, Noise, Source, Spread};
use crate::{families::quadrature::interpolated::at_points, maps::normal_cdf};

/// Half the support of a standard normal: X as far out is not drawn.
const NORMAL_REACH: f64 = 9.0;

/// Normal noise further out is left out, in standard deviations: 2e-22 of the peak.
const NORMAL_NOISE_REACH: f64 = 10.0;

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
        Noise::Student { .. } => {
            let mut tree = Tree::new(link);
            at_points(y, &tree.breaks.clone(), |y| tree.density(y).max(f64::MIN_POSITIVE).ln() + ln_unit)
        }
        Noise::Laplace => {
            let tree = Tree::new(link);
            at_points(y, &tree.breaks, |y| tree.laplace_density(y).max(f64::MIN_POSITIVE).ln() + ln_unit)
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

fn reach(source: Source) -> f64 {
    match source {
        Source::Normal => NORMAL_REACH,
        Source::Uniform => root3(),
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
    let reach = reach(link.source());
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
    /// f, 1/σ and mass over σ.
    nodes: [(f64, f64, f64); 8],
    /// Least and largest value of f, and of 1/σ.
    f: (f64, f64),
    rate: (f64, f64),
    /// Where its two halves are among the panels; 0 if they are not there yet.
    halves: usize,
}

impl Panel {
    fn new(link: &Link, left: f64, right: f64) -> Self {
        let (centre, half) = (0.5 * (left + right), 0.5 * (right - left));
        let rate = |x: f64| 1.0 / (link.noise_sd() * link.spread().at(x));
        let mut nodes = [(0.0, 0.0, 0.0); 8];
        for (i, (node, weight)) in GAUSS.iter().enumerate() {
            for (place, x) in [(2 * i, centre - half * node), (2 * i + 1, centre + half * node)] {
                let rate = rate(x);
                nodes[place] = (link.signal(x), rate, half * weight * source_density(link.source(), x) * rate);
            }
        }
        let span = |values: &mut dyn Iterator<Item = f64>| {
            values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)))
        };
        // Just inside both ends: at a break, f belongs to the other piece.
        let ends = [left + 1e-9 * half, right - 1e-9 * half];
        let f = span(&mut nodes.iter().map(|node| node.0).chain(ends.map(|x| link.signal(x))));
        let rate = span(&mut ends.map(rate).into_iter());
        Self { left, right, nodes, f, rate, halves: 0 }
    }

    /// Bounds of z = (y − f)/σ.
    fn z(&self, y: f64) -> (f64, f64) {
        let (low, high) = (y - self.f.1, y - self.f.0);
        let rate = |v: f64, outwards: bool| v * if outwards { self.rate.1 } else { self.rate.0 };
        (rate(low, low < 0.0), rate(high, high > 0.0))
    }

    #[inline]
    fn sum(&self, noise: Noise, y: f64) -> f64 {
        self.nodes.iter().map(|&(f, rate, mass)| mass * ln_shape(noise, (y - f) * rate).exp()).sum()
    }
}

/// What a panel is to a value of Y.
enum Use {
    Skip,
    Sum,
    Divide,
}

/// Panels, each with its halves as soon as they are needed: narrow where f is near some y, wide where it is far.
struct Tree<'a> {
    link: &'a Link,
    panels: Vec<Panel>,
    /// The first panels are those that cover the support.
    roots: usize,
    stack: Vec<usize>,
    /// Where Y's density is not smooth, or less so than elsewhere: the values that f turns or ends at.
    breaks: Vec<f64>,
}

impl<'a> Tree<'a> {
    fn new(link: &'a Link) -> Self {
        let widest = 0.5 / link.curve().steepness().max(1.0);
        let mut panels = Vec::new();
        let pieces = monotone_pieces(link, 0.0);
        for &Monotone { from, to, .. } in &pieces {
            let count = ((to - from) / widest).ceil().max(1.0) as usize;
            let width = (to - from) / count as f64;
            let at = |k: usize| if k == count { to } else { from + width * k as f64 };
            panels.extend((0..count).map(|k| Panel::new(link, at(k), at(k + 1))));
        }
        let roots = panels.len();
        Self { link, panels, roots, stack: Vec::new(), breaks: breaks(&pieces) }
    }

    /// p(y) over the noise's density at 0, for normal and Student noise.
    fn density(&mut self, y: f64) -> f64 {
        let noise = self.link.noise();
        let mut sum = 0.0;
        self.stack.extend(0..self.roots);
        while let Some(at) = self.stack.pop() {
            let panel = &self.panels[at];
            let (low, high) = panel.z(y);
            let nearest = low.max(-high).max(0.0);
            let half = 0.5 * (high - low);
            let use_as = match noise {
                Noise::Student { nu } => {
                    // The density has poles at ±i √ν, and its logarithm this slope at most.
                    let slope = if nearest * nearest < nu {
                        0.5 * (nu + 1.0) / nu.sqrt()
                    } else {
                        (nu + 1.0) * nearest / (nu + nearest * nearest)
                    };
                    let far = (nearest + half).powi(2) + nu >= (3.0 * half).powi(2);
                    if far && half * slope <= 1.5 { Use::Sum } else { Use::Divide }
                }
                _ if nearest > NORMAL_NOISE_REACH => Use::Skip,
                _ if half <= 0.6 => Use::Sum,
                _ => Use::Divide,
            };
            match use_as {
                Use::Skip => {}
                Use::Sum => sum += panel.sum(noise, y),
                // Where f is steeper than numbers are dense.
                Use::Divide if panel.right - panel.left < 1e-10 => sum += panel.sum(noise, y),
                Use::Divide => {
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
            }
        }
        sum
    }

    /// The same for Laplace noise. Its density has a kink where f is y: around it panels are halved until they do not
    /// matter, and are too many to be kept.
    fn laplace_density(&self, y: f64) -> f64 {
        let roots = &self.panels[..self.roots];
        roots.iter().map(|panel| self.laplace_part(panel, y)).sum()
    }

    fn laplace_part(&self, panel: &Panel, y: f64) -> f64 {
        let (low, high) = panel.z(y);
        let across = low < 0.0 && high > 0.0;
        if high - low <= if across { 1e-6 } else { 1.5 } || panel.right - panel.left < 1e-12 {
            return panel.sum(Noise::Laplace, y);
        }
        let middle = 0.5 * (panel.left + panel.right);
        let halves = [(panel.left, middle), (middle, panel.right)];
        halves.map(|(left, right)| self.laplace_part(&Panel::new(self.link, left, right), y)).iter().sum()
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
                cuts.push(self.crossing(piece, y));
            }
        }
        cuts.sort_by(f64::total_cmp);
        let inside = |x: f64| (y - link.signal(x)).abs() <= root3() * link.noise_sd() * link.spread().at(x);
        let parts = cuts.windows(2).filter(|ends| ends[0] < ends[1] && inside(0.5 * (ends[0] + ends[1])));
        parts.map(|ends| self.mass(ends[0], ends[1])).sum()
    }

    /// The x of a piece at which g is y, by Newton's method inside an interval that shrinks.
    fn crossing(&self, piece: &Monotone, y: f64) -> f64 {
        let link = self.link;
        let shift = piece.shift * link.noise_sd();
        let excess = |x: f64| link.signal(x) + shift * link.spread().at(x) - y;
        let (mut low, mut high) = (piece.from, piece.to);
        let rises = piece.at.1 > piece.at.0;
        let mut x = 0.5 * (low + high);
        for _ in 0..200 {
            let off = excess(x);
            if off == 0.0 {
                break;
            }
            if (off < 0.0) == rises { low = x } else { high = x }
            let step = off / (link.slope(x) + shift * link.spread().slope(x));
            let mut next = x - step;
            if !(low < next && next < high) {
                next = 0.5 * (low + high);
            }
            let moved = (next - x).abs();
            x = next;
            if moved <= 1e-15 * (1.0 + x.abs()) {
                break;
            }
        }
        x
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
