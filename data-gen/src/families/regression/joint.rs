//! A response to several columns, as a joint distribution.

use nalgebra::DMatrix;
use rand::{
    Rng,
    distr::{Distribution, weighted::WeightedIndex},
};
use rand_distr::StandardNormal;

use super::{
    features::{Feature, Features},
    response::{Observed, Response, pointwise_of_number},
    signal::Signal,
};
use crate::ground::{
    domain::Domain,
    error::ParameterError,
    joint::Joint,
    quadrature::lattice_rule::{MOST_DIMS, POINTS, on_normals},
    sample::Sample,
};

/// The [`Feature`]s are X; `Y_1` is a [`Response`] to T, a [`Signal`] of the first of them, brought to zero mean and unit
/// variance. The further columns of Y are independent of all else: standard normals beside a number, categories of the same
/// distribution beside a category.
///
/// As Y depends on X through T alone, I(X; Y) = I(T; `Y_1`): h(T + noise) − h(noise), or H(`Y_1`) − E H(`Y_1` | T). The distribution
/// of T is that of 8,192 points of a randomly shifted lattice rule. Categories without an order have a T each, all of the same columns.
///
/// # Domain
/// Signals of 1 to 10 of the columns that are not constant, as many as the response is to; what [`Response`] says.
///
/// # Source
/// Cover and Thomas, "Elements of Information Theory" (2006), section 2.8: no more is known of X than of what Y depends on;
/// McCullagh, "Regression models for ordinal data", Journal of the Royal Statistical Society B 42 (1980), and McFadden, "Conditional
/// logit analysis of qualitative choice behavior", Frontiers in Econometrics (1974): the categories.
///
/// # Limits
/// The MI is typically within 0.003 nats of its value and within 0.03 of it for products of many columns, whose tails are
/// heavy (held by a test against other shifts of the lattice rule, and by closed forms). Where a row's signal lies outside of those of
/// all points, its pointwise value is too small.
///
/// ```
/// use mist_data_gen::{Joint, Seeds, Split, families::{link::Curve, regression::{Feature, Regression, Response, Signal}}};
///
/// let sum = Signal::Additive(vec![(1.0, Curve::Linear), (-2.0, Curve::Linear)]);
/// let mut rng = Seeds { root: 0 }.rng(Split::Scratch, 0);
/// let joint = Regression::new(&vec![Feature::number(0.0); 5], vec![sum], Response::Number { noise_sd: 0.5 }, 1, &mut rng)?;
/// assert_eq!(joint.dims(), (5, 1));
/// assert!((joint.mi_nats() - 0.5 * 5.0_f64.ln()).abs() < 0.002);
/// # Ok::<(), mist_data_gen::ParameterError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Regression {
    features: Features,
    /// Which columns of X are categories.
    categories: Vec<bool>,
    signals: Vec<Signal>,
    /// Mean of each signal, and one over its standard deviation.
    scales: Vec<(f64, f64)>,
    response: Response,
    dims: (usize, usize),
    /// The T at each point of the lattice rule.
    points: Vec<f64>,
    observed: Observed,
}

impl Regression {
    /// The most columns that a signal can depend on.
    pub const MOST_COLUMNS: usize = MOST_DIMS;

