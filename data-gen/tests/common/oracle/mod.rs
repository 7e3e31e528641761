//! The pointwise MI ln p(x, y) − ln p(x) − ln p(y) of every base, from densities written down here
//! and nowhere else: the mean over a sample is an estimate of the MI that shares no code with the
//! closed forms.

pub mod discrete;
pub mod interactions;
pub mod links;
pub mod mixtures;
pub mod readings;
pub mod regression;

use mist_data_gen::{
    Base, Joint, Sample,
    families::{
        additive::Additive,
        copula::{Copulas, Generator},
        elliptical::Elliptical,
        elliptical_copula::EllipticalCopula,
        marginal::Marginal,
        pairs::Pairs,
        plackett::Plackett,
        swissroll::SwissRoll,
    },
};
use nalgebra::DMatrix;
use statrs::{
    distribution::{ContinuousCDF, Normal, StudentsT},
    function::gamma::ln_gamma,
};

/// The pointwise MI of every row, in nats.
pub fn pointwise_mi(base: &Base, sample: &Sample) -> Vec<f64> {
    match base {
        Base::Elliptical(base) => elliptical(base, sample),
        Base::Additive(base) => additive(base, sample),
        Base::Independent(_) => vec![0.0; sample.x.nrows()],
        Base::Link(base) => links::link(base, sample.x.as_slice(), sample.y.as_slice()),
        Base::Links(base) => links::links(base, sample),
        Base::Copulas(base) => copulas(base, sample),
        Base::Plackett(base) => plackett(base, sample),
        Base::EllipticalCopula(base) => elliptical_copula(base, sample),
        Base::SwissRoll(base) => swissroll(base, sample),
        Base::Interaction(base) => interactions::interaction(base, sample),
        Base::Mixture(base) => mixtures::mixture(base, sample),
        Base::Readings(base) => readings::readings(base, sample),
        Base::Regression(base) => regression::regression(base, sample),
        Base::NormalMixture(base) => mixtures::normal_mixture(base, sample),
        Base::Table(_)
        | Base::Channel(_)
        | Base::Quantised(_)
        | Base::ZeroInflated(_)
        | Base::Censored(_)
        | Base::Counts(_)
        | Base::Labels(_)
        | Base::Degenerate(_) => discrete::pointwise_mi(base, sample),
    }
}

/// ln of the copula densities as they are printed in textbooks (Joe, "Dependence Modeling with Copulas", 2014, chapter
/// 4), not through the derivatives of a generator.
fn copulas(base: &Copulas, sample: &Sample) -> Vec<f64> {
    let theta = base.theta();
    let ln_density = |u: f64, v: f64| match base.generator() {
        Generator::Clayton => {
            (1.0 + theta).ln()
                - (1.0 + theta) * (u * v).ln()
                - (2.0 + 1.0 / theta) * (u.powf(-theta) + v.powf(-theta) - 1.0).ln()
        }
        Generator::Gumbel => {
            let (x, y) = (-u.ln(), -v.ln());
            let s = (x.powf(theta) + y.powf(theta)).powf(1.0 / theta);
            -s + (s + theta - 1.0).ln() + (1.0 - 2.0 * theta) * s.ln() + (theta - 1.0) * (x * y).ln() + x + y
        }
        Generator::Frank => {
            // Every e^−θ… goes with θ min(u, v) added, as the printed product cancels where both are near 1.
            let least = u.min(v);
            let terms = [u, v].map(|p| (-theta * (p - least)).exp());
            let below = (terms[0] - (-theta * (u + v - least)).exp()) + (terms[1] - (-theta * (1.0 - least)).exp());
            (-theta * (-theta).exp_m1()).ln() - theta * (u + v - 2.0 * least) - 2.0 * below.ln()
        }
        Generator::Joe => {
            let (x, y) = ((1.0 - u).powf(theta), (1.0 - v).powf(theta));
            let s = x + y - x * y;
            (1.0 / theta - 2.0) * s.ln() + (theta - 1.0) * ((1.0 - u) * (1.0 - v)).ln() + (theta - 1.0 + s).ln()
        }
    };
    (0..sample.x.nrows())
        .map(|row| (0..base.pairs()).map(|i| ln_density(sample.x[(row, i)], sample.y[(row, i)])).sum())
        .collect()
}

