//! An adaptation that is stopped and goes on is the one that never stopped.

use candle_core::Device;
use indicatif::ProgressBar;
use mist_data_gen::fitted::FlowFile;
use mist_data_gen::{MetaDistribution, Seeds, Split};
use mist_train::adapt::{Laws, Outcome, Point, Side, TuneConfig, TuneRun, blend, tune};
use mist_train::flow::{FlowConfig, fit_flow};
use mist_train::{BatchConfig, Options, TrainConfig, train};
use rand::Rng;
use rand_distr::StandardNormal;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

const CONFIG: &str = concat!(
    "name = \"start\"\nmeta = \"m_train\"\nseed = 5\nsteps = 2\n[batch]\nper_step = 2\ncells = 600\nmin_tasks = 1\n\
     max_tasks = 3\n[validation]\ntasks = 1\nevery = 9\n",
    include_str!("../../../tests/data/tiny-network.toml")
);

/// A folder with weights to begin with, and the laws of data whose columns bend each other.
fn prepared(dir: &Path) -> Laws {
    let options = Options {
        out: dir.into(),
        resume: false,
        max_time: None,
        max_steps: None,
        stop: None,
        save_every: Duration::from_secs(60),
        threads: 1,
        device: Device::Cpu,
        quiet: true,
        bar: None,
    };
    train(&TrainConfig::from_toml(CONFIG).unwrap(), &options).unwrap();
    let mut rng = Seeds { root: 2 }.rng(Split::Scratch, 0);
    let mut columns = vec![Vec::new(), Vec::new(), Vec::new()];
    for _ in 0..300 {
        let [a, b, c]: [f64; 3] = [0; 3].map(|_| rng.sample(StandardNormal));
        [a, a.exp() * b, c + a * a].into_iter().zip(&mut columns).for_each(|(v, column)| column.push(v));
    }
    let columns: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
    let config = FlowConfig { layers: 2, hidden: 8, epochs: 5, ..FlowConfig::default() };
    let side = |name: &str, columns: &[&[f64]]| {
        let fit = fit_flow(columns, &config, 1, &mut |_| true).unwrap();
        Side { dim: columns.len(), flow: Some(FlowFile::write(&dir.join(name), fit.flow).unwrap()) }
    };
    let sides = [side("x.safetensors", &columns), side("y.safetensors", &columns[..2])];
    Laws::new(MetaDistribution::named("m_train").unwrap(), sides, 0.5).unwrap()
}

fn run(dir: &Path, max_time: Option<Duration>, stop: bool, threads: usize) -> (Vec<Point>, Outcome) {
    let laws = prepared_or_read(dir);
    let batch = BatchConfig { per_step: 2, cells: 600, min_tasks: 1, max_tasks: 3, ..BatchConfig::default() };
    let config = TuneConfig { every: 2, held_out: 6, batch, ..TuneConfig::new(77, 6) };
    let run = TuneRun {
        dir: dir.into(),
        max_time,
        stop: Arc::new(AtomicBool::new(stop)),
        threads,
        device: Device::Cpu,
        bar: ProgressBar::hidden(),
    };
    tune(&laws, &config, &run, &mut |_, _| ()).unwrap()
}

fn prepared_or_read(dir: &Path) -> Laws {
    if !dir.join("x.safetensors").exists() {
        return prepared(dir);
    }
    let side = |name: &str, dim| Side { dim, flow: Some(FlowFile::read(&dir.join(name), None).unwrap()) };
    let sides = [side("x.safetensors", 3), side("y.safetensors", 2)];
    Laws::new(MetaDistribution::named("m_train").unwrap(), sides, 0.5).unwrap()
}

#[test]
fn stopped_and_resumed_equals_uninterrupted() {
    let (whole, parts) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (points, outcome) = run(whole.path(), None, false, 2);
    assert_eq!(outcome, Outcome::Complete);
    assert_eq!(points.iter().map(|p| p.step).collect::<Vec<_>>(), [0, 2, 4, 6]);
    assert!(points[0].best && points.iter().all(|p| p.like_the_data > 0.0 && p.general > 0.0), "{points:?}");

    // Out of time after the start was measured, asked to stop in the middle, then to the end.
    let (first, outcome) = run(parts.path(), Some(Duration::ZERO), false, 1);
    assert_eq!((first.len(), outcome), (1, Outcome::OutOfTime));
    assert_eq!(run(parts.path(), None, true, 1).1, Outcome::Interrupted);
    let (resumed, outcome) = run(parts.path(), None, false, 1);
    assert_eq!((&resumed, outcome), (&points, Outcome::Complete));
    for file in ["best.safetensors", "best.json", "points.json", "mix.toml", "x.safetensors"] {
        let bytes = |dir: &Path| std::fs::read(dir.join(file)).unwrap();
        assert_eq!(bytes(whole.path()), bytes(parts.path()), "{file}");
    }
    // Once more: nothing is left to do.
    assert_eq!(run(parts.path(), None, false, 1).0, points);
}

/// All weights of a checkpoint, in the order of their names.
fn weights(path: &Path) -> Vec<f32> {
    let mut tensors: Vec<_> = candle_core::safetensors::load(path, &Device::Cpu).unwrap().into_iter().collect();
    tensors.sort_by(|a, b| a.0.cmp(&b.0));
    tensors.into_iter().flat_map(|(_, t)| t.flatten_all().unwrap().to_vec1::<f32>().unwrap()).collect()
}

#[test]
fn what_is_measured_and_kept_is_the_average_with_the_start() {
    let dir = tempfile::tempdir().unwrap();
    let (points, _) = run(dir.path(), None, false, 2);
    assert_eq!(points[0].blend, 0.0);
    assert!(points[1..].iter().all(|p| [0.5, 0.25].contains(&p.blend)), "{points:?}");
    let at = |name: &str| dir.path().join(name);
    let (start, part) = (weights(&at("start.safetensors")), weights(&at("parts/part.safetensors")));
    assert_ne!(start, part);
    let last = points.last().unwrap();
    for share in [f64::from(last.blend), 1.0] {
        blend(&at("start.safetensors"), &at("parts/part.safetensors"), share, (dir.path(), "average")).unwrap();
        let average = weights(&at("average.safetensors"));
        for ((a, s), p) in average.iter().zip(&start).zip(&part) {
            let mean = (1.0 - share) * f64::from(*s) + share * f64::from(*p);
            assert!((f64::from(*a) - mean).abs() <= 1e-6 * (1.0 + mean.abs()), "{a} {mean}");
        }
        // A checkpoint as any, of the weights that it has.
        let whole = share == 1.0;
        assert_eq!(average == part, whole);
        assert_eq!(
            mist_model::Checkpoint::read(&at("average.safetensors"), &Device::Cpu).unwrap().description.name,
            "average"
        );
        assert_eq!(average == weights(&at("parts/candidate.safetensors")), !whole);
    }
    let best = points.iter().rfind(|p| p.best).unwrap();
    let kept = if best.step == 0 { start } else { weights(&at("parts/candidate.safetensors")) };
    if best.step == 0 || best.step == last.step {
        assert_eq!(weights(&at("best.safetensors")), kept);
    }
}
