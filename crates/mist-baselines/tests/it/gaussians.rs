//! Normal data, where the MI is known.

use mist_baselines::{Bootstrap, Bound, Cca, Ksg, MiEstimator, NAMES, Neural, by_name};
use mist_data_gen::Joint;
use mist_data_gen::families::elliptical::{Elliptical, dispersion::Dispersion};
use mist_data_gen::{Sample, Seeds, Split};
use rayon::ThreadPoolBuilder;

/// n rows of normal X and Y with `dim` columns a side and every correlation `rho`, and their MI.
fn normal(n: usize, dim: usize, rho: f64, index: u64) -> (Sample, f64) {
    let base = Elliptical::normal(Dispersion::dense(dim, dim, rho).unwrap());
    (base.sample(n, &mut Seeds { root: 5 }.rng(Split::Scratch, index)), base.mi_nats())
}

/// A training of seconds, enough for a pair of columns.
fn brief(bound: Bound) -> Neural {
    Neural { batch: 32, steps: 600, test_every: 50, ..Neural::new(bound) }
}

#[test]
fn pairs_of_normals() {
    let (Sample { x, y }, truth) = normal(2_000, 1, 0.8, 0);
    // The standard error of an efficient estimate is ρ/√n = 0.018; kernels and bins lose MI.
    let bands =
        [("ksg", 0.06), ("ksg2", 0.06), ("cca", 0.06), ("gaussian-copula", 0.06), ("mixed-knn", 0.06), ("kde", 0.1)];
    for (name, band) in bands {
        let got = by_name(name).unwrap().estimate(&x, &y).unwrap();
        assert!((got - truth).abs() < band, "{name}: {got}, expected {truth}");
    }
    let binned = by_name("histogram").unwrap().estimate(&x, &y).unwrap();
    assert!(0.5 * truth < binned && binned < truth, "{binned}, expected some of {truth}");
}

#[test]
fn neural_bounds_of_a_pair_of_normals() {
    let (Sample { x, y }, truth) = normal(2_000, 1, 0.8, 0);
    for bound in [Bound::Mine, Bound::InfoNce, Bound::Nwj, Bound::Smile] {
        let neural = brief(bound);
        let got = neural.estimate(&x, &y).unwrap();
        assert!((got - truth).abs() < 0.1, "{}: {got}, expected {truth}", neural.name());
        // On rows without order there is nothing to learn.
        let apart = x.select_rows(&(0..2_000).map(|i| (i + 1) % 2_000).collect::<Vec<_>>());
        let none = neural.estimate(&apart, &y).unwrap();
        assert!(none.abs() < 0.05, "{}: {none}, expected 0", neural.name());
    }
}

#[test]
fn infonce_stops_at_the_logarithm_of_the_batch() {
    let (Sample { x, .. }, _) = normal(400, 1, 0.0, 1);
    let neural = Neural { batch: 4, ..brief(Bound::InfoNce) };
    let got = neural.estimate(&x, &x).unwrap();
    assert!(got > 0.5 && got <= 4.0_f64.ln(), "{got}");
}

#[test]
fn neither_threads_nor_repetition_change_a_bit() {
    let (Sample { x, y }, _) = normal(300, 2, 0.6, 2);
    for name in NAMES {
        // Those for pairs get the first columns, those for discrete data labels.
        let pair = matches!(name, "kde");
        let (mut x, mut y) =
            if pair { (x.columns(0, 1).into(), y.columns(0, 1).into()) } else { (x.clone(), y.clone()) };
        if matches!(name, "plug-in" | "ross") {
            y.iter_mut().for_each(|v| *v = v.round().clamp(-1.0, 1.0));
        }
        if name == "plug-in" {
            x.iter_mut().for_each(|v| *v = v.round());
        }
        let few = |bound| Box::new(Neural { steps: 50, ..brief(bound) });
        let estimator: Box<dyn MiEstimator> = match name {
            "mine" => few(Bound::Mine),
            "infonce" => few(Bound::InfoNce),
            "nwj" => few(Bound::Nwj),
            "smile" => few(Bound::Smile),
            name => by_name(name).unwrap(),
        };
        assert_eq!(estimator.name(), name);
        let on = |threads| {
            let pool = ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| estimator.estimate(&x, &y).unwrap())
        };
        assert_eq!(on(1).to_bits(), on(3).to_bits(), "{name}");
    }
}

/// How many of 60 intervals of level 0.9 hold the mean of the estimates.
fn covered(estimator: impl MiEstimator + Clone) -> usize {
    let intervals: Vec<_> = (0..60)
        .map(|index| {
            let (Sample { x, y }, _) = normal(200, 1, 0.6, 100 + index);
            Bootstrap { resamples: 100, ..Bootstrap::new(estimator.clone()) }.interval(&x, &y).unwrap()
        })
        .collect();
    let mean = intervals.iter().map(|i| i.estimate).sum::<f64>() / 60.0;
    intervals.iter().filter(|i| i.lower <= mean && mean <= i.upper).count()
}

#[test]
fn intervals_hold_the_mean_of_the_estimates() {
    // 54 of 60 are expected, with a standard deviation of 2.3.
    for (name, covered) in [("cca", covered(Cca)), ("ksg", covered(Ksg::default()))] {
        assert!((46..=59).contains(&covered), "{name}: {covered} of 60");
    }
}

#[test]
fn wider_levels_give_wider_intervals() {
    let (Sample { x, y }, _) = normal(200, 2, 0.6, 3);
    let interval = |level| Bootstrap { level, ..Bootstrap::new(Ksg::default()) }.interval(&x, &y).unwrap();
    let (narrow, wide) = (interval(0.5), interval(0.95));
    assert!(wide.lower < narrow.lower && narrow.lower < narrow.upper && narrow.upper < wide.upper);
    assert_eq!(narrow.estimate, wide.estimate);
    assert_eq!(narrow, interval(0.5));
}
