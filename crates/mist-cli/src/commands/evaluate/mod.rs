//! `mist evaluate`: a checkpoint, and other estimators, against tasks whose mutual information is known.

mod data;
mod estimators;
mod pictures;
mod published;
mod report;
mod rows;
mod sense;
mod tables;
mod work;
mod worse;

use super::options::Threads;
use super::weights::Weights;
use crate::console::out;
use crate::store::{Store, replace};
use anyhow::{Result, bail};
use data::Part;
use estimators::{MIST, Named};
use std::io::Write as _;
use std::path::PathBuf;
use tables::Evaluation;

const EXAMPLES: &str = "\
Examples:
  mist evaluate --suite m-test --seed 1
  mist evaluate --suite m-test,bmi --estimators mist,ksg,cca,gaussian-copula --out results/compared
  mist evaluate --manifest reference/manifest.jsonl --out results/reference

A line of a manifest: {\"id\": 1, \"x\": \"X.npy\", \"y\": \"Y.npy\", \"mi_nats\": 0.7, \"family\": \"a\"}, with paths
relative to its folder. The report goes to stdout; DIR gets it as REPORT.md with pictures, and every estimate in
estimates.csv. The same command goes on where it was interrupted, to the same report.";

/// Arguments of `mist evaluate`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Which tasks to draw, separated by commas.
    #[arg(long, value_enum, value_delimiter = ',', required_unless_present = "manifest")]
    suite: Vec<Suite>,
    /// Data sets on disk in place of a suite: a JSON-lines file.
    #[arg(long, value_name = "PATH", conflicts_with = "suite")]
    manifest: Option<PathBuf>,
    /// Which estimators to ask, separated by commas: `mist` is the checkpoint; ksg, cca and the like see one data set alone.
    #[arg(long, value_name = "NAMES", value_delimiter = ',', default_value = MIST)]
    estimators: Vec<String>,
    /// Intervals for the others too, from this many random halves of the rows of each data set, at least 21.
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(21..=100_000))]
    bootstrap: Option<u32>,
    /// Root seed of the tasks.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// At most this many tasks of each part, spread evenly over it.
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,
    /// Folder for the report and the estimates.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    threads: Threads,
    #[command(flatten)]
    weights: Weights,
}

/// Tasks that the generator draws.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Suite {
    /// The published protocol (MIST, arXiv 2511.18945): 1080 data sets in-meta, 1260 out-of-meta.
    MTest,
    /// The 40 tasks of benchmark-mi, at n = 100, 500 and 2,000.
    Bmi,
    /// Families that no training may draw.
    HeldOut,
    /// Independent pairs with all kinds of marginals, 1 to 8 columns a side.
    Independence,
    /// Discrete and mixed data, whose ranks have ties.
    Discrete,
    /// Tables of known MI that a person would try first.
    Sense,
    /// All of them.
    All,
}

impl Suite {
    fn configurations(self) -> &'static [&'static str] {
        match self {
            Self::MTest => &["m_test_imd", "m_test_oomd"],
            Self::Bmi => &["bmi"],
            Self::HeldOut => &["held_out"],
            Self::Independence => &["independence"],
            Self::Discrete => &["discrete"],
            Self::Sense => &[data::SENSE],
            Self::All => &["m_test_imd", "m_test_oomd", "bmi", "held_out", "independence", "discrete", data::SENSE],
        }
    }
}

/// Runs the command.
pub fn run(args: &Args) -> Result<()> {
    crate::memory::keep();
    estimators::check(&args.estimators)?;
    if args.weights.checkpoint.is_some() && !args.estimators.iter().any(|name| name == MIST) {
        bail!("`--checkpoint` is for `{MIST}`, which `--estimators` does not list");
    }
    let parts = parts(args)?;
    let resamples = args.bootstrap.map(|count| count as usize);
    let learned = || args.weights.estimator();
    let estimators =
        args.estimators.iter().map(|name| Named::new(name, resamples, learned)).collect::<Result<Vec<_>>>()?;

    let store = match &args.out {
        Some(dir) => Store::open(dir, &identity(args, &parts, &estimators)?)?,
        None => Store::in_memory(),
    };
    let rows = work::fill(&parts, &estimators, store, args.threads.count())?;

    let titles = parts.into_iter().map(|part| part.title).collect();
    let about = about(args, &estimators);
    let evaluation = Evaluation { parts: titles, estimators: args.estimators.clone(), rows };
    let report = match &args.out {
        Some(dir) => {
            let (accuracy, time) = pictures::write(&evaluation, dir)?;
            let report = report::report(&evaluation, &about, Some((&accuracy, &time)));
            replace(&dir.join("REPORT.md"), report.as_bytes())?;
            report
        }
        None => report::report(&evaluation, &about, None),
    };
    Ok(out().write_all(report.as_bytes())?)
}

fn parts(args: &Args) -> Result<Vec<Part>> {
    if let Some(path) = &args.manifest {
        return Ok(vec![Part::read(path, args.limit)?]);
    }
    let mut names = Vec::new();
    for name in args.suite.iter().flat_map(|suite| suite.configurations()) {
        if !names.contains(name) {
            names.push(*name);
        }
    }
    names.into_iter().map(|name| Part::drawn(name, args.seed, args.limit)).collect()
}

/// What has to agree for a run to go on.
fn identity(args: &Args, parts: &[Part], estimators: &[Named]) -> Result<serde_json::Value> {
    Ok(serde_json::json!({
        "version": env!("CARGO_PKG_VERSION"),
        "parts": parts.iter().map(Part::id).collect::<Result<Vec<_>>>()?,
        "seed": args.seed,
        "limit": args.limit,
        "estimators": args.estimators,
        "bootstrap": args.bootstrap,
        "checkpoint": estimators.iter().find_map(Named::learned).map(|estimator| &estimator.description().sha256),
        "device": args.weights.device.as_str(),
    }))
}

/// What ran, in words.
fn about(args: &Args, estimators: &[Named]) -> String {
    let checkpoint = estimators.iter().find_map(Named::learned).map_or(String::new(), |estimator| {
        let d = estimator.description();
        let from = estimator
            .hub()
            .map_or(String::new(), |hub| format!(" from `{}` on the hub, commit {}", hub.repository, hub.commit));
        format!(
            "Checkpoint `{}`{from} (sha256 {}, {} tasks of `{}`). ",
            d.name, d.sha256, d.trained.tasks, d.trained.meta
        )
    });
    let seed = if args.manifest.is_none() { format!("Seed {}. ", args.seed) } else { String::new() };
    let limit = args.limit.map_or(String::new(), |count| format!("At most {count} data sets of each suite. "));
    let bootstrap = args.bootstrap.map_or(String::new(), |count| {
        format!("Intervals of the estimators without their own: from {count} random halves of the rows. ")
    });
    format!("{checkpoint}{seed}{limit}{bootstrap}mist {}.\n", env!("CARGO_PKG_VERSION"))
}
