//! Quadrature: integrals over (0, 1), and the entropy of a one-dimensional f(X) + noise.
//!
//! X is a standard normal or a uniform of unit variance. The density of Y = f(X) + noise is built on a
//! lattice whose step is a fixed fraction of the noise's width, so that the cost is
//! (total variation of f) / (noise width) and the accuracy does not depend on the noise level.

use std::sync::LazyLock;

use super::normal::normal_cdf;
use normals::Normals;

pub(crate) mod bells;
pub(crate) mod cells;
pub(crate) mod elementary;
pub(crate) mod interpolated;
pub(crate) mod lattice_rule;
pub(crate) mod normals;

/// Half the support of a standard normal: the mass beyond is 5.7e-7, and what it adds to an entropy is
/// below 2e-5 nats.
const NORMAL_REACH: f64 = 5.0;

/// Cells of X that the support is cut into where cumulative mass is needed.
const CELLS: usize = 2048;

/// Steps of the lattice in one standard deviation of normal noise. The density of Y is a mixture of
/// normals of that width, for which the trapezoid rule converges exponentially in this number.
pub(crate) const STEPS_PER_SD: f64 = 2.0;

/// Half the support of normal noise, in standard deviations.
const NOISE_REACH: f64 = 6.0;

/// Steps of the lattice in the half-width of uniform noise. Y's density has kinks there, which keep the
/// quadrature at second order.
const STEPS_PER_HALF_WIDTH: f64 = 64.0;

/// Steps of the lattice in the range of f, which matters where the noise is the wider of the two.
const STEPS_PER_RANGE: f64 = 384.0;

/// Nodes (in [−1, 1]) and weights of the 4-point Gauss–Legendre rule.
pub(crate) const GAUSS: [(f64, f64); 4] = [
    (-0.861_136_311_594_052_6, 0.347_854_845_137_453_86),
    (-0.339_981_043_584_856_26, 0.652_145_154_862_546_1),
    (0.339_981_043_584_856_26, 0.652_145_154_862_546_1),
    (0.861_136_311_594_052_6, 0.347_854_845_137_453_86),
];

/// Calls f with each node of the 4-point rule on `panels` equal panels of half-width `half`, the first of which begins at
/// `from`, and with the node's weight on a panel of half-width 1.
#[inline]
pub(crate) fn on_panels(from: f64, half: f64, panels: usize, mut f: impl FnMut(f64, f64)) {
    for p in 0..panels {
        let centre = from + half * (2 * p + 1) as f64;
        for (node, weight) in GAUSS {
            f(centre + half * node, weight);
        }
    }
}

/// ∫ f(t, 1 − t) dt over (0, 1) by the tanh-sinh rule (Takahasi and Mori 1974), for an f that is analytic inside and
/// integrable at both ends, however steep. f gets 1 − t with full relative accuracy.
pub(crate) fn tanh_sinh(f: impl Fn(f64, f64) -> f64) -> f64 {
    const STEP: f64 = 1.0 / 16.0;
    // Beyond, t or 1 − t is below 1e-30.
    const STEPS: i32 = 61;
    /// t, 1 − t and weight of every node.
    static NODES: LazyLock<Vec<(f64, f64, f64)>> = LazyLock::new(|| {
        let node = |k: i32| {
            let s = f64::from(k) * STEP;
            let u = std::f64::consts::PI * s.sinh();
            // t = 1/(1 + e^−u)
            let (small, large) = {
                let e = (-u.abs()).exp();
                (e / (1.0 + e), 1.0 / (1.0 + e))
            };
            let (t, rest) = if u < 0.0 { (small, large) } else { (large, small) };
            (t, rest, std::f64::consts::PI * s.cosh() * t * rest)
        };
        (-STEPS..=STEPS).map(node).collect()
    });
    let mut sum = 0.0;
    for &(t, rest, weight) in NODES.iter() {
        sum += weight * f(t, rest);
    }
    STEP * sum
}

/// The distribution of X: zero mean, unit variance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// N(0, 1).
    Normal,
    /// U(−√3, √3).
    Uniform,
}

impl Source {
    /// The end of the (effective) support, which is symmetric about zero.
    pub(crate) fn reach(self) -> f64 {
        match self {
            Self::Normal => NORMAL_REACH,
            Self::Uniform => 3.0_f64.sqrt(),
        }
    }