    /// With `dim_y` columns of Y; `rng` is for the shift of the lattice.
    ///
    /// # Errors
    /// A parameter outside its domain.
    pub fn new<R: Rng + ?Sized>(
        features: &[Feature],
        signals: Vec<Signal>,
        response: Response,
        dim_y: usize,
        rng: &mut R,
    ) -> Result<Self, ParameterError> {
        if dim_y == 0 {
            return Err(ParameterError::new("dim_y", "a whole number ≥ 1", dim_y));
        }
        for feature in features {
            Domain::closed(-1.0, 1.0).check("follows", feature.follows)?;
            if feature.cuts.iter().any(|cut| !cut.is_finite()) || feature.cuts.windows(2).any(|w| w[0] >= w[1]) {
                return Err(ParameterError::new("cuts", "finite and increasing", format!("{:?}", feature.cuts)));
            }
            if let Some(effects) = &feature.effects {
                let fit = !feature.cuts.is_empty() && effects.len() == feature.cuts.len() + 1;
                if !fit || effects.iter().any(|effect| !effect.is_finite()) {
                    let expected = "a finite number for each value of a column with cuts";
                    return Err(ParameterError::new("effects", expected, format!("{effects:?}")));
                }
            }
        }
        response.check()?;
        let count = response.signals();
        if signals.len() != count || signals.iter().any(|signal| signal.columns() != signals[0].columns()) {
            let expected = format!("{count}, of the same columns");
            return Err(ParameterError::new("signals", expected, format!("{signals:?}")));
        }
        signals.iter().try_for_each(|signal| signal.check(Self::MOST_COLUMNS.min(features.len())))?;
        let columns = Features::new(features);
        let mut points = Vec::with_capacity(POINTS * count);
        let mut row = [0.0; MOST_DIMS];
        on_normals(signals[0].columns(), rng, |normals| {
            columns.row(normals, &mut row);
            points.extend(signals.iter().map(|signal| at(&columns, signal, &row)));
        });
        let mut scales = Vec::with_capacity(count);
        for (k, signal) in signals.iter().enumerate() {
            let values = || points.iter().skip(k).step_by(count);
            let mean = values().sum::<f64>() / POINTS as f64;
            let sd = (values().map(|t| (t - mean).powi(2)).sum::<f64>() / POINTS as f64).sqrt();
            let largest = values().fold(0.0_f64, |most, t| most.max(t.abs()));
            // Of a constant signal only rounding is left.
            if sd <= 1e-9 * largest || !sd.is_finite() {
                let expected = "finite values that are not all the same";
                return Err(ParameterError::new("signal", expected, format!("{signal:?}")));
            }
            scales.push((mean, 1.0 / sd));
        }
        points.chunks_exact_mut(count).for_each(|row| scaled(row, &scales));
        let observed = Observed::new(&response, &points);
        let dims = (features.len(), dim_y);
        let categories = features.iter().map(|feature| feature.effects.is_some()).collect();
        Ok(Self { features: columns, categories, signals, scales, response, dims, points, observed })
    }

    /// The response.
    #[must_use]
    pub fn response(&self) -> &Response {
        &self.response
    }

    /// T of a row of X, or the T of each category.
    #[must_use]
    pub fn signals(&self, row: &[f64]) -> Vec<f64> {
        let mut out = vec![0.0; self.signals.len()];
        self.signals_at(row, &mut out);
        out
    }

    fn signals_at(&self, row: &[f64], out: &mut [f64]) {
        out.iter_mut().zip(&self.signals).for_each(|(t, signal)| *t = at(&self.features, signal, row));
        scaled(out, &self.scales);
    }

    /// Those of all rows, row by row.
    fn signals_of(&self, x: &DMatrix<f64>) -> Vec<f64> {
        let columns = self.signals[0].columns();
        let mut row = [0.0; MOST_DIMS];
        let mut out = vec![0.0; x.nrows() * self.signals.len()];
        for (i, out) in out.chunks_exact_mut(self.signals.len()).enumerate() {
            (0..columns).for_each(|j| row[j] = x[(i, j)]);
            self.signals_at(&row, out);
        }
        out
    }
}

/// The signals of a row to zero mean and unit variance.
fn scaled(signals: &mut [f64], scales: &[(f64, f64)]) {
    signals.iter_mut().zip(scales).for_each(|(t, (mean, scale))| *t = (*t - mean) * scale);
}

/// The signal of a row of X, as it is.
fn at(features: &Features, signal: &Signal, row: &[f64]) -> f64 {
    let mut seen = [0.0; MOST_DIMS];
    let columns = signal.columns();
    seen.iter_mut().zip(row).take(columns).enumerate().for_each(|(j, (seen, v))| *seen = features.seen(j, *v));
    signal.at(&seen[..columns])
}

impl Joint for Regression {
    fn dims(&self) -> (usize, usize) {
        self.dims
    }

    fn mi_nats(&self) -> f64 {
        self.observed.mi_nats
    }

    fn categories(&self) -> (Vec<bool>, Vec<bool>) {
        let class = self.response.categories() > 0;
        (self.categories.clone(), vec![class; self.dims.1])
    }

