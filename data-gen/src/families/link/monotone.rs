//! The parts of X's support on which the curve, or an edge of the noise, rises or falls.

use super::{pair::Link, support::Support};

/// A part of X's support on which g = f + shift σ is monotone.
pub(super) struct Monotone {
    /// In units of `noise_sd`.
    pub(super) shift: f64,
    pub(super) from: f64,
    pub(super) to: f64,
    /// g at both ends, just inside.
    pub(super) at: (f64, f64),
}

pub(super) fn monotone_pieces(support: &Support<'_>, shift: f64) -> Vec<Monotone> {
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
pub(super) fn crossing(link: &Link, shift: f64, (mut low, mut high): (f64, f64), rises: bool, y: f64) -> f64 {
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
pub(super) fn breaks(pieces: &[Monotone]) -> Vec<f64> {
    let mut breaks: Vec<f64> = pieces.iter().flat_map(|piece| [piece.at.0, piece.at.1]).collect();
    breaks.sort_by(f64::total_cmp);
    breaks.dedup_by(|next, kept| *next - *kept < 1e-9);
    breaks
}
