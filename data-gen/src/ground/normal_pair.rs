//! The bivariate normal, and what its parts tell: the basis of the families that round, cut or mask it.

use nalgebra::DMatrix;
use rand::Rng;
use rand_distr::StandardNormal;

use super::{
    domain::Domain,
    draw::uniform,
    error::{ConfigError, ParameterError},
    keys::{Keys, Range},
    normal::{ln_masses, mass, normal_cdf, normal_density},
    prior::drawn,
    quadrature::{GAUSS, on_panels},
};

/// Standard deviations beyond which normal mass (1e-17) is left out.
pub(crate) const REACH: f64 = 8.5;

/// Standard normal X and Y with correlation ρ.
///
/// # Domain
/// ρ in [`NormalPair::RHO`]: below 4.26 nats. The quadratures' cost grows as 1/√(1 − ρ²).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NormalPair {
    rho: f64,
    /// √(1 − ρ²).
    rest: f64,
}

impl NormalPair {
    /// Domain of ρ.
    pub const RHO: Domain = Domain::closed(0.0, 0.9999);

    /// Domain of an MI that is wanted: below that of the largest ρ.
    pub const MI_NATS: Domain = Domain::closed(0.0, 4.2);

    /// With this correlation.
    ///
    /// # Errors
    /// ρ is outside its domain.
    pub fn new(rho: f64) -> Result<Self, ParameterError> {
        Self::RHO.check("rho", rho)?;
        Ok(Self { rho, rest: (1.0 - rho * rho).sqrt() })
    }

    /// ρ.
    #[must_use]
    pub fn rho(&self) -> f64 {
        self.rho
    }

    /// −½ ln(1 − ρ²).
    #[must_use]
    pub fn mi_nats(&self) -> f64 {
        -0.5 * (-self.rho * self.rho).ln_1p()
    }

    /// (x − ρy)/√(1 − ρ²), which is standard normal for given y; and as well with x and y exchanged.
    pub(crate) fn scaled(&self, x: f64, y: f64) -> f64 {
        (x - self.rho * y) / self.rest
    }

    /// A function that gives ln p(x, y) − ln p(x) − ln p(y).
    pub(crate) fn pointwise_mi(self) -> impl Fn(f64, f64) -> f64 {
        let mi_nats = self.mi_nats();
        move |x, y| {
            // As ln p(x|y) − ln p(x), which loses less than the quadratic form where ρ is near 1.
            let z = self.scaled(x, y);
            mi_nats + 0.5 * (x * x - z * z)
        }
    }

    /// One row.
    pub(crate) fn draw<R: Rng + ?Sized>(&self, rng: &mut R) -> (f64, f64) {
        let x: f64 = rng.sample(StandardNormal);
        (x, self.rho * x + self.rest * rng.sample::<f64, _>(StandardNormal))
    }

    /// The range of [`NormalPair::with_mi_of`] from the key `mi`.
    pub(crate) fn read_mi(keys: &mut Keys) -> Result<Range, ConfigError> {
        keys.range("mi", [0.0, 4.0], Self::MI_NATS)
    }

    /// One of K pairs: its MI is I/K^p with ln(1 + I) uniform over the range, p ~ U(0, 1), so that many pairs may share
    /// what one could have, or each have it.
    pub(crate) fn with_mi_of<R: Rng + ?Sized>(mi: &Range, pairs: usize, rng: &mut R) -> Self {
        let mi = uniform(&mi.map(f64::ln_1p), rng).exp_m1() / (pairs as f64).powf(rng.random());
        let rho = (-(-2.0 * mi).exp_m1()).sqrt();
        drawn(Self::new(rho))
    }

