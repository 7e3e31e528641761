//! The worked examples of `docs/examples/`: each reads a table, asks `mist`, draws a picture and prints its figures.
//!
//! `scripts/examples` writes the tables and runs all of them.

mod answers;
mod image_halves;
mod information_plane;
mod parameters;
mod report;
mod tables;
mod texts;

use anyhow::Result;
use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(about = "The worked examples of docs/examples/")]
struct Cli {
    #[command(subcommand)]
    example: Example,
}

#[derive(Debug, Subcommand)]
enum Example {
    /// What the layers of a small network know of the image and of the label, over the epochs.
    InformationPlane(information_plane::Args),
    /// What k numbers of the left half of an image tell about k numbers of the right half.
    ImageHalves(image_halves::Args),
    /// What short texts tell about their rating, through encoders.
    Texts(texts::Args),
}

fn main() -> Result<()> {
    match Cli::parse().example {
        Example::InformationPlane(args) => information_plane::run(&args),
        Example::ImageHalves(args) => image_halves::run(&args),
        Example::Texts(args) => texts::run(&args),
    }
}
