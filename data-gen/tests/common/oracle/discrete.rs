//! The pointwise MI of the discrete and mixed families, from probabilities and densities written down here.

use std::collections::HashMap;

use mist_data_gen::{
    Base, Sample,
    families::{
        Joint,
        censored::Censored,
        channel::{Channel, ChannelKind},
        counts::Counts,
        degenerate::Degenerate,
        labels::{Class, Labels},
        pairs::{Pair, Pairs},
        quantised::{Quantised, Quantiser},
        zero_inflated::ZeroInflated,
    },
};
use statrs::{
    distribution::{Continuous, Normal},
    function::gamma::ln_gamma,
};

/// The pointwise MI of every row, in nats; of no other families.
pub fn pointwise_mi(base: &Base, sample: &Sample) -> Vec<f64> {
    match base {
        Base::Table(base) => {
            let cells = base.pair().cells();
            over_pairs(base, sample, |x, y| {
                let (i, j) = (x as usize, y as usize);
                cells[(i, j)].ln() - cells.row(i).sum().ln() - cells.column(j).sum().ln()
            })
        }
        Base::Channel(base) => over_pairs(base, sample, |x, y| {
            let of_y: f64 = [0.0, 1.0].iter().map(|&x| channel_mass(base.pair(), x, y)).sum();
            let of_x: f64 = [0.0, 1.0, 2.0].iter().map(|&y| channel_mass(base.pair(), x, y)).sum();
            channel_mass(base.pair(), x, y).ln() - of_x.ln() - of_y.ln()
        }),
        Base::Quantised(base) => quantised(base, sample),
        Base::ZeroInflated(base) => over_pairs(base, sample, |x, y| inflated(base.pair(), x, y)),
        Base::Censored(base) => over_pairs(base, sample, |x, y| censored(base.pair(), x, y)),
        Base::Counts(base) => over_pairs(base, sample, |x, y| counts(base.pair(), x, y)),
        Base::Labels(base) => labels(base, sample),
        Base::Degenerate(base) => degenerate(base, sample),
        other => unreachable!("{other:?} has its oracle elsewhere"),
    }
}

fn over_pairs<P: Pair>(base: &Pairs<P>, sample: &Sample, mut of_pair: impl FnMut(f64, f64) -> f64) -> Vec<f64> {
    let rows = 0..sample.x.nrows();
    rows.map(|row| (0..base.pairs()).map(|i| of_pair(sample.x[(row, i)], sample.y[(row, i)])).sum()).collect()
}

/// P(X = x, Y = y).
pub fn channel_mass(channel: &Channel, x: f64, y: f64) -> f64 {
    let e = channel.e();
    let of_x = if x == 1.0 { channel.p() } else { 1.0 - channel.p() };
    let given = match (channel.kind(), x as u8, y as u8) {
        (ChannelKind::Bsc, _, 2) | (ChannelKind::Z, _, 2) => 0.0,
        (ChannelKind::Bsc, from, to) => [1.0 - e, e][usize::from(from != to)],
        (ChannelKind::Bec, _, 2) => e,
        (ChannelKind::Bec, from, to) => [1.0 - e, 0.0][usize::from(from != to)],
        (ChannelKind::Z, 0, to) => [1.0, 0.0][usize::from(to == 1)],
        (ChannelKind::Z, _, to) => [e, 1.0 - e][usize::from(to == 1)],
    };
    of_x * given
}

/// P(N(0, 1) > z): the series of Φ around 0, and Laplace's continued fraction further out. The erfc of `statrs` 0.18 has
/// relative errors of up to 1e-10.
fn normal_tail(z: f64) -> f64 {
    let density = Normal::standard().pdf(z);
    if z < 0.0 {
        return 1.0 - normal_tail(-z);
    }
    if z.is_infinite() {
        return 0.0;
    }
    if z > 3.0 {
        return density / (1..=60).rev().fold(z, |below, k| z + f64::from(k) / below);
    }
    let (mut term, mut sum, mut odd) = (z, z, 1.0);
    while term > 1e-18 * sum {
        odd += 2.0;
        term *= z * z / odd;
        sum += term;
    }
    0.5 - density * sum
}

/// P(from < N(mean, sd²) ≤ to), from the nearer tail.
pub fn normal_mass(mean: f64, sd: f64, from: f64, to: f64) -> f64 {
    let (from, to) = ((from - mean) / sd, (to - mean) / sd);
    if from > 0.0 { normal_tail(from) - normal_tail(to) } else { normal_tail(-to) - normal_tail(-from) }
}

/// The ends of the cell that a value stands for.
fn cell(quantiser: &Quantiser, value: f64) -> (f64, f64) {
    let edges = quantiser.edges();
    let i = (0..=edges.len()).find(|i| quantiser.value(*i) == value).expect("a value of the quantiser");
    (if i == 0 { -10.0 } else { edges[i - 1] }, edges.get(i).copied().unwrap_or(10.0))
}