/// As printed (Nelsen, "An Introduction to Copulas", 2006, section 3.3.1).
fn plackett(base: &Pairs<Plackett>, sample: &Sample) -> Vec<f64> {
    let theta = base.pair().theta();
    let ln_density = |u: f64, v: f64| {
        let square = (1.0 + (theta - 1.0) * (u + v)).powi(2) - 4.0 * u * v * theta * (theta - 1.0);
        (theta * (1.0 + (u - 2.0 * u * v + v) * (theta - 1.0)) / square.powf(1.5)).ln()
    };
    (0..sample.x.nrows())
        .map(|row| (0..base.pairs()).map(|i| ln_density(sample.x[(row, i)], sample.y[(row, i)])).sum())
        .collect()
}

/// ln of an elliptical density up to terms that all blocks share: by regressing every column on those before it, through
/// an LDLᵀ elimination, where the library uses the structure of the matrix. It keeps its digits where one column nearly
/// tells another, as the product with an inverse does not.
struct EllipticalDensity {
    /// Unit lower triangular.
    l: DMatrix<f64>,
    /// The variance of every column given those before it.
    d: Vec<f64>,
    nu: Option<f64>,
}

impl EllipticalDensity {
    fn new(mut rest: DMatrix<f64>, nu: Option<f64>) -> Self {
        let dim = rest.nrows();
        let (mut l, mut d) = (DMatrix::identity(dim, dim), Vec::new());
        for k in 0..dim {
            d.push(rest[(k, k)]);
            assert!(d[k] > 0.0, "positive definite");
            for i in k + 1..dim {
                l[(i, k)] = rest[(i, k)] / d[k];
            }
            for i in k + 1..dim {
                for j in k + 1..dim {
                    rest[(i, j)] -= l[(i, k)] * l[(j, k)] * d[k];
                }
            }
        }
        Self { l, d, nu }
    }

    fn ln_at(&self, point: &[f64]) -> f64 {
        let k = point.len() as f64;
        let mut residuals = point.to_vec();
        for i in 0..point.len() {
            for j in 0..i {
                residuals[i] -= self.l[(i, j)] * residuals[j];
            }
        }
        let square: f64 = residuals.iter().zip(&self.d).map(|(r, d)| r * r / d).sum();
        let ln_det: f64 = self.d.iter().map(|d| d.ln()).sum();
        match self.nu {
            None => -0.5 * (k * (2.0 * std::f64::consts::PI).ln() + ln_det + square),
            Some(nu) => {
                ln_gamma(0.5 * (nu + k))
                    - ln_gamma(0.5 * nu)
                    - 0.5 * (k * (nu * std::f64::consts::PI).ln() + ln_det)
                    - 0.5 * (nu + k) * (square / nu).ln_1p()
            }
        }
    }
}

fn elliptical(base: &Elliptical, sample: &Sample) -> Vec<f64> {
    let sigma = base.scatter().correlation();
    let (dim_x, dim_y) = (sample.x.ncols(), sample.y.ncols());
    let of_x = EllipticalDensity::new(sigma.view((0, 0), (dim_x, dim_x)).into_owned(), base.nu());
    let of_y = EllipticalDensity::new(sigma.view((dim_x, dim_x), (dim_y, dim_y)).into_owned(), base.nu());
    let of_both = EllipticalDensity::new(sigma, base.nu());
    (0..sample.x.nrows())
        .map(|row| {
            let both: Vec<f64> = sample.x.row(row).iter().chain(sample.y.row(row).iter()).copied().collect();
            of_both.ln_at(&both) - of_x.ln_at(&both[..dim_x]) - of_y.ln_at(&both[dim_x..])
        })
        .collect()
}