    fn sample<R: Rng + ?Sized>(&self, n: usize, rng: &mut R) -> Sample {
        let mut x = DMatrix::zeros(n, self.dims.0);
        let (mut normals, mut row) = (vec![0.0; self.dims.0], vec![0.0; self.dims.0]);
        for i in 0..n {
            normals.iter_mut().for_each(|e| *e = rng.sample(StandardNormal));
            self.features.row(&normals, &mut row);
            row.iter().enumerate().for_each(|(j, v)| x[(i, j)] = *v);
        }
        let y = match &self.response {
            Response::Number { noise_sd } => {
                let mut y = DMatrix::from_fn(n, self.dims.1, |_, _| rng.sample(StandardNormal));
                y.column_mut(0).iter_mut().zip(self.signals_of(&x)).for_each(|(y, t)| *y = t + noise_sd * *y);
                y
            }
            Response::Class { .. } | Response::Choice { .. } => {
                let whole = WeightedIndex::new(&self.observed.classes).expect("probabilities");
                let mut y =
                    DMatrix::from_fn(n, self.dims.1, |_, j| if j == 0 { 0.0 } else { whole.sample(rng) as f64 });
                let mut given = Vec::new();
                let signals = self.signals_of(&x);
                for (y, row) in y.column_mut(0).iter_mut().zip(signals.chunks_exact(self.signals.len())) {
                    self.response.probabilities(row, &mut given);
                    *y = WeightedIndex::new(&given).expect("probabilities").sample(rng) as f64;
                }
                y
            }
        };
        Sample { x, y }
    }

