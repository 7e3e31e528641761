//! The command line of mist: generate, train, evaluate, estimate.

mod commands;
mod error;
mod input;
mod output;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

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
    /// Write a data set of samples whose mutual information is known.
    Generate(commands::generate::Args),
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Estimate(args) => commands::estimate::run(&args),
        Command::Generate(args) => commands::generate::run(&args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => error::report(&e),
    }
}
