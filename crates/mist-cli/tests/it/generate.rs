//! `mist generate`.

use crate::support::{Folder, files};
use std::process::Stdio;
use std::time::{Duration, Instant};

#[test]
fn the_same_seed_gives_the_same_bytes_on_any_number_of_threads() {
    let folder = Folder::new();
    for (out, threads) in [("one", 1), ("two", 2)] {
        let command = format!("generate --config m_train --count 5 --shard-size 3 --seed 7 --threads {threads} --out");
        let run = folder.mist(&format!("{command} {out}"));
        assert_eq!((run.code, run.stdout.as_str()), (Some(0), ""), "{run:?}");
        assert_eq!(run.stderr, format!("`{out}` holds 5 data sets of `m_train` in 2 shards\n"));
    }
    let [one, two] = ["one", "two"].map(|dir| files(&folder.path().join(dir)));
    assert_eq!(one.keys().collect::<Vec<_>>(), ["manifest.json", "shard-00000.safetensors", "shard-00001.safetensors"]);
    assert!(one == two);
}

#[test]
fn parts_make_the_bytes_of_one_run() {
    let folder = Folder::new();
    let command = "generate --config m_train --count 20 --shard-size 4 --storage ranks16 --threads 1 --out";
    assert_eq!(folder.mist(&format!("{command} whole")).code, Some(0));
    let run = folder.mist(&format!("{command} parts --shard 2/3"));
    assert_eq!((run.code, run.stdout.as_str()), (Some(0), ""), "{run:?}");
    assert_eq!(run.stderr, "part 2/3 is done; `parts` holds 2 of 5 shards\n");
    let unfinished = folder.mist("dataset summary parts");
    unfinished.refused(&["data set `parts/manifest.json` is incomplete: 2 of 5 shards", "\nhint: run the same"]);

    // The others at the same time.
    let others = [1, 3].map(|number| {
        let mut other = folder.command(&format!("{command} parts --shard {number}/3"));
        other.stderr(Stdio::null()).spawn().unwrap()
    });
    for mut other in others {
        assert!(other.wait().unwrap().success());
    }
    assert!(files(&folder.path().join("parts")) == files(&folder.path().join("whole")));
    let again = folder.mist(&format!("{command} parts --shard 3/3"));
    assert_eq!((again.code, again.stderr.as_str()), (Some(0), "`parts` holds 20 data sets of `m_train` in 5 shards\n"));
}

#[test]
fn a_killed_run_resumes_to_the_same_bytes() {
    let folder = Folder::new();
    let command = "generate --config m_train --count 200 --shard-size 2 --threads 1 --out";
    assert_eq!(folder.mist(&format!("{command} whole")).code, Some(0));
    let expected = files(&folder.path().join("whole"));

    // Killed without warning twice, wherever the run is when the shard appears; then run to the end.
    for (out, parts, shards) in [("run", &[""][..], [5, 15]), ("parts", &[" --shard 1/2", " --shard 2/2"], [5, 15])] {
        let dir = folder.path().join(out);
        for shard in shards {
            let shard = dir.join(format!("shard-{shard:05}.safetensors"));
            let mut run =
                folder.command(&format!("{command} {out}{}", parts[0])).stderr(Stdio::null()).spawn().unwrap();
            let start = Instant::now();
            while !shard.exists() {
                assert!(start.elapsed() < Duration::from_secs(120), "`{}` was not written", shard.display());
                std::thread::sleep(Duration::from_millis(1));
            }
            run.kill().unwrap();
            assert!(!run.wait().unwrap().success(), "the run was over before it was killed");
        }
        assert!(files(&dir).len() < expected.len() / 2, "{out}");
        for part in parts {
            assert_eq!(folder.mist(&format!("{command} {out}{part}")).code, Some(0));
        }
        assert!(files(&dir) == expected, "{out}");
    }
}

#[test]
fn two_runs_at_once_end_well_and_the_second_says_that_it_waits() {
    let folder = Folder::new();
    let command = "generate --config m_train --count 300 --shard-size 10 --threads 1 --out";
    let start = |out: &str| folder.command(&format!("{command} {out}")).stderr(Stdio::piped()).spawn().unwrap();
    let first = start("d");
    let begun = Instant::now();
    while !folder.path().join("d/shard-00000.safetensors").exists() {
        assert!(begun.elapsed() < Duration::from_secs(120));
        std::thread::sleep(Duration::from_millis(1));
    }
    let second = start("d");
    let [first, second] = [first, second].map(|run| run.wait_with_output().unwrap());
    assert!(first.status.success() && second.status.success(), "{first:?} {second:?}");
    let said = "note: another process writes to `d`; waiting until it is done\n\
                `d` holds 300 data sets of `m_train` in 30 shards\n";
    assert_eq!(String::from_utf8(second.stderr).unwrap(), said);
    assert_eq!(folder.mist(&format!("{command} alone")).code, Some(0));
    assert!(files(&folder.path().join("d")) == files(&folder.path().join("alone")));
}

#[test]
fn bad_input_is_refused() {
    let folder = Folder::new();
    folder.mist("generate --config none --out d").refused(&["no configuration is named `none`", "hint: a path"]);
    folder.mist("generate --config none.toml --out d").refused(&["cannot read `none.toml`: No such file"]);
    folder.write("bad.toml", "name = 3");
    folder.mist("generate --config bad.toml --count 1 --out d").refused(&["`bad.toml`: configuration is not valid"]);
    folder.mist("generate --config m_train --out d").refused(&["draws without end: `--count` says"]);
    folder.mist("generate --config m_train --count 1 --split other --out d").refused(&["'other'", "validation"]);
    for part in ["0/4", "5/4", "x"] {
        let run = folder.mist(&format!("generate --config m_train --count 9 --shard {part} --out d"));
        run.refused(&[&format!("expected i/N with 1 <= i <= N, got `{part}`")]);
    }
    let many = folder.mist("generate --config m_train --count 9 --shard-size 3 --shard 1/4 --out d");
    many.refused(&["`4` parts are more than the `3` shards there are", "\nhint: fewer parts, or a smaller shard size"]);
    assert!(!folder.path().join("d").exists());
    folder.mist("generate --config m_train --count 1 --storage f16 --out d").refused(&["'f16'", "f64, ranks16"]);
    assert_eq!(folder.mist("generate --config m_train --count 1 --out d").code, Some(0));
    let again = folder.mist("generate --config m_train --count 2 --out d");
    again.refused(&["holds another data set: `count` is `1`", "\nhint: write to another folder"]);
    let part = folder.mist("generate --config m_train --count 1 --seed 1 --shard 1/1 --out d");
    part.refused(&["`d/manifest.json` holds another data set: `root_seed` is `0` there, expected `1`"]);
}
