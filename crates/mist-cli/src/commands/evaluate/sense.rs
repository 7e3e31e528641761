//! Tables that a person would try first, with the MI that they have: constructed here, and drawn by no training.

use super::data::DataSet;
use mist_data_gen::{Seeds, Split};
use nalgebra::DMatrix;
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};
use std::f64::consts::{LN_2, PI, TAU};
use std::sync::LazyLock;

/// Data sets of each table.
const REPEATS: u64 = 5;

/// One row: X, then Y.
type Row = (Vec<f64>, Vec<f64>);

/// A source of random numbers.
type Source<'a> = &'a mut dyn FnMut() -> f64;

/// A row from a source of standard normals and one of uniforms.
type MakeRow = Box<dyn Fn(Source, Source) -> Row + Send + Sync>;

/// A table to try.
struct Case {
    name: &'static str,
    n: usize,
    mi_nats: f64,
    row: MakeRow,
}

/// A table from its rows, given a source of standard normals and one of uniforms.
fn case(
    name: &'static str,
    n: usize,
    mi_nats: f64,
    row: impl Fn(Source, Source) -> Row + Send + Sync + 'static,
) -> Case {
    Case { name, n, mi_nats, row: Box::new(row) }
}

static CASES: LazyLock<Vec<Case>> = LazyLock::new(cases);