/// The distribution functions of the marginals undo them; then the columns are those of the elliptical.
fn elliptical_copula(base: &EllipticalCopula, sample: &Sample) -> Vec<f64> {
    let (of_x, of_y) = base.marginals();
    let scores = base.elliptical().nu().map(student_scores);
    let back = |side: &DMatrix<f64>, marginals: &[Marginal]| {
        DMatrix::from_fn(side.nrows(), side.ncols(), |row, column| {
            let v = side[(row, column)];
            // (probability below, probability above), each accurate where it is small.
            let (below, above) = match marginals[column] {
                Marginal::Normal => (normal_tail(-v), normal_tail(v)),
                Marginal::Uniform => (v, 1.0 - v),
                Marginal::Exponential => (-(-v).exp_m1(), (-v).exp()),
                Marginal::Laplace => (
                    0.5 * (v.min(0.0)).exp() + 0.5 * -(-v.max(0.0)).exp_m1(),
                    0.5 * (-v.max(0.0)).exp() + 0.5 * -(v.min(0.0)).exp_m1(),
                ),
                Marginal::LogNormal { sigma } => (normal_tail(-v.ln() / sigma), normal_tail(v.ln() / sigma)),
                Marginal::Pareto { alpha } => (-(-alpha * v.ln()).exp_m1(), v.powf(-alpha)),
                Marginal::Cauchy => {
                    let tail = (1.0 / v.abs()).atan() / std::f64::consts::PI;
                    if v < 0.0 { (tail, 1.0 - tail) } else { (1.0 - tail, tail) }
                }
                Marginal::Student { .. } => unreachable!("refused by the constructor"),
            };
            let (tail, sign) = if below < above { (below, -1.0) } else { (above, 1.0) };
            sign * scores.as_ref().map_or_else(|| normal_size(tail), |scores| student_of(scores, normal_size(tail)))
        })
    };
    elliptical(base.elliptical(), &Sample { x: back(&sample.x, of_x), y: back(&sample.y, of_y) })
}

/// The v ≥ 0 whose upper tail this is: bisection.
fn normal_size(tail: f64) -> f64 {
    let (mut low, mut high) = (0.0, 40.0);
    for _ in 0..70 {
        let middle = 0.5 * (low + high);
        if normal_tail(middle) > tail { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

/// Normal scores of the Student variate at asinh v = 0, 1/64, 2/64, …: as documented, a score is linear in asinh v
/// between these, so that what was drawn is undone by this and not by the distribution functions themselves.
fn student_scores(nu: f64) -> Vec<f64> {
    let student = StudentsT::new(0.0, 1.0, nu).unwrap();
    let tails = (0..).map(|k| student.cdf(-(f64::from(k) / 64.0).sinh()));
    tails.take_while(|tail| *tail > 1e-13).map(normal_size).collect()
}

fn student_of(scores: &[f64], size: f64) -> f64 {
    let k = (0..scores.len() - 2).find(|k| size < scores[k + 1]).unwrap_or(scores.len() - 2);
    ((k as f64 + (size - scores[k]) / (scores[k + 1] - scores[k])) / 64.0).sinh()
}

/// P(N(0, 1) > v). That of `statrs` has relative errors of 1e-10, which a strong correlation makes large.
fn normal_tail(v: f64) -> f64 {
    0.5 * libm::erfc(v * std::f64::consts::FRAC_1_SQRT_2)
}

/// By the place on the roll, which the distance from its middle gives.
fn swissroll(base: &SwissRoll, sample: &Sample) -> Vec<f64> {
    let normal = Normal::standard();
    let rho = (-(-2.0 * base.mi_nats()).exp_m1()).sqrt();
    (0..sample.x.nrows())
        .map(|row| {
            let t = 21.0 * sample.x[(row, 0)].hypot(sample.x[(row, 1)]);
            let a = normal.inverse_cdf(0.5 * (t / (1.5 * std::f64::consts::PI) - 1.0));
            let b = normal.inverse_cdf(sample.y[(row, 0)]);
            let rest = 1.0 - rho * rho;
            -0.5 * rest.ln() - 0.5 * (a * a - 2.0 * rho * a * b + b * b) / rest + 0.5 * (a * a + b * b)
        })
        .collect()
}

/// Density of U(0, 1) + U(−e, e): the length of the overlap of [0, 1] and [y − e, y + e], over 2e.
fn trapezoid(y: f64, e: f64) -> f64 {
    ((y + e).min(1.0) - (y - e).max(0.0)) / (2.0 * e)
}

fn additive(base: &Additive, sample: &Sample) -> Vec<f64> {
    let pairs = base.dim_x().min(base.dim_y());
    (0..sample.x.nrows())
        .map(|row| {
            (0..pairs)
                .map(|i| {
                    let (x, y, e) = (sample.x[(row, i)], sample.y[(row, i)], base.epsilon()[i]);
                    assert!((0.0..=1.0).contains(&x) && (y - x).abs() <= e);
                    -(2.0 * e).ln() - trapezoid(y, e).ln()
                })
                .sum()
        })
        .collect()
}
