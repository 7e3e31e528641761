//! Draws per second of one thread, for every family of a configuration: `rate [config] [count]`.

use std::{collections::BTreeMap, time::Instant};

use mist_data_gen::{MetaDistribution, Seeds, Split};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let meta = MetaDistribution::named(&args.next().unwrap_or_else(|| "m_train".to_owned()))?;
    let count: u64 = args.next().map_or(Ok(10_000), |v| v.parse())?;
    let seeds = Seeds { root: 1 };
    let mut families: BTreeMap<String, (u64, f64, f64)> = BTreeMap::new();
    let start = Instant::now();
    for index in 0..count {
        let before = Instant::now();
        let draw = meta.draw(&seeds, Split::Scratch, index);
        let entry = families.entry(draw.family).or_default();
        entry.0 += 1;
        entry.1 += before.elapsed().as_secs_f64();
        entry.2 += draw.mi_nats;
    }
    let seconds = start.elapsed().as_secs_f64();
    for (family, (n, seconds, mi)) in families {
        println!(
            "{family:40} {n:7} draws {:9.0} draws/s   mean {:.3} nats",
            n as f64 / seconds,
            mi / n as f64
        );
    }
    println!("{:40} {count:7} draws {:9.0} draws/s", "all", count as f64 / seconds);
    Ok(())
}