/// The tables.
fn cases() -> Vec<Case> {
    let mut all = Vec::new();
    let pair_mi = |rho: f64| -0.5 * (1.0 - rho * rho).ln();
    let pair = |rho: f64| {
        move |g: Source, _: Source| {
            let x = g();
            (vec![x], vec![rho * x + (1.0 - rho * rho).sqrt() * g()])
        }
    };
    for (name, rho, n) in [
        ("normal pair, rho 0.6", 0.6, 100),
        ("normal pair, rho 0.6", 0.6, 1_000),
        ("normal pair, rho 0.6", 0.6, 10_000),
        ("normal pair, rho 0.6", 0.6, 100_000),
        ("normal pair, rho 0.3", 0.3, 200),
        ("normal pair, rho 0.75", 0.75, 500),
        ("normal pair, rho 0.75", 0.75, 2_000),
        ("normal pair, rho 0.95", 0.95, 300),
    ] {
        all.push(case(name, n, pair_mi(rho), pair(rho)));
    }
    for n in [20, 50, 100, 1_000] {
        all.push(case("independent normals", n, 0.0, |g, _| (vec![g()], vec![g()])));
    }
    all.push(case("independent bits", 100, 0.0, |_, u| (vec![bit(u() < 0.5)], vec![bit(u() < 0.3)])));
    all.push(case("independent, 5 values and a normal", 200, 0.0, |g, u| (vec![level(u(), 5)], vec![g()])));
    all.push(case("independent, 4 and 4 columns", 200, 0.0, |g, _| {
        ((0..4).map(|_| g()).collect(), (0..4).map(|_| g()).collect())
    }));
    for (name, values) in [("X = Y, 2 values", 2), ("X = Y, 4 values", 4), ("X = Y, 8 values", 8)] {
        all.push(case(name, 200, (values as f64).ln(), move |_, u| {
            let x = level(u(), values);
            (vec![x], vec![x])
        }));
    }
    let flips = 0.1f64;
    let flips_mi = LN_2 + flips * flips.ln() + (1.0 - flips) * (1.0 - flips).ln();
    all.push(case("a bit with 10 % flips", 300, flips_mi, move |_, u| {
        let x = u() < 0.5;
        (vec![bit(x)], vec![bit(x != (u() < flips))])
    }));
    all.push(case("three classes, far apart", 300, 3f64.ln(), |g, u| {
        let class = level(u(), 3);
        (vec![class], vec![10.0 * class + g()])
    }));
    let two = entropy(-8.0, 8.0, |y| 0.5 * (density(y - 1.0, 1.0) + density(y + 1.0, 1.0))) - normal_entropy(1.0);
    all.push(case("two classes, two sd apart", 300, two, |g, u| {
        let class = bit(u() < 0.5);
        (vec![class], vec![2.0 * class - 1.0 + g()])
    }));
    let sine = entropy(-4.0, 4.0, |y| mean_over(|t| density(y - (TAU * t).sin(), 0.3))) - normal_entropy(0.3);
    all.push(case("sin 2 pi x and noise", 500, sine, |g, u| {
        let x = u();
        (vec![x], vec![(TAU * x).sin() + 0.3 * g()])
    }));
    all.push(case("sin 16 pi x and noise", 2_000, sine, |g, u| {
        let x = u();
        (vec![x], vec![(8.0 * TAU * x).sin() + 0.3 * g()])
    }));
    all.push(case("xor of signs", 2_000, LN_2, |g, _| {
        let (a, b) = (g(), g());
        (vec![a, b], vec![g().abs() * (a * b).signum()])
    }));
    // The radius of two normals is √(−2 ln u).
    let radius = entropy(-2.0, 8.0, |y| mean_over(|t| density(y - (-2.0 * t.ln()).sqrt(), 0.1))) - normal_entropy(0.1);
    all.push(case("radius and noise", 2_000, radius, |g, _| {
        let (a, b) = (g(), g());
        (vec![a, b], vec![a.hypot(b) + 0.1 * g()])
    }));
    let product =
        entropy(-25.0, 25.0, |y| mean_over_normal(|a| density(y, (a * a + 0.01f64).sqrt()))) - normal_entropy(0.1);
    all.push(case("product and noise", 2_000, product, |g, _| {
        let (a, b) = (g(), g());
        (vec![a, b], vec![a * b + 0.1 * g()])
    }));
    let cross_noise = 0.1f64;
    let cross = normal_entropy((1.0 + cross_noise * cross_noise).sqrt())
        - mean_over_normal(|x| {
            entropy(-8.0, 8.0, |y| 0.5 * (density(y - x, cross_noise) + density(y + x, cross_noise)))
        });
    all.push(case("plus or minus x and noise", 2_000, cross, move |g, u| {
        let x = g();
        (vec![x], vec![if u() < 0.5 { x } else { -x } + cross_noise * g()])
    }));
    all.push(case("32 pairs, rho 0.6", 2_000, 32.0 * pair_mi(0.6), |g, _| {
        let x: Vec<f64> = (0..32).map(|_| g()).collect();
        let y = x.iter().map(|x| 0.6 * x + 0.8 * g()).collect();
        (x, y)
    }));
    let copies = 10.0;
    all.push(case("one factor, 10 and 10 columns", 1_000, factor_mi(copies), move |g, _| {
        let f = g();
        let side = |g: Source| (0..copies as usize).map(|_| f + g()).collect();
        (side(g), side(g))
    }));
    all.push(case("useless columns beside a pair", 500, pair_mi(0.8), |g, _| {
        let x = g();
        (vec![x, g(), g(), g(), g()], vec![0.8 * x + 0.6 * g(), g(), g()])
    }));
    for n in [200, 2_000] {
        all.push(case("3 pairs, rho 0.6, with their totals", n, 3.0 * pair_mi(0.6), |g, _| {
            let (x, y) = pairs(3, 3, 0.6, g);
            let with_total = |side: Vec<f64>| [vec![side.iter().sum()], side].concat();
            (with_total(x), with_total(y))
        }));
    }
    all.push(case("independent, 16 and 16 columns", 500, 0.0, |g, _| pairs(0, 16, 0.0, g)));
    wide(&mut all);
    for n in [500, 2_000] {
        all.push(case("5 pairs, rho 0.6", n, 5.0 * pair_mi(0.6), |g, _| pairs(5, 5, 0.6, g)));
    }
    all.push(case("8 pairs, rho 0.3", 2_000, 8.0 * pair_mi(0.3), |g, _| pairs(8, 8, 0.3, g)));
    all
}

/// Tables of more columns than checkpoints are trained on.
fn wide(all: &mut Vec<Case>) {
    const COLUMNS: usize = 100;
    all.push(case("independent, 100 and 100 columns", 500, 0.0, |g, _| pairs(0, COLUMNS, 0.0, g)));
    for n in [500, 2_000] {
        let mi = -2.5 * (1.0 - 0.8f64 * 0.8).ln();
        all.push(case("5 pairs, rho 0.8, among 100 and 100 columns", n, mi, |g, _| pairs(5, COLUMNS, 0.8, g)));
    }
    // The same as columns of the factor plus N(0, 3).
    all.push(case("one factor, 100 and 100 columns", 2_000, factor_mi(COLUMNS as f64 / 3.0), |g, _| {
        let f = g();
        let side = |g: Source| (0..COLUMNS).map(|_| f + 3f64.sqrt() * g()).collect();
        (side(g), side(g))
    }));
    all.push(case("sum of 3 of 100 columns and noise", 500, 0.5 * 13f64.ln(), |g, _| {
        let x: Vec<f64> = (0..COLUMNS).map(|_| g()).collect();
        let y = x[0] + x[1] + x[2] + 0.5 * g();
        (x, vec![y])
    }));
}

