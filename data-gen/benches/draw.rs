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
    config::{DimsLaw, IntLaw},
    dataset::{Storage, shard},
};

const SEEDS: Seeds = Seeds { root: 1 };

fn main() {
    divan::main();
}

#[divan::bench(args = ["m_train", "mist_4", "mist_6"], sample_count = 20, sample_size = 1)]
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

/// The same with the pointwise MI of every row, which training asks for.
#[divan::bench(args = ["m_train", "mist_4", "mist_6"], sample_count = 20, sample_size = 1)]
fn mixture_pointwise(bencher: Bencher, name: &str) {
    const DRAWS: u64 = 250;
    let meta = MetaDistribution::named(name).unwrap();
    let next = AtomicU64::new(0);
    bencher.counter(ItemsCount::new(DRAWS)).bench(|| {
        let first = next.fetch_add(DRAWS, Ordering::Relaxed);
        for index in first..first + DRAWS {
            divan::black_box(meta.draw_task(&SEEDS, Split::Scratch, index).sample_pointwise());
        }
    });
}

/// One family at one size, named after both.
struct Case {
    meta: MetaDistribution,
    label: String,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.label)
    }
}

/// Every entry of the training mix and of the held-out set.
fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for name in ["mist_18", "held_out"] {
        let meta = MetaDistribution::named(name).unwrap();
        for (i, (_, family)) in meta.config().families.iter().enumerate() {
            for (n, dim) in [(256, 4), (256, 32), (2_000, 10)] {
                let dims = DimsLaw { law: IntLaw::always(dim), equal: true };
                let meta = MetaDistribution::new(meta.config().only(i, dims, IntLaw::always(n)));
                let (dim_x, dim_y) = family.fixed_dims().unwrap_or((dim, dim));
                let label = format!("{} of {name}, n={n} dims={dim_x}x{dim_y}", family.kind.label());
                cases.push(Case { meta, label });
            }
        }
    }
    cases
}

#[divan::bench(args = cases(), sample_count = 20)]
fn family(bencher: Bencher, case: &Case) {
    let next = AtomicU64::new(0);
    bencher
        .counter(ItemsCount::new(1_u32))
        .bench(|| case.meta.draw(&SEEDS, Split::Scratch, next.fetch_add(1, Ordering::Relaxed)));
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
