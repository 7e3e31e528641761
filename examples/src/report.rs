//! Where the figures of an example go.

use anyhow::{Context, Result};
use cpu_time::ProcessTime;
use mist_infer::Estimator;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// What all examples are told.
#[derive(Debug, clap::Args)]
pub struct Common {
    /// Folder of the tables that scripts/example_tables.py writes.
    #[arg(long, value_name = "DIR", default_value = "target/examples")]
    pub tables: PathBuf,
    /// Picture to write, as SVG.
    #[arg(long, value_name = "FILE")]
    pub picture: Option<PathBuf>,
    /// Page whose figures are replaced, between the marks `<!-- NAME -->` and `<!-- end NAME -->`.
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Weights in place of the embedded ones, a .safetensors file with its .json beside it.
    #[arg(long, value_name = "FILE")]
    pub checkpoint: Option<PathBuf>,
}

/// A table in Markdown.
pub fn markdown(head: &[&str], rows: &[Vec<String>]) -> String {
    let line = |cells: &mut dyn Iterator<Item = &str>| format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "));
    let mut out = line(&mut head.iter().copied());
    out += &format!("|{}\n", "---|".repeat(head.len()));
    rows.iter().for_each(|row| out += &line(&mut row.iter().map(String::as_str)));
    out
}

/// Prints the figures, and puts them and the picture where they belong.
pub fn publish(common: &Common, estimator: &Estimator, name: &str, figures: &str, picture: &str) -> Result<()> {
    let checkpoint = estimator.checkpoint();
    let mut text = String::new();
    let seconds = ProcessTime::now().as_duration().as_secs_f64();
    writeln!(
        text,
        "Checkpoint `{}` (sha256 {}…), {seconds:.0} processor seconds.\n",
        checkpoint.name,
        &checkpoint.sha256[..12]
    )?;
    text += figures;
    print!("{text}");
    if let Some(path) = &common.picture {
        mist_files::replace(path, picture.as_bytes()).with_context(|| format!("cannot write `{}`", path.display()))?;
    }
    match &common.report {
        Some(path) => splice(path, name, &text),
        None => Ok(()),
    }
}

/// Replaces what stands between the marks of an example.
fn splice(path: &Path, name: &str, text: &str) -> Result<()> {
    let old = mist_files::read_text(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    let (begin, end) = (format!("<!-- {name} -->"), format!("<!-- end {name} -->"));
    let parts = old.split_once(&begin).and_then(|(before, rest)| Some((before, rest.split_once(&end)?.1)));
    let (before, after) =
        parts.with_context(|| format!("`{}` lacks the marks `{begin}` and `{end}`", path.display()))?;
    let new = format!("{before}{begin}\n{text}{end}{after}");
    mist_files::replace(path, new.as_bytes()).with_context(|| format!("cannot write `{}`", path.display()))
}
