//! The pointwise MI of pairs Y = f(X) + σ(X) noise: p(y) by Boole's rule over X.

use mist_data_gen::{
    Sample,
    families::{
        link::{Curve, Link, Noise, Source, Spread},
        links::Links,
    },
};
use statrs::function::gamma::ln_gamma;

/// The ends of the support, and between them where the signal or σ jumps or has a kink.
fn kinks(link: &Link, reach: f64) -> Vec<f64> {
    let mut kinks = vec![-reach, reach];
    // The x at which (ω x + φ)/2π − shift is a multiple of `every`.
    let mut waves = |omega: f64, phase: f64, shift: f64, every: f64| {
        let most = (omega * reach / std::f64::consts::TAU / every) as i32 + 3;
        let middle = (phase / std::f64::consts::TAU / every).round() as i32;
        kinks.extend(
            (middle - most..=middle + most)
                .map(|k| ((f64::from(k) * every + shift) * std::f64::consts::TAU - phase) / omega),
        );
    };
    match link.curve() {
        Curve::Zigzag { omega, phase } => waves(omega, phase, 0.25, 0.5),
        Curve::Sawtooth { omega, phase } | Curve::Staircase { omega, phase } => waves(omega, phase, 0.0, 1.0),
        Curve::Threshold { at } => kinks.push(at),
        Curve::Steps { levels, at, .. } => kinks.extend_from_slice(&at[..levels - 1]),
        _ => {}
    }
    if matches!(link.spread(), Spread::Growing { .. }) {
        kinks.push(0.0);
    }
    kinks.retain(|x| x.abs() <= reach);
    kinks.sort_by(f64::total_cmp);
    kinks
}

/// Five points of X, equally spaced, with what Boole's rule needs there.
struct Cell {
    from: f64,
    to: f64,
    /// Signal, σ and mass.
    points: [(f64, f64, f64); 5],
}

/// p(y | x) and p(y) of one pair.
pub struct Densities<'a> {
    link: &'a Link,
    ln_student: f64,
    cells: Vec<Cell>,
}

impl<'a> Densities<'a> {
    /// For means over Y, to which single values matter less: the number of points is set by the noise alone.
    pub fn new(link: &'a Link) -> Self {
        Self::with_step(link, f64::INFINITY)
    }

    /// For values of ten digits: the signal moves by at most half a standard deviation of the noise on a cell.
    pub fn fine(link: &'a Link) -> Self {
        Self::with_step(link, 0.5)
    }

    fn with_step(link: &'a Link, step: f64) -> Self {
        let reach = match link.source() {
            Source::Normal => 8.0,
            Source::Uniform => 3.0_f64.sqrt(),
        };
        let ln_student = match link.noise() {
            Noise::Student { nu } => {
                ln_gamma(0.5 * (nu + 1.0)) - ln_gamma(0.5 * nu) - 0.5 * (nu * std::f64::consts::PI).ln()
            }
            _ => 0.0,
        };
        let mut densities = Self { link, ln_student, cells: Vec::new() };
        let widest = 8.0 * reach / (4_000.0 + 400.0 / link.noise_sd());
        for ends in kinks(link, reach).windows(2) {
            let count = ((ends[1] - ends[0]) / widest).ceil();
            let at = |k: f64| ends[0] + (ends[1] - ends[0]) * k / count;
            for k in 0..count as usize {
                densities.add_cells(at(k as f64), at(k as f64 + 1.0), step);
            }
        }
        densities
    }

    fn of_x(&self, x: f64) -> f64 {
        match self.link.source() {
            Source::Normal => (-0.5 * x * x).exp() / (2.0 * std::f64::consts::PI).sqrt(),
            Source::Uniform => 0.5 / 3.0_f64.sqrt(),
        }
    }

    /// Cells on which the signal moves by at most a part of the noise, if not far out in the tails.
    fn add_cells(&mut self, from: f64, to: f64, step: f64) {
        let cell = self.cell(from, to);
        let [(first, sigma, _), .., (last, other_sigma, _)] = cell.points;
        let widest = if from.abs().min(to.abs()) < 6.5 { step } else { 8.0 * step };
        if (last - first).abs() > widest * sigma.min(other_sigma) {
            let middle = 0.5 * (from + to);
            self.add_cells(from, middle, step);
            self.add_cells(middle, to, step);
        } else {
            self.cells.push(cell);
        }
    }

    fn cell(&self, from: f64, to: f64) -> Cell {
        let points = [(0.0, 7.0), (0.25, 32.0), (0.5, 12.0), (0.75, 32.0), (1.0, 7.0)].map(|(share, weight)| {
            // Inside, as the signal may jump at the ends.
            let x = from + (to - from) * f64::clamp(share, 1e-9, 1.0 - 1e-9);
            (self.link.signal(x), self.sigma(x), self.of_x(x) * weight / 90.0 * (to - from))
        });
        Cell { from, to, points }
    }

    fn sigma(&self, x: f64) -> f64 {
        self.link.noise_sd()
            * match self.link.spread() {
                Spread::Constant => 1.0,
                Spread::Exponential { rate } => (rate * x).exp(),
                Spread::Growing { slope } => 1.0 + slope * x.abs(),
            }
    }