    fn pointwise_mi(&self, sample: &Sample) -> Vec<f64> {
        let signals = self.signals_of(&sample.x);
        let of_y = sample.y.column(0);
        let rows = signals.chunks_exact(self.signals.len()).zip(of_y.iter());
        match &self.response {
            Response::Number { noise_sd } => {
                let of_row = pointwise_of_number(&self.points, *noise_sd);
                rows.map(|(row, &y)| of_row(row[0], y)).collect()
            }
            Response::Class { .. } | Response::Choice { .. } => {
                let mut given = Vec::new();
                let mut of_row = |row: &[f64], class: usize| {
                    self.response.probabilities(row, &mut given);
                    (given[class] / self.observed.classes[class]).ln()
                };
                rows.map(|(row, &y)| of_row(row, y as usize)).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Seeds, Split,
        families::regression::{RegressionPrior, ResponseKind, SignalKind},
        ground::{curve::Curve, keys::Keys, prior::Prior},
    };

    fn rng(stream: u64) -> impl Rng {
        Seeds { root: 5 }.rng(Split::Scratch, stream)
    }

    fn plain(columns: usize) -> Vec<Feature> {
        vec![Feature::number(0.0); columns]
    }

    #[test]
    fn sums_of_normals_have_their_closed_form() {
        for (columns, noise_sd) in [(1, 0.05), (3, 0.3), (6, 1.0), (10, 2.0)] {
            let mut features = plain(columns);
            features.iter_mut().for_each(|feature| feature.follows = 0.6);
            let sum = Signal::Additive((0..columns).map(|j| (1.0 + j as f64, Curve::Linear)).collect());
            let joint = Regression::new(&features, vec![sum], Response::Number { noise_sd }, 1, &mut rng(1)).unwrap();
            let known = 0.5 * noise_sd.powi(-2).ln_1p();
            let off = (joint.mi_nats() - known).abs();
            assert!(off < 0.003, "{columns} columns, noise {noise_sd}: {} not {known}", joint.mi_nats());
        }
    }

    #[test]
    fn hard_classes_have_their_entropy() {
        let tree =
            Signal::Tree { columns: 2, splits: vec![(0, 0.0), (1, 0.0), (1, 0.0)], values: vec![0.0, 1.0, 2.0, 3.0] };
        let cuts = vec![-1.0, 0.0, 1.0];
        let response = Response::Class { cuts, softness: 0.01 };
        let joint = Regression::new(&plain(3), vec![tree], response, 2, &mut rng(2)).unwrap();
        assert!((joint.mi_nats() - 4.0_f64.ln()).abs() < 1e-3, "{}", joint.mi_nats());
    }

    /// Two categories whose signals are opposite are ordered.
    #[test]
    fn a_choice_of_two_is_a_class_of_two() {
        let line = |sign: f64| Signal::Additive(vec![(sign, Curve::Linear), (0.5 * sign, Curve::Cubic)]);
        let choice = Response::Choice { offsets: vec![0.4, 0.0], softness: 0.5 };
        let class = Response::Class { cuts: vec![0.2], softness: 0.25 };
        let one = Regression::new(&plain(4), vec![line(-1.0), line(1.0)], choice, 1, &mut rng(6)).unwrap();
        let other = Regression::new(&plain(4), vec![line(1.0)], class, 1, &mut rng(6)).unwrap();
        assert!((one.mi_nats() - other.mi_nats()).abs() < 1e-12, "{} and {}", one.mi_nats(), other.mi_nats());
        let sample = other.sample(200, &mut rng(7));
        for (a, b) in one.pointwise_mi(&sample).iter().zip(other.pointwise_mi(&sample)) {
            assert!((a - b).abs() < 1e-9);
        }
    }

    #[test]
    fn columns_that_are_cut_tell_what_their_levels_tell() {
        for effects in [None, Some(vec![3.0, -1.0])] {
            let features = [Feature { follows: 0.0, cuts: vec![0.0], effects }];
            let signal = Signal::Largest(vec![(1.0, 0.0)]);
            let joint =
                Regression::new(&features, vec![signal], Response::Number { noise_sd: 0.02 }, 1, &mut rng(3)).unwrap();
            assert!((joint.mi_nats() - 2.0_f64.ln()).abs() < 1e-6);
        }
    }

    #[test]
    fn constant_signals_and_wrong_trees_are_refused() {
        let response = || Response::Number { noise_sd: 1.0 };
        let constant = Signal::Products { slopes: vec![0.0; 2], terms: Vec::new() };
        assert!(Regression::new(&plain(2), vec![constant], response(), 1, &mut rng(4)).is_err());
        let tree = Signal::Tree { columns: 1, splits: vec![(0, 0.0)], values: vec![0.0, 1.0, 2.0] };
        assert!(Regression::new(&plain(2), vec![tree], response(), 1, &mut rng(4)).is_err());
        let too_many = Signal::Largest(vec![(1.0, 0.0); 3]);
        assert!(Regression::new(&plain(2), vec![too_many], response(), 1, &mut rng(4)).is_err());
        let largest = |columns| Signal::Largest(vec![(1.0, 0.0); columns]);
        let choice = || Response::Choice { offsets: vec![0.0; 2], softness: 1.0 };
        for signals in [vec![], vec![largest(2)], vec![largest(2), largest(1)]] {
            assert!(Regression::new(&plain(2), signals, choice(), 1, &mut rng(4)).is_err());
        }
    }

    #[test]
    fn faint_responses_tell_nothing() {
        let mut prior = RegressionPrior::read(&mut Keys::new(String::new(), toml::Table::new())).expect("defaults");
        prior.faint = 1.0;
        for (stream, response) in ResponseKind::ALL.into_iter().enumerate() {
            prior.response = response;
            let joint = prior.draw((4, 1), &mut rng(50 + stream as u64));
            assert!(joint.mi_nats() < 1e-3, "{response:?}: {}", joint.mi_nats());
            // Not one category alone.
            assert!(joint.observed.classes.iter().all(|p| *p < 0.9), "{:?}", joint.observed.classes);
        }
    }

    /// Two shifts of the lattice are two estimates of the same MI.
    #[test]
    fn shifts_of_the_lattice_agree() {
        let (mut worst, mut squares): (f64, f64) = (0.0, 0.0);
        for stream in 0..200 {
            let mut prior = RegressionPrior::read(&mut Keys::new(String::new(), toml::Table::new()))
                .expect("all keys have defaults");
            prior.response = match stream % 4 {
                0 => ResponseKind::Class,
                1 => ResponseKind::Choice,
                _ => ResponseKind::Number,
            };
            prior.signals = vec![SignalKind::ALL[stream as usize % SignalKind::ALL.len()]];
            let one = prior.draw((10, 1), &mut rng(100 + stream));
            let mut other = one.clone();
            let mut row = [0.0; MOST_DIMS];
            other.points.clear();
            on_normals(one.signals[0].columns(), &mut rng(1_000 + stream), |normals| {
                one.features.row(normals, &mut row);
                other.points.extend(one.signals(&row));
            });
            let again = Observed::new(&one.response, &other.points).mi_nats;
            let off = (again - one.mi_nats()).abs();
            (worst, squares) = (worst.max(off), squares + off * off);
        }
        // Of both together; the error of one is smaller.
        let typical = (squares / 200.0).sqrt();
        println!("shifts differ by {typical} nats in the root mean square, at most by {worst}");
        assert!(typical < 0.004 && worst < 0.03, "{typical}, {worst}");
    }
}
