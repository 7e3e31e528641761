//! The density of Y under uniform noise: an integral over the X whose box reaches y, with exact ends.

use super::{
    monotone::{Monotone, crossing, monotone_pieces},
    noise::Spread,
    pair::Link,
    support::{GAUSS, Support, root3},
};

/// Uniform noise: p(y) = ∫ p(x)/(2√3 σ(x)) over the x with |y − f(x)| ≤ √3 σ(x), whose ends are found for every y.
pub(super) struct Boxes<'a> {
    support: Support<'a>,
    ends: Vec<f64>,
    pub(super) pieces: Vec<Monotone>,
}

impl<'a> Boxes<'a> {
    pub(super) fn new(link: &'a Link) -> Self {
        let support = Support::new(link);
        let mut pieces = monotone_pieces(&support, root3());
        pieces.extend(monotone_pieces(&support, -root3()));
        Self { ends: support.smooth_pieces(), support, pieces }
    }

    pub(super) fn density(&self, y: f64) -> f64 {
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
