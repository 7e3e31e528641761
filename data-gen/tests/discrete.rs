//! The discrete and mixed families: their MI against oracles, and the distributions of what they draw.

mod common;

use common::{
    assert_mean, ks_statistic,
    oracle::discrete::{channel_mass, ln_counts, normal_mass, pointwise_mi, rectangle},
    rng,
};
use mist_data_gen::{
    Base, Joint,
    config::Keys,
    families::{
        Prior,
        censored::{Censored, CensoredPrior},
        channel::{Channel, ChannelKind, ChannelPrior},
        counts::{Counts, CountsPrior},
        degenerate::{Degenerate, DegeneratePrior, Filler},
        elliptical::{Elliptical, scatter::Canonical},
        labels::{Class, Labels, LabelsPrior},
        pairs::{Pair, Pairs},
        quantised::{Quantised, QuantisedPrior, Quantiser},
        table::{Table, TablePrior},
        zero_inflated::{ZeroInflated, ZeroInflatedPrior},
    },
};
use nalgebra::DMatrix;
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use statrs::{
    distribution::{ChiSquared, ContinuousCDF, Gamma, Normal},
    function::gamma::{digamma, ln_gamma},
};

/// Standard errors that a mean may be off by. Seeds are fixed, so this fails always or never.
const SIGMAS: f64 = 4.0;

/// P(√n D > 2.6) ≈ 2.7e-6 under the null hypothesis, for the hundreds of columns here.
const MANY_KS_LIMIT: f64 = 2.6;

fn prior<P: Prior>(keys: &str) -> P {
    P::read(&mut Keys::new("family".to_owned(), toml::from_str(keys).unwrap())).unwrap()
}

/// `count` parameter draws with 1 to 8 columns a side.
fn draws<P: Prior<Joint: Into<Base>>>(keys: &str, count: usize, stream: u64) -> Vec<(Base, ChaCha8Rng)> {
    let prior = prior::<P>(keys);
    (0..count)
        .map(|i| {
            let mut rng = rng(stream + i as u64);
            let dims = (rng.random_range(1..=8), rng.random_range(1..=8));
            let base: Base = prior.draw(dims, &mut rng).into();
            assert_eq!(base.dims(), dims);
            (base, rng)
        })
        .collect()
}

/// Twenty parameter draws: the mean of the pointwise MI is the stated one.
fn check<P: Prior<Joint: Into<Base>>>(keys: &str, stream: u64) {
    for (i, (base, mut rng)) in draws::<P>(keys, 20, stream).into_iter().enumerate() {
        let values = pointwise_mi(&base, &base.sample(20_000, &mut rng));
        let what = format!("{} {keys} {i}: {base:?}", P::KIND);
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0);
        let error = (variance / n + base.mi_standard_error().powi(2)).sqrt();
        let stated = base.mi_nats();
        assert!(stated >= 0.0, "{what}");
        assert!((mean - stated).abs() <= SIGMAS * error + 1e-9, "mean {mean} ± {error}, stated {stated}: {what}");
    }
}

#[test]
fn monte_carlo_of_tables() {
    for (i, shape) in ["random", "permutation", "banded"].into_iter().enumerate() {
        check::<TablePrior>(&format!("shapes = ['{shape}']"), 10_000 + 100 * i as u64);
    }
}

#[test]
fn monte_carlo_of_channels() {
    for (i, shape) in ["bsc", "bec", "z"].into_iter().enumerate() {
        check::<ChannelPrior>(&format!("shapes = ['{shape}']"), 11_000 + 100 * i as u64);
    }
}

#[test]
fn monte_carlo_of_quantised_pairs() {
    for (i, shape) in ["grid", "quantiles", "cuts"].into_iter().enumerate() {
        for both in [0, 1] {
            let keys = format!("shapes = ['{shape}']\nboth = {both}.0");
            check::<QuantisedPrior>(&keys, 12_000 + 100 * (2 * i + both) as u64);
        }
    }
}

