//! Time of the nearest-neighbour estimators. `cargo bench -p mist-baselines`; the references' is what
//! `scripts/reference_baselines.py --speed` prints.

use divan::Bencher;
use mist_baselines::{Ksg, MiEstimator};
use mist_data_gen::Joint;
use mist_data_gen::families::elliptical::{Elliptical, dispersion::Dispersion};
use mist_data_gen::{Sample, Seeds, Split};
use std::fmt;

fn main() {
    divan::main();
}

struct Case {
    n: usize,
    dim: usize,
    threads: usize,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "n={} dims={}x{} threads={}", self.n, self.dim, self.dim, self.threads)
    }
}

fn cases() -> Vec<Case> {
    let sizes = [
        (1_000, 1),
        (1_000, 2),
        (1_000, 5),
        (10_000, 1),
        (10_000, 2),
        (10_000, 3),
        (10_000, 5),
        (10_000, 16),
        (100_000, 1),
        (100_000, 2),
        (100_000, 3),
    ];
    sizes.iter().flat_map(|(n, dim)| [1, 2].map(|threads| Case { n: *n, dim: *dim, threads })).collect()
}

#[divan::bench(args = cases(), sample_count = 5)]
fn ksg(bencher: Bencher, case: &Case) {
    let base = Elliptical::normal(Dispersion::dense(case.dim, case.dim, 0.5).expect("a correlation below 1"));
    let Sample { x, y } = base.sample(case.n, &mut Seeds { root: 1 }.rng(Split::Scratch, 0));
    let pool = rayon::ThreadPoolBuilder::new().num_threads(case.threads).build().expect("threads");
    bencher.bench_local(|| pool.install(|| Ksg::default().estimate(&x, &y).expect("continuous data")));
}
