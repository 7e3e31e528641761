//! Tasks per second on one thread, from the seed to what the network sees.
//!
//! `cargo bench -p mist-train --bench source`; the peer is the Python reference, `scripts/reference_speed.py`.

use divan::Bencher;
use divan::counter::ItemsCount;
use mist_data_gen::{MetaDistribution, Seeds, Split};
use mist_train::score;

fn main() {
    divan::main();
}

/// Tasks in one sample.
const TASKS: u64 = 200;

#[divan::bench(args = ["m_train", "mist_1"], sample_count = 20)]
fn draw(bencher: Bencher, name: &str) {
    run(bencher, name, drop);
}

#[divan::bench(args = ["m_train", "mist_1"], sample_count = 20)]
fn draw_and_score(bencher: Bencher, name: &str) {
    run(bencher, name, |draw| drop(score(&draw.sample)));
}

fn run(bencher: Bencher, name: &str, each: impl Fn(mist_data_gen::Draw) + Sync) {
    let meta = MetaDistribution::named(name).unwrap();
    let seeds = Seeds { root: 1 };
    bencher.counter(ItemsCount::new(TASKS)).bench(|| {
        for i in 0..TASKS {
            each(meta.draw(&seeds, Split::Scratch, i));
        }
    });
}
