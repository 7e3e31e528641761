//! `mist card`: the model card of a checkpoint, ready for the hub.

mod page;

use super::weights::{Chosen, chosen, estimator};
use crate::console::{note, out};
use crate::store::replace;
use anyhow::{Result, bail};
use mist_data_gen::MetaDistribution;
use mist_infer::DeviceKind;
use page::{MARK, Page};
use std::io::Write;
use std::path::{Path, PathBuf};

const EXAMPLES: &str = "\
Examples:
  mist card runs/a/mist-2026-12.safetensors --repository owner/mist-2026-12
  mist card hf:owner/mist-2026-12 --out README.md

The card says what is known of the checkpoint: what it was trained on, how often its intervals hold, its limits, and how
to use it. With README.md, the .safetensors and the .json a repository of the hub is whole:
  hf upload owner/mist-2026-12 runs/a --include '*.md' --include 'mist-2026-12.*'";

/// Arguments of `mist card`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Weights: a .safetensors file, its .json beside it; or `hf:OWNER/NAME[@REVISION]`.
    #[arg(value_name = "CHECKPOINT", value_parser = chosen(), value_hint = clap::ValueHint::FilePath)]
    checkpoint: Chosen,
    /// Where the card goes [default: README.md beside the weights].
    #[arg(long, value_name = "PATH")]
    out: Option<PathBuf>,
    /// The repository of the hub that the card is for; its examples name it.
    #[arg(long, value_name = "OWNER/NAME", value_parser = repository)]
    repository: Option<String>,
    /// Licence of the weights, as the hub calls it, for example `mit`, `apache-2.0` or `cc-by-4.0`.
    #[arg(long, value_name = "ID", default_value = "mit", value_parser = license)]
    license: String,
}

/// Runs the command.
pub fn run(args: &Args) -> Result<()> {
    let path = match (&args.out, &args.checkpoint) {
        (Some(path), _) => path.clone(),
        (None, Chosen::File(weights)) => weights.with_file_name("README.md"),
        (None, Chosen::Hub(_)) => {
            bail!(
                "a card for a checkpoint of the hub needs a place\nhint: name it with `--out`, for example `--out README.md`"
            )
        }
    };
    let estimator = estimator(Some(&args.checkpoint), DeviceKind::Cpu, false)?;
    check_place(&path)?;
    let description = estimator.description();
    // The configuration of this name may be another one in this version of `mist`.
    let mix = MetaDistribution::named(&description.trained.meta).ok();
    let file = match &args.checkpoint {
        Chosen::File(path) => path.file_stem().map(|stem| stem.to_string_lossy().into_owned()),
        Chosen::Hub(_) => None,
    };
    let page = Page {
        description,
        parameters: estimator.parameter_count(),
        file: file.as_deref().unwrap_or(&description.name),
        repository: args.repository.as_deref().or(estimator.hub().map(|hub| hub.repository.as_str())),
        license: &args.license,
        mix: mix.filter(|mix| mix.sha256() == description.trained.meta_sha256),
    };
    replace(&path, page.to_string().as_bytes())?;
    if description.coverage.is_none() {
        note("the checkpoint has no coverage card: `mist calibrate` measures one");
    }
    Ok(out().write_all(format!("{}\n", path.display()).as_bytes())?)
}

/// Refuses to replace what somebody else has written.
fn check_place(path: &Path) -> Result<()> {
    match std::fs::read(path) {
        Ok(bytes) if !String::from_utf8_lossy(&bytes).contains(MARK) => bail!(
            "`{}` is there, and no card that `mist card` wrote\nhint: move it away, or write elsewhere with `--out`",
            path.display()
        ),
        _ => Ok(()),
    }
}

/// The value of `--license`.
fn license(text: &str) -> Result<String, String> {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-');
    match !text.is_empty() && text.bytes().all(allowed) {
        true => Ok(text.into()),
        false => Err("expected lower-case letters, digits, `.` and `-`, as in `apache-2.0`".into()),
    }
}

/// The value of `--repository`.
fn repository(text: &str) -> Result<String, String> {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    let parts: Vec<&str> = text.split('/').collect();
    match parts.len() == 2 && parts.iter().all(|part| !part.is_empty() && part.bytes().all(allowed)) {
        true => Ok(text.into()),
        false => Err("expected `OWNER/NAME`".into()),
    }
}
