//! `mist dataset`.

use crate::support::Folder;

/// 40 data sets in `d`, in four shards.
fn folder() -> Folder {
    let folder = Folder::new();
    let run = folder.mist("generate --config mist_1 --count 40 --shard-size 10 --seed 2 --threads 1 --out d");
    assert_eq!(run.code, Some(0), "{run:?}");
    folder
}

#[test]
fn verify_counts_problems_on_stdout_and_in_its_exit_code() {
    let folder = folder();
    for (option, drawn) in [("", "tasks"), (" --redraw --threads 2", "tasks and values")] {
        let run = folder.mist(&format!("dataset verify d{option}"));
        let expected = format!("`d`: 40 data sets in 4 shards, {drawn} drawn anew: 0 problems\n");
        assert_eq!((run.code, run.stdout, run.stderr.as_str()), (Some(0), expected, ""));
    }

    let shard = folder.path().join("d/shard-00002.safetensors");
    let mut bytes = std::fs::read(&shard).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&shard, bytes).unwrap();
    std::fs::remove_file(folder.path().join("d/shard-00003.safetensors")).unwrap();
    let run = folder.mist("dataset verify d");
    assert_eq!((run.code, run.stderr.as_str()), (Some(1), "error: `d` is not the data set of its manifest\n"));
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert!(lines[0].starts_with("shard `shard-00002.safetensors`: expected SHA-256 `"), "{run:?}");
    assert!(lines[1].starts_with("shard `shard-00003.safetensors`: cannot be read: No such file"), "{run:?}");
    assert_eq!(lines[2..], ["`d`: 40 data sets in 4 shards, tasks drawn anew: 2 problems"]);

    let manifest = folder.path().join("d/manifest.json");
    let text = std::fs::read_to_string(&manifest).unwrap();
    std::fs::write(&manifest, text.replace("\"format\": 2", "\"format\": 1")).unwrap();
    let run = folder.mist("dataset verify d");
    let expected = "manifest `d/manifest.json` is not valid: expected format `2`, got `1`\n\
                    `d`: no shard was read: 1 problem\n";
    assert_eq!((run.code, run.stdout.as_str()), (Some(1), expected));
    folder.mist("dataset verify none").refused(&["cannot read `none/manifest.json`: "]);
}

#[test]
fn summary_is_a_table_and_a_picture() {
    let folder = folder();
    let run = folder.mist("dataset summary d --plot d.svg");
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{run:?}");
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert_eq!(lines[0], "mist_1, split train, root seed 2, 40 data sets, storage f64. MI in nats.");
    let rows: Vec<Vec<&str>> =
        lines[4..].iter().map(|line| line.trim_matches('|').split('|').map(str::trim).collect()).collect();
    assert!(rows.iter().all(|row| row.len() == 9), "{run:?}");
    let count = |of: &dyn Fn(&str) -> bool| -> usize {
        rows.iter().filter(|row| of(row[0])).map(|row| row[1].parse::<usize>().unwrap()).sum()
    };
    assert_eq!(count(&|name| name == "all"), 40);
    assert_eq!(count(&|name| name.starts_with("n ")), 40);
    assert_eq!(count(&|name| name.starts_with("columns ")), 40);
    assert_eq!(count(&|_| true), 4 * 40);
    // Quantiles are in order, and the mean lies among them.
    for row in &rows {
        let figures: Vec<f64> = row[2..].iter().map(|figure| figure.parse().unwrap()).collect();
        let [mean, low, median, high, max] = figures[..5].try_into().unwrap();
        assert!(low <= median && median <= high && high <= max && mean <= max, "{row:?}");
        assert!((0.0..=1.0).contains(&figures[5]) && figures[6] >= 0.0, "{row:?}");
    }

    let svg = std::fs::read_to_string(folder.path().join("d.svg")).unwrap();
    assert!(svg.starts_with("<svg ") && svg.trim_end().ends_with("</svg>"));
    for row in rows.iter().filter(|row| row[0] != "all") {
        let label = row[0].trim_start_matches("n ").trim_start_matches("columns ");
        assert!(svg.contains(&format!("\n{label}\n")), "`{label}` is not in the picture");
    }

    folder.mist("dataset summary d --plot d.png").refused(&["`--plot` must end in `.svg`, got `d.png`"]);
    folder.mist("dataset summary d --plot no/d.svg").refused(&["cannot write `no/d.svg`: No such file"]);
    folder.mist("dataset summary none").refused(&["cannot read `none/manifest.json`: "]);
}