/// Two sides of so many columns, of which the first few are pairs.
fn pairs(paired: usize, columns: usize, rho: f64, g: Source) -> Row {
    let x: Vec<f64> = (0..columns).map(|_| g()).collect();
    let y = (0..columns).map(|j| if j < paired { rho * x[j] + (1.0 - rho * rho).sqrt() * g() } else { g() }).collect();
    (x, y)
}

fn bit(b: bool) -> f64 {
    f64::from(u8::from(b))
}

fn level(u: f64, values: u32) -> f64 {
    (u * f64::from(values)).floor()
}

/// MI of two sides of k columns each, every column the same N(0, 1) factor plus N(0, 1): between their sums.
fn factor_mi(k: f64) -> f64 {
    let rho = k / (k + 1.0);
    -0.5 * (1.0 - rho * rho).ln()
}

fn density(y: f64, sd: f64) -> f64 {
    (-0.5 * (y / sd).powi(2)).exp() / (sd * TAU.sqrt())
}

fn normal_entropy(sd: f64) -> f64 {
    0.5 * (2.0 * PI * std::f64::consts::E * sd * sd).ln()
}

/// −∫ p ln p by the midpoint rule.
fn entropy(low: f64, high: f64, p: impl Fn(f64) -> f64) -> f64 {
    const STEPS: usize = 1_000;
    let width = (high - low) / STEPS as f64;
    let at = |i: usize| p(low + (i as f64 + 0.5) * width);
    (0..STEPS).map(at).filter(|p| *p > 0.0).map(|p| -p * p.ln() * width).sum()
}

/// The mean over U(0, 1).
fn mean_over(f: impl Fn(f64) -> f64) -> f64 {
    const STEPS: usize = 2_000;
    (0..STEPS).map(|i| f((i as f64 + 0.5) / STEPS as f64)).sum::<f64>() / STEPS as f64
}

/// The mean over N(0, 1).
fn mean_over_normal(f: impl Fn(f64) -> f64) -> f64 {
    const STEPS: usize = 1_000;
    let width = 16.0 / STEPS as f64;
    (0..STEPS).map(|i| -8.0 + (i as f64 + 0.5) * width).map(|x| density(x, 1.0) * f(x) * width).sum()
}

/// Number of data sets of the suite.
pub fn len() -> u64 {
    CASES.len() as u64 * REPEATS
}

/// Data set `index` of the suite.
pub fn data_set(seed: u64, index: u64) -> DataSet {
    let case = &CASES[(index / REPEATS) as usize];
    let (mut normals, mut uniforms) = (stream(seed, 2 * index), stream(seed, 2 * index + 1));
    let mut normal = || StandardNormal.sample(&mut normals);
    let mut uniform = || uniforms.random::<f64>();
    let rows: Vec<Row> = (0..case.n).map(|_| (case.row)(&mut normal, &mut uniform)).collect();
    let side = |of: &dyn Fn(&Row) -> &Vec<f64>| DMatrix::from_fn(case.n, of(&rows[0]).len(), |r, c| of(&rows[r])[c]);
    DataSet {
        family: format!("{}, n = {}", case.name, case.n),
        mi_nats: case.mi_nats,
        x: side(&|row| &row.0),
        y: side(&|row| &row.1),
    }
}

fn stream(seed: u64, index: u64) -> impl Rng {
    Seeds { root: seed }.rng(Split::Scratch, index)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quadratures_meet_closed_forms() {
        let of_normal = entropy(-20.0, 20.0, |y| density(y, 2.0));
        assert!((of_normal - normal_entropy(2.0)).abs() < 1e-6, "{of_normal}");
        assert!((mean_over_normal(|x| x * x) - 1.0).abs() < 1e-6);
        // A line in noise through the mean over its source is a normal pair.
        let sum = entropy(-9.0, 9.0, |y| mean_over_normal(|x| density(y - x, 0.5))) - normal_entropy(0.5);
        assert!((sum - 0.5 * 5f64.ln()).abs() < 1e-5, "{sum}");
    }

    #[test]
    fn the_suite_is_a_function_of_the_seed() {
        let (a, b) = (data_set(3, 7), data_set(3, 7));
        assert_eq!((a.x, a.y), (b.x, b.y));
        assert!(data_set(4, 7).y != data_set(3, 7).y);
        for case in CASES.iter() {
            assert!(case.mi_nats >= 0.0 && case.mi_nats < 8.0, "{}: {}", case.name, case.mi_nats);
        }
    }
}
