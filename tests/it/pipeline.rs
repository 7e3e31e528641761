//! The whole path in small: generate to disk, train, release, estimate.

use candle_core::Device;
use mist_data_gen::dataset::{Reader, Storage, WriteOptions, write};
use mist_data_gen::{MetaDistribution, Sample, Seeds, Split};
use mist_infer::{Columns, Estimator};
use mist_train::{Options, TrainConfig, score, train};
use std::time::Duration;

const CONFIG: &str = concat!(
    r#"
name = "small"
meta = "mist_1"
seed = 11
steps = 150

[batch]
per_step = 2
cells = 2000
min_tasks = 1
max_tasks = 16

[optimizer]
warmup_steps = 20

[validation]
tasks = 40
every = 100

"#,
    include_str!("../data/tiny-network.toml")
);

#[test]
fn from_generator_to_answer() {
    let dir = tempfile::tempdir().unwrap();
    let config = TrainConfig::from_toml(CONFIG).unwrap();
    let options = Options {
        out: dir.path().join("run"),
        resume: false,
        max_time: None,
        stop: None,
        max_steps: None,
        save_every: Duration::from_secs(120),
        threads: 2,
        device: Device::Cpu,
        quiet: true,
        bar: None,
    };
    let summary = train(&config, &options).unwrap();
    let estimator = Estimator::from_checkpoint(&options.out.join("small.safetensors"), &options.device).unwrap();
    assert_eq!(estimator.description(), &summary.checkpoint);

    // Data sets written to disk, read back, and estimated: dependence is told from independence even by this one.
    let means: Vec<f64> = ["m_train", "independence"]
        .map(|name| {
            let meta = MetaDistribution::named(name).unwrap();
            let data = dir.path().join(name);
            let options = WriteOptions { count: 40, shard_size: 16, threads: 2, ..Default::default() };
            write(&meta, &Seeds { root: 3 }, Split::Test, &data, &options, |_| ()).unwrap();
            let mut sum = 0.0;
            for draw in Reader::open(&data).unwrap().draws() {
                let draw = draw.unwrap();
                let columns = |m: &[f64]| Columns::new(m.chunks_exact(draw.n).map(<[f64]>::to_vec).collect());
                let (x, y) = (columns(draw.sample.x.as_slice()), columns(draw.sample.y.as_slice()));
                let estimate = estimator.estimate(x, y).unwrap();
                assert!(estimate.mi_nats() >= 0.0 && estimate.mi_nats().is_finite());
                sum += estimate.mi_nats() / 40.0;
            }
            sum
        })
        .to_vec();
    assert!(means[0] > 2.0 * means[1], "{means:?}");
}

#[test]
fn training_and_inference_see_the_same_scores() {
    let draw = MetaDistribution::named("m_train").unwrap().draw(&Seeds { root: 1 }, Split::Scratch, 0);
    let split = |m: &[f64]| m.chunks_exact(draw.n).map(<[f64]>::to_vec).collect::<Vec<_>>();
    let (x, y) = (split(draw.sample.x.as_slice()), split(draw.sample.y.as_slice()));
    let refs = |s: &'static [Vec<f64>]| s.iter().map(Vec::as_slice).collect::<Vec<_>>();
    let scores = mist_model::Scores::new(&refs(x.leak()), &refs(y.leak())).unwrap();
    assert_eq!(scores, score(&draw.sample));
}

/// What the network sees of a data set that was stored as ranks is what it sees of the values, to the bit.
#[test]
fn ranks_on_disk_have_the_scores_of_the_values() {
    for name in ["m_train", "independence"] {
        let meta = MetaDistribution::named(name).unwrap();
        for index in 0..50 {
            let Sample { x, y } = meta.draw(&Seeds { root: 2 }, Split::Scratch, index).sample;
            let [x_ranks, y_ranks] = [&x, &y].map(|values| Storage::Ranks16.rounded(values).unwrap());
            assert_eq!(score(&Sample { x: x_ranks, y: y_ranks }), score(&Sample { x, y }), "{name}, index {index}");
        }
    }
}