#[test]
fn monte_carlo_of_inflated_pairs() {
    check::<ZeroInflatedPrior>("dependent = 0.0", 13_500);
    check::<ZeroInflatedPrior>("dependent = 1.0\none_sided = 0.0", 13_600);
    check::<ZeroInflatedPrior>("least = 1.0", 13_700);
}

#[test]
fn monte_carlo_of_censored_pairs() {
    check::<CensoredPrior>("two_sided = 0.0", 14_000);
    check::<CensoredPrior>("two_sided = 1.0", 14_100);
}

#[test]
fn monte_carlo_of_the_others() {
    check::<CountsPrior>("", 15_000);
    check::<LabelsPrior>("", 15_100);
    check::<DegeneratePrior>("", 15_200);
}

/// Σ p ln p − Σ p_x ln p_x − Σ p_y ln p_y over a joint pmf.
fn by_entropies(mass: impl Fn(usize, usize) -> f64, r: usize, c: usize) -> f64 {
    let term = |p: f64| if p > 0.0 { p * p.ln() } else { 0.0 };
    let all: f64 = (0..r).flat_map(|i| (0..c).map(move |j| (i, j))).map(|(i, j)| term(mass(i, j))).sum();
    let of_x: f64 = (0..r).map(|i| term((0..c).map(|j| mass(i, j)).sum())).sum();
    let of_y: f64 = (0..c).map(|j| term((0..r).map(|i| mass(i, j)).sum())).sum();
    all - of_x - of_y
}

#[test]
fn finite_sums_over_the_joint_pmf() {
    for (base, _) in draws::<TablePrior>("", 200, 16_000) {
        let Base::Table(base) = base else { panic!() };
        let cells = base.pair().cells();
        let known = by_entropies(|i, j| cells[(i, j)], cells.nrows(), cells.ncols());
        assert!((base.pair().mi_nats() - known).abs() < 1e-10, "{base:?}");
        assert!((base.mi_nats() - base.pairs() as f64 * known).abs() < 1e-9, "{base:?}");
    }
    for (base, _) in draws::<ChannelPrior>("shapes = ['bsc', 'bec', 'z']", 200, 16_200) {
        let Base::Channel(base) = base else { panic!() };
        let known = by_entropies(|i, j| channel_mass(base.pair(), i as f64, j as f64), 2, 3);
        assert!((base.pair().mi_nats() - known).abs() < 1e-10, "{base:?}");
    }
}

/// Two pairs are one table over the pairs of values: the MI adds.
#[test]
fn pairs_add() {
    let table = Table::new(DMatrix::from_row_slice(2, 3, &[0.3, 0.1, 0.05, 0.05, 0.2, 0.3])).unwrap();
    let cells = table.cells().clone();
    let both = by_entropies(|i, j| cells[(i / 2, j / 3)] * cells[(i % 2, j % 3)], 4, 9);
    let pairs = Pairs::new(table.clone(), 2, (2, 3)).unwrap();
    assert!((pairs.mi_nats() - both).abs() < 1e-12);
    assert!(Pairs::new(table.clone(), 3, (2, 3)).is_err());
    assert!(Pairs::new(table, 0, (2, 3)).is_err());
}

/// Accuracy stated in the documentation of `Quantised` and `Censored`.
const QUADRATURE_NATS: f64 = 1e-8;

#[test]
fn quadratures_have_converged() {
    let mut worst = (0.0, String::new());
    let mut meet = |stated: f64, finer: f64, what: String| {
        if (stated - finer).abs() > worst.0 {
            worst = ((stated - finer).abs(), what);
        }
    };
    for (base, _) in draws::<QuantisedPrior>("", 300, 17_000) {
        let Base::Quantised(base) = base else { panic!() };
        let pair = base.pair();
        meet(pair.mi_nats(), pair.mi_by_quadrature(4.0), format!("{pair:?}"));
    }
    // The ends of the domain.
    for rho in [1e-3, 0.5, 0.9, 0.9999] {
        for step in [0.05, 0.7, 10.0] {
            for both in [false, true] {
                let grid = || Quantiser::grid(step, 0.4 * step).unwrap();
                let pair = Quantised::new(rho, grid(), both.then(grid)).unwrap();
                meet(pair.mi_nats(), pair.mi_by_quadrature(4.0), format!("{rho} {step} {both}"));
            }
        }
    }
    for (base, _) in draws::<CensoredPrior>("", 300, 17_400) {
        let Base::Censored(base) = base else { panic!() };
        let pair = base.pair();
        meet(pair.mi_nats(), pair.mi_by_quadrature(4.0), format!("{pair:?}"));
    }
    println!("largest difference {} nats: {}", worst.0, worst.1);
    assert!(worst.0 < QUADRATURE_NATS, "{} nats off: {}", worst.0, worst.1);
}

