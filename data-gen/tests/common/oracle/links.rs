//! The pointwise MI of pairs Y = f(X) + σ(X) noise: p(y) by a plain midpoint rule over X.

use mist_data_gen::{
    Sample,
    families::{
        link::{Link, Noise, Source, Spread},
        links::Links,
    },
};
use statrs::function::gamma::ln_gamma;

/// p(y | x) and p(y) of one pair.
pub struct Densities<'a> {
    link: &'a Link,
    ln_student: f64,
    /// Signal, σ and mass of every cell of X.
    table: Vec<(f64, f64, f64)>,
}

impl<'a> Densities<'a> {
    /// The number of points is set by the noise.
    pub fn new(link: &'a Link) -> Self {
        let reach = match link.source() {
            Source::Normal => 8.0,
            Source::Uniform => 3.0_f64.sqrt(),
        };
        let points = (4_000.0 + 400.0 / link.noise_sd()) as usize;
        let step = 2.0 * reach / points as f64;
        let ln_student = match link.noise() {
            Noise::Student { nu } => {
                ln_gamma(0.5 * (nu + 1.0)) - ln_gamma(0.5 * nu) - 0.5 * (nu * std::f64::consts::PI).ln()
            }
            _ => 0.0,
        };
        let mut densities = Self { link, ln_student, table: Vec::new() };
        densities.table = (0..points)
            .map(|i| {
                let x = -reach + step * (i as f64 + 0.5);
                let density = match link.source() {
                    Source::Normal => (-0.5 * x * x).exp() / (2.0 * std::f64::consts::PI).sqrt(),
                    Source::Uniform => 0.5 / reach,
                };
                (link.signal(x), densities.sigma(x), density * step)
            })
            .collect();
        densities
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
        self.table.iter().map(|&(signal, sigma, mass)| mass * self.noise(y - signal, sigma)).sum()
    }

    /// The MI by a midpoint rule over X of h(Y) − h(Y | X), the outer integral over Y on a grid that is dense in the
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
        let ln_sigma: f64 = self.table.iter().map(|(_, sigma, mass)| mass * sigma.ln()).sum();
        of_y - of_unit_noise - ln_sigma
    }
}

/// The pointwise MI of every row of one pair.
pub fn link(base: &Link, x: &[f64], y: &[f64]) -> Vec<f64> {
    let densities = Densities::new(base);
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
