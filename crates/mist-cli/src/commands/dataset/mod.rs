//! `mist dataset`: what was written by `mist generate`.

mod summary;
mod verify;

use anyhow::Result;

/// Arguments of `mist dataset`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Check the manifest, the checksums and the values, and draw every task anew; fails where anything differs.
    Verify(verify::Args),
    /// Tables, and on request a picture, of the mutual information by family, rows and columns.
    Summary(summary::Args),
}

/// Runs the command.
pub fn run(args: &Args) -> Result<()> {
    match &args.what {
        What::Verify(args) => verify::run(args),
        What::Summary(args) => summary::run(args),
    }
}
