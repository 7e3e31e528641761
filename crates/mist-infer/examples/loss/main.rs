//! Mutual information as a loss, next to InfoNCE and MINE: see `docs/mi-as-a-loss.md`.
//!
//! `cargo run --release -p mist-infer --example loss -- EXAMPLE --data DIR --out FILE [--seconds S] [--first-seed I] [--seeds K]`, where EXAMPLE is
//! `directions`, `views`, `bottleneck`, `sources`, or `slopes`. FILE becomes a CSV table of what was measured when. `views` and
//! `sources` read DIR, which `scripts/mi-as-a-loss` fills. Further words, for trying: `--losses 'mist,mine'`, `--temperature T`,
//! `--without-critic FACTOR`, `--with-critic FACTOR`, `--contrasted ROWS`.

mod bottleneck;
mod data;
mod directions;
mod objective;
mod run;
mod slopes;
mod sources;
mod views;

use mist_infer::Estimator;
use objective::{Choices, Name};
use run::Plan;
use std::path::PathBuf;

/// Whatever stops an example.
type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

const USAGE: &str = "usage: loss directions|views|bottleneck|sources|slopes --data DIR --out FILE [--seconds S] [--first-seed I] [--seeds K]";

fn main() -> Outcome<()> {
    let mut words = std::env::args().skip(1);
    let example = words.next().ok_or(USAGE)?;
    let choices = Choices::default();
    let mut plan = Plan {
        data: PathBuf::from("."),
        out: PathBuf::from("loss.csv"),
        seconds: 5.0,
        first_seed: 0,
        seeds: 5,
        choices,
    };
    while let Some(word) = words.next() {
        let value = words.next().ok_or(USAGE)?;
        match word.as_str() {
            "--data" => plan.data = value.into(),
            "--out" => plan.out = value.into(),
            "--seconds" => plan.seconds = value.parse()?,
            "--first-seed" => plan.first_seed = value.parse()?,
            "--seeds" => plan.seeds = value.parse()?,
            "--losses" => {
                let names: Option<Vec<Name>> = value.split(',').map(Name::read).collect();
                plan.choices.losses = names.ok_or("a loss is `mist`, `mist rows`, `infonce` or `mine`")?;
            }
            "--temperature" => plan.choices.temperature = value.parse()?,
            "--without-critic" => plan.choices.without_critic = value.parse()?,
            "--with-critic" => plan.choices.with_critic = value.parse()?,
            "--contrasted" => plan.choices.contrasted = value.parse()?,
            _ => return Err(USAGE.into()),
        }
    }
    let estimator = Estimator::embedded()?;
    match example.as_str() {
        "directions" => directions::run(&estimator, &plan),
        "views" => views::run(&estimator, &plan),
        "bottleneck" => bottleneck::run(&estimator, &plan),
        "sources" => sources::run(&estimator, &plan),
        "slopes" => slopes::run(&estimator, &plan),
        _ => Err(USAGE.into()),
    }
}
