//! The entropy of a mixture of many normals of many widths: what f(X) + noise is, once X is cut into nodes, for normal
//! noise, and for Student noise as a mixture of normals.

use statrs::function::gamma::ln_gamma;

use super::{NOISE_REACH, Source, on_panels, variation};

/// Steps of a lattice in the narrowest width that is put on it. Midpoints of six-point interpolation are then within
/// 3e-4 of a peak, with alternating signs.
const STEPS_PER_WIDTH: f64 = 2.5;

/// A panel of X with less mass than this may be blurred, see [`bells`].
const SMALL_MASS: f64 = 1e-3;

/// By how much a panel of small mass may be blurred: the part of what f moves by on it.
const BLUR: f64 = 1.0 / 64.0;

/// Normals with a smaller share of a Student-t are left out.
const LEAST_SHARE: f64 = 1e-6;

/// A normal density with a mass.
pub(crate) struct Bell {
    at: f64,
    width: f64,
    mass: f64,
}

/// Student's t with ν degrees of freedom as a mixture of centred normals: (standard deviation, mass).
///
/// t = Z S, S = √(ν/χ²_ν). The trapezoid rule over ln S, whose standard deviation is about 1/√(2ν): with steps of at
/// most 1.1 of it the density at 0 is within 5e-4 of its value, as a share, and elsewhere closer.
pub(crate) fn student_scales(nu: f64) -> Vec<(f64, f64)> {
    let per_octave = (0.9 * 2.0_f64.ln() * (2.0 * nu).sqrt()).ceil().max(2.0);
    let ln_norm = 0.5 * nu * 2.0_f64.ln() + ln_gamma(0.5 * nu);
    let whole = per_octave as i32;
    let mut scales: Vec<(f64, f64)> = (-4 * whole..=24 * whole)
        .map(|k| {
            let scale = (f64::from(k) / per_octave).exp2();
            let c = nu / (scale * scale);
            (scale, 2.0 * 2.0_f64.ln() / per_octave * (0.5 * nu * c.ln() - 0.5 * c - ln_norm).exp())
        })
        .filter(|&(_, mass)| mass > LEAST_SHARE)
        .collect();
    let total: f64 = scales.iter().map(|(_, mass)| mass).sum();
    scales.iter_mut().for_each(|(_, mass)| *mass /= total);
    scales
}

/// f(X) + σ(X) noise as a mixture of normals, the noise being one of the `scales` (standard deviation, mass). `f` and
/// `sd` = σ must be smooth between consecutive `breaks` (increasing, inside the support), σ monotone there.
///
/// Composite Gauss–Legendre over X with panels on which f moves by at most 1.5 standard deviations. Where there is
/// little mass, in the tails of a normal X, a steep f would need very many of them: there the noise is widened to a
/// small part of what f moves by.
pub(crate) fn bells(
    source: Source,
    f: impl Fn(f64) -> f64,
    sd: impl Fn(f64) -> f64,
    breaks: &[f64],
    scales: &[(f64, f64)],
    refine: f64,
) -> Vec<Bell> {
    let mut bells = Vec::new();
    let mut nodes: Vec<(f64, f64, f64)> = Vec::new();
    let reach = source.reach();
    let mut from = -reach;
    for &to in breaks.iter().chain(std::iter::once(&reach)) {
        let coarse = (2.0 * (to - from)).ceil().max(1.0) as usize;
        let width = (to - from) / coarse as f64;
        for c in 0..coarse {
            let left = from + width * c as f64;
            let moves = variation(&f, left, width);
            let least_sd = sd(left).min(sd(left + width));
            let most_mass = width * source.density(left.abs().min((left + width).abs()));
            let blur = if most_mass < SMALL_MASS { moves * BLUR / refine } else { 0.0 };
            let mut panels = 0;
            for &(scale, share) in scales {
                let wanted = (refine * moves / (1.5 * (least_sd * scale).max(blur))).ceil().max(refine) as usize;
                if wanted != panels {
                    panels = wanted;
                    nodes.clear();
                    let half = 0.5 * width / panels as f64;
                    on_panels(left, half, panels, |x, weight| {
                        nodes.push((f(x), sd(x), half * weight * source.density(x)));
                    });
                }
                bells.extend(nodes.iter().map(|&(at, sd, mass)| Bell {
                    at,
                    width: (sd * scale).max(blur),
                    mass: share * mass,
                }));
            }
        }
        from = to;
    }
    bells
}

/// A density at the points first·step, (first + 1)·step, …
struct Lattice {
    step: f64,
    first: isize,
    density: Vec<f64>,
}

impl Lattice {
    fn last(&self) -> isize {
        self.first + self.density.len() as isize - 1
    }

    /// A normal density on a lattice by two multiplications a point: g_{k+1} = g_k r_k, r_{k+1} = r_k q.
    fn add(&mut self, bell: &Bell) {
        let first = ((bell.at - NOISE_REACH * bell.width) / self.step).ceil();
        let z = (first * self.step - bell.at) / bell.width;
        let unit = self.step / bell.width;
        let mut g = bell.mass / (bell.width * (2.0 * std::f64::consts::PI).sqrt()) * (-0.5 * z * z).exp();
        let mut r = (-unit * z - 0.5 * unit * unit).exp();
        let q = (-unit * unit).exp();
        let start = (first as isize - self.first) as usize;
        let taps = (2.0 * NOISE_REACH / unit) as usize;
        for p in &mut self.density[start..start + taps] {
            *p += g;
            g *= r;
            r *= q;
        }
    }

