//! Options that several commands share.

use crate::output::Unit;
use anyhow::Result;

/// Threads at most.
const MAX_THREADS: usize = 1024;

/// The columns that are X and those that are Y, of one table.
#[derive(Clone, Debug, clap::Args)]
pub struct TwoSides {
    /// Columns that are X, comma-separated; may be repeated.
    #[arg(long, value_name = "COLUMNS")]
    pub x: Vec<String>,
    /// Columns that are Y, comma-separated; may be repeated.
    #[arg(long, value_name = "COLUMNS")]
    pub y: Vec<String>,
}

/// The interval and the unit of answers.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct Shown {
    /// Probability of the central intervals.
    #[arg(long, value_name = "LEVEL", default_value_t = 0.9)]
    pub interval: f64,
    /// Unit of the answers.
    #[arg(long, value_enum, default_value_t = Unit::Nats)]
    pub unit: Unit,
}

/// How many threads; by default one per core.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub struct Threads {
    /// Threads, 0 for one per core; no result depends on it.
    #[arg(long, value_parser = thread_count, default_value_t = 0)]
    threads: usize,
}

impl Threads {
    /// As many threads as were asked for, or one per core.
    pub fn count(self) -> usize {
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        if self.threads == 0 { cores() } else { self.threads }
    }

    /// A pool of [`Threads::count`] threads. Work goes to it in whole passes; the threads of the process are one.
    pub fn pool(self) -> Result<rayon::ThreadPool> {
        Ok(rayon::ThreadPoolBuilder::new().num_threads(self.count()).build()?)
    }
}

/// The value of `--threads`.
fn thread_count(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(count) if count <= MAX_THREADS => Ok(count),
        _ => Err(format!("expected a number up to {MAX_THREADS}")),
    }
}
