//! Draws per second of one thread: `cargo bench -p mist-data-gen`.
//!
//! `mixture`: a whole configuration, averaged over its families, dims and n; the column `items/s` is tasks per second.
//! `family`: one family at fixed n and dims. `shards`: encoding and decoding alone.

use std::{
    fmt,
    sync::atomic::{AtomicU64, Ordering},
};

use divan::{Bencher, counter::ItemsCount};
use mist_data_gen::{
    Draw, MetaDistribution, Seeds, Split,
    dataset::{Storage, shard},
};

const SEEDS: Seeds = Seeds { root: 1 };

fn main() {
    divan::main();
}

#[divan::bench(args = ["m_train", "mist_1"], sample_count = 20, sample_size = 1)]
fn mixture(bencher: Bencher, name: &str) {
    const DRAWS: u64 = 250;
    let meta = MetaDistribution::named(name).unwrap();
    let next = AtomicU64::new(0);
    bencher.counter(ItemsCount::new(DRAWS)).bench(|| {
        let first = next.fetch_add(DRAWS, Ordering::Relaxed);
        for index in first..first + DRAWS {
            divan::black_box(meta.draw(&SEEDS, Split::Scratch, index));
        }
    });
}

/// One family at one size, named after both.
struct Case {
    family: &'static str,
    entry: &'static str,
    n: usize,
    dim: usize,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} n={} dims={}x{}", self.family, self.n, self.dim, self.dim)
    }
}

fn cases() -> Vec<Case> {
    let entries = [
        ("normal-dense-base", "kind = 'normal'\ndispersion = 'dense'"),
        ("normal-dense-base-rotated", "kind = 'normal'\ndispersion = 'dense'\nrotate = 1.0"),
        ("normal-dense-halfcube", "kind = 'normal'\ndispersion = 'dense'\nmaps = ['halfcube']"),
        ("normal-dense-asinh", "kind = 'normal'\ndispersion = 'dense'\nmaps = ['asinh']"),
        ("normal-dense-normal_cdf", "kind = 'normal'\ndispersion = 'dense'\nmaps = ['normal_cdf']"),
        ("normal-sparse-wiggly", "kind = 'normal'\ndispersion = 'sparse'\nmaps = ['wiggly']"),
        ("normal-lvm-base", "kind = 'normal'\ndispersion = 'lvm'"),
        ("student-2pair-base", "kind = 'student'\ndispersion = '2pair'"),
        ("additive-base", "kind = 'additive'"),
        ("independent", "kind = 'independent'"),
    ];
    let sized =
        |(family, entry)| [(256, 4), (256, 16), (256, 32), (2_000, 10)].map(|(n, dim)| Case { family, entry, n, dim });
    let link = [256, 2_000].map(|n| Case { family: "link", entry: "kind = 'link'", n, dim: 1 });
    entries.into_iter().flat_map(sized).chain(link).collect()
}

#[divan::bench(args = cases(), sample_count = 20)]
fn family(bencher: Bencher, case: &Case) {
    let Case { entry, n, dim, .. } = case;
    let meta = MetaDistribution::from_toml(&format!(
        "name = 'bench'\n\
         [[dims]]\nweight = 1.0\nlaw = 'uniform'\nmin = {dim}\nmax = {dim}\nequal = true\n\
         [[n]]\nweight = 1.0\nlaw = 'uniform'\nmin = {n}\nmax = {n}\n\
         [[family]]\nweight = 1.0\n{entry}\n"
    ))
    .unwrap();
    let next = AtomicU64::new(0);
    bencher
        .counter(ItemsCount::new(1_u32))
        .bench(|| meta.draw(&SEEDS, Split::Scratch, next.fetch_add(1, Ordering::Relaxed)));
}

#[divan::bench(args = Storage::ALL, consts = [64, 512], sample_count = 20)]
fn shards<const DRAWS: u64>(bencher: Bencher, storage: Storage) {
    let meta = MetaDistribution::named("m_train").unwrap();
    let families: Vec<String> = meta.variants().iter().map(|v| v.name.clone()).collect();
    let batch: Vec<Draw> = (0..DRAWS).map(|i| meta.draw(&SEEDS, Split::Scratch, i)).collect();
    bencher.counter(ItemsCount::new(DRAWS)).bench(|| {
        let bytes = shard::encode(&batch, &families, storage).unwrap();
        shard::decode(&bytes, &families, storage).unwrap()
    });
}