    /// Adds a lattice of twice the step, by interpolation.
    fn add_coarse(&mut self, coarse: &Self) {
        let at = |i: isize| {
            usize::try_from(i - coarse.first).ok().and_then(|i| coarse.density.get(i)).copied().unwrap_or(0.0)
        };
        let mut window: [f64; 6] = std::array::from_fn(|k| at(self.first / 2 + k as isize - 2));
        for (k, pair) in self.density.chunks_mut(2).enumerate() {
            let [a, b, c, d, e, f] = window;
            pair[0] += c;
            if let Some(odd) = pair.get_mut(1) {
                *odd += ((3.0 * (a + f) - 25.0 * (b + e) + 150.0 * (c + d)) / 256.0).max(0.0);
            }
            window = [b, c, d, e, f, at(self.first / 2 + k as isize + 4)];
        }
    }

    /// −∫ p ln p over points `from`..=`to`, by Gregory's rule.
    fn entropy(&self, from: isize, to: isize) -> f64 {
        let range = (from - self.first) as usize..=(to - self.first) as usize;
        let g: Vec<f64> =
            self.density[range].iter().map(|&p| if p > f64::MIN_POSITIVE { -p * p.ln() } else { 0.0 }).collect();
        let n = g.len();
        let ends = match n {
            0 | 1 => return 0.0,
            2 | 3 => 0.5 * (g[0] + g[n - 1]),
            // Weights 3/8, 7/6, 23/24 in place of 1.
            _ => {
                let end = |a: f64, b: f64, c: f64| 5.0 / 8.0 * a - b / 6.0 + c / 24.0;
                end(g[0], g[1], g[2]) + end(g[n - 1], g[n - 2], g[n - 3])
            }
        };
        self.step * (g.iter().sum::<f64>() - ends)
    }
}

/// The entropy in nats of a mixture of normals, its masses brought to a sum of 1.
///
/// Method: a pyramid of lattices, each of twice the step of the one below, every normal on the coarsest that resolves
/// it. From the top down each lattice is interpolated onto the next, which covers what lies around the narrower
/// normals; −∫ p ln p is taken on the finest lattice that there is.
pub(crate) fn entropy_of_bells(mut bells: Vec<Bell>, refine: f64) -> f64 {
    let total: f64 = bells.iter().map(|b| b.mass).sum();
    bells.iter_mut().for_each(|b| b.mass /= total);
    let least = bells.iter().fold(f64::INFINITY, |least, b| least.min(b.width));
    let finest = least / (STEPS_PER_WIDTH * refine);
    let level = |b: &Bell| ((b.width / least).log2() + 1e-9) as usize;

    // Each level's ends: of its own normals, then with those of the levels below; even, so that they are points of the
    // level above, too.
    let mut spans: Vec<Option<(isize, isize)>> = Vec::new();
    for b in &bells {
        let level = level(b);
        if spans.len() <= level {
            spans.resize(level + 1, None);
        }
        let step = finest * (level as f64).exp2();
        let low = ((b.at - NOISE_REACH * b.width) / step).floor() as isize;
        let high = ((b.at + NOISE_REACH * b.width) / step).ceil() as isize;
        let (low, high) = (low - low.rem_euclid(2), high + high.rem_euclid(2));
        let span = spans[level].get_or_insert((low, high));
        *span = (span.0.min(low), span.1.max(high));
    }
    let mut below: Option<(isize, isize)> = None;
    let mut lattices: Vec<Lattice> = Vec::new();
    for (level, span) in spans.iter().enumerate() {
        let from_below = below.map(|(low, high)| {
            let (low, high) = (low / 2, high / 2);
            (low - low.rem_euclid(2), high + high.rem_euclid(2))
        });
        let (low, high) = match (*span, from_below) {
            (Some(own), Some(other)) => (own.0.min(other.0), own.1.max(other.1)),
            (Some(one), None) | (None, Some(one)) => one,
            (None, None) => unreachable!("the narrowest normal is at level 0"),
        };
        below = Some((low, high));
        let density = vec![0.0; (high - low + 1) as usize];
        lattices.push(Lattice { step: finest * (level as f64).exp2(), first: low, density });
    }
    for b in &bells {
        lattices[level(b)].add(b);
    }

    let mut entropy = 0.0;
    let mut above: Option<Lattice> = None;
    while let Some(mut lattice) = lattices.pop() {
        if let Some(coarse) = above {
            lattice.add_coarse(&coarse);
            entropy += coarse.entropy(coarse.first, lattice.first / 2);
            entropy += coarse.entropy(lattice.last() / 2, coarse.last());
        }
        above = Some(lattice);
    }
    let lattice = above.expect("the narrowest normal is at level 0");
    entropy + lattice.entropy(lattice.first, lattice.last())
}

#[cfg(test)]
mod tests {
    use statrs::distribution::{Continuous, StudentsT};

    use super::*;

    #[test]
    fn normals_make_a_student() {
        for nu in [1.0, 2.0, 3.0, 4.3, 5.0, 6.1, 8.0, 10.0, 30.0, 1_000.0] {
            let student = StudentsT::new(0.0, 1.0, nu).unwrap();
            let scales = student_scales(nu);
            for z in [0.0_f64, 0.1, 0.5, 1.0, 2.0, 5.0, 20.0] {
                let mixed: f64 = scales.iter().map(|(s, mass)| mass * (-0.5 * (z / s).powi(2)).exp() / s).sum::<f64>()
                    * 0.398_942_280_401_432_7;
                let expected = student.pdf(z);
                // Far out, what is left out matters as a share, not as a mass.
                assert!((mixed - expected).abs() < 1e-3 * expected + 1e-6, "ν = {nu}, z = {z}: {mixed}, {expected}");
            }
        }
    }
}