/// The MI of tables whose rectangles come from another rule and other tails.
#[test]
fn quantised_pairs_meet_tables_of_rectangles() {
    for (rho, x, y) in [(0.3, 3, 5), (0.8, 4, 4), (0.99, 2, 6)] {
        let (of_x, of_y) = (Quantiser::quantiles(x).unwrap(), Quantiser::quantiles(y).unwrap());
        let ends = |edges: &[f64], i: usize| {
            (if i == 0 { -10.0 } else { edges[i - 1] }, edges.get(i).copied().unwrap_or(10.0))
        };
        let cells = DMatrix::from_fn(x, y, |i, j| rectangle(rho, ends(of_x.edges(), i), ends(of_y.edges(), j)));
        let known = by_entropies(|i, j| cells[(i, j)], x, y);
        let pair = Quantised::new(rho, of_x, Some(of_y)).unwrap();
        // Simpson's rule, and an erfc good to ten digits.
        assert!((pair.mi_nats() - known).abs() < 1e-6, "{rho}: {} not {known}", pair.mi_nats());
    }
}

#[test]
fn limits_of_the_normal_families() {
    let normal = |rho: f64| -0.5 * (1.0 - rho * rho).ln();
    for rho in [0.0, 0.2, 0.9] {
        let finest = || Quantiser::grid(0.05, 0.01).unwrap();
        for y in [None, Some(finest())] {
            let fine = Quantised::new(rho, finest(), y).unwrap().mi_nats();
            assert!(fine <= normal(rho) + 1e-12 && normal(rho) - fine < 2e-3, "{rho}: {fine}");
        }
        let shown = ZeroInflated::new(rho, 1.0, 1.0, 1.0).unwrap().mi_nats();
        assert!((shown - normal(rho)).abs() < 1e-12);
        let cut = Censored::new(rho, -8.5, 8.5).unwrap().mi_nats();
        assert!((cut - normal(rho)).abs() < 1e-12);
        // All but cut in two: what the sign tells.
        let sign = Quantised::new(rho, Quantiser::quantiles(2).unwrap(), None).unwrap().mi_nats();
        let nearly = Censored::new(rho, 0.0, 1e-9).unwrap().mi_nats();
        assert!((sign - nearly).abs() < 1e-7, "{rho}: {sign}, {nearly}");
    }
    // Masks alone, as a channel.
    let masks = ZeroInflated::new(0.0, 0.5, 0.5, 0.4).unwrap().mi_nats();
    let channel = Channel::new(ChannelKind::Bsc, 0.5, 0.2).unwrap().mi_nats();
    assert!((masks - channel).abs() < 1e-12);
}