fn quantised(base: &Pairs<Quantised>, sample: &Sample) -> Vec<f64> {
    let pair = base.pair();
    let (rho, rest) = (pair.rho(), (1.0 - pair.rho() * pair.rho()).sqrt());
    let (of_x, of_y) = pair.quantisers();
    let mut known = HashMap::new();
    over_pairs(base, sample, |x, y| {
        let (from, to) = cell(of_x, x);
        let mass = normal_mass(0.0, 1.0, from, to);
        match of_y {
            None => normal_mass(rho * y, rest, from, to).ln() - mass.ln(),
            Some(of_y) => *known.entry((x.to_bits(), y.to_bits())).or_insert_with(|| {
                let (bottom, top) = cell(of_y, y);
                rectangle(rho, (from, to), (bottom, top)).ln() - mass.ln() - normal_mass(0.0, 1.0, bottom, top).ln()
            }),
        }
    })
}

/// P(from < X ≤ to, bottom < Y ≤ top) by tanh-sinh rules over y, on pieces of at most two standard deviations of Y
/// given X: good to twelve digits.
pub fn rectangle(rho: f64, (from, to): (f64, f64), (bottom, top): (f64, f64)) -> f64 {
    let rest = (1.0 - rho * rho).sqrt();
    let pieces = ((top - bottom) / (2.0 * rest)).ceil() as usize;
    let half = 0.5 * (top - bottom) / pieces as f64;
    (0..pieces)
        .flat_map(|k| (-26..=26).map(move |i| (k, 0.125 * f64::from(i))))
        .map(|(k, t)| {
            let u = 0.5 * std::f64::consts::PI * t.sinh();
            let weight = 0.5 * std::f64::consts::PI * t.cosh() / u.cosh().powi(2);
            let y = bottom + half * ((2 * k + 1) as f64 + u.tanh());
            0.125 * half * weight * Normal::standard().pdf(y) * normal_mass(rho * y, rest, from, to)
        })
        .sum()
}

/// ln p(x, y) − ln p(x) − ln p(y) of a normal pair, by x + y and x − y: they are independent, with variances 2 (1 + ρ)
/// and 2 (1 − ρ), and nothing cancels where ρ is near 1.
fn normal_pair(rho: f64, x: f64, y: f64) -> f64 {
    let part = |square: f64, rho: f64| 0.25 * rho * square / (1.0 + rho) - 0.5 * rho.ln_1p();
    part((x + y).powi(2), rho) + part((x - y).powi(2), -rho)
}

fn inflated(pair: &ZeroInflated, x: f64, y: f64) -> f64 {
    let masks = pair.masks();
    // Masked values are 0, or less than any that is shown.
    let shown = |v: f64| usize::from(v != 0.0 && v > -20.0);
    let (i, j) = (shown(x), shown(y));
    let of_masks = (masks[i][j] / (masks[i][0] + masks[i][1]) / (masks[0][j] + masks[1][j])).ln();
    of_masks + if i * j == 1 { normal_pair(pair.rho(), x, y) } else { 0.0 }
}

fn censored(pair: &Censored, x: f64, y: f64) -> f64 {
    let (low, high) = pair.ends();
    let (rho, rest) = (pair.rho(), (1.0 - pair.rho() * pair.rho()).sqrt());
    let end = |from, to| normal_mass(rho * y, rest, from, to).ln() - normal_mass(0.0, 1.0, from, to).ln();
    match x {
        x if x == low => end(f64::NEG_INFINITY, low),
        x if x == high => end(high, f64::INFINITY),
        x => normal_pair(rho, x, y),
    }
}

/// ln of the negative binomial probability.
pub fn ln_counts(pair: &Counts, y: f64) -> f64 {
    let (k, theta) = (pair.shape(), pair.scale());
    ln_gamma(k + y) - ln_gamma(k) - ln_gamma(y + 1.0) - k * (1.0 + theta).ln() + y * (theta / (1.0 + theta)).ln()
}

fn counts(pair: &Counts, x: f64, y: f64) -> f64 {
    let of_rate = if y == 0.0 { -x } else { y * x.ln() - x - ln_gamma(y + 1.0) };
    of_rate - ln_counts(pair, y)
}

fn labels(base: &Labels, sample: &Sample) -> Vec<f64> {
    let density = |class: &Class, row: usize| -> f64 {
        let columns = class.columns.iter().enumerate();
        columns.map(|(j, (mean, sd))| Normal::new(*mean, *sd).unwrap().pdf(sample.y[(row, j)])).product()
    };
    (0..sample.x.nrows())
        .map(|row| {
            let all: f64 = base.classes().iter().map(|class| class.weight * density(class, row)).sum();
            (density(&base.classes()[sample.x[(row, 0)] as usize], row) / all).ln()
        })
        .collect()
}

fn degenerate(base: &Degenerate, sample: &Sample) -> Vec<f64> {
    let (dim_x, dim_y) = base.core().dims();
    let correlation = base.core().scatter().correlation();
    let rho = |i| correlation[(i, dim_x + i)];
    (0..sample.x.nrows())
        .map(|row| (0..dim_x.min(dim_y)).map(|i| normal_pair(rho(i), sample.x[(row, i)], sample.y[(row, i)])).sum())
        .collect()
}
