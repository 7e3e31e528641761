//! The MI of a mixture as a mean over rows drawn from it.

use rand::Rng;

use super::component::{Column, Component, choose};

/// Rows that the variance is estimated from.
const PILOT: usize = 300;

/// Rows at most.
const MOST: usize = 3_000;

/// Probability that a row comes from p(x, y), rather than from p(x) p(y).
const FROM_JOINT: f64 = 0.7;

/// The standard error wanted, in nats.
const WANTED: f64 = 0.015;

/// A component as its density is computed.
struct Density<'a> {
    component: &'a Component,
    /// 1/sd.
    of_x: Vec<f64>,
    of_y: Vec<f64>,
    /// Π 1/sd.
    peak_x: f64,
    peak_y: f64,
    /// (ρ/(1 − ρ²), ½ ρ²/(1 − ρ²)) of every pair; empty if no pair is correlated.
    rho: Vec<(f64, f64)>,
    /// −½ Σ ln(1 − ρ²).
    mi_nats: f64,
}

/// Of one component at a row.
struct At {
    /// p(x) and p(y), less the powers of 2π, which cancel.
    x: f64,
    y: f64,
    /// p(x, y), likewise.
    both: f64,
    /// ln p(x, y) − ln p(x) − ln p(y).
    pointwise: f64,
}

impl<'a> Density<'a> {
    fn new(component: &'a Component) -> Self {
        let inverse = |columns: &[Column]| columns.iter().map(|c| 1.0 / c.sd).collect::<Vec<_>>();
        let (of_x, of_y) = (inverse(&component.x), inverse(&component.y));
        let rest = |rho: f64| (1.0 - rho) * (1.0 + rho);
        let rho = if component.rho.iter().all(|&rho| rho == 0.0) {
            Vec::new()
        } else {
            component.rho.iter().map(|&r| (r / rest(r), 0.5 * r * r / rest(r))).collect()
        };
        Self {
            component,
            peak_x: of_x.iter().product(),
            peak_y: of_y.iter().product(),
            of_x,
            of_y,
            rho,
            mi_nats: component.rho.iter().map(|&r| -0.5 * rest(r).ln()).sum(),
        }
    }

    fn at(&self, x: &[f64], y: &[f64]) -> At {
        let square = |values: &[f64], columns: &[Column], inverse: &[f64]| -> f64 {
            values.iter().zip(columns).zip(inverse).map(|((v, c), i)| ((v - c.mean) * i).powi(2)).sum()
        };
        let (columns_x, columns_y) = (&self.component.x, &self.component.y);
        let in_x = -0.5 * square(x, columns_x, &self.of_x);
        let in_y = -0.5 * square(y, columns_y, &self.of_y);
        let (at_x, at_y) = (self.peak_x * in_x.exp(), self.peak_y * in_y.exp());
        if self.rho.is_empty() {
            return At { x: at_x, y: at_y, both: at_x * at_y, pointwise: 0.0 };
        }
        let mut pointwise = self.mi_nats;
        for (i, (cross, own)) in self.rho.iter().enumerate() {
            let a = (x[i] - columns_x[i].mean) * self.of_x[i];
            let b = (y[i] - columns_y[i].mean) * self.of_y[i];
            pointwise += cross * a * b - own * (a * a + b * b);
        }
        // One exponential: the factors may underflow and overflow where the product does not.
        let both = self.peak_x * self.peak_y * (in_x + in_y + pointwise).exp();
        At { x: at_x, y: at_y, both, pointwise }
    }
}

/// The MI in nats and its standard error.
///
/// Rows come from m = a p(x, y) + (1 − a) p(x) p(y) and count p(x, y)/m, which is at most 1/a: with rows of p(x, y)
/// alone, p(x) p(y)/p(x, y) as a control variate would have heavy tails.
pub(super) fn mi_nats<R: Rng + ?Sized>(components: &[Component], rng: &mut R) -> (f64, f64) {
    let densities: Vec<Density> = components.iter().map(Density::new).collect();
    let (mut x, mut y) = (vec![0.0; components[0].x.len()], vec![0.0; components[0].y.len()]);
    let mut unused = x.clone();
    let mut rows = Rows::default();
    let mut extend = |rows: &mut Rows, n: usize| {
        for _ in 0..n {
            choose(components, rng).row(&mut x, &mut y, rng);
            if rng.random::<f64>() >= FROM_JOINT {
                choose(components, rng).row(&mut unused, &mut y, rng);
            }
            rows.push(&densities, &x, &y);
        }
    };
    extend(&mut rows, PILOT);
    let (_, error) = rows.mean();
    let wanted = (PILOT as f64 * (error / WANTED).powi(2)).ceil() as usize;
    extend(&mut rows, wanted.min(MOST).saturating_sub(PILOT));
    rows.mean()
}

/// The values to be averaged, and the control variates less their means.
#[derive(Default)]
struct Rows {
    /// (p(x, y)/m) ln (p(x, y)/(p(x) p(y))).
    pointwise: Vec<f64>,
    /// Σ w_k p_k(x, y) (i_k − I_k)/m with i_k the pointwise MI of component k and I_k its mean.
    within: Vec<f64>,
    /// p(x, y)/m − 1.
    share: Vec<f64>,
}

impl Rows {
    fn push(&mut self, densities: &[Density], x: &[f64], y: &[f64]) {
        let (mut both, mut of_x, mut of_y, mut within) = (0.0, 0.0, 0.0, 0.0);
        for density in densities {
            let weight = density.component.weight;
            let at = density.at(x, y);
            both += weight * at.both;
            of_x += weight * at.x;
            of_y += weight * at.y;
            within += weight * at.both * (at.pointwise - density.mi_nats);
        }
        let m = FROM_JOINT * both + (1.0 - FROM_JOINT) * of_x * of_y;
        // Where p(x, y) underflows.
        let value = if both > 0.0 { both / m * (both / (of_x * of_y)).ln() } else { 0.0 };
        self.pointwise.push(value);
        self.within.push(within / m);
        self.share.push(both / m - 1.0);
    }

    /// The mean with the control variates regressed out, and its standard error.
    fn mean(&self) -> (f64, f64) {
        let (mut values, mut within) = (self.pointwise.clone(), self.within.clone());
        regress_out(&mut within, &self.share);
        regress_out(&mut values, &self.share);
        regress_out(&mut values, &within);
        let (mean, variance) = moments(&values);
        (mean, (variance / values.len() as f64).sqrt())
    }
}

fn moments(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    (mean, values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0))
}

/// Subtracts the multiple of a control variate, of mean zero, that leaves the least variance.
fn regress_out(values: &mut [f64], control: &[f64]) {
    let (mean_of_control, variance) = moments(control);
    // Nothing but rounding.
    if variance < 1e-20 {
        return;
    }
    let (mean, _) = moments(values);
    let covariance: f64 = values.iter().zip(control).map(|(v, c)| (v - mean) * (c - mean_of_control)).sum();
    let slope = covariance / ((values.len() - 1) as f64 * variance);
    values.iter_mut().zip(control).for_each(|(v, c)| *v -= slope * c);
}
