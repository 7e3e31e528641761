//! `mist evaluate`: a checkpoint against tasks whose mutual information is known.

use crate::input::{Manifest, Missing, read_npy_pair};
use anyhow::{Context, Result, anyhow};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use mist_data_gen::{MetaDistribution, Seeds, Split};
use mist_infer::{Columns, DeviceKind, Estimator};
use mist_train::{Prediction, metrics};
use rayon::prelude::*;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  mist evaluate --suite m-test --seed 1
  mist evaluate --manifest reference/manifest.jsonl --out results/reference

A line of a manifest: {\"id\": 1, \"x\": \"X.npy\", \"y\": \"Y.npy\", \"mi_nats\": 0.7, \"family\": \"a\"}, with paths
relative to its folder. Tables go to stdout; DIR gets them as REPORT.md, and every estimate in estimates.csv.";

/// Arguments of `mist evaluate`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Which tasks to draw.
    #[arg(long, value_enum, required_unless_present = "manifest")]
    suite: Vec<Suite>,
    /// Data sets on disk in place of a suite: a JSON-lines file.
    #[arg(long, value_name = "PATH", conflicts_with = "suite")]
    manifest: Option<PathBuf>,
    /// Root seed of the tasks.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// At most this many tasks of each part, spread evenly over it.
    #[arg(long, value_name = "COUNT")]
    limit: Option<u64>,
    /// Folder for the report and the estimates.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Weights: a .safetensors file, its .json beside it [default: the embedded ones].
    #[arg(long, value_name = "PATH")]
    checkpoint: Option<PathBuf>,
    /// Threads, 0 for one per core; changes no number.
    #[arg(long, default_value_t = 0)]
    threads: usize,
    /// Where to compute.
    #[arg(long, value_parser = super::device(), default_value = "auto")]
    device: DeviceKind,
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
}

/// Tasks drawn where a suite has no size of its own.
const DEFAULT_COUNT: u64 = 500;

/// One table of the report.
struct Part {
    title: String,
    predictions: Vec<Prediction>,
}

/// Runs the command.
pub fn run(args: &Args) -> Result<()> {
    let estimator = super::estimator(args.checkpoint.as_deref(), args.device)?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(super::threads(args.threads)).build()?;
    let parts = pool.install(|| match &args.manifest {
        Some(path) => from_manifest(&estimator, path, args),
        None => from_suites(&estimator, args),
    })?;
    let report = report(&estimator, &parts, args);
    if let Some(dir) = &args.out {
        let write = |name: &str, text: &str| {
            let path = dir.join(name);
            std::fs::write(&path, text).with_context(|| format!("cannot write `{}`", path.display()))
        };
        std::fs::create_dir_all(dir).with_context(|| format!("cannot write `{}`", dir.display()))?;
        write("REPORT.md", &report)?;
        write("estimates.csv", &estimates(&parts))?;
    }
    Ok(std::io::stdout().lock().write_all(report.as_bytes())?)
}

fn from_suites(estimator: &Estimator, args: &Args) -> Result<Vec<Part>> {
    let mut parts = Vec::new();
    for suite in &args.suite {
        let names: &[&str] = match suite {
            Suite::MTest => &["m_test_imd", "m_test_oomd"],
            Suite::Bmi => &["bmi"],
            Suite::HeldOut => &["held_out"],
            Suite::Independence => &["independence"],
        };
        for name in names {
            let meta = MetaDistribution::named(name)?;
            let total = meta.suite_len().unwrap_or(args.limit.unwrap_or(DEFAULT_COUNT));
            let count = args.limit.unwrap_or(total).min(total);
            let bar = bar(count, name)?;
            let one = |i: u64| {
                let draw = meta.draw(&Seeds { root: args.seed }, Split::Test, i * total / count);
                let columns = |m: &[f64]| Columns::new(m.chunks_exact(draw.n).map(<[f64]>::to_vec).collect());
                let (x, y) = (columns(draw.sample.x.as_slice()), columns(draw.sample.y.as_slice()));
                bar.inc(1);
                predict(estimator, x, y, draw.family, draw.mi_nats)
            };
            let predictions = (0..count).into_par_iter().map(one).collect::<Result<_>>()?;
            bar.finish_and_clear();
            parts.push(Part { title: (*name).to_string(), predictions });
        }
    }
    Ok(parts)
}

fn from_manifest(estimator: &Estimator, path: &std::path::Path, args: &Args) -> Result<Vec<Part>> {
    let manifest = Manifest::read(path)?;
    let total = manifest.entries.len();
    let count = args.limit.map_or(total, |l| total.min(l as usize));
    let bar = bar(count as u64, "data sets")?;
    let one = |i: usize| {
        let entry = &manifest.entries[i * total / count];
        let place = || manifest.place(entry);
        let truth = entry.mi_nats.ok_or_else(|| anyhow!("`mi_nats` is missing")).with_context(place)?;
        let ((x, y), _) = read_npy_pair(&entry.x, &entry.y, Missing::Error).with_context(place)?;
        bar.inc(1);
        predict(estimator, x, y, entry.family.clone(), truth).with_context(place)
    };
    let predictions = (0..count).into_par_iter().map(one).collect::<Result<_>>()?;
    bar.finish_and_clear();
    Ok(vec![Part { title: path.display().to_string(), predictions }])
}

fn bar(count: u64, what: &str) -> Result<ProgressBar> {
    let bar = ProgressBar::with_draw_target(Some(count), ProgressDrawTarget::stderr());
    bar.set_style(ProgressStyle::with_template("{bar:30} {pos} of {len} {msg}, {eta} left")?);
    bar.set_message(what.to_string());
    Ok(bar)
}

fn predict(estimator: &Estimator, x: Columns, y: Columns, family: String, mi_nats: f64) -> Result<Prediction> {
    let e = estimator.estimate(x, y)?;
    Ok(Prediction { family, n: e.n, dim_x: e.dim_x, dim_y: e.dim_y, mi_nats, quantiles: e.quantiles })
}

fn report(estimator: &Estimator, parts: &[Part], args: &Args) -> String {
    let d = estimator.description();
    let mut text = format!(
        "Checkpoint `{}` (sha256 {}, {} tasks of `{}`), seed {}. Errors in nats; the point estimate is the median.\n",
        d.name, d.sha256, d.trained.tasks, d.trained.meta, args.seed
    );
    for part in parts {
        // Writing to a string cannot fail.
        let _ = write!(text, "\n## {}\n\n{}", part.title, metrics::table(&part.predictions));
    }
    text
}

fn estimates(parts: &[Part]) -> String {
    let mut text = String::from("suite,family,n,dim_x,dim_y,mi_nats,estimate,mean,lower_90,upper_90\n");
    for part in parts {
        for p in &part.predictions {
            let q = &p.quantiles;
            let _ = writeln!(
                text,
                "{},{},{},{},{},{},{},{},{},{}",
                part.title,
                p.family,
                p.n,
                p.dim_x,
                p.dim_y,
                p.mi_nats,
                q.median(),
                q.mean(),
                q.at(0.05),
                q.at(0.95)
            );
        }
    }
    text
}
