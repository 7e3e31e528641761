//! Measures every family of the training mix and of the held-out set, and prints a Markdown table:
//! `cargo run --profile dev -p mist-data-gen --example families`.
//!
//! MI over parameter draws with 1 to 8 columns a side; tasks per CPU-second, sampling included, at n = 300 with 4 + 4
//! columns (a family with dims of its own keeps them).

use cpu_time::ThreadTime;
use mist_data_gen::{
    MetaDistribution, Seeds, Split,
    config::{DimsLaw, IntLaw, IntLawKind},
};

const SEEDS: Seeds = Seeds { root: 1 };

fn main() {
    println!(
        "| family | configuration | MI in nats: 5 % / median / 95 % / largest | standard error: largest | tasks per CPU-second |"
    );
    println!("|---|---|---|---|---|");
    for name in ["mist_3", "held_out"] {
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
            let start = ThreadTime::now();
            let draws = 500;
            for i in 0..draws {
                std::hint::black_box(fixed.draw(&SEEDS, Split::Scratch, i));
            }
            let rate = draws as f64 / start.elapsed().as_secs_f64();
            let error = if error > 0.0 { format!("{error:.3}") } else { "exact".to_owned() };
            println!(
                "| `{}` | {name} | {:.3} / {:.2} / {:.2} / {:.1} | {error} | {rate:.0} |",
                family.kind.label(),
                mi[50],
                mi[500],
                mi[950],
                mi[999],
            );
        }
    }
    println!();
    for name in ["m_train", "mist_2", "mist_3"] {
        let meta = MetaDistribution::named(name).expect("embedded");
        let start = ThreadTime::now();
        let draws = 3_000;
        for i in 0..draws {
            std::hint::black_box(meta.draw(&SEEDS, Split::Scratch, i));
        }
        println!("`{name}`: {:.0} tasks per CPU-second", draws as f64 / start.elapsed().as_secs_f64());
    }
}
