//! Prints SHA-256 sums of small data sets of every named configuration, as a Markdown table, to compare two versions of
//! the generator: `cargo run --profile dev -p mist-data-gen --example sums`.
//!
//! `configuration`: the resolved TOML, as checkpoints store it. `data set`: the shard of 300 draws that
//! `mist generate --config NAME --count 300 --seed 7 --pointwise` writes. `entries`: 20 draws of every entry alone, in
//! few columns, with their pointwise MI; a suite begins with many draws of its first entries.

use mist_data_gen::{
    MetaDistribution, Seeds, Split,
    config::{DimsLaw, IntLaw, IntLawKind},
    dataset::{self, WriteOptions},
};
use sha2::{Digest, Sha256};

const SEEDS: Seeds = Seeds { root: 7 };

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let only: Vec<String> = std::env::args().skip(1).collect();
    println!("| name | configuration | data set | entries |");
    println!("|---|---|---|---|");
    for name in MetaDistribution::names().filter(|name| only.is_empty() || only.iter().any(|one| one == name)) {
        let meta = MetaDistribution::named(name)?;
        let dir = tempfile::tempdir()?;
        let options = WriteOptions { count: 300, pointwise: true, threads: 1, ..Default::default() };
        let manifest = dataset::write(&meta, &SEEDS, Split::Train, dir.path(), &options, |_| {})?;
        let data_set = manifest.shards[0].sha256.clone().expect("all shards are written");
        println!("| `{name}` | {} | {data_set} | {} |", meta.sha256(), of_entries(&meta));
    }
    Ok(())
}

fn of_entries(meta: &MetaDistribution) -> String {
    let law = IntLaw { kind: IntLawKind::LogUniform, min: 1, max: 8 };
    let mut sum = Sha256::new();
    for entry in 0..meta.config().families.len() {
        let alone = meta.config().only(entry, DimsLaw { law, equal: false }, IntLaw::always(200));
        let alone = MetaDistribution::new(alone);
        for index in 0..20 {
            let draw = alone.draw_task(&SEEDS, Split::Train, index).sample_pointwise();
            sum.update(&draw.family);
            sum.update(draw.mi_nats.to_le_bytes());
            sum.update(draw.mi_standard_error.to_le_bytes());
            let pointwise = draw.pointwise_mi.iter().flatten();
            for value in draw.sample.x.iter().chain(&draw.sample.y).chain(pointwise) {
                sum.update(value.to_le_bytes());
            }
        }
    }
    sum.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