/// H(Y) − E[H(Y|X)] by the trapezoid rule over ln X, which shares nothing with the sum over posteriors.
#[test]
fn counts_meet_a_double_sum() {
    for (shape, scale) in [(0.3, 0.5), (0.5, 20.0), (1.0, 1.0), (4.0, 3.0), (10.0, 0.02)] {
        let pair = Counts::new(shape, scale).unwrap();
        let most = 100 + (60.0 * scale * (1.0 + shape)) as usize;
        let of_y: f64 = (0..most)
            .map(|y| {
                let l = ln_counts(&pair, y as f64);
                -l.exp() * l
            })
            .sum();
        let step = 0.02;
        let ln_factorials: Vec<f64> = (0..most).map(|y| ln_gamma(y as f64 + 1.0)).collect();
        let given: f64 = (-6000..500)
            .map(|i| {
                let ln_x = step * f64::from(i);
                let x: f64 = ln_x.exp();
                let ln_density = shape * ln_x - x / scale - ln_gamma(shape) - shape * f64::ln(scale);
                if ln_density < -60.0 {
                    return 0.0;
                }
                let entropy: f64 = ln_factorials
                    .iter()
                    .enumerate()
                    .map(|(y, ln_factorial)| {
                        let l = y as f64 * ln_x - x - ln_factorial;
                        -l.exp() * l
                    })
                    .sum();
                step * ln_density.exp() * entropy
            })
            .sum();
        assert!((pair.mi_nats() - (of_y - given)).abs() < 1e-9, "{shape} {scale}: {} {}", pair.mi_nats(), of_y - given);
    }
}

/// The recurrences of Γ and ψ over the longest sum, against their values.
#[test]
fn counts_lose_nothing_over_long_sums() {
    for (shape, scale) in [(0.3, 1000.0), (10.0, 1000.0), (50.0, 2000.0)] {
        let pair = Counts::new(shape, scale).unwrap();
        let entropy = |k: f64, s: f64| k + s.ln() + ln_gamma(k) + (1.0 - k) * digamma(k);
        let posterior: f64 = (0..400_000)
            .map(|y| ln_counts(&pair, f64::from(y)).exp() * entropy(shape + f64::from(y), scale / (1.0 + scale)))
            .sum();
        let known = entropy(shape, scale) - posterior;
        // lnΓ near 1e6 has eleven digits after the point in the oracle.
        assert!((pair.mi_nats() - known).abs() < 1e-8, "{shape} {scale}: {} {known}", pair.mi_nats());
    }
}

#[test]
fn labels_at_both_ends() {
    let mut rng = rng(18_000);
    let classes = |distance: f64| -> Vec<Class> {
        (0..3).map(|c| Class { weight: f64::from(c + 1), columns: vec![(distance * f64::from(c), 1.0); 2] }).collect()
    };
    let apart = Labels::new(classes(100.0), (1, 2), &mut rng).unwrap();
    let entropy: f64 = [1.0_f64, 2.0, 3.0].iter().map(|w| -w / 6.0 * (w / 6.0).ln()).sum();
    assert!((apart.mi_nats() - entropy).abs() < 1e-12);
    let same = Labels::new(classes(0.0), (2, 3), &mut rng).unwrap();
    assert!(same.mi_nats() < 1e-12);
    assert!(Labels::new(classes(1.0), (1, 1), &mut rng).is_err());
}

#[test]
fn independence_is_zero() {
    let product = Table::new(DMatrix::from_row_slice(2, 2, &[0.1, 0.3, 0.15, 0.45])).unwrap();
    assert!(product.mi_nats() < 1e-15);
    for kind in ChannelKind::ALL {
        let e = if kind == ChannelKind::Bsc { 0.5 } else { 1.0 };
        assert!(Channel::new(kind, 0.3, e).unwrap().mi_nats() < 1e-15);
    }
    let grid = || Quantiser::grid(0.5, 0.1).unwrap();
    assert_eq!(Quantised::new(0.0, grid(), None).unwrap().mi_nats(), 0.0);
    assert!(Quantised::new(0.0, grid(), Some(grid())).unwrap().mi_nats() < 1e-12);
    assert!(ZeroInflated::new(0.0, 0.4, 0.7, 0.28).unwrap().mi_nats() < 1e-12);
    assert!(Censored::new(0.0, -1.0, 0.5).unwrap().mi_nats() < 1e-15);
}

