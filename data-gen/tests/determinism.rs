//! A draw depends on (configuration, root seed, split, index) and on nothing else.

mod common;

use std::{
    collections::{HashMap, HashSet},
    path::Path,
};

use mist_data_gen::{
    Draw, MetaDistribution, Seeds, Split,
    dataset::{Part, Storage, WriteOptions, write},
};
use rand::RngCore;
use rayon::prelude::*;
use sha2::{Digest, Sha256};

const SEEDS: Seeds = Seeds { root: 77 };

#[test]
fn threads_and_order_change_nothing() {
    for name in MetaDistribution::names() {
        let meta = MetaDistribution::named(name).unwrap();
        let expected: Vec<Draw> = (0..60).map(|i| meta.draw(&SEEDS, Split::Train, i)).collect();
        for threads in [1, 2, 7] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let draw = |i| meta.draw(&SEEDS, Split::Train, i as u64);
            let backwards: Vec<Draw> = pool.install(|| (0..60_usize).into_par_iter().rev().map(draw).collect());
            assert!(backwards.iter().rev().eq(&expected), "{name}, {threads} threads");
        }
    }
}

/// SHA-256 over the names and contents of all files.
fn sha256(dir: &Path) -> Vec<u8> {
    let mut hash = Sha256::new();
    for (name, content) in common::bytes(dir) {
        hash.update(name.to_str().unwrap());
        hash.update(content);
    }
    hash.finalize().to_vec()
}

/// Writes a data set or a part of it.
type Write<'a> = dyn Fn(Option<Part>) + Sync + 'a;

#[test]
fn threads_and_parts_do_not_change_the_sha256_of_a_data_set() {
    let meta = common::wide();
    for storage in Storage::ALL {
        let made = |threads: usize, make: &dyn Fn(&Write)| {
            let dir = tempfile::tempdir().unwrap();
            make(&|part| {
                let options = WriteOptions { count: 60, shard_size: 4, storage, pointwise: false, part, threads };
                write(&meta, &SEEDS, Split::Test, dir.path(), &options, |_| {}).unwrap();
            });
            sha256(dir.path())
        };
        let expected = made(1, &|write| write(None));
        for threads in [2, 7] {
            assert_eq!(made(threads, &|write| write(None)), expected, "{storage}, {threads} threads");
        }
        let parts = || (1..=8).map(|number| Part::new(number, 8).unwrap());
        let shuffled = |write: &Write| {
            [8, 3, 1, 6, 2, 7, 5, 4].iter().for_each(|number| write(parts().nth(number - 1)));
        };
        assert_eq!(made(2, &shuffled), expected, "{storage}, parts in turn");
        let at_once = |write: &Write| {
            std::thread::scope(|scope| parts().for_each(|part| drop(scope.spawn(move || write(Some(part))))));
        };
        assert_eq!(made(2, &at_once), expected, "{storage}, parts at once");
    }
}

#[test]
fn a_task_drawn_first_gives_the_same_sample() {
    let meta = MetaDistribution::named("mist_1").unwrap();
    for index in 0..50 {
        let drawn = meta.draw_task(&SEEDS, Split::Test, index);
        assert_eq!(drawn.clone().sample(), meta.draw(&SEEDS, Split::Test, index));
        assert_eq!(drawn.index, index);
    }
}

#[test]
fn streams_differ() {
    let mut seen = HashSet::new();
    let mut count = 0;
    for root in [0, 1, u64::MAX] {
        for split in Split::ALL {
            for index in [0, 1, 2, 1 << 32, 1 << 62, 1 << 63, u64::MAX] {
                seen.insert(Seeds { root }.rng(split, index).next_u64());
                count += 1;
            }
        }
    }
    assert_eq!(seen.len(), count);
}

#[test]
fn samples_of_neighbouring_indices_differ() {
    let meta = MetaDistribution::named("m_train").unwrap();
    let mut first_values = HashSet::new();
    for split in Split::ALL {
        for index in 0..200 {
            let draw = meta.draw(&SEEDS, split, index);
            first_values.insert(draw.sample.x[(0, 0)].to_bits());
        }
    }
    assert_eq!(first_values.len(), 200 * Split::ALL.len());
}

/// What the reference gets wrong: of the 1080 configurations of its test set, 175 are also among those it trains on.
#[test]
fn splits_share_no_stream_and_no_parameters() {
    const DRAWS: u64 = 3_000;
    let meta = MetaDistribution::named("m_train").unwrap();
    let mut streams = HashMap::new();
    let mut parameters = HashMap::new();
    for split in Split::ALL {
        // As the trainer draws, and as all others do.
        let shaped = (0..DRAWS / 10).flat_map(|batch| {
            let shape = meta.shape(&SEEDS, split, batch);
            let meta = &meta;
            (0..10).map(move |item| meta.draw_shaped(&SEEDS, split, batch, item, &shape))
        });
        let single = (0..DRAWS).map(|index| meta.draw_task(&SEEDS, split, index));
        for drawn in shaped.chain(single) {
            let stream = drawn.rng.clone().next_u64();
            if let Some(other) = streams.insert(stream, split) {
                panic!("a stream of `{split}` is one of `{other}`, too");
            }
            // The MI is a function of the parameters that tells any two of them apart, to the last bit.
            let key = (drawn.task.family().to_owned(), drawn.task.mi_nats().to_bits());
            if let Some(other) = parameters.insert(key, split) {
                panic!("parameters of `{split}` are some of `{other}`, too: {}", drawn.task.family());
            }
        }
    }
    assert_eq!(streams.len() as u64, 2 * DRAWS * Split::ALL.len() as u64);
}

#[test]
fn split_names_parse() {
    for split in Split::ALL {
        assert_eq!(split.as_str().parse::<Split>().unwrap(), split);
    }
    let error = "training".parse::<Split>().unwrap_err().to_string();
    assert!(error.starts_with("parameter `split`: expected one of train"), "{error}");
}

/// Tasks of a batch have its shape, their own streams, and over batches the shares of the configuration.
#[test]
fn batches_follow_the_configuration() {
    let meta = common::wide();
    let (batches, items) = (1_500, 4);
    let mut families = HashMap::<String, f64>::new();
    let mut streams = HashSet::new();
    for batch in 0..batches {
        let shape = meta.shape(&SEEDS, Split::Train, batch);
        assert_eq!(shape, meta.shape(&SEEDS, Split::Train, batch));
        for item in 0..items {
            let drawn = meta.draw_shaped(&SEEDS, Split::Train, batch, item, &shape);
            let got = (drawn.n, drawn.task.dim_x(), drawn.task.dim_y());
            assert_eq!(got, (shape.n, shape.dim_x, shape.dim_y));
            *families.entry(drawn.task.family().to_owned()).or_default() += 1.0;
            streams.insert(drawn.rng.clone().next_u64());
        }
    }
    assert_eq!(streams.len() as u64, batches * items);
    for variant in meta.variants() {
        let total = (batches * items) as f64;
        // Tasks of a batch are not independent, for all or none of them are of fixed dims: count batches.
        let error = (variant.weight * (1.0 - variant.weight) / batches as f64).sqrt();
        let share = families[&variant.name] / total;
        assert!((share - variant.weight).abs() <= 4.5 * error, "{}: {share} of {}", variant.name, variant.weight);
    }
}

#[test]
fn reach_spans_all_laws() {
    assert_eq!(common::wide().reach(), ((10, 2_000), (1, 16)));
    assert_eq!(MetaDistribution::named("m_test_imd").unwrap().reach(), ((10, 500), (2, 32)));
}