    fn density(self, x: f64) -> f64 {
        match self {
            Self::Normal => (-0.5 * x * x).exp() / (2.0 * std::f64::consts::PI).sqrt(),
            Self::Uniform => 0.5 / 3.0_f64.sqrt(),
        }
    }

    /// P(X ≤ x).
    #[must_use]
    pub fn cdf(self, x: f64) -> f64 {
        match self {
            Self::Normal => normal_cdf(x),
            Self::Uniform => (0.5 + x * 0.5 / 3.0_f64.sqrt()).clamp(0.0, 1.0),
        }
    }

    /// Mass of each of [`CELLS`] equal cells of the support.
    fn cell_masses(self) -> &'static [f64] {
        static NORMAL: LazyLock<Vec<f64>> = LazyLock::new(|| masses(Source::Normal));
        static UNIFORM: LazyLock<Vec<f64>> = LazyLock::new(|| masses(Source::Uniform));
        match self {
            Self::Normal => &NORMAL,
            Self::Uniform => &UNIFORM,
        }
    }
}

fn masses(source: Source) -> Vec<f64> {
    let edge = |k: usize| source.cdf(cell_edge(source, k));
    let whole = edge(CELLS) - edge(0);
    (0..CELLS).map(|k| (edge(k + 1) - edge(k)) / whole).collect()
}

fn cell_edge(source: Source, k: usize) -> f64 {
    source.reach() * (2.0 * k as f64 / CELLS as f64 - 1.0)
}

/// Mean and standard deviation of f(X), by the midpoint rule.
pub(crate) fn mean_and_sd(source: Source, f: impl Fn(f64) -> f64) -> (f64, f64) {
    let half = source.reach() / CELLS as f64;
    let (mut mean, mut square) = (0.0, 0.0);
    for (k, mass) in source.cell_masses().iter().enumerate() {
        let v = f(cell_edge(source, k) + half);
        mean += mass * v;
        square += mass * v * v;
    }
    (mean, (square - mean * mean).max(0.0).sqrt())
}

/// E[f(|X|)] for a smooth f, by composite Gauss–Legendre.
pub(crate) fn mean_of_even(source: Source, f: impl Fn(f64) -> f64) -> f64 {
    const PANELS: usize = 16;
    let half = 0.5 * source.reach() / PANELS as f64;
    let (mut mass, mut sum) = (0.0, 0.0);
    on_panels(0.0, half, PANELS, |x, weight| {
        mass += weight * source.density(x);
        sum += weight * source.density(x) * f(x);
    });
    sum / mass
}

/// h(f(X) + N(0, sd²)) in nats. `f` must be smooth between consecutive `breaks` (increasing, inside the
/// support; none for a smooth f).
///
/// Method: composite Gauss–Legendre over X with panels on which f moves by at most 1.5 sd; every node
/// adds a normal density to the lattice; trapezoid rule for −∫ p ln p. `refine` divides panels and step.
pub(crate) fn entropy_normal_noise(
    source: Source,
    f: impl Fn(f64) -> f64,
    breaks: &[f64],
    sd: f64,
    refine: f64,
) -> f64 {
    // (value of f, mass) of every node.
    let mut nodes = Vec::new();
    let reach = source.reach();
    let mut from = -reach;
    for &to in breaks.iter().chain(std::iter::once(&reach)) {
        // Coarse panels first; the number of panels within each follows the variation of f there.
        let coarse = (2.0 * (to - from)).ceil().max(1.0) as usize;
        let width = (to - from) / coarse as f64;
        for c in 0..coarse {
            let left = from + width * c as f64;
            let panels = (refine * variation(&f, left, width) / (1.5 * sd)).ceil().max(refine) as usize;
            let half = 0.5 * width / panels as f64;
            on_panels(left, half, panels, |x, weight| nodes.push((f(x), half * weight * source.density(x))));
        }
        from = to;
    }

    Normals::new(&nodes, sd, STEPS_PER_SD * refine).entropy()
}

/// An upper estimate of how far f moves on [left, left + width]: the sum over a few pieces.
fn variation(f: &impl Fn(f64) -> f64, left: f64, width: f64) -> f64 {
    const PIECES: usize = 6;
    let mut sum = 0.0;
    // Just inside both ends: at a break, f belongs to the other piece.
    let inside = 1e-9 * width;
    let mut last = f(left + inside);
    for k in 1..=PIECES {
        let next = f(left + inside + (width - 2.0 * inside) * k as f64 / PIECES as f64);
        sum += (next - last).abs();
        last = next;
    }
    1.2 * sum
}