/// P(χ² > statistic) is not tiny; cells that expect fewer than five are joined.
fn assert_frequencies(values: impl Iterator<Item = usize>, expected: &[f64], what: &str) {
    let mut seen = vec![0.0; expected.len()];
    let mut n = 0.0;
    for v in values {
        seen[v] += 1.0;
        n += 1.0;
    }
    let (mut statistic, mut cells) = (0.0, 0);
    let (mut rare_seen, mut rare_expected) = (0.0, 0.0);
    for (seen, p) in seen.iter().zip(expected) {
        if n * p < 5.0 {
            rare_seen += seen;
            rare_expected += n * p;
        } else {
            statistic += (seen - n * p).powi(2) / (n * p);
            cells += 1;
        }
    }
    if rare_expected > 5.0 {
        statistic += (rare_seen - rare_expected).powi(2) / rare_expected;
        cells += 1;
    } else {
        assert!(rare_seen <= 25.0, "{what}: {rare_seen} where {rare_expected} were expected");
    }
    if cells > 1 {
        let tail = ChiSquared::new(f64::from(cells - 1)).unwrap().sf(statistic);
        assert!(tail > 1e-5, "{what}: χ² = {statistic} with {cells} cells, P = {tail}");
    }
}

const ROWS: usize = 20_000;

#[test]
fn tables_and_channels_are_drawn_as_stated() {
    for (base, mut rng) in draws::<TablePrior>("", 20, 19_000) {
        let sample = base.sample(ROWS, &mut rng);
        let Base::Table(base) = base else { panic!() };
        let cells = base.pair().cells();
        let rows = |i: usize, j: usize| {
            let r = cells.nrows();
            sample
                .x
                .column(i)
                .iter()
                .zip(sample.y.column(j).iter())
                .map(move |(x, y)| *x as usize + r * *y as usize)
                .collect::<Vec<_>>()
        };
        let last = base.pairs() - 1;
        assert_frequencies(rows(last, last).into_iter(), cells.as_slice(), "a pair");
        // What is not a pair is independent, with the same marginals.
        let (dim_x, dim_y) = base.dims();
        for (i, j) in [(dim_x - 1, 0), (0, dim_y - 1), (dim_x - 1, dim_y - 1)] {
            if i != j || i >= base.pairs() {
                let product =
                    DMatrix::from_fn(cells.nrows(), cells.ncols(), |i, j| cells.row(i).sum() * cells.column(j).sum());
                assert_frequencies(rows(i, j).into_iter(), product.as_slice(), "two columns of different pairs");
            }
        }
    }
    for (base, mut rng) in draws::<ChannelPrior>("shapes = ['bsc', 'bec', 'z']", 20, 19_100) {
        let sample = base.sample(ROWS, &mut rng);
        let Base::Channel(base) = base else { panic!() };
        let expected: Vec<f64> =
            (0..6).map(|i| channel_mass(base.pair(), f64::from(i / 3), f64::from(i % 3))).collect();
        let rows = sample
            .x
            .column(0)
            .iter()
            .zip(sample.y.column(0).iter())
            .map(|(x, y)| 3 * *x as usize + *y as usize)
            .collect::<Vec<_>>();
        assert_frequencies(rows.into_iter(), &expected, "a channel");
    }
}

#[test]
fn quantised_columns_have_the_masses_of_their_cells() {
    for (base, mut rng) in draws::<QuantisedPrior>("both = 0.0", 20, 19_200) {
        let sample = base.sample(ROWS, &mut rng);
        let Base::Quantised(base) = base else { panic!() };
        let quantiser = base.pair().quantisers().0;
        let mut edges = vec![f64::NEG_INFINITY];
        edges.extend(quantiser.edges());
        edges.push(f64::INFINITY);
        let expected: Vec<f64> = edges.windows(2).map(|e| normal_mass(0.0, 1.0, e[0], e[1])).collect();
        for column in [0, base.dims().0 - 1] {
            let cells = sample
                .x
                .column(column)
                .iter()
                .map(|v| ((v - quantiser.value(0)) / (quantiser.value(1) - quantiser.value(0))).round() as usize)
                .collect::<Vec<_>>();
            assert_frequencies(cells.into_iter(), &expected, &format!("{quantiser:?}"));
        }
        let normal = Normal::standard();
        for column in sample.y.column_iter() {
            assert!(ks_statistic(column.clone_owned().as_slice(), |v| normal.cdf(v)) < MANY_KS_LIMIT);
        }
    }
    // A grid rounds.
    let grid = Quantiser::grid(0.3, 0.1).unwrap();
    for (i, pair) in grid.edges().windows(2).enumerate() {
        assert!((grid.value(i + 1) - 0.5 * (pair[0] + pair[1])).abs() < 1e-12);
        assert!((((grid.value(i) - 0.1) / 0.3).round() * 0.3 + 0.1 - grid.value(i)).abs() < 1e-12);
    }
}