    fn noise(&self, e: f64, sigma: f64) -> f64 {
        let z = e / sigma;
        let root2 = 2.0_f64.sqrt();
        let unit = match self.link.noise() {
            Noise::Normal => (-0.5 * z * z).exp() / (2.0 * std::f64::consts::PI).sqrt(),
            Noise::Uniform => 0.5 / 3.0_f64.sqrt() * f64::from(z.abs() <= 3.0_f64.sqrt()),
            Noise::Laplace => (-root2 * z.abs()).exp() / root2,
            Noise::Student { nu } => (self.ln_student - 0.5 * (nu + 1.0) * (z * z / nu).ln_1p()).exp(),
        };
        unit / sigma
    }

    /// p(y | x).
    pub fn of_y_given(&self, x: f64, y: f64) -> f64 {
        self.noise(y - self.link.signal(x), self.sigma(x))
    }

    /// p(y).
    pub fn of_y(&self, y: f64) -> f64 {
        self.cells.iter().map(|cell| self.of_cell(cell, y)).sum()
    }

    /// What a cell adds to p(y). Where the noise's density has an edge or a kink the cell is divided there; two of them
    /// between two points, where the signal turns within 1e-7 of y, are missed.
    fn of_cell(&self, cell: &Cell, y: f64) -> f64 {
        let smooth = |cell: &Cell| -> f64 {
            cell.points.iter().map(|&(signal, sigma, mass)| mass * self.noise(y - signal, sigma)).sum()
        };
        if matches!(self.link.noise(), Noise::Normal | Noise::Student { .. }) {
            return smooth(cell);
        }
        let side = |x: f64| match self.link.noise() {
            Noise::Laplace => self.link.signal(x) < y,
            Noise::Uniform => (self.link.signal(x) - y).abs() <= 3.0_f64.sqrt() * self.sigma(x),
            _ => true,
        };
        let side_at = |&(signal, sigma, _): &(f64, f64, f64)| match self.link.noise() {
            Noise::Laplace => signal < y,
            Noise::Uniform => (signal - y).abs() <= 3.0_f64.sqrt() * sigma,
            _ => true,
        };
        let sides = cell.points.each_ref().map(side_at);
        if sides.iter().all(|s| *s == sides[0]) {
            return smooth(cell);
        }
        let at = |k: usize| {
            let share = f64::clamp(0.25 * k as f64, 1e-9, 1.0 - 1e-9);
            cell.from + (cell.to - cell.from) * share
        };
        let mut ends = vec![at(0)];
        for k in 0..4 {
            if sides[k] != sides[k + 1] {
                let (mut low, mut high) = (at(k), at(k + 1));
                for _ in 0..60 {
                    let middle = 0.5 * (low + high);
                    if side(middle) == sides[k] { low = middle } else { high = middle }
                }
                ends.push(0.5 * (low + high));
            }
        }
        ends.push(at(4));
        ends.windows(2).map(|ends| smooth(&self.cell(ends[0], ends[1]))).sum()
    }

    /// The MI by the rule over X of h(Y) − h(Y | X), the outer integral over Y on a grid that is dense in the
    /// middle: y = sinh t.
    pub fn mi_nats(&self, points: usize) -> f64 {
        let reach = 12.0;
        let step = 2.0 * reach / points as f64;
        let ys = |shift: f64, scale: f64| {
            (0..points).map(move |i| {
                let t = -reach + step * (i as f64 + 0.5);
                (shift + scale * t.sinh(), scale * t.cosh() * step)
            })
        };
        let plogp = |p: f64| if p > 0.0 { -p * p.ln() } else { 0.0 };
        let of_y: f64 = ys(0.0, 1.0).map(|(y, weight)| weight * plogp(self.of_y(y))).sum();
        let of_unit_noise: f64 = ys(0.0, 1.0).map(|(e, weight)| weight * plogp(self.noise(e, 1.0))).sum();
        let ln_sigma: f64 =
            self.cells.iter().flat_map(|cell| &cell.points).map(|(_, sigma, mass)| mass * sigma.ln()).sum();
        of_y - of_unit_noise - ln_sigma
    }
}

/// The pointwise MI of every row of one pair.
pub fn link(base: &Link, x: &[f64], y: &[f64]) -> Vec<f64> {
    let densities = Densities::fine(base);
    x.iter().zip(y).map(|(&x, &y)| densities.of_y_given(x, y).ln() - densities.of_y(y).ln()).collect()
}

/// The pointwise MI of every row: the sum over the pairs.
pub fn links(base: &Links, sample: &Sample) -> Vec<f64> {
    let mut sum = vec![0.0; sample.x.nrows()];
    for (i, pair) in base.pairs().enumerate() {
        let (x, y) = (sample.x.column(i), sample.y.column(i));
        let values = link(pair, x.as_slice(), y.as_slice());
        sum.iter_mut().zip(values).for_each(|(sum, v)| *sum += v);
    }
    sum
}
