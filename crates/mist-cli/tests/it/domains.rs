//! Values that are accepted must be possible: what is out of bounds is refused where it is read.

use crate::support::Folder;
use std::time::{Duration, Instant};

const TRAIN: &str = "name = \"a\"\nmeta = \"m_train\"\nseed = 1\nsteps = 1\n";

#[test]
fn times_and_counts() {
    let folder = Folder::new();
    folder.write("t.toml", TRAIN);
    let start = Instant::now();
    for (args, text) in [
        ("train --config t.toml --out d --max-minutes 1e18", "`--max-minutes` must lie between 0 and 5.3e7, got 1"),
        ("train --config t.toml --out d --max-minutes 0", "`--max-minutes` must be positive, got 0"),
        ("train --config t.toml --out d --max-minutes nan", "`--max-minutes` must lie between"),
        ("train --config t.toml --out d --save-every 1e20", "`--save-every` must lie between 0 and 3.2e9, got 1"),
        ("train --config t.toml --out d --save-every -1", "`--save-every` must lie between"),
        ("train --config t.toml --out d --threads 99999999", "expected a number up to 1024"),
        ("bench train --seconds 1e20", "`--seconds` must lie between 0 and 3.2e9, got 1"),
        ("bench train --seconds inf", "`--seconds` must lie between"),
        ("bench train --batch-times 1000000000000000000", "`--batch-times` must lie in 1..=4096"),
        ("evaluate --suite bmi --bootstrap 4294967295", "not in 21..=100000"),
        (
            "generate --config m_train --out d --count 18446744073709551615",
            "expected at most 1,000,000 shards, got `18",
        ),
        (
            "generate --config m_train --out d --count 18446744073709551615 --shard-size 18446744073709551615",
            "`shard_size`: expected at most 10,000,000 draws, got `18",
        ),
    ] {
        folder.mist(args).refused(&[text]);
        assert!(!folder.path().join("d").exists(), "{args}");
    }
    assert!(start.elapsed() < Duration::from_secs(30));
}

#[test]
fn sizes_of_a_training() {
    let folder = Folder::new();
    for (extra, text) in [
        ("[network]\npair_channels = 1000000000\n", "`pair_channels` must lie in 1..=4096, got 1000000000"),
        ("[network]\nrow_blocks = 1000000000\n", "`row_blocks` must be at most 256"),
        (
            "[network]\ncell_width = 4096\nmix_width = 4096\nchannels = 4096\npair_blocks = 256\npair_channels = 4096\n",
            "weights, expected at most",
        ),
        ("[batch]\nper_step = 1000000000000\n", "`batch.per_step` must lie in 1..=65536, got 1000000000000"),
        ("[optimizer]\nweight_decay = inf\n", "`optimizer.weight_decay` must lie in [0, 1000], got inf"),
    ] {
        folder.write("t.toml", format!("{TRAIN}{extra}"));
        folder.mist("train --config t.toml --out d").refused(&["`t.toml`", text]);
    }
    for name in ["state", "STATE", "a/b", "\\u001b[2J"] {
        folder.write("t.toml", TRAIN.replace("\"a\"", &format!("\"{name}\"")));
        folder.mist("train --config t.toml --out d").refused(&["`name` must"]);
    }
    assert!(!folder.path().join("d").exists());
}