/// h(f(X) + U(−half, half)) in nats, for a continuous f.
///
/// Method: f is taken as linear on each of [`CELLS`] cells of X, which gives the distribution function F
/// of f(X), exactly on a lattice and in the mean between two lattice points. Y's density is
/// p(y) = (F(y + half) − F(y − half)) / (2 half), so it is known in the same two ways. Between lattice
/// points p ln p is taken as linear in p, with the exact mean of p: of second order where p is smooth,
/// exact where it jumps, as it nearly does where f is flat.
pub(crate) fn entropy_uniform_noise(source: Source, f: impl Fn(f64) -> f64, half: f64, refine: usize) -> f64 {
    let values: Vec<f64> = (0..=CELLS).map(|k| f(cell_edge(source, k))).collect();
    let (low, high) =
        values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(*v), high.max(*v)));
    // The half-width is a whole number of steps, so that both shifts of F fall on the lattice.
    let reach = STEPS_PER_HALF_WIDTH.max(STEPS_PER_RANGE * half / (high - low));
    let reach = reach.ceil() as usize * refine;
    let step = half / reach as f64;
    let inner = ((high - low) / step) as usize + 2;

    // Of the interval that ends at lattice point j (low + step j): the mass in it, and the mean of F in
    // it above its start.
    let mut mass_in = vec![0.0; inner + 1];
    let mut rise_in = vec![0.0; inner + 1];
    for (ends, &mass) in values.windows(2).zip(source.cell_masses()) {
        let (at, end) = ((ends[0].min(ends[1]) - low) / step, (ends[0].max(ends[1]) - low) / step);
        spread_out(mass, at, end, &mut mass_in, &mut rise_in);
    }
    // F at point j, and its mean over the interval that ends there.
    let mut sum = 0.0;
    let distribution: Vec<(f64, f64)> = mass_in
        .iter()
        .zip(&rise_in)
        .map(|(mass, rise)| {
            let mean = sum + rise;
            sum += mass;
            (sum, mean)
        })
        .collect();

    let at = |j: isize| match usize::try_from(j) {
        Err(_) => (0.0, 0.0),
        Ok(j) => distribution.get(j).copied().unwrap_or((1.0, 1.0)),
    };
    let reach = reach as isize;
    let density = (-reach..=inner as isize + reach).map(|j| {
        let (above, below) = (at(j + reach), at(j - reach));
        ((above.0 - below.0).max(0.0) / (2.0 * half), (above.1 - below.1).max(0.0) / (2.0 * half))
    });
    entropy_of_intervals(density, step)
}

/// −∫ p ln p of a density that starts at 0, given at lattice points with its mean over the interval that ends there.
fn entropy_of_intervals(density: impl Iterator<Item = (f64, f64)>, step: f64) -> f64 {
    let g = |p: f64| if p > f64::MIN_POSITIVE { p * p.ln() } else { 0.0 };
    let (mut p_last, mut g_last) = (0.0, 0.0);
    let mut sum = 0.0;
    for (p, mean) in density {
        let g_here = g(p);
        // How much of the interval belongs to its end.
        let change = p - p_last;
        let share = if change.abs() > 1e-9 * p { ((mean - p_last) / change).clamp(0.0, 1.0) } else { 0.5 };
        sum += (1.0 - share) * g_last + share * g_here;
        (p_last, g_last) = (p, g_here);
    }
    -step * sum
}

/// Adds a mass that is spread evenly from `at` to `end`, in steps from the lattice's first point: to the mass in each
/// interval (by the index of its end), and to the mean in it of the distribution function above its start.
fn spread_out(mass: f64, mut at: f64, end: f64, mass_in: &mut [f64], rise_in: &mut [f64]) {
    let slope = mass / (end - at);
    let mut left = mass;
    let mut j = at.ceil();
    while j < end {
        let piece = slope * (j - at);
        mass_in[j as usize] += piece;
        rise_in[j as usize] += piece * 0.5 * (j - at);
        left -= piece;
        at = j;
        j += 1.0;
    }
    mass_in[j as usize] += left;
    rise_in[j as usize] += left * (j - 0.5 * (at + end));
}
