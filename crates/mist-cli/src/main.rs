//! The command line of mist: one module a command in `commands/`.

mod commands;
mod console;
mod encoders;
mod error;
#[cfg(feature = "hub")]
mod hub;
mod input;
mod memory;
mod output;
mod store;
mod table;

use clap::{CommandFactory, Parser, Subcommand};
use std::io::{ErrorKind, Write};
use std::process::ExitCode;

/// A learned estimator of mutual information.
#[derive(Debug, Parser)]
#[command(name = "mist", version, max_term_width = 100, after_help = EXIT_CODES)]
struct Cli {
    /// Print answers and errors alone: no warnings, no notes, no progress.
    #[arg(short, long, global = true)]
    quiet: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

const EXIT_CODES: &str = "\
Exit codes:
  0    what was asked for is there
  1    it was tried and failed, or what was checked does not hold
  2    it cannot be done as asked: arguments, data, a file that is not there
  130  the user stopped it";

/// What `mist` says without arguments.
const FIRST_STEPS: &str = "\
mist estimates how much two things tell about each other: their mutual information.

  mist estimate penguins.csv --x species --y body_mass_g --missing drop
  mist estimate cells.parquet --x 'gene_*' --y dose --unit bits
  mist estimate X.npy Y.npy --format json > answer.json

`mist help` lists all commands, `mist help estimate` all options of one.
";

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
    /// Turn texts or images into columns of numbers.
    Embed(commands::embed::Args),
    /// Write a data set of samples whose mutual information is known.
    Generate(commands::generate::Args),
    /// Check or describe a data set that `generate` wrote.
    Dataset(commands::dataset::Args),
    /// Train a network on fresh tasks.
    Train(commands::train::Args),
    /// Adapt a checkpoint to one kind of data.
    Adapt(commands::adapt::Args),
    /// Adjust the intervals of a checkpoint on tasks that its training never saw.
    Calibrate(commands::calibrate::Args),
    /// Measure a checkpoint on tasks whose mutual information is known.
    Evaluate(commands::evaluate::Args),
    /// Say what is known of a checkpoint.
    Info(commands::info::Args),
    /// Write the model card of a checkpoint, ready for the Hugging Face hub.
    Card(commands::card::Args),
    /// Measure how fast a device runs the network, and whether it computes what the CPU does.
    Bench(commands::bench::Args),
    /// Print what a shell needs to complete the words of `mist`.
    Completions(commands::shell::Completions),
    /// Write the manual pages.
    #[command(hide = true)]
    Man(commands::shell::Man),
}

fn main() -> ExitCode {
    one_thread_per_operation();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(e) => return usage(&e),
    };
    console::be_quiet(cli.quiet);
    let Some(command) = cli.command else {
        return finish(console::out().write_all(FIRST_STEPS.as_bytes()).map_err(Into::into));
    };
    finish(match command {
        Command::Estimate(args) => commands::estimate::run(&args),
        Command::Rank(args) => commands::rank::run(&args),
        Command::Matrix(args) => commands::matrix::run(&args),
        Command::Conditional(args) => commands::conditional::run(&args),
        Command::Curve(args) => commands::curve::run(&args),
        Command::Plot(args) => commands::plot::run(&args),
        Command::Embed(args) => commands::embed::run(&args),
        Command::Generate(args) => commands::generate::run(&args),
        Command::Dataset(args) => commands::dataset::run(&args),
        Command::Train(args) => commands::train::run(&args),
        Command::Adapt(args) => commands::adapt::run(&args),
        Command::Calibrate(args) => commands::calibrate::run(&args),
        Command::Evaluate(args) => commands::evaluate::run(&args),
        Command::Info(args) => commands::info::run(&args),
        Command::Card(args) => commands::card::run(&args),
        Command::Bench(args) => commands::bench::run(&args),
        Command::Completions(args) => commands::shell::completions(&args, Cli::command()),
        Command::Man(args) => commands::shell::man(&args, Cli::command()),
    })
}

fn finish(result: anyhow::Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => error::report(&e),
    }
}

/// Prints the help that was asked for, or what is wrong with the arguments.
fn usage(e: &clap::Error) -> ExitCode {
    let printed = e.print();
    match printed {
        Err(io) if !e.use_stderr() && io.kind() != ErrorKind::BrokenPipe => {
            error::report(&console::cannot_write(&io).into())
        }
        // Nobody may be there to read what is wrong.
        _ => ExitCode::from(e.exit_code() as u8),
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