#[test]
fn inflated_and_censored_columns() {
    let normal = Normal::standard();
    let zeros = draws::<ZeroInflatedPrior>("", 20, 19_300).into_iter().map(|drawn| (drawn, 0.0));
    let least = draws::<ZeroInflatedPrior>("least = 1.0", 20, 19_350).into_iter().map(|drawn| (drawn, -40.0));
    for ((base, mut rng), masked) in zeros.chain(least) {
        let sample = base.sample(ROWS, &mut rng);
        let Base::ZeroInflated(base) = base else { panic!() };
        let masks = base.pair().masks();
        assert!((masks.iter().flatten().sum::<f64>() - 1.0).abs() < 1e-12);
        let last = base.pairs() - 1;
        let (x, y) = (sample.x.column(last), sample.y.column(last));
        let rows = x
            .iter()
            .zip(y.iter())
            .map(|(x, y)| 2 * usize::from(*x != masked) + usize::from(*y != masked))
            .collect::<Vec<_>>();
        assert_frequencies(rows.into_iter(), masks.as_flattened(), "masks");
        for side in [&sample.x, &sample.y] {
            for column in side.column_iter() {
                let shown: Vec<f64> = column.iter().copied().filter(|v| *v != masked).collect();
                assert!(ks_statistic(&shown, |v| normal.cdf(v)) < MANY_KS_LIMIT, "{base:?}");
            }
        }
        let both: Vec<f64> =
            x.iter().zip(y.iter()).filter(|(x, y)| **x != masked && **y != masked).map(|(x, y)| x * y).collect();
        if both.len() > 100 {
            assert_mean(&both, base.pair().rho(), SIGMAS, "correlation of what is shown");
        }
    }
    for (base, mut rng) in draws::<CensoredPrior>("", 20, 19_400) {
        let sample = base.sample(ROWS, &mut rng);
        let Base::Censored(base) = base else { panic!() };
        let (low, high) = base.pair().ends();
        let expected =
            [(f64::NEG_INFINITY, low), (low, high), (high, f64::INFINITY)].map(|(a, b)| normal_mass(0.0, 1.0, a, b));
        for column in sample.x.column_iter() {
            let part = |v: f64| if v <= low { 0 } else { 1 + usize::from(v >= high) };
            assert_frequencies(column.iter().map(|v| part(*v)), &expected, "censored");
            let inside: Vec<f64> = column.iter().copied().filter(|v| part(*v) == 1).collect();
            assert!(ks_statistic(&inside, |v| normal_mass(0.0, 1.0, low, v) / expected[1]) < MANY_KS_LIMIT);
        }
        for column in sample.y.column_iter() {
            assert!(ks_statistic(column.clone_owned().as_slice(), |v| normal.cdf(v)) < MANY_KS_LIMIT);
        }
    }
}

#[test]
fn rates_are_gamma_and_counts_negative_binomial() {
    for (base, mut rng) in draws::<CountsPrior>("", 20, 19_500) {
        let sample = base.sample(ROWS, &mut rng);
        let Base::Counts(base) = base else { panic!() };
        let pair = base.pair();
        let gamma = Gamma::new(pair.shape(), 1.0 / pair.scale()).unwrap();
        for column in sample.x.column_iter() {
            assert!(ks_statistic(column.clone_owned().as_slice(), |v| gamma.cdf(v)) < MANY_KS_LIMIT, "{pair:?}");
        }
        let most = sample.y.max() as usize;
        let mut expected: Vec<f64> = (0..=most).map(|y| ln_counts(pair, y as f64).exp()).collect();
        expected[most] += (1.0 - expected.iter().sum::<f64>()).max(0.0);
        for column in sample.y.column_iter() {
            assert_frequencies(column.iter().map(|v| *v as usize), &expected, &format!("{pair:?}"));
        }
    }
}

