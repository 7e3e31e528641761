//! What short texts tell about their rating, through encoders that know more and more.
//!
//! The encoders are small BERTs of letters that are trained here, and written as folders that `--text-model` takes: one that is drawn
//! at random, one that has learnt to fill in missing letters, and one that has learnt the ratings of other texts. Beside them: columns made
//! from counts of letter sequences, the length of the text, and what other people say. Every answer is a lower bound for what the
//! text itself tells (data processing inequality).

mod folder;
mod letters;
mod picture;
mod training;

use crate::answers::{Answer, ask, ask_other, estimator};
use crate::report::{Common, markdown, publish};
use crate::tables::Texts;
use anyhow::{Context, Result, ensure};
use candle_core::Device;
use letters::Alphabet;
use mist_baselines::MixedKnn;
use mist_embed::{Embeddings, Encoder, Reduction};
use mist_infer::{Columns, Estimator};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use std::path::PathBuf;
use training::Task;

const SEED: u64 = 3;
/// Texts that go through an encoder together.
const BATCH: usize = 64;

/// Arguments of the example.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    common: Common,
    /// Passes over the texts in training.
    #[arg(long, default_value_t = 3)]
    epochs: usize,
    /// How many principal components are kept of an embedding, from few to many.
    #[arg(long, value_delimiter = ',', default_value = "1,2,3,4,8")]
    components: Vec<usize>,
    /// Folder that gets a folder for each encoder.
    #[arg(long, value_name = "DIR", default_value = "target/examples/encoders")]
    encoders: PathBuf,
}

/// Columns that stand for the texts, and what they tell about the rating.
struct Told {
    name: &'static str,
    components: usize,
    /// Share of the variance of the embedding, if it was reduced.
    variance: Option<f64>,
    columns: Vec<Vec<f64>>,
}

/// Runs the example.
pub fn run(args: &Args) -> Result<()> {
    let estimator = estimator(args.common.checkpoint.as_deref())?;
    let read = |name: &str| Texts::read(&args.common.tables.join(name));
    let (train, test) = (read("texts-train.csv")?, read("texts-test.csv")?);
    ensure!(!train.texts.is_empty(), "there are no texts to learn from");
    let mut told = Vec::new();
    for (name, folder, task) in [
        ("letters, not trained", "random", Task::Nothing),
        ("letters, filled in", "filled-in", Task::FillIn),
        ("letters, ratings of other texts", "rated", Task::Rate),
    ] {
        let alphabet = Alphabet::of(&train.texts);
        let encoder = training::train(&alphabet, &train, task, args.epochs, SEED)?;
        let folder = args.encoders.join(folder);
        folder::write(&folder, &encoder, &alphabet)?;
        let embeddings = embed(&folder, &test.texts)?;
        for components in &args.components {
            let reduced = Reduction::Pca { columns: *components }.reduce(&embeddings)?;
            let variance = Some(reduced.variance_kept);
            told.push(Told { name, components: *components, variance, columns: reduced.columns });
        }
    }
    for components in args.components.iter().filter(|components| **components <= test.ngrams.len()) {
        let columns = test.ngrams[..*components].to_vec();
        told.push(Told { name: "sequences of letters", components: *components, variance: None, columns });
    }
    let length = test.texts.iter().map(|text| text.chars().count() as f64).collect();
    told.push(Told { name: "length of the text", components: 1, variance: None, columns: vec![length] });
    told.push(Told { name: "other people", components: 1, variance: None, columns: vec![test.others.clone()] });

    let rating = vec![test.rating.clone()];
    let pairs: Vec<_> = told.iter().map(|t| (Columns::new(t.columns.clone()), Columns::new(rating.clone()))).collect();
    let answers = ask(&estimator, &pairs)?;
    let mut rows = Vec::new();
    for (told, answer) in told.iter().zip(&answers) {
        rows.push(vec![
            told.name.to_owned(),
            told.components.to_string(),
            told.variance.map_or_else(String::new, |share| format!("{:.0} %", 100.0 * share)),
            answer.to_string(),
            ask_other(MixedKnn::default(), &told.columns, &rating)?.to_string(),
        ]);
    }
    let mut figures = markdown(&["what stands for the text", "columns", "variance kept", "mist", "neighbours"], &rows);
    figures += &format!("\n{}\n", control(&estimator, &told, &test)?);
    let picture = picture::draw(&told, &answers, test.texts.len(), &estimator)?;
    publish(&args.common, &estimator, "texts", &figures, &picture)
}

/// The embeddings of texts, through the folder as anybody would read it.
fn embed(folder: &std::path::Path, texts: &[String]) -> Result<Embeddings> {
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let encoder = Encoder::open(folder, &Device::Cpu).context("an encoder that was just written")?;
    Ok(encoder.encode(&texts, BATCH, &|_| ())?.embeddings)
}

/// The best encoder, and ratings that belong to other texts.
fn control(estimator: &Estimator, told: &[Told], test: &Texts) -> Result<String> {
    let best = told.iter().rev().find(|told| told.variance.is_some()).context("no encoder was asked for")?;
    let mut rating = test.rating.clone();
    rating.shuffle(&mut ChaCha8Rng::seed_from_u64(SEED));
    let answer: Answer = ask(estimator, &[(Columns::new(best.columns.clone()), Columns::new(vec![rating]))])?[0];
    let columns = best.components;
    Ok(format!("With shuffled ratings `{}` ({columns} columns) says {answer} about them; 0 is right.", best.name))
}