    /// Σ_i ∫ φ(y) P(i|y) ln(P(i|y)/P_i) dy over those cells i of X that are kept: what Y tells about them. Cell i lies
    /// between the edges i − 1 and i, which increase and lie within [`REACH`].
    ///
    /// By the trapezoid rule, which converges exponentially: the integrand is analytic in a strip around the real line
    /// whose width is that of P(i|y)'s rise, √(1 − ρ²)/ρ. `refine` divides the step.
    pub(crate) fn information_on_cells(&self, edges: &[f64], keep: impl Fn(usize) -> bool, refine: f64) -> f64 {
        if self.rho == 0.0 {
            return 0.0;
        }
        let ln_mass = ln_masses(edges);
        let steps = (REACH * refine / (0.5 * self.rest / self.rho).min(0.4)).ceil();
        let step = REACH / steps;
        let mut sum = 0.0;
        for k in -(steps as i64)..=steps as i64 {
            let y = step * k as f64;
            let mean = self.rho * y;
            let mut inner = 0.0;
            self.each_cell(mean, edges, |i, p| {
                if p > 0.0 && keep(i) {
                    inner += p * (p.ln() - ln_mass[i]);
                }
            });
            sum += normal_density(y) * inner;
        }
        step * sum
    }

    /// P(X in cell i, Y in cell j), by the 4-point Gauss–Legendre rule over x on panels of at most half the width of
    /// P(j|x)'s rise; `refine` divides them.
    pub(crate) fn rectangles(&self, edges_x: &[f64], edges_y: &[f64], refine: f64) -> DMatrix<f64> {
        let panel = 0.5 * if self.rho > 0.0 { (self.rest / self.rho).min(1.0) } else { 1.0 } / refine;
        let mut cells: DMatrix<f64> = DMatrix::zeros(edges_x.len() + 1, edges_y.len() + 1);
        let ends = std::iter::once(&-REACH).chain(edges_x).zip(edges_x.iter().chain(std::iter::once(&REACH)));
        for (i, (from, to)) in ends.enumerate() {
            let panels = ((to - from) / panel).ceil().max(1.0);
            let half = 0.5 * (to - from) / panels;
            on_panels(*from, half, panels as usize, |x, weight| {
                let mass = half * weight * normal_density(x);
                self.each_cell(self.rho * x, edges_y, |j, p| cells[(i, j)] += mass * p);
            });
        }
        // What the rule is off by in all, 1e-11 or so, is no information.
        let sum = cells.sum();
        cells / sum
    }

    /// ln P(`from` < X ≤ `to`, `bottom` < Y ≤ `top`) with the relative accuracy that its logarithm needs, about 1e-9 of
    /// what is drawn once in 1e7 rows: by the rule of [`NormalPair::rectangles`] on panels half as wide, but fine ones
    /// only where P(`bottom` < Y ≤ `top` | x) changes.
    pub(crate) fn ln_rectangle(&self, (from, to): (f64, f64), (bottom, top): (f64, f64)) -> f64 {
        // The mass beyond is 1e-23.
        const END: f64 = 10.0;
        let width = self.rest / self.rho;
        let fine = width.min(1.0);
        let to = to.min(END);
        let mut at = from.max(-END);
        let mut sum = 0.0;
        while at < to {
            // How far x is from where the probability of Y rises or falls, by 9 standard deviations around its edges.
            let gap = (at - bottom / self.rho).abs().min((at - top / self.rho).abs()) - 9.0 * width;
            // In this order, as `gap` is not a number where ρ = 0.
            let half = (0.125 * gap.max(fine).min(1.0)).min(0.5 * (to - at));
            for (node, weight) in GAUSS {
                let x = at + half * (1.0 + node);
                sum += half * weight * normal_density(x) * mass(self.scaled(bottom, x), self.scaled(top, x));
            }
            at += 2.0 * half;
        }
        sum.ln()
    }

    /// Calls `f` with every cell that N(`mean`, 1 − ρ²) reaches, and the mass in it.
    fn each_cell(&self, mean: f64, edges: &[f64], mut f: impl FnMut(usize, f64)) {
        let reach = REACH * self.rest;
        let first = edges.partition_point(|edge| *edge < mean - reach);
        let last = first + edges[first..].partition_point(|edge| *edge <= mean + reach);
        let mut below = 0.0;
        for (i, edge) in edges.iter().enumerate().take(last).skip(first) {
            let above = normal_cdf((edge - mean) / self.rest);
            f(i, above - below);
            below = above;
        }
        f(last, 1.0 - below);
    }
}
