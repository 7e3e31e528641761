//! `mist dataset verify`: is a data set what its manifest says?

use crate::commands::Threads;
use crate::console::{out, progress};
use crate::error::Failed;
use anyhow::Result;
use mist_data_gen::DatasetError;
use mist_data_gen::dataset::Verifier;
use std::io::Write;
use std::path::PathBuf;

/// Arguments of `mist dataset verify`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Folder of the data set.
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// Draw the samples anew too, and compare every value.
    #[arg(long)]
    redraw: bool,
    #[command(flatten)]
    threads: Threads,
}

/// Prints one line a problem, then how many there are.
pub fn run(args: &Args) -> Result<()> {
    let (mut out, dir) = (out(), args.dir.display());
    let mut problems = 0;
    let checked = match Verifier::open(&args.dir, args.redraw, args.threads.count()) {
        Ok(verifier) => {
            let (count, shards) = (verifier.manifest().count, verifier.manifest().shards.len());
            let bar = progress(shards as u64, "shards");
            for number in 0..shards {
                let found = verifier.shard(number);
                problems += found.len();
                bar.suspend(|| found.iter().try_for_each(|problem| writeln!(out, "{problem}")))?;
                bar.inc(1);
            }
            bar.finish_and_clear();
            let anew = if args.redraw { "tasks and values" } else { "tasks" };
            format!("{count} data sets in {shards} shard{}, {anew} drawn anew", plural(shards))
        }
        Err(error @ (DatasetError::Manifest { .. } | DatasetError::Config(_))) => {
            writeln!(out, "{error}")?;
            problems = 1;
            "no shard was read".to_owned()
        }
        Err(error) => return Err(error.into()),
    };
    writeln!(out, "`{dir}`: {checked}: {problems} problem{}", plural(problems))?;
    match problems {
        0 => Ok(()),
        _ => Err(Failed(format!("`{dir}` is not the data set of its manifest")).into()),
    }
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}
