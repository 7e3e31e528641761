//! `mist completions` and `mist man`: what shells and manuals need to know of the arguments.

use crate::console::out;
use anyhow::{Context, Result};
use clap::Command;
use clap_complete::Shell;
use std::io::Write;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  mist completions bash > ~/.local/share/bash-completion/completions/mist
  mist completions zsh > ~/.zfunc/_mist
  mist completions fish > ~/.config/fish/completions/mist.fish";

/// Arguments of `mist completions`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Completions {
    /// The shell.
    #[arg(value_enum)]
    shell: Shell,
}

/// Arguments of `mist man`.
#[derive(Debug, clap::Args)]
pub struct Man {
    /// Folder that gets a page for each command; it must be there.
    #[arg(value_name = "DIR")]
    out: PathBuf,
}

/// Prints the script of a shell.
pub fn completions(args: &Completions, mut mist: Command) -> Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut mist, "mist", &mut script);
    Ok(out().write_all(&script)?)
}

/// Writes `mist.1`, `mist-estimate.1` and so on.
pub fn man(args: &Man, mist: Command) -> Result<()> {
    clap_mangen::generate_to(mist, &args.out).with_context(|| format!("cannot write to `{}`", args.out.display()))
}
