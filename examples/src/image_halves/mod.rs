//! How much the left half of a digit tells about the right half, if only k numbers of each are kept.
//!
//! Each half is 32 pixels; its k leading principal components are a function of it alone, so I(components; components) is at most
//! I(half; half), and grows with k. How far each estimator can be believed at each k, a twin shows: as many rows of a mixture of
//! normals, one for each digit, with the means and covariances that the digits have. Its MI is known.

mod picture;
mod twin;

use crate::answers::{Answer, ask, ask_other, estimator};
use crate::report::{Common, markdown, publish};
use crate::tables::Digits;
use anyhow::{Result, ensure};
use mist_baselines::{Cca, Ksg};
use mist_embed::{Embeddings, Reduced, Reduction};
use mist_infer::Columns;
use twin::twin;

const SEED: u64 = 2;
/// Pixels of a row of an image.
const ROW: usize = 8;

/// Arguments of the example.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    common: Common,
    /// How many principal components are kept of each half, from few to many.
    #[arg(long, value_delimiter = ',', default_value = "1,2,3,4,6,8,12,16")]
    components: Vec<usize>,
}

/// What is found with so many components of each half.
pub struct Kept {
    pub components: usize,
    /// Shares of the variance of the left and of the right half.
    pub variance: [f64; 2],
    pub mist: Answer,
    pub ksg: Answer,
    pub cca: Answer,
    /// The MI of the twin, and its standard error.
    pub truth: (f64, f64),
    pub twin_mist: Answer,
    pub twin_ksg: Answer,
}

/// Runs the example.
pub fn run(args: &Args) -> Result<()> {
    let digits = Digits::read(&args.common.tables)?;
    ensure!(digits.pixels.len().is_multiple_of(ROW), "{} pixels are not rows of {ROW}", digits.pixels.len());
    let estimator = estimator(args.common.checkpoint.as_deref())?;
    let halves = [half(&digits, 0), half(&digits, ROW / 2)];
    let (mut reduced, mut pairs) = (Vec::new(), Vec::new());
    for k in &args.components {
        let [x, y] = halves.each_ref().map(|half| Reduction::Pca { columns: *k }.reduce(half));
        let (x, y) = (x?, y?);
        let twin = twin(&x.columns, &y.columns, &digits.labels, SEED)?;
        pairs.push((Columns::new(x.columns.clone()), Columns::new(y.columns.clone())));
        pairs.push((Columns::new(twin.x.clone()), Columns::new(twin.y.clone())));
        reduced.push((*k, x, y, twin));
    }
    let answers = ask(&estimator, &pairs)?;
    let whole = &ask(&estimator, &[(Columns::new(halves[0].by_column()), Columns::new(halves[1].by_column()))])?[0];
    let mut found = Vec::new();
    for ((k, x, y, twin), answers) in reduced.iter().zip(answers.chunks(2)) {
        found.push(Kept {
            components: *k,
            variance: [kept(x), kept(y)],
            mist: answers[0],
            ksg: ask_other(Ksg::default(), &x.columns, &y.columns)?,
            cca: ask_other(Cca, &x.columns, &y.columns)?,
            truth: (twin.mi_nats, twin.error),
            twin_mist: answers[1],
            twin_ksg: ask_other(Ksg::default(), &twin.x, &twin.y)?,
        });
    }
    let rows: Vec<Vec<String>> = found.iter().map(row).collect();
    let head = ["k", "variance kept, left and right", "mist", "KSG", "CCA", "twin: truth", "twin: mist", "twin: KSG"];
    let mut figures = markdown(&head, &rows);
    figures += &format!("\nAll 32 + 32 pixels, not reduced: mist {whole}.\n");
    let inside = found.iter().filter(|k| (k.twin_mist.low..=k.twin_mist.high).contains(&k.truth.0)).count();
    figures += &format!("Of {} intervals of mist for twins, {inside} hold the truth.\n", found.len());
    let picture = picture::draw(&found, digits.labels.len(), &estimator)?;
    publish(&args.common, &estimator, "image-halves", &figures, &picture)
}

/// The columns of pixels from one on, half a row of the image each.
fn half(digits: &Digits, from: usize) -> Embeddings {
    let inside = |i: &usize| (from..from + ROW / 2).contains(&(i % ROW));
    let columns: Vec<&Vec<f64>> = (0..digits.pixels.len()).filter(inside).map(|i| &digits.pixels[i]).collect();
    let rows = 0..digits.labels.len();
    let values = rows.flat_map(|row| columns.iter().map(move |column| column[row] as f32)).collect();
    Embeddings::new(values, columns.len())
}

fn kept(reduced: &Reduced) -> f64 {
    reduced.variance_kept
}

fn row(kept: &Kept) -> Vec<String> {
    let [left, right] = kept.variance.map(|share| format!("{:.0} %", 100.0 * share));
    vec![
        kept.components.to_string(),
        format!("{left}, {right}"),
        kept.mist.to_string(),
        kept.ksg.to_string(),
        kept.cca.to_string(),
        format!("{:.2} ± {:.2}", kept.truth.0, kept.truth.1),
        kept.twin_mist.to_string(),
        kept.twin_ksg.to_string(),
    ]
}
