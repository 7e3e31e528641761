//! Attacks of every kind on the binary. Whatever it is given, it answers or refuses within a minute, and nothing that is
//! damaged passes for sound.
//!
//! `MIST_ATTACKS=100 cargo test -p mist-cli --test it attacks -- --nocapture` makes a hundred of each kind that is drawn,
//! and prints the rows of the table in `docs/results/hardening.md`.

mod bytes;
mod processes;
mod tally;
mod values;

#[path = "../../../../../fuzz/changes.rs"]
#[allow(dead_code, reason = "the corpora are read elsewhere")]
mod changes;

use tally::Tally;

/// Attacks of a kind that is drawn.
fn drawn() -> u64 {
    std::env::var("MIST_ATTACKS").map_or(8, |count| count.parse().expect("`MIST_ATTACKS` is a number"))
}

/// Changes of a file, another `seed` another change; never the file itself.
fn changed(sound: &[u8], seed: u64) -> Vec<u8> {
    (0..).map(|turn| changes::changed(sound, seed + (turn << 32))).find(|bytes| bytes != sound).expect("one differs")
}
