//! The one door for checkpoints: which one, on which device.

use anyhow::{Result, bail};
use clap::builder::{OsStringValueParser, TypedValueParser};
use mist_infer::{DeviceKind, Estimator};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// What begins the name of a checkpoint on the hub.
const HUB: &str = "hf:";

/// Arguments of a command that asks a checkpoint.
#[derive(Debug, clap::Args)]
pub struct Weights {
    /// Weights: a .safetensors file, its .json beside it; or `hf:OWNER/NAME[@REVISION]`, a repository of the Hugging Face
    /// hub, fetched once [default: the embedded ones].
    #[arg(long, value_name = "CHECKPOINT", value_parser = chosen(), value_hint = clap::ValueHint::FilePath)]
    pub checkpoint: Option<Chosen>,
    /// Where to compute.
    #[arg(long, value_parser = super::device(), default_value = "auto")]
    pub device: DeviceKind,
}

impl Weights {
    /// The checkpoint on the device.
    pub fn estimator(&self) -> Result<Estimator> {
        estimator(self.checkpoint.as_ref(), self.device, false)
    }
}

/// A checkpoint that was chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Chosen {
    /// Weights in a file.
    File(PathBuf),
    /// `OWNER/NAME[@REVISION]` on the hub, not looked at yet.
    Hub(String),
}

/// The value of `--checkpoint`. A file whose name begins with `hf:` is `./hf:…`.
pub fn chosen() -> impl TypedValueParser<Value = Chosen> {
    OsStringValueParser::new().map(|text: OsString| match text.to_str().and_then(|text| text.strip_prefix(HUB)) {
        Some(location) => Chosen::Hub(location.into()),
        None => Chosen::File(text.into()),
    })
}

impl Chosen {
    /// The file, for a command that writes beside it.
    pub fn file(&self) -> Result<&Path> {
        match self {
            Self::File(path) => Ok(path),
            Self::Hub(location) => bail!(
                "`{HUB}{location}` cannot be written to\nhint: download its files and name the `.safetensors` among them"
            ),
        }
    }
}

/// The chosen checkpoint, or the embedded one. `refresh` asks the hub where a revision is now.
pub fn estimator(chosen: Option<&Chosen>, kind: DeviceKind, refresh: bool) -> Result<Estimator> {
    if refresh && !matches!(chosen, Some(Chosen::Hub(_))) {
        bail!("`--refresh` is for a checkpoint of the hub\nhint: name one, for example `{HUB}owner/mist-2026-12`");
    }
    let device = super::open(kind)?;
    Ok(match chosen {
        None => Estimator::embedded_on(&device)?,
        Some(Chosen::File(path)) => Estimator::from_checkpoint(path, &device)?,
        #[cfg(feature = "hub")]
        Some(Chosen::Hub(location)) => crate::hub::estimator(location, &device, refresh)?,
        #[cfg(not(feature = "hub"))]
        Some(Chosen::Hub(_)) => {
            bail!("this build cannot ask the hub\nhint: build with `--features hub`, or download the files yourself")
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        weights: Weights,
    }

    #[test]
    fn what_begins_with_hf_is_on_the_hub() {
        let chosen = |text: &str| Command::parse_from(["x", "--checkpoint", text]).weights.checkpoint.unwrap();
        assert_eq!(chosen("hf:a/b@c"), Chosen::Hub("a/b@c".into()));
        for file in ["./hf:a/b", "a/b", "hf/a", "HF:a/b"] {
            assert_eq!(chosen(file), Chosen::File(file.into()));
        }
    }
}
