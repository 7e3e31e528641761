//! The information plane of a small network that learns the digits: what its layers know of the image and of the label.
//!
//! The layers are functions of the image without noise, so I(image; layer) is infinite, or as large as the entropy of the
//! rows. What is measured is I(image; layer + noise), with normal noise of a standard deviation that is told. For a layer
//! T = f(X), I(X; T + N) = h(T + N) − h(N) = I(T; T + N): the pixels themselves are not needed. I(layer; label) needs no noise, since the
//! label is discrete: ln 10 at most.

mod bounds;
mod network;
mod picture;
mod probe;

use crate::answers::{Answer, ask, estimator};
use crate::report::{Common, markdown, publish};
use crate::tables::Digits;
use anyhow::{Result, ensure};
use candle_core::{Device, Tensor};
use mist_infer::{Columns, Estimator};
use network::{Snapshot, Split};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

const SEED: u64 = 1;
/// Orders of the labels by which they are taken from their images.
const SHUFFLES: usize = 10;
/// Units of the hidden layers, from the image to the label.
const WIDTHS: [usize; 3] = [16, 8, 4];

/// Arguments of the example.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    common: Common,
    /// Passes over the images in training.
    #[arg(long, default_value_t = 256)]
    epochs: usize,
    /// Standard deviation of the noise through which a layer is seen; its units lie between −1 and 1.
    #[arg(long, default_value_t = 0.5)]
    noise: f64,
}

/// A layer after some epochs.
pub struct Point {
    pub width: usize,
    pub epoch: usize,
    /// I(layer; label).
    pub label: Answer,
    /// What a linear classifier shows of it: I(layer; label) is no less.
    pub shown: f64,
    /// I(image; layer + noise).
    pub image: Answer,
    /// Between what it lies, as far as these rows tell.
    pub bounds: (f64, f64),
}

/// Runs the example.
pub fn run(args: &Args) -> Result<()> {
    ensure!(args.noise > 0.0, "noise of {}: expected more than 0", args.noise);
    let digits = Digits::read(&args.common.tables)?;
    let estimator = estimator(args.common.checkpoint.as_deref())?;
    let (train, test) = halves(&digits)?;
    let snapshots = network::train(&train, &test, &WIDTHS, digits.classes(), args.epochs, SEED)?;
    let points = measure(args, &estimator, &train, &test, digits.classes(), &snapshots)?;
    let mut table = Vec::new();
    for (snapshot, points) in snapshots.iter().zip(points.chunks(WIDTHS.len())) {
        for point in points {
            table.push(vec![
                snapshot.epoch.to_string(),
                format!("{:.3}", snapshot.accuracy),
                point.width.to_string(),
                point.label.to_string(),
                format!("{:.2}", point.shown),
                point.image.to_string(),
                format!("{:.2} to {:.2}", point.bounds.0, point.bounds.1),
            ]);
        }
    }
    let head =
        ["epochs", "accuracy", "units", "I(layer; label)", "at least", "I(image; layer + noise)", "lies between"];
    let mut figures = markdown(&head, &table);
    figures += &format!("\n{}\n", control(&estimator, &test, &snapshots)?);
    figures += &agreement(&points);
    let picture = picture::draw(&points, digits.classes(), test.labels.len(), args.noise, &estimator)?;
    publish(&args.common, &estimator, "information-plane", &figures, &picture)
}

/// Images to learn from, and as many others to measure on.
fn halves(digits: &Digits) -> Result<(Split, Split)> {
    let n = digits.labels.len();
    ensure!(n >= 40, "{n} images are too few, expected at least 40");
    let mut order: Vec<usize> = (0..n).collect();
    order.shuffle(&mut ChaCha8Rng::seed_from_u64(SEED));
    let split = |rows: &[usize]| -> Result<Split> {
        let image = |row: usize| digits.pixels.iter().map(move |pixel| (pixel[row] / 8.0 - 1.0) as f32);
        let pixels: Vec<f32> = rows.iter().flat_map(|row| image(*row)).collect();
        let pixels = Tensor::from_vec(pixels, (rows.len(), digits.pixels.len()), &Device::Cpu)?;
        Ok(Split { pixels, labels: rows.iter().map(|row| digits.labels[*row] as u32).collect() })
    };
    let (train, test) = order.split_at(n / 2);
    Ok((split(train)?, split(test)?))
}

fn measure(
    args: &Args,
    estimator: &Estimator,
    train: &Split,
    test: &Split,
    classes: usize,
    snapshots: &[Snapshot],
) -> Result<Vec<Point>> {
    let label = network::label_column(&test.labels);
    let (mut places, mut of_label, mut of_image) = (Vec::new(), Vec::new(), Vec::new());
    for (index, snapshot) in snapshots.iter().enumerate() {
        for (i, width) in WIDTHS.into_iter().enumerate() {
            let layer = snapshot.on_test[i].clone();
            let noisy = bounds::noisy(&layer, args.noise, SEED + index as u64);
            let shown = probe::bound(&snapshot.on_train[i], &train.labels, &layer, &test.labels, classes)?;
            places.push((width, snapshot.epoch, shown, bounds::bounds(&layer, &noisy, args.noise)));
            of_label.push((Columns::new(layer.clone()), label.clone()));
            of_image.push((Columns::new(layer), Columns::new(noisy)));
        }
    }
    let answers = ask(estimator, &of_label)?.into_iter().zip(ask(estimator, &of_image)?);
    let point = |((width, epoch, shown, bounds), (label, image))| Point { width, epoch, label, shown, image, bounds };
    Ok(places.into_iter().zip(answers).map(point).collect())
}

/// The last layer in the end, and labels that belong to other images.
fn control(estimator: &Estimator, test: &Split, snapshots: &[Snapshot]) -> Result<String> {
    let last = snapshots.last().and_then(|snapshot| snapshot.on_test.last()).cloned().unwrap_or_default();
    let mut rng = ChaCha8Rng::seed_from_u64(SEED);
    let mut shuffled = || {
        let mut labels = test.labels.clone();
        labels.shuffle(&mut rng);
        (Columns::new(last.clone()), network::label_column(&labels))
    };
    let pairs: Vec<_> = (0..SHUFFLES).map(|_| shuffled()).collect();
    let answers = ask(estimator, &pairs)?;
    let mean = answers.iter().map(|answer| answer.nats).sum::<f64>() / SHUFFLES as f64;
    let largest = answers.iter().map(|answer| answer.nats).fold(0.0, f64::max);
    Ok(format!(
        "With shuffled labels the last layer says {mean:.2} about them, the mean of {SHUFFLES} shuffles, of which the largest is {largest:.2}; \
         0 is right."
    ))
}

/// How the answers stand to what must hold.
fn agreement(points: &[Point]) -> String {
    let count = |holds: &dyn Fn(&Point) -> bool| points.iter().filter(|point| holds(point)).count();
    let above = count(&|p| p.label.high >= p.shown);
    let inside = count(&|p| p.image.high >= p.bounds.0 && p.image.low <= p.bounds.1);
    let all = points.len();
    format!(
        "Of {all} intervals for the label, {above} reach what the classifier shows at least; of {all} for the image, \
         {inside} have a part between their bounds.\n"
    )
}
