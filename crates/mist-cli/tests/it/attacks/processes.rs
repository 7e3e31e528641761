//! Kills, several processes at once, readers that go and disks that are full.

use super::{Tally, drawn};
use crate::support::{Folder, files, table};
use std::fs::File;
use std::process::Stdio;
use std::time::Duration;

const GENERATE: &str = "generate --config m_train --count 60 --shard-size 3 --out";

#[test]
fn kills() {
    let (folder, mut tally) = (Folder::new(), Tally::default());
    folder.mist(&format!("{GENERATE} whole"));
    let whole = files(&folder.path().join("whole"));
    for turn in 1..=drawn() {
        let out = format!("d{turn}");
        let mut run = folder.command(&format!("{GENERATE} {out}")).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(turn * 7 % 400));
        run.kill().unwrap();
        run.wait().unwrap();
        tally.attack(&format!("kill {turn}"), &mut folder.command(&format!("{GENERATE} {out}")), |said| {
            let same = files(&folder.path().join(&out)) == whole;
            (said.code != 0 || !same).then(|| format!("exit code {}, same bytes: {same}", said.code))
        });
        std::fs::remove_dir_all(folder.path().join(out)).unwrap();
    }
    tally.finish("`generate` killed and run again");
}

#[test]
fn several_at_once() {
    let (folder, mut tally) = (Folder::new(), Tally::default());
    folder.mist(&format!("{GENERATE} whole"));
    let whole = files(&folder.path().join("whole"));
    for turn in 1..=drawn().div_ceil(4) {
        let out = format!("d{turn}");
        let start = |part| folder.command(&format!("{GENERATE} {out} {part}")).stderr(Stdio::null()).spawn().unwrap();
        // Two that make the whole and two that make halves.
        let runs = ["", "--shard 1/2", "", "--shard 2/2"].map(start);
        let codes = runs.map(|mut run| run.wait().unwrap().code());
        let same = files(&folder.path().join(&out)) == whole;
        let wrong = codes != [Some(0); 4] || !same;
        tally.judged(&format!("turn {turn}"), wrong.then(|| format!("{codes:?}, same bytes: {same}")));
    }
    tally.finish("four `generate` into one folder");
}

/// Commands that print, and the exit code that they have with any reader of standard error.
const PRINT: [(&str, i32); 8] = [
    ("estimate d.csv --x a --y c", 0),
    ("estimate d.csv --x a --y c --format json", 0),
    ("dataset verify g", 0),
    ("dataset summary g", 0),
    ("dataset verify none", 2),
    ("estimate d.csv --x no --y c", 2),
    ("info none.safetensors", 2),
    ("--help", 0),
];

#[test]
#[cfg(target_os = "linux")]
fn nobody_reads() {
    let (folder, mut tally) = (Folder::new(), Tally::default());
    folder.write("d.csv", table(40, ','));
    folder.mist("generate --config m_train --count 4 --out g");
    let closed = || {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        Stdio::from(writer)
    };
    let full = || Stdio::from(File::options().write(true).open("/dev/full").unwrap());
    for (args, code) in PRINT {
        for (name, stderr) in [("closed", closed()), ("full", full())] {
            let got = folder.command(args).stdout(Stdio::null()).stderr(stderr).status().unwrap().code();
            tally.judged(args, (got != Some(code)).then(|| format!("standard error {name}: {got:?}, not {code}")));
        }
        // A reader that has gone is no failure; an answer that is lost on a full disk is one.
        for (name, stdout, expected) in [("closed", closed(), code), ("full", full(), code.max(1))] {
            let got = folder.command(args).stdout(stdout).stderr(Stdio::null()).status().unwrap().code();
            tally.judged(args, (got != Some(expected)).then(|| format!("output {name}: {got:?}, not {expected}")));
        }
    }
    tally.finish("output or errors to a closed pipe or a full disk");
}