#[test]
fn labels_and_their_mixtures() {
    for (base, mut rng) in draws::<LabelsPrior>("", 20, 19_600) {
        let sample = base.sample(ROWS, &mut rng);
        let Base::Labels(base) = base else { panic!() };
        let weights: Vec<f64> = base.classes().iter().map(|class| class.weight).collect();
        for column in sample.x.column_iter() {
            assert_frequencies(column.iter().map(|v| *v as usize), &weights, "labels");
        }
        for (j, column) in sample.y.column_iter().enumerate() {
            let cdf = |v: f64| -> f64 {
                let of_class = |class: &Class| {
                    let (mean, sd) = class.columns.get(j).copied().unwrap_or((0.0, 1.0));
                    class.weight * Normal::new(mean, sd).unwrap().cdf(v)
                };
                base.classes().iter().map(of_class).sum()
            };
            assert!(ks_statistic(column.clone_owned().as_slice(), cdf) < MANY_KS_LIMIT);
        }
    }
}

#[test]
fn degenerate_columns_are_functions_of_the_core() {
    let mut added = 0;
    for (base, mut rng) in draws::<DegeneratePrior>("", 50, 19_700) {
        let sample = base.sample(100, &mut rng);
        let Base::Degenerate(base) = base else { panic!() };
        let (core, fillers) = (base.core().dims(), base.fillers());
        for (side, dim, fillers) in [(&sample.x, core.0, fillers.0), (&sample.y, core.1, fillers.1)] {
            for (i, filler) in fillers.iter().enumerate() {
                added += 1;
                for row in 0..100 {
                    let known = match *filler {
                        Filler::Constant(value) => value,
                        Filler::Copy { column, scale } => scale * side[(row, column)],
                    };
                    assert_eq!(side[(row, dim + i)], known);
                }
            }
        }
    }
    assert!(added > 100);
    let core = || Elliptical::normal(Canonical::new((1, 1), vec![0.5]).unwrap());
    assert!(Degenerate::new(core(), vec![Filler::Copy { column: 1, scale: 1.0 }], vec![]).is_err());
    assert!(Degenerate::new(core(), vec![], vec![Filler::Copy { column: 0, scale: 0.0 }]).is_err());
    assert!(Degenerate::new(core(), vec![Filler::Constant(f64::NAN)], vec![]).is_err());
}

#[test]
fn parameters_outside_their_domain_are_refused() {
    assert!(Table::new(DMatrix::from_row_slice(1, 2, &[1.0, 1.0])).is_err());
    assert!(Table::new(DMatrix::from_row_slice(2, 2, &[0.0, 0.0, 0.0, 0.0])).is_err());
    assert!(Table::new(DMatrix::from_row_slice(2, 2, &[1.0, -0.1, 0.0, 0.0])).is_err());
    assert!(Channel::new(ChannelKind::Bsc, 0.0, 0.1).is_err());
    assert!(Channel::new(ChannelKind::Bsc, 0.5, 1.1).is_err());
    assert!(Quantiser::levels(vec![]).is_err());
    assert!(Quantiser::levels(vec![0.0, 0.0]).is_err());
    assert!(Quantiser::quantiles(1).is_err());
    assert!(Quantiser::grid(0.01, 0.0).is_err());
    assert!(Quantised::new(1.0, Quantiser::quantiles(2).unwrap(), None).is_err());
    assert!(ZeroInflated::new(0.5, 0.5, 0.5, 0.6).is_err());
    assert!(ZeroInflated::new(0.5, 0.8, 0.8, 0.5).is_err());
    assert!(Censored::new(0.5, 1.0, 1.0).is_err());
    assert!(Counts::new(0.0, 1.0).is_err());
}
