//! `mist card`.

use crate::support::Folder;

#[test]
fn a_card_lies_beside_its_checkpoint_and_says_what_info_says() {
    let folder = Folder::new();
    folder.bare_checkpoint();
    let run = folder.mist("card bare.safetensors --repository owner/bare --license apache-2.0");
    assert_eq!((run.code, run.stdout.as_str(), run.stderr.as_str()), (Some(0), "README.md\n", ""), "{run:?}");
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    let card = read("README.md");
    let description = folder.mist("info bare.safetensors --format json").json();
    let (tasks, meta) = (&description["trained"]["tasks"], description["trained"]["meta"].as_str().unwrap());
    assert!(card.starts_with("---\n# Written by `mist card`"), "{card}");
    for text in [
        "\nlicense: apache-2.0\nlibrary_name: mist\ntags:\n  - mutual-information\n".to_owned(),
        "--checkpoint hf:owner/bare\n".to_owned(),
        "Estimator::from_hub(\"owner/bare\", None, &Device::Cpu)".to_owned(),
        format!("| SHA-256 of `bare.safetensors` | `{}` |", description["sha256"].as_str().unwrap()),
        format!("\n          name: \"fresh tasks of {meta}\"\n"),
        "| `independent` |".to_owned(),
    ] {
        assert!(card.contains(&text), "`{text}` is not in:\n{card}");
    }
    assert!(card.replace(',', "").contains(&format!("| training | {tasks} tasks ")), "{card}");
    // The share over all cells, from the description itself.
    let cells = description["coverage"]["cells"].as_array().unwrap();
    let sum = |key: &str| {
        cells.iter().filter(|c| c["held_out"] == false).map(|c| c[key].as_u64().unwrap()).sum::<u64>() as f64
    };
    assert!(card.contains(&format!("            value: {:.4}\n", sum("covered") / sum("tasks"))), "{card}");

    // Its own card is written anew, to the same bytes.
    assert_eq!(folder.mist("card bare.safetensors --repository owner/bare --license apache-2.0").code, Some(0));
    assert_eq!(read("README.md"), card);
    assert_eq!(folder.mist("card ./bare.safetensors --out other.md").stdout, "other.md\n");
    assert!(read("other.md").contains("--checkpoint bare.safetensors\n"));
}

#[test]
fn what_is_refused() {
    let folder = Folder::new();
    folder.bare_checkpoint();
    folder.write("README.md", "# Mine\n");
    folder
        .mist("card bare.safetensors")
        .refused(&["`README.md` is there, and no card that `mist card` wrote\nhint: move it away"]);
    assert_eq!(std::fs::read(folder.path().join("README.md")).unwrap(), b"# Mine\n");
    folder.mist("card none.safetensors --out a.md").refused(&["cannot read `none.safetensors`"]);
    folder.mist("card hf:owner/name").refused(&["needs a place\nhint: name it with `--out`"]);
    folder.mist("card bare.safetensors --license MIT").refused(&["expected lower-case letters"]);
    folder.mist("card bare.safetensors --repository name").refused(&["expected `OWNER/NAME`"]);
    assert!(!folder.path().join("a.md").exists());
}
