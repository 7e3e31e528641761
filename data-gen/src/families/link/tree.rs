//! The density of Y under normal, Student or Laplace noise: an integral on panels that are as narrow as they must be.

use super::{
    monotone::{breaks, crossing, monotone_pieces},
    noise::Noise,
    pair::Link,
    support::{GAUSS, Support},
};
use crate::ground::quadrature::elementary::{exp_of_negative, ln_1p_of_square};

/// Normal noise further out is left out, in standard deviations: 3e-18 of the peak.
const NORMAL_NOISE_REACH: f64 = 9.0;

/// Laplace noise, likewise: 1e-17.
const LAPLACE_NOISE_REACH: f64 = 28.0;

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
pub(super) struct Tree<'a> {
    support: Support<'a>,
    panels: Vec<Panel>,
    /// The first panels are those that cover the support; f is monotone on each.
    roots: usize,
    /// Widest panel that the curve is smooth enough on.
    widest: f64,
    stack: Vec<usize>,
    /// Where Y's density is not smooth, or less so than elsewhere: the values that f turns or ends at.
    pub(super) breaks: Vec<f64>,
}

impl<'a> Tree<'a> {
    pub(super) fn new(link: &'a Link) -> Self {
        let support = Support::new(link);
        let pieces = monotone_pieces(&support, 0.0);
        let panels: Vec<Panel> = pieces.iter().map(|piece| Panel::new(&support, piece.from, piece.to)).collect();
        let roots = panels.len();
        let widest = 1.0 / link.curve().steepness().max(1.0);
        Self { support, panels, roots, widest, stack: Vec::new(), breaks: breaks(&pieces) }
    }

    /// p(y) over the noise's density at 0, for any but uniform noise.
    pub(super) fn density(&mut self, y: f64) -> f64 {
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
