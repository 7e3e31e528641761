//! The command line of mist: one module a command in `commands/`.

mod commands;
mod console;
mod error;
mod input;
mod output;
mod plot;
mod store;
mod table;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Training frees and allocates the same megabytes thousands of times a second. This allocator keeps them; the
/// system's gives them back and has them cleared again.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A learned estimator of mutual information.
#[derive(Debug, Parser)]
#[command(name = "mist", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Estimate the mutual information of two sets of columns.
    Estimate(commands::estimate::Args),
    /// Sort columns by what they say about one of them.
    Rank(commands::rank::Args),
    /// Estimate the mutual information of all pairs of columns.
    Matrix(commands::matrix::Args),
    /// Estimate what X and Y say about each other once Z is known.
    Conditional(commands::conditional::Args),
    /// See whether more rows would narrow the answer.
    Curve(commands::curve::Args),
    /// Draw a pair with its answer.
    Plot(commands::plot::Args),
    /// Write a data set of samples whose mutual information is known.
    Generate(commands::generate::Args),
    /// Check or describe a data set that `generate` wrote.
    Dataset(commands::dataset::Args),
    /// Train a network on fresh tasks.
    Train(commands::train::Args),
    /// Adjust the intervals of a checkpoint on tasks that its training never saw.
    Calibrate(commands::calibrate::Args),
    /// Measure a checkpoint on tasks whose mutual information is known.
    Evaluate(commands::evaluate::Args),
    /// Say what is known of a checkpoint.
    Info(commands::info::Args),
    /// Measure how fast a device runs the network, and whether it computes what the CPU does.
    Bench(commands::bench::Args),
}

fn main() -> ExitCode {
    one_thread_per_operation();
    let result = match Cli::parse().command {
        Command::Estimate(args) => commands::estimate::run(&args),
        Command::Rank(args) => commands::rank::run(&args),
        Command::Matrix(args) => commands::matrix::run(&args),
        Command::Conditional(args) => commands::conditional::run(&args),
        Command::Curve(args) => commands::curve::run(&args),
        Command::Plot(args) => commands::plot::run(&args),
        Command::Generate(args) => commands::generate::run(&args),
        Command::Dataset(args) => commands::dataset::run(&args),
        Command::Train(args) => commands::train::run(&args),
        Command::Calibrate(args) => commands::calibrate::run(&args),
        Command::Evaluate(args) => commands::evaluate::run(&args),
        Command::Info(args) => commands::info::run(&args),
        Command::Bench(args) => commands::bench::run(&args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => error::report(&e),
    }
}

/// Keeps each tensor operation on the thread that asks for it.
///
/// Work is spread over whole tasks and batches instead, which uses cores better than splitting operations does; and
/// candle's own pool is one for the process, so several graphs at once would wait for each other there.
fn one_thread_per_operation() {
    for name in ["RAYON_NUM_THREADS", "CANDLE_NUM_THREADS"] {
        // SAFETY: the first thing in `main`, so no other thread reads the environment.
        unsafe { std::env::set_var(name, "1") };
    }
}
