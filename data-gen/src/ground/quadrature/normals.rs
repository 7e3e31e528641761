//! A mixture of normals of one width on a lattice: what f(X) + normal noise is, once X is cut into nodes.

use super::NOISE_REACH;

/// The density of the mixture at equally spaced points, which it vanishes at both ends of.
pub(crate) struct Normals {
    origin: f64,
    step: f64,
    density: Vec<f64>,
}

impl Normals {
    /// Of `nodes` (centre, mass), their masses brought to a sum of 1, with `steps_per_sd` steps in the width `sd`.
    pub(crate) fn new(nodes: &[(f64, f64)], sd: f64, steps_per_sd: f64) -> Self {
        let step = sd / steps_per_sd;
        let margin = NOISE_REACH * sd;
        let (low, high) =
            nodes.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), (v, _)| (low.min(*v), high.max(*v)));
        let origin = low - margin;
        let mut density = vec![0.0; ((high - low + 2.0 * margin) / step) as usize + 2];
        let taps = (2.0 * margin / step) as usize;
        let unit = step / sd;
        // A normal density on a lattice by two multiplications a point: g_{k+1} = g_k r_k, r_{k+1} = r_k q.
        let q = (-unit * unit).exp();
        let peak = 1.0 / (sd * (2.0 * std::f64::consts::PI).sqrt());
        let mut total = 0.0;
        for (v, mass) in nodes {
            total += mass;
            let first = ((v - margin - origin) / step).ceil() as usize;
            let z = (origin + first as f64 * step - v) / sd;
            let mut g = mass * peak * (-0.5 * z * z).exp();
            let mut r = (-unit * z - 0.5 * unit * unit).exp();
            for p in &mut density[first..first + taps] {
                *p += g;
                g *= r;
                r *= q;
            }
        }
        density.iter_mut().for_each(|p| *p /= total);
        Self { origin, step, density }
    }

    /// −∫ p ln p in nats, by the trapezoid rule.
    pub(crate) fn entropy(&self) -> f64 {
        let sum: f64 = self.density.iter().filter(|&&p| p > f64::MIN_POSITIVE).map(|&p| p * p.ln()).sum();
        -self.step * sum
    }

    /// A function that gives ln((1 − ε) p(y) + ε w(y)), w a wide density that keeps it finite where the lattice ends:
    /// the logarithm goes through the four points around y.
    pub(crate) fn ln_density(self, epsilon: f64, wide: impl Fn(f64) -> f64) -> impl Fn(f64) -> f64 {
        let mixed = |p: f64, y: f64| ((1.0 - epsilon) * p + epsilon * wide(y)).ln();
        let points = self.density.iter().enumerate();
        let at_points: Vec<f64> = points.map(|(k, &p)| mixed(p, self.origin + self.step * k as f64)).collect();
        let (origin, step) = (self.origin, self.step);
        move |y: f64| {
            let at = (y - origin) / step;
            let inside = at >= 1.0 && at < at_points.len() as f64 - 2.0;
            if !inside {
                return (epsilon * wide(y)).ln();
            }
            let (k, t) = (at as usize, at.fract());
            let [a, b, c, d]: [f64; 4] = at_points[k - 1..k + 3].try_into().expect("four points");
            // Lagrange's cubic through −1, 0, 1, 2.
            let (below, above) = (t + 1.0, t - 1.0);
            let beyond = t - 2.0;
            -t * above * beyond / 6.0 * a + below * above * beyond / 2.0 * b - below * t * beyond / 2.0 * c
                + below * t * above / 6.0 * d
        }
    }
}
