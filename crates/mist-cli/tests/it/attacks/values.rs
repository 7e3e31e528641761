//! Values that nobody means, in options and in configurations.

use super::Tally;
use crate::support::{Folder, table};

/// Values that no option takes for a number, or only some do.
const ABSURD: [&str; 14] = [
    "-1",
    "0",
    "1e18",
    "1e400",
    "nan",
    "inf",
    "-inf",
    "18446744073709551615",
    "18446744073709551616",
    "-9223372036854775809",
    "0x10",
    "1,5",
    "\u{1b}[2J",
    "٣",
];

#[test]
fn options() {
    let (folder, mut tally) = (Folder::new(), Tally::default());
    folder.write("d.csv", table(40, ','));
    folder.write("t.toml", "name = \"a\"\nmeta = \"m_train\"\nseed = 1\nsteps = 1\n");
    // No command gets far: what is absurd in one option is refused, and where it is not, another one is missing.
    for (args, option) in [
        ("estimate d.csv --x a --y no", "--interval"),
        ("estimate d.csv --x a --y no", "--threads"),
        ("estimate d.csv --x a --y b", "--interval"),
        ("estimate d.csv --x a --y b", "--threads"),
        ("estimate d.csv --x a --y b", "--delimiter"),
        ("estimate d.csv --x a --y b", "--categorical"),
        ("estimate d.csv --x a", "--y"),
        ("estimate --batch none.jsonl", "--threads"),
        ("generate --config none --out g", "--count"),
        ("generate --config none --out g", "--shard-size"),
        ("generate --config none --out g", "--shard"),
        ("generate --config none --out g", "--seed"),
        ("generate --config none --out g", "--threads"),
        ("generate --out g --count 1", "--config"),
        ("dataset verify none", "--threads"),
        ("train --config none.toml --out t", "--threads"),
        ("train --config none.toml --out t", "--max-minutes"),
        ("train --config none.toml --out t", "--save-every"),
        ("calibrate none.safetensors", "--threads"),
        ("calibrate none.safetensors", "--tasks"),
        ("calibrate none.safetensors", "--check"),
        ("calibrate none.safetensors", "--seed"),
        ("evaluate --suite bmi --checkpoint none.safetensors", "--threads"),
        ("evaluate --suite bmi --checkpoint none.safetensors", "--bootstrap"),
        ("evaluate --suite bmi --checkpoint none.safetensors", "--limit"),
        ("evaluate --suite bmi --checkpoint none.safetensors", "--seed"),
        ("evaluate --manifest none.jsonl", "--estimators"),
        ("bench train --shape 999999", "--seconds"),
        ("bench train --shape 999999", "--threads"),
        ("bench train --shape 999999", "--batch-times"),
        ("bench train --seconds 0.001 --threads 1 --device none", "--shape"),
        ("bench agreement --device none", "--steps"),
    ] {
        for value in ABSURD {
            tally.attack(
                &format!("{args} {option}={value}"),
                folder.command(args).arg(format!("{option}={value}")),
                |_| None,
            );
        }
    }
    assert!(!["g", "t"].iter().any(|name| folder.path().join(name).exists()));
    tally.finish("option values");
}

/// Whether what is absurd is refused at least in the keys that are numbers.
#[test]
fn configurations() {
    let absurd = ["-1", "1e30", "nan", "-inf", "99999999999999999999", "\"\"", "[]", "true", "{ a = 1 }"];
    let (folder, mut tally) = (Folder::new(), Tally::default());
    let law = "name = 'a'\n[[dims]]\nweight = 1.0\nlaw = 'uniform'\nmin = 1\nmax = 2\nequal = false\n[[n]]\nweight = 1.0\n\
               law = 'uniform'\nmin = 10\nmax = 12\n[[family]]\nweight = 1.0\nkind = 'links'\nnoise = [0.1, 1.0]\n\
               heteroscedastic = 0.5\n";
    let run = "name = \"a\"\nmeta = \"m_train\"\nseed = 1\nsteps = 1\n[batch]\nper_step = 1\ncells = 100\nmin_tasks = 1\n\
               max_tasks = 2\n[network]\npair_blocks = 1\nrow_blocks = 1\npair_channels = 4\nrow_width = 8\n\
               [optimizer]\nweight_decay = 0.1\nlearning_rate = 0.001\n";
    for (text, args) in [(law, "generate --config c.toml --count 2 --out d"), (run, "train --config c.toml --out d")] {
        let lines: Vec<&str> = text.lines().collect();
        for (i, line) in lines.iter().enumerate().filter(|(_, line)| line.contains(" = ")) {
            let (key, _) = line.split_once(" = ").unwrap();
            for value in absurd {
                let mut changed = lines.clone();
                let absurd = format!("{key} = {value}");
                changed[i] = &absurd;
                folder.write("c.toml", changed.join("\n"));
                let takes_it = [("equal", "true"), ("weight", "1e30")].contains(&(key, value));
                tally.attack(&format!("line {i}, {absurd}"), &mut folder.command(args), |said| {
                    (said.code == 0 && !takes_it).then(|| "taken".to_owned())
                });
                let _ = std::fs::remove_dir_all(folder.path().join("d"));
            }
        }
    }
    tally.finish("values in configurations");
}
