//! The entropy of f(X) + noise for densities with edges: uniform noise of varying width, Laplace noise.
//!
//! X is cut into cells, on each of which f is taken as linear.

use super::{CELLS, Source, cell_edge, entropy_of_intervals, spread_out};

/// Steps of the lattice in the half-width of uniform noise.
const STEPS_PER_HALF_WIDTH: f64 = 64.0;

/// Steps of the lattice in the scale b of Laplace noise. Y's density has kinks where f(X) has atoms.
const STEPS_PER_SCALE: f64 = 24.0;

/// Half the support of Laplace noise, in units of b: the mass beyond is 1e-7.
const LAPLACE_REACH: f64 = 16.0;

/// Steps of the lattice in the range of Y, which matters where the noise is wider than f's range.
const STEPS_PER_RANGE: f64 = 512.0;

/// A piece of X's support inside which f is continuous.
struct Cell {
    left: f64,
    right: f64,
    mass: f64,
}

/// Equal cells, those with a break divided there; the masses sum to 1.
fn cells(source: Source, breaks: &[f64]) -> Vec<Cell> {
    let mut cells = Vec::with_capacity(CELLS + breaks.len());
    let mut breaks = breaks.iter().copied().peekable();
    for (k, &mass) in source.cell_masses().iter().enumerate() {
        let (mut left, end) = (cell_edge(source, k), cell_edge(source, k + 1));
        let width = end - left;
        while let Some(at) = breaks.next_if(|&at| at < end) {
            cells.push(Cell { left, right: at, mass: mass * (at - left) / width });
            left = at;
        }
        cells.push(Cell { left, right: end, mass: mass * (end - left) / width });
    }
    cells
}

impl Cell {
    /// The values at both ends of a function that may jump there.
    fn ends(&self, f: impl Fn(f64) -> f64) -> (f64, f64) {
        let inside = 1e-9 * (self.right - self.left);
        (f(self.left + inside), f(self.right - inside))
    }
}

/// h(V + `half` U(−1, 1)) in nats for a V of these values, each with its probability: exactly, as the density is constant
/// between the edges of the boxes.
pub(crate) fn entropy_of_boxes(atoms: impl Iterator<Item = (f64, f64)>, half: f64) -> f64 {
    let box_of = |(value, mass): (f64, f64)| [(value - half, mass), (value + half, -mass)];
    let mut edges: Vec<(f64, f64)> = atoms.flat_map(box_of).collect();
    edges.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut inside, mut entropy) = (0.0, 0.0);
    for pair in edges.windows(2) {
        inside += pair[0].1;
        let width = pair[1].0 - pair[0].0;
        // What is left of a sum that should be 0 is no density.
        if inside > 1e-15 && width > 0.0 {
            let density = inside / (2.0 * half);
            entropy -= width * density * density.ln();
        }
    }
    entropy
}

/// h(f(X) + `half`(X) U(−1, 1)) in nats; f may jump at `breaks` (increasing, inside the support).
///
/// Method: the lower edge of the noise, f − half, and the upper one are taken as linear on each cell of X, and the
/// height of the box between them as constant, so that the cell adds height (F_lower − F_upper) to Y's density, F being
/// the distribution functions of the two edges: exactly at lattice points and in the mean between two.
pub(crate) fn entropy_uniform_noise(
    source: Source,
    f: impl Fn(f64) -> f64,
    half: impl Fn(f64) -> f64,
    breaks: &[f64],
    refine: usize,
) -> f64 {
    let edges: Vec<[f64; 5]> = cells(source, breaks)
        .iter()
        .map(|cell| {
            let (f, half) = (cell.ends(&f), cell.ends(&half));
            [cell.mass / (half.0 + half.1), f.0 - half.0, f.1 - half.1, f.0 + half.0, f.1 + half.1]
        })
        .collect();
    let (low, high) = edges.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), [_, a, b, c, d]| {
        (low.min(*a).min(*b), high.max(*c).max(*d))
    });
    // Few boxes are narrower than those at one standard deviation of X.
    let typical = half(-1.0).min(half(1.0));
    let step = (typical / STEPS_PER_HALF_WIDTH).min((high - low) / STEPS_PER_RANGE) / refine as f64;
    let points = ((high - low) / step) as usize + 3;
    let (mut mass_in, mut rise_in) = (vec![0.0; points], vec![0.0; points]);
    for [height, lower_0, lower_1, upper_0, upper_1] in edges {
        for (height, a, b) in [(height, lower_0, lower_1), (-height, upper_0, upper_1)] {
            spread_out(height, (a.min(b) - low) / step, (a.max(b) - low) / step, &mut mass_in, &mut rise_in);
        }
    }
    let mut p = 0.0;
    let density = mass_in.iter().zip(&rise_in).map(|(change, rise)| {
        let mean = p + rise;
        p += change;
        (p.max(0.0), mean.max(0.0))
    });
    entropy_of_intervals(density, step)
}

/// h(f(X) + Laplace noise of scale b) in nats; f may jump at `breaks` (increasing, inside the support).
///
/// Method: the mass of f(X) between lattice points is put at its mean, and e^(−|y|/b)/2b is convolved with that by one
/// pass in each direction, as e^(−(y + step)/b) is a multiple of e^(−y/b): exactly, whatever the ratio of b and f's range.
pub(crate) fn entropy_laplace_noise(
    source: Source,
    f: impl Fn(f64) -> f64,
    b: f64,
    breaks: &[f64],
    refine: usize,
) -> f64 {
    let cells = cells(source, breaks);
    let ends: Vec<(f64, f64)> = cells.iter().map(|cell| cell.ends(&f)).collect();
    let (low, high) = ends
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), (a, b)| (low.min(*a).min(*b), high.max(*a).max(*b)));
    let (low, high) = (low - LAPLACE_REACH * b, high + LAPLACE_REACH * b);
    let step = (b / STEPS_PER_SCALE).min((high - low) / STEPS_PER_RANGE) / refine as f64;
    let points = ((high - low) / step) as usize + 3;
    let (mut mass_in, mut rise_in) = (vec![0.0; points], vec![0.0; points]);
    for (cell, &(a, b)) in cells.iter().zip(&ends) {
        spread_out(cell.mass, (a.min(b) - low) / step, (a.max(b) - low) / step, &mut mass_in, &mut rise_in);
    }
    let unit = step / b;
    let fall = (-unit).exp();
    // Of the interval that ends at a point: its mass as it is seen from its end, and as it is seen from its start.
    let seen: Vec<(f64, f64)> = mass_in
        .iter()
        .zip(&rise_in)
        .map(|(&mass, &rise)| {
            if mass <= 0.0 {
                return (0.0, 0.0);
            }
            let before_end = (rise / mass).clamp(0.0, 1.0);
            let near = (-unit * before_end).exp();
            (mass * near, mass * fall / near)
        })
        .collect();
    let mut density = vec![0.0; points];
    let mut from_below = 0.0;
    for (p, (from_end, _)) in density.iter_mut().zip(&seen) {
        from_below = from_below * fall + from_end;
        *p = from_below;
    }
    let mut from_above = 0.0;
    for (p, (_, from_start)) in density.iter_mut().zip(&seen).rev() {
        *p += from_above;
        from_above = from_above * fall + from_start;
    }
    // What the trapezoid rule makes of the whole mass is divided out: near atoms it is off in second order.
    let (total, sum) = density.iter().filter(|&&p| p > f64::MIN_POSITIVE).fold((0.0, 0.0), |(total, sum), &p| {
        let p: f64 = p;
        (total + p, sum + p * p.ln())
    });
    (total * step).ln() - sum / total
}
