//! `mist generate`.

use crate::support::Folder;

#[test]
fn the_same_seed_gives_the_same_bytes_on_any_number_of_threads() {
    let folder = Folder::new();
    for (out, threads) in [("one", 1), ("two", 2)] {
        let command = format!("generate --config m_train --count 5 --shard-size 3 --seed 7 --threads {threads} --out");
        let run = folder.mist(&format!("{command} {out}"));
        assert_eq!((run.code, run.stdout.as_str()), (Some(0), ""), "{run:?}");
        assert_eq!(run.stderr, format!("`{out}` holds 5 data sets of `m_train` in 2 shards\n"));
    }
    for name in ["manifest.json", "shard-00000.safetensors", "shard-00001.safetensors"] {
        let read = |dir: &str| std::fs::read(folder.path().join(dir).join(name)).unwrap();
        assert!(read("one") == read("two"), "{name}");
    }
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
    assert_eq!(folder.mist("generate --config m_train --count 1 --out d").code, Some(0));
    let again = folder.mist("generate --config m_train --count 2 --out d");
    again.refused(&["holds another data set: `count` is `1`", "\nhint: write to another folder"]);
}
