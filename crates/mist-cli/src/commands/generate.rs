//! `mist generate`: samples of known mutual information, on disk.

use super::options::Threads;
use crate::{console, memory};
use anyhow::{Context, Result, anyhow};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use mist_data_gen::dataset::{Part, Storage, WriteOptions, write};
use mist_data_gen::{MetaDistribution, Seeds, Split};
use std::path::{Path, PathBuf};

const EXAMPLES: &str = "\
Examples:
  mist generate --config m_train --count 10000 --seed 7 --out data/train
  mist generate --config m_test_imd --split test --out data/m_test_imd
  mist generate --config mist_2 --count 1000000 --storage ranks16 --shard 3/8 --out data/mist_2

Run again after an interruption, it completes what is there. Jobs with --shard 1/8 to 8/8 may run at once, on any
machines of one kind that share the folder; the last one completes the data set, to the bytes of a single run.";

/// Arguments of `mist generate`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// What to draw from: a built-in configuration, or a TOML file.
    #[arg(long, value_name = "NAME|PATH")]
    config: String,
    /// Number of data sets [default: the whole suite, if it is one].
    #[arg(long)]
    count: Option<u64>,
    /// Root seed: the same seed gives the same bytes.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Folder to write to.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Data sets in a file.
    #[arg(long, value_name = "COUNT", default_value_t = 1000)]
    shard_size: u64,
    /// Values as they are, in 8 bytes each, or the ranks within their columns, in 2.
    #[arg(long, value_parser = storage(), default_value = "f64")]
    storage: Storage,
    /// Store the pointwise mutual information of every row, too, in 4 bytes each.
    #[arg(long)]
    pointwise: bool,
    /// Make only this part of the files, of N parts that may be made at once.
    #[arg(long, value_name = "I/N")]
    shard: Option<Part>,
    #[command(flatten)]
    threads: Threads,
    /// What the data is for; no two splits share a draw.
    #[arg(long, value_parser = split(), default_value = "train")]
    split: Split,
}

fn split() -> impl TypedValueParser<Value = Split> {
    PossibleValuesParser::new(Split::ALL.map(Split::as_str)).try_map(|name| name.parse::<Split>())
}

fn storage() -> impl TypedValueParser<Value = Storage> {
    PossibleValuesParser::new(Storage::ALL.map(Storage::as_str)).try_map(|name| name.parse::<Storage>())
}

/// Runs the command.
pub fn run(args: &Args) -> Result<()> {
    memory::keep();
    let meta = meta_distribution(&args.config)?;
    let count = args
        .count
        .or(meta.suite_len())
        .ok_or_else(|| anyhow!("`{}` draws without end: `--count` says how many data sets to write", meta.name()))?;
    let bar = console::progress(count, "data sets");
    let &Args { shard_size, storage, pointwise, shard: part, .. } = args;
    let threads = args.threads.count();
    let options = WriteOptions { count, shard_size, storage, pointwise, part, threads };
    let manifest = write(&meta, &Seeds { root: args.seed }, args.split, &args.out, &options, |progress| {
        if progress.waiting {
            console::note(&format!("another process writes to `{}`; waiting until it is done", args.out.display()));
            return;
        }
        bar.set_length(progress.draws_total);
        bar.set_position(progress.draws_done);
    })?;
    bar.finish_and_clear();
    let (out, shards) = (args.out.display(), manifest.shards.len());
    match part {
        Some(part) if !manifest.is_complete() => {
            console::done(&format!("part {part} is done; `{out}` holds {} of {shards} shards", manifest.written()));
        }
        _ => {
            let s = if shards == 1 { "" } else { "s" };
            console::done(&format!("`{out}` holds {count} data sets of `{}` in {shards} shard{s}", meta.name()));
        }
    }
    Ok(())
}

/// A built-in configuration by its name, or one from a file.
fn meta_distribution(config: &str) -> Result<MetaDistribution> {
    let path = Path::new(config);
    if MetaDistribution::names().any(|name| name == config) {
        return Ok(MetaDistribution::named(config)?);
    }
    if path.extension().is_none() && !path.exists() {
        return Err(MetaDistribution::named(config).map(|_| ()).expect_err("not among the names"))
            .context("hint: a path to a TOML file will do as well");
    }
    let text = mist_files::read_text(path).with_context(|| format!("cannot read `{config}`"))?;
    MetaDistribution::from_toml_in(&text, path.parent().unwrap_or(Path::new(""))).with_context(|| format!("`{config}`"))
}
