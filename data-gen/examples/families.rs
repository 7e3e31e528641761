//! Measures every family of the training mix and of the held-out set, and prints a Markdown table:
//! `cargo run --profile dev -p mist-data-gen --example families`.
//!
//! MI over parameter draws with 1 to 8 columns a side; tasks per CPU-second, sampling included, at n = 300 with 4 + 4
//! columns (a family with dims of its own keeps them). Then mixes, with what the pointwise MI of every row costs.

use std::ops::Range;

use cpu_time::ThreadTime;
use mist_data_gen::{
    MetaDistribution, Seeds, Split,
    config::{DimsLaw, IntLaw, IntLawKind},
};

const SEEDS: Seeds = Seeds { root: 1 };

/// Turns of a mix without the pointwise MI and with it, and draws in each.
const TURNS: u64 = 20;
const DRAWS: u64 = 150;

fn main() {
    println!(
        "| family | configuration | MI in nats: 5 % / median / 95 % / largest | standard error: largest | tasks per CPU-second | pointwise MI adds |"
    );
    println!("|---|---|---|---|---|---|");
    for name in ["mist_18", "held_out"] {
        let meta = MetaDistribution::named(name).expect("embedded");
        let config = meta.config();
        for (entry, (_, family)) in config.families.iter().enumerate() {
            let at =
                |law| MetaDistribution::new(config.only(entry, DimsLaw { law, equal: false }, IntLaw::always(300)));
            let varied = at(IntLaw { kind: IntLawKind::LogUniform, min: 1, max: 8 });
            let tasks: Vec<_> = (0..1_000).map(|i| varied.draw_task(&SEEDS, Split::Scratch, i).task).collect();
            let mut mi: Vec<f64> = tasks.iter().map(|task| task.mi_nats()).collect();
            mi.sort_by(f64::total_cmp);
            let error = tasks.iter().map(|task| task.mi_standard_error()).fold(0.0, f64::max);

            let fixed = at(IntLaw::always(4));
            let without = cpu_seconds(0..500, |i| fixed.draw(&SEEDS, Split::Scratch, i));
            let with = cpu_seconds(0..500, |i| fixed.draw_task(&SEEDS, Split::Scratch, i).sample_pointwise());
            let (rate, added) = (500.0 / without, 100.0 * (with / without - 1.0));
            let error = if error > 0.0 { format!("{error:.3}") } else { "exact".to_owned() };
            println!(
                "| `{}` | {name} | {:.3} / {:.2} / {:.2} / {:.1} | {error} | {rate:.0} | {added:.0} % |",
                family.kind.label(),
                mi[50],
                mi[500],
                mi[950],
                mi[999],
            );
        }
    }
    println!("\n| mix | tasks per CPU-second | the pointwise MI of every row adds |\n|---|---|---|");
    for name in ["m_train", "mist_4", "mist_6"] {
        let meta = MetaDistribution::named(name).expect("embedded");
        let (mut seconds, mut pointwise) = (0.0, Vec::new());
        // In turns, so that both see the same machine.
        for turn in 0..TURNS {
            let indices = turn * DRAWS..(turn + 1) * DRAWS;
            let without = cpu_seconds(indices.clone(), |i| meta.draw(&SEEDS, Split::Scratch, i));
            let with = cpu_seconds(indices, |i| meta.draw_task(&SEEDS, Split::Scratch, i).sample_pointwise());
            seconds += without;
            pointwise.push(with - without);
        }
        let added = pointwise.iter().sum::<f64>() / seconds;
        let mean = pointwise.iter().sum::<f64>() / TURNS as f64;
        let variance = pointwise.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (TURNS - 1) as f64;
        let error = (variance / TURNS as f64).sqrt() / (seconds / TURNS as f64);
        let rate = (TURNS * DRAWS) as f64 / seconds;
        println!("| `{name}` | {rate:.0} | {:.1} ± {:.1} % |", 100.0 * added, 100.0 * error);
    }
}

/// CPU-seconds of this thread for these draws.
fn cpu_seconds<T>(indices: Range<u64>, draw: impl Fn(u64) -> T) -> f64 {
    let start = ThreadTime::now();
    indices.for_each(|i| drop(std::hint::black_box(draw(i))));
    start.elapsed().as_secs_f64()
}
